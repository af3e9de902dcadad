// Updates the live part of a page: reloads it through htmx when the server reports a change.
// Without this script or the stream, pages are complete but static.
(() => {
  "use strict";
  const live = () => document.getElementById("live");
  const announcement = document.getElementById("announce");
  if (!live() || !window.htmx) return;

  const GAP_MS = 1000;          // shortest time between refreshes
  const QUIET_REFRESH_MS = 15000; // updates ages and clocks even without changes
  const ANSWER_MS = 10000;      // timeout of a refresh
  let due = null;
  let asked = -Infinity;

  const isReading = () => {
    const selection = document.getSelection();
    return Boolean(selection) && !selection.isCollapsed && live().contains(selection.anchorNode);
  };
  // Do not replace a form that is being filled in, or text that is selected.
  const isBusy = () => document.hidden || isReading() || live().querySelector("details.act[open]") !== null;

  const refresh = () => {
    if (due !== null || !live().hasAttribute("hx-get")) return;
    due = setTimeout(() => {
      due = null;
      // During a request, htmx would queue this for an element that the answer replaces, and lose it.
      if (isBusy() || performance.now() - asked < ANSWER_MS) return void refresh();
      asked = performance.now();
      window.htmx.trigger(live(), "stepwell-refresh");
    }, GAP_MS);
  };

  document.body.addEventListener("htmx:afterRequest", () => { asked = -Infinity; });

  // Keep sections open or closed as they were.
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
    // Changes may have been missed while disconnected.
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

  // Show the result of an act once, not after each reload.
  const address = new URL(window.location.href);
  if (address.searchParams.has("done")) {
    address.searchParams.delete("done");
    address.searchParams.delete("pending");
    window.history.replaceState(null, "", address);
  }
})();
