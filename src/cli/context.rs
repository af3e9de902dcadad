//! For subcommands that open the database themselves: the server's own, recovery, and the API client when no server is
//! named.

use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::PgPool;

use super::serving::database;
use crate::config::Settings;
use crate::connect::Secrets;
use crate::engine::{Engine, EngineSettings};
use crate::hub::Hub;
use crate::store::access::{self, Identity, Scope};
use crate::{embedded, store};

/// Whether there is a database to open: one is configured, or the private Postgres is running.
pub(super) fn has_database(settings: &Settings) -> bool {
    known_url(settings).is_some()
}

fn known_url(settings: &Settings) -> Option<String> {
    settings.database_url.clone().or_else(|| embedded::running(&settings.data_dir))
}

/// Refuses `--server` for commands that open the database themselves. `STEPWELL_SERVER` is meant for the others and
/// ignored here.
pub(super) fn check_no_server(settings: &Settings) -> anyhow::Result<()> {
    let is_named = settings.server.as_ref().is_some_and(|server| server.by_flag);
    ensure!(
        !is_named,
        "this command opens the database itself and takes no --server: run it where DATABASE_URL is known"
    );
    Ok(())
}

/// Returns the database's URL: as configured, or of the private Postgres if it is running.
pub(super) fn database_url(settings: &Settings) -> anyhow::Result<String> {
    check_no_server(settings)?;
    known_url(settings).with_context(|| {
        format!(
            "no database to connect to: set DATABASE_URL, or start `stepwell dev`, whose private Postgres in {} is not running",
            settings.data_dir.display()
        )
    })
}

/// Connects to the database and migrates it to this version.
pub(super) async fn connect(settings: &Settings) -> anyhow::Result<PgPool> {
    let url = database_url(settings)?;
    reach(&url).await?;
    migrate(&url).await?;
    store::connect_reader(&url, 4).await.context("connecting to the database")
}

/// Checks that the database answers; the error says where and why not.
async fn reach(url: &str) -> anyhow::Result<()> {
    let address = store::address(url).context("reading the URL of the database")?;
    let knocked = store::knock(url, ANSWER_MAX).await;
    knocked.map_err(|error| anyhow::anyhow!("the database at {address} cannot be used: {}", database::why(&error)))
}

/// How long a database may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Like [`connect`], but with a role that may change the schema, and without the time limit for reads.
pub(super) async fn connect_owner(settings: &Settings) -> anyhow::Result<PgPool> {
    let url = database_url(settings)?;
    reach(&url).await?;
    let pool = store::connect_engine(&url, 1).await.context("connecting to the database")?;
    store::migrate(&pool).await.context("migrating the database to this version")?;
    Ok(pool)
}

/// Migrates over a separate connection: migrating many rows, or waiting for another node that migrates, takes longer
/// than reads may.
async fn migrate(url: &str) -> anyhow::Result<()> {
    let pool = store::connect_engine(url, 1).await.context("connecting to the database")?;
    store::migrate(&pool).await.context("migrating the database to this version")?;
    pool.close().await;
    Ok(())
}

/// Opens a handle for asking nodes to act.
pub(super) async fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    // Identifiers are normalized as in `hub.yaml`, if it is available.
    let hub = Hub::load_folder(&settings.workflows, &Secrets::default()).unwrap_or_default();
    let proposals_last = settings.engine().proposals_last;
    let engine = EngineSettings { identifiers: hub.identifiers, proposals_last, ..EngineSettings::default() };
    Ok(Engine::outside_with(connect(settings).await?, engine).await?)
}

/// Authenticates the caller and checks the scope: the owner of the token in `--token` or `STEPWELL_TOKEN`. Without a
/// token, the caller is [`local`]: anyone who can open the database may do everything, and the record shows that it was
/// done this way.
pub(super) async fn identity(pool: &PgPool, settings: &Settings, scope: Scope) -> anyhow::Result<Identity> {
    let Some(token) = &settings.token else { return Ok(local()) };
    let found = access::find_token(pool, &access::secret_hash(&token.0)).await.context("looking up the token")?;
    let identity = found.context(
        "the token of --token or STEPWELL_TOKEN is unknown, expired or revoked; `stepwell token create` creates one",
    )?;
    let who = identity.actor().0;
    ensure!(identity.allows(scope), "this needs the scope {scope}, which {who} does not have");
    Ok(identity)
}

/// Identifies the person at this terminal by the operating system's user: `local:root@host`. Ignores `$USER`, which
/// anyone can set. This proves nothing outside this machine, so it is a separate kind of actor, never a user's name.
pub(super) fn local() -> Identity {
    let id = rustix::process::geteuid().as_raw();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = user_of(&known, id).unwrap_or_else(|| format!("uid-{id}"));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Identity::local(format!("{}@{}", plain(&user), plain(&host)), &[Scope::Admin])
}

/// Looks up a user id in the text of `/etc/passwd`.
fn user_of(passwd: &str, id: u32) -> Option<String> {
    let mut lines = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = lines.find(|fields| fields.get(2).and_then(|field| field.parse().ok()) == Some(id))?;
    found.first().map(|name| (*name).to_owned())
}

/// Keeps only characters that an [`access::Name`] may contain, without `@`, which separates user and host.
fn plain(text: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    text.chars().take(64).map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operating_system_names_the_user_at_the_terminal_who_looks_like_no_one_else() {
        let passwd = "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
        assert_eq!(user_of(passwd, 1000).as_deref(), Some("ada"));
        assert_eq!(user_of(passwd, 7), None);
        assert_eq!(plain("ada\n user:eve@x"), "ada__user_eve_x");
        let actor = local().actor().0;
        let (kind, name) = actor.split_once(':').unwrap();
        assert!(kind == "local" && name.parse::<access::Name>().is_ok() && name.matches('@').count() == 1, "{actor}");
    }
}
