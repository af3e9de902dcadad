//! The pages of schedules.

use super::*;
use crate::store::schedules;

/// Deploys a workflow with a schedule, as a node would find it.
async fn schedule(site: &Site, pool: &PgPool, name: &str) {
    site.deploy(&format!(
        "document: {{ dsl: '1.0.3', namespace: crm-erp, name: {name}, version: '1.0.0', metadata: {{ schedule: {{ timeZone: Europe/Zurich }} }} }}
schedule: {{ cron: '30 2 * * *' }}
do:
  - note: {{ set: {{ at: 1 }} }}
"
    ))
    .await;
    row(pool, name).await;
}

async fn row(pool: &PgPool, name: &str) {
    let row = "insert into schedules (namespace, name, version, signature, anchor, next_at)
               values ('crm-erp', $1, '1.0.0', 's', '2026-11-23', '2026-11-24T01:30:00Z')";
    sqlx::query(row).bind(name).execute(pool).await.unwrap();
}

async fn paused(site: &Site, pool: &PgPool, name: &str, reason: &str) {
    schedule(site, pool, name).await;
    let new = schedules::NewAct { namespace: "crm-erp", name, actor: "user:ada", reason: Some(reason) };
    assert!(schedules::pause(pool, &new).await.unwrap());
}

/// Returns the acts on schedules: name, act, actor, reason.
async fn acted(pool: &PgPool) -> Vec<(String, String, String, Option<String>)> {
    let acts = "select name, act, actor, reason from schedule_acts order by id";
    sqlx::query_as(acts).fetch_all(pool).await.unwrap()
}

#[sqlx::test]
async fn schedules_are_listed_with_their_next_firing_on_their_own_clock(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    assert!(site.get("/schedules").await.1.contains("No schedules yet"));
    schedule(&site, &pool, "nightly").await;
    paused(&site, &pool, "weekly", "month end").await;
    let (status, page) = site.get("/schedules").await;
    assert_eq!(status, StatusCode::OK);
    for text in ["crm-erp/nightly", "cron 30 2 * * *", "Tue 24 Nov 2026, 02:30:00 CET", "24 Nov 2026, 01:30:00 UTC"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(
        page.contains("Active") && page.contains("Paused") && !page.contains("<form method=\"post\" action=\"/sch")
    );
}

#[sqlx::test]
async fn one_can_page_through_schedules(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    for number in 0..120 {
        row(&pool, &format!("w-{number:03}")).await;
    }
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
async fn an_act_on_a_schedule_is_done_and_recorded_with_who_and_why(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    schedule(&site, &pool, "nightly").await;
    paused(&site, &pool, "weekly", "x").await;
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
    let run: RunId = sqlx::query_scalar("select id from runs").fetch_one(&pool).await.unwrap();
    assert!(site.get(header(&answer, &LOCATION)).await.1.contains(&format!("href=\"/runs/{run}\"")));
    let by = |act: &str| ("nightly".to_owned(), act.to_owned(), "user:ada".to_owned(), Some("month end".to_owned()));
    assert_eq!(acted(&pool).await[1..], [by("pause"), by("fire")]);
}

#[sqlx::test]
async fn an_act_on_a_schedule_needs_scope_token_reason_and_a_schedule(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    schedule(&site, &pool, "nightly").await;
    let csrf = site.csrf().await;
    let path = "/schedules/crm-erp/nightly/pause";
    assert_eq!(site.post(path, "csrf=guess&reason=x").await.0, StatusCode::FORBIDDEN);
    let (status, _, page) = site.post(path, &format!("csrf={csrf}&reason=+")).await;
    assert_eq!((status, page.contains("give a reason")), (StatusCode::UNPROCESSABLE_ENTITY, true));
    let form = format!("csrf={csrf}&reason=x");
    assert_eq!(site.post("/schedules/crm-erp/nightly/stop", &form).await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/schedules/crm-erp/none").await.0, StatusCode::NOT_FOUND);
    let reader = site.of(&pool, Scope::Read).await;
    let csrf = reader.csrf().await;
    assert_eq!(reader.post(path, &format!("csrf={csrf}&reason=x")).await.0, StatusCode::FORBIDDEN);
    assert!(!reader.get("/schedules/crm-erp/nightly").await.1.contains("act-pause"));
    assert!(acted(&pool).await.is_empty());
}

#[sqlx::test]
async fn what_people_wrote_about_a_schedule_stays_text(pool: PgPool) {
    let hostile = "<script>alert(1)</script>";
    let site = Site::new(&pool, Scope::Operate).await;
    paused(&site, &pool, "nightly", hostile).await;
    let done = schedules::NewAct { namespace: "crm-erp", name: "nightly", actor: hostile, reason: Some(hostile) };
    schedules::record_fire(&mut pool.acquire().await.unwrap(), &done, RunId::from_u128(7)).await.unwrap();
    let (status, page) = site.get("/schedules/crm-erp/nightly").await;
    assert_eq!(status, StatusCode::OK);
    assert!(!page.contains("<script>alert") && page.matches("script&#62;alert(1)").count() >= 3, "{page}");
}
