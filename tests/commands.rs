//! Commands at a terminal talk to the database themselves, also while others keep it busy.

use std::sync::Arc;

use sqlx::Connection;

use crate::harness::{World, hub};

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
