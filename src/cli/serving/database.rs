//! The database of a starting node. While it is unavailable, the node waits and says so on standard error, in the log,
//! and at its own address, where `/healthz` answers and `/readyz` says what is missing.

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::server::Migrate;
use crate::config::Settings;
use crate::http;
use crate::http::wire::serve::Limits;
use crate::store::{self, StoreError};

/// Connections of the engine in addition to its committers'.
const ENGINE_CONNECTIONS: u32 = 6;

/// Connections for reads by API and dashboard.
const READER_CONNECTIONS: u32 = 6;

/// Timeout of one attempt to connect.
const TRY_MAX: Duration = Duration::from_secs(3);

/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// How often a waiting node reports that it is waiting.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// Connections to an available database at the version of this program.
pub(super) struct Pools {
    pub(super) engine: PgPool,
    pub(super) reader: PgPool,
}

/// Connects, waiting for the database as long as the settings allow. Meanwhile, answers requests at `listener`.
pub(super) async fn connect(
    settings: &Settings,
    url: &str,
    migrate: Migrate,
    listener: TcpListener,
) -> anyhow::Result<(Pools, TcpListener)> {
    let address = store::address(url).context("reading the URL of the database")?;
    let listener = match store::knock(url, TRY_MAX).await {
        Ok(()) => listener,
        Err(error) => {
            refuse_what_waiting_cannot_help(&error, &address)?;
            answer_while(listener, &address, wait(settings, url, &address, error)).await?
        }
    };
    let connecting = || format!("connecting to the database at {address}");
    let committers = u32::try_from(settings.engine().committers).unwrap_or(2);
    let engine = store::connect_engine(url, committers + ENGINE_CONNECTIONS).await.with_context(connecting)?;
    let reader = store::connect_reader(url, READER_CONNECTIONS).await.with_context(connecting)?;
    match migrate {
        Migrate::Yes => store::migrate(&engine).await.context("migrating the database to this version")?,
        Migrate::No => store::nodes::roles::check_migrated(&engine).await.context("reading the database's version")?,
    }
    Ok((Pools { engine, reader }, listener))
}

fn refuse_what_waiting_cannot_help(error: &StoreError, address: &str) -> anyhow::Result<()> {
    if error.is_sign_in() {
        bail!("the database at {address} does not accept the user or password of DATABASE_URL: {error}");
    }
    Ok(())
}

async fn wait(settings: &Settings, url: &str, address: &str, first: StoreError) -> anyhow::Result<()> {
    let (began, limit) = (Instant::now(), settings.database_wait());
    let (mut error, mut said) = (first, None::<Instant>);
    loop {
        if said.is_none_or(|at| at.elapsed() >= SAID_EVERY) {
            let why = why(&error);
            eprintln!("waiting for the database at {address}: {why}");
            warn!(address, why, "waiting for the database");
            said = Some(Instant::now());
        }
        if limit.is_some_and(|limit| began.elapsed() >= limit) {
            let seconds = began.elapsed().as_secs();
            bail!(
                "the database at {address} was not reachable within {seconds} s (node.database_wait_seconds): {}",
                why(&error)
            );
        }
        tokio::time::sleep(PAUSE).await;
        match store::knock(url, TRY_MAX).await {
            Ok(()) => break,
            Err(again) => error = again,
        }
        refuse_what_waiting_cannot_help(&error, address)?;
    }
    eprintln!("the database at {address} is reachable");
    Ok(())
}

/// Explains the server's error and what to do about it.
pub(in crate::cli) fn why(error: &StoreError) -> String {
    match error {
        error if error.is_missing_database() => {
            "the server is running, but the database does not exist; `stepwell migrate` creates it".to_owned()
        }
        StoreError::Unavailable(sqlx::Error::PoolTimedOut) => format!("no answer within {} s", TRY_MAX.as_secs()),
        StoreError::Unavailable(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Answers at the node's address until a future completes: reports that the process is alive and what it waits for.
/// Returns the listener.
async fn answer_while(
    listener: TcpListener,
    address: &str,
    until: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<TcpListener> {
    let sharing = "sharing the listener";
    let own = listener.into_std().context(sharing)?;
    let early = TcpListener::from_std(own.try_clone().context(sharing)?).context(sharing)?;
    let (over, router) =
        (CancellationToken::new(), http::waiting_router(&format!("the node is waiting for the database at {address}")));
    let answering = tokio::spawn(http::serve(early, router, Limits::default(), over.clone()));
    let waited = until.await;
    over.cancel();
    // The task answers connections accepted so far while the node goes on starting.
    drop(answering);
    waited?;
    TcpListener::from_std(own).context(sharing)
}
