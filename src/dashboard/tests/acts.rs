//! What operators do on the page of a run.

use super::*;
use crate::machine::CancelMode;

#[sqlx::test]
async fn a_stopped_run_says_why_and_offers_what_its_state_allows(pool: PgPool) {
    let netsuite = Standing { title: Some("NetSuite".to_owned()), ..connections::standing("netsuite", None) };
    let desk = Desk { connections: (vec![netsuite], false), ..Desk::default() };
    let site = Site::new(&pool, Scope::Operate, desk).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(page.contains("Stopped at createOrder"));
    assert!(page.contains("NetSuite answered 400: it rejected what was sent"));
    assert!(page.contains("subsidiary added in NetSuite"), "the retry of before is told");
    let offered = |act: &str| page.contains(&format!("action=\"/runs/{run}/{act}\""));
    assert!(["retry", "skip", "cancel", "dismiss"].into_iter().all(offered));
    assert!(!["suspend", "resume", "compensate"].into_iter().any(offered));
    let done = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    let (_, page) = site.get(&format!("/runs/{done}")).await;
    assert!(!page.contains("<details class=\"act\""), "an ended run takes no act");
}

#[sqlx::test]
async fn who_may_only_read_is_offered_nothing_and_changes_nothing(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read, Desk::default()).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let (_, page) = site.get(&format!("/runs/{run}")).await;
    assert!(!page.contains("<details class=\"act\""));
    let form = format!("csrf={}&reason=x", site.csrf().await);
    assert_eq!(site.post(&format!("/runs/{run}/retry"), &form).await.0, StatusCode::FORBIDDEN);
    assert!(site.desk.asked.lock().unwrap().is_empty());
}

#[sqlx::test]
async fn an_act_reaches_the_engine_with_who_and_why(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let csrf = site.csrf().await;
    let forms = [
        ("retry", "input=%7B%22left%22%3A1%7D", Act::Retry { input: None, step: None }),
        (
            "retry",
            "replace=yes&input=%7B%22a%22%3A1.50%7D",
            Act::Retry { input: serde_json::from_str(r#"{"a":1.50}"#).ok(), step: None },
        ),
        ("skip", "output=%22x%22", Act::Skip { output: "x".into(), step: None }),
        ("cancel", "compensate=yes", Act::Cancel { compensate: CancelMode::Compensate }),
        ("cancel", "compensate=no", Act::Cancel { compensate: CancelMode::Abandon }),
        ("dismiss", "", Act::Dismiss),
    ];
    for (act, fields, expected) in forms {
        let (status, answer, _) =
            site.post(&format!("/runs/{run}/{act}"), &format!("csrf={csrf}&reason=+because+&{fields}")).await;
        assert_eq!((status, header(&answer, &LOCATION)), (StatusCode::SEE_OTHER, &*format!("/runs/{run}?done={act}")));
        let asked = site.desk.asked.lock().unwrap().pop().unwrap();
        assert_eq!(asked, (run, expected, "user:ada".to_owned(), "because".to_owned()));
    }
    assert!(site.get(&format!("/runs/{run}?done=retry")).await.1.contains("Retried."));
}

#[sqlx::test]
async fn an_act_without_reason_or_with_bad_json_is_not_done(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, Desk::default()).await;
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
    assert!(site.desk.asked.lock().unwrap().is_empty());
}

#[sqlx::test]
async fn a_refused_act_shows_why(pool: PgPool) {
    let why = "cannot retry a run that is running: nothing has failed or is waiting for a retry";
    let site = Site::new(&pool, Scope::Operate, Desk { refusal: Some(why), ..Desk::default() }).await;
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    let form = format!("csrf={}&reason=x", site.csrf().await);
    let (status, _, page) = site.post(&format!("/runs/{run}/retry"), &form).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains(why) && page.contains("role=\"alert\""));
}

#[sqlx::test]
async fn every_act_of_the_dashboard_needs_its_scope(pool: PgPool) {
    for (path, needs, _) in super::super::act_routes() {
        let path = path.replace("{id}", "01900000-0000-7000-8000-000000000000").replace("{act}", "pause");
        let path = path.replace("{namespace}", "a").replace("{name}", "b");
        for has in Scope::ALL {
            let site = Site::new(&pool, has, Desk::default()).await;
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
        let site = Site::new(&pool, Scope::Admin, Desk::default()).await;
        let (_, answer, _) = site.send(stranger).await;
        assert!(header(&answer, &LOCATION).starts_with("/login"), "{path}");
    }
}
