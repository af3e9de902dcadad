//! The page that moves a run to another version.

use super::*;
use crate::machine::compare::FieldChange;
use crate::machine::moves::{NextStep, ValueChange};

fn field(pointer: &str, recorded: serde_json::Value, new: serde_json::Value) -> FieldChange {
    FieldChange { part: "body", pointer: pointer.to_owned(), recorded: Some(recorded), new: Some(new) }
}

fn preview() -> Preview {
    let call = NextStep {
        what: "call",
        step: Some("/do/1/createOrder".to_owned()),
        method: Some("PUT".to_owned()),
        address: Some("connection://netsuite/record/v1/salesOrder/eid:7".to_owned()),
        body: Some(serde_json::json!({ "memo": "<b>" })),
        until: None,
        error: None,
    };
    Preview {
        from: "1.0.0".to_owned(),
        to: "1.0.1".to_owned(),
        status: Status::Running,
        kept: 2,
        values: vec![ValueChange { step: "/do/0/map".to_owned(), fields: vec![field("/total", 1.into(), 2.into())] }],
        next: vec![call],
    }
}

#[sqlx::test]
async fn the_page_of_versions_says_what_a_move_would_do_and_its_form_does_it(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk { preview: Some(preview()), ..Desk::default() }).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (status, page) = site.get(&format!("/runs/{run}/versions?to=1.0.1")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("2 calls keep their recorded answers; none is made again."), "{page}");
    assert!(page.contains("It calls PUT connection://netsuite/record/v1/salesOrder/eid:7") && page.contains("&lt;b"));
    assert!(page.contains("<code>/do/0/map</code>") && page.contains("<code>body/total</code>"));
    let form = format!("csrf={}&reason=mended&to=1.0.1", site.csrf().await);
    let (status, answer, _) = site.post(&format!("/runs/{run}/move"), &form).await;
    assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, &*format!("/runs/{run}?done=move")));
    let asked = site.desk.asked.lock().unwrap().pop().unwrap();
    assert_eq!(asked, (run, Act::Move { to: "1.0.1".to_owned() }, "user:ada".to_owned(), "mended".to_owned()));
    let (status, ..) = site.post(&format!("/runs/{run}/move"), &form.replace("to=1.0.1", "to=")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[sqlx::test]
async fn the_page_of_versions_names_the_first_difference_of_a_run_that_does_not_fit(pool: PgPool) {
    let misfit = Misfit {
        to: "1.0.1".to_owned(),
        step: Some("/do/0/createCustomer".to_owned()),
        why: "it makes another call than the one that was made".to_owned(),
        fields: vec![field("/name", "Ada".into(), "ADA".into())],
    };
    let site = Site::new(&pool, Scope::Operate, Desk { misfit: Some(misfit), ..Desk::default() }).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (status, page) = site.get(&format!("/runs/{run}/versions?to=1.0.1")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("The run cannot be moved to 1.0.1") && page.contains("<code>/do/0/createCustomer</code>"));
    assert!(page.contains("<code>body/name</code>") && page.contains("ADA"), "{page}");
    assert!(!page.contains(&format!("action=\"/runs/{run}/move\"")), "what does not fit is not offered");
}
