//! `stepwell doctor`: checks whether a node with these settings would work: folder, hub, connections, database. Changes
//! nothing.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::context;
use crate::cli::definitions::load;
use crate::cli::serving::database;
use crate::cli::serving::server::{connect_settings, refused};
use crate::config::{Loaded, Settings};
use crate::connect::{Connections, KEYS_VARIABLE, Keyring, Ledger, Secrets};
use crate::engine::audit::anchors::key::{AuditKey, KEY_VARIABLE};
use crate::engine::audit::{self, Keeper};
use crate::hub::Hub;
use crate::machine::{CallOutcome, CallRequest};
use crate::preflight::OneAtATime;
use crate::retention::{self, Policy};
use crate::store::events::outgoing;
use crate::store::nodes::{environment, roles};
use crate::store::{self, nodes};
use crate::words::plural;

/// Arguments of `stepwell doctor`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Do not contact the connected systems or the database.
    #[arg(long)]
    offline: bool,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Error,
}

/// The result of one check.
#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    /// `settings`, `workflows`, `hub`, `retention`, `anchors`, `connection NAME`, `database`.
    subject: String,
    /// The result, and what to do about it.
    detail: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn note(&mut self, level: Level, subject: &str, detail: impl Into<String>) {
        self.0.push(Finding { level, subject: subject.to_owned(), detail: detail.into() });
    }
}

/// Timeout for a system or the database.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Largest acceptable clock difference: beyond it, times in lists and schedules are hard to compare.
const CLOCKS_APART_MAX: chrono::Duration = chrono::Duration::seconds(2);

pub(in crate::cli) async fn run(args: &Args, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let settings = &loaded.settings;
    let mut findings = Findings::default();
    for unknown in &loaded.unknown {
        findings.note(Level::Error, "settings", unknown.clone());
    }
    if loaded.unknown.is_empty() {
        findings.note(
            Level::Ok,
            "settings",
            format!("every setting is known; the environment is {}", settings.environment),
        );
    }
    look_at_folder(settings, &mut findings);
    look_at_connections(settings, args.offline, &mut findings).await;
    if !args.offline {
        look_at_database(settings, &mut findings).await;
    }
    print(&findings.0, args.json)?;
    let is_bad = findings.0.iter().any(|finding| finding.level == Level::Error);
    Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(findings: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(findings)?);
        return Ok(());
    }
    for Finding { level, subject, detail } in findings {
        let level = match level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Error => "ERROR",
        };
        println!("{level:8} {subject}: {detail}");
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    println!("{}, {}", plural(errors, "error", "errors"), plural(warnings, "warning", "warnings"));
    Ok(())
}

/// Checks the definitions of the folder with their functions.
fn look_at_folder(settings: &Settings, findings: &mut Findings) {
    let folder = settings.workflows.display();
    if !settings.workflows.is_dir() {
        let detail =
            format!("the folder {folder} does not exist; set `workflows`, or create a project with `stepwell init`");
        return findings.note(Level::Error, "workflows", detail);
    }
    let enabled = settings.processes.enable.iter().copied();
    let functions = match load::functions(&settings.workflows, settings.variant, enabled) {
        Ok(functions) => functions,
        Err(mistakes) => return findings.note(Level::Error, "workflows", format!("{:#}", refused(&mistakes))),
    };
    let files = match load::definitions(&settings.workflows) {
        Ok(files) => files,
        Err(error) => return findings.note(Level::Error, "workflows", format!("{error:#}")),
    };
    let mut broken = 0;
    for file in &files {
        let why = match load::build(file, &functions) {
            Ok(Ok(_)) => continue,
            Ok(Err(mistakes)) => format!("{:#}", refused(&mistakes)),
            Err(error) => format!("{error:#}"),
        };
        broken += 1;
        findings.note(Level::Error, "workflows", why);
    }
    match (files.len(), broken) {
        (0, _) => findings.note(Level::Warning, "workflows", format!("{folder} has no definitions")),
        (count, 0) => {
            let detail = format!("{} in {folder}, without mistakes", plural(count, "definition", "definitions"));
            findings.note(Level::Ok, "workflows", detail);
        }
        _ => {}
    }
}

async fn look_at_connections(settings: &Settings, offline: bool, findings: &mut Findings) {
    let secrets = Secrets::from_environment();
    let hub = match Hub::load_folder(&settings.workflows, &secrets) {
        Ok(hub) => hub,
        Err(mistakes) => return findings.note(Level::Error, "hub", format!("{:#}", refused(&mistakes))),
    };
    for mistake in &hub.refused {
        findings.note(Level::Error, "hub", format!("{}:{}: {}", mistake.file, mistake.line, mistake.message));
    }
    look_at_archive(&hub.retention, findings);
    look_at_anchors(hub.anchors.as_ref(), findings);
    let (sources, known) = (hub.declared.len(), hub.connections.len());
    let (sources, known) = (plural(sources, "source", "sources"), plural(known, "connection", "connections"));
    findings.note(Level::Ok, "hub", format!("it declares {sources} and {known}"));
    let keyring = match Keyring::from_environment() {
        Ok(keyring) => keyring,
        Err(why) => return findings.note(Level::Error, "hub", why.to_string()),
    };
    let connections = match Connections::new(connect_settings(settings, &hub, secrets, keyring)) {
        Ok(connections) => connections,
        Err(why) => return findings.note(Level::Error, "hub", format!("the connections cannot be used: {why}")),
    };
    if !connections.stores_tokens() && !connections.shared_tokens().is_empty() {
        let names: Vec<&str> = connections.shared_tokens().iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        let detail = format!("{names} use refresh tokens, which are stored encrypted: set {KEYS_VARIABLE}");
        findings.note(Level::Error, "hub", detail);
    }
    let closing = CancellationToken::new();
    let ledger: Arc<dyn Ledger> = Arc::new(OneAtATime);
    connections.govern(&ledger, &closing);
    for standing in connections.standings() {
        let subject = format!("connection {}", standing.name);
        match &standing.base_url {
            None => {
                let detail =
                    format!("it has no base URL for the environment {}; add one in hub.yaml", settings.environment);
                findings.note(Level::Error, &subject, detail);
            }
            Some(base) if offline => findings.note(Level::Ok, &subject, format!("points to {base}")),
            Some(base) => {
                let (level, detail) = reach(&connections, &standing.name, base).await;
                findings.note(level, &subject, detail);
            }
        }
    }
    closing.cancel();
}

/// Checks that what is due can be archived, if anything is to be deleted.
fn look_at_archive(policy: &Policy, findings: &mut Findings) {
    let subject = "retention";
    let Some(folder) = policy.folder() else {
        return findings.note(Level::Ok, subject, "nothing is removed: hub.yaml has no retention periods");
    };
    let shown = folder.display();
    match retention::folder_is_writable(folder) {
        Ok(()) => findings.note(Level::Ok, subject, format!("archives go to {shown}")),
        Err(error) => {
            let detail = format!("nothing is removed: the archive folder {shown} cannot be written to: {error}");
            findings.note(Level::Error, subject, detail);
        }
    }
}

/// Checks that anchors can be written, and whether they prove anything.
fn look_at_anchors(keeper: Option<&Keeper>, findings: &mut Findings) {
    let subject = "anchors";
    let Some(Keeper { folder, webhook, .. }) = keeper else {
        let detail =
            "none are written: the database owner can change it unnoticed (`audit: { anchors: ... }` of hub.yaml)";
        return findings.note(Level::Ok, subject, detail);
    };
    if let Some(folder) = folder {
        let shown = folder.display();
        match retention::folder_is_writable(folder) {
            Ok(()) => findings.note(Level::Ok, subject, format!("they go to {shown}")),
            Err(error) => {
                findings.note(Level::Error, subject, format!("the folder {shown} cannot be written to: {error}"));
            }
        }
    }
    if let Some(webhook) = webhook {
        findings.note(Level::Ok, subject, format!("they are posted to {webhook}"));
    }
    match AuditKey::from_environment() {
        Ok(Some(key)) => {
            findings.note(Level::Ok, subject, format!("they are signed; the public key is {}", key.public()))
        }
        Ok(None) => {
            let detail = format!("they are not signed: set {KEY_VARIABLE} so that they cannot be replaced");
            findings.note(Level::Warning, subject, detail);
        }
        Err(why) => findings.note(Level::Error, subject, why.to_string()),
    }
}

/// Obtains a token if the connection needs one, and calls its base URL. Any answer except rejected credentials passes.
async fn reach(connections: &Connections, name: &str, base: &str) -> (Level, String) {
    let request =
        CallRequest { method: "GET".to_owned(), uri: format!("connection://{name}/"), ..CallRequest::default() };
    let Ok(outcome) = tokio::time::timeout(ANSWER_MAX, connections.call(&request, None)).await else {
        return (Level::Error, format!("{base} did not answer within {} s", ANSWER_MAX.as_secs()));
    };
    let failure = match outcome {
        CallOutcome::Succeeded { response, .. } => {
            return (Level::Ok, format!("{base} answers ({})", response.status));
        }
        CallOutcome::Failed(failure) => failure,
    };
    let said = failure.error.detail.clone().or(failure.error.title.clone()).unwrap_or_default();
    match failure.response.map(|response| response.status) {
        Some(401 | 403) => (Level::Error, format!("{base} rejected the credentials: {said}")),
        Some(status @ 500..) => (Level::Warning, format!("{base} answers, but with {status}: {said}")),
        Some(status) => (Level::Ok, format!("{base} answers ({status})")),
        None => (Level::Error, said),
    }
}

async fn look_at_database(settings: &Settings, findings: &mut Findings) {
    let subject = "database";
    let url = match context::database_url(settings) {
        Ok(url) => url,
        Err(error) => return findings.note(Level::Error, subject, format!("{error:#}")),
    };
    let address = store::address(&url).unwrap_or_default();
    if let Err(error) = store::knock(&url, ANSWER_MAX).await {
        let why = database::why(&error);
        return findings.note(Level::Error, subject, format!("the database at {address} cannot be used: {why}"));
    }
    if let Err(error) = ask_database(settings, &url, &address, findings).await {
        findings.note(Level::Error, subject, format!("asking the database at {address} failed: {error}"));
    }
}

async fn ask_database(
    settings: &Settings,
    url: &str,
    address: &str,
    findings: &mut Findings,
) -> Result<(), store::StoreError> {
    let subject = "database";
    let pool = store::connect_read_only(url, 1).await?;
    let server = nodes::server(&pool).await?;
    let version = server.version / 10_000;
    let level = if version < 14 { Level::Error } else { Level::Ok };
    findings.note(level, subject, format!("{address} is Postgres {version}; 14 or later is needed"));
    match roles::check_migrated(&pool).await {
        Ok(()) => findings.note(Level::Ok, subject, "it has every migration of this version"),
        Err(error) => {
            findings.note(Level::Error, subject, error.to_string());
            return Ok(());
        }
    }
    let d = nodes::durability(&pool).await?;
    if d.fsync != "on" || d.full_page_writes != "on" || d.synchronous_commit == "off" {
        let detail = format!(
            "it may lose commits in a crash: fsync is {}, full_page_writes {}, synchronous_commit {}",
            d.fsync, d.full_page_writes, d.synchronous_commit
        );
        findings.note(Level::Error, subject, detail);
    } else if d.synchronous_standby_names.is_empty() {
        let detail = "commits survive a crash; without a synchronous standby, a failover may lose the last ones";
        findings.note(Level::Ok, subject, detail);
    } else {
        findings.note(Level::Ok, subject, "commits survive a crash and a failover");
    }
    if server.is_superuser {
        let detail =
            "the user of DATABASE_URL is a superuser; let nodes run as a role of their own: `stepwell migrate --help`";
        findings.note(Level::Warning, subject, detail);
    }
    let apart = (nodes::database_time(&pool).await? - chrono::Utc::now()).abs();
    if apart > CLOCKS_APART_MAX {
        let detail = format!("its clock differs from this machine's by {} ms", apart.num_milliseconds());
        findings.note(Level::Warning, subject, detail);
    }
    match environment::current(&pool).await? {
        Some(other) if other != settings.environment => {
            let detail = format!("it belongs to the environment {other}, but the setting is {}", settings.environment);
            findings.note(Level::Error, subject, detail);
        }
        _ => {}
    }
    let waiting = outgoing::waiting(&pool, audit::WEBHOOK).await?;
    if let Some(why) = waiting.error {
        let waiting = plural(usize::try_from(waiting.count).unwrap_or(usize::MAX), "anchor waits", "anchors wait");
        findings.note(Level::Warning, "anchors", format!("{waiting} to be posted; the last try failed: {why}"));
    }
    pool.close().await;
    Ok(())
}
