//! The measured node: this program's own `serve`, in a separate process with a separate database.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use sqlx::{Connection, PgConnection};
use tokio::process::{Child, Command};
use url::Url;

use super::process;
use super::report::{Saturated, Throughput};
use crate::store;

/// Secret of the webhook source.
pub(super) const SECRET: &str = "whsec_c3RlcHdlbGwtYmVuY2gtc2VjcmV0";

const HUB: &str = "sources:
  bench:
    scheme: standard-webhooks
    secret: '${ $secrets.bench }'
    event: { type: '${ .type }' }
";

const NOOPS: &str = "document: { dsl: '1.0.3', namespace: bench, name: noops, version: '1.0.0' }
schedule: { on: { one: { with: { source: bench, type: noops } } } }
input: { from: '${ .[0] }' }
do:
  - one: { set: { n: '${ .n }', step: 1 } }
  - two: { set: { n: '${ .n }', step: 2 } }
  - three: { set: { n: '${ .n }', step: 3 } }
";

fn calls(mock: SocketAddr) -> String {
    let step = |n: u32| {
        format!(
            "  - call{n}:\n      call: http\n      with: {{ method: post, endpoint: 'http://{mock}/{n}', body: {{ id: '${{ $workflow.id }}', step: {n} }} }}\n"
        )
    };
    format!(
        "document: {{ dsl: '1.0.3', namespace: bench, name: calls, version: '1.0.0', metadata: {{ key: '${{ .n }}' }} }}\n\
         schedule: {{ on: {{ one: {{ with: {{ source: bench, type: calls }} }} }} }}\n\
         input: {{ from: '${{ .[0] }}' }}\ndo:\n{}{}{}",
        step(1),
        step(2),
        step(3)
    )
}

/// A running node.
pub(super) struct BenchNode {
    address: SocketAddr,
    database_url: String,
    server_url: String,
    database: String,
    postmaster: u32,
    token: String,
    pid: u32,
    child: Child,
    _folder: Option<Folder>,
}

/// What the measured node runs.
pub(super) struct Setup {
    /// Folder of its workflows; `None` for the benchmark's own.
    pub workflows: Option<PathBuf>,
    /// Address that it may call.
    pub target: SocketAddr,
    /// Environment variables in addition to the usual ones.
    pub environment: Vec<(&'static str, String)>,
}

/// A folder deleted on drop.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // A leftover in the temporary directory does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl BenchNode {
    pub(super) async fn start(server_url: &str, setup: &Setup) -> anyhow::Result<Self> {
        let database = format!("stepwell_bench_{}", std::process::id());
        let mut admin = PgConnection::connect(server_url).await.context("connecting to the Postgres to measure on")?;
        store::create_database(&mut admin, &database).await?;
        let backend = store::backend_pid(&mut admin).await?;
        let postmaster = process::parent(backend).context("the Postgres to measure on must run on this machine")?;
        let mut url = Url::parse(server_url).context("the database's URL")?;
        url.set_path(&database);
        let own = match setup.workflows {
            Some(_) => None,
            None => Some(Folder(std::env::temp_dir().join(&database))),
        };
        if let Some(folder) = &own {
            write_workflows(&folder.0, setup.target)?;
        }
        let folder = setup.workflows.as_ref().or_else(|| own.as_ref().map(|folder| &folder.0));
        let folder = folder.context("a folder of workflows")?;
        let address = free_address()?;
        let program = std::env::current_exe().context("finding this program's own path")?;
        let run = |arguments: &[&str]| {
            let mut command = Command::new(&program);
            command
                .args(arguments)
                .env("DATABASE_URL", url.as_str())
                .env("STEPWELL_LISTEN", address.to_string())
                .env("STEPWELL_WORKFLOWS", folder)
                .env("STEPWELL_NETWORK_ALLOW", setup.target.to_string())
                .env("STEPWELL_NODE_RUNS_MAX", "50000")
                .env("STEPWELL_SECRET_BENCH", SECRET)
                .env("RUST_LOG", "error")
                .envs(setup.environment.iter().map(|(name, value)| (name, value)))
                .kill_on_drop(true);
            command
        };
        let folder_name = folder.to_string_lossy().into_owned();
        let deployed = run(&["deploy", &folder_name]).output().await.context("deploying the measured workflows")?;
        if !deployed.status.success() {
            bail!("deploying the measured workflows: {}", String::from_utf8_lossy(&deployed.stderr));
        }
        let token = run(&["token", "create", "--scopes", "read,operate"]).output().await.context("making a token")?;
        let token = String::from_utf8_lossy(&token.stdout).trim().to_owned();
        let child = run(&["serve"]).stderr(Stdio::inherit()).spawn().context("starting the measured node")?;
        let pid = child.id().context("the measured node ended at once")?;
        let node = Self {
            address,
            database_url: url.to_string(),
            server_url: server_url.to_owned(),
            database,
            postmaster,
            token,
            pid,
            child,
            _folder: own,
        };
        node.await_ready().await?;
        Ok(node)
    }

    async fn await_ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let client = reqwest::Client::new();
        while began.elapsed() < Duration::from_secs(30) {
            let ready = client.get(format!("http://{}/readyz", self.address)).send().await;
            if ready.is_ok_and(|r| r.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the measured node was not ready within 30 s")
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn database_url(&self) -> &str {
        &self.database_url
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn resident_bytes(&self) -> u64 {
        process::resident_bytes(self.pid)
    }

    /// Peak resident memory since the start.
    pub(super) fn peak_bytes(&self) -> u64 {
        process::peak_bytes(self.pid)
    }

    /// Measures what the node and Postgres use during `work`.
    pub(super) async fn metered(
        &self,
        work: impl Future<Output = anyhow::Result<Saturated>>,
    ) -> anyhow::Result<Throughput> {
        let mut connection = PgConnection::connect(&self.database_url).await?;
        let written_before = store::written(&mut connection).await?;
        let (node, postgres) = (process::cpu(self.pid), process::cpu_of_server(self.postmaster));
        let done = work.await?;
        let node_cpu = process::cpu(self.pid).saturating_sub(node);
        let postgres_cpu = process::cpu_of_server(self.postmaster).saturating_sub(postgres);
        // Backends report their counters at most once a second.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let written = store::written(&mut connection).await?;
        Ok(Throughput {
            runs: done.runs,
            seconds: done.seconds,
            node_cpu_seconds: node_cpu.as_secs_f64(),
            postgres_cpu_seconds: postgres_cpu.as_secs_f64(),
            commits: u64::try_from(written.commits - written_before.commits).unwrap_or(0),
            wal_bytes: u64::try_from(written.wal_bytes - written_before.wal_bytes).unwrap_or(0),
        })
    }

    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("stopping the measured node")?;
        let mut admin = PgConnection::connect(&self.server_url).await?;
        store::drop_database(&mut admin, &self.database).await?;
        Ok(())
    }
}

fn write_workflows(folder: &Path, mock: SocketAddr) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for (name, text) in [("hub.yaml", HUB.to_owned()), ("noops.yaml", NOOPS.to_owned()), ("calls.yaml", calls(mock))] {
        std::fs::write(folder.join(name), text).with_context(|| format!("writing {name}"))?;
    }
    Ok(())
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
