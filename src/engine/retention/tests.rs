//! Rounds against a database and a folder: what is due goes, wherever the one before died.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::{AssertSqlSafe, PgPool};

use super::*;
use crate::machine::{Actor, Change, Record};
use crate::retention::{Ages, files, find_run, verify};
use crate::store::nodes::formats::NEWEST;
use crate::store::runs::journal;
use crate::store::{ensure_partitions, fixture};

const DAY: Duration = Duration::from_hours(24);

fn policy(folder: &Path) -> Policy {
    Policy {
        archive: Some(folder.to_owned()),
        runs: Ages::from([(Outcome::Completed, Age::For(DAY * 90))]),
        events: Some(DAY * 90),
        event_keys: Some(DAY * 100),
        ..Policy::default()
    }
}

fn keeper(pool: &PgPool, folder: &Path, pace: Pace) -> Keeper {
    let settings = KeeperSettings {
        policy: policy(folder),
        environment: Some("test/env".into()),
        name: "test".into(),
        looks_back: Duration::from_hours(1),
        pace,
    };
    Keeper::new(pool.clone(), pool.clone(), settings, CancellationToken::new())
}

async fn round(keeper: &mut Keeper) -> Result<Round, RetentionError> {
    keeper.round(&|_| {}).await
}

async fn execute(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap();
}

async fn count(pool: &PgPool, table: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}"))).fetch_one(pool).await.unwrap()
}

/// A run that completed so many days ago, of an event if it has one, with a journal whose chain is right.
async fn ended(pool: &PgPool, days: i64, parent: Option<RunId>, with_event: bool) -> RunId {
    let at = chrono::Utc::now() - chrono::Duration::days(days);
    let id = Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, at.timestamp().cast_unsigned(), 0));
    let record = |n: u32| Record {
        at,
        actor: Actor::engine(),
        task: None,
        attempt: Some(n),
        change: Change::RunCompleted { output: Arc::new(serde_json::json!({ "n": n })) },
        note: None,
    };
    let (journal, head) = journal::encode(&[record(1), record(2)], 0, journal::genesis(id), NEWEST).unwrap();
    let mut run = fixture::run(id);
    (run.parent_id, run.created_at) = (parent, at);
    run.state.owner = None;
    (run.state.status, run.state.finished_at, run.state.seq, run.state.head) = ("completed", Some(at), 2, head);
    let mut connection = pool.acquire().await.unwrap();
    if with_event {
        let mut event = fixture::event(Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            at.timestamp().cast_unsigned(),
            0,
        )));
        (event.runs, event.outcome, event.received_at) = (vec![id], "run", at);
        run.event_id = Some(event.id);
        fixture::store_events(&mut connection, &[&event]).await;
    }
    fixture::begin(&mut connection, &run, &journal).await;
    id
}

async fn world(pool: &PgPool) -> tempfile::TempDir {
    ensure_partitions(pool).await.unwrap();
    execute(
        pool,
        "insert into definitions (namespace, name, version, hash, source, functions, deployed_by) values ('t', 't', '1.0.0', '', '', '{}', 't')",
    )
    .await;
    tempfile::tempdir().unwrap()
}

fn only_file(folder: &Path) -> PathBuf {
    let [file] = files(folder).unwrap().try_into().unwrap();
    file
}

#[sqlx::test]
async fn what_is_due_is_archived_and_removed_and_the_rest_stays(pool: PgPool) {
    let folder = world(&pool).await;
    let old = ended(&pool, 120, None, true).await;
    let child = ended(&pool, 119, Some(old), false).await;
    let parent_of_young = ended(&pool, 118, None, true).await;
    let young = ended(&pool, 3, Some(parent_of_young), false).await;
    let done = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap();
    assert_eq!((done.runs, done.events, done.keys, done.archives), (2, 1, 1, 1));
    let left: Vec<RunId> = sqlx::query_scalar("select id from runs order by id").fetch_all(&pool).await.unwrap();
    assert_eq!(left, [parent_of_young, young], "a family goes as a whole");
    assert_eq!(
        (count(&pool, "journal").await, count(&pool, "events").await, count(&pool, "event_keys").await),
        (2, 1, 1)
    );
    let file = only_file(folder.path());
    assert_eq!(verify(&file).unwrap().runs, [old, child]);
    let found = find_run(folder.path(), child).unwrap().unwrap();
    assert_eq!((found.journal.len(), found.run.parent_id, found.verify()), (1, Some(old), None));
    assert!(find_run(folder.path(), young).unwrap().is_none());
    let again = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap();
    assert_eq!(again, Round::default());
}

#[sqlx::test]
async fn an_unrecorded_file_is_deleted_and_its_runs_are_archived_again(pool: PgPool) {
    let folder = world(&pool).await;
    ended(&pool, 120, None, true).await;
    let mut dead = keeper(&pool, folder.path(), Pace::Prompt);
    rows::lease(&pool, dead.holder).await.unwrap().unwrap();
    rows::note_writing(&pool, dead.holder, Some("left.jsonl.gz")).await.unwrap();
    std::fs::write(folder.path().join("left.jsonl.gz"), "whole, but its row was never committed").unwrap();
    std::fs::write(folder.path().join("left.jsonl.gz.part"), "half").unwrap();
    std::fs::write(folder.path().join("other.jsonl.gz"), "of another database").unwrap();
    let mut next = keeper(&pool, folder.path(), Pace::Prompt);
    assert!(round(&mut next).await.unwrap().is_busy, "the lease of the dead one still counts");
    execute(&pool, "update retention_lease set until = clock_timestamp() - interval '1 second'").await;
    assert_eq!(round(&mut next).await.unwrap().runs, 1);
    let names: Vec<String> =
        files(folder.path()).unwrap().iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert!(names.len() == 2 && names.contains(&"other.jsonl.gz".to_owned()), "{names:?}");
    assert!(!folder.path().join("left.jsonl.gz.part").exists());
    assert!(round(&mut dead).await.is_ok(), "a node that lost the lease starts again");
}

#[sqlx::test]
async fn after_a_crash_in_the_middle_of_a_removal_another_node_continues_with_the_same_archive(pool: PgPool) {
    let folder = world(&pool).await;
    for _ in 0..3 {
        ended(&pool, 120, None, true).await;
    }
    let mut dead = keeper(&pool, folder.path(), Pace::Prompt);
    rows::lease(&pool, dead.holder).await.unwrap().unwrap();
    dead.learn_versions().await.unwrap();
    let events = dead.choose().await.unwrap().events;
    dead.archive(folder.path(), &events).await.unwrap();
    let removed: i32 = sqlx::query_scalar("select removed from archives, remove_archived_runs(id, 1, 1000)")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!((removed, count(&pool, "runs").await), (1, 2));
    drop(dead);
    execute(&pool, "update retention_lease set until = '-infinity'").await;
    let done = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap();
    assert_eq!((done.archives, done.runs, done.events), (0, 2, 3), "nothing is archived twice");
    assert_eq!((count(&pool, "removals").await, count(&pool, "archives").await), (0, 1));
    assert_eq!(verify(&only_file(folder.path())).unwrap().runs.len(), 3);
}

#[sqlx::test]
async fn nothing_is_removed_while_the_file_is_missing_or_altered(pool: PgPool) {
    let folder = world(&pool).await;
    ended(&pool, 120, None, false).await;
    let mut first = keeper(&pool, folder.path(), Pace::Prompt);
    rows::lease(&pool, first.holder).await.unwrap().unwrap();
    first.learn_versions().await.unwrap();
    first.choose().await.unwrap();
    first.archive(folder.path(), &[]).await.unwrap();
    rows::release(&pool, first.holder).await.unwrap();
    let file = only_file(folder.path());
    let whole = std::fs::read(&file).unwrap();
    for harm in [None, Some(&whole[..whole.len() - 1])] {
        std::fs::remove_file(&file).unwrap();
        if let Some(bytes) = harm {
            std::fs::write(&file, bytes).unwrap();
        }
        let error = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap_err();
        assert!(matches!(error, RetentionError::Unfinished { .. }), "{error}");
        assert!(error.to_string().contains("stepwell retention discard"), "{error}");
        assert_eq!(count(&pool, "runs").await, 1);
        std::fs::write(&file, &whole).unwrap();
    }
    let [archive] = rows::unfinished(&pool).await.unwrap().try_into().unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(rows::discard(&pool, archive.id).await.unwrap(), 1);
    let done = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap();
    assert_eq!((done.archives, done.runs), (1, 1), "it is archived anew");
}

#[sqlx::test]
async fn nothing_is_removed_if_the_folder_cannot_be_used(pool: PgPool) {
    let folder = world(&pool).await;
    ended(&pool, 120, None, false).await;
    let missing = folder.path().join("missing");
    let error = round(&mut keeper(&pool, &missing, Pace::Prompt)).await.unwrap_err();
    assert!(matches!(error, RetentionError::Folder { .. }) && error.to_string().contains("missing"), "{error}");
    assert_eq!((count(&pool, "runs").await, count(&pool, "archives").await), (1, 0));
    std::fs::create_dir(&missing).unwrap();
    assert_eq!(round(&mut keeper(&pool, &missing, Pace::Prompt)).await.unwrap().runs, 1, "the lease was given back");
}

#[sqlx::test]
async fn a_run_whose_journal_was_changed_stays_with_its_family(pool: PgPool) {
    let folder = world(&pool).await;
    let (sound, parent) = (ended(&pool, 120, None, false).await, ended(&pool, 120, None, false).await);
    let changed = ended(&pool, 120, Some(parent), false).await;
    execute(&pool, &format!("update journal set actor = 'nobody' where run_id = '{changed}' and seq = 2")).await;
    let done = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap();
    assert_eq!((done.runs, done.tampered), (1, vec![changed]));
    assert_eq!(verify(&only_file(folder.path())).unwrap().runs, [sound]);
    assert_eq!(count(&pool, "runs").await, 2);
}

#[sqlx::test]
async fn an_event_stays_while_a_run_may_ask_for_it(pool: PgPool) {
    let folder = world(&pool).await;
    ended(&pool, 120, None, true).await;
    let mut live = fixture::run(Uuid::now_v7());
    live.created_at = chrono::Utc::now() - chrono::Duration::days(130);
    fixture::begin(&mut pool.acquire().await.unwrap(), &live, &[]).await;
    let done = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap();
    assert_eq!((done.runs, done.events, done.keys), (1, 0, 0), "its definition cannot be read, so it may listen");
    execute(&pool, "update runs set created_at = now()").await;
    let done = round(&mut keeper(&pool, folder.path(), Pace::Prompt)).await.unwrap();
    assert_eq!((done.archives, done.events, done.keys), (1, 1, 1));
}

#[sqlx::test]
async fn a_node_writes_one_small_file_a_day_and_a_large_one_at_once(pool: PgPool) {
    let folder = world(&pool).await;
    let mut node = keeper(&pool, folder.path(), Pace::Gentle);
    ended(&pool, 120, None, false).await;
    assert_eq!(round(&mut node).await.unwrap().archives, 1, "the first");
    ended(&pool, 120, None, false).await;
    assert_eq!(round(&mut node).await.unwrap().archives, 0, "not for one run");
    assert!(node.is_worth(WORTH).await.unwrap() && !node.is_worth(WORTH - 1).await.unwrap());
    execute(&pool, "update archives set written_at = now() - interval '25 hours'").await;
    let done = round(&mut node).await.unwrap();
    assert_eq!((done.archives, done.runs), (1, 1), "what was not worth a file was not passed over");
}

#[sqlx::test]
async fn without_settings_nothing_is_looked_at(pool: PgPool) {
    let folder = world(&pool).await;
    ended(&pool, 4_000, None, true).await;
    let mut keeper = keeper(&pool, folder.path(), Pace::Prompt);
    keeper.policy = Policy { archive: Some(folder.path().to_owned()), ..Policy::default() };
    assert_eq!(round(&mut keeper).await.unwrap(), Round::default());
    assert_eq!(count(&pool, "runs").await, 1);
}

#[sqlx::test]
async fn runs_that_stay_never_hold_up_what_ended_after_them(pool: PgPool) {
    let folder = world(&pool).await;
    let parent = fixture::run(Uuid::now_v7());
    fixture::begin(&mut pool.acquire().await.unwrap(), &parent, &[]).await;
    for _ in 0..3 {
        ended(&pool, 200, Some(parent.id), false).await;
    }
    ended(&pool, 120, None, false).await;
    for pace in [Pace::Prompt, Pace::Gentle] {
        let mut keeper = keeper(&pool, folder.path(), pace);
        keeper.limits.looked = 2;
        assert_eq!(round(&mut keeper).await.unwrap().runs, 1, "{pace:?}");
        ended(&pool, 110, None, false).await;
        execute(&pool, "update archives set written_at = now() - interval '25 hours'").await;
    }
    assert_eq!(count(&pool, "runs").await, 5);
}

#[sqlx::test]
async fn events_that_exceed_a_file_go_into_the_next(pool: PgPool) {
    let folder = world(&pool).await;
    for _ in 0..50 {
        ended(&pool, 120, None, true).await;
    }
    let mut keeper = keeper(&pool, folder.path(), Pace::Prompt);
    keeper.limits.bytes = 1;
    let done = round(&mut keeper).await.unwrap();
    assert_eq!((done.runs, done.events), (50, 50));
    assert_eq!(done.archives, 4, "50 runs, then 20 events at once");
    for file in files(folder.path()).unwrap() {
        verify(&file).unwrap();
    }
}

#[sqlx::test]
async fn archives_have_one_form_whatever_the_database_is_set_to(pool: PgPool) {
    let folder = world(&pool).await;
    let run = ended(&pool, 120, None, true).await;
    let name = pool.connect_options().get_database().unwrap().to_owned();
    execute(
        &pool,
        &format!(r#"alter database "{name}" set bytea_output = 'escape'; alter database "{name}" set timezone = 'Asia/Tokyo'"#),
    )
    .await;
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL").unwrap()).unwrap();
    url.set_path(&name);
    let engine = crate::store::connect_engine(url.as_str(), 2).await.unwrap();
    let mut keeper = keeper(&engine, folder.path(), Pace::Prompt);
    // What it only reads with has the settings of the database.
    keeper.reader = crate::store::connect_reader(url.as_str(), 1).await.unwrap();
    let done = round(&mut keeper).await.unwrap();
    assert_eq!((done.runs, done.events, done.archives), (1, 1, 1));
    assert_eq!(find_run(folder.path(), run).unwrap().unwrap().verify(), None);
    let mut archive = crate::retention::Archive::open(&only_file(folder.path())).unwrap();
    while let Some(item) = archive.next_row().unwrap() {
        assert!(!item.row.get().contains("+09:00"), "{}", item.row);
    }
    execute(&pool, &format!(r#"alter database "{name}" reset all"#)).await;
}
