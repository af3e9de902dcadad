//! A third system is added by files alone: those of `docs/guides/third-system`, deployed unchanged, against a billing
//! system that follows its OpenAPI document.

mod billing;
mod guide;

use serde_json::{Value, json};
use stepwell::sandbox::Sandbox;

use self::billing::{Billing, Fault, KEY};
use crate::harness::{Journey, Node, SECRET, client, eventually};

/// Id of the first deal.
const OPPORTUNITY: &str = "006Ws00000Hd9XqIAJ";

/// CRM, ERP, billing and Stepwell.
struct Company {
    journey: Journey,
    billing: Billing,
    node: Node,
}

impl Company {
    async fn new() -> Self {
        Self::with_key(KEY).await
    }

    async fn with_key(key: &str) -> Self {
        let billing = Billing::start().await;
        let mut journey = Journey::of(&guide::workflows(), Sandbox::new()).await;
        let world = &mut journey.world;
        world.set("STEPWELL_CONNECTIONS__BILLING__BASE_URL", &billing.url());
        world.set("STEPWELL_SECRET_BILLINGKEY", key);
        world.set("STEPWELL_SECRET_BILLINGWEBHOOK", SECRET);
        world.set("STEPWELL_NETWORK_ALLOW", "127.0.0.1");
        let node = journey.world.node().await;
        Self { journey, billing, node }
    }

    /// Wins a deal and returns the id of its order.
    async fn order(&self) -> String {
        let run = self.journey.fire(&self.node, 0).await;
        let run = self.node.run_becomes(&run, "completed").await;
        run["output"]["orderId"].as_str().unwrap().to_owned()
    }

    /// Ships an order completely, which sends the ERP's webhook. Returns the run that this starts.
    async fn ship(&self, order: &str) -> String {
        let hook = json!({ "url": self.node.url("/hooks/netsuite"), "secret": SECRET, "types": ["itemFulfillment"] });
        self.journey.send("POST", "/settings", json!({ "webhooks": { "erp": hook } })).await;
        let path = format!("/erp/services/rest/record/v1/salesOrder/{order}");
        self.journey.send("PATCH", &path, json!({ "orderStatus": { "id": "B" } })).await;
        self.journey.send("POST", &format!("{path}/!transform/itemFulfillment"), json!({})).await;
        eventually("a run of invoice-order began", || self.invoicing()).await
    }

    async fn invoicing(&self) -> Option<String> {
        let (_, runs) = self.node.get("/api/v1/runs?workflow=crm-erp/invoice-order").await;
        runs["items"][0]["id"].as_str().map(str::to_owned)
    }

    /// Returns the invoice fields of the opportunity: number, payment and day.
    async fn shown(&self) -> [Value; 3] {
        let records =
            self.journey.get("/ledger?system=crm&records=true").await["records"]["crm"]["Opportunity"].clone();
        let mut all: Vec<Value> = match records {
            Value::Array(list) => list,
            Value::Object(by_id) => by_id.into_iter().map(|(_, record)| record).collect(),
            _ => Vec::new(),
        };
        all.retain(|record| record["Id"] == OPPORTUNITY);
        ["Billing_Invoice__c", "Payment_Status__c", "Paid_On__c"].map(|field| all[0][field].clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_order_is_invoiced_by_a_third_system_and_its_payment_comes_back_to_the_crm() {
    let company = Company::new().await;
    let order = company.order().await;
    let run = company.ship(&order).await;
    let run = company.node.run_becomes(&run, "completed").await;
    assert_eq!(run["output"], json!({ "order": order, "opportunity": OPPORTUNITY, "invoice": "B-1001" }));
    let [invoice] = company.billing.invoices().try_into().unwrap();
    assert_eq!((&invoice["status"], &invoice["totalMinor"]), (&json!("open"), &json!(2_468_886)), "{invoice}");
    assert_eq!(company.billing.customers()[0]["name"], "Brückner & Söhne Fördertechnik GmbH");
    assert_eq!(company.shown().await, [json!("B-1001"), json!("Open"), Value::Null]);

    let paid = company.billing.pay("B-1001", "2026-12-18T09:30:00Z");
    let (status, answer) = company.node.hook("billing", "msg_1", &paid).await;
    assert_eq!(status, 202, "{answer}");
    let run = answer["runs"][0].as_str().unwrap();
    let run = company.node.run_becomes(run, "completed").await;
    assert_eq!(run["output"], json!({ "outcome": "updated", "opportunity": OPPORTUNITY }));
    assert_eq!(company.shown().await, [json!("B-1001"), json!("Paid"), json!("2026-12-18")]);
    let (status, again) = company.node.hook("billing", "msg_1", &paid).await;
    assert_eq!((status, &again["runs"]), (200, &answer["runs"]), "a repeated event starts nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_system_that_is_down_and_then_loses_its_answer_makes_one_invoice() {
    let company = Company::new().await;
    let order = company.order().await;
    for fault in [Fault::Answer(503), Fault::Answer(503), Fault::LoseReply] {
        company.billing.fail("createInvoice", fault);
    }
    let run = company.ship(&order).await;
    company.node.run_becomes(&run, "completed").await;
    let keys = company.billing.keys("createInvoice");
    assert!(keys.len() == 4 && keys.iter().all(|key| *key == keys[0] && !key.is_empty()), "{keys:?}");
    assert_eq!(company.billing.invoices().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invoice_that_a_third_system_refuses_to_send_is_taken_back() {
    let company = Company::new().await;
    let order = company.order().await;
    company.billing.fail("finalizeInvoice", Fault::Answer(422));
    let run = company.ship(&order).await;
    let run = company.node.run_becomes(&run, "compensated").await;
    let error = (&run["error"]["type"], &run["error"]["status"]);
    assert_eq!(error, (&json!("https://stepwell.dev/errors/validation"), &json!(422)), "as the function declares it");
    assert_eq!(company.billing.invoices()[0]["status"], "void");
    assert_eq!(company.shown().await[0], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_key_a_third_system_does_nothing_and_a_person_is_asked() {
    let company = Company::with_key("of-somebody-else").await;
    let order = company.order().await;
    let run = company.ship(&order).await;
    let run = company.node.run_becomes(&run, "faulted").await;
    assert_eq!((&run["attention"], &run["error"]["status"]), (&json!("faulted"), &json!(401)), "{run}");
    assert!(company.billing.customers().is_empty() && company.billing.invoices().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_a_third_system_did_not_sign_is_refused() {
    let company = Company::new().await;
    let paid = json!({ "type": "invoice.paid", "timestamp": "2026-12-18T09:30:00Z", "data": { "number": "B-1001" } });
    let at = chrono::Utc::now().timestamp().to_string();
    let signature = format!("v1,{}", "A".repeat(43) + "=");
    let forged = client().post(company.node.url("/hooks/billing")).body(paid.to_string());
    let forged = forged.header("content-type", "application/json").header("webhook-id", "msg_9");
    let forged = forged.header("webhook-timestamp", at).header("webhook-signature", signature);
    assert_eq!(forged.send().await.unwrap().status(), 401);
    let (_, events) = company.node.get("/api/v1/events?source=billing").await;
    assert_eq!(events["items"], json!([]), "nothing is stored before the signature is verified");
    // Signed, but rejected by the workflow: it is stored, with the invalid field.
    let (status, answer) = company.node.hook("billing", "msg_9", &paid).await;
    assert!(status == 422 && answer["errors"].to_string().contains("reference"), "{status} {answer}");
}

/// Without this check, the tests above would prove nothing.
#[tokio::test]
async fn the_billing_of_these_tests_holds_callers_to_its_document() {
    let billing = Billing::start().await;
    let post = |key: &'static str, of: &'static str, body: Value| {
        let request =
            client().post(format!("{}/invoices", billing.url())).header("x-api-key", key).body(body.to_string());
        let request = request.header("content-type", "application/json");
        let request = if of.is_empty() { request } else { request.header("idempotency-key", of) };
        async move {
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let body: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            (status, body["code"].as_str().unwrap_or_default().to_owned())
        }
    };
    let client = client();
    let customer = client.put(format!("{}/customers/a", billing.url())).header("x-api-key", KEY);
    let made = customer.body(r#"{"name": "A", "currency": "EUR"}"#).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let line = json!({ "description": "x", "quantity": 1, "amountMinor": 100 });
    let invoice = json!({ "customer": "cus_1", "reference": "r", "currency": "EUR", "lines": [line] });
    let mut other = invoice.clone();
    other["reference"] = "s".into();
    let mut unfit = invoice.clone();
    unfit["lines"][0]["amountMinor"] = json!(1.5);
    assert_eq!(post("", "k", invoice.clone()).await, (401, "unauthorized".into()));
    assert_eq!(post(KEY, "", invoice.clone()).await, (422, "invalid".into()));
    assert_eq!(post(KEY, "k", unfit).await, (422, "invalid".into()));
    for _ in 0..2 {
        assert_eq!(post(KEY, "k", invoice.clone()).await, (201, String::new()));
    }
    assert_eq!(post(KEY, "k", other).await, (409, "key_reused".into()));
    assert_eq!(billing.invoices().len(), 1);
}
