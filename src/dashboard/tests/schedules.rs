//! The pages of workflows that start by themselves.

use super::*;
use crate::store::schedules;

fn schedule(name: &str) -> Schedule {
    Schedule {
        namespace: "crm-erp".into(),
        name: name.into(),
        version: "1.0.0".into(),
        kind: "cron",
        expression: "30 2 * * *".into(),
        time_zone: "Europe/Zurich".into(),
        misfire: "once",
        last: None,
        run: None,
        next: vec!["2026-11-24T01:30:00Z".parse().unwrap()],
        paused_at: None,
        paused_by: None,
        reason: None,
    }
}

fn paused(name: &str, reason: &str) -> Schedule {
    Schedule {
        next: Vec::new(),
        paused_at: Some("2026-11-23T12:00:00Z".parse().unwrap()),
        paused_by: Some("user:ada".into()),
        reason: Some(reason.into()),
        ..schedule(name)
    }
}

fn desk(schedules: Vec<Schedule>) -> Desk {
    Desk { schedules, ..Desk::default() }
}

#[sqlx::test]
async fn schedules_are_listed_with_their_next_firing_on_their_own_clock(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read, desk(vec![schedule("nightly"), paused("weekly", "month end")])).await;
    let (status, page) = site.get("/schedules").await;
    assert_eq!(status, StatusCode::OK);
    for text in ["crm-erp/nightly", "cron 30 2 * * *", "Tue 24 Nov 2026, 02:30:00 CET", "24 Nov 2026, 01:30:00 UTC"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        page.contains("Active") && page.contains("Paused") && !page.contains("<form method=\"post\" action=\"/sch")
    );
    let none = Site::new(&pool, Scope::Read, Desk::default()).await;
    assert!(none.get("/schedules").await.1.contains("No schedules yet"));
}

#[sqlx::test]
async fn one_can_page_through_schedules(pool: PgPool) {
    let many = (0..120).map(|n| schedule(&format!("w-{n:03}"))).collect();
    let site = Site::new(&pool, Scope::Read, desk(many)).await;
    let mut path = "/schedules".to_owned();
    let mut seen = 0;
    for _ in 0..3 {
        let (_, page) = site.get(&path).await;
        seen += page.matches("class=\"name\"").count();
        path = page
            .split("href=\"")
            .filter_map(|part| part.split('"').next())
            .find(|h| h.contains("?after="))
            .unwrap_or("")
            .to_owned();
    }
    assert_eq!((seen, path.as_str()), (120, ""));
}

#[sqlx::test]
async fn an_act_on_a_schedule_reaches_the_engine_with_who_and_why(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, desk(vec![schedule("nightly"), paused("weekly", "x")])).await;
    let csrf = site.csrf().await;
    let path = "/schedules/crm-erp/nightly";
    let (_, page) = site.get(path).await;
    assert!(page.contains(&format!("{path}/pause").replace('-', "%2D")) && !page.contains("/resume\""), "{page}");
    assert!(site.get("/schedules/crm-erp/weekly").await.1.contains("/resume\""));
    let form = format!("csrf={csrf}&reason=month+end");
    let (status, answer, _) = site.post(&format!("{path}/pause"), &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (_, told) = site.get(header(&answer, &LOCATION)).await;
    assert!(told.contains("Paused."), "{told}");
    let (_, answer, _) = site.post(&format!("{path}/fire"), &form).await;
    let run = RunId::from_u128(7);
    assert!(site.get(header(&answer, &LOCATION)).await.1.contains(&format!("href=\"/runs/{run}\"")));
    let acted = site.desk.acted.lock().unwrap().clone();
    let by = |act| ("nightly".to_owned(), act, "user:ada".to_owned(), "month end".to_owned());
    assert_eq!(acted, [by(ScheduleAct::Pause), by(ScheduleAct::Fire)]);
}

#[sqlx::test]
async fn an_act_on_a_schedule_needs_scope_token_reason_and_a_schedule(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate, desk(vec![schedule("nightly")])).await;
    let csrf = site.csrf().await;
    let path = "/schedules/crm-erp/nightly/pause";
    assert_eq!(site.post(path, "csrf=guess&reason=x").await.0, StatusCode::FORBIDDEN);
    let (status, _, page) = site.post(path, &format!("csrf={csrf}&reason=+")).await;
    assert_eq!((status, page.contains("give a reason")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    let form = format!("csrf={csrf}&reason=x");
    assert_eq!(site.post("/schedules/crm-erp/nightly/stop", &form).await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/schedules/crm-erp/none").await.0, StatusCode::NOT_FOUND);
    let reader = Site::new(&pool, Scope::Read, desk(vec![schedule("nightly")])).await;
    let csrf = reader.csrf().await;
    assert_eq!(reader.post(path, &format!("csrf={csrf}&reason=x")).await.0, StatusCode::FORBIDDEN);
    assert!(!reader.get("/schedules/crm-erp/nightly").await.1.contains("act-pause"));
    for site in [&site, &reader] {
        assert!(site.desk.acted.lock().unwrap().is_empty());
    }
}

#[sqlx::test]
async fn what_people_wrote_about_a_schedule_stays_text(pool: PgPool) {
    let hostile = "<script>alert(1)</script>";
    let site = Site::new(&pool, Scope::Operate, desk(vec![paused("nightly", hostile)])).await;
    let done = schedules::NewAct { namespace: "crm-erp", name: "nightly", actor: hostile, reason: Some(hostile) };
    schedules::record_fire(&mut pool.acquire().await.unwrap(), &done, RunId::from_u128(7)).await.unwrap();
    let (status, page) = site.get("/schedules/crm-erp/nightly").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!page.contains("<script>alert") && page.matches("script&#62;alert(1)").count() >= 3, "{page}");
}
