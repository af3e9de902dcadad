//! Acts on the page of a run.

use super::*;
use crate::machine::{ActKind, Status};

#[sqlx::test]
async fn a_stopped_run_says_why(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("Stopped at createOrder"));
    assert!(page.contains("Netsuite answered 400: it rejected what was sent"));
    assert!(page.contains("subsidiary added in NetSuite"), "the retry of before is told");
}

#[sqlx::test]
async fn a_run_offers_what_the_machine_permits_and_says_why_not_the_rest(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    site.deploy(ORDER).await;
    let run = site.stopped().await;
    let view = site.until(run, |_| true).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    for act in &view.acts {
        let is_offered = page.contains(&format!("action=\"/runs/{run}/{}\"", act.act.name()));
        // There is only one version, so there is none to move to.
        assert_eq!(is_offered, act.permitted && act.act != ActKind::Move, "{act:?}");
        let said = act.why_not.as_ref().is_none_or(|why| page.contains(why.as_str()));
        assert!(said, "{act:?}: {page}");
    }
    assert!(page.contains("Resume: it is not suspended"), "{page}");
    for _ in 0..2 {
        let skip = Act::Skip { output: Value::Null, step: None, confirm: false };
        site.engine.act(run, skip, Actor("user:ada".into()), None).await.unwrap();
    }
    site.until(run, |view| view.status == Status::Completed).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert_eq!(page.matches("<details class=\"act\"").count(), 1, "it can be started again: {page}");
    assert!(!page.contains("Not possible now"), "{page}");
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn an_ended_run_is_started_again_from_its_page_and_the_runs_name_each_other(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    site.deploy(ORDER).await;
    let run = site.stopped().await;
    let cancel = Act::Cancel { compensate: crate::machine::CancelMode::Abandon };
    site.engine.act(run, cancel, Actor("user:ada".into()), None).await.unwrap();
    let page = site.get(&format!("/runs/{run}")).await.1;
    assert!(page.contains("name=\"again\""), "{page}");
    let form = format!("csrf={}&reason=signed+after+all", site.csrf().await);
    let (status, _, page) = site.post(&format!("/runs/{run}/restart"), &form).await;
    assert_eq!((status, page.contains("again: true")), (StatusCode::CONFLICT, true), "{page}");
    let form = format!("{form}&again=yes");
    let (_, answer, _) = site.post(&format!("/runs/{run}/restart"), &form).await;
    let there = header(&answer, &LOCATION).to_owned();
    let new: RunId = there.trim_start_matches("/runs/").split('?').next().unwrap().parse().unwrap();
    assert_eq!(there, format!("/runs/{new}?done=restart"));
    assert!(site.get(&there).await.1.contains(&format!("href=\"/runs/{run}\"")));
    assert!(site.get(&format!("/runs/{run}")).await.1.contains(&format!("href=\"/runs/{new}\"")));
    let (_, answer, _) = site.post(&format!("/runs/{run}/restart"), &form).await;
    assert_eq!(
        header(&answer, &LOCATION),
        format!("/runs/{new}?done=restart&before=1"),
        "a lost answer starts nothing"
    );
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn who_may_only_read_is_offered_nothing_and_changes_nothing(pool: PgPool) {
    let site = Site::running(&pool, Scope::Read).await;
    site.deploy(ORDER).await;
    let run = site.stopped().await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(!page.contains("<details class=\"act\""));
    let form = format!("csrf={}&reason=x", site.csrf().await);
    assert_eq!(site.post(&format!("/runs/{run}/retry"), &form).await.0, StatusCode::FORBIDDEN);
    assert_eq!(commands(&pool).await, 0);
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn an_act_reaches_the_journal_with_who_and_why(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    site.deploy(ORDER).await;
    let csrf = site.csrf().await;
    let forms = [
        ("retry", "input=%7B%22left%22%3A1%7D", json!({ "act": "retry" })),
        (
            "retry",
            "replace=yes&input=%7B%22a%22%3A1.50%7D",
            serde_json::from_str(r#"{"act": "retry", "input": {"a": 1.50}}"#).unwrap(),
        ),
        ("skip", "output=%22x%22", json!({ "act": "skip", "output": "x" })),
        ("cancel", "compensate=yes", json!({ "act": "cancel", "compensate": "compensate" })),
        ("cancel", "compensate=no", json!({ "act": "cancel", "compensate": "abandon" })),
        ("dismiss", "", json!({ "act": "dismiss" })),
    ];
    for (act, fields, mut expected) in forms {
        let run = site.stopped().await;
        let form = format!("csrf={csrf}&reason=+because+&{fields}");
        let (status, answer, _) = site.post(&format!("/runs/{run}/{act}"), &form).await;
        assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, &*format!("/runs/{run}?done={act}")));
        expected["reason"] = "because".into();
        let (by, mut done) = site.acted(&pool, run).await.pop().unwrap();
        done.as_object_mut().unwrap().remove("paused_ms");
        assert_eq!((by.as_str(), done), ("user:ada", expected));
        let words = act.parse::<ActKind>().unwrap().about().done;
        let told = site.get(&format!("/runs/{run}?done={act}")).await.1.to_lowercase();
        assert!(told.contains(&format!("{words}.")), "{told}");
    }
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn an_act_without_reason_or_with_bad_json_is_not_done(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let csrf = site.csrf().await;
    let nul = "reason=x&replace=yes&input=%7B%22a%22%3A%22%5Cu0000%22%7D";
    let twice = "reason=x&replace=yes&input=%7B%22a%22%3A1%2C%22a%22%3A2%7D";
    for fields in ["reason=+", "reason=x&replace=yes&input=%7B", nul, twice] {
        let (status, _, page) = site.post(&format!("/runs/{run}/retry"), &format!("csrf={csrf}&{fields}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        assert!(page.contains("Not done:"), "{fields}");
    }
    assert_eq!(site.post(&format!("/runs/{run}/retry"), "reason=x").await.0, StatusCode::FORBIDDEN, "no token");
    assert_eq!(
        site.post(&format!("/runs/{run}/explode"), &format!("csrf={csrf}&reason=x")).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(commands(&pool).await, 0);
}

#[sqlx::test]
async fn a_refused_act_shows_why(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    site.deploy(ORDER).await;
    let run = site.stopped().await;
    let form = format!("csrf={}&reason=x", site.csrf().await);
    let (status, _, page) = site.post(&format!("/runs/{run}/resume"), &form).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let why = "cannot resume a run that is faulted: it is not suspended";
    assert!(page.contains(why) && page.contains("role=\"alert\""), "{page}");
    site.engine.shut_down().await;
}

#[sqlx::test]
async fn every_act_of_the_dashboard_needs_its_scope(pool: PgPool) {
    let first = Site::new(&pool, Scope::Admin).await;
    for (path, needs, _) in super::super::act_routes() {
        let path = path.replace("{id}", "01900000-0000-7000-8000-000000000000").replace("{act}", "pause");
        let path = path.replace("{namespace}", "a").replace("{name}", "b");
        for has in Scope::ALL {
            let site = first.of(&pool, has).await;
            let form = format!("csrf={}&reason=because&side=crm", site.csrf().await);
            let (status, answer, _) = site.post(&path, &form).await;
            if has == needs || has == Scope::Admin {
                assert_ne!(status, StatusCode::FORBIDDEN, "{path} with {has}");
                assert!(!header(&answer, &LOCATION).starts_with("/login"), "{path} with {has}");
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{path} with {has}");
            }
        }
        let stranger = Request::post(&path).body(Body::empty()).unwrap();
        let (_, answer, _) = first.send(stranger).await;
        assert!(header(&answer, &LOCATION).starts_with("/login"), "{path}");
    }
}

#[sqlx::test]
async fn a_run_goes_back_to_the_step_that_was_chosen_on_its_page(pool: PgPool) {
    let site = Site::running(&pool, Scope::Operate).await;
    site.deploy(&ORDER.replace("do:\n", "do:\n  - prepare: { set: { order: 1 } }\n")).await;
    let run = site.stopped().await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    for text in ["the step where it stopped", "value=\"/do/0/prepare\"", "prepare (nothing lies between)"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let form = format!("csrf={}&reason=once+more&from=%2Fdo%2F0%2Fprepare", site.csrf().await);
    let (status, _, page) = site.post(&format!("/runs/{run}/retry"), &format!("{form}&replace=yes&input=1")).await;
    assert_eq!((status, page.contains("not for an earlier one")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    let (status, ..) = site.post(&format!("/runs/{run}/retry"), &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let view = site.until(run, |view| view.tasks.len() == 4).await;
    assert_eq!(view.tasks.iter().filter(|task| task.name == "prepare").count(), 2);
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("retried it from an earlier step") && page.contains("once more"), "{page}");
    site.engine.shut_down().await;
}
