//! Acts that need a second person, through every route of the API.

use super::*;
use crate::machine::Actor;
use crate::store::access::NewToken;
use crate::store::acts::By;

/// The first step fails, and the run stops there until someone acts.
const RESERVED: &str = "document:
  dsl: '1.0.3'
  namespace: test
  name: order
  version: '1.0.0'
  metadata: { key: '${ .order }', sensitive: [/iban], acts: { edit: two, dismiss: two, suspend: two } }
do:
  - price: { raise: { error: { type: 'https://example.com/no-price', status: 409 } } }
  - book: { raise: { error: { type: 'https://example.com/no-period', status: 409 } } }
";

/// People with their own tokens, and a run stopped at `price`.
struct Desk {
    face: Face,
    tokens: Vec<(&'static str, String)>,
    run: String,
}

impl Desk {
    async fn open(pool: &PgPool) -> Self {
        crate::store::ensure_partitions(pool).await.unwrap();
        let face = Face::new(pool).await;
        let mut tokens = Vec::new();
        for name in ["ann", "bob", "eve"] {
            access::fixture_user(pool, name, &[Scope::Operate]).await;
            tokens.push((name, token_of(pool, name).await));
        }
        let bearer = format!("Bearer {}", face.token(Scope::Admin));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/yaml")];
        let deployed = face.send("PUT", "/api/v1/workflows/test/order", &headers, RESERVED).await;
        assert_eq!(deployed.status, StatusCode::CREATED, "{deployed:?}");
        let mut desk = Self { face, tokens, run: String::new() };
        desk.run = desk.start("SO-1").await;
        desk
    }

    /// Starts a run and waits until it stops at `price`.
    async fn start(&self, order: &str) -> String {
        let input = json!({ "order": order, "iban": "DE02" }).to_string();
        let path = "/api/v1/workflows/test/order/runs?wait=30";
        let started = self.face.call(Scope::Admin, "POST", path, input).await;
        assert_eq!(started.body["stopped_at"], "/do/0/price", "{started:?}");
        started.body["id"].as_str().unwrap().to_owned()
    }

    async fn say(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        let token = &self.tokens.iter().find(|(name, _)| *name == who).unwrap().1;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.face.send(method, path, &headers, if body.is_null() { String::new() } else { body.to_string() }).await
    }

    async fn act(&self, who: &str, act: &str, body: &Value) -> Answer {
        self.say(who, "POST", &format!("/api/v1/runs/{}/{act}", self.run), body).await
    }

    /// Proposes a changed input and returns the proposal's id.
    async fn edit(&self) -> String {
        let body = json!({ "input": { "order": "SO-1", "amount": 5 }, "reason": "the deal was typed wrong" });
        let answer = self.act("ann", "retry", &body).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.body["proposal"]["id"].as_str().unwrap().to_owned()
    }

    async fn approve(&self, who: &str, id: &str) -> Answer {
        self.say(who, "POST", &format!("/api/v1/proposals/{id}/approve"), &json!({ "reason": "checked" })).await
    }

    async fn decline(&self, who: &str, id: &str) -> Answer {
        self.say(who, "POST", &format!("/api/v1/proposals/{id}/decline"), &json!({ "reason": "no" })).await
    }

    async fn get(&self, path: &str) -> Value {
        self.say("ann", "GET", path, &Value::Null).await.body
    }

    async fn acted(&self) -> Vec<Value> {
        let journal = self.get(&format!("/api/v1/runs/{}/journal", self.run)).await;
        let items = journal["items"].as_array().unwrap().iter();
        items.filter(|item| item["kind"] == "operator.acted").cloned().collect()
    }
}

async fn token_of(pool: &PgPool, user: &str) -> String {
    let by = Actor("test".into());
    let name = format!("{user}-laptop").parse().unwrap();
    let new = NewToken { name: &name, user: Some(user), scopes: &[Scope::Operate], lifetime: None };
    access::issue_token(pool, &new, By::from(&by)).await.unwrap().unwrap().1
}

#[sqlx::test]
async fn an_edit_waits_until_another_user_approves_it_and_the_journal_names_both(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    let id = desk.edit().await;
    assert!(desk.acted().await.is_empty(), "nothing is done yet");
    let run = desk.get(&format!("/api/v1/runs/{}", desk.run)).await;
    let shown = &run["proposals"][0];
    assert_eq!((&shown["id"], &shown["act"], &shown["state"]), (&json!(id), &json!("retry"), &json!("open")));
    assert_eq!((&shown["proposed_by"], &shown["stands_at"]), (&json!("user:ann"), &json!("/do/0/price#0")));
    assert_eq!(shown["before"], json!({ "order": "SO-1", "iban": "***" }), "what is sensitive is masked");
    assert_eq!(shown["input"]["amount"], 5);
    assert_eq!(desk.get("/api/v1/proposals").await["items"].as_array().unwrap().len(), 1);

    let path = format!("/api/v1/proposals/{id}/approve");
    desk.approve("ann", &id).await.is_problem(403, "second-person", &path);
    // Ann's session and Ann's token are the same person; a program is nobody.
    desk.face.call(Scope::Operate, "POST", &path, "").await.is_problem(403, "second-person", &path);
    desk.face.call(Scope::Read, "POST", &path, "").await.is_problem(403, "missing-scope", &path);
    let approved = desk.approve("bob", &id).await;
    assert_eq!((approved.status, &approved.body["state"]), (StatusCode::OK, &json!("done")), "{approved:?}");
    let again = desk.approve("bob", &id).await;
    assert_eq!((again.status, &again.body["state"]), (StatusCode::OK, &json!("done")), "an answer may be lost");
    let acted = desk.acted().await;
    assert_eq!(acted.len(), 1, "{acted:?}");
    assert_eq!(
        (&acted[0]["actor"], &acted[0]["data"]["reason"]),
        (&json!("user:ann"), &json!("the deal was typed wrong"))
    );
    assert_eq!(acted[0]["data"]["approved_by"], "user:bob");
    assert_eq!(acted[0]["data"]["approval_reason"], "checked");
    assert_eq!(desk.get("/api/v1/proposals").await["items"], json!([]));
    assert_eq!(desk.get("/api/v1/proposals?state=any").await["items"][0]["decided_by"], "user:bob");
    let audit = format!("/api/v1/audit/acts?subject={}", desk.run);
    let audit = desk.face.call(Scope::Admin, "GET", &audit, "").await.body;
    let told: Vec<&Value> = audit["items"].as_array().unwrap().iter().map(|act| &act["act"]).collect();
    assert_eq!(told, ["proposal.approve", "proposal.make"]);
    desk.face.close().await;
}

#[sqlx::test]
async fn what_is_not_reserved_is_done_at_once(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    let answer = desk.act("ann", "retry", &json!({ "reason": "again" })).await;
    assert_eq!((answer.status, &answer.body["proposals"]), (StatusCode::OK, &json!([])), "{answer:?}");
    let forbidden = desk.act("ann", "suspend", &Value::Null).await;
    assert_eq!(forbidden.status, StatusCode::CONFLICT, "what does not match the run is not even proposed");
    desk.face.close().await;
}

#[sqlx::test]
async fn the_same_act_of_the_same_person_is_one_proposal_however_often_it_is_sent(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    let (first, second) = (desk.edit().await, desk.edit().await);
    assert_eq!(first, second);
    let other = desk.act("bob", "retry", &json!({ "input": { "order": "SO-1", "amount": 5 } })).await;
    assert_ne!(other.body["proposal"]["id"], json!(first), "another person's is another one");
    // Both proposals are about the same step; by the second approval, the run has moved on.
    desk.act("ann", "skip", &json!({})).await;
    let late = desk.approve("eve", &first).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{late:?}");
    assert!(late.body["detail"].as_str().unwrap().contains("the run is at /do/1/book"), "{late:?}");
    let closed = desk.get(&format!("/api/v1/proposals/{first}")).await;
    assert_eq!((&closed["state"], closed["refusal"].is_string()), (&json!("refused"), true), "{closed}");
    desk.face.close().await;
}

#[sqlx::test]
async fn of_all_who_decide_at_once_one_does(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    let id = desk.edit().await;
    let answers = futures::future::join_all([
        Box::pin(desk.approve("bob", &id)) as std::pin::Pin<Box<dyn Future<Output = Answer>>>,
        Box::pin(desk.approve("eve", &id)),
        Box::pin(desk.decline("ann", &id)),
        Box::pin(desk.decline("bob", &id)),
    ])
    .await;
    let done = answers.iter().filter(|answer| answer.status.is_success()).count();
    let late = answers.iter().filter(|answer| answer.status == StatusCode::CONFLICT).count();
    assert_eq!((done, late), (1, 3), "{answers:?}");
    let commands: i64 = sqlx::query_scalar("select count(*) from commands").fetch_one(&pool).await.unwrap();
    let acted = i64::try_from(desk.acted().await.len()).unwrap();
    let state = desk.get(&format!("/api/v1/proposals/{id}")).await["state"].clone();
    assert_eq!((commands, acted), if state == "done" { (1, 1) } else { (0, 0) }, "{state}");
    desk.face.close().await;
}

#[sqlx::test]
async fn a_proposal_is_withdrawn_by_its_proposer_and_declined_by_others(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    for (who, state) in [("ann", "withdrawn"), ("bob", "declined")] {
        let id = desk.edit().await;
        let path = format!("/api/v1/proposals/{id}/decline");
        desk.say(who, "POST", &path, &json!({})).await.is_problem(422, "invalid", &path);
        for _ in 0..2 {
            let declined = desk.decline(who, &id).await;
            assert_eq!((declined.status, &declined.body["state"]), (StatusCode::OK, &json!(state)), "{declined:?}");
        }
        let late = desk.approve("eve", &id).await;
        late.is_problem(409, "conflict", &format!("/api/v1/proposals/{id}/approve"));
        assert!(late.body["detail"].as_str().unwrap().contains(&format!("user:{who}")), "{late:?}");
    }
    assert!(desk.acted().await.is_empty());
    desk.face.close().await;
}

#[sqlx::test]
async fn a_bulk_act_proposes_for_each_run_what_it_may_not_do(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    let other = desk.start("SO-2").await;
    let body = json!({ "act": "dismiss", "filter": { "workflow": "test/order" }, "dry_run": false });
    let answer = desk.say("ann", "POST", "/api/v1/runs:bulk", &body).await;
    assert_eq!((&answer.body["acted"], &answer.body["failed"]), (&json!(0), &json!([])), "{answer:?}");
    let proposed = answer.body["proposed"].as_array().unwrap();
    assert_eq!(proposed.len(), 2);
    let of_other = proposed.iter().find(|one| one["id"] == json!(other)).unwrap()["proposal"].as_str().unwrap();
    assert_eq!(desk.approve("bob", of_other).await.body["state"], "done");
    let listed = desk.get(&format!("/api/v1/proposals?run={}", desk.run)).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    desk.face.close().await;
}

#[sqlx::test]
async fn a_proposal_lapses_and_one_of_an_ended_run_ends(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    let lapsed = desk.edit().await;
    sqlx::query("update proposals set expires_at = now()").execute(&pool).await.unwrap();
    let late = desk.approve("bob", &lapsed).await;
    late.is_problem(409, "conflict", &format!("/api/v1/proposals/{lapsed}/approve"));
    let fresh = desk.edit().await;
    assert_ne!(lapsed, fresh, "what lapsed does not stand for a new one");
    let cancelled = desk.act("ann", "cancel", &json!({ "compensate": false })).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{cancelled:?}");
    let state = async |id: &str| desk.get(&format!("/api/v1/proposals/{id}")).await["state"].clone();
    assert_eq!((state(&lapsed).await, state(&fresh).await), (json!("lapsed"), json!("ended")));
    assert_eq!(desk.get("/api/v1/proposals").await["items"], json!([]));
    crate::store::runs::proposals::close_stale(&pool).await.unwrap();
    let open: i64 =
        sqlx::query_scalar("select count(*) from proposals where decision is null").fetch_one(&pool).await.unwrap();
    assert_eq!(open, 0);
    let late = desk.approve("bob", &fresh).await;
    assert!(late.body["detail"].as_str().unwrap().contains("its run has ended"), "{late:?}");
    desk.face.close().await;
}

#[sqlx::test]
async fn a_command_that_comes_past_the_door_is_refused_by_the_run(pool: PgPool) {
    let desk = Desk::open(&pool).await;
    let id = uuid::Uuid::now_v7();
    let insert = "insert into commands (id, shard, run_id, act, actor) select $1, shard, id, '{\"act\": \"dismiss\"}', 'user:ann' from runs";
    sqlx::query(insert).bind(id).execute(&pool).await.unwrap();
    let refusal = loop {
        let answered = sqlx::query_scalar("select refusal from commands where id = $1 and answered_at is not null");
        if let Some(refusal) = answered.bind(id).fetch_optional(&pool).await.unwrap() {
            break refusal;
        }
        tokio::task::yield_now().await;
    };
    let refusal: Option<String> = refusal;
    assert!(refusal.as_deref().unwrap_or_default().contains("`acts: { dismiss: two }`"), "{refusal:?}");
    assert!(desk.acted().await.is_empty());
    desk.face.close().await;
}
