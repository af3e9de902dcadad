//! Tests of the pages through the router, each with its own database.

mod acts;
mod addresses;
mod batches;
mod bulk;
mod conflicts;
mod connections;
mod drift;
mod events;
mod freezes;
mod mappings;
mod people;
mod schedules;
mod totals;
mod versions;

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION, REFERRER_POLICY, SET_COOKIE};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;
use uuid::Uuid;

use super::fixture::{self, Row, Story};
use super::{Dashboard, router};
use crate::connect::Connections;
use crate::dsl::{self, Functions};
use crate::engine::{ActError, Engine, EngineSettings, StartRequest};
use crate::evaluator::Evaluator;
use crate::http::access::refusals::Attempt;
use crate::http::access::session::{Access, Cookies};
use crate::machine::view::RunView;
use crate::machine::{Act, Actor, RunId, Time};
use crate::store;
use crate::store::access::{self, Identity, Scope};
use crate::store::acts::By;

/// The pages as seen by someone with one scope.
struct Site {
    router: Router,
    engine: Engine,
    cookie: String,
}

/// A workflow whose first step fails and waits for someone to act.
const ORDER: &str = "document: { dsl: '1.0.3', namespace: test, name: order, version: '1.0.0' }
do:
  - price: { raise: { error: { type: 'https://example.com/no-price', status: 409 } } }
  - book: { raise: { error: { type: 'https://example.com/no-period', status: 409 } } }
";

/// Returns status and body of a response.
async fn text(answer: Response<Body>) -> (StatusCode, String) {
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, 1 << 26).await.unwrap();
    (head.status, String::from_utf8(body.to_vec()).unwrap())
}

/// Counts the commands recorded for nodes.
async fn commands(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from commands").fetch_one(pool).await.unwrap()
}

const COMPLETED: Row<'_> = Row {
    status: "completed",
    attention: None,
    key: Some("006Ws00000Hd9XqIAJ"),
    task: None,
    wake: None,
    finished: Some(3_498),
};

const FAULTED: Row<'_> = Row {
    status: "faulted",
    attention: Some("faulted"),
    key: Some("006Ws00000Hd9XrIAJ"),
    task: Some("/do/1/tryOrder/try/0/createOrder"),
    wake: None,
    finished: None,
};

impl Site {
    /// Uses an engine that drives no runs, so that everything stays as stored.
    async fn new(pool: &PgPool, scope: Scope) -> Self {
        Self::over(pool, scope, Engine::outside(pool.clone()).await.unwrap()).await
    }

    /// Uses a node that drives runs.
    async fn running(pool: &PgPool, scope: Scope) -> Self {
        store::ensure_partitions(pool).await.unwrap();
        let evaluator = Evaluator::new("no-evaluator-here".into(), Vec::new(), 1);
        let (settings, connections) = (EngineSettings::default(), Connections::default());
        let engine = Engine::start_node(settings, pool.clone(), pool.clone(), connections, evaluator);
        Self::over(pool, scope, engine.await.unwrap()).await
    }

    /// The same pages for someone with another scope.
    async fn of(&self, pool: &PgPool, scope: Scope) -> Self {
        Self::over(pool, scope, self.engine.clone()).await
    }

    async fn over(pool: &PgPool, scope: Scope, engine: Engine) -> Self {
        let ada = match access::find_user(pool, "ada").await.unwrap() {
            Some(ada) if ada.scopes == [scope] => ada,
            Some(ada) => Identity::local(ada.name, &[scope]),
            None => access::fixture_user(pool, "ada", &[scope]).await,
        };
        let secret = access::create_session(pool, &ada, Duration::from_hours(1)).await.unwrap();
        let access = Access::new(pool.clone(), Cookies::new(false));
        // Webhooks and pages share a path, as in the real server.
        let ingress = Router::new().route("/events", axum::routing::post(|| async { StatusCode::ACCEPTED }));
        let pages = router(Dashboard::new(engine.clone(), access));
        let router = ingress.merge(pages.inside).merge(pages.sign_in);
        Self { router, engine, cookie: format!("stepwell_session={secret}") }
    }

    async fn deploy(&self, text: &str) {
        let built = dsl::build("test.yaml", text, &Functions::default()).unwrap();
        self.engine.deploy(&built, &Actor("test".into())).await.unwrap();
    }

    /// Starts a run of `test/order` and waits until it has stopped at its first step.
    async fn stopped(&self) -> RunId {
        let request = StartRequest {
            namespace: "test".into(),
            name: "order".into(),
            version: None,
            input: json!({ "order": "SO-1" }),
            idempotency_key: None,
            actor: Actor("test".into()),
        };
        let run = self.engine.start(request).await.unwrap();
        self.until(run, |view| view.stopped_at.is_some()).await;
        run
    }

    /// Waits until a run meets a condition.
    async fn until(&self, run: RunId, holds: impl Fn(&RunView) -> bool) -> RunView {
        let mut changes = self.engine.changes();
        let seen = async {
            loop {
                match self.engine.view(run).await.unwrap() {
                    Some(view) if holds(&view) => return view,
                    _ => drop(changes.recv().await),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), seen).await.expect("the run becomes what it should be")
    }

    /// Returns the acts on a run: actor and data of each record.
    async fn acted(&self, pool: &PgPool, run: RunId) -> Vec<(String, Value)> {
        let records = store::runs::journal::records_from_base(pool, run).await.unwrap().0;
        let acts = records.iter().map(|record| (record, serde_json::to_value(&record.change).unwrap()));
        let acts = acts.filter(|(_, change)| change["kind"] == "operator.acted");
        acts.map(|(record, change)| (record.actor.0.clone(), change["data"].clone())).collect()
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Response<()>, String) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 1 << 26).await.unwrap();
        (head.status, Response::from_parts(head, ()), String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).header(COOKIE, &self.cookie).header(HOST, "localhost");
        let (status, _, body) = self.send(request.body(Body::empty()).unwrap()).await;
        (status, body)
    }

    async fn post(&self, path: &str, form: &str) -> (StatusCode, Response<()>, String) {
        let request = Request::post(path)
            .header(COOKIE, &self.cookie)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Returns the CSRF token in the forms of a page.
    async fn csrf(&self) -> String {
        let (_, page) = self.get("/").await;
        page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned()
    }
}

fn header<'a>(answer: &'a Response<()>, name: &http::HeaderName) -> &'a str {
    answer.headers().get(name).map(|v| v.to_str().unwrap()).unwrap_or_default()
}

#[sqlx::test]
async fn nothing_is_shown_without_a_session(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let run = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    for path in [
        "/",
        &format!("/runs/{run}"),
        "/events",
        "/conflicts",
        "/connections",
        "/batches",
        "/bulk",
        "/bulk/new?attention=any",
        "/bulk/00000000-0000-0000-0000-000000000007",
        "/search?q=7",
        "/tasks",
        "/tasks/00000000-0000-0000-0000-000000000007",
        "/proposals",
        "/drift",
        "/drift/00000000-0000-0000-0000-000000000007",
        "/mappings",
        "/mappings/partner",
        "/workflows",
        "/workflows/crm-erp/closed-won",
        "/schedules",
    ] {
        let (status, answer, body) = site.send(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!((status, body.as_str()), (StatusCode::SEE_OTHER, ""), "{path}");
        assert!(header(&answer, &LOCATION).starts_with("/login?next=%2F"), "{path}");
    }
    let act = Request::post(format!("/runs/{run}/cancel")).body(Body::empty()).unwrap();
    assert_eq!(site.send(act).await.0, StatusCode::SEE_OTHER);
    assert_eq!(commands(&pool).await, 0);
}

#[sqlx::test]
async fn a_login_link_is_not_used_up_by_looking_at_it(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let (ada, by) = (access::find_user(&pool, "ada").await.unwrap().unwrap(), Actor("local:root@test".into()));
    let link = access::create_login_link(&pool, &ada, Duration::from_mins(5), By::from(&by)).await.unwrap();
    let look = || Request::get(format!("/login?token={link}")).body(Body::empty()).unwrap();
    for _ in 0..3 {
        let (status, _, page) = site.send(look()).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains(&format!("name=\"token\" value=\"{link}\"")));
    }
    let form = format!("token={link}&next=%2Fworkflows");
    let (status, answer, _) = site.post("/login", &form).await;
    assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, "/workflows"));
    let cookie = header(&answer, &SET_COOKIE);
    assert!(cookie.starts_with("stepwell_session=") && cookie.contains("HttpOnly"), "{cookie}");
    let (status, answer, _) = site.post("/login", &form).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "a link works once");
    assert_eq!(answer.extensions().get(), Some(&Attempt::Login), "and trying it again is reported");
}

#[sqlx::test]
async fn a_pasted_token_signs_in_and_another_sites_form_does_not(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let (_, token) = access::create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
    assert_eq!(site.post("/login", &format!("token={token}")).await.0, StatusCode::SEE_OTHER);
    let foreign = Request::post("/login")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(format!("token={token}")))
        .unwrap();
    assert_eq!(site.send(foreign).await.0, StatusCode::FORBIDDEN);
}

#[sqlx::test]
async fn signing_out_ends_the_session(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let csrf = site.csrf().await;
    assert_eq!(site.post("/logout", "csrf=guess").await.0, StatusCode::FORBIDDEN);
    assert_eq!(site.get("/").await.0, StatusCode::OK);
    assert_eq!(site.post("/logout", &format!("csrf={csrf}")).await.0, StatusCode::SEE_OTHER);
    assert_eq!(site.get("/").await.0, StatusCode::SEE_OTHER);
}

#[sqlx::test]
async fn every_page_forbids_inline_code_and_keeps_its_address_to_itself(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    let done = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    let stopped = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    for path in [
        "/",
        &format!("/runs/{done}"),
        &format!("/runs/{stopped}"),
        "/events",
        "/mappings",
        "/workflows",
        "/schedules",
        "/conflicts",
        "/connections",
        "/batches",
        "/tasks",
        "/proposals",
        "/drift",
        "/login?token=x",
        "/runs/none",
    ] {
        let request = Request::get(path).header(COOKIE, &site.cookie).body(Body::empty()).unwrap();
        let (_, answer, body) = site.send(request).await;
        assert!(header(&answer, &CONTENT_SECURITY_POLICY).starts_with("default-src 'self';"), "{path}");
        assert_eq!(header(&answer, &REFERRER_POLICY), "same-origin", "{path}");
        assert_eq!(header(&answer, &http::header::CACHE_CONTROL), "no-store", "{path}");
        for inline in [" style=", "<style", "<script>", " onclick=", " onload=", "javascript:"] {
            assert!(!body.contains(inline), "{path} has {inline}");
        }
    }
}

#[sqlx::test]
async fn a_hostile_key_stays_text(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    let hostile = "<script>alert(1)</script>";
    let mut story = Story::begun(&json!({ hostile: hostile }));
    let task = format!("/do/0/{hostile}");
    let error = fixture::error(500, hostile);
    story.add(1, Some(&task), None, "task.faulted", json!({"execution": 0, "beginning": {}, "error": error}));
    story.add(2, Some(&task), None, "run.faulted", json!({"execution": 0, "error": error, "attention": "faulted"}));
    story.acted(3, json!({"act": "retry", "reason": hostile}));
    let row = Row { key: Some(hostile), task: Some(&task), ..FAULTED };
    let run = fixture::store(&pool, &story, &row).await;
    for path in ["/".to_owned(), format!("/runs/{run}"), "/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned()] {
        let (status, page) = site.get(&path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!page.contains("<script>alert"), "{path}");
        assert!(page.contains("script&#62;alert(1)") || page.contains("script&gt;alert(1)"), "{path}");
    }
}

#[sqlx::test]
async fn the_list_shows_status_place_and_attention(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let done = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    let stopped = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (_, all) = site.get("/").await;
    for text in [
        "006Ws00000Hd9XqIAJ",
        "Completed",
        "took 3.5 s",
        "Faulted",
        "Needs a decision",
        "createOrder",
        "crm-erp/closed-won",
    ] {
        assert!(all.contains(text), "{text}");
    }
    let (_, queue) = site.get("/?attention=any").await;
    assert!(queue.contains(&stopped.to_string()) && !queue.contains(&done.to_string()));
    let (_, none) = site.get("/?q=nothing-begins-so").await;
    assert!(none.contains("No run matches these filters"));
}

#[sqlx::test]
async fn what_needs_attention_is_listed_by_cause_and_links_to_its_runs(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    for _ in 0..3 {
        fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    }
    let error = json!({
        "type": "https://stepwell.dev/errors/validation", "status": 400, "title": "Bad Request", "detail": "the item <b>CM-200</b> is inactive",
        "instance": "/do/3/createOrder",
    });
    sqlx::query("update runs set error = $1::text::json, attention_at = now(), fingerprint = 'cafe' || (select count(*) from runs o where o.id < runs.id and o.id <> runs.id) / 2")
        .bind(error.to_string())
        .execute(&pool)
        .await
        .unwrap();
    let (_, queue) = site.get("/?attention=any").await;
    assert!(queue.contains("By cause") && queue.contains("the item &#60;b&#62;CM-200"), "{queue}");
    assert!(queue.contains("/?attention=any&#38;fingerprint=cafe0") && queue.contains("createOrder"), "{queue}");
    let (_, one) = site.get("/?attention=any&fingerprint=cafe1").await;
    assert_eq!((one.matches("<a id=\"run-").count(), one.contains("By cause")), (1, false), "{one}");
}

/// The end was written between the two reads.
#[sqlx::test]
async fn a_page_whose_run_is_older_than_its_journal_goes_on_to_refresh(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let row = Row { status: "running", finished: None, ..COMPLETED };
    let run = fixture::store(&pool, &fixture::completed(), &row).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("run.completed") && page.contains("Running"));
    assert!(page.contains("hx-trigger=\"stepwell-refresh\""), "the page would stand still for good");
}

#[sqlx::test]
async fn an_empty_list_teaches(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let (_, page) = site.get("/").await;
    assert!(page.contains("No runs yet") && page.contains("stepwell deploy workflows/"));
    let (_, queue) = site.get("/?attention=any").await;
    assert!(queue.contains("Nothing needs attention"));
}

#[sqlx::test]
async fn one_can_page_to_older_runs_and_back(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let mut runs = Vec::new();
    for _ in 0..60 {
        runs.push(fixture::store(&pool, &fixture::cancelled(), &Row { status: "cancelled", ..COMPLETED }).await);
    }
    let link = |page: &str, id: &str| {
        let rest = page.split(&format!("id=\"{id}\" href=\"")).nth(1)?.split('"').next()?;
        Some(rest.replace("&#38;", "&").replace("&amp;", "&"))
    };
    let (_, first) = site.get("/").await;
    assert!(first.contains(&runs[59].to_string()) && !first.contains(&runs[9].to_string()));
    assert_eq!(link(&first, "newer"), None);
    let (_, second) = site.get(&link(&first, "older").unwrap()).await;
    assert!(second.contains(&runs[9].to_string()) && second.contains(&runs[0].to_string()));
    assert_eq!(link(&second, "older"), None);
    let (_, back) = site.get(&link(&second, "newer").unwrap()).await;
    assert!(back.contains(&runs[59].to_string()) && back.contains(&runs[10].to_string()));
    assert_eq!(link(&back, "newer"), None);
}

#[sqlx::test]
async fn static_files_are_kept_as_long_as_their_address_is_current(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let (_, page) = site.get("/").await;
    let sheet = page.split("rel=\"stylesheet\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let (status, answer, _) = site.send(Request::get(sheet).body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(header(&answer, &http::header::CACHE_CONTROL).contains("immutable"));
    let old = site.send(Request::get("/static/stepwell.css?v=old").body(Body::empty()).unwrap()).await;
    assert_eq!(header(&old.1, &http::header::CACHE_CONTROL), "no-cache");
    assert_eq!(site.get("/static/..%2F..%2FCargo.toml").await.0, StatusCode::NOT_FOUND);
}
