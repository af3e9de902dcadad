//! Acts that need a second person.

use super::*;
use crate::engine::runs::proposals::Proposal;

/// Starts a run that stops at its first step, and proposes another input for it.
async fn proposed(site: &Site, pool: &PgPool, by: &str) -> (RunId, Uuid) {
    site.deploy(
        &ORDER.replace("version: '1.0.0'", "version: '1.0.0', metadata: { acts: { edit: two, suspend: two } }"),
    )
    .await;
    for name in ["ann", "bob"] {
        if access::find_user(pool, name).await.unwrap().is_none() {
            access::fixture_user(pool, name, &[Scope::Operate]).await;
        }
    }
    let run = site.stopped().await;
    let edit = Act::Retry { input: Some(json!({ "amount": 120 })), step: None };
    let reason = Some("<typed> wrong".to_owned());
    match site.engine.act(run, edit, Actor(by.to_owned()), reason).await {
        Err(ActError::Proposed(proposal)) => (run, proposal.id),
        other => panic!("it needs a second person: {other:?}"),
    }
}

async fn state(site: &Site, id: Uuid) -> Proposal {
    site.engine.proposal(id).await.unwrap().unwrap()
}

fn approve(id: Uuid) -> String {
    format!("action=\"/proposals/{id}/approve\"")
}

fn decline(id: Uuid) -> String {
    format!("action=\"/proposals/{id}/decline\"")
}

#[sqlx::test]
async fn the_second_person_sees_who_wants_what_and_why_with_both_values_and_may_decide(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    for (way, done, decided) in [("approve", "approve", "done"), ("decline", "decline", "declined")] {
        let (run, id) = proposed(&site, &pool, "user:ann").await;
        for path in [format!("/runs/{run}"), "/proposals".to_owned()] {
            let (status, page) = site.get(&path).await;
            assert_eq!(status, StatusCode::OK);
            for text in
                ["user:ann wants to retry it with a different input", "&#60;typed&#62; wrong", "SO-1", "120", "price"]
            {
                assert!(page.contains(text), "{path}: {text}: {page}");
            }
            assert!(page.contains(&approve(id)) && page.contains(&decline(id)) && page.contains(">Decline<"), "{path}");
        }
        let csrf = site.csrf().await;
        let path = format!("/proposals/{id}/{way}");
        let (status, _, page) = site.post(&path, &format!("csrf={csrf}&reason=+")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains("give a reason") && state(&site, id).await.is_open(), "{page}");
        let (status, answer, _) = site.post(&path, &format!("csrf={csrf}&reason=+checked+")).await;
        let there = format!("/runs/{run}?done={done}");
        assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, there.as_str()));
        let now = state(&site, id).await;
        assert_eq!((now.state.as_str(), now.decided_by.as_deref()), (decided, Some("user:ada")));
        assert_eq!(now.decision_reason.as_deref(), Some("checked"));
        let words = if way == "approve" { "Approved and carried out." } else { "Declined." };
        assert!(site.get(&there).await.1.contains(words));
    }
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn the_proposer_may_withdraw_and_not_approve(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let (run, id) = proposed(&site, &pool, "user:ada").await;
    for path in [format!("/runs/{run}"), "/proposals".to_owned()] {
        let (_, page) = site.get(&path).await;
        assert!(!page.contains(&approve(id)), "{path}");
        assert!(page.contains(&decline(id)) && page.contains(">Withdraw<"), "{path}");
        assert!(page.contains("another user must approve it"), "{path}");
    }
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    for hint in ["With a different input, this needs a second person", "With an output, this needs a second person"] {
        assert!(page.contains(hint), "{hint}: {page}");
    }
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn who_only_reads_sees_the_proposal_and_no_buttons(pool: PgPool) {
    let site = Site::running(&pool, Scope::Read).await;
    let (run, id) = proposed(&site, &pool, "user:ann").await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("user:ann wants to") && !page.contains(&approve(id)) && !page.contains(&decline(id)));
    let form = format!("csrf={}&reason=x", site.csrf().await);
    assert_eq!(site.post(&format!("/proposals/{id}/approve"), &form).await.0, StatusCode::FORBIDDEN);
    assert!(state(&site, id).await.is_open());
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn the_second_person_to_decide_sees_who_was_first(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let (_, id) = proposed(&site, &pool, "user:ann").await;
    site.engine.approve(id, &Actor("user:bob".into()), Some("checked")).await.unwrap();
    let form = format!("csrf={}&reason=x", site.csrf().await);
    for way in ["approve", "decline"] {
        let (status, _, page) = site.post(&format!("/proposals/{id}/{way}"), &form).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(page.contains("user:bob approved it at ") && page.contains("role=\"alert\""), "{page}");
    }
    let unknown = site.post(&format!("/proposals/{}/approve", Uuid::from_u128(8)), &form).await;
    assert_eq!(unknown.0, StatusCode::NOT_FOUND);
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn a_proposal_for_a_step_that_the_run_has_left_says_so(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    let (run, id) = proposed(&site, &pool, "user:ann").await;
    let skip = Act::Skip { output: Value::Null, step: None, confirm: false };
    site.engine.act(run, skip, Actor("user:ann".into()), None).await.unwrap();
    site.until(run, |view| view.stopped_at.as_deref() == Some("/do/1/book")).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("The run has moved on since") && page.contains(&approve(id)), "{page}");
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn an_act_that_was_approved_is_told_with_both_names(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
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
