//! The page of freezes.

use super::*;
use crate::store::runs::freezes::{self, NewFreeze};

pub(super) fn freeze(
    id: Uuid,
    workflows: &[String],
    connections: &[String],
    reason: &str,
    until: Option<Time>,
) -> Freeze {
    Freeze {
        id,
        workflows: workflows.to_vec(),
        connections: connections.to_vec(),
        reason: reason.to_owned(),
        actor: "user:ada".into(),
        created_at: "2026-11-30T18:00:00Z".parse().unwrap(),
        until,
        ended_at: None,
        ended_by: None,
        end_reason: None,
        released_at: None,
        waiting: 0,
    }
}

#[sqlx::test]
async fn freezes_are_listed_with_who_and_why_and_end_with_a_reason(pool: PgPool) {
    let (ada, workflows) = (Actor("user:ada".into()), ["crm-erp/closed-won".to_owned()]);
    let by = By { actor: &ada, reason: Some("<month> end") };
    let new = NewFreeze { workflows: &workflows, connections: &["netsuite".to_owned()], until: None };
    let id = freezes::create(&pool, &new, by).await.unwrap();
    let site = Site::new(&pool, Scope::Read, Desk::default()).await;
    let (status, page) = site.get("/freezes").await;
    assert_eq!(status, StatusCode::OK);
    for text in ["crm-erp/closed-won", "workflows that call netsuite", "&#60;month&#62; end", "user:ada", "Frozen"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("action=\"/freezes"), "who only reads may not freeze");
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    let csrf = site.csrf().await;
    let (status, ..) = site.post(&format!("/freezes/{id}/end"), &format!("csrf={csrf}&reason=closed")).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let thawed = site.desk.thawed.lock().unwrap().clone();
    assert_eq!((thawed[0].0, thawed[0].2.as_str()), (id, "closed"));
}

#[sqlx::test]
async fn a_filled_form_reaches_the_engine_and_a_wrong_one_comes_back_with_what_is_wrong(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    let csrf = site.csrf().await;
    let form = format!("csrf={csrf}&what=connection+netsuite&until=2099-12-01T06%3A00&reason=month+end");
    let (status, ..) = site.post("/freezes", &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let asked = site.desk.frozen.lock().unwrap().pop().unwrap();
    let until: Time = "2099-12-01T06:00:00Z".parse().unwrap();
    assert_eq!(
        (asked.0.len(), asked.1, asked.2, asked.4.as_str()),
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
    let refusing = Site::new(&pool, Scope::Operate, Desk { refusal: Some("nobody calls it"), ..Desk::default() }).await;
    let csrf = refusing.csrf().await;
    let (status, _, page) = refusing.post("/freezes", &format!("csrf={csrf}&what=connection+x&reason=y")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("nobody calls it"), "{page}");
}
