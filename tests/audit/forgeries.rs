//! Forgers who recompute everything that the database can check: only an external anchor exposes them.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use stepwell::dsl::{self, Functions};
use stepwell::engine::audit::{self, Anchors};
use stepwell::machine::{Actor, Cause, Change, Record, Run, RunId, fold};
use stepwell::store::audit::{self as chain, Entry, Sealed, scan};
use stepwell::store::nodes::formats::NEWEST;
use stepwell::store::runs::journal;
use stepwell::store::{definitions, shard};

use super::anchored;
use super::people::Full;

/// Asserts that the database alone does not reveal a forgery, but anchors do.
async fn is_found_by_anchors_alone(conn: &mut PgConnection, anchors: &Anchors, what: &str) {
    let alone = audit::verify_in(conn, None).await.unwrap();
    assert!(alone.is_sound(), "{what}: the database alone reveals the forgery: {:#?}", alone.findings);
    let held = audit::verify_in(conn, Some(anchors)).await.unwrap();
    assert!(!held.is_sound(), "{what} was not found");
}

pub(crate) async fn records(conn: &mut PgConnection, run: RunId) -> Vec<Record> {
    let rows = journal::read(conn, run, 0, 1_000).await.unwrap();
    rows.iter().map(|row| row.record().unwrap()).collect()
}

/// Replaces the history of a run, and its row to match.
pub(crate) async fn replace(conn: &mut PgConnection, run: RunId, records: &[Record]) {
    let (rows, head) = journal::encode(records, 0, journal::genesis(run), NEWEST).unwrap();
    sqlx::query("delete from journal where run_id = $1").bind(run).execute(&mut *conn).await.unwrap();
    for row in &rows {
        let insert = "insert into journal (shard, run_id, seq, at, data, hash, format) values ($1, $2, $3, $4, $5::json, $6, $7)";
        let insert = sqlx::query(insert).bind(shard(run)).bind(run).bind(row.seq).bind(row.at).bind(&row.data);
        insert.bind(row.hash.as_slice()).bind(row.format).execute(&mut *conn).await.unwrap();
    }
    let id: i32 = sqlx::query_scalar("select definition_id from runs where id = $1")
        .bind(run)
        .fetch_one(&mut *conn)
        .await
        .unwrap();
    let row = definitions::deployed_after(&mut *conn, id - 1, &[], 1).await.unwrap().remove(0);
    let functions = Functions::from_stored(serde_json::from_str(&row.functions).unwrap()).unwrap();
    let definition = dsl::rebuild("forged", &row.source, &functions).unwrap().definition;
    let forged = fold(&definition, Run::new(run), records).unwrap();
    let cause = Cause::of(&definition, &forged);
    sqlx::query(
        "update runs set seq = $2, head = $3, status = $4, attention = $5, task = $6, error = $7::json, fingerprint = $8, finished_at = $9,
                attention_at = case when $5 is not null then now() end, base = nullif($10, 0) where id = $1",
    )
    .bind(run)
    .bind(i32::try_from(records.len()).unwrap())
    .bind(head.as_slice())
    .bind(forged.status.as_str())
    .bind(forged.attention.map(|attention| attention.as_str()))
    .bind(forged.standing_at().map(|task| definition.task(task).reference.clone()))
    .bind(cause.as_ref().map(|cause| serde_json::to_string(&cause.error).unwrap()))
    .bind(cause.as_ref().and_then(|cause| cause.fingerprint.clone()))
    .bind(forged.finished_at)
    .bind(i32::try_from(forged.base).unwrap())
    .execute(conn)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_recomputes_every_hash_is_found_by_an_anchor() {
    let full = Full::new().await;
    full.node.stop();
    let anchors = anchored(&full).await;
    let mut connection = full.world.connect().await;
    let runs: Vec<RunId> =
        sqlx::query_scalar("select id from runs where seq > 1 order by id").fetch_all(&mut connection).await.unwrap();
    assert!(runs.len() > 8);
    for run in runs {
        let mut forging = connection.begin().await.unwrap();
        let mut all = records(&mut forging, run).await;
        all.pop();
        replace(&mut forging, run, &all).await;
        is_found_by_anchors_alone(&mut forging, &anchors, &format!("the cut tail of run {run}")).await;
        forging.rollback().await.unwrap();

        let mut forging = connection.begin().await.unwrap();
        let mut all = records(&mut forging, run).await;
        all[0].actor = Actor("user:nobody".into());
        replace(&mut forging, run, &all).await;
        is_found_by_anchors_alone(&mut forging, &anchors, &format!("another actor in run {run}")).await;
        forging.rollback().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_rewrites_what_a_run_went_on_as_new_with_is_found_without_an_anchor() {
    let full = Full::new().await;
    full.node.stop();
    let mut connection = full.world.connect().await;
    let run: RunId =
        sqlx::query_scalar("select id from runs where base is not null").fetch_one(&mut connection).await.unwrap();
    let mut all = records(&mut connection, run).await;
    let continued = all.iter_mut().find_map(|record| match &mut record.change {
        Change::RunContinued(continuation) => Some(continuation),
        _ => None,
    });
    continued.unwrap().context = Arc::new(serde_json::json!({ "paid": true }));
    let mut forging = connection.begin().await.unwrap();
    replace(&mut forging, run, &all).await;
    let found = audit::verify_in(&mut forging, None).await.unwrap();
    let told = "does not follow from the records before it";
    assert!(found.findings.iter().any(|finding| finding.what.contains(told)), "{:#?}", found.findings);
    forging.rollback().await.unwrap();
    connection.execute("update runs set base = base - 1 where base is not null").await.unwrap();
    let found = audit::verify_in(&mut connection, None).await.unwrap();
    assert!(found.findings.len() == 1 && found.findings[0].what.contains("base"), "{:#?}", found.findings);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_rewrites_the_chain_of_acts_is_found_by_an_anchor() {
    let full = Full::new().await;
    full.node.stop();
    let anchors = anchored(&full).await;
    let mut connection = full.world.connect().await;
    let harms = [
        "update users set scopes = '{admin}' where name = 'bob'",
        "update acts set actor = 'user:bob' where act = 'user.create'",
        "update totals_sign_offs set reason = 'never mind'",
        "update proposals set decided_by = 'user:ann2' where decision = 'approved'",
        "delete from freezes",
    ];
    for harm in harms {
        let mut forging = connection.begin().await.unwrap();
        forging.execute(harm).await.unwrap();
        let found = audit::verify_in(&mut forging, None).await.unwrap();
        assert!(!found.is_sound(), "{harm} was not found");
        rewrite(&mut forging).await;
        is_found_by_anchors_alone(&mut forging, &anchors, harm).await;
        forging.rollback().await.unwrap();
    }
    // A token as if an act had created it, but without the act.
    let mut forging = connection.begin().await.unwrap();
    let token = "insert into tokens (id, name, hash, scopes) values (gen_random_uuid(), 'back-door', 'x', '{admin}')";
    forging.execute(token).await.unwrap();
    rewrite(&mut forging).await;
    let found = audit::verify_in(&mut forging, None).await.unwrap();
    assert!(found.findings.len() == 1 && found.findings[0].what.contains("without an act"), "{:#?}", found.findings);
    forging.rollback().await.unwrap();

    let mut forging = connection.begin().await.unwrap();
    // Restores the state before an act and deletes the act.
    forging.execute("delete from acts where act = 'workflow.deploy' and subject like '%calls%'").await.unwrap();
    forging.execute("delete from audit_chain where seq > 40").await.unwrap();
    rewrite(&mut forging).await;
    is_found_by_anchors_alone(&mut forging, &anchors, "a chain that was cut").await;
    forging.rollback().await.unwrap();
}

/// Recomputes the chain so that it matches the tables.
async fn rewrite(conn: &mut PgConnection) {
    let mut kept: Vec<Entry> = Vec::new();
    let mut before = chain::genesis().to_vec();
    for scanned in scan::entries(conn, 0, 10_000).await.unwrap() {
        let mut entry = scanned.entry;
        let table = Sealed::of(&entry.of_table).unwrap();
        if scanned.is_last {
            let row = scan::rows(conn, table, std::slice::from_ref(&entry.key)).await.unwrap();
            entry.digest = row.first().map(|row| chain::digest(table, row).unwrap().to_vec());
        }
        entry.hash = entry.hash_after(&before).to_vec();
        before.clone_from(&entry.hash);
        kept.push(entry);
    }
    for entry in kept {
        sqlx::query("update audit_chain set digest = $2, hash = $3 where seq = $1")
            .bind(entry.seq)
            .bind(entry.digest)
            .bind(entry.hash)
            .execute(&mut *conn)
            .await
            .unwrap();
    }
    // Seals rows that were never sealed, as an act would.
    let mut unsealed = Vec::new();
    for table in Sealed::ALL {
        unsealed.extend(scan::unsealed(conn, table, 10_000).await.unwrap().into_iter().map(|key| (table, key)));
    }
    chain::seal(conn, &unsealed).await.unwrap();
    let last = sqlx::query(AssertSqlSafe("select count(*) from audit_chain".to_owned())).fetch_one(conn).await.unwrap();
    assert!(last.get::<i64, _>(0) > 0);
}
