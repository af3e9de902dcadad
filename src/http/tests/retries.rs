//! Retries from an earlier step and with a changed input, for one run and for many.

use super::*;

/// The second step requires a currency; the run stops there without one.
const ORDER: &str = "document:
  dsl: '1.0.3'
  namespace: test
  name: order
  version: '1.0.0'
  metadata: { key: '${ .order }', sensitive: [/iban] }
do:
  - prepare: { set: { order: '${ .order }', iban: '${ .iban }' } }
  - book:
      switch:
        - known: { when: '.currency != null', then: end }
        - unknown: { then: refuse }
  - refuse: { raise: { error: { type: 'https://example.com/no-currency', status: 409 } } }
";

struct Shop {
    face: Face,
}

impl Shop {
    async fn open(pool: &PgPool, text: &str) -> Self {
        crate::store::ensure_partitions(pool).await.unwrap();
        let face = Face::new(pool).await;
        let bearer = format!("Bearer {}", face.token(Scope::Admin));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
        let answer = face.send("PUT", "/api/v1/workflows/test/order", &headers, text.to_owned()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        Self { face }
    }

    async fn stopped(&self, order: &str) -> String {
        let input = json!({ "order": order, "iban": "DE02" }).to_string();
        let path = "/api/v1/workflows/test/order/runs?wait=30";
        let started = self.face.call(Scope::Admin, "POST", path, input).await;
        assert!(started.body["stopped_at"].is_string(), "{started:?}");
        started.body["id"].as_str().unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.face.token(Scope::Operate));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.face.send("POST", path, &headers, body.to_string()).await
    }

    async fn retry(&self, run: &str, body: &Value) -> Answer {
        self.post(&format!("/api/v1/runs/{run}/retry"), body).await
    }

    async fn journal(&self, run: &str, kind: &str) -> Vec<Value> {
        let path = format!("/api/v1/runs/{run}/journal?limit=500");
        let journal = self.face.call(Scope::Read, "GET", &path, "").await.body;
        journal["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).cloned().collect()
    }
}

#[sqlx::test]
async fn a_run_continues_from_an_earlier_step_after_a_look_at_what_lies_between(pool: PgPool) {
    let shop = Shop::open(&pool, ORDER).await;
    let run = shop.stopped("SO-1").await;
    let dry = shop.retry(&run, &json!({ "from": "/do/0/prepare", "dry_run": true })).await;
    assert_eq!((dry.status, &dry.body["possible"], &dry.body["between"]), (StatusCode::OK, &json!(true), &json!([])));
    assert!(shop.journal(&run, "run.rewinding").await.is_empty(), "a dry run changes nothing");
    let done = shop.retry(&run, &json!({ "from": "/do/0/prepare", "reason": "once more" })).await;
    assert_eq!(done.status, StatusCode::OK, "{done:?}");
    let told = shop.journal(&run, "run.rewinding").await;
    assert_eq!((told.len(), &told[0]["actor"]), (1, &json!("token:operate")), "{told:?}");
    assert_eq!((&told[0]["data"]["from"], &told[0]["data"]["reason"]), (&json!("/do/0/prepare"), &json!("once more")));
    assert_eq!(told[0]["data"]["data"], json!({ "order": "SO-1", "iban": "***" }), "what is sensitive is masked");
    assert_eq!(shop.journal(&run, "run.rewound").await.len(), 1);
    let path = format!("/api/v1/runs/{run}/retry");
    shop.retry(&run, &json!({ "from": "/do/7/none" })).await.is_problem(409, "conflict", &path);
    shop.retry(&run, &json!({ "from": "/do/0/prepare", "input": 1 })).await.is_problem(422, "invalid", &path);
    shop.retry(&run, &json!({ "dry_run": true })).await.is_problem(422, "invalid", &path);
    let report = crate::engine::audit::verify_run(&pool, run.parse().unwrap()).await.unwrap().unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    shop.face.close().await;
}

/// The first step fails until its input has a currency.
const PRICED: &str = "document:
  dsl: '1.0.3'
  namespace: test
  name: order
  version: '1.0.0'
  metadata: { key: '${ .order }', sensitive: [/iban] }
do:
  - book:
      input: { schema: { document: { type: object, required: [currency] } } }
      set: { booked: '${ .currency }' }
";

#[sqlx::test]
async fn an_edit_over_many_shows_inputs_before_and_after_and_gives_each_run_its_own(pool: PgPool) {
    let shop = Shop::open(&pool, PRICED).await;
    let mut runs = Vec::new();
    for order in ["SO-1", "SO-2", "SO-3", "SO-4"] {
        runs.push(shop.stopped(order).await);
    }
    let edit = r#"if .order == "SO-2" then error("not this one") else .currency = "EUR" end"#;
    let body = |dry_run: bool| json!({ "act": "retry", "edit": edit, "filter": { "attention": "any" }, "reason": "currency", "dry_run": dry_run });
    let dry = shop.post("/api/v1/runs:bulk", &body(true)).await;
    let samples = dry.body["samples"].as_array().unwrap_or_else(|| panic!("{dry:?}"));
    assert_eq!(samples.len(), 3);
    assert_eq!(samples[0]["before"], json!({ "order": "SO-1", "iban": "***" }), "{dry:?}");
    assert_eq!(samples[0]["after"], json!({ "order": "SO-1", "iban": "***", "currency": "EUR" }));
    assert_eq!((&samples[1]["possible"], samples[1]["why_not"].is_string()), (&json!(false), true), "{dry:?}");
    let done = shop.post("/api/v1/runs:bulk", &body(false)).await;
    assert_eq!((&done.body["acted"], done.body["failed"].as_array().unwrap().len()), (&json!(3), 1), "{done:?}");
    assert!(done.body["failed"][0]["detail"].as_str().unwrap().contains("not this one"), "{done:?}");
    let first = shop.face.call(Scope::Read, "GET", &format!("/api/v1/runs/{}", runs[0]), "").await.body;
    assert_eq!((&first["status"], &first["output"]), (&json!("completed"), &json!({ "booked": "EUR" })), "{first}");
    let acted = shop.journal(&runs[0], "operator.acted").await;
    assert_eq!((&acted[0]["data"]["act"], &acted[0]["data"]["input"]["currency"]), (&json!("retry"), &json!("EUR")));
    let bad = json!({ "act": "retry", "edit": "if", "filter": { "attention": "any" } });
    shop.post("/api/v1/runs:bulk", &bad).await.is_problem(422, "invalid", "/api/v1/runs:bulk");
    let one = shop.retry(&runs[1], &json!({ "edit": ".currency = \"CHF\"" })).await;
    assert_eq!((one.status, &one.body["status"]), (StatusCode::OK, &json!("completed")), "{one:?}");
    shop.face.close().await;
}

#[sqlx::test]
async fn a_bulk_move_says_of_three_runs_whether_they_fit(pool: PgPool) {
    let shop = Shop::open(&pool, PRICED).await;
    shop.stopped("SO-1").await;
    let body = |to: &str| json!({ "act": "move", "to": to, "filter": { "attention": "any" } });
    let missing = shop.post("/api/v1/runs:bulk", &body("1.0.1")).await;
    assert_eq!(missing.body["samples"][0]["possible"], false, "{missing:?}");
    let bearer = format!("Bearer {}", shop.face.token(Scope::Admin));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
    let text = PRICED.replace("1.0.0", "1.0.1").replace("required: [currency]", "required: [order]");
    shop.face.send("PUT", "/api/v1/workflows/test/order", &headers, text).await;
    let fits = shop.post("/api/v1/runs:bulk", &body("1.0.1")).await;
    assert_eq!((&fits.body["samples"][0]["possible"], &fits.body["samples"][0]["kept"]), (&json!(true), &json!(0)));
    assert!(fits.body["words"].to_string().contains("1 can move to version 1.0.1"), "{fits:?}");
    shop.face.close().await;
}
