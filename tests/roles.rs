//! Nodes run as a role that owns nothing: it can change neither the schema nor the journal.

use chrono::{Months, Utc};
use serde_json::json;
use sqlx::{Connection as _, PgConnection, Row as _};

use crate::harness::{Target, World, calls, eventually, hub, program};

/// A world whose database is used by a role that owns nothing. Returns the URL for that role.
async fn lesser_role(world: &mut World) -> String {
    let role = format!("node_{}", uuid::Uuid::new_v4().simple());
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create role {role} login")))
        .execute(&mut world.connect().await)
        .await
        .unwrap();
    let (ok, out, error) = world.command(&["migrate", "--node-role", &role]);
    assert!(ok, "{out}{error}");
    let mut url = url::Url::parse(&world.database_url).unwrap();
    url.set_username(&role).unwrap();
    world.set("DATABASE_URL", url.as_str());
    url.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_runs_as_a_role_that_owns_nothing_and_makes_the_coming_partitions() {
    let target = Target::start().await;
    let mut world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[target.address().to_string()]).await;
    lesser_role(&mut world).await;
    let mut owner = world.connect().await;
    let coming = format!("journal_{}", (Utc::now().date_naive() + Months::new(1)).format("%Y%m"));
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("drop table {coming}"))).execute(&mut owner).await.unwrap();

    let node = world.node_with(&["--no-migrate"]).await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    let there = format!("select to_regclass('{coming}') is not null");
    eventually("the node made the partition", || async {
        let row = sqlx::query(sqlx::AssertSqlSafe(there.clone())).fetch_one(&mut world.connect().await).await.unwrap();
        row.get::<bool, _>(0).then_some(())
    })
    .await;
    // People's acts, deployments and the command line need only that role as well.
    let (status, answer) = node.post(&format!("/api/v1/runs/{run}/retry"), &json!({ "reason": "to see" })).await;
    assert_eq!(status, 409, "{answer}");
    world.deploy();
    for command in [["runs", "list"], ["token", "list"], ["audit", "verify"], ["events", "list"], ["schedules", "list"]]
    {
        let (ok, out, error) = world.command(&command);
        assert!(ok, "{command:?}: {out}{error}");
    }
    let (ok, _, error) = world.command(&["user", "create", "ada"]);
    assert!(ok, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_that_nodes_run_as_can_neither_change_the_schema_nor_the_journal() {
    let target = Target::start().await;
    let mut world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let url = lesser_role(&mut world).await;
    let node = world.node_with(&["--no-migrate"]).await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    let mut lesser = PgConnection::connect(&url).await.unwrap();
    let row = sqlx::query("select rolsuper, (select count(*) from journal) from pg_roles where rolname = current_user");
    let row = row.fetch_one(&mut lesser).await.unwrap();
    assert!(!row.get::<bool, _>(0) && row.get::<i64, _>(1) > 0);
    let today = format!("journal_{}", Utc::now().date_naive().format("%Y%m"));
    for forbidden in [
        "update journal set actor = 'nobody'",
        "delete from journal",
        "truncate journal",
        &format!("update {today} set actor = 'nobody'"),
        &format!("delete from {today}"),
        &format!("drop table {today}"),
        &format!("alter table journal detach partition {today}"),
        "update schedule_acts set actor = 'nobody'",
        "delete from schedule_acts",
        "delete from archives",
        "select add_partition('journal', gen_random_uuid(), gen_random_uuid())",
        "alter table journal disable trigger all",
        "drop table runs",
        "create table mine (n int)",
        "create function ensure_partitions(days bigint) returns void language sql as ''",
        "select grant_node_role(current_user::text)",
        "insert into node_roles (name) values ('other')",
        "delete from _sqlx_migrations",
        "create role other",
    ] {
        let error = sqlx::raw_sql(sqlx::AssertSqlSafe(forbidden)).execute(&mut lesser).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_may_not_migrate_says_what_is_missing() {
    let mut world = World::new(&[("hub.yaml", hub())], &[]).await;
    lesser_role(&mut world).await;
    world.set("STEPWELL_LISTEN", "127.0.0.1:0");
    sqlx::raw_sql("delete from _sqlx_migrations where version = 16").execute(&mut world.connect().await).await.unwrap();
    for command in [&["serve", "--no-migrate"][..], &["serve"], &["runs", "list"]] {
        let (ok, _, error) = world.command(command);
        assert!(
            !ok && error.contains("lacks the migrations 16") && error.contains("stepwell migrate"),
            "{command:?}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_migration_are_granted_to_the_roles_of_nodes() {
    let mut world = World::new(&[("hub.yaml", hub())], &[]).await;
    let url = lesser_role(&mut world).await;
    let later =
        "create table later (n int); create table told (n int); comment on table told is 'append-only: of a test'";
    sqlx::raw_sql(later).execute(&mut world.connect().await).await.unwrap();
    let mut lesser = PgConnection::connect(&url).await.unwrap();
    assert!(sqlx::raw_sql("insert into later values (1)").execute(&mut lesser).await.is_err());
    let mut command = std::process::Command::new(program());
    command.arg("migrate").env("DATABASE_URL", &world.database_url);
    assert!(world.equip(&mut command).status().unwrap().success());
    for allowed in ["insert into later values (1)", "delete from later", "insert into told values (1)"] {
        sqlx::raw_sql(allowed).execute(&mut lesser).await.expect(allowed);
    }
    assert!(sqlx::raw_sql("delete from told").execute(&mut lesser).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_superuser_and_the_owner_of_the_tables_are_not_made_roles_of_nodes() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let (ok, _, error) = world.command(&["migrate", "--node-role", "postgres"]);
    assert!(!ok && error.contains("superuser"), "{error}");
    let (ok, _, error) = world.command(&["migrate", "--node-role", "no such role"]);
    assert!(!ok && error.contains("no such role"), "{error}");
}
