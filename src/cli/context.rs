//! What most subcommands need: the database, straight, so that they work when the server does not.

use anyhow::Context;
use sqlx::PgPool;

use crate::config::Settings;
use crate::connect::Secrets;
use crate::engine::{Engine, EngineSettings};
use crate::hub::Hub;
use crate::machine::Actor;
use crate::{embedded, store};

/// The database's URL: set, or that of the private Postgres if it runs.
pub(super) fn database_url(settings: &Settings) -> anyhow::Result<String> {
    let running = || embedded::running(&settings.data_dir);
    settings.database_url.clone().or_else(running).with_context(|| {
        format!(
            "no database to talk to: set DATABASE_URL, or start `stepwell dev`, whose private Postgres in {} does not run now",
            settings.data_dir.display()
        )
    })
}

/// Connects to the database of a deployment, brought to this version.
pub(super) async fn connect(settings: &Settings) -> anyhow::Result<PgPool> {
    let url = database_url(settings)?;
    migrate(&url).await?;
    store::connect_reader(&url, 4).await.context("connecting to the database")
}

/// The same for a role that may change the schema, without the limit of a read.
pub(super) async fn connect_owner(settings: &Settings) -> anyhow::Result<PgPool> {
    let pool = store::connect_engine(&database_url(settings)?, 1).await.context("connecting to the database")?;
    store::migrate(&pool).await.context("bringing the database to this version")?;
    Ok(pool)
}

/// Over a connection of its own: a migration of many rows takes longer than a read may, and so does waiting for a node
/// that migrates at the same time.
async fn migrate(url: &str) -> anyhow::Result<()> {
    let pool = store::connect_engine(url, 1).await.context("connecting to the database")?;
    store::migrate(&pool).await.context("bringing the database to this version")?;
    pool.close().await;
    Ok(())
}

/// A handle through which nodes are asked to do things.
pub(super) async fn engine(settings: &Settings) -> anyhow::Result<Engine> {
    // The forms of identifiers are those of `hub.yaml`, where it is at hand.
    let hub = Hub::load_folder(&settings.workflows, &Secrets::default()).unwrap_or_default();
    let engine = EngineSettings { identifiers: hub.identifiers, ..EngineSettings::default() };
    Ok(Engine::outside_with(connect(settings).await?, engine).await?)
}

/// Who acts: the person at the terminal.
pub(super) fn actor() -> Actor {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "unknown".to_owned());
    Actor(format!("cli:{user}"))
}
