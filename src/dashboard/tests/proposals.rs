//! Acts that wait for a second person.

use serde_json::json;

use super::*;
use crate::dsl::WorkflowRef;
use crate::engine::runs::proposals::Proposal;

pub(super) fn proposal(run: RunId, by: &str) -> Proposal {
    Proposal {
        id: Uuid::from_u128(9),
        run,
        workflow: WorkflowRef { namespace: "crm-erp".into(), name: "closed-won".into(), version: "2.0.0".into() },
        key: Some("006Ws00000Hd9XrIAJ".into()),
        act: json!({ "act": "retry", "input": { "amount": 120 }, "step": "/do/1/tryOrder/try/0/createOrder#3" }),
        stands_at: Some("/do/1/tryOrder/try/0/createOrder#3".into()),
        before: Some(json!({ "amount": 100 })),
        proposed_by: by.into(),
        reason: Some("<typed> wrong".into()),
        created_at: "2026-11-30T18:00:00Z".parse().unwrap(),
        expires_at: "2026-12-07T18:00:00Z".parse().unwrap(),
        state: "open".into(),
        decided_by: None,
        decided_at: None,
        decision_reason: None,
        refusal: None,
    }
}

async fn run_with(pool: &PgPool, by: &str, scope: Scope, desk: Desk) -> (Site, RunId) {
    let run = fixture::store(pool, &fixture::faulted(), &FAULTED).await;
    (Site::new(pool, scope, Desk { proposals: vec![proposal(run, by)], ..desk }).await, run)
}

const APPROVE: &str = "action=\"/proposals/00000000-0000-0000-0000-000000000009/approve\"";
const DECLINE: &str = "action=\"/proposals/00000000-0000-0000-0000-000000000009/decline\"";

#[sqlx::test]
async fn the_second_person_sees_who_wants_what_and_why_with_both_values_and_may_decide(pool: PgPool) {
    let (site, run) = run_with(&pool, "user:ann", Scope::Operate, Desk::default()).await;
    for path in [format!("/runs/{run}"), "/proposals".to_owned()] {
        let (status, page) = site.get(&path).await;
        assert_eq!(status, StatusCode::OK);
        for text in
            ["user:ann wants to retry it with a different input", "&#60;typed&#62; wrong", "100", "120", "createOrder"]
        {
            assert!(page.contains(text), "{path}: {text}");
        }
        assert!(page.contains(APPROVE) && page.contains(DECLINE) && page.contains(">Decline<"), "{path}");
    }
    let csrf = site.csrf().await;
    for (way, decision, done) in [("approve", Decision::Approve, "approve"), ("decline", Decision::Decline, "decline")]
    {
        let path = format!("/proposals/{}/{way}", Uuid::from_u128(9));
        let (status, answer, _) = site.post(&path, &format!("csrf={csrf}&reason=+checked+")).await;
        let there = format!("/runs/{run}?done={done}");
        assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, there.as_str()));
        let decided = site.desk.decided.lock().unwrap().pop().unwrap();
        assert_eq!(decided, (Uuid::from_u128(9), decision, "user:ada".to_owned(), "checked".to_owned()));
        let (status, _, page) = site.post(&path, &format!("csrf={csrf}&reason=+")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("give a reason"), "{page}");
        assert!(site.desk.decided.lock().unwrap().is_empty());
    }
    assert!(site.get(&format!("/runs/{run}?done=approve")).await.1.contains("Approved and carried out."));
}

#[sqlx::test]
async fn the_proposer_may_withdraw_and_not_approve(pool: PgPool) {
    let (site, run) = run_with(&pool, "user:ada", Scope::Operate, Desk::default()).await;
    for path in [format!("/runs/{run}"), "/proposals".to_owned()] {
        let (_, page) = site.get(&path).await;
        assert!(!page.contains(APPROVE), "{path}");
        assert!(page.contains(DECLINE) && page.contains(">Withdraw<"), "{path}");
        assert!(page.contains("another user must approve it"), "{path}");
    }
}

#[sqlx::test]
async fn who_only_reads_sees_the_proposal_and_no_buttons(pool: PgPool) {
    let (site, run) = run_with(&pool, "user:ann", Scope::Read, Desk::default()).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("user:ann wants to") && !page.contains(APPROVE) && !page.contains(DECLINE));
    let form = format!("csrf={}&reason=x", site.csrf().await);
    let path = format!("/proposals/{}/approve", Uuid::from_u128(9));
    assert_eq!(site.post(&path, &form).await.0, StatusCode::FORBIDDEN);
    assert!(site.desk.decided.lock().unwrap().is_empty());
}

#[sqlx::test]
async fn the_second_person_to_decide_sees_who_was_first(pool: PgPool) {
    let why = "user:bob approved it at 2026-11-30 18:05:00 UTC";
    let (site, _) = run_with(&pool, "user:ann", Scope::Operate, Desk { refusal: Some(why), ..Desk::default() }).await;
    let form = format!("csrf={}&reason=x", site.csrf().await);
    for way in ["approve", "decline"] {
        let (status, _, page) = site.post(&format!("/proposals/{}/{way}", Uuid::from_u128(9)), &form).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(page.contains(why) && page.contains("role=\"alert\""), "{page}");
    }
    let unknown = site.post(&format!("/proposals/{}/approve", Uuid::from_u128(8)), &form).await;
    assert_eq!(unknown.0, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn a_proposal_for_a_step_that_the_run_has_left_says_so(pool: PgPool) {
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let elsewhere = Proposal { stands_at: Some("/do/7/other#99".into()), ..proposal(run, "user:ann") };
    let site = Site::new(&pool, Scope::Operate, Desk { proposals: vec![elsewhere], ..Desk::default() }).await;
    assert!(site.get(&format!("/runs/{run}")).await.1.contains("The run has moved on since"));
}

#[sqlx::test]
async fn an_act_that_was_approved_is_told_with_both_names(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read, Desk::default()).await;
    let mut story = fixture::backing_off(600_000);
    let acted =
        json!({ "act": "suspend", "reason": "month end", "approved_by": "user:bob", "approval_reason": "agreed" });
    story.acted(3_000, acted);
    let row = Row { status: "suspended", finished: None, ..COMPLETED };
    let run = fixture::store(&pool, &story, &row).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    for text in ["proposed to suspend it (“month end”), user:bob approved it", "agreed", "approved by user:bob"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}
