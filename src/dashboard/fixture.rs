//! Runs for tests, with short handmade journals in the form that the engine writes.

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::{Actor, Change, Record, RunId, Time};
use crate::store::nodes::formats::NEWEST;
use crate::store::runs::journal;
use crate::store::{fixture, shard};

/// Noon of some day, in milliseconds since the epoch.
pub const NOON: i64 = 1_795_521_727_000;

/// A journal under construction.
#[derive(Default)]
pub struct Story {
    /// Records so far.
    pub records: Vec<Record>,
    actor: Option<&'static str>,
}

/// Returns a time this many milliseconds after noon.
pub fn at(millis: i64) -> Time {
    Time::from_timestamp_millis(NOON + millis).unwrap()
}

/// Returns a request as recorded in journals.
pub fn request(method: &str, uri: &str, body: &Value) -> Value {
    json!({
        "method": method, "uri": uri, "body": body,
        "headers": [["content-type", "application/json"]],
        "idempotency_key": "3f0c9b1e-6a0e-5f0b-9a53-0a8f6f1d2b11",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    })
}

/// Returns a response as recorded in journals.
pub fn response(status: u16, body: &Value) -> Value {
    json!({
        "url": "http://127.0.0.1:8081/erp/services/rest/record/v1/salesOrder/eid:006Ws00000Hd9XqIAJ",
        "status": status, "headers": [["content-type", "application/vnd.oracle.resource+json; type=error"]],
        "body": body, "duration_ms": 84,
    })
}

/// Returns an error as recorded in journals.
pub fn error(status: u16, detail: &str) -> Value {
    json!({
        "type": "https://serverlessworkflow.io/spec/1.0.0/errors/communication",
        "status": status, "title": "call failed", "detail": detail,
    })
}

impl Story {
    /// Starts a run with this input.
    pub fn begun(input: &Value) -> Self {
        let mut story = Self { actor: Some("source:salesforce"), ..Self::default() };
        story.add(0, None, None, "run.started", json!({"input": input}));
        story.actor = None;
        story
    }

    /// Adds a record.
    pub fn add(&mut self, millis: i64, task: Option<&str>, attempt: Option<u32>, kind: &str, data: Value) -> &mut Self {
        let change: Change = serde_json::from_value(json!({"kind": kind, "data": data})).unwrap();
        let actor = Actor(self.actor.unwrap_or("engine").to_owned());
        self.records.push(Record { at: at(millis), actor, task: task.map(Arc::from), attempt, change, note: None });
        self
    }

    /// Adds an act of an operator.
    pub fn acted(&mut self, millis: i64, data: Value) -> &mut Self {
        self.actor = Some("user:ada");
        self.add(millis, None, None, "operator.acted", data);
        self.actor = None;
        self
    }

    /// Adds a call that succeeded at the first attempt.
    pub fn called(
        &mut self,
        from: i64,
        to: i64,
        execution: u32,
        task: &str,
        sent: &Value,
        output: &Value,
    ) -> &mut Self {
        self.add(
            from,
            Some(task),
            Some(1),
            "task.started",
            json!({"execution": execution, "beginning": {}, "request": sent}),
        );
        let done = json!({"execution": execution, "output": output, "response": {"url": "http://127.0.0.1:8081/x", "status": 200, "duration_ms": to - from}});
        self.add(to, Some(task), Some(1), "task.completed", done)
    }
}

/// Columns of a run's row.
pub struct Row<'a> {
    /// Status of the run.
    pub status: &'a str,
    /// Why it needs attention.
    pub attention: Option<&'a str>,
    /// Business key.
    pub key: Option<&'a str>,
    /// Reference of the task it is at.
    pub task: Option<&'a str>,
    /// When it wakes, in milliseconds after noon.
    pub wake: Option<i64>,
    /// When it closed, in milliseconds after noon.
    pub finished: Option<i64>,
}

/// Stores a run and its journal.
pub async fn store(pool: &PgPool, story: &Story, row: &Row<'_>) -> RunId {
    let id = new_id(pool).await;
    let (rows, head) = journal::encode(&story.records, 0, journal::genesis(id), NEWEST).unwrap();
    let definition: i32 = sqlx::query_scalar(
        "insert into definitions (namespace, name, version, hash, source, functions, deployed_by)
         values ('crm-erp', 'closed-won', '1.0.0', '\\x00', 'document: {}', '{}', 'test')
         on conflict (namespace, name, version) do update set deployed_by = 'test' returning id",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into runs (shard, id, definition_id, status, attention, key, task, fence, seq, attempts, wake_at, head,
                           created_at, finished_at)
         values ($1, $2, $3, $4, $5, $6, $7, 1, $8, 0, $9, $10, $11, $12)",
    )
    .bind(shard(id))
    .bind(id)
    .bind(definition)
    .bind(row.status)
    .bind(row.attention)
    .bind(row.key)
    .bind(row.task)
    .bind(i32::try_from(story.records.len()).unwrap())
    .bind(row.wake.map(at))
    .bind(head.to_vec())
    .bind(at(0))
    .bind(row.finished.map(at))
    .execute(pool)
    .await
    .unwrap();
    let mut connection = pool.acquire().await.unwrap();
    fixture::append(&mut connection, id, &rows).await;
    id
}

async fn new_id(pool: &PgPool) -> RunId {
    let last: Option<Uuid> = sqlx::query_scalar("select max(id::text)::uuid from runs").fetch_one(pool).await.unwrap();
    // A millisecond apart and more, so that the list is in the order in which tests created them.
    last.map_or_else(Uuid::now_v7, |last| Uuid::from_u128(last.as_u128() + (1 << 80)))
}

const CUSTOMER: &str = "/do/0/createCustomer";
const ORDER: &str = "/do/1/createOrder";

fn opportunity() -> Value {
    json!([{
        "eventId": "7c0c9a1e-6a0e-4f0b-9a53-0a8f6f1d2b11", "eventType": "opportunity.closed_won",
        "data": {
            "Id": "006Ws00000Hd9XqIAJ", "Name": "Brückner – Conveyor line 2", "Amount": 24688.86, "CurrencyIsoCode": "EUR",
            "Account": {"Id": "001Ws00000Kq3EaIAJ", "Name": "Brückner & Söhne Fördertechnik GmbH"},
        },
    }])
}

fn customer_request() -> Value {
    request(
        "PUT",
        "connection://netsuite/record/v1/customer/eid:001Ws00000Kq3EaIAJ",
        &json!({"companyName": "Brückner & Söhne Fördertechnik GmbH", "subsidiary": {"id": "2"}, "currency": {"id": "4"}}),
    )
}

fn order_request() -> Value {
    let lines = json!([{"item": {"id": "ITEM-CM-200"}, "quantity": 12.0, "rate": 1849.9}, {"item": {"id": "SRV-COM"}, "quantity": 3.0, "rate": 1200.0}]);
    request(
        "PUT",
        "connection://netsuite/record/v1/salesOrder/eid:006Ws00000Hd9XqIAJ?replace=item",
        &json!({"entity": {"id": "647"}, "otherRefNum": "PO-2026-1187", "item": {"items": lines}}),
    )
}

fn with_customer() -> Story {
    let mut story = Story::begun(&opportunity());
    let prepared =
        json!({"execution": 0, "beginning": {}, "output": {"accountId": "001Ws00000Kq3EaIAJ", "amount": 24688.86}});
    story.add(1, Some("/do/0/prepare"), None, "task.completed", prepared);
    story.called(
        1,
        92,
        1,
        CUSTOMER,
        &customer_request(),
        &json!({"id": "647", "created": true, "entityId": "CUST-000647"}),
    );
    story
}

fn throttled(retry_at: i64) -> Value {
    let body = json!({"title": "Bad Request", "status": 429, "o:errorDetails": [{"detail": "Concurrent request limit exceeded. Request blocked.", "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED"}]});
    json!({"execution": 2, "error": error(429, "PUT https://erp/x answered 429: Concurrent request limit exceeded. Request blocked. (CONCURRENCY_LIMIT_EXCEEDED)"), "class": "throttled", "effect": "none",
           "response": response(429, &body), "retry_at": at(retry_at)})
}

fn refused(execution: u32) -> Value {
    let body = json!({"title": "Bad Request", "status": 400, "o:errorDetails": [{"detail": "Error while accessing a resource. Please enter value(s) for: Company Name, Primary Subsidiary.", "o:errorCode": "USER_ERROR"}]});
    json!({"execution": execution, "error": error(400, "PUT https://erp/x answered 400: Please enter value(s) for: Company Name, Primary Subsidiary. (USER_ERROR)"), "class": "permanent", "effect": "none", "response": response(400, &body)})
}

/// Three attempts to create the order, then success.
pub fn completed() -> Story {
    let mut story = with_customer();
    story.add(
        93,
        Some(ORDER),
        Some(1),
        "task.started",
        json!({"execution": 2, "beginning": {}, "request": order_request()}),
    );
    story.add(180, Some(ORDER), Some(1), "attempt.failed", throttled(1_180));
    story.add(1_180, Some(ORDER), Some(2), "attempt.started", json!({"execution": 2}));
    story.add(1_260, Some(ORDER), Some(2), "attempt.failed", throttled(3_270));
    story.add(3_270, Some(ORDER), Some(3), "attempt.started", json!({"execution": 2}));
    story.add(
        3_420,
        Some(ORDER),
        Some(3),
        "task.completed",
        json!({"execution": 2, "output": {"id": "8841", "tranId": "SO-1042"}, "response": response(204, &Value::Null)}),
    );
    let back = request(
        "PATCH",
        "connection://salesforce/sobjects/Opportunity/006Ws00000Hd9XqIAJ",
        &json!({"NetSuite_Sales_Order_Id__c": "8841"}),
    );
    story.called(3_421, 3_498, 3, "/do/2/writeBack", &back, &Value::Null);
    story.add(3_498, None, None, "run.completed", json!({"output": {"customer": "647", "order": "8841"}}));
    story
}

/// The order is temporarily refused, and the next attempt is due.
pub fn backing_off(retry_at: i64) -> Story {
    let mut story = with_customer();
    story.add(
        93,
        Some(ORDER),
        Some(1),
        "task.started",
        json!({"execution": 2, "beginning": {}, "request": order_request()}),
    );
    story.add(180, Some(ORDER), Some(1), "attempt.failed", throttled(2_180));
    story.add(2_180, Some(ORDER), Some(2), "attempt.started", json!({"execution": 2}));
    story.add(2_260, Some(ORDER), Some(2), "attempt.failed", throttled(retry_at));
    story
}

/// The order is refused permanently, and the customer is inactivated.
pub fn compensated() -> Story {
    let mut story = with_customer();
    story.add(
        93,
        Some(ORDER),
        Some(1),
        "task.started",
        json!({"execution": 2, "beginning": {}, "request": order_request()}),
    );
    story.add(180, Some(ORDER), Some(1), "attempt.failed", refused(2));
    story.add(
        180,
        None,
        None,
        "compensation.started",
        json!({"error": error(400, "PUT https://erp/x answered 400: Please enter value(s) for: Company Name, Primary Subsidiary. (USER_ERROR)"), "plan": [1], "end": "compensated"}),
    );
    let undo = request("PATCH", "connection://netsuite/record/v1/customer/647", &json!({"isInactive": true}));
    let place = "/do/0/createCustomer/metadata/compensate";
    story.add(
        181,
        Some(place),
        Some(1),
        "task.started",
        json!({"execution": 3, "beginning": {"role": {"undo": 1}}, "request": undo}),
    );
    story.add(
        260,
        Some(place),
        Some(1),
        "task.completed",
        json!({"execution": 3, "output": null, "response": response(204, &Value::Null)}),
    );
    story.add(260, None, None, "run.compensated", json!({}));
    story
}

/// The order is refused permanently, and the run needs attention.
pub fn faulted() -> Story {
    let mut story = with_customer();
    story.add(93, Some("/do/1/tryOrder"), None, "task.started", json!({"execution": 2, "beginning": {}}));
    let place = "/do/1/tryOrder/try/0/createOrder";
    story.add(
        93,
        Some(place),
        Some(1),
        "task.started",
        json!({"execution": 3, "beginning": {"parent": 2}, "request": order_request()}),
    );
    story.add(180, Some(place), Some(1), "attempt.failed", refused(3));
    story.add(
        180,
        Some(place),
        None,
        "run.faulted",
        json!({"execution": 3, "error": error(400, "PUT https://erp/x answered 400: Please enter value(s) for: Company Name, Primary Subsidiary. (USER_ERROR)"), "attention": "faulted"}),
    );
    story.acted(36_000_000, json!({"act": "retry", "reason": "subsidiary added in NetSuite"}));
    story.add(
        36_000_001,
        Some(place),
        Some(2),
        "task.started",
        json!({"execution": 3, "beginning": {"parent": 2}, "request": order_request()}),
    );
    story.add(36_000_090, Some(place), Some(2), "attempt.failed", refused(3));
    story.add(
        36_000_090,
        Some(place),
        None,
        "run.faulted",
        json!({"execution": 3, "error": error(400, "PUT https://erp/x answered 400: Please enter value(s) for: Company Name, Primary Subsidiary. (USER_ERROR)"), "attention": "faulted"}),
    );
    story
}

/// Cancelled during a backoff.
pub fn cancelled() -> Story {
    let mut story = backing_off(600_000);
    story.acted(9_000, json!({"act": "cancel", "compensate": "abandon", "reason": "customer withdrew the order"}));
    story.add(9_000, None, None, "run.cancelled", json!({}));
    story
}
