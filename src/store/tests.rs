//! The plans of the hot statements do not depend on luck: they are the same on empty tables and on a million rows, without
//! any `analyze` in between.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};
use uuid::Uuid;

use super::commit::{RunState, Transition};
use super::fixture::{event, row, run, state};
use super::{
    claims, commands, commit, connect_engine, events, gatherings, journal, lanes, listeners, nodes, outgoing,
    schedules, sequences,
};
use crate::memory::sequences::{Counted, arrive};

/// Rows that tables are filled with.
const ROWS: i32 = 1_000_000;

/// Connections that fill them at once.
const FILLERS: usize = 4;

/// Runs each hot statement once, so that the connection has it prepared.
async fn prepare_all(pool: &PgPool) {
    let id = Uuid::now_v7();
    let (run, row) = (run(id), row());
    let transition =
        Transition { id, owner: Uuid::from_u128(1), fence: 1, seq_before: 1, state: RunState { seq: 2, ..state() } };
    let event = event(Uuid::now_v7());
    let mut connection = pool.acquire().await.unwrap();
    commit::take_event_keys(&mut connection, &[&event]).await.unwrap();
    commit::known_events(&mut connection, &[("test", "x")]).await.unwrap();
    commit::insert_events(&mut connection, &[&event]).await.unwrap();
    commit::insert_runs(&mut connection, &[&run]).await.unwrap();
    commit::advance_runs(&mut connection, &[&transition]).await.unwrap();
    commit::standings(&mut connection, &[id]).await.unwrap();
    journal::append(&mut connection, &[(id, &row)]).await.unwrap();
    commands::answer(&mut connection, &[(id, None)]).await.unwrap();
    prepare_links(&mut connection, id).await;
    prepare_sequences(&mut connection).await;
    drop(connection);
    listeners::kinds(pool, "paid").await.unwrap();
    listeners::waiting(pool, "paid", "1:0:/do/0/a", &[0; 32], 10).await.unwrap();
    listeners::unchecked_runs(pool, 10).await.unwrap();
    listeners::unchecked(pool, id).await.unwrap();
    let waiting = listeners::Unchecked {
        execution: 0,
        filter: 0,
        event_type: "paid".into(),
        kind: String::new(),
        key: Vec::new(),
        created_at: chrono::DateTime::UNIX_EPOCH,
        started_by: None,
        settles: None,
    };
    events::missed(pool, id, &waiting, 3_600.0, 10).await.unwrap();
    let any = listeners::Unchecked { event_type: String::new(), ..waiting };
    events::missed(pool, id, &any, 3_600.0, 10).await.unwrap();
    events::unrouted(pool, None, 10).await.unwrap();
    events::unrouted(pool, Some(id), 1).await.unwrap();
    lanes::place(pool, id).await.unwrap();
    gatherings::complete(pool, None, 10).await.unwrap();
    gatherings::complete(pool, Some(id), 10).await.unwrap();
    gatherings::started(pool, id, id).await.unwrap();
    gatherings::refused(pool, id, "{}").await.unwrap();
    outgoing::take(pool, 10).await.unwrap();
    schedules::due(pool, 10).await.unwrap();
    schedules::ended(pool, 10).await.unwrap();
    journal::records(pool, Uuid::now_v7()).await.unwrap();
    claims::claim_due(pool, Uuid::from_u128(2), 10).await.unwrap();
    claims::claim_suspect(pool, Uuid::from_u128(2)).await.unwrap();
    claims::owned_by(pool, Uuid::from_u128(2), 10).await.unwrap();
    claims::release_of_dead_nodes(pool, 10).await.unwrap();
    commands::wake_commanded(pool).await.unwrap();
    commands::open_for_node(pool, Uuid::from_u128(2), 10).await.unwrap();
    nodes::heartbeat(pool, Uuid::from_u128(2), 1.0).await.unwrap();
}

/// What links runs to events and to each other.
async fn prepare_links(connection: &mut PgConnection, id: Uuid) {
    let event_type = "paid".to_owned();
    let kind = "1:0:/do/0/a".to_owned();
    let listener = listeners::NewListener { execution: 0, filter: 0, event_type, kind, key: [0; 32] };
    listeners::insert(connection, &[(id, &listener)]).await.unwrap();
    let event = Some((Uuid::now_v7(), 0));
    let message = commands::NewMessage { id: Uuid::now_v7(), run: id, message: "{}".into(), actor: "x".into(), event };
    commands::tell(connection, &[&message]).await.unwrap();
    let outgoing = outgoing::NewOutgoing { id: Uuid::now_v7(), event: "{}".into(), sink: None };
    outgoing::insert(connection, &[&outgoing]).await.unwrap();
    events::routing(connection, id).await.unwrap();
    events::routed(connection, id, &[id], false).await.unwrap();
    events::resumed(connection, id, id).await.unwrap();
    let of = gatherings::Kinship { namespace: "a", name: "b", signature: "c", key: &[0; 32] };
    gatherings::open(connection, of).await.unwrap();
    gatherings::close(connection, of).await.unwrap();
    let lane = lanes::Lane { namespace: "a".into(), name: "b".into(), key: "c".into() };
    lanes::advance(connection, &[(id, &lane)], &[]).await.unwrap();
    lanes::advance(connection, &[], &[(id, &lane)]).await.unwrap();
    let gathering = Uuid::now_v7();
    gatherings::begin(connection, gathering, of).await.unwrap();
    let addition = gatherings::Addition { event: id, filter: 0, is_taken: true, completes: None };
    gatherings::add(connection, gathering, addition).await.unwrap();
    gatherings::events(connection, gathering, 1).await.unwrap();
    listeners::delete(connection, &[(id, 0)]).await.unwrap();
    let link =
        super::links::LinkRow { id, crm_id: Some("c".into()), erp_id: None, holder: Some(id), state: Value::Null };
    super::links::put(connection, "e", &link).await.unwrap();
    super::links::lock(connection, "e", Some("c"), Some("d")).await.unwrap();
    super::links::open_conflicts(connection, &[id]).await.unwrap();
    super::links::remove(connection, &[id]).await.unwrap();
    prepare_batches(connection, id).await;
}

async fn prepare_batches(connection: &mut PgConnection, run: Uuid) {
    let begin = crate::memory::batches::Begin { name: "a".into(), mode: "full".into(), run };
    let at = chrono::DateTime::UNIX_EPOCH;
    let batch = crate::memory::batches::Batch::begin(&begin, Uuid::now_v7(), &[], at).unwrap();
    super::batches::lock_name(connection, "a").await.unwrap();
    super::batches::under_way(connection, "a").await.unwrap();
    super::batches::insert(connection, &batch).await.unwrap();
    super::batches::of_run(connection, run, "a").await.unwrap();
    super::batches::lock(connection, batch.id).await.unwrap();
    super::batches::note_report(connection, batch.id, "1").await.unwrap();
    let (key, message) = ("k".to_owned(), "m".to_owned());
    let row = crate::memory::batches::FailedRow { key: key.clone(), message, row: Value::Null, attempts: 1 };
    super::batches::keep_rows(connection, &batch, &[row]).await.unwrap();
    super::batches::clear_rows(connection, "a", &[key]).await.unwrap();
    super::batches::failed(&mut *connection, "a", Some("k"), 10).await.unwrap();
    super::batches::update(connection, &batch).await.unwrap();
    super::batches::forget_reports(connection, batch.id).await.unwrap();
    sqlx::query("delete from batches where id = $1").bind(batch.id).execute(connection).await.unwrap();
}

/// What senders count.
async fn prepare_sequences(connection: &mut PgConnection) {
    let grace = std::time::Duration::from_secs(30);
    let counted = Counted { channel: "none".into(), number: 1, grace };
    sequences::arrived(connection, &[("none", &counted)]).await.unwrap();
    sequences::take(connection, 10).await.unwrap();
    sequences::lock(connection, &[("none", "none")]).await.unwrap();
    let (sequence, _) = arrive(None, &[(1, grace)], chrono::DateTime::UNIX_EPOCH);
    sequences::put(connection, &[("none", "none", &sequence.unwrap())]).await.unwrap();
    sequences::due(connection, 10).await.unwrap();
}

/// Statement to the shape of its plan: nodes and indexes, no estimates.
async fn plans(connection: &mut PgConnection) -> BTreeMap<String, Vec<String>> {
    let prepared =
        "select name, statement, coalesce(cardinality(parameter_types), 0) as parameters from pg_prepared_statements
                    where statement ~ 'runs|journal|event|listeners|outgoing|schedules|commands|gather|lanes|turns|links|conflicts|batch|sequence'";
    let mut plans = BTreeMap::new();
    for row in sqlx::query(prepared).fetch_all(&mut *connection).await.unwrap() {
        let (name, statement): (String, String) = (row.get("name"), row.get("statement"));
        if statement.contains("pg_prepared_statements") {
            continue;
        }
        let parameters = vec!["null"; usize::try_from(row.get::<i32, _>("parameters")).unwrap()].join(", ");
        let arguments = if parameters.is_empty() { String::new() } else { format!("({parameters})") };
        let explain = format!("explain (costs off) execute \"{name}\" {arguments}");
        let lines = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
        let lines: Vec<String> = lines
            .iter()
            .map(|line| line.get::<String, _>(0))
            .filter(|line| line.contains("->") || !line.starts_with(' '))
            // Both lead to the one row with an id.
            // They lead to the same row.
            .map(|line| line.replace("runs_by_id", "runs_pkey").replace("Index Only Scan", "Index Scan"))
            .collect();
        plans.insert(statement, lines);
    }
    plans
}

/// Fills the tables, over several connections so that it takes no longer than it must. What refers to what is not checked: it does.
async fn fill(url: &str) {
    let fill = format!(
        "insert into runs (shard, id, definition_id, status, owner, fence, seq, attempts, head, created_at, finished_at)
         select n % 256, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 1, 'completed', null, 1, 5, 0, '', now(), now()
         from generate_series(1, {ROWS}) as n;
         insert into journal (shard, run_id, seq, at, kind, actor, data, hash)
         select n % 256, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 1, now(), 'run.started', 'test', '{{}}', ''
         from generate_series(1, {ROWS}) as n;
         insert into event_keys (source, event_id, event, body_hash, runs, received_at)
         select 'test', n::text, gen_random_uuid(), '', '{{}}', now() from generate_series(1, {ROWS}) as n;
         insert into listeners (shard, run_id, execution, filter, event_type, kind, key, checked)
         select n % 256, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 0, 0, 'paid', '1:0:/do/0/a', decode(lpad(to_hex(n), 64, '0'), 'hex'),
                true from generate_series(1, {ROWS}) as n;
         insert into gathering_keys (namespace, name, signature, key)
         select 'a', 'b', 'c', decode(lpad(to_hex(n), 64, '0'), 'hex') from generate_series(1, {ROWS}) as n;
         insert into links (id, entity, crm_id, erp_id, state)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 'e', n::text, n::text, '{{}}' from generate_series(1, {ROWS}) as n;
         insert into conflicts (id, link_id, entity, kind, crm, erp, run_id, state)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 'e', 'both', '{{}}', '{{}}',
                ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 'settled' from generate_series(1, {ROWS}) as n;
         insert into batch_rows (name, key, message, row, batch_id, first_at, failed_at)
         select 'a', n::text, '', '{{}}', gen_random_uuid(), now(), now() from generate_series(1, {ROWS}) as n;
         insert into sequences (source, channel) select 'test', n::text from generate_series(1, {ROWS}) as n;
         insert into sequence_arrivals (source, channel, number, grace_seconds)
         select 'test', n::text, 1, 30 from generate_series(1, {ROWS}) as n;
         insert into lanes (namespace, name, key) select 'a', 'b', n::text from generate_series(1, {ROWS}) as n;
         insert into turns (namespace, name, key, ticket, run_id)
         select 'a', 'b', n % 1000, n, ('0190' || lpad(to_hex(n), 28, '0'))::uuid from generate_series(1, {ROWS}) as n;
         insert into gatherings (id, namespace, name, signature, key)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 'a', 'b', 'c', decode(lpad(to_hex(n), 64, '0'), 'hex')
         from generate_series(1, {ROWS}) as n;
         insert into gathered (gathering, event, filter)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 0
         from generate_series(1, {ROWS}) as n;
         insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 'test', n::text, 'type ' || n % 1000, now(), '{{}}', '', '{{}}', 'run', '{{}}'
         from generate_series(1, {ROWS}) as n"
    );
    let statements: Vec<&str> = fill.split(';').collect();
    let filled = (0..FILLERS).map(|first| {
        let own = statements.iter().skip(first).step_by(FILLERS).copied();
        let own: Vec<&str> = ["set session_replication_role = replica"].into_iter().chain(own).collect();
        async move {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(own.join(";"))).execute(&mut connection).await.unwrap();
        }
    });
    futures::future::join_all(filled).await;
}

#[sqlx::test]
async fn hot_statements_keep_their_plan_from_empty_to_a_million_rows(pool: PgPool) {
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL").unwrap()).unwrap();
    url.set_path(pool.connect_options().get_database().unwrap());
    sqlx::raw_sql(
        "alter table runs set (autovacuum_enabled = off); alter table event_keys set (autovacuum_enabled = off);
         insert into definitions (namespace, name, version, hash, source, functions, deployed_by)
         values ('test', 'test', '1.0.0', '', '', '{}', 'test')",
    )
    .execute(&pool)
    .await
    .unwrap();
    let engine = connect_engine(url.as_str(), 1).await.unwrap();
    prepare_all(&engine).await;
    let empty = plans(&mut engine.acquire().await.unwrap()).await;
    assert!(empty.len() >= 28, "{} statements were seen", empty.len());
    fill(url.as_str()).await;
    let kept = plans(&mut engine.acquire().await.unwrap()).await;
    let fresh = connect_engine(url.as_str(), 1).await.unwrap();
    prepare_all(&fresh).await;
    let full = plans(&mut fresh.acquire().await.unwrap()).await;
    sqlx::raw_sql("analyze runs; analyze event_keys; analyze journal; analyze listeners; analyze events; analyze links; analyze conflicts;
                   analyze batch_rows; analyze sequences; analyze sequence_arrivals")
        .execute(&pool)
        .await
        .unwrap();
    let analyzed = connect_engine(url.as_str(), 1).await.unwrap();
    prepare_all(&analyzed).await;
    let analyzed = plans(&mut analyzed.acquire().await.unwrap()).await;
    for (statement, plan) in &empty {
        let text = plan.join("\n");
        for table in [
            "runs",
            "event_keys",
            "journal",
            "listeners",
            "events",
            "outgoing",
            "commands",
            "links",
            "conflicts",
            "batch_rows",
            "sequences",
            "sequence_arrivals",
        ] {
            assert!(!text.contains(&format!("Seq Scan on {table}")), "{statement}\n{text}");
        }
        for (when, other) in [("kept", &kept), ("full", &full), ("analyzed", &analyzed)] {
            assert_eq!(Some(plan), other.get(statement), "{when}: {statement}");
        }
    }
}
