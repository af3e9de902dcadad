// Keeps the live part of a page fresh: asks for it again (htmx does) when the server says that something changed.
// Without this script, or without the stream, every page is as complete and only stands still.
(() => {
  "use strict";
  const live = () => document.getElementById("live");
  const announcement = document.getElementById("announce");
  if (!live() || !window.htmx) return;

  const GAP_MS = 1000;          // at most one refresh in this time, however much happens
  const QUIET_REFRESH_MS = 15000; // ages and clocks move on even when nothing happens
  const ANSWER_MS = 10000;      // a refresh without an answer in this time is given up
  let due = null;
  let asked = -Infinity;

  const isReading = () => {
    const selection = document.getSelection();
    return Boolean(selection) && !selection.isCollapsed && live().contains(selection.anchorNode);
  };
  // A form that someone fills in, and a text that someone marks, are not pulled away.
  const isBusy = () => document.hidden || isReading() || live().querySelector("details.act[open]") !== null;

  const refresh = () => {
    if (due !== null || !live().hasAttribute("hx-get")) return;
    due = setTimeout(() => {
      due = null;
      // While an answer is awaited htmx would queue this for the element that the answer replaces, and forget it.
      if (isBusy() || performance.now() - asked < ANSWER_MS) return void refresh();
      asked = performance.now();
      window.htmx.trigger(live(), "stepwell-refresh");
    }, GAP_MS);
  };

  document.body.addEventListener("htmx:afterRequest", () => { asked = -Infinity; });

  // What was unfolded or folded stays so.
  let folds = new Map();
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (isBusy()) {
      event.detail.shouldSwap = false;
      refresh();
      return;
    }
    folds = new Map([...live().querySelectorAll("details[id]")].map((d) => [d.id, d.open]));
  });
  document.body.addEventListener("htmx:afterSwap", () => {
    for (const details of live().querySelectorAll("details[id]")) {
      if (folds.has(details.id)) details.open = folds.get(details.id);
    }
    announce();
  });

  let announced = live().dataset.announce;
  const announce = () => {
    const now = live().dataset.announce;
    if (now !== announced) announcement.textContent = now;
    announced = now;
  };

  const concerns = (event) => {
    const run = live().dataset.run;
    if (!run) return true;
    try {
      return JSON.parse(event.data).id === run;
    } catch {
      return true;
    }
  };
  if (live().hasAttribute("hx-get")) {
    const stream = new EventSource("/api/v1/stream");
    for (const name of ["run", "lagged"]) {
      stream.addEventListener(name, (event) => concerns(event) && refresh());
    }
    // After a gap nobody knows what was missed.
    stream.addEventListener("open", refresh);
    window.addEventListener("pagehide", () => stream.close());
    setInterval(refresh, QUIET_REFRESH_MS);
    document.addEventListener("visibilitychange", refresh);
  }

  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.act[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // The line that says what an act led to is said once, not at each reload.
  const address = new URL(window.location.href);
  if (address.searchParams.has("done")) {
    address.searchParams.delete("done");
    address.searchParams.delete("pending");
    window.history.replaceState(null, "", address);
  }
})();
