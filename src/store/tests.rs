//! The plans of the hot statements do not depend on luck: they are the same on empty tables and on a million rows, without
//! any `analyze` in between.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row};
use uuid::Uuid;

use super::acts::By;
use super::events::{attention, joins, listeners, outgoing, sequences, topics};
use super::fixture::{event, row, run, state};
use super::runs::commit::{Beginning, RunState, Transition};
use super::runs::journal::NewRow;
use super::runs::{claims, commands, commit, freezes, journal, listing, proposals, queues, tasks, unacknowledged};
use super::sync::totals;
use super::{connect_engine, events, nodes, schedules};
use crate::machine::{Act, Actor, Asked};
use crate::memory::sequences::{Counted, arrive};

/// Rows that tables are filled with.
const ROWS: i32 = 1_000_000;

/// Connections that fill them at once.
const FILLERS: usize = 4;

/// Runs each hot statement once, so that the connection has it prepared.
async fn prepare_all(pool: &PgPool) {
    let id = Uuid::now_v7();
    let (run, row) = (run(id), row());
    let transition = Transition {
        id,
        owner: Uuid::from_u128(1),
        fence: 1,
        seq_before: 1,
        state: RunState { seq: 2, ..state() },
        progress: true,
    };
    let event = event(Uuid::now_v7());
    let mut connection = pool.acquire().await.unwrap();
    let (with, rows) = (Some(event.id), [row]);
    commit::accept(&mut connection, Some(&[]), &[&event], &[Beginning { run: &run, rows: &rows, with }]).await.unwrap();
    commit::known_events(&mut connection, &[("test", "x")]).await.unwrap();
    commit::advance(&mut connection, &[&transition], &[(id, &NewRow { seq: 2, ..super::fixture::row() })])
        .await
        .unwrap();
    commit::standings(&mut connection, &[id]).await.unwrap();
    journal::keep(&mut connection, &[]).await.unwrap();
    commands::answer(&mut connection, &[(id, None)]).await.unwrap();
    prepare_links(&mut connection, id).await;
    prepare_sequences(&mut connection).await;
    prepare_topics(&mut connection).await;
    drop(connection);
    ask_for_topics(pool).await;
    prepare_attention(pool).await;
    listeners::kinds(pool, "paid").await.unwrap();
    listeners::waiting(pool, "paid", "1:0:/do/0/a", &[0; 32], None, 10).await.unwrap();
    listeners::unchecked_runs(pool, listeners::UnderWay { oldest: 1, next: 1 }, None, 10).await.unwrap();
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
    events::missed(pool, id, &waiting, 3_600.0, None, 10).await.unwrap();
    let any = listeners::Unchecked { event_type: String::new(), ..waiting };
    events::missed(pool, id, &any, 3_600.0, None, 10).await.unwrap();
    events::candidates(pool, &[id]).await.unwrap();
    events::unrouted(pool, None, None, 10).await.unwrap();
    events::unrouted(pool, Some(id), None, 1).await.unwrap();
    queues::place(pool, id).await.unwrap();
    joins::complete(pool, None, None, 10).await.unwrap();
    joins::complete(pool, Some(id), None, 10).await.unwrap();
    joins::started(pool, id, id).await.unwrap();
    joins::refused(pool, id, "{}").await.unwrap();
    outgoing::take(pool, None, 10).await.unwrap();
    outgoing::sinks(pool).await.unwrap();
    listing::latest_of_key(pool, (Some("test"), "test"), "key", 10).await.unwrap();
    prepare_memory(pool).await;
    claims::forgive(pool, &[id]).await.unwrap();
    let hold = claims::Hold { node: Uuid::from_u128(2), run: id, fence: 1 };
    claims::still_owned_by(pool, hold.node, &[id]).await.unwrap();
    claims::park_unread(pool, hold).await.unwrap();
    claims::release_one(pool, hold, chrono::DateTime::UNIX_EPOCH).await.unwrap();
    claims::set_aside(pool, hold, chrono::DateTime::UNIX_EPOCH).await.unwrap();
    schedules::due(pool, &[], 10).await.unwrap();
    schedules::ended(pool, &[], 10).await.unwrap();
    journal::records(pool, Uuid::now_v7()).await.unwrap();
    claims::claim_due(pool, Uuid::from_u128(2), 10, 2).await.unwrap();
    journal::records_of_each(pool, &[Uuid::now_v7()]).await.unwrap();
    super::runs::snapshots::read(pool, id).await.unwrap();
    claims::claim_suspect(pool, Uuid::from_u128(2), 2).await.unwrap();
    claims::owned_by(pool, Uuid::from_u128(2), 10).await.unwrap();
    claims::release_of_dead_nodes(pool, 10).await.unwrap();
    commands::wake_commanded(pool).await.unwrap();
    commands::open_for_node(pool, Uuid::from_u128(2), 10).await.unwrap();
    commands::open_for_runs(pool, &[id]).await.unwrap();
    prepare_proposals(pool, id).await;
    prepare_tasks(pool, id).await;
    prepare_unacknowledged(pool, id).await;
    nodes::heartbeat(pool, Uuid::from_u128(2), 1.0).await.unwrap();
}

/// What waits for a second person.
async fn prepare_proposals(pool: &PgPool, run: Uuid) {
    let ann = Actor("user:ann".into());
    let by = By::from(&ann);
    let new =
        proposals::NewProposal { run, act: &Act::Dismiss, digest: [0; 32], step: None, before: None, lasts: 60.0 };
    let first = proposals::propose(pool, &new, by).await.unwrap().unwrap();
    assert_eq!(proposals::propose(pool, &new, by).await.unwrap(), Some(first));
    assert!(!proposals::approve(pool, first, by).await.unwrap(), "nobody approves what they proposed");
    assert!(proposals::decline(pool, first, by).await.unwrap());
    let second = proposals::propose(pool, &new, by).await.unwrap().unwrap();
    assert!(proposals::approve(pool, second, By::from(&Actor("user:bob".into()))).await.unwrap());
    proposals::close_stale(pool).await.unwrap();
}

/// Runs whose work did not happen; and what each call asks.
async fn prepare_unacknowledged(pool: &PgPool, run: Uuid) {
    let mut connection = pool.acquire().await.unwrap();
    unacknowledged::begin(&mut connection, &[run]).await.unwrap();
    unacknowledged::end(&mut connection, &[run]).await.unwrap();
    drop(connection);
    unacknowledged::count(pool).await.unwrap();
    unacknowledged::of_run(pool, run).await.unwrap();
    let by = By { actor: &Actor("test".into()), reason: Some("known") };
    assert!(unacknowledged::acknowledge(pool, run, by).await.unwrap());
    super::nodes::pauses::list(pool).await.unwrap();
}

/// What waits for people, and what they decide.
async fn prepare_tasks(pool: &PgPool, run: Uuid) {
    let at = chrono::DateTime::UNIX_EPOCH;
    let (users, roles) = (Vec::new(), vec!["admin".to_owned()]);
    let asked = Asked { id: Uuid::now_v7(), title: "Go on?".into(), description: None, users, roles };
    let question = asked.id;
    let new = tasks::NewTask {
        execution: 0,
        definition: 1,
        workflow: "test/test".into(),
        step: "/do/0/ask".into(),
        key: Some("key".into()),
        asked,
        input: None,
        created_at: at,
        due_at: None,
    };
    let closing =
        tasks::Closing { execution: 0, outcome: tasks::Outcome::Done, at, by: None, answer: None, reason: None };
    let changes = tasks::TaskChanges { asked: vec![new], closed: vec![closing], due: vec![(0, Some(at))] };
    let mut connection = pool.acquire().await.unwrap();
    tasks::write(&mut connection, &[(run, &changes)]).await.unwrap();
    drop(connection);
    tasks::find(pool, question).await.unwrap().unwrap();
    let filter = tasks::TaskFilter { run: Some(run), ..tasks::TaskFilter::default() };
    tasks::list(pool, &filter, 10).await.unwrap();
    tasks::list(pool, &tasks::TaskFilter { run: None, key: Some("key".into()), ..filter.clone() }, 10).await.unwrap();
    tasks::list(pool, &tasks::TaskFilter::default(), 10).await.unwrap();
    let of_all = tasks::TaskFilter { status: tasks::TaskStatus::Any, ..tasks::TaskFilter::default() };
    tasks::list(pool, &of_all, 10).await.unwrap();
    tasks::list(pool, &tasks::TaskFilter { workflow: Some("test/test".into()), ..of_all }, 10).await.unwrap();
    tasks::count_open(pool).await.unwrap();
}

/// What workflows ask the hub's memory, beside links and batches.
async fn prepare_memory(pool: &PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    super::sync::watermarks::read(&mut connection, "a").await.unwrap();
    super::sync::watermarks::lock(&mut connection, "a").await.unwrap();
    super::sync::watermarks::write(&mut connection, "a", &Value::Null).await.unwrap();
    prepare_totals(&mut connection).await;
}

/// A pass over the totals.
async fn prepare_totals(connection: &mut PgConnection) {
    let begin = serde_json::json!({ "run": Uuid::now_v7(), "timeZone": "UTC", "days": 1 });
    let begin: crate::memory::totals::Begin = serde_json::from_value(begin).unwrap();
    let at = chrono::DateTime::UNIX_EPOCH;
    let pass = crate::memory::totals::Pass::begin(&begin, Uuid::now_v7(), &[], at).unwrap();
    let days = (pass.from, pass.until);
    totals::lock(connection).await.unwrap();
    totals::of_run(connection, pass.run).await.unwrap();
    totals::under_way(connection).await.unwrap();
    totals::insert(connection, &pass).await.unwrap();
    totals::lock_pass(connection, pass.id).await.unwrap();
    let found = [super::fixture::totals_line("1970-01-01", "d", "A deal", "1", None)];
    let found = serde_json::from_value(serde_json::json!({ "pass": pass.id, "lines": found })).unwrap();
    let lines = pass.judged(&found).unwrap();
    totals::stage(connection, pass.id, &lines).await.unwrap();
    totals::states(connection, pass.id).await.unwrap();
    let found = totals::staged(connection, pass.id, days).await.unwrap();
    totals::standing(connection, &pass, days, &found).await.unwrap();
    totals::put(connection, &lines).await.unwrap();
    let places: Vec<_> = lines.iter().map(|line| line.place.clone()).collect();
    totals::signing::signed(connection, pass.from, pass.until).await.unwrap();
    totals::signing::mark(connection, pass.run, &[]).await.unwrap();
    totals::remove(connection, &places).await.unwrap();
    totals::touch(connection, pass.id, &[pass.from]).await.unwrap();
    totals::end(connection, &pass, &Value::Null, &BTreeMap::new()).await.unwrap();
    sqlx::query("delete from totals_passes where id = $1").bind(pass.id).execute(connection).await.unwrap();
}

/// What links runs to events and to each other.
async fn prepare_links(connection: &mut PgConnection, id: Uuid) {
    let event_type = "paid".to_owned();
    let kind = "1:0:/do/0/a".to_owned();
    let listener = listeners::NewListener { execution: 0, filter: 0, event_type, kind, key: [0; 32] };
    listeners::insert(connection, &[(id, &listener)]).await.unwrap();
    let event = Some((Uuid::now_v7(), 0));
    let message = commands::NewMessage {
        id: Uuid::now_v7(),
        run: id,
        message: "{}".into(),
        actor: "x".into(),
        event,
        is_kept: false,
    };
    commands::tell(connection, &[&message]).await.unwrap();
    let outgoing = outgoing::NewOutgoing { id: Uuid::now_v7(), event: "{}".into(), sink: None };
    outgoing::insert(connection, &[&outgoing]).await.unwrap();
    events::routing(connection, id).await.unwrap();
    events::routed(connection, id, &[id], false).await.unwrap();
    events::lock(connection, &[id]).await.unwrap();
    events::resumed(connection, &[id], id).await.unwrap();
    events::resumed_some(connection, id, &[id]).await.unwrap();
    let of = joins::Kinship { namespace: "a", name: "b", signature: "c", key: &[0; 32] };
    joins::open(connection, of).await.unwrap();
    joins::close(connection, of).await.unwrap();
    let key = queues::ConcurrencyKey { namespace: "a".into(), name: "b".into(), key: "c".into() };
    queues::advance(connection, &[(id, &key)], &[]).await.unwrap();
    queues::advance(connection, &[], &[(id, &key)]).await.unwrap();
    let join = Uuid::now_v7();
    joins::begin(connection, join, of).await.unwrap();
    let addition = joins::Addition { event: id, filter: 0, is_taken: true, completes: None };
    joins::add(connection, join, addition).await.unwrap();
    joins::events(connection, join, 1).await.unwrap();
    listeners::delete(connection, &[(id, 0)]).await.unwrap();
    let link = super::sync::links::LinkRow {
        id,
        crm_id: Some("c".into()),
        erp_id: None,
        holder: Some(id),
        state: Value::Null,
    };
    super::sync::links::put(connection, "e", &link).await.unwrap();
    super::sync::links::lock(connection, "e", Some("c"), Some("d")).await.unwrap();
    prepare_conflicts(connection, id).await;
    super::sync::links::remove(connection, &[id]).await.unwrap();
    prepare_batches(connection, id).await;
}

async fn prepare_conflicts(connection: &mut PgConnection, link: Uuid) {
    let conflict = super::sync::links::NewConflict {
        link,
        entity: "e",
        crm_id: Some("c"),
        erp_id: None,
        row_name: None,
        kind: "both",
        crm: &Value::Null,
        erp: &Value::Null,
        run: link,
    };
    super::sync::links::open_conflict(connection, &conflict).await.unwrap();
    let open = super::sync::links::open_conflicts(connection, &[link]).await.unwrap();
    super::sync::links::change_conflict(connection, open[0].id, &conflict).await.unwrap();
    super::sync::links::close_conflicts(connection, &[open[0].id], "gone").await.unwrap();
}

async fn prepare_batches(connection: &mut PgConnection, run: Uuid) {
    let begin = crate::memory::batches::Begin { name: "a".into(), mode: "full".into(), run };
    let at = chrono::DateTime::UNIX_EPOCH;
    let batch = crate::memory::batches::Batch::begin(&begin, Uuid::now_v7(), &[], at).unwrap();
    super::sync::batches::lock_name(connection, "a").await.unwrap();
    super::sync::batches::under_way(connection, "a").await.unwrap();
    super::sync::batches::insert(connection, &batch).await.unwrap();
    super::sync::batches::of_run(connection, run, "a").await.unwrap();
    super::sync::batches::lock(connection, batch.id).await.unwrap();
    super::sync::batches::note_report(connection, batch.id, "1").await.unwrap();
    let (key, message) = ("k".to_owned(), "m".to_owned());
    let row = crate::memory::batches::FailedRow { key: key.clone(), message, row: Value::Null, attempts: 1 };
    super::sync::batches::keep_rows(connection, &batch, &[row]).await.unwrap();
    super::sync::batches::clear_rows(connection, "a", &[key]).await.unwrap();
    super::sync::batches::failed(&mut *connection, "a", Some("k"), 10).await.unwrap();
    super::sync::batches::update(connection, &batch).await.unwrap();
    super::sync::batches::forget_reports(connection, batch.id).await.unwrap();
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

fn topic() -> topics::TopicId {
    topics::TopicId { source: "none".into(), topic: "/data/NoneChangeEvent".into() }
}

/// How far topics have come.
async fn prepare_topics(connection: &mut PgConnection) {
    let position = topics::NewPosition {
        id: topic(),
        owner: Uuid::from_u128(2),
        fence: 1,
        seq_before: 0,
        replay_id: None,
        step: topics::Step::Still,
    };
    topics::advance(connection, &[&position]).await.unwrap();
}

/// Events that wait for a person, and those that nobody wanted; and the freezes that each start looks at.
async fn prepare_attention(pool: &PgPool) {
    let (event, actor) = (event(Uuid::now_v7()), Actor("test".into()));
    let mut connection = pool.acquire().await.unwrap();
    attention::ask(&mut connection, &[&event]).await.unwrap();
    freezes::in_force(&mut connection).await.unwrap();
    drop(connection);
    attention::settle(pool, event.id, attention::Settled::Dismissed, (&actor).into()).await.unwrap();
    attention::by_source(pool).await.unwrap();
    attention::acts_on(pool, event.id).await.unwrap();
    attention::unmatched(pool, chrono::DateTime::UNIX_EPOCH, 10).await.unwrap();
}

/// Who owns topics.
async fn ask_for_topics(pool: &PgPool) {
    let owner = Uuid::from_u128(2);
    topics::claim(pool, owner, &[&topic()]).await.unwrap();
    topics::position(pool, owner, &topics::Claimed { id: topic(), fence: 1 }).await.unwrap();
}

/// Statement to the shape of its plan: nodes and indexes, no estimates.
async fn plans(connection: &mut PgConnection) -> BTreeMap<String, Vec<String>> {
    let prepared =
        "select name, statement, coalesce(cardinality(parameter_types), 0) as parameters from pg_prepared_statements
                    where statement ~ 'runs|journal|event|listeners|outgoing|schedules|commands|gather|lanes|turns|links|conflicts|batch|sequence|totals|proposals|tasks|unacknowledged'";
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
                ('0190' || lpad(to_hex(n), 28, '0'))::uuid, case n % 10 when 0 then 'open' else 'settled' end
         from generate_series(1, {ROWS}) as n;
         insert into batch_rows (name, key, message, row, batch_id, first_at, failed_at)
         select 'a', n::text, '', '{{}}', gen_random_uuid(), now(), now() from generate_series(1, {ROWS}) as n;
         insert into totals_lines (day, currency, company, key, state)
         select date '2000-01-01' + n % 9000, 'EUR', '2', n::text, n % 6 from generate_series(1, {ROWS}) as n;
         insert into totals_staged (pass_id, day, currency, company, key, state)
         select ('0190' || lpad(to_hex(n % 100), 28, '0'))::uuid, date '2000-01-01' + n % 9000, 'EUR', '2', n::text, n % 6
         from generate_series(1, {ROWS}) as n;
         insert into totals_changes (id, day, currency, company, key, kind, run_id, sign_off)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, date '2000-01-01' + n % 9000, 'EUR', '2', n::text, 'new', gen_random_uuid(),
                gen_random_uuid() from generate_series(1, {ROWS}) as n;
         insert into proposals (id, shard, run_id, act, digest, actor, expires_at, decision, decided_by, decided_at)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, n % 256, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, '{{}}', '', 'user:ann',
                now(), 'declined', 'user:bob', now() from generate_series(1, {ROWS}) as n;
         insert into tasks (id, shard, run_id, execution, definition_id, workflow, step, key, title, users, roles, created_at, outcome, closed_at)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, n % 256, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 0, 1, 'test/' || n % 1000,
                '/do/0/ask', n::text, 'Go on?', '{{}}', '{{}}', now(), case when n % 10 > 0 then 'done' end,
                case when n % 10 > 0 then now() end from generate_series(1, {ROWS}) as n;
         insert into unacknowledged_runs (shard, run_id, ended_at)
         select n % 256, ('0190' || lpad(to_hex(n), 28, '0'))::uuid, now() from generate_series(1, {ROWS}) as n;
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
         insert into event_attention (event, of_source)
         select ('0190' || lpad(to_hex(n), 28, '0'))::uuid, 'source ' || n % 100 from generate_series(1, {ROWS}) as n;
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
                   analyze batch_rows; analyze sequences; analyze sequence_arrivals; analyze totals_lines; analyze totals_staged;
                   analyze totals_changes; analyze event_attention; analyze proposals; analyze tasks; analyze unacknowledged_runs")
        .execute(&pool)
        .await
        .unwrap();
    let analyzed = connect_engine(url.as_str(), 1).await.unwrap();
    prepare_all(&analyzed).await;
    let analyzed = plans(&mut analyzed.acquire().await.unwrap()).await;
    let mut changed = Vec::new();
    for (statement, plan) in &empty {
        let text = plan.join("\n");
        for table in [
            "runs",
            "event_keys",
            "journal",
            "listeners",
            "events",
            "event_attention",
            "outgoing",
            "commands",
            "proposals",
            "tasks",
            "unacknowledged_runs",
            "links",
            "conflicts",
            "batch_rows",
            "sequences",
            "sequence_arrivals",
            "totals_lines",
            "totals_staged",
            "totals_changes",
        ] {
            assert!(!text.contains(&format!("Seq Scan on {table}")), "{statement}\n{text}");
        }
        for (when, other) in [("kept", &kept), ("full", &full), ("analyzed", &analyzed)] {
            if Some(plan) != other.get(statement) {
                changed.push(format!("{when}: {statement}\n{plan:?}\n{:?}", other.get(statement)));
            }
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n\n"));
}
