//! A private cluster: created once, started or attached to, and stopped by its last user.

use std::path::PathBuf;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};
use tracing::{info, warn};

use super::home::{ADMIN_ROLE, APP_ROLE, Home};
use super::lock::{Entry, UseLock};
use super::user::command;
use super::{DATABASE, server};
use crate::store;

/// Longest startup of the server, which may include crash recovery.
const START_MAX: Duration = Duration::from_mins(2);

/// Most attempts to start a server that exits at once because its port is taken.
const LAUNCHES_MAX: usize = 5;

/// A private Postgres. The last process that uses it stops the server, by [`Self::stop`] or by dropping this.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    /// Connection URL, including the password.
    pub url: String,
    home: Home,
    binaries: PathBuf,
    lock: UseLock,
    is_stopped: bool,
}

pub(super) async fn start(home: Home, binaries: PathBuf) -> anyhow::Result<EmbeddedPostgres> {
    home.make()?;
    if home.is_elsewhere {
        info!(path = %home.path.display(), "the user that runs Postgres cannot access the data directory, which has its files");
    }
    let (lock, entry) = UseLock::enter(&home.lock()).await?;
    if !home.is_complete() {
        if entry == Entry::Shared {
            bail!(
                "the private Postgres in {} is in use but incomplete; stop the programs that use it and try again",
                home.path.display()
            );
        }
        make(&home, &binaries)?;
    }
    home.write_app_password_once()?;
    // From here on, the server is stopped if anything fails.
    let mut postgres = EmbeddedPostgres { url: String::new(), home, binaries, lock, is_stopped: false };
    let port = postgres.run().await?;
    postgres.url = postgres.prepared(port).await?;
    postgres.lock.share(&postgres.home.lock()).await?;
    postgres.sync_once();
    Ok(postgres)
}

/// Creates the cluster. Replaces one that a killed process left incomplete.
fn make(home: &Home, binaries: &std::path::Path) -> anyhow::Result<()> {
    if home.data().exists() {
        warn!(path = %home.data().display(), "found an incomplete cluster: recreating it");
        std::fs::remove_dir_all(home.data()).with_context(|| format!("removing {}", home.data().display()))?;
    }
    home.make_data()?;
    home.write_password()?;
    let initdb = binaries.join("initdb");
    let made = command(&initdb, home.user.as_ref())
        .arg("--pgdata")
        .arg(home.data())
        .arg("--pwfile")
        .arg(home.password_file())
        // Waiting for the disk takes seconds; `sync_once` does it once the server is running.
        .arg(format!("--username={ADMIN_ROLE}"))
        .args(["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"])
        .output()
        .with_context(|| format!("running {}", initdb.display()))?;
    if !made.status.success() {
        let why = String::from_utf8_lossy(&made.stderr);
        bail!("initdb could not create a cluster in {}: {}", home.data().display(), why.trim());
    }
    home.complete()
}

impl EmbeddedPostgres {
    fn admin_url(&self, port: u16, database: &str) -> anyhow::Result<String> {
        self.home
            .admin_url(port, database)
            .with_context(|| format!("the password of the private Postgres is missing in {}", self.home.path.display()))
    }

    /// Creates Stepwell's role and the database that it owns, and returns the URL. In a cluster of an earlier version,
    /// where Stepwell worked as the superuser, the role takes over the tables.
    async fn prepared(&self, port: u16) -> anyhow::Result<String> {
        let password = self.home.app_password().context("reading the password of Stepwell's role")?;
        let admin_of = async |database: &str| -> anyhow::Result<PgConnection> {
            PgConnection::connect(&self.admin_url(port, database)?)
                .await
                .with_context(|| format!("connecting to the private Postgres in {}", self.home.path.display()))
        };
        let mut admin = admin_of("postgres").await?;
        store::nodes::roles::ensure_owner(&mut admin, DATABASE, APP_ROLE, &password)
            .await
            .context("creating Stepwell's role")?;
        let mut inside = admin_of(DATABASE).await?;
        store::nodes::roles::take_over(&mut inside, APP_ROLE).await.context("granting Stepwell's role its tables")?;
        self.home
            .url(port, DATABASE)
            .with_context(|| format!("the password of the private Postgres is missing in {}", self.home.path.display()))
    }

    /// Attaches to a running server or starts one. Returns its port.
    async fn run(&self) -> anyhow::Result<u16> {
        let began = Instant::now();
        let mut launches = 0;
        while began.elapsed() < START_MAX {
            let (port, mut child) = match server::live(&self.home) {
                Some(live) => {
                    info!(
                        pid = live.pid,
                        port = live.port,
                        "Postgres is already running in this data directory: using it"
                    );
                    (live.port, None)
                }
                None if launches < LAUNCHES_MAX => {
                    // Another program may take the port before the server does; then a different one is tried.
                    let port = server::free_port(self.home.port().filter(|_| launches == 0))?;
                    launches += 1;
                    (port, Some(server::launch(&self.home, &self.binaries, port)?))
                }
                None => break,
            };
            if self.answers(port, child.as_mut(), began).await? {
                self.home.remember_port(port)?;
                return Ok(port);
            }
        }
        bail!(
            "the private Postgres does not start; its log {} ends with: {}",
            self.home.log().display(),
            self.last_words()
        )
    }

    /// Waits until the server answers. Returns false if it exited instead.
    async fn answers(&self, port: u16, mut child: Option<&mut Child>, began: Instant) -> anyhow::Result<bool> {
        let url = self.admin_url(port, "postgres")?;
        while began.elapsed() < START_MAX {
            match PgConnection::connect(&url).await {
                Ok(_) => return Ok(true),
                Err(error) if is_refusal(&error) => {
                    return Err(error).with_context(|| {
                        format!("the private Postgres in {} rejects its own password", self.home.path.display())
                    });
                }
                Err(_) => {}
            }
            let ended = match &mut child {
                Some(child) => child.try_wait().context("supervising the private Postgres")?.is_some(),
                None => server::live(&self.home).is_none(),
            };
            if ended {
                return Ok(false);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(false)
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.home.log()).unwrap_or_default();
        let mut lines: Vec<&str> = log.lines().rev().take(4).collect();
        lines.reverse();
        lines.join(" | ")
    }

    /// Flushes what initdb wrote to disk while the server is running; after that, a power failure loses nothing.
    /// Repeated at each start until it has succeeded once.
    fn sync_once(&self) {
        let mark = self.home.path.join("synced");
        if mark.exists() {
            return;
        }
        let mut sync = command(&self.binaries.join("initdb"), self.home.user.as_ref());
        sync.arg("--sync-only").arg("--pgdata").arg(self.home.data());
        std::thread::spawn(move || {
            if sync.output().is_ok_and(|done| done.status.success()) {
                // Without the mark, it is merely done again.
                let _ = std::fs::write(mark, "");
            }
        });
    }

    /// Stops the server and waits for its end, unless another process uses it.
    pub async fn stop(mut self) {
        let stopping = tokio::task::spawn_blocking(move || self.stop_if_last());
        if stopping.await.is_err() {
            warn!("stopping the private Postgres failed");
        }
    }

    fn stop_if_last(&mut self) {
        if std::mem::replace(&mut self.is_stopped, true) {
            return;
        }
        if !self.lock.is_last() {
            info!("another Stepwell uses the private Postgres: leaving it running");
        } else if server::live(&self.home).is_some() && !server::stop(&self.home, &self.binaries) {
            warn!(log = %self.home.log().display(), "the private Postgres could not be stopped; the next start uses it as it is");
        }
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        self.stop_if_last();
    }
}

/// SQLSTATE class 28 (invalid authorization): the server is up but rejects our role.
fn is_refusal(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code.starts_with("28"))
}
