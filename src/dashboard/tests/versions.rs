//! The page that moves a run to another version.

use super::*;
use crate::dashboard::parts::page::Frame;
use crate::dashboard::run::versions::page;
use crate::engine::MoveError;
use crate::machine::compare::FieldChange;
use crate::machine::moves::{NextStep, Preview, ValueChange};
use crate::machine::{Misfit, Status};
use crate::store::runs::listing;

fn field(pointer: &str, recorded: Value, new: Value) -> FieldChange {
    FieldChange { part: "body", pointer: pointer.to_owned(), recorded: Some(recorded), new: Some(new) }
}

fn preview() -> Preview {
    let call = NextStep {
        what: "call",
        step: Some("/do/1/createOrder".to_owned()),
        method: Some("PUT".to_owned()),
        address: Some("connection://netsuite/record/v1/salesOrder/eid:7".to_owned()),
        body: Some(json!({ "memo": "<b>" })),
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

/// Renders the page of a run that may move to 1.0.1, for someone who may act.
async fn shown(pool: &PgPool, found: Result<Preview, MoveError>) -> (RunId, StatusCode, String) {
    let run = fixture::store(pool, &fixture::faulted(), &FAULTED).await;
    let row = listing::run(pool, run).await.unwrap().unwrap();
    let frame = Frame { operates: true, ..Frame::of_nobody() };
    let (status, page) = text(page(frame, row, ["1.0.0", "1.0.1"].into_iter(), Some(("1.0.1", found))).unwrap()).await;
    (run, status, page)
}

#[sqlx::test]
async fn the_page_of_versions_says_what_a_move_would_do(pool: PgPool) {
    let (run, status, page) = shown(&pool, Ok(preview())).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("2 calls keep their recorded answers; none is made again."), "{page}");
    assert!(page.contains("It calls PUT connection://netsuite/record/v1/salesOrder/eid:7") && page.contains("&lt;b"));
    assert!(page.contains("<code>/do/0/map</code>") && page.contains("<code>body/total</code>"));
    assert!(page.contains(&format!("action=\"/runs/{run}/move\"")), "{page}");
}

#[sqlx::test]
async fn the_page_of_versions_names_the_first_difference_of_a_run_that_does_not_fit(pool: PgPool) {
    let misfit = Misfit {
        to: "1.0.1".to_owned(),
        step: Some("/do/0/createCustomer".to_owned()),
        why: "it makes another call than the one that was made".to_owned(),
        fields: vec![field("/name", "Ada".into(), "ADA".into())],
    };
    let (run, status, page) = shown(&pool, Err(MoveError::DoesNotFit(Box::new(misfit)))).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("The run cannot be moved to 1.0.1") && page.contains("<code>/do/0/createCustomer</code>"));
    assert!(page.contains("<code>body/name</code>") && page.contains("ADA"), "{page}");
    assert!(!page.contains(&format!("action=\"/runs/{run}/move\"")), "what does not fit is not offered");
}

#[sqlx::test]
async fn the_form_moves_the_run(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    site.deploy(ORDER).await;
    let run = site.stopped().await;
    // This version no longer stops.
    let corrected = ORDER.replace("1.0.0", "1.0.1").replace("raise: { error: { type:", "set: { skipped: { type:");
    site.deploy(&corrected).await;
    assert!(site.get(&format!("/runs/{run}")).await.1.contains(&format!("href=\"/runs/{run}/versions\"")));
    let (status, page) = site.get(&format!("/runs/{run}/versions?to=1.0.1")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let form = format!("csrf={}&reason=mended&to=1.0.1", site.csrf().await);
    let (status, ..) = site.post(&format!("/runs/{run}/move"), &form.replace("to=1.0.1", "to=")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let (status, answer, _) = site.post(&format!("/runs/{run}/move"), &form).await;
    assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, &*format!("/runs/{run}?done=move")));
    let view = site.until(run, |view| view.moved.is_some()).await;
    assert_eq!((view.workflow.version.as_str(), view.status), ("1.0.1", Status::Completed));
    let records = store::runs::journal::records_from_base(&pool, run).await.unwrap().0;
    let moved = records.iter().find(|record| matches!(record.change, crate::machine::Change::RunMoved(_))).unwrap();
    assert_eq!(moved.actor, Actor("user:ada".into()));
    site.engine.shut_down().await;
}
