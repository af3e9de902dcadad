//! Starts real private servers. Needs the Postgres programs, like every test of the store.

use std::path::Path;
use std::process::Command;

use sqlx::{Connection, PgConnection};

use super::home::Home;
use super::{home, running, server, start};

/// A data directory to which the user who runs Postgres has access.
fn data_dir() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    home::open_to_others(folder.path()).unwrap();
    folder
}

async fn answers(url: &str) -> bool {
    match PgConnection::connect(url).await {
        Ok(connection) => connection.close().await.is_ok(),
        Err(_) => false,
    }
}

fn home_of(folder: &Path) -> Home {
    home::of(folder).unwrap()
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn a_cluster_is_made_used_and_stopped_and_keeps_its_data_and_its_port() {
    let folder = data_dir();
    let first = start(folder.path()).await.unwrap();
    let url = first.url.clone();
    assert_eq!(running(folder.path()), Some(url.clone()));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("create table kept (n int)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    first.stop().await;
    assert!(running(folder.path()).is_none() && !answers(&url).await);

    let second = start(folder.path()).await.unwrap();
    assert_eq!(second.url, url, "who noted the address finds the same one");
    let mut connection = PgConnection::connect(&second.url).await.unwrap();
    sqlx::raw_sql("select n from kept").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    second.stop().await;
}

#[tokio::test]
async fn durability_is_postgres_own_and_only_a_password_opens_the_door() {
    let folder = data_dir();
    let postgres = start(folder.path()).await.unwrap();
    let mut connection = PgConnection::connect(&postgres.url).await.unwrap();
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let shown: String =
            sqlx::query_scalar("select current_setting($1)").bind(setting).fetch_one(&mut connection).await.unwrap();
        assert_eq!(shown, "on", "{setting}");
    }
    connection.close().await.unwrap();
    let mut without = url::Url::parse(&postgres.url).unwrap();
    without.set_password(Some("guessed")).unwrap();
    assert!(!answers(without.as_str()).await);
    postgres.stop().await;
}

#[tokio::test]
async fn stepwell_works_in_its_private_postgres_as_a_role_that_is_no_superuser_and_owns_its_tables() {
    let folder = data_dir();
    let postgres = start(folder.path()).await.unwrap();
    let port = server::live(&home_of(folder.path())).unwrap().port;
    // As an earlier version left it: the superuser owns the tables.
    let mut admin = PgConnection::connect(&home_of(folder.path()).admin_url(port, "stepwell").unwrap()).await.unwrap();
    sqlx::raw_sql("create table old (n int generated always as identity); create function f() returns int language sql as 'select 1'")
        .execute(&mut admin)
        .await
        .unwrap();
    admin.close().await.unwrap();
    postgres.stop().await;
    let postgres = start(folder.path()).await.unwrap();
    assert_eq!(running(folder.path()), Some(postgres.url.clone()));
    let pool = crate::store::connect_engine(&postgres.url, 1).await.unwrap();
    crate::store::migrate(&pool).await.unwrap();
    let may: (bool, bool, bool) =
        sqlx::query_as("select rolsuper, rolcreaterole, rolreplication from pg_roles where rolname = current_user")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(may, (false, false, false));
    sqlx::raw_sql("insert into old default values; alter table old add column m int; drop function f()")
        .execute(&pool)
        .await
        .unwrap();
    for forbidden in
        ["create role other", "alter system set fsync = off", "copy old to program 'true'", "create extension dblink"]
    {
        assert!(sqlx::raw_sql(forbidden).execute(&pool).await.is_err(), "{forbidden}");
    }
    pool.close().await;
    postgres.stop().await;
}

#[tokio::test]
async fn two_who_begin_at_once_share_one_server_and_the_last_stops_it() {
    let folder = data_dir();
    let (one, two) = tokio::join!(start(folder.path()), start(folder.path()));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.url, two.url);
    one.stop().await;
    assert!(answers(&two.url).await, "another still uses it");
    let url = two.url.clone();
    two.stop().await;
    assert!(!answers(&url).await);
}

#[tokio::test]
async fn a_server_that_was_killed_is_started_again_with_its_lock_file_left() {
    let folder = data_dir();
    let first = start(folder.path()).await.unwrap();
    let live = server::live(&home_of(folder.path())).unwrap();
    kill(live.pid);
    while server::live(&home_of(folder.path())).is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    drop(first);
    assert!(home_of(folder.path()).data().join("postmaster.pid").exists(), "the lock file is stale");
    let second = start(folder.path()).await.unwrap();
    assert!(answers(&second.url).await);
    second.stop().await;
}

#[tokio::test]
async fn a_lock_file_that_names_another_program_does_not_keep_the_server_from_starting() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await;
    let home = home_of(folder.path());
    // Another program of the same user, as after a reboot; Postgres itself takes it for a server.
    let mut other = super::user::command(Path::new("/bin/sleep"), home.user.as_ref()).arg("600").spawn().unwrap();
    let lock =
        format!("{}\n{}\n1\n{}\n\n127.0.0.1\n1 1\nready\n", other.id(), home.data().display(), home.port().unwrap());
    std::fs::write(home.data().join("postmaster.pid"), lock).unwrap();
    assert!(running(folder.path()).is_none(), "another program is no server of ours");
    let started = start(folder.path()).await;
    other.kill().unwrap();
    other.wait().unwrap();
    started.unwrap().stop().await;
}

#[tokio::test]
async fn a_taken_port_is_left_to_its_owner() {
    let folder = data_dir();
    start(folder.path()).await.unwrap().stop().await;
    let port = home_of(folder.path()).port().unwrap();
    let owner = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let postgres = start(folder.path()).await.unwrap();
    assert_ne!(home_of(folder.path()).port(), Some(port));
    drop(owner);
    postgres.stop().await;
}

#[tokio::test]
async fn an_incomplete_cluster_is_created_again() {
    let folder = data_dir();
    let home = home_of(folder.path());
    home.make().unwrap();
    home.make_data().unwrap();
    std::fs::write(home.data().join("PG_VERSION"), "15\n").unwrap();
    let postgres = start(folder.path()).await.unwrap();
    assert!(answers(&postgres.url).await);
    postgres.stop().await;
}

#[test]
fn asking_whether_a_server_runs_makes_nothing() {
    let folder = data_dir();
    assert!(running(&folder.path().join("none")).is_none());
    assert!(running(folder.path()).is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
