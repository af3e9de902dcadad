//! Steps that wait for people, through every route of the API.

use std::time::Duration;

use super::*;
use crate::engine::{Accepted, IncomingEvent, OtherBytes};
use crate::machine::Actor;
use crate::store::access::NewToken;
use crate::store::acts::By;

/// A workflow with a human task: this `metadata.task` and these further settings.
fn asking(version: &str, task: &str, more: &str) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: approval, version: '{version}',
            metadata: {{ key: '${{ .order }}', sensitive: [/iban], onFault: park }} }}
do:
  - ask:
      listen: {{ to: {{ one: {{ with: {{ type: dev.stepwell.task.completed }} }} }} }}
{more}      metadata: {{ task: {{ {task} }} }}
  - book: {{ set: {{ approved: '${{ .[0].answer.approved }}', by: '${{ .[0].by }}', why: '${{ .[0].reason }}' }} }}
"
    )
}

const TASK: &str = "title: '${ \"Approve order \\(.order)?\" }', assignees: '${ .people }', schema: { type: object,
          required: [approved], additionalProperties: false, properties: { approved: { type: boolean }, note: { type: string } } }";

/// People with their own tokens.
struct Desk {
    face: Face,
    tokens: Vec<(&'static str, String)>,
}

impl Desk {
    async fn open(pool: &PgPool, definition: &str) -> Self {
        crate::store::ensure_partitions(pool).await.unwrap();
        let face = Face::new(pool).await;
        let mut tokens = Vec::new();
        for name in ["ann", "bob", "eve"] {
            let scope = if name == "eve" { Scope::Admin } else { Scope::Operate };
            access::fixture_user(pool, name, &[scope]).await;
            let token = NewToken {
                name: &format!("{name}-laptop").parse().unwrap(),
                user: Some(name),
                scopes: &[scope],
                lifetime: None,
            };
            let issued = access::issue_token(pool, &token, By::from(&Actor("test".into()))).await.unwrap().unwrap();
            tokens.push((name, issued.1));
        }
        let desk = Self { face, tokens };
        desk.deploy(definition).await;
        desk
    }

    async fn deploy(&self, definition: &str) {
        let bearer = format!("Bearer {}", self.face.token(Scope::Admin));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
        let deployed = self.face.send("PUT", "/api/v1/workflows/test/approval", &headers, definition.to_owned()).await;
        assert_eq!(deployed.status, StatusCode::CREATED, "{deployed:?}");
    }

    async fn say(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        let token = &self.tokens.iter().find(|(name, _)| *name == who).unwrap().1;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.face.send(method, path, &headers, if body.is_null() { String::new() } else { body.to_string() }).await
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.say("ann", "GET", path, &Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.body
    }

    async fn tasks(&self, query: &str) -> Vec<Value> {
        self.get(&format!("/api/v1/tasks?{query}")).await["items"].as_array().unwrap().clone()
    }

    /// Starts a run, waits for its task, and returns the ids of both.
    async fn asked(&self, order: &str, people: &Value) -> (String, String) {
        let input = json!({ "order": order, "people": people, "iban": "DE02" });
        let started = self.say("ann", "POST", "/api/v1/workflows/test/approval/runs", &input).await;
        let run = started.body["id"].as_str().unwrap_or_else(|| panic!("{started:?}")).to_owned();
        for _ in 0..400 {
            if let Some(task) = self.tasks(&format!("run={run}")).await.first() {
                return (run, task["id"].as_str().unwrap().to_owned());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("run {run} asks nothing: {}", self.get(&format!("/api/v1/runs/{run}")).await)
    }

    async fn decide(&self, who: &str, task: &str, body: &Value) -> Answer {
        self.say(who, "POST", &format!("/api/v1/tasks/{task}/complete"), body).await
    }

    /// Waits until a task is closed.
    async fn closed(&self, task: &str) -> Value {
        for _ in 0..800 {
            let shown = self.get(&format!("/api/v1/tasks/{task}")).await;
            if shown["status"] != "open" {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("task {task} stays open")
    }

    async fn ended(&self, run: &str) -> Value {
        for _ in 0..400 {
            let shown = self.get(&format!("/api/v1/runs/{run}")).await;
            if shown["finished_at"].is_string() {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("run {run} does not end")
    }

    /// Answers that the run received, with the person who gave each.
    async fn taken(&self, run: &str) -> Vec<(Value, Value)> {
        let journal = self.get(&format!("/api/v1/runs/{run}/journal")).await;
        let consumed = journal["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "event.consumed");
        consumed.map(|item| (item["actor"].clone(), item["data"]["event"]["data"].clone())).collect()
    }
}

#[sqlx::test]
async fn a_decision_reaches_its_step_once_with_the_name_of_who_is_signed_in(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "")).await;
    let (run, task) = desk.asked("SO-1", &json!(["ann", "bob"])).await;
    let path = format!("/api/v1/tasks/{task}/complete");
    let shown = desk.get(&format!("/api/v1/tasks/{task}")).await;
    assert_eq!((&shown["title"], &shown["status"]), (&json!("Approve order SO-1?"), &json!("open")));
    assert_eq!(shown["assignees"], json!({ "users": ["ann", "bob"], "roles": [] }));
    assert_eq!((&shown["key"], &shown["step"]), (&json!("SO-1"), &json!("/do/0/ask")));
    assert_eq!(shown["schema"]["required"], json!(["approved"]));
    assert_eq!(shown["input"]["iban"], "***", "what is sensitive is masked");
    let run_now = desk.get(&format!("/api/v1/runs/{run}")).await;
    assert_eq!((&run_now["status"], &run_now["tasks"][0]["task"]), (&json!("waiting"), &json!(task)));

    // Only the token determines who decides.
    let body = json!({ "answer": { "approved": true }, "by": "bob" });
    desk.decide("ann", &task, &body).await.is_problem(422, "invalid", &path);
    desk.face.call(Scope::Read, "POST", &path, "").await.is_problem(403, "missing-scope", &path);
    let body = json!({ "answer": { "approved": true }, "reason": "a good customer" });
    let done = desk.decide("ann", &task, &body).await;
    assert_eq!((done.status, &done.body["status"]), (StatusCode::OK, &json!("done")), "{done:?}");
    assert_eq!((&done.body["closed_by"], &done.body["reason"]), (&json!("user:ann"), &json!("a good customer")));
    assert_eq!(done.body["answer"], json!({ "approved": true }));

    let again = desk.decide("ann", &task, &json!({ "answer": { "approved": true } })).await;
    assert_eq!((again.status, &again.body), (StatusCode::OK, &done.body), "an answer may be lost");
    let other = desk.decide("ann", &task, &json!({ "answer": { "approved": false } })).await;
    other.is_problem(409, "conflict", &path);
    let late = desk.decide("bob", &task, &json!({ "answer": { "approved": true } })).await;
    late.is_problem(409, "conflict", &path);
    assert!(late.body["detail"].as_str().unwrap().contains("it was decided by user:ann"), "{late:?}");

    let ended = desk.ended(&run).await;
    let expected = json!({ "approved": true, "by": "user:ann", "why": "a good customer" });
    assert_eq!((&ended["status"], &ended["output"]), (&json!("completed"), &expected));
    let taken = desk.taken(&run).await;
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!((&taken[0].0, &taken[0].1["by"]), (&json!("user:ann"), &json!("user:ann")));
    desk.face.close().await;
}

#[sqlx::test]
async fn of_all_who_decide_a_task_at_once_one_does_and_the_others_learn_who(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "")).await;
    let (run, task) = desk.asked("SO-2", &json!(["ann", "bob", "eve"])).await;
    let bodies: Vec<(&str, Value)> = ["ann", "bob", "eve", "bob"]
        .into_iter()
        .zip(1..)
        .map(|(who, n)| (who, json!({ "answer": { "approved": true, "note": format!("{who} {n}") } })))
        .collect();
    let answers = futures::future::join_all(bodies.iter().map(|(who, body)| desk.decide(who, &task, body))).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let winner = won[0].body["closed_by"].as_str().unwrap();
    for lost in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
        lost.is_problem(409, "conflict", &format!("/api/v1/tasks/{task}/complete"));
        let detail = lost.body["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("it was decided by {winner}")), "{detail}");
    }
    let taken = desk.taken(&run).await;
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!((taken[0].0.as_str(), &taken[0].1["answer"]), (Some(winner), &won[0].body["answer"]));
    desk.face.close().await;
}

#[sqlx::test]
async fn the_same_decision_sent_many_times_at_once_is_one(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "")).await;
    let (run, task) = desk.asked("SO-3", &json!(["ann"])).await;
    let body = json!({ "answer": { "approved": true } });
    let answers = futures::future::join_all((0..6).map(|_| desk.decide("ann", &task, &body))).await;
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK), "{answers:?}");
    assert_eq!(desk.taken(&run).await.len(), 1);
    desk.face.close().await;
}

#[sqlx::test]
async fn only_who_is_asked_decides(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "")).await;
    let body = json!({ "answer": { "approved": true } });
    let (_, task) = desk.asked("SO-4", &json!("ann")).await;
    let path = format!("/api/v1/tasks/{task}/complete");
    let refused = desk.decide("bob", &task, &body).await;
    refused.is_problem(403, "not-assigned", &path);
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("only ann may decide, and user:bob is not among them"), "{detail}");
    // A token named ann is not the user ann.
    let program = access::create_token(&pool, "ann", &[Scope::Operate], None).await.unwrap().1;
    let bearer = format!("Bearer {program}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    desk.face.send("POST", &path, &headers, body.to_string()).await.is_problem(403, "not-assigned", &path);
    assert_eq!(desk.decide("ann", &task, &body).await.status, StatusCode::OK);

    desk.deploy(&asking("1.1.0", &TASK.replace("'${ .people }'", "{ roles: [admin] }"), "")).await;
    let (_, task) = desk.asked("SO-5", &Value::Null).await;
    let path = format!("/api/v1/tasks/{task}/complete");
    desk.decide("ann", &task, &body).await.is_problem(403, "not-assigned", &path);
    let mine = |tasks: Vec<Value>| tasks.iter().map(|task| task["id"].clone()).collect::<Vec<_>>();
    assert_eq!(mine(desk.tasks("assignee=me").await), Vec::<Value>::new());
    assert_eq!(mine(desk.tasks("assignee=eve").await), [json!(task)]);
    assert_eq!(mine(desk.tasks("assignee=nobody").await), Vec::<Value>::new());
    assert_eq!(desk.decide("eve", &task, &body).await.status, StatusCode::OK);

    desk.deploy(&asking("1.2.0", &TASK.replace("assignees: '${ .people }', ", ""), "")).await;
    let (_, task) = desk.asked("SO-6", &Value::Null).await;
    assert_eq!(mine(desk.tasks("assignee=me").await), [json!(task)], "everyone who may operate");
    let path = format!("/api/v1/tasks/{task}/complete");
    let open = desk.face.call(Scope::Operate, "POST", &path, body.to_string()).await;
    assert_eq!(open.body["closed_by"], "token:operate");
    desk.face.close().await;
}

#[sqlx::test]
async fn an_answer_that_does_not_fit_is_refused_with_its_place_and_changes_nothing(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "")).await;
    let (run, task) = desk.asked("SO-7", &json!(["ann"])).await;
    let path = format!("/api/v1/tasks/{task}/complete");
    for (answer, pointer) in [
        (json!({ "approved": "yes" }), "/answer/approved"),
        (json!({}), "/answer"),
        (json!({ "approved": true, "more": 1 }), "/answer"),
        (json!("x".repeat(70_000)), "/answer"),
    ] {
        let refused = desk.decide("ann", &task, &json!({ "answer": answer })).await;
        refused.is_problem(422, "invalid", &path);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{refused:?}");
    }
    desk.decide("ann", &task, &json!({})).await.is_problem(422, "invalid", &path);
    desk.decide("ann", "7", &json!({ "answer": 1 })).await.is_problem(404, "not-found", "/api/v1/tasks/7/complete");
    let unknown = "01900000-0000-7000-8000-000000000007";
    let path = format!("/api/v1/tasks/{unknown}/complete");
    desk.decide("ann", unknown, &json!({ "answer": 1 })).await.is_problem(404, "not-found", &path);
    assert!(desk.taken(&run).await.is_empty());
    assert_eq!(desk.tasks("status=open").await.len(), 1);
    desk.face.close().await;
}

#[sqlx::test]
async fn an_event_from_outside_completes_no_task(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "")).await;
    let (run, task) = desk.asked("SO-8", &json!(["ann"])).await;
    let data = json!({ "answer": { "approved": true }, "by": "user:ann", "at": "2026-12-01T09:00:00Z" });
    let mut event = cloud_event(&task, &data);
    event["type"] = "dev.stepwell.task.completed".into();
    let bearer = format!("Bearer {}", desk.face.token(Scope::Admin));
    for source in ["/crm", "/stepwell/tasks"] {
        event["source"] = source.into();
        let refused = desk.face.events(&[("authorization", &bearer)], &event).await;
        refused.is_problem(403, "reserved", "/events");
    }
    // Even without that check, the event would reach no run.
    let incoming = IncomingEvent {
        source: "/stepwell/tasks".into(),
        event_id: task.clone(),
        r#type: "dev.stepwell.task.completed".into(),
        attributes: event
            .as_object()
            .unwrap()
            .iter()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.into())))
            .collect(),
        body: Bytes::from(data.to_string()),
        data,
        data_is_body: true,
        headers: Vec::new(),
        counted: None,
        note: None,
        other_bytes: OtherBytes::Conflict,
    };
    let accepted = desk.face.app.engine.accept(incoming).await.unwrap();
    assert!(matches!(accepted, Accepted::Unmatched { .. }), "{accepted:?}");
    assert!(desk.taken(&run).await.is_empty());
    assert_eq!(desk.decide("ann", &task, &json!({ "answer": { "approved": false } })).await.status, StatusCode::OK);
    assert_eq!(desk.ended(&run).await["output"]["approved"], false);
    desk.face.close().await;
}

#[sqlx::test]
async fn a_task_is_closed_when_its_step_stops_waiting_and_says_why(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "      timeout: { after: PT1S }\n")).await;
    let people = json!(["ann"]);
    let (run, task) = desk.asked("SO-9", &people).await;
    assert!(desk.get(&format!("/api/v1/tasks/{task}")).await["due_at"].is_string());
    let over = desk.closed(&task).await;
    assert_eq!((&over["status"], &over["outcome"]), (&json!("closed"), &json!("timeout")));
    let late = desk.decide("ann", &task, &json!({ "answer": { "approved": true } })).await;
    late.is_problem(409, "conflict", &format!("/api/v1/tasks/{task}/complete"));
    assert!(late.body["detail"].as_str().unwrap().contains("its time was over"), "{late:?}");
    // After a retry the step asks again, with a new task.
    let retried =
        desk.say("bob", "POST", &format!("/api/v1/runs/{run}/retry"), &json!({ "reason": "more time" })).await;
    assert_eq!(retried.status, StatusCode::OK, "{retried:?}");
    let again = desk.tasks(&format!("run={run}&status=open")).await;
    assert!(again.len() == 1 && again[0]["id"] != json!(task), "{again:?}");

    desk.deploy(&asking("1.1.0", TASK, "")).await;
    let act = async |run: &str, act: &str, body: Value| {
        let done = desk.say("bob", "POST", &format!("/api/v1/runs/{run}/{act}"), &body).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
    };
    let (run, task) = desk.asked("SO-10", &people).await;
    act(&run, "cancel", json!({ "reason": "the deal is off" })).await;
    let closed = desk.closed(&task).await;
    let told = (&closed["outcome"], &closed["closed_by"], &closed["reason"]);
    assert_eq!(told, (&json!("cancelled"), &json!("user:bob"), &json!("the deal is off")));

    let (run, task) = desk.asked("SO-11", &people).await;
    desk.deploy(&asking("1.2.0", &TASK.replace("Approve", "Accept"), "")).await;
    act(&run, "move", json!({ "to": "1.2.0", "reason": "a better question" })).await;
    let closed = desk.closed(&task).await;
    assert_eq!((&closed["outcome"], &closed["closed_by"]), (&json!("moved"), &json!("user:bob")));
    let asked = desk.tasks(&format!("run={run}")).await;
    assert_eq!((asked.len(), &asked[0]["title"]), (1, &json!("Accept order SO-11?")));
    let task = asked[0]["id"].as_str().unwrap();
    assert_eq!(desk.decide("ann", task, &json!({ "answer": { "approved": true } })).await.status, StatusCode::OK);
    assert_eq!(desk.ended(&run).await["status"], "completed");
    desk.face.close().await;
}

#[sqlx::test]
async fn a_pause_moves_the_deadline_of_a_task(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "      timeout: { after: PT1H }\n")).await;
    let (run, task) = desk.asked("SO-12", &json!(["ann"])).await;
    let due = async || {
        let shown = desk.get(&format!("/api/v1/tasks/{task}")).await;
        shown["due_at"].as_str().unwrap().parse::<crate::machine::Time>().unwrap()
    };
    let before = due().await;
    for act in ["suspend", "resume"] {
        let done = desk.say("bob", "POST", &format!("/api/v1/runs/{run}/{act}"), &json!({})).await;
        assert_eq!(done.status, StatusCode::OK, "{done:?}");
    }
    let paused = desk.get(&format!("/api/v1/runs/{run}")).await["paused_ms"].as_i64().unwrap();
    assert!(due().await - before >= chrono::TimeDelta::milliseconds(paused), "{before} and {paused} ms");
    desk.face.close().await;
}

#[sqlx::test]
async fn tasks_are_listed_by_filters_in_pages(pool: PgPool) {
    let desk = Desk::open(&pool, &asking("1.0.0", TASK, "")).await;
    let mut tasks = Vec::new();
    for n in 0..3 {
        tasks.push(desk.asked(&format!("SO-2{n}"), &json!(["ann", "bob"])).await);
    }
    let (done, answer) = (&tasks[0].1, json!({ "answer": { "approved": true } }));
    assert_eq!(desk.decide("ann", done, &answer).await.status, StatusCode::OK);
    let ids = async |query: &str| {
        let found = desk.tasks(query).await;
        found.into_iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (second, third) = (tasks[1].1.clone(), tasks[2].1.clone());
    assert_eq!(ids("").await, [third.clone(), second.clone()], "open ones, latest first");
    assert_eq!(ids("status=done").await, [done.as_str()]);
    assert_eq!(ids("status=closed").await, Vec::<String>::new());
    assert_eq!(ids("status=any&key=SO-20").await, [done.as_str()]);
    assert_eq!(ids("key=SO-21&workflow=test/approval").await, [second.as_str()]);
    assert_eq!(ids("status=any&workflow=test/approval").await.len(), 3);
    assert_eq!(ids("status=any&workflow=test/other").await, Vec::<String>::new());
    assert_eq!(ids(&format!("run={}&assignee=bob", tasks[2].0)).await, [third.as_str()]);
    assert_eq!(ids("assignee=eve").await, Vec::<String>::new());
    let page = desk.get("/api/v1/tasks?status=any&limit=2").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let next = format!("status=any&limit=2&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(ids(&next).await, [done.as_str()]);
    let last = desk.get(&format!("/api/v1/tasks?{next}")).await;
    assert_eq!(last["next"], Value::Null);
    for (query, pointer) in
        [("status=late", "?status"), ("run=7", "?run"), ("cursor=x", "?cursor"), ("who=ann", "?who")]
    {
        let refused = desk.say("ann", "GET", &format!("/api/v1/tasks?{query}"), &Value::Null).await;
        refused.is_problem(400, "bad-request", "/api/v1/tasks");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    desk.face.close().await;
}
