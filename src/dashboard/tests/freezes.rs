//! The page of freezes.

use super::*;
use crate::store::runs::freezes::{self, Holds, NewFreeze};

/// It calls a connection.
const CALLS: &str = "document: { dsl: '1.0.3', namespace: crm-erp, name: closed-won, version: '1.0.0' }
do:
  - get: { call: http, with: { method: get, endpoint: 'connection://netsuite/x' } }
";

/// Which workflows and connections, until when, why, and who ended it why.
type Frozen = (Vec<String>, Vec<String>, Option<Time>, String, Option<String>, Option<String>);

async fn frozen(pool: &PgPool) -> Vec<Frozen> {
    let rows = "select workflows, connections, until, reason, ended_by, end_reason from freezes order by id";
    sqlx::query_as(rows).fetch_all(pool).await.unwrap()
}

#[sqlx::test]
async fn freezes_are_listed_with_who_and_why_and_end_with_a_reason(pool: PgPool) {
    let (ada, workflows) = (Actor("user:ada".into()), ["crm-erp/closed-won".to_owned()]);
    let by = By { actor: &ada, reason: Some("<month> end") };
    let new =
        NewFreeze { workflows: &workflows, connections: &["netsuite".to_owned()], until: None, holds: Holds::Events };
    let id = freezes::create(&pool, &new, by).await.unwrap();
    let site = Site::new(&pool, Scope::Operate).await;
    let (status, page) = site.of(&pool, Scope::Read).await.get("/freezes").await;
    assert_eq!(status, StatusCode::OK);
    for text in ["crm-erp/closed-won", "workflows that call netsuite", "&#60;month&#62; end", "user:ada", "Frozen"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("action=\"/freezes"), "who only reads may not freeze");
    let csrf = site.csrf().await;
    let (status, ..) = site.post(&format!("/freezes/{id}/end"), &format!("csrf={csrf}&reason=closed")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (.., by, why) = frozen(&pool).await.remove(0);
    assert_eq!((by.as_deref(), why.as_deref()), (Some("user:ada"), Some("closed")));
}

#[sqlx::test]
async fn a_filled_form_reaches_the_engine_and_a_wrong_one_comes_back_with_what_is_wrong(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    site.deploy(CALLS).await;
    let csrf = site.csrf().await;
    let form = format!("csrf={csrf}&what=connection+netsuite&until=2099-12-01T06%3A00&reason=month+end");
    let (status, ..) = site.post("/freezes", &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (workflows, connections, asked, why, ..) = frozen(&pool).await.remove(0);
    let until: Time = "2099-12-01T06:00:00Z".parse().unwrap();
    assert_eq!(
        (workflows.len(), connections, asked, why.as_str()),
        (0, vec!["netsuite".to_owned()], Some(until), "month end")
    );
    for (form, needle) in [
        ("what=&reason=x", "Choose a workflow or a connection"),
        ("what=connection+netsuite&until=tomorrow&reason=x", "is not a time"),
        ("what=connection+netsuite&reason=", "eason"),
    ] {
        let (status, _, page) = site.post("/freezes", &format!("csrf={csrf}&{form}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(page.contains(needle), "{form}: {page}");
    }
    let (status, _, page) = site.post("/freezes", &format!("csrf={csrf}&what=connection+x&reason=y")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("Not frozen: ") && frozen(&pool).await.len() == 1, "{page}");
}
