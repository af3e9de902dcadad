//! The page of connections.

use std::collections::BTreeMap;

use super::*;
use crate::connect::Standing;
use crate::dashboard::connections::{Known, shown};
use crate::dashboard::parts::page::Frame;
use crate::store::events::topics;
use crate::store::nodes::{oauth, pauses};

const TOKENS: [u8; 32] = [7; 32];

pub(super) fn standing(name: &str, tokens: Option<[u8; 32]>) -> Standing {
    Standing {
        name: name.to_owned(),
        title: None,
        base_url: Some("https://crm.example.com/".to_owned()),
        breaker: Some("closed"),
        under_way: Some(2),
        waiting: Some(0),
        authorized: None,
        tokens,
    }
}

async fn page(pool: &PgPool, stores_tokens: bool) -> String {
    let standings = vec![standing("crm", Some(TOKENS)), standing("erp", None)];
    let known = Known { standings, stores_tokens, subscribed: BTreeMap::new() };
    let (status, page) = text(shown(pool, (Frame::of_nobody(), None), known).await.unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    page
}

#[sqlx::test]
async fn a_connection_shows_whether_its_provider_accepts_the_tokens_and_what_to_do_if_not(pool: PgPool) {
    let found = page(&pool, false).await;
    assert!(found.contains("Not known yet") && found.contains("STEPWELL_ENCRYPTION_KEYS"), "{found}");
    assert!(page(&pool, true).await.contains("the first call asks the provider"));

    let holder = Uuid::now_v7();
    oauth::create(&pool, &TOKENS, "crm", b"sealed-refresh").await.unwrap();
    oauth::hold(&pool, &TOKENS, 0, holder, 60.0).await.unwrap().unwrap();
    assert!(page(&pool, true).await.contains("its response is not recorded yet"));
    oauth::save(&pool, &TOKENS, holder, Some(b"sealed-next"), Some(b"sealed-access"), None).await.unwrap();
    let found = page(&pool, true).await;
    for needle in ["Authorized", "Connected since", "1×, last", "2 in progress, 0 waiting", "https://crm.example.com/"]
    {
        assert!(found.contains(needle), "{needle}: {found}");
    }

    oauth::hold(&pool, &TOKENS, 1, holder, 60.0).await.unwrap().unwrap();
    oauth::refuse(&pool, &TOKENS, holder, "answered 400: invalid_grant <revoked>").await.unwrap();
    let found = page(&pool, true).await;
    for needle in ["Must be reauthorized", "invalid_grant &#60;revoked&#62;", "stepwell connections reauthorize crm"] {
        assert!(found.contains(needle), "{needle}: {found}");
    }
    assert!(!found.contains("sealed"), "never a token, not even an encrypted one");
}

#[sqlx::test]
async fn a_connection_shows_its_topics_what_keeps_them_and_what_could_not_be_read(pool: PgPool) {
    use topics::{Claimed, NewPosition, Step, TopicId};

    let id = TopicId { source: "salesforce".into(), topic: "/data/AccountChangeEvent".into() };
    topics::declare(&pool, &[&id]).await.unwrap();
    let node = Uuid::new_v4();
    crate::store::nodes::register(&pool, node, "node <1>", "0", 60.0, 2).await.unwrap();
    let show = async || {
        let subscribed = BTreeMap::from([("salesforce".to_owned(), "crm".to_owned())]);
        let standings = vec![standing("crm", None), standing("erp", None)];
        let known = Known { standings, stores_tokens: true, subscribed };
        text(shown(&pool, (Frame::of_nobody(), None), known).await.unwrap()).await.1
    };
    assert!(show().await.contains("Not subscribed"));
    let claimed: Vec<Claimed> = topics::claim(&pool, node, &[&id]).await.unwrap();
    assert!(show().await.contains("Connecting"));
    assert!(topics::connected(&pool, node, &claimed[0]).await.unwrap());
    let mut position = NewPosition {
        id: id.clone(),
        owner: node,
        fence: claimed[0].fence,
        seq_before: 0,
        replay_id: Some(vec![1]),
        step: Step::Rejected,
    };
    assert!(topics::move_on(&pool, &position, None).await.unwrap());
    (position.seq_before, position.step) = (1, Step::Lost);
    assert!(topics::move_on(&pool, &position, None).await.unwrap());
    let found = show().await;
    for needle in [
        "Connected",
        "/data/AccountChangeEvent",
        "read by node &#60;1&#62;",
        "1 events could not be processed",
        "1× position in the topic lost",
    ] {
        assert!(found.contains(needle), "{needle}: {found}");
    }
    topics::troubled(&pool, node, &claimed[0], "Unavailable: <gone>").await.unwrap();
    assert!(show().await.contains("Unavailable: &#60;gone&#62;"));
}

#[sqlx::test]
async fn an_engine_without_connections_says_so(pool: PgPool) {
    let (status, page) = Site::new(&pool, Scope::Read).await.get("/connections").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!page.contains("Authorized") && page.contains("onnection"), "{page}");
}

#[sqlx::test]
async fn a_paused_connection_says_since_when_by_whom_and_why(pool: PgPool) {
    let ada = Actor("user:ada".into());
    let by = crate::store::acts::By { actor: &ada, reason: Some("month <end>") };
    assert!(pauses::pause(&pool, "crm", by).await.unwrap());
    assert!(!pauses::pause(&pool, "crm", by).await.unwrap(), "once");
    let found = page(&pool, true).await;
    assert!(found.contains("by user:ada: month &#60;end&#62;"), "{found}");
    assert!(pauses::resume(&pool, "crm", by).await.unwrap());
    assert!(!page(&pool, true).await.contains("Paused since"));
}

#[sqlx::test]
async fn an_operator_pauses_and_resumes_only_connections_that_exist_and_with_a_reason(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let form = format!("csrf={}&reason=month+end", site.csrf().await);
    let (status, _, page) = site.post("/connections/nowhere/pause", &form).await;
    assert_eq!((status, page.contains("no connection")), (StatusCode::NOT_FOUND, true), "{page}");
    let (status, _, _) = site.post("/connections/nowhere/pause", &format!("csrf={}", site.csrf().await)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, _, _) = site.post("/connections/nowhere/stop", &form).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(pauses::list(&pool).await.unwrap().is_empty());
    site.engine.shut_down().await;
}
