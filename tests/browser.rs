//! The pages as people use them: in a browser, with mouse and keyboard.

use serde_json::{Value, json};
use thirtyfour::Key;

use crate::harness::{Behavior, Browser, Journey, Node, ORDER, Target, World, calls, eventually, hub, login_link};

/// A journey in which the ERP does not let the order be read: it throttles twice, then refuses until it is healed. By
/// then the order exists and nothing is undone, so runs need attention.
async fn without_permission() -> Journey {
    let journey = Journey::new().await;
    let read = |more: Value| {
        let mut fault = json!({ "path": ORDER, "method": "GET", "kind": "status" });
        fault.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        fault
    };
    let refusal = json!({ "type": "x", "title": "Forbidden", "status": 403, "o:errorDetails": [
        { "detail": "Permission Violation: you need the 'Sales Order' permission.", "o:errorCode": "INSUFFICIENT_PERMISSION" }] });
    journey.fault(read(json!({ "status": 503, "count": 2 }))).await;
    journey.fault(read(json!({ "status": 403, "body": refusal }))).await;
    journey
}

/// The same, with a run that needs attention.
async fn with_a_stuck_run() -> (Journey, Node, String) {
    let journey = without_permission().await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    node.run_becomes(&run, "faulted").await;
    (journey, node, run)
}

fn page(node: &Node, run: &str) -> String {
    node.url(&format!("/runs/{run}"))
}

const NIGHTLY: &str = "document:
  { dsl: '1.0.3', namespace: test, name: nightly-settlement-of-all-open-orders, version: '1.0.0',
    metadata: { schedule: { timeZone: America/Argentina/Buenos_Aires } } }
schedule: { cron: '30 2 * * *' }
do:
  - note: { set: { at: '${ .scheduledFor }' } }
";

const SCHEDULE: &str = "/schedules/test/nightly-settlement-of-all-open-orders";

/// Waits until a node has created the schedule, which takes one sweep.
async fn schedule_is_known(node: &Node) {
    let path = format!("/api/v1{SCHEDULE}");
    eventually("the schedule is there", || async { (node.get(&path).await.0 == 200).then_some(()) }).await;
}

/// Returns the only record of a kind in a run's journal.
async fn fact(node: &Node, run: &str, kind: &str) -> Value {
    let journal = node.journal(run).await;
    journal.iter().find(|fact| fact["kind"] == kind).cloned().unwrap_or_else(|| panic!("no {kind} in {journal:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_signs_in_once_and_without_a_session_every_page_is_the_sign_in_page() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let node = world.node().await;
    assert!(world.command(&["user", "create", "ada"]).0);
    let browser = Browser::open().await;
    for page in ["/", "/events", "/workflows", "/runs/0198c0de-0000-7000-8000-000000000001", "/?attention=any"] {
        browser.goto(&node.url(page)).await;
        browser.shows("h1", "Sign in").await;
        assert!(browser.place().await.starts_with("/login?next="), "{page} led to {}", browser.place().await);
    }
    let link = node.url(&login_link(&world, "ada"));
    browser.goto(&link).await;
    browser.click("form button").await;
    browser.shows("h1", "Runs").await;
    assert_eq!(browser.place().await, "/", "no URL contains the secret");
    browser.shows(".who", "ada").await;

    browser.click(".who button").await;
    browser.shows("h1", "Sign in").await;
    browser.goto(&link).await;
    browser.click("form button").await;
    browser.shows("[role=alert]", "used before").await;
    browser.goto(&node.url("/")).await;
    browser.shows("h1", "Sign in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_shows_status_key_age_and_counts_and_a_new_run_without_reloading() {
    let (journey, node, first) = with_a_stuck_run().await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    let row = |run: &str| format!("tr:has(#run-{run})");
    browser.shows(&row(&first), "Needs a decision").await;
    let shown = |part: &str| format!("{} {part}", row(&first));
    browser.shows(&shown(".name"), "006Ws00000Hd9XqIAJ").await;
    browser.shows(&shown(".status"), "Faulted").await;
    browser.shows(&shown(".place"), "readOrder").await;
    let age = browser.text(&shown(".age")).await.unwrap();
    assert!(age == "now" || age.ends_with(" s") || age.ends_with(" min"), "{age}");
    browser.shows(".counters", "1 Needs attention").await;

    browser.script("window.loadedOnce = true").await;
    let second = journey.fire(&node, 1).await;
    browser.shows(&row(&second), "Needs a decision").await;
    browser.shows(".counters", "2 Need attention").await;
    assert_eq!(browser.script("return window.loadedOnce").await, true, "the page was reloaded");
    let order = "return [...document.querySelectorAll('.runs tbody a')].map(a => a.id)";
    assert_eq!(browser.script(order).await, json!([format!("run-{second}"), format!("run-{first}")]), "newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runs_page_shows_its_attempts_waits_exchanges_faults_and_records() {
    let (journey, node, run) = with_a_stuck_run().await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    browser.click(&format!("#run-{run}")).await;
    browser.shows("h1", "006Ws00000Hd9XqIAJ").await;
    let story = browser.shows(".story", "readOrder").await;
    assert!(story.contains("NetSuite answered 403: the credentials lack the permission"), "{story}");

    // The workflow handles the missing customer, so the page does not alarm.
    let looked = ".step:has(.handled)";
    browser.shows(looked, "NetSuite answered 404: record not found").await;
    browser.shows(looked, "the workflow handled it").await;
    assert_eq!(browser.script("return document.querySelectorAll('.step:has(.handled) .faulted').length").await, 0);

    let step = ".step.stuck";
    browser.shows(step, "3 tries").await;
    let bars = browser.of(&format!("{step} .bars svg"), "e => e.getAttribute('aria-label')").await;
    let bars: Vec<&str> = bars.as_str().unwrap().split("; ").collect();
    let waits = bars.iter().filter(|bar| bar.to_lowercase().contains("wait")).count();
    assert_eq!((bars.len(), waits), (5, 2), "three attempts and the two waits between them: {bars:?}");
    let drawn = "e => [...e.querySelectorAll('.bars rect:not(.cut)')].every(r => r.getBoundingClientRect().width >= 1)";
    assert_eq!(browser.of(step, drawn).await, true, "every bar can be seen");
    let between = browser.shows(&format!("{step} .between"), "waited").await;
    assert!(between.ends_with("ms") || between.ends_with('s'), "{between}");

    let attempt = |number: usize| format!("{step} .attempt:nth-of-type({number})");
    browser.shows(&attempt(1), "503: it is overloaded or down").await;
    browser.shows(&attempt(3), "Permission Violation").await;
    let exchange = browser.text(&format!("{} .exchange", attempt(3))).await.unwrap();
    for part in ["Request", "GET", "/salesOrder/eid:006Ws00000Hd9XqIAJ", "Response", "403", "INSUFFICIENT_PERMISSION"] {
        assert!(exchange.contains(part), "no {part} in {exchange}");
    }
    assert!(!browser.text("body").await.unwrap().contains("sandbox-erp-token"), "a secret is on the page");

    let facts = node.journal(&run).await;
    let lines = browser.of(".journal tbody", "e => e.children.length").await;
    assert_eq!(lines, facts.len(), "every record has its line");
    let kinds = browser.text(".journal tbody").await.unwrap();
    for fact in &facts {
        assert!(kinds.contains(fact["kind"].as_str().unwrap()), "no {} in {kinds}", fact["kind"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_with_a_reason_lets_a_stuck_run_finish_and_the_journal_names_who_and_why() {
    let (journey, node, run) = with_a_stuck_run().await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    browser.goto(&page(&node, &run)).await;
    journey.heal().await;
    browser.act("retry", "the role may read orders again").await;
    node.run_becomes(&run, "completed").await;
    browser.shows(".head .badges", "Completed").await;
    browser.shows(".steps", "the role may read orders again").await;
    browser.shows(".journal tbody", "operator.acted").await;
    let who = browser.script(
        "return [...document.querySelectorAll('.journal tbody tr')]
             .filter(tr => tr.innerText.includes('operator.acted')).map(tr => tr.children[3].innerText)",
    );
    assert_eq!(who.await, json!(["user:ada"]));
    let acted = fact(&node, &run, "operator.acted").await;
    assert!(acted.to_string().contains("the role may read orders again"), "{acted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_with_a_reason_undoes_what_was_done_and_the_page_says_so() {
    let journey = Journey::new().await;
    journey.fault(json!({ "path": ORDER, "method": "PUT", "kind": "status", "status": 503 })).await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    browser.goto(&page(&node, &run)).await;
    browser.shows(".story", "will be retried").await;
    browser.act("cancel", "the customer withdrew").await;
    browser.shows(".head .badges", "Cancelled").await;
    browser.shows(".story", "the customer withdrew").await;
    browser.shows(".steps", "undone later").await;
    let left = "return [...document.querySelectorAll('.acts details.act')].map((act) => act.id).join()";
    assert_eq!(browser.script(left).await, "act-restart", "only a restart is offered");
    assert_eq!(node.run(&run).await["status"], "cancelled");
    assert!(journey.orders().await.is_empty());
    let customers = journey.get("/ledger?system=erp&records=true").await["records"]["erp"]["customer"].to_string();
    assert!(customers.contains("\"isInactive\":true"), "{customers}");
}

/// Stops at its first step until two people have agreed on an output.
const RESERVED: &str = "document:
  { dsl: '1.0.3', namespace: test, name: reserved, version: '1.0.0', metadata: { key: '${ .order }', acts: { edit: two } } }
do:
  - price: { raise: { error: { type: 'https://example.com/no-price', status: 409 } } }
  - book: { set: { booked: '${ . }' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_proposer_sees_no_approve_and_another_user_who_approves_lets_the_run_finish() {
    let world = World::new(&[("hub.yaml", hub()), ("reserved.yaml", RESERVED.to_owned())], &[]).await;
    let node = world.node().await;
    let input = json!({ "order": "SO-1" });
    let (_, started) = node.post("/api/v1/workflows/test/reserved/runs", &input).await;
    let run = started["id"].as_str().unwrap().to_owned();
    node.run_becomes(&run, "faulted").await;

    let ann = Browser::signed_in(&world, &node, "ann").await;
    ann.goto(&page(&node, &run)).await;
    ann.unfold("#act-skip").await;
    ann.script("document.querySelector('#skip-output').value = '{\"amount\": 120}'").await;
    ann.act("skip", "agreed with the customer").await;
    ann.shows("[role=status].flash", "Proposed.").await;
    let card = ann.shows(".proposal", "user:ann wants to skip the step").await;
    assert!(card.contains("agreed with the customer") && card.contains("120"), "{card}");
    assert!(card.contains("Withdraw") && !card.contains("Approve"), "{card}");
    assert_eq!(ann.overflow().await, 0);
    assert_eq!(node.run(&run).await["status"], "faulted", "nothing is done yet");

    let bob = Browser::signed_in(&world, &node, "bob").await;
    bob.shows(".counters", "1 Waiting for a second person").await;
    bob.click("a[href='/proposals'].counter").await;
    bob.shows("h1", "Proposals").await;
    for width in [390, 1280] {
        bob.resize(width).await;
        assert_eq!(bob.overflow().await, 0, "at {width}");
    }
    let proposal = bob.of(".proposal", "e => e.id.replace('proposal-', '')").await.as_str().unwrap().to_owned();
    bob.unfold(&format!("#approve-{proposal}")).await;
    bob.write(&format!("#approve-{proposal}-reason"), "seen the mail").await;
    bob.click(&format!("#approve-{proposal} form button")).await;
    bob.shows("[role=status].flash", "Approved and carried out.").await;
    bob.shows(".head .badges", "Completed").await;
    bob.shows(".steps", "user:ann proposed to skip the step").await;
    bob.shows(".steps", "user:bob approved it").await;

    // A person who decides too late is told who was first.
    ann.unfold(&format!("#decline-{proposal}")).await;
    ann.write(&format!("#decline-{proposal}-reason"), "not needed").await;
    ann.click(&format!("#decline-{proposal} form button")).await;
    ann.shows("[role=alert]", "user:bob approved it").await;
    let acted = fact(&node, &run, "operator.acted").await;
    assert_eq!((&acted["actor"], &acted["data"]["approved_by"]), (&json!("user:ann"), &json!("user:bob")));
}

/// Markup, quotes, and a character that reverses the text direction.
const HOSTILE: &str =
    "</title><script>window.ran=1</script><img src=x onerror=\"window.ran=1\">'\"&quot;{{7*7}}\u{202e}gpj.exe";

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_shown_as_text_and_no_script_runs() {
    let target = Target::start().await;
    target.behave("/step1", Behavior::Answer(json!({ HOSTILE: HOSTILE }).to_string()));
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let (status, answer) = node.hook("test", "hostile", &json!({ "type": "calls", "n": HOSTILE })).await;
    assert_eq!(status, 202, "{answer}");
    let run = answer["runs"][0].as_str().unwrap().to_owned();
    let event = node.run_becomes(&run, "completed").await["event"].as_str().unwrap().to_owned();
    let browser = Browser::signed_in(&world, &node, "ada").await;
    let harmless = async |what: &str| {
        let ran =
            browser.script("return [window.ran ?? null, document.querySelectorAll('main img, main script').length]");
        assert_eq!(ran.await, json!([null, 0]), "{what}");
    };

    let text = |css: &'static str| browser.of(css, "e => e.textContent");
    assert_eq!(text(".runs .name a").await, HOSTILE);
    harmless("the list").await;
    browser.goto(&page(&node, &run)).await;
    assert_eq!(text("h1").await, HOSTILE);
    assert!(text("title").await.as_str().unwrap().starts_with(HOSTILE));
    let body = text(".values").await;
    assert!(body.as_str().unwrap().contains("<script>window.ran=1</script>"), "{body}");
    assert!(!body.as_str().unwrap().contains('\u{202e}'), "a mark that turns the writing shows as what it is: {body}");
    harmless("the run").await;
    browser.goto(&node.url(&format!("/events/{event}"))).await;
    browser.shows("main", "<script>window.ran=1").await;
    harmless("the event").await;
    browser.goto(&node.url("/?q=%22%3E%3Cscript%3Ewindow.ran=1%3C/script%3E")).await;
    assert_eq!(browser.of("main [name=q]", "e => e.value").await, "\"><script>window.ran=1</script>");
    harmless("the filter of the list").await;
    browser.goto(&node.url("/search?q=%22%3E%3Cscript%3Ewindow.ran=1%3C/script%3E")).await;
    browser.shows("main", "<script>window.ran=1</script>").await;
    harmless("the search").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_hostile_system_answers_is_quoted_as_text() {
    let journey = Journey::new().await;
    let refusal =
        json!({ "status": 400, "title": HOSTILE, "o:errorDetails": [{ "detail": HOSTILE, "o:errorCode": HOSTILE }] });
    journey.fault(json!({ "path": ORDER, "method": "PUT", "kind": "status", "status": 400, "body": refusal })).await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    node.run_becomes(&run, "compensated").await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    browser.goto(&page(&node, &run)).await;
    let story = browser.shows(".story", "<script>window.ran=1</script>").await;
    assert!(story.contains(r"\u202egpj.exe"), "a mark that turns the writing shows as what it is: {story}");
    let ran = browser.script("return [window.ran ?? null, document.querySelectorAll('main img, main script').length]");
    assert_eq!(ran.await, json!([null, 0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_paused_and_fired_on_its_page() {
    let world = World::new(&[("nightly.yaml", NIGHTLY.to_owned())], &[]).await;
    let node = world.node().await;
    schedule_is_known(&node).await;
    let browser = Browser::signed_in(&world, &node, "ada").await;
    browser.goto(&node.url("/schedules")).await;
    browser.shows(".runs .status", "Active").await;
    browser.click(".runs .name a").await;
    browser.shows("#upcoming + ol", "02:30:00 -03").await;
    browser.click("#act-pause-open").await;
    browser.click("#pause-reason").await;
    browser.press("month end".to_owned() + Key::Enter).await;
    browser.shows(".flash", "Paused.").await;
    browser.shows(".story", "month end").await;
    browser.click("#act-fire-open").await;
    browser.click("#fire-reason").await;
    browser.press("the auditors ask".to_owned() + Key::Enter).await;
    browser.shows(".flash", "A run was started.").await;
    browser.click(".flash a").await;
    browser.shows(".head .badges", "Completed").await;
}

/// Inserts a conflict about a contact, as a sync would.
async fn add_conflict(world: &World) {
    sqlx::query(
        "insert into conflicts (id, link_id, entity, crm_id, erp_id, row_name, kind, crm, erp, run_id)
         values (gen_random_uuid(), gen_random_uuid(), 'contact', '003Ws00000Lm7PuIAJ', '1801', 'MobilePhone', 'both',
                 json_build_object('field', 'MobilePhone', 'value', repeat('+46 60 555 01 42 ', 20)),
                 '{\"field\": \"mobilePhone\", \"value\": \"222\"}', gen_random_uuid())",
    )
    .execute(&mut world.connect().await)
    .await
    .unwrap();
}

/// Inserts a half-finished batch of the run, with a failed row.
async fn add_batch(world: &World, run: &str) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into batches (id, name, mode, run_id, total, done, failed, busy_ms, began_at, changed_at)
         values (gen_random_uuid(), repeat('catalog-nightly', 4), 'full', '{run}', 50000, 25000, 1, 20000, now(), now());
         insert into batch_rows (name, key, message, row, batch_id, first_at, failed_at)
         values (repeat('catalog-nightly', 4), repeat('2209', 20), repeat('STRING_TOO_LONG', 20), '{{}}', gen_random_uuid(), now(), now())"
    )))
    .execute(&mut world.connect().await)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_settled_on_its_page() {
    let world = World::new(&[("nightly.yaml", NIGHTLY.to_owned())], &[]).await;
    let node = world.node().await;
    add_conflict(&world).await;
    let browser = Browser::signed_in(&world, &node, "ada").await;
    browser.goto(&node.url("/conflicts")).await;
    browser.shows(".conflict", "Both sides changed it").await;
    browser.click(".settle input[name=reason]").await;
    browser.press("asked her".to_owned()).await;
    // Nothing is preselected, so Enter alone decides nothing.
    browser.press(Key::Enter).await;
    assert_eq!(browser.script("return document.querySelector('.settle').checkValidity()").await, false);
    browser.click(".settle input[value=erp]").await;
    browser.click(".settle button").await;
    browser.shows(".flash", "Decided.").await;
    browser.shows("#decided + ul", "MobilePhone: the ERP is right, decided by user:ada: asked her").await;
    browser.shows(".empty", "Nothing needs attention").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_is_read_as_a_table_in_light_and_dark_on_a_telephone_and_a_desk() {
    let shipped =
        |name: &str| std::fs::read_to_string(format!("{}/workflows/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let names =
        ["order-status.yaml", "functions/salesforce.yaml", "functions/netsuite.yaml", "mappings/order-status.yaml"];
    let hub = [("hub.yaml", shipped("hub.yaml"))];
    let world = World::new(&[&hub[..], &names.map(|name| (name, shipped(name)))].concat(), &[]).await;
    let node = world.node().await;
    let browser = Browser::signed_in(&world, &node, "ada").await;
    browser.goto(&node.url("/mappings")).await;
    browser.click(".cards h2 a").await;
    browser.shows(".fields", "NetSuite_Order_Status__c").await;
    browser.shows(".fields", "status.id").await;
    browser.shows(".fields", "Partially Fulfilled").await;
    browser.shows(".sample", "Passes").await;
    let colors = "return [getComputedStyle(document.querySelector('.fields')).backgroundColor, getComputedStyle(document.body).color]";
    let mut seen = Vec::new();
    for scheme in ["light", "dark"] {
        browser.prefers(scheme).await;
        seen.push(browser.script(colors).await);
        for width in [390, 1280] {
            browser.resize(width).await;
            assert_eq!(browser.overflow().await, 0, "{width} in {scheme}");
        }
    }
    assert_ne!(seen[0], seen[1], "dark is not light");
    let (status, listed) = node.get("/api/v1/mappings").await;
    let [mapping] = listed["items"].as_array().unwrap().as_slice() else { panic!("{status} {listed}") };
    assert_eq!(mapping["name"], "order-status");
    assert_eq!(mapping["tables"][0]["rows"][1]["crm"], "NetSuite_Fulfillment_Status__c");
    let user = json!({ "namespace": "crm-erp", "name": "order-status", "version": "1.2.0", "latest": true });
    assert_eq!(mapping["tables"][0]["workflows"], json!([user]));
    browser.click(".facts a").await;
    browser.shows("h1", "Write order status to opportunities").await;
}

/// Asks a person for one of each kind of field.
const ASKING: &str = "document: { dsl: '1.0.3', namespace: test, name: asking, version: '1.0.0' }
do:
  - ask:
      listen: { to: { one: { with: { type: dev.stepwell.task.completed } } } }
      metadata:
        task:
          title: Approve the order of the customer with the longest name of all the customers that there are?
          schema:
            type: object
            properties:
              approved: { type: boolean }
              level: { enum: [a, b, c, d, e] }
              amount: { type: number }
              until: { type: string, format: date }
              note: { type: string, maxLength: 1000 }
              more: { type: object }
";

/// Starts a run and returns its waiting task.
async fn task(node: &Node) -> String {
    let (_, run) = node.post("/api/v1/workflows/test/asking/runs", &json!({})).await;
    node.run_becomes(run["id"].as_str().unwrap(), "waiting").await;
    let (_, tasks) = node.get("/api/v1/tasks").await;
    tasks["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_wider_than_the_window_on_a_telephone_or_a_desk() {
    let (journey, node, run) = with_a_stuck_run().await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    let event = node.run(&run).await["event"].as_str().unwrap().to_owned();
    journey.world.write("nightly.yaml", NIGHTLY);
    journey.world.write("asking.yaml", ASKING);
    journey.world.deploy();
    schedule_is_known(&node).await;
    let task = task(&node).await;
    let pages = ["/", "/?attention=any", "/events", "/workflows", "/workflows/crm-erp/closed-won"];
    let more = [
        "/schedules",
        SCHEDULE,
        "/conflicts",
        "/batches",
        "/drift",
        "/totals",
        "/freezes",
        "/proposals",
        "/tasks",
        "/bulk",
        "/bulk/new?attention=any&act=retry",
        "/search?q=006",
        "/mappings",
        "/mappings/opportunity",
    ];
    let pages = pages.into_iter().chain(more).map(str::to_owned);
    add_conflict(&journey.world).await;
    add_batch(&journey.world, &run).await;
    let of_run = [
        format!("/tasks/{task}"),
        format!("/runs/{run}"),
        format!("/runs/{run}/versions?to=9.9.9"),
        format!("/events/{event}"),
    ];
    for place in pages.chain(of_run) {
        browser.goto(&node.url(&place)).await;
        for width in [390, 1280] {
            browser.resize(width).await;
            assert_eq!(browser.script("return window.innerWidth").await, width);
            assert_eq!(browser.overflow().await, 0, "{place} at {width}");
            // Expanded details could be too wide as well.
            browser
                .script("document.querySelectorAll('.timeline details, .journal details').forEach(d => d.open = true)")
                .await;
            assert_eq!(browser.overflow().await, 0, "{place} at {width}, unfolded");
            browser.script("document.querySelectorAll('details.act').forEach(d => d.open = true)").await;
            assert_eq!(browser.overflow().await, 0, "{place} at {width}, with a form");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_reaches_everything_with_a_visible_focus_and_retries_a_run() {
    let (journey, node, run) = with_a_stuck_run().await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    let reached = walk(&browser, &format!("run-{run}")).await;
    for name in ["Skip to content", "Runs", "Needs attention", "Events", "Workflows", "Sign out", "Filter"] {
        assert!(reached.iter().any(|r| r == name), "{name} is not reached: {reached:?}");
    }
    browser.press(Key::Enter).await;
    browser.shows(".story", "readOrder").await;
    journey.heal().await;
    let reached = walk_to(&browser, "document.activeElement.parentElement.id === 'act-retry'").await;
    assert!(!reached.is_empty());
    browser.press(Key::Enter).await;
    eventually("the form of the retry is open", || async {
        (browser.of("#act-retry", "e => e.open").await == true).then_some(())
    })
    .await;
    walk_to(&browser, "document.activeElement.id === 'retry-reason'").await;
    browser.press("granted".to_owned() + Key::Enter).await;
    browser.shows(".head .badges", "Completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_leaves_the_focus_and_what_is_unfolded_where_they_were() {
    let journey = Journey::new().await;
    journey.fault(json!({ "path": ORDER, "method": "PUT", "kind": "status", "status": 503 })).await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    let browser = Browser::signed_in(&journey.world, &node, "ada").await;
    browser.goto(&page(&node, &run)).await;
    browser.shows(".story", "will be retried").await;
    browser.of(".step:first-child details", "e => e.open = true").await;
    walk_to(&browser, "document.activeElement.parentElement.id === 'act-suspend'").await;
    browser.script("document.getElementById('live').seen = true").await;
    eventually("the page has refreshed itself", || async {
        (browser.script("return !document.getElementById('live').seen").await == true).then_some(())
    })
    .await;
    assert_eq!(browser.script("return document.activeElement.parentElement.id").await, "act-suspend");
    assert_eq!(browser.of(".step:first-child details", "e => e.open").await, true);
}

async fn walk(browser: &Browser, id: &str) -> Vec<String> {
    walk_to(browser, &format!("document.activeElement.id === '{id}'")).await
}

/// Presses Tab until a condition holds. Returns what had the focus on the way; all of it showed a visible focus.
async fn walk_to(browser: &Browser, condition: &str) -> Vec<String> {
    const TABS_MAX: usize = 40;
    let mut reached = Vec::new();
    for _ in 0..TABS_MAX {
        browser.press(Key::Tab).await;
        let focus = browser.script(
            "const e = document.activeElement, s = getComputedStyle(e);
             const seen = s.outlineStyle === 'solid' && parseFloat(s.outlineWidth) >= 2 && e.getClientRects().length > 0;
             return { name: (e.innerText || e.name || e.id || e.tagName).trim().slice(0, 40), seen }",
        );
        let focus = focus.await;
        assert_eq!(focus["seen"], true, "the focus is not visible on {focus}");
        reached.push(focus["name"].as_str().unwrap().to_owned());
        if browser.script(&format!("return {condition}")).await == true {
            return reached;
        }
    }
    panic!("{condition} does not come true within {TABS_MAX} tabs: {reached:?}");
}
