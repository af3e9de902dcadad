//! The pages of reconciliations.

use std::sync::Arc;

use super::*;
use crate::dashboard::parts::page::Frame;
use crate::dashboard::sync::drift::{sweep_page, sweeps_page};
use crate::dsl::WorkflowRef;
use crate::engine::{Drift, Sweep};
use crate::memory::drift::{Counts, Found};

fn sweep(number: u128, records: &[Drift]) -> (Sweep, Vec<Drift>) {
    let mut counts = Counts::default();
    records.iter().for_each(|record| counts.add(record.found));
    let workflow =
        WorkflowRef { namespace: "crm-erp".into(), name: "contact-reconcile".into(), version: "1.1.0".into() };
    let sweep = Sweep {
        run: RunId::from_u128(number),
        workflow,
        status: "completed".into(),
        attention: None,
        created_at: "2026-11-24T01:17:00Z".parse().unwrap(),
        finished_at: None,
        since: Some("2026-11-24T00:07:00Z".into()),
        counts,
        more: false,
    };
    (sweep, records.to_vec())
}

fn record(id: &str, found: Found, outcome: &str) -> Drift {
    Drift {
        seq: 1,
        entity: Some("contact".into()),
        sides: Arc::default(),
        ids: [Some(id.into()), None],
        found,
        outcome: outcome.into(),
        wrote: vec!["erp.phone".into()],
        conflicts: 0,
        event: None,
        run: Some(RunId::from_u128(99)),
    }
}

#[sqlx::test]
async fn a_sweep_is_counted_and_what_was_not_in_sync_leads_to_its_run(pool: PgPool) {
    let nobody = Site::new(&pool, Scope::Read).await;
    assert!(nobody.get("/drift").await.1.contains("No reconciliation has run yet"));
    let records = [
        record("003same", Found::InSync, "echo"),
        record("003<b>missed", Found::Missed, "updated"),
        record("003left", Found::Left, "no-customer"),
    ];
    let (found, records) = sweep(7, &records);
    let listed = sweeps_page(Frame::of_nobody(), Vec::new(), vec![found.clone()], false);
    let (status, page) = text(listed).await;
    assert_eq!(status, StatusCode::OK);
    let run = RunId::from_u128(7);
    for needle in [
        &format!("href=\"/drift/{run}\""),
        "crm-erp/contact-reconcile",
        "24 Nov 2026, 00:07:00",
        r#"<td class="count">3</td><td class="count">1</td><td class="count">1</td>"#,
        r#"<td class="count"><span>0</span></td>"#,
    ] {
        assert!(page.contains(needle), "{needle}: {page}");
    }
    let (status, page) = text(sweep_page(Frame::of_nobody(), &found, records)).await;
    assert_eq!(status, StatusCode::OK);
    let looked_at = format!("href=\"/runs/{}\"", RunId::from_u128(99));
    for needle in ["Missed, now synced", "updated", "erp.phone", "no-customer", "Left unchanged", &looked_at] {
        assert!(page.contains(needle), "{needle}: {page}");
    }
    assert!(!page.contains("003same") && !page.contains("003<b>"), "what came from outside is escaped: {page}");
    assert_eq!(nobody.get(&format!("/drift/{}", RunId::from_u128(8))).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_long_list_of_sweeps_has_pages() {
    let sweeps: Vec<Sweep> = (1..=25).rev().map(|number| sweep(number, &[]).0).collect();
    let (_, first) = text(sweeps_page(Frame::of_nobody(), Vec::new(), sweeps[..21].to_vec(), false)).await;
    let last = RunId::from_u128(6);
    assert!(first.contains(&format!("/drift?before={last}")), "{first}");
    let (_, second) = text(sweeps_page(Frame::of_nobody(), Vec::new(), sweeps[20..].to_vec(), true)).await;
    assert!(second.contains(&format!("/drift/{}", RunId::from_u128(5))) && !second.contains("More"), "{second}");
}

#[sqlx::test]
async fn events_that_stay_away_stand_above_the_sweeps(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    assert!(!site.get("/drift").await.1.contains("Missing events"));
    let state = json!({
        "highest": 20,
        "open": [
            { "first": 3, "last": 3, "by": 4, "since": "2026-11-24T01:00:00Z", "stage": { "awaited": { "until": "2026-11-24T01:00:30Z" } } },
            { "first": 8, "last": 12, "by": 13, "since": "2026-11-24T02:00:00Z", "stage": { "told": { "at": "2026-11-24T02:00:30Z" } } },
        ],
        "low": [],
    });
    sqlx::query("insert into sequences (source, channel, state, gaps) values ('netsuite', '<b>eu', $1, 2), ('other', '', null, 0)")
        .bind(&state)
        .execute(&pool)
        .await
        .unwrap();
    let (status, page) = site.get("/drift").await;
    assert_eq!(status, StatusCode::OK);
    for needle in [
        "Missing events",
        "&#60;b&#62;eu",
        "<td class=\"place\">3</td>",
        "<td class=\"place\">8 to 12</td>",
        "not yet: they may still arrive",
        "24 Nov 2026, 02:00:30",
    ] {
        assert!(page.contains(needle), "{needle}: {page}");
    }
}
