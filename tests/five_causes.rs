//! Five hundred orders are stuck for five causes. A person fixes them in the dashboard, at human speed, and no call is
//! repeated.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Json, State};
use axum::http::{StatusCode, Uri};
use futures::stream::{StreamExt, TryStreamExt};
use serde_json::{Value, json};

use crate::harness::{Browser, Node, World, eventually, hub};

const ORDERS: u64 = 500;
const CAUSES: u64 = 5;
const EACH: u64 = ORDERS / CAUSES;

/// The ERP. The number of an order modulo five determines why it is refused.
#[derive(Clone, Default)]
struct Shop {
    state: Arc<Mutex<ShopState>>,
}

#[derive(Default)]
struct ShopState {
    /// Whether someone has given the integration's role its permission back.
    may_create_orders: bool,
    /// Number of calls that took effect, by path and order.
    effects: HashMap<(String, u64), usize>,
    /// Number of created orders by currency.
    currencies: BTreeMap<String, usize>,
}

impl Shop {
    async fn start() -> (Self, SocketAddr) {
        let shop = Self::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(shop.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (shop, address)
    }

    fn effects(&self, path: &str, cause: u64) -> Vec<usize> {
        let state = self.state.lock().unwrap();
        let of_cause =
            |((at, order), count): (&(String, u64), &usize)| (at == path && order % CAUSES == cause).then_some(*count);
        state.effects.iter().filter_map(of_cause).collect()
    }
}

async fn answer(State(shop): State<Shop>, uri: Uri, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let order = body["order"].as_u64().expect("each call names its order");
    let mut state = shop.state.lock().unwrap();
    let refusal = match (uri.path(), order % CAUSES) {
        ("/orders", 0) if !state.may_create_orders => Some((403, "the role may not create sales orders".to_owned())),
        ("/orders", 1) if body["currency"] == "EURO" => Some((422, format!("order {order}: EURO is not a currency"))),
        ("/orders", 3) => Some((409, format!("order {order}: the accounting period is closed"))),
        ("/mails", 4) => Some((400, format!("order {order}: the mailbox is unknown"))),
        _ => None,
    };
    if let Some((status, message)) = refusal {
        return (StatusCode::from_u16(status).unwrap(), Json(json!({ "message": message })));
    }
    *state.effects.entry((uri.path().to_owned(), order)).or_default() += 1;
    if uri.path() == "/orders" {
        *state.currencies.entry(body["currency"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (StatusCode::OK, Json(json!({ "id": format!("id-{order}") })))
}

/// Creates the customer, computes the lines, creates the order, sends a mail. `discount` is the expression that is
/// wrong in 1.0.0.
fn workflow(shop: SocketAddr, version: &str, discount: &str) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: orders, version: '{version}', metadata: {{ key: '${{ .order }}', onFault: park }} }}
do:
  - customer:
      call: http
      with: {{ method: post, endpoint: 'http://{shop}/customers', body: '${{ {{ order }} }}' }}
      output: {{ as: '${{ $workflow.input }}' }}
      metadata: {{ compensate: {{ call: http, with: {{ method: post, endpoint: 'http://{shop}/customers/undo', body: '${{ {{ order: $workflow.input.order }} }}' }} }} }}
  - lines: {{ set: '${{ . + {{ percent: {discount} }} }}' }}
  - order:
      call: http
      with: {{ method: post, endpoint: 'http://{shop}/orders', body: '${{ {{ order, currency, percent }} }}' }}
      output: {{ as: '${{ $workflow.input }}' }}
      metadata: {{ compensate: none }}
  - mail:
      call: http
      with: {{ method: post, endpoint: 'http://{shop}/mails', body: '${{ {{ order }} }}' }}
      metadata: {{ compensate: none }}
"
    )
}

fn input(order: u64) -> Value {
    let currency = if order % CAUSES == 1 { "EURO" } else { "EUR" };
    let discount = if order % CAUSES == 2 { "10 %" } else { "10" };
    json!({ "order": order, "currency": currency, "discount": discount })
}

/// Starts all orders, each of which stops.
async fn all_stuck(node: &Node) {
    let start = |order| async move {
        let (status, run) = node.post("/api/v1/workflows/shop/orders/runs?version=1.0.0", &input(order)).await;
        (status < 300).then_some(()).ok_or(run)
    };
    futures::stream::iter((0..ORDERS).map(start)).buffer_unordered(16).try_collect::<Vec<_>>().await.unwrap();
    eventually("five causes of a hundred orders each", || async {
        let (_, groups) = node.get("/api/v1/attention").await;
        let counts: Vec<u64> = groups["items"].as_array()?.iter().filter_map(|group| group["count"].as_u64()).collect();
        (counts == [EACH; 5]).then_some(())
    })
    .await;
}

/// A person at a browser. Adds up the time that hands and eyes need according to the keystroke-level model (Card, Moran
/// and Newell, 1980).
struct Person<'b> {
    browser: &'b Browser,
    node: &'b Node,
    milliseconds: u64,
}

impl Person<'_> {
    /// Makes a decision, then points and clicks.
    async fn decides(&mut self, css: &str) {
        self.milliseconds += 1_350;
        self.clicks(css).await;
    }

    /// Points and clicks without a new decision.
    async fn clicks(&mut self, css: &str) {
        self.milliseconds += 1_100 + 200;
        self.browser.click(css).await;
    }

    /// Types into a clicked field, at the pace of an average typist.
    async fn write(&mut self, css: &str, text: &str) {
        self.milliseconds += 1_100 + 200 + 280 * text.chars().count() as u64;
        self.browser.write(css, text).await;
    }

    /// Looks at a page until it shows a text.
    async fn reads(&mut self, css: &str, text: &str) -> String {
        self.milliseconds += 2_000;
        self.browser.shows(css, text).await
    }

    /// Opens the list of causes, and the bulk act on the cause whose text contains `cause`.
    async fn opens(&mut self, cause: &str) {
        self.milliseconds += 1_350 + 1_100 + 200;
        self.browser.goto(&self.node.url("/?attention=any")).await;
        self.reads(".groups", cause).await;
        let place = format!(
            "return [...document.querySelectorAll('.groups tbody tr')].findIndex(tr => tr.innerText.includes({})) + 1",
            json!(cause)
        );
        let place = self.browser.script(&place).await;
        self.clicks(&format!("#act-on-{place}")).await;
    }

    /// Chooses an act and reads its preview.
    async fn previews(&mut self, act: &str, fields: &[(&str, &str)], preview: &str) {
        self.decides(&format!("input[value={act}]")).await;
        for (css, text) in fields {
            self.write(css, text).await;
        }
        if !fields.is_empty() {
            self.clicks("#preview-open").await;
        }
        self.reads("section[aria-labelledby=preview]", preview).await;
    }

    async fn starts(&mut self, reason: &str) {
        self.write("#reason", reason).await;
        self.decides("#start").await;
    }

    /// Stops the running bulk act.
    async fn stops(&mut self, reason: &str) {
        self.decides("#act-stop-open").await;
        self.write("#stop-reason", reason).await;
        self.clicks("#act-stop form button").await;
    }

    /// Continues with the other runs after a successful trial.
    async fn continues(&mut self, done: &str) {
        self.reads("#note", "Trial: 3 of 100 runs acted on (3 done)").await;
        self.decides("#act-resume").await;
        self.reads("#note", done).await;
    }
}

async fn ended(node: &Node, status: &str, count: u64) {
    eventually(&format!("{count} runs are {status}"), || async {
        let (_, page) = node.get(&format!("/api/v1/runs?status={status}&limit=500")).await;
        (page["items"].as_array()?.len() as u64 == count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_stuck_orders_of_five_causes_are_mended_in_three_minutes_and_no_call_is_repeated() {
    let (shop, address) = Shop::start().await;
    let broken = workflow(address, "1.0.0", "(.discount | tonumber)");
    let world = World::new(&[("hub.yaml", hub()), ("orders.yaml", broken)], &[address.to_string()]).await;
    let node = world.node().await;
    all_stuck(&node).await;
    let browser = Browser::signed_in(&world, &node, "ada").await;
    let mut person = Person { browser: &browser, node: &node, milliseconds: 0 };

    // The currency is mistyped, so it is edited in all runs.
    person.opens("EURO is not a currency").await;
    let edit = [("input[name=edit]", ".currency=\"EUR\"")];
    person.previews("retry", &edit, "100 runs").await;
    person.starts("EURO is EUR").await;
    person.continues("100 runs acted on (100 done)").await;
    ended(&node, "completed", EACH).await;

    // The definition is wrong, so they move to a version deployed in the meantime.
    world.write("orders.yaml", &workflow(address, "1.0.1", "(.discount | rtrimstr(\" %\") | tonumber)"));
    world.deploy();
    person.opens("cannot be parsed as a number").await;
    person.previews("move", &[("input[name=to]", "1.0.1")], "100 runs").await;
    person.starts("fixed in 1.0.1").await;
    person.continues("100 runs acted on (100 done)").await;
    ended(&node, "completed", 2 * EACH).await;

    // The permission is back. The trial proves it before all others are retried.
    shop.state.lock().unwrap().may_create_orders = true;
    person.opens("may not create sales orders").await;
    person.previews("retry", &[], "100 runs").await;
    person.starts("role fixed").await;
    person.continues("100 runs acted on (100 done)").await;
    ended(&node, "completed", 3 * EACH).await;

    // The mails cannot be sent and are not needed. Stopped halfway, then started again for the remaining runs.
    person.opens("the mailbox is unknown").await;
    person.previews("skip", &[], "100 runs").await;
    person.write("#rate", "30").await;
    person.starts("mails by hand").await;
    person.reads("#note", "Trial: 3 of 100 runs acted on (3 done)").await;
    person.decides("#act-resume").await;
    person.stops("ask Ada").await;
    person.reads("#note", "Stopped").await;
    let (_, skipped) = node.get("/api/v1/attention").await;
    let left = skipped["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["step"] == "mail" || group.to_string().contains("mailbox"));
    let left = left.unwrap()["count"].as_u64().unwrap();
    assert!((1..EACH - 2).contains(&left), "{left} are left");
    person.opens("the mailbox is unknown").await;
    person.previews("skip", &[], &format!("{left} runs")).await;
    person.starts("Ada agrees").await;
    person.reads("#note", "acted on (3 done)").await;
    person.decides("#act-resume").await;
    ended(&node, "completed", 4 * EACH).await;

    // The period is closed for good, so the runs are cancelled and the customers are removed again.
    person.opens("the accounting period is closed").await;
    person.clicks("select[name=compensate]").await;
    person.clicks("select[name=compensate] option[value=yes]").await;
    person.previews("cancel", &[], "100 runs").await;
    person.starts("period closed").await;
    person.continues("100 runs acted on (100 done)").await;
    ended(&node, "cancelled", EACH).await;

    let (_, nothing) = node.get("/api/v1/attention").await;
    assert_eq!(nothing["items"], json!([]));
    for cause in 0..CAUSES {
        let (undone, ordered) = (if cause == 3 { EACH } else { 0 }, if cause == 3 { 0 } else { EACH });
        let mailed = if cause >= 3 { 0 } else { EACH };
        let wanted = [("/customers", EACH), ("/customers/undo", undone), ("/orders", ordered), ("/mails", mailed)];
        for (path, orders) in wanted {
            assert_eq!(
                shop.effects(path, cause),
                vec![1; orders as usize],
                "{path} of cause {cause}: once for each order"
            );
        }
    }
    assert_eq!(shop.state.lock().unwrap().currencies, BTreeMap::from([("EUR".to_owned(), 4 * EACH as usize)]));
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
    println!("hands and eyes of a person: {} ms", person.milliseconds);
    assert!(person.milliseconds < 180_000, "{} ms of clicks, keys and looks", person.milliseconds);
}
