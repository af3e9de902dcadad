//! The page of batches.

use chrono::{TimeDelta, Utc};

use super::*;
use crate::memory::batches::{Batch, Begin, FailedRow, Report};
use crate::store::sync::batches as store;

/// Stores a batch of `run` that began two minutes ago, with one report.
async fn add(pool: &PgPool, run: Uuid, mode: &str, done: u32, failed: &[&str]) -> Uuid {
    let began = Utc::now() - TimeDelta::minutes(2);
    let begin = Begin { name: "catalog-nightly".into(), mode: mode.into(), run };
    let mut batch = Batch::begin(&begin, Uuid::now_v7(), &[], began).unwrap();
    let keys = (0..done).map(|n| n.to_string()).collect();
    let told = Report { batch: batch.id, cursor: "1".into(), keys, failed: Vec::new(), total: Some(50_000) };
    batch.count(&told, began + TimeDelta::seconds(2)).unwrap();
    batch.failed = i64::try_from(failed.len()).unwrap();
    let conn = &mut *pool.acquire().await.unwrap();
    store::insert(conn, &batch).await.unwrap();
    store::update(conn, &batch).await.unwrap();
    let row = |key: &&str| FailedRow {
        key: (*key).to_owned(),
        message: format!("<b>{key}</b> is too long"),
        row: serde_json::json!({ "id": key }),
        attempts: 1,
    };
    store::keep_rows(conn, &batch, &failed.iter().map(row).collect::<Vec<_>>()).await.unwrap();
    batch.id
}

#[sqlx::test]
async fn a_batch_shows_how_far_it_is_at_which_rate_and_what_failed(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    assert!(site.get("/batches").await.1.contains("No batches yet"));
    let run = fixture::store(&pool, &fixture::faulted(), &FAULTED).await;
    add(&pool, run, "incremental", 4_200, &["2209", "2212"]).await;
    let (status, page) = site.get("/batches").await;
    assert_eq!(status, StatusCode::OK);
    for text in [
        "catalog-nightly",
        "Running",
        "<b>4,200 of 50,000</b>",
        "value=\"4200\" max=\"50000\"",
        "2,100 a second",
        "<dt>Remaining</dt><dd>22 s</dd>",
        "2 failed rows wait",
        "&#60;b&#62;2209&#60;/b&#62; is too long",
        "data-announce=\"catalog-nightly: 4,200 of 50,000\"",
        "Retry all 2",
        "/workflows/crm-erp/closed-won",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let reader = site.of(&pool, Scope::Read).await;
    assert!(!reader.get("/batches").await.1.contains("Retry failed rows"));
}

#[sqlx::test]
async fn a_batch_whose_run_has_ended_before_it_did_is_stopped(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let run = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    add(&pool, run, "full", 10, &[]).await;
    add(&pool, Uuid::from_u128(9), "retry", 3, &[]).await;
    let (_, page) = site.get("/batches").await;
    assert!(page.contains("Stopped") && !page.contains("Running") && !page.contains("<dt>Remaining</dt>"), "{page}");
    assert!(page.contains("Earlier passes") && page.contains("full · "), "{page}");
}

#[sqlx::test]
async fn the_button_starts_a_retry_of_what_failed(pool: PgPool) {
    let site = Site::new(&pool, Scope::Operate).await;
    site.deploy("document: { dsl: '1.0.3', namespace: crm-erp, name: closed-won, version: '2.0.0' }\ndo:\n  - a: { set: { b: 1 } }\n").await;
    let run = fixture::store(&pool, &fixture::completed(), &COMPLETED).await;
    let id = add(&pool, run, "full", 10, &["2209"]).await;
    let path = format!("/batches/{id}/retry");
    assert_eq!(site.post(&path, "csrf=guess").await.0, StatusCode::FORBIDDEN);
    let csrf = site.csrf().await;
    let (status, _, page) = site.post(&path, &format!("csrf={csrf}")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let started = async || -> Vec<(RunId, String)> {
        let starts = "select (detail ->> 'run')::uuid, actor || ': ' || reason from acts where act = 'batch.retry'";
        sqlx::query_as(starts).fetch_all(&pool).await.unwrap()
    };
    assert!(page.contains("give a reason") && started().await.is_empty(), "{page}");
    let form = format!("csrf={csrf}&reason=prices+are+right+now");
    let (status, answer, _) = site.post(&path, &form).await;
    let new = started().await;
    let there = format!("/batches?started={}", new[0].0);
    assert_eq!((status, header(&answer, &LOCATION), new.len()), (StatusCode::SEE_OTHER, there.as_str(), 1));
    assert!(site.get(&there).await.1.contains("retries the failed rows"));
    assert_eq!(new[0].1, "user:ada: prices are right now");
    let records = crate::store::runs::journal::records_from_base(&pool, new[0].0).await.unwrap().0;
    assert_eq!(serde_json::to_value(&records[0].change).unwrap()["data"]["input"], json!({ "mode": "retry" }));
    sqlx::query("delete from batch_rows").execute(&pool).await.unwrap();
    let (status, _, page) = site.post(&path, &form).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("Not done: ") && page.contains("has no failed rows left"), "{page}");
    let reader = site.of(&pool, Scope::Read).await;
    assert_eq!(reader.post(&path, &form).await.0, StatusCode::FORBIDDEN);
}
