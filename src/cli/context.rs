//! What the subcommands need that open the database themselves: a server's own, recovery, and the client of the API where no server
//! was named.

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

/// Whether there is a database to open: one is set, or the private Postgres runs.
pub(super) fn has_database(settings: &Settings) -> bool {
    known_url(settings).is_some()
}

fn known_url(settings: &Settings) -> Option<String> {
    settings.database_url.clone().or_else(|| embedded::running(&settings.data_dir))
}

/// Refuses `--server` where a command opens the database itself. A variable names a server for the commands that ask one.
pub(super) fn check_no_server(settings: &Settings) -> anyhow::Result<()> {
    let is_named = settings.server.as_ref().is_some_and(|server| server.by_flag);
    ensure!(
        !is_named,
        "this command opens the database itself and takes no --server: run it where DATABASE_URL is known"
    );
    Ok(())
}

/// The database's URL: set, or that of the private Postgres if it runs.
pub(super) fn database_url(settings: &Settings) -> anyhow::Result<String> {
    check_no_server(settings)?;
    known_url(settings).with_context(|| {
        format!(
            "no database to connect to: set DATABASE_URL, or start `stepwell dev`, whose private Postgres in {} is not running",
            settings.data_dir.display()
        )
    })
}

/// Connects to the database of a deployment, brought to this version.
pub(super) async fn connect(settings: &Settings) -> anyhow::Result<PgPool> {
    let url = database_url(settings)?;
    reach(&url).await?;
    migrate(&url).await?;
    store::connect_reader(&url, 4).await.context("connecting to the database")
}

/// Makes sure that the database answers; says where it was looked for, and why it does not.
async fn reach(url: &str) -> anyhow::Result<()> {
    let address = store::address(url).context("reading the URL of the database")?;
    let knocked = store::knock(url, ANSWER_MAX).await;
    knocked.map_err(|error| anyhow::anyhow!("the database at {address} cannot be used: {}", database::why(&error)))
}

/// A server that does not answer within this is away.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The same for a role that may change the schema, without the limit of a read.
pub(super) async fn connect_owner(settings: &Settings) -> anyhow::Result<PgPool> {
    let url = database_url(settings)?;
    reach(&url).await?;
    let pool = store::connect_engine(&url, 1).await.context("connecting to the database")?;
    store::migrate(&pool).await.context("migrating the database to this version")?;
    Ok(pool)
}

/// Over a connection of its own: a migration of many rows takes longer than a read may, and so does waiting for a node
/// that migrates at the same time.
async fn migrate(url: &str) -> anyhow::Result<()> {
    let pool = store::connect_engine(url, 1).await.context("connecting to the database")?;
    store::migrate(&pool).await.context("migrating the database to this version")?;
    pool.close().await;
    Ok(())
}

/// A handle through which nodes are asked to do things.
pub(super) async fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    // The forms of identifiers are those of `hub.yaml`, where it is at hand.
    let hub = Hub::load_folder(&settings.workflows, &Secrets::default()).unwrap_or_default();
    let proposals_last = settings.engine().proposals_last;
    let engine = EngineSettings { identifiers: hub.identifiers, proposals_last, ..EngineSettings::default() };
    Ok(Engine::outside_with(connect(settings).await?, engine).await?)
}

/// Who acts at this command line, and may do this: the owner of the token in `--token` or `STEPWELL_TOKEN`. Without a
/// token, [`local`]: anyone who can open the database may do everything, and the record says that it was done that way.
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

/// Whoever sits here, as the operating system knows them: `local:root@host`. The environment, where `$USER` is whatever
/// someone wrote, is not asked. It proves nothing beyond this machine, so it is a kind of its own and never a user's name.
pub(super) fn local() -> Identity {
    let id = rustix::process::geteuid().as_raw();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = user_of(&known, id).unwrap_or_else(|| format!("uid-{id}"));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Identity::local(format!("{}@{}", plain(&user), plain(&host)), &[Scope::Admin])
}

/// The name of a user id in the text of `/etc/passwd`.
fn user_of(passwd: &str, id: u32) -> Option<String> {
    let mut lines = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = lines.find(|fields| fields.get(2).and_then(|field| field.parse().ok()) == Some(id))?;
    found.first().map(|name| (*name).to_owned())
}

/// Only what a [`access::Name`] may hold, and no `@`, which comes between user and host.
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
