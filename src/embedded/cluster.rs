//! One private cluster: made once, started, attached to when a killed process left it running, stopped at the end.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use base64::Engine as _;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use tracing::{info, warn};

use super::user::{User, command};

/// How long the server may take until it answers; recovery after a crash may take a while.
const START_MAX: Duration = Duration::from_mins(2);

/// A private Postgres.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    /// Where it answers.
    pub url: String,
    home: Home,
    user: Option<User>,
    binaries: PathBuf,
}

/// The directory of a cluster: `data`, `password`, `log`.
#[derive(Debug, Clone)]
struct Home(PathBuf);

impl Home {
    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    fn password(&self) -> PathBuf {
        self.0.join("password")
    }

    fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    fn url(&self, port: u16, database: &str) -> Option<String> {
        let password = std::fs::read_to_string(self.password()).ok()?;
        Some(format!("postgres://stepwell:{}@127.0.0.1:{port}/{database}", password.trim()))
    }

    /// Process and port of the server that the lock file names, if it is alive and a Postgres.
    fn live(&self) -> Option<(u32, u16)> {
        let lock = std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let mut lines = lock.lines();
        let pid: u32 = lines.next()?.trim().parse().ok()?;
        let port: u16 = lines.nth(2)?.trim().parse().ok()?;
        let program = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_else(|_| "postgres".to_owned());
        (program.trim().starts_with("postgres") && is_alive(pid)).then_some((pid, port))
    }
}

fn is_alive(pid: u32) -> bool {
    Path::new("/proc/self").exists().then(|| Path::new(&format!("/proc/{pid}")).exists()).unwrap_or_else(|| {
        std::process::Command::new("kill").args(["-0", &pid.to_string()]).status().is_ok_and(|s| s.success())
    })
}

/// Where the cluster of a data directory lives: inside it, or where an unprivileged user can reach it.
fn home(data_dir: &Path, user: Option<&User>) -> anyhow::Result<Home> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("making the data directory {}; choose another with --data-dir", data_dir.display()))?;
    let inside = data_dir.canonicalize().with_context(|| format!("finding {}", data_dir.display()))?.join("postgres");
    let Some(user) = user else { return Ok(Home(inside)) };
    if inside.parent().is_some_and(|parent| user.reaches(parent)) {
        return Ok(Home(inside));
    }
    let name = hex::encode(&Sha256::digest(inside.as_os_str().as_encoded_bytes())[..8]);
    let outside = PathBuf::from("/var/lib/stepwell").join(name);
    Ok(Home(outside))
}

pub(super) fn running(data_dir: &Path) -> Option<String> {
    let user = super::user::unprivileged().ok()?;
    let home = home(data_dir, user.as_ref()).ok()?;
    let (_, port) = home.live()?;
    home.url(port, "stepwell")
}

pub(super) async fn start(data_dir: &Path, binaries: &Path, user: Option<&User>) -> anyhow::Result<EmbeddedPostgres> {
    let home = home(data_dir, user)?;
    if !home.0.starts_with(data_dir.canonicalize().unwrap_or_default()) {
        info!(path = %home.0.display(), "the user that runs Postgres cannot reach the data directory: its files are there");
    }
    make(&home, binaries, user)?;
    let port = match home.live() {
        Some((pid, port)) => {
            info!(pid, port, "a Postgres of this data directory runs already: using it");
            port
        }
        None => launch(&home, binaries, user)?,
    };
    let postgres = EmbeddedPostgres {
        url: home
            .url(port, "stepwell")
            .context("the password of the private Postgres is missing; delete the data directory")?,
        home,
        user: user.cloned(),
        binaries: binaries.to_owned(),
    };
    postgres.await_answer(port).await?;
    Ok(postgres)
}

/// Makes the cluster unless it is there. A directory that a killed process left half made is made anew.
fn make(home: &Home, binaries: &Path, user: Option<&User>) -> anyhow::Result<()> {
    if home.data().join("PG_VERSION").is_file() && home.0.join("complete").is_file() {
        return Ok(());
    }
    if home.data().exists() {
        warn!(path = %home.data().display(), "a cluster was left half made: making it anew");
        std::fs::remove_dir_all(home.data()).with_context(|| format!("removing {}", home.data().display()))?;
    }
    std::fs::create_dir_all(&home.0).with_context(|| format!("making {}", home.0.display()))?;
    let password = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
    write_private(&home.password(), &password)?;
    if let Some(user) = user {
        user.own(&home.0)?;
        user.own(&home.password())?;
    }
    std::fs::set_permissions(&home.0, std::fs::Permissions::from_mode(0o700))?;
    let made = command(&binaries.join("initdb"), user)
        .arg("--pgdata")
        .arg(home.data())
        .arg("--pwfile")
        .arg(home.password())
        // Nothing is in the cluster yet that a crash could take; the server syncs everything from its first start on.
        .args(["--username=stepwell", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"])
        .output()
        .with_context(|| format!("running {}", binaries.join("initdb").display()))?;
    if !made.status.success() {
        bail!(
            "initdb could not make a cluster in {}: {}",
            home.data().display(),
            String::from_utf8_lossy(&made.stderr).trim()
        );
    }
    std::fs::write(home.0.join("complete"), "")?;
    Ok(())
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes()).with_context(|| format!("writing {}", path.display()))
}

/// Starts the server on a free port. Its lock file, left by a machine that lost power, is Postgres's own to judge.
fn launch(home: &Home, binaries: &Path, user: Option<&User>) -> anyhow::Result<u16> {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|l| l.local_addr())
        .context("finding a free port")?
        .port();
    let log = std::fs::OpenOptions::new().create(true).append(true).open(home.log())?;
    if let Some(user) = user {
        user.own(&home.log())?;
    }
    use std::os::unix::process::CommandExt;
    command(&binaries.join("postgres"), user)
        .arg("-D")
        .arg(home.data())
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // Its own group: Ctrl-C in a terminal ends Stepwell, which then ends Postgres in order.
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting {}", binaries.join("postgres").display()))?;
    Ok(port)
}

impl EmbeddedPostgres {
    async fn await_answer(&self, port: u16) -> anyhow::Result<()> {
        let url = self.home.url(port, "postgres").context("the password of the private Postgres is missing")?;
        let began = Instant::now();
        let mut connection = loop {
            match PgConnection::connect(&url).await {
                Ok(connection) => break connection,
                Err(error) if began.elapsed() > START_MAX || self.has_given_up(began) => {
                    bail!("the private Postgres does not answer ({error}); its log is {}", self.home.log().display())
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        crate::store::create_database(&mut connection, "stepwell").await?;
        Ok(())
    }

    /// Whether the server ended instead of starting.
    fn has_given_up(&self, began: Instant) -> bool {
        began.elapsed() > Duration::from_secs(10) && self.home.live().is_none()
    }

    /// Stops the server and waits until it is gone.
    pub async fn stop(self) {
        let stopped = command(&self.binaries.join("pg_ctl"), self.user.as_ref())
            .args(["stop", "--mode=fast", "--wait", "--silent", "--pgdata"])
            .arg(self.home.data())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !stopped.is_ok_and(|s| s.success()) {
            warn!(log = %self.home.log().display(), "the private Postgres could not be stopped; the next start uses it as it is");
        }
    }
}
