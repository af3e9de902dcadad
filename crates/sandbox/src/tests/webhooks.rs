//! Webhooks that the systems send when records change.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use http::{HeaderMap, StatusCode};

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ACCOUNT: &str = "/crm/services/data/v62.0/sobjects/Account/001Ws00000Kq3EcIAJ";

/// A receiver that refuses the first messages and then accepts all.
#[derive(Clone, Default)]
struct Receiver {
    taken: Arc<Mutex<Vec<(HeaderMap, Value)>>>,
    refusals: Arc<Mutex<u32>>,
}

impl Receiver {
    async fn start(refusals: u32) -> (Self, String) {
        let receiver = Self { refusals: Arc::new(Mutex::new(refusals)), ..Self::default() };
        let app = axum::Router::new().fallback(take).with_state(receiver.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks/x", listener.local_addr().expect("a bound address"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        (receiver, url)
    }

    fn taken(&self) -> Vec<(HeaderMap, Value)> {
        self.taken.lock().expect("not poisoned").clone()
    }

    async fn awaited(&self, count: usize) -> Vec<(HeaderMap, Value)> {
        eventually(&format!("{count} messages"), async || self.taken().len() >= count).await;
        self.taken()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let mut refusals = receiver.refusals.lock().expect("not poisoned");
    if *refusals > 0 {
        *refusals -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let body = serde_json::from_str(&body).expect("JSON");
    receiver.taken.lock().expect("not poisoned").push((headers, body));
    StatusCode::ACCEPTED
}

async fn served(refusals: u32, system: &str) -> (Served, Receiver) {
    let (receiver, url) = Receiver::start(refusals).await;
    let served = Served::start().await;
    let target = json!({"url": url, "secret": SECRET, "types": ["Account", "customer", "inventoryItem"]});
    let (status, settings) = served.post("/settings", &json!({"webhooks": {system: target}})).await;
    assert_eq!((status, &settings["webhooks"][system]["secret"]), (200, &json!("***")));
    (served, receiver)
}

/// Returns the keys of an object, recursively, with the types of their values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(_) => json!("list"),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        other => other.clone(),
    }
}

#[tokio::test]
async fn the_crm_sends_change_events_that_name_the_client() {
    let (served, receiver) = served(0, "crm").await;
    let change =
        json!({"Phone": "+46 1", "Credit_Limit__c": 250_000.0, "BillingStreet": "Storgatan 14", "Website": null});
    let call = served.call(Method::PATCH, ACCOUNT).header("sforce-call-options", "client=stepwell, defaultNamespace=x");
    answered(call.json(&change)).await;
    // Another record type: no message is sent.
    served.post("/crm/services/data/v62.0/sobjects/Contact", &json!({"LastName": "A"})).await;
    served.delete(ACCOUNT).await;

    let taken = receiver.awaited(2).await;
    let event = &taken[0].1;
    let header = &event["data"]["payload"]["ChangeEventHeader"];
    assert_eq!(header["changeOrigin"], json!("com/salesforce/api/rest/62.0;client=stepwell"));
    assert_eq!((&header["changeType"], &header["recordIds"]), (&json!("UPDATE"), &json!(["001Ws00000Kq3EcIAJ"])));
    let changed = header["changedFields"].to_string();
    assert!(changed.contains("BillingAddress.Street") && changed.contains("LastModifiedDate"), "{changed}");
    assert_eq!(event["data"]["payload"]["BillingAddress"]["City"], json!("Umeå"), "the whole address comes along");
    let sample = sample("salesforce_cdc_account_change.json");
    let kinds = |event: &Value| shape(&event["data"]["payload"]["ChangeEventHeader"]);
    assert_eq!(kinds(event), kinds(&sample));
    assert_eq!(shape(&event["data"]["payload"]["BillingAddress"]).as_object().map(serde_json::Map::len), Some(8));
    assert_eq!(event["channel"], sample["channel"]);
    assert_eq!(taken[1].1["data"]["payload"]["ChangeEventHeader"]["changeType"], json!("DELETE"));
}

#[tokio::test]
async fn the_erp_tells_what_a_script_would() {
    let (served, receiver) = served(0, "erp").await;
    let customer = "/erp/services/rest/record/v1/customer/641";
    served.patch(customer, &json!({"creditLimit": 70_000})).await;
    served
        .post("/erp/services/rest/record/v1/inventoryItem", &json!({"itemId": "CM-300", "externalId": "ITEM-CM-300"}))
        .await;

    let taken = receiver.awaited(2).await;
    let (edit, create) = (&taken[0].1, &taken[1].1);
    assert_eq!(edit["changes"], json!({"creditLimit": {"old": 60000.0, "new": 70000.0}}));
    assert_eq!((&edit["type"], &edit["externalId"]), (&json!("edit"), &json!("001Ws00000Kq3EcIAJ")));
    assert_eq!(edit["executionContext"], json!("REST_WEBSERVICES"));
    assert_eq!(edit["record"]["companyName"], json!("Norrland Timber AB"));
    assert_eq!(edit["record"]["currency"], json!({"id": "4", "refName": "Euro"}));
    assert_eq!((&create["type"], &create["changes"]), (&json!("create"), &Value::Null));
    for (told, sample) in [(edit, "netsuite_customer_credit_limit.json"), (create, "netsuite_item_created.json")] {
        let sample = super::sample(sample);
        let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(told), names(&sample));
    }
}

#[tokio::test]
async fn the_erp_tells_which_button_was_pressed_and_nothing_of_an_order_that_was_only_fulfilled() {
    let (receiver, url) = Receiver::start(0).await;
    let served = Served::start().await;
    served.post("/settings", &json!({"webhooks": {"erp": {"url": url, "secret": SECRET}}})).await;
    let records = "/erp/services/rest/record/v1";
    let order = json!({"entity": {"id": "641"}, "item": {"items": [{"item": {"id": "2201"}, "quantity": 1}]}});
    served.post(&format!("{records}/salesOrder"), &order).await;
    served.post("/erp/app/salesOrder/90871/approve", &json!({})).await;
    let picked = json!({"shipStatus": {"id": "A"}});
    served.post(&format!("{records}/salesOrder/90871/!transform/itemFulfillment"), &picked).await;
    served.post("/erp/app/itemFulfillment/90872/ship", &json!({})).await;
    served.post(&format!("{records}/nonInventoryPurchaseItem"), &json!({"itemId": "X"})).await;

    let taken = receiver.awaited(5).await;
    let told: Vec<_> = taken.iter().map(|(_, body)| [&body["recordType"], &body["type"]]).collect();
    assert_eq!(
        told,
        [
            ["salesorder", "create"],
            ["salesorder", "approve"],
            ["itemfulfillment", "create"],
            ["itemfulfillment", "ship"],
            ["noninventoryitem", "create"]
        ]
    );
    let approve = &taken[1].1;
    assert_eq!(approve["changes"]["orderStatus"]["new"]["id"], json!("B"));
    assert_eq!(approve["executionContext"], json!("USERINTERFACE"));
    assert_eq!(taken[2].1["record"]["createdFrom"]["id"], json!("90871"));
}

#[tokio::test]
async fn messages_are_signed_and_come_in_order_after_refusals_under_the_same_id() {
    let (served, receiver) = served(2, "crm").await;
    for phone in ["1", "2", "3"] {
        served.patch(ACCOUNT, &json!({"Phone": phone})).await;
    }
    let taken = receiver.awaited(3).await;
    let phones: Vec<&str> = taken.iter().filter_map(|(_, event)| event["data"]["payload"]["Phone"].as_str()).collect();
    assert_eq!(phones, ["1", "2", "3"]);
    let header = |name: &str| taken[0].0[name].to_str().expect("text").to_owned();
    let body = taken[0].1.to_string();
    let settings = crate::WebhookSettings { url: "http://a.example".into(), secret: SECRET.into(), types: vec![] };
    let target = settings.target().expect("a target");
    let signature = target.sign(&header("webhook-id"), &header("webhook-timestamp"), body.as_bytes());
    assert_eq!(header("webhook-signature"), signature);

    eventually("all is delivered", async || {
        let (_, ledger) = served.get("/ledger").await;
        ledger["deliveries"].as_array().is_some_and(|all| all.iter().all(|one| one["outcome"] == "delivered"))
    })
    .await;
    let (_, ledger) = served.get("/ledger").await;
    assert_eq!((&ledger["deliveries"][0]["attempts"], &ledger["deliveries"][0]["status"]), (&json!(3), &json!(202)));
    assert!(!ledger.to_string().contains("whsec_"));
}

#[tokio::test]
async fn webhooks_are_off_unless_somebody_turns_them_on() {
    let (served, receiver) = served(0, "crm").await;
    served.post("/settings", &json!({"webhooks": {"crm": null}})).await;
    served.patch(ACCOUNT, &json!({"Phone": "1"})).await;
    assert_eq!(served.get("/ledger").await.1["deliveries"], json!([]));
    assert!(receiver.taken().is_empty());
    let wrong = json!({"webhooks": {"crm": {"url": "http://a.example", "secret": "whsec_!!!"}}});
    let (status, refusal) = served.post("/settings", &wrong).await;
    assert!(status == 400 && !refusal.to_string().contains("!!!"), "{refusal}");
}
