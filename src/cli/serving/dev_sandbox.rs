//! The sandbox of `stepwell dev`, in a separate process: like a real CRM and ERP, it survives a killed node, and the
//! next node finds the same records.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tracing::{info, warn};

use crate::connect::Secrets;
use crate::hub::Hub;
use crate::sandbox::Profile;

/// Well-known secrets, valid only for the sandbox. An environment variable overrides each.
pub(super) fn sandbox_secrets() -> Secrets {
    Secrets::from_environment_or(&[
        ("salesforceWebhook", "whsec_c3RlcHdlbGwtZGVtby13ZWJob29rLXNlY3JldA=="),
        ("netsuiteWebhook", "whsec_c3RlcHdlbGwtZGVtby1lcnAtd2ViaG9vay1zZWNyZXQ="),
        ("netsuiteToken", "sandbox-erp-token"),
        ("salesforceToken", "sandbox-crm-token"),
    ])
}

/// An unused sandbox exits after this time.
const IDLE_MAX: Duration = Duration::from_mins(10);

/// Longest time until its first answer.
const START_MAX: Duration = Duration::from_secs(10);

/// A running sandbox. If started here it ends with [`Self::stop`], else once nobody uses it.
pub(super) struct DevSandbox {
    child: Option<Child>,
    in_use: tokio::task::JoinHandle<()>,
}

impl DevSandbox {
    /// Starts a sandbox, or uses a running one.
    ///
    /// `told` lists the server's sources to notify of changes.
    pub(super) async fn start(address: SocketAddr, profile: &'static Profile, told: &Told) -> anyhow::Result<Self> {
        let child = match TcpListener::bind(address).await {
            Ok(free) => {
                drop(free);
                let child = spawn(address, profile, told)?;
                await_answer(address).await?;
                Some(child)
            }
            Err(_) if is_sandbox(address).await => {
                demand_profile(address, profile).await?;
                info!(%address, "a sandbox is already running there: using it with its existing data");
                None
            }
            Err(why) => {
                bail!("listening on {address} for the sandbox failed: {why}. Choose another address with --sandbox")
            }
        };
        let in_use = tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE_MAX / 10).await;
                is_sandbox(address).await;
            }
        });
        Ok(Self { child, in_use })
    }

    /// Stops the sandbox if it was started here.
    pub(super) async fn stop(mut self) {
        self.in_use.abort();
        if let Some(child) = &mut self.child {
            // It may have exited already.
            let _ = child.kill().await;
        }
    }
}

fn spawn(address: SocketAddr, profile: &Profile, told: &Told) -> anyhow::Result<Child> {
    let program = std::env::current_exe().context("finding this program's own path")?;
    let mut command = Command::new(program);
    told.tell(&mut command)?;
    command
        .args(["sandbox", "--listen", &address.to_string(), "--idle-seconds", &IDLE_MAX.as_secs().to_string()])
        .args(["--profile", profile.name])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C is handled here: the sandbox is stopped after the runs have stopped calling it.
        .process_group(0)
        .spawn()
        .context("starting the sandbox")
}

/// Sources that the sandbox notifies of changes.
pub(super) struct Told {
    server: SocketAddr,
    /// System as in the names of its variables, and source.
    sources: Vec<(&'static str, &'static str)>,
}

impl Told {
    /// No sources.
    pub(super) fn nobody(server: SocketAddr) -> Self {
        Self { server, sources: Vec::new() }
    }

    /// The sources `salesforce` and `netsuite`, if `hub.yaml` has them.
    pub(super) fn by_hub(server: SocketAddr, workflows: &Path) -> anyhow::Result<Self> {
        let hub = Hub::load_folder(workflows, &sandbox_secrets());
        let hub = hub.map_err(|mistakes| anyhow::anyhow!("{}", mistakes.first().map_or("", |m| m.message.as_str())))?;
        let (there, absent): (Vec<_>, Vec<_>) = [("CRM", "salesforce"), ("ERP", "netsuite")]
            .into_iter()
            .partition(|(_, source)| hub.sources.contains_key(*source));
        let reads = |name: &str| hub.subscribed.iter().any(|subscribed| subscribed.name == name);
        for (system, source) in absent.into_iter().filter(|(_, source)| !reads(source)) {
            warn!(
                source,
                "hub.yaml has no such source: the sandbox's {system} sends no change events (docs/sandbox.md shows a source)"
            );
        }
        Ok(Self { server, sources: there })
    }

    /// Configures webhooks signed with the sources' secrets. Uses environment variables, because other users can see
    /// arguments.
    fn tell(&self, command: &mut Command) -> anyhow::Result<()> {
        for (system, source) in &self.sources {
            let secret =
                sandbox_secrets().resolve(&format!("{source}Webhook")).map_err(|why| anyhow::anyhow!("{why}"))?;
            let url = format!("http://{}/hooks/{source}", self.server);
            command.env(format!("STEPWELL_SANDBOX_{system}_WEBHOOK"), url);
            command.env(format!("STEPWELL_SANDBOX_{system}_WEBHOOK_SECRET"), secret.expose());
        }
        Ok(())
    }
}

async fn await_answer(address: SocketAddr) -> anyhow::Result<()> {
    let answers = async {
        while !is_sandbox(address).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(START_MAX, answers).await.with_context(|| {
        format!("the sandbox did not answer on {address}; `stepwell sandbox --listen {address}` shows why")
    })
}

/// Whether one of our sandboxes answers there.
async fn is_sandbox(address: SocketAddr) -> bool {
    settings_of(address).await.is_some_and(|settings| settings["erp"]["concurrency"].is_number())
}

/// Refuses a running sandbox with a different profile.
async fn demand_profile(address: SocketAddr, profile: &Profile) -> anyhow::Result<()> {
    let settings = settings_of(address).await.unwrap_or_default();
    match settings["profile"].as_str() {
        Some(name) if name != profile.name => bail!(
            "the sandbox running on {address} has the profile {name}, not {}: stop it, choose another address with --sandbox, \
             or give --sandbox-profile {name}",
            profile.name
        ),
        _ => Ok(()),
    }
}

async fn settings_of(address: SocketAddr) -> Option<serde_json::Value> {
    let asked = reqwest::Client::new().get(format!("http://{address}/settings")).timeout(Duration::from_secs(2)).send();
    asked.await.ok()?.json().await.ok()
}
