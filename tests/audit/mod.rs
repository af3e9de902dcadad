//! What the audit proves: changed, deleted, inserted and reordered rows are found, and an intact database passes.

pub(crate) mod forgeries;
mod mutations;
mod people;
mod speed;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use chrono::TimeDelta;
use sqlx::{Connection as _, Executor, PgConnection};
use stepwell::engine::audit::anchors::key::AuditKey;
use stepwell::engine::audit::{self, Anchors, Options, uncovered};

use self::mutations::Forger;
use self::people::Full;
use crate::harness::{Target, World, calls, eventually, hub};

/// Returns anchors that cover everything, as if each day had settled long ago, and anchors as nodes write them.
async fn anchored(full: &Full) -> Anchors {
    let key = AuditKey::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let mut texts = Vec::new();
    for settles_after in [TimeDelta::days(-2), audit::SETTLES_AFTER] {
        let (anchor, document) = audit::take(&full.pool, Some(&key), settles_after).await.unwrap();
        assert!(document.findings.is_empty(), "{:?}", document.findings);
        texts.push((document.seq.to_string(), anchor.to_text().unwrap()));
    }
    Anchors::read(&texts, Some(&key.public()))
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thousand_random_mutations_are_all_found() {
    let full = Full::new().await;
    // From here on, nothing else writes.
    full.node.stop();
    let anchors = anchored(&full).await;
    let sound = audit::verify(&full.pool, &Options::default(), Some(&anchors)).await.unwrap();
    assert!(sound.is_sound(), "{:#?}", sound.findings);
    assert!(sound.runs >= 15 && sound.events > 5 && sound.entries > 50 && sound.anchors == 2, "{sound:?}");
    let mut connection = full.world.connect().await;
    let mut forger = Forger::new(&mut connection, 20_251_130).await;
    let (mut made, mut missed, mut by_table) = (0, Vec::new(), BTreeMap::new());
    while made < 1_000 {
        let mut transaction = connection.begin().await.unwrap();
        if let Some(what) = forger.mutate(&mut transaction).await {
            made += 1;
            *by_table.entry(what.split_whitespace().nth(2).unwrap_or_default().to_owned()).or_insert(0) += 1;
            let report = audit::verify_in(&mut transaction, Some(&anchors)).await;
            if report.unwrap_or_else(|why| panic!("{what}: {why}")).is_sound() {
                missed.push(what);
            }
        }
        transaction.rollback().await.unwrap();
    }
    println!("{by_table:?}");
    assert!(missed.is_empty(), "{} of {made} were not found: {missed:#?}", missed.len());
    let after = audit::verify_in(&mut connection, Some(&anchors)).await.unwrap();
    assert!(after.is_sound(), "{:#?}", after.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_the_schema_is_covered_or_listed_with_a_reason() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let all = mutations::columns(&mut world.connect().await).await;
    let unknown: Vec<String> = all
        .iter()
        .filter(|c| !mutations::is_covered(&c.table) && uncovered::reason(&c.table, &c.name).is_none())
        .map(|c| format!("{}.{}", c.table, c.name))
        .collect();
    assert!(unknown.is_empty(), "neither covered nor listed in engine/audit/uncovered.rs: {unknown:?}");
    for (table, column, why) in uncovered::UNCOVERED {
        let is_there = all.iter().any(|c| c.table == table && (column == "*" || c.name == column));
        assert!(is_there && !why.is_empty(), "{table}.{column} is listed, and there is no such column");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_sound_while_nodes_write_to_it() {
    let full = Full::new().await;
    let anchors = anchored_now(&full).await;
    let (started, mut verified) = (std::cell::Cell::new(100_u64), 0);
    let load = async {
        while started.get() < 400 {
            full.node.start_calls(started.get()).await;
            started.set(started.get() + 1);
        }
    };
    let verify = async {
        while started.get() < 400 {
            let report = audit::verify(&full.pool, &Options { workers: 2 }, Some(&anchors)).await.unwrap();
            assert!(report.is_sound(), "{:#?}", report.findings);
            let made = full.world.command(&["token", "create", "--name", "again", "--scopes", "read"]);
            assert!(made.0, "{}", made.2);
            verified += 1;
        }
    };
    tokio::join!(load, verify);
    assert!(verified > 1, "nothing was verified in between");
    let (sound, told, _) = full.world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

async fn anchored_now(full: &Full) -> Anchors {
    let (anchor, document) = audit::take(&full.pool, None, audit::SETTLES_AFTER).await.unwrap();
    Anchors::read(&[(document.seq.to_string(), anchor.to_text().unwrap())], None)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_an_earlier_version_is_adopted_and_sound() {
    let full = Full::new().await;
    let mut connection = full.world.connect().await;
    // Restore the state before the migration.
    connection
        .execute(
            "drop table audit_chain, audit_anchors, audit_turn; delete from _sqlx_migrations where version = 25;
             update audit_adoption set done = false",
        )
        .await
        .unwrap();
    let (ok, told, error) = full.world.command(&["migrate"]);
    assert!(ok, "{told}{error}");
    let report = audit::verify(&full.pool, &Options::default(), None).await.unwrap();
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert!(report.adopted > 40 && report.adopted == report.entries, "{report:?}");
    // A second migration adopts nothing.
    connection
        .execute(
            "insert into tokens (id, name, hash, scopes)
             select gen_random_uuid(), 'x' || n, ('x' || n)::bytea, '{admin}' from generate_series(1, 2500) n",
        )
        .await
        .unwrap();
    assert!(full.world.command(&["migrate"]).0);
    let (sound, told, _) = full.world.command(&["audit", "verify"]);
    assert!(!sound && told.contains("of tokens was not written by any act"), "{told}");
    let (ok, told, error) = full.world.command(&["audit", "adopt", "--reason", "made by hand, ticket 7"]);
    assert!(ok && told.contains("2500 rows") && error.contains("1000 rows so far"), "{told}{error}");
    let (sound, told, _) = full.world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
    let (_, acts, _) = full.world.command(&["audit", "acts", "--subject", "database"]);
    assert!(acts.contains("audit.adopt") && acts.contains("ticket 7"), "{acts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_writes_anchors_where_hub_yaml_says_and_a_cut_tail_is_found_by_them() {
    let target = Target::start().await;
    let folder = tempfile::tempdir().unwrap();
    let with_anchors = format!("{}audit: {{ anchors: {{ every: PT1M, folder: {:?} }} }}\n", hub(), folder.path());
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))];
    let mut world = World::new(&files, &[target.address().to_string()]).await;
    let mut node = world.node().await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    assert!(node.terminate());
    world.write("hub.yaml", &with_anchors);
    world.set("STEPWELL_AUDIT_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let _node = world.node().await;
    let written = || async {
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter_map(Result::ok)
            .map(|e| e.path())
            .find(|p| p.extension().is_some())
    };
    let file = eventually("an anchor", written).await;
    let at = folder.path().display().to_string();
    let (sound, told, error) = world.command(&["audit", "verify", "--anchor", &at]);
    assert!(sound && told.contains("against 1 anchor(s)"), "{told}{error}");
    let (sound, told, _) = world.command(&["audit", "verify", "--anchor", &at, "--public-key", "c29tZWJvZHkgZWxzZQ=="]);
    assert!(!sound && told.contains("not signed with the given key"), "{told}");
    let (sound, told, error) = world.command(&["audit", "anchor", "--out", &at]);
    assert!(sound && told.contains("anchor 2 written"), "{told}{error}");
    let mut connection = world.connect().await;
    connection
        .execute("delete from events; delete from event_keys; delete from journal; delete from runs")
        .await
        .unwrap();
    assert!(world.command(&["audit", "verify"]).0, "the database alone reveals nothing");
    let (sound, told, _) = world.command(&["audit", "verify", "--anchor", &at, "--json"]);
    assert!(!sound && told.contains(&run) && told.contains("is missing"), "{told}");
    // A modified anchor proves nothing, and an anchor taken now reports the problem.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace(&run, &uuid::Uuid::now_v7().to_string())).unwrap();
    let (sound, told, _) = world.command(&["audit", "verify", "--anchor", &at]);
    assert!(!sound && told.contains("it was changed"), "{told}");
    let (sound, _, error) = world.command(&["audit", "anchor", "--out", &at]);
    assert!(!sound && error.contains(&run), "{error}");
}

/// Starts a receiver that refuses the first delivery and stores all of them.
async fn receiver() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let received: Arc<Mutex<Vec<String>>> = Arc::default();
    let all = Arc::clone(&received);
    let take = move |body: String| {
        let mut all = all.lock().unwrap();
        all.push(body);
        std::future::ready(if all.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT })
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/anchors", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_is_posted_until_it_arrives_and_what_was_received_proves_the_database() {
    let target = Target::start().await;
    let (address, received) = receiver().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))];
    let mut world = World::new(&files, &[target.address().to_string(), address.to_string()]).await;
    let mut node = world.node().await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    assert!(node.terminate());
    let webhook = format!("{}audit: {{ anchors: {{ every: PT1M, webhook: 'http://{address}/anchors' }} }}\n", hub());
    world.write("hub.yaml", &webhook);
    world.set("STEPWELL_AUDIT_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let (ok, told, _) = world.command(&["doctor", "--offline"]);
    assert!(ok && told.contains("posted to http") && told.contains("they are signed"), "{told}");
    let _node = world.node().await;
    let arrived = || async { (received.lock().unwrap().len() >= 2).then_some(()) };
    eventually("the anchor is delivered again", arrived).await;
    let lines = received.lock().unwrap().clone();
    assert_eq!(lines[0], lines[1], "the second delivery is identical, byte for byte");
    let mut connection = world.connect().await;
    let left = async |connection: &mut PgConnection| -> i64 {
        sqlx::query_scalar("select count(*) from outgoing").fetch_one(connection).await.unwrap()
    };
    while left(&mut connection).await > 0 {
        tokio::task::yield_now().await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("received.jsonl");
    std::fs::write(&file, lines.concat()).unwrap();
    let verify = ["audit", "verify", "--anchor", file.to_str().unwrap()];
    let (sound, told, error) = world.command(&verify);
    assert!(sound && told.contains("against 2 anchor(s)"), "{told}{error}");
    connection
        .execute("delete from events; delete from event_keys; delete from journal; delete from runs")
        .await
        .unwrap();
    let (sound, told, _) = world.command(&verify);
    assert!(!sound && told.contains(&run) && told.contains("is missing"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_tampering_is_found() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[target.address().to_string()]).await;
    let node = world.node().await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
    let mut connection = world.connect().await;
    // Each row is a decision of two records, so rows end at 2, 4 and 6.
    let harms = [
        ("changed data", "update journal set data = '[{\"kind\":\"run.admitted\",\"data\":{}},{\"kind\":\"run.admitted\",\"data\":{}}]' where seq = 4"),
        ("changed actor", "update journal set actor = 'nobody' where seq = 2"),
        ("changed format", "update journal set format = 1 where seq = 2"),
        ("a later format", "update journal set format = 3 where seq = 2"),
        ("changed time", "update journal set at = at + interval '1 second' where seq = 2"),
        ("deleted in the middle", "delete from journal where seq = 4"),
        ("deleted at the end", "delete from journal where seq = (select max(seq) from journal)"),
        (
            "inserted",
            "insert into journal select shard, run_id, seq + 1, at, kind, task, attempt, actor, data, hash, format from journal
             where seq = (select max(seq) from journal)",
        ),
        (
            "reordered",
            "update journal set seq = seq + 40 where seq in (2, 4); update journal set seq = 4 where seq = 42;
             update journal set seq = 2 where seq = 44",
        ),
        ("anchor moved back", "update runs set seq = seq - 1"),
        ("run removed", "delete from runs"),
    ];
    for (what, harm) in harms {
        connection
            .execute("create table kept as select * from journal; create table kept_runs as select * from runs")
            .await
            .unwrap();
        connection.execute(harm).await.unwrap();
        let (sound, told, _) = world.command(&["audit", "verify"]);
        assert!(!sound && told.contains(&run), "{what} was not found: {told}");
        connection
            .execute(
                "delete from journal; insert into journal select * from kept; delete from runs; insert into runs select * from kept_runs;
                 drop table kept; drop table kept_runs",
            )
            .await
            .unwrap();
    }
    assert!(world.command(&["audit", "verify"]).0);
}
