//! The pages of what reconciliations found.

use serde_json::json;

use super::*;
use crate::dsl::WorkflowRef;
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
    let nobody = Site::new(&pool, Scope::Read, Desk::default()).await;
    assert!(nobody.get("/drift").await.1.contains("No reconciliation has run yet"));
    let records = [
        record("003same", Found::InSync, "echo"),
        record("003<b>missed", Found::Missed, "updated"),
        record("003left", Found::Left, "no-customer"),
    ];
    let site = Site::new(&pool, Scope::Read, Desk { sweeps: vec![sweep(7, &records)], ..Desk::default() }).await;
    let (status, page) = site.get("/drift").await;
    assert_eq!(status, StatusCode::OK);
    let run = RunId::from_u128(7);
    for text in [
        &format!("href=\"/drift/{run}\""),
        "crm-erp/contact-reconcile",
        "24 Nov 2026, 00:07:00",
        r#"<td class="count">3</td><td class="count">1</td><td class="count">1</td>"#,
        r#"<td class="count"><span>0</span></td>"#,
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let (status, page) = site.get(&format!("/drift/{run}")).await;
    assert_eq!(status, StatusCode::OK);
    let looked_at = format!("href=\"/runs/{}\"", RunId::from_u128(99));
    for text in ["Missed, now synced", "updated", "erp.phone", "no-customer", "Left unchanged", &looked_at] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("003same") && !page.contains("003<b>"), "what came from outside is escaped: {page}");
    assert_eq!(site.get(&format!("/drift/{}", RunId::from_u128(8))).await.0, StatusCode::NOT_FOUND);
}

#[sqlx::test]
async fn a_long_list_of_sweeps_has_pages(pool: PgPool) {
    let sweeps = (1..=25).rev().map(|number| sweep(number, &[])).collect();
    let site = Site::new(&pool, Scope::Read, Desk { sweeps, ..Desk::default() }).await;
    let (_, first) = site.get("/drift").await;
    let last = RunId::from_u128(6);
    assert!(first.contains(&format!("/drift?before={last}")), "{first}");
    let (_, second) = site.get(&format!("/drift?before={last}")).await;
    assert!(second.contains(&format!("/drift/{}", RunId::from_u128(5))) && !second.contains("More"), "{second}");
}

#[sqlx::test]
async fn events_that_stay_away_stand_above_the_sweeps(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read, Desk::default()).await;
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
    for text in [
        "Missing events",
        "&#60;b&#62;eu",
        "<td class=\"place\">3</td>",
        "<td class=\"place\">8 to 12</td>",
        "not yet: they may still arrive",
        "24 Nov 2026, 02:00:30",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
}
