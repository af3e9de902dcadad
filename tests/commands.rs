//! Commands at a terminal talk to the database themselves, also while others keep it busy.

use std::sync::Arc;

use sqlx::Connection;

use crate::harness::{Behaviour, Target, World, calls, hub};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_waits_while_someone_else_migrates_the_database() {
    let world = Arc::new(World::new(&[("hub.yaml", hub())], &[]).await);
    let (mut other, mut watching) = (world.connect().await, world.connect().await);
    let mut migrating = other.begin().await.unwrap();
    sqlx::query("lock table _sqlx_migrations in access exclusive mode").execute(&mut *migrating).await.unwrap();
    let commanded = {
        let world = Arc::clone(&world);
        tokio::task::spawn_blocking(move || world.command(&["token", "create", "--scopes", "read"]))
    };
    // Longer than a statement that only reads may take.
    let mut waits_long = async || {
        let text =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                    and clock_timestamp() - query_start > interval '1.5 seconds'";
        let waiting: i64 = sqlx::query_scalar(text).fetch_one(&mut watching).await.unwrap();
        waiting > 0
    };
    while !commanded.is_finished() && !waits_long().await {
        tokio::task::yield_now().await;
    }
    migrating.commit().await.unwrap();
    let (ok, out, err) = commanded.await.unwrap();
    assert!(ok, "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sandbox_and_production_never_share_a_database() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let mut world = World::new(&files, &[target.address().to_string()]).await;
    let mut node = world.node().await;
    target.behave("/step1", Behaviour::Hold);
    let run = node.start_calls(1).await;
    target.reached("/step1", 1).await;
    assert_eq!(node.run(&run).await["environment"], "sandbox");
    node.kill();
    world.set("STEPWELL_ENVIRONMENT", "production");
    let (ok, out, err) = world.command(&["serve"]);
    assert!(!ok && err.contains("the database belongs to sandbox"), "{out}{err}");
    // It goes on where it began.
    world.set("STEPWELL_ENVIRONMENT", "sandbox");
    target.behave("/step1", Behaviour::Answer("{}".into()));
    let mut node = world.node().await;
    node.run_becomes(&run, "completed").await;
    // A database in which nothing is left to do may change sides.
    assert!(node.terminate());
    world.set("STEPWELL_ENVIRONMENT", "production");
    let node = world.node().await;
    let run = node.start_calls(2).await;
    assert_eq!(node.run_becomes(&run, "completed").await["environment"], "production");
}
