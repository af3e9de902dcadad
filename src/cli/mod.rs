//! The command line: one thin file per subcommand. Subcommands call the API through `client`, except those that run a
//! server, work on files, or recover access. Exit codes: 0 done, 1 refused or failed, 2 wrong usage. A missing reader
//! of the output does not change them (`crate::output`).

mod access;
mod client;
mod context;
mod definitions;
mod operations;
mod print;
mod runs;
pub mod serving;
mod setup;
mod sync;
mod time_flags;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{self, Loaded};
use crate::connect::Secrets;
use crate::redact::Known;
use crate::telemetry;
use access::{login, session, token, user};
use definitions::{delete, deploy, graph, mapping, replay, schema, test, validate};
use operations::{
    attention, audit, connections, events, freezes, notifications, proposals, retention, schedules, tasks,
};
use runs::{bulk, run, search};
use serving::{bench, dev, fire, migrate, sandbox, serve};
use setup::{completions, doctor, init, preflight};
use sync::{batches, conflicts, drift, sources, totals};

/// The end of `stepwell --help`.
const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 refused or failed (not found, no right to it, the server is away, a check found something); 2 wrong usage.
With --json, one thing is a JSON object and a list a JSON array. Times: 2026-11-20T16:42:07Z, 2026-11-20, or 24h, 7d.";

/// Durable orchestration of business processes between systems that share no database.
#[derive(Debug, Parser)]
#[command(name = "stepwell", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// The settings file.
    #[arg(long, global = true, default_value = "stepwell.toml", env = "STEPWELL_CONFIG", value_name = "FILE")]
    config: PathBuf,

    /// Ask this server, such as `https://stepwell.example.com`. Default: STEPWELL_SERVER; else the database of DATABASE_URL or of a running
    /// `stepwell dev`; else the server of the saved login (`stepwell login --server URL`).
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,

    /// Act as the owner of this API token, with its scopes. Default: the token of the saved login; without a server, acts are recorded
    /// as `local:USER@HOST`.
    #[arg(long, global = true, env = "STEPWELL_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,

    /// Send the token without TLS to a server that is not on this machine.
    #[arg(long, global = true)]
    insecure: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a small working project with passing tests.
    Init(init::Args),
    /// Run everything on this machine: a private Postgres, the sandbox CRM and ERP, and a server with the definitions in `workflows/`.
    Dev(dev::Args),
    /// Send one signed closed-won webhook to the server of `stepwell dev` and show the run it starts.
    Fire(fire::Args),
    /// Run only the server; requires `DATABASE_URL`.
    Serve(serve::Args),
    /// Migrate the database to this version, and set up a role without ownership for nodes.
    Migrate(migrate::Args),
    /// Run only the sandbox CRM and ERP.
    Sandbox(sandbox::Args),
    /// Check definitions.
    Validate(validate::Args),
    /// Run the scenarios of definitions; with `--faults`, inject every failure at every step.
    Test(test::Args),
    /// Replay recorded events with a definition and show what would change.
    Replay(replay::Args),
    /// Check that the connected accounts have what the workflows need, without writing anything.
    Preflight(preflight::Args),
    /// Print and check the tables of `mappings/`.
    #[command(subcommand)]
    Mapping(mapping::Command),
    /// Print a definition as a Mermaid flowchart.
    Graph(graph::Args),
    /// Print the JSON Schema for editors.
    Schema(schema::Args),
    /// Check definitions and deploy new versions.
    Deploy(deploy::Args),
    /// Delete a version that has no runs.
    Delete(delete::Args),
    /// Start a run.
    Run(run::Args),
    /// Show runs and act on them.
    #[command(subcommand)]
    Runs(Box<runs::Command>),
    /// Show acts over many runs (`stepwell runs ACT --attention any ...` begins one), pause, resume and stop them.
    #[command(subcommand)]
    Bulk(bulk::Command),
    /// Find what an id or key belongs to: runs, events, records, workflows.
    Search(search::Args),
    /// Show proposals (actions that need a second person), and approve or decline them.
    #[command(subcommand)]
    Proposals(proposals::Command),
    /// Show steps that wait for people, and decide them.
    #[command(subcommand)]
    Tasks(tasks::Command),
    /// Show batches and retry failed rows.
    #[command(subcommand)]
    Batches(batches::Command),
    /// Show and settle conflicts between records of the two systems.
    #[command(subcommand)]
    Conflicts(conflicts::Command),
    /// Show the stored OAuth tokens of connections, reauthorize a connection, and rotate the encryption key.
    #[command(subcommand)]
    Connections(connections::Command),
    /// Show the results of reconciliations: changes that the webhooks missed.
    Drift(drift::Args),
    Attention(attention::Attention),
    /// Freeze and release workflows.
    #[command(subcommand)]
    Freezes(freezes::Command),
    /// Compare won deals with orders by day, currency and company, list the lines behind the sums, and sign off a period.
    Totals(totals::Args),
    /// Show schedules, pause, resume and fire them.
    #[command(subcommand)]
    Schedules(schedules::Command),
    /// Show notification channels, and send test messages.
    #[command(subcommand)]
    Notifications(notifications::Command),
    /// List sources, with the latest event number and missing events of those that number their events.
    Sources(sources::Args),
    /// Show, replay and dismiss received events.
    #[command(subcommand)]
    Events(events::Command),
    /// Verify journals; list administrative acts and refused access.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Show what is archived and removed, and when, or do it now.
    #[command(subcommand)]
    Retention(retention::Command),
    /// Create, list and revoke API tokens.
    #[command(subcommand)]
    Token(token::Command),
    /// Create, list, change, disable and delete users.
    #[command(subcommand)]
    User(user::Command),
    /// List and end sessions of the dashboard.
    #[command(subcommand)]
    Session(session::Command),
    /// Print a one-time link to the dashboard; with `--server`, save a login for this command line.
    ///
    /// With `--server URL`, the token is taken from `--token` or STEPWELL_TOKEN, or read from standard input. Once the server has
    /// confirmed its owner, both are saved in `~/.config/stepwell/login.json`, which only you can read.
    Login(login::Args),
    /// Remove the saved login.
    Logout,
    /// Print the completion script of a shell.
    Completions(completions::Args),
    /// Check whether a node with these settings would work: definitions, connections, database. Changes nothing. Exit code 1 on an error.
    Doctor(doctor::Args),
    /// Print the effective settings, with secrets masked.
    Config(ConfigArgs),
    /// Benchmark Stepwell on this machine.
    Bench(bench::Args),
    /// Evaluate expressions for a node. Started by the node itself.
    #[command(hide = true)]
    Evaluator,
    /// Run a program of a definition within its limits. Started by the node itself.
    #[command(hide = true)]
    Process,
}

/// `stepwell config`
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// Check the settings and print only the mistakes. Exit code 1 if a variable is unknown.
    #[arg(long)]
    check: bool,
}

/// Runs the subcommand.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    // The evaluator has no settings, logs or environment.
    if matches!(cli.command, Command::Evaluator) {
        return crate::evaluator::child_main();
    }
    if matches!(cli.command, Command::Process) {
        return crate::connect::process::supervisor::main();
    }
    match prepare_and_run(cli) {
        Ok(code) => code,
        Err(error) => {
            let said = config::without_userinfo(&Known::of_process().all().text(format!("error: {error:#}")));
            print::complaint(&said);
            ExitCode::FAILURE
        }
    }
}

fn prepare_and_run(cli: Cli) -> anyhow::Result<ExitCode> {
    let mut loaded = config::load(&cli.config)?;
    loaded.settings.urls().iter().for_each(|url| Known::of_process().note_url(url));
    // Register the environment's secrets, so that everything stored or shown is masked.
    drop(Secrets::from_environment());
    loaded.settings.token = cli.token.map(|token| config::Token(token.trim().to_owned()));
    loaded.settings.token.iter().for_each(|token| Known::of_process().note(&token.0));
    loaded.settings.server = server(cli.server, cli.insecure);
    check_place(&cli.command, &loaded.settings)?;
    let serves = matches!(cli.command, Command::Dev(_) | Command::Serve(_) | Command::Sandbox(_));
    let level = if serves { "info" } else { "warn" };
    telemetry::init_logs(loaded.settings.log_format, loaded.settings.log.as_deref(), level)
        .map_err(anyhow::Error::msg)?;
    let reports_itself = matches!(cli.command, Command::Config(ConfigArgs { check: true }));
    for unknown in loaded.unknown.iter().filter(|_| !reports_itself) {
        tracing::warn!("{unknown}");
    }
    // Installs the program's only cryptography provider; a second installation would be a bug.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(run_command(cli.command, loaded));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    code
}

/// Returns the server named by the flag, else by the variable.
fn server(flag: Option<String>, insecure: bool) -> Option<config::Server> {
    let by_flag = flag.is_some();
    let url = flag.or_else(|| std::env::var("STEPWELL_SERVER").ok()).filter(|url| by_flag || !url.is_empty())?;
    Some(config::Server { url, by_flag, insecure })
}

/// Refuses `--server` for commands that never use a server. Commands that open the database check it themselves.
fn check_place(command: &Command, settings: &config::Settings) -> anyhow::Result<()> {
    use Command as C;
    let is_here = matches!(
        command,
        C::Init(_)
            | C::Dev(_)
            | C::Fire(_)
            | C::Serve(_)
            | C::Sandbox(_)
            | C::Validate(_)
            | C::Test(_)
            | C::Preflight(_)
            | C::Graph(_)
            | C::Schema(_)
            | C::Logout
            | C::Completions(_)
            | C::Doctor(_)
            | C::Config(_)
            | C::Bench(_)
    );
    let is_named = settings.server.as_ref().is_some_and(|server| server.by_flag);
    anyhow::ensure!(!(is_here && is_named), "this command works on this machine and takes no --server");
    Ok(())
}

async fn run_command(command: Command, loaded: Loaded) -> anyhow::Result<ExitCode> {
    let settings = loaded.settings.clone();
    match command {
        Command::Init(args) => init::run(&args),
        Command::Dev(args) => dev::run(args, settings).await,
        Command::Fire(args) => fire::run(args, &settings).await,
        Command::Serve(args) => serve::run(args, settings).await,
        Command::Migrate(args) => migrate::run(&args, &settings).await,
        Command::Sandbox(args) => sandbox::run(args).await.map(|()| ExitCode::SUCCESS),
        Command::Validate(args) => validate::run(&args, &settings).await,
        Command::Test(args) => test::run(&args, &settings),
        Command::Replay(args) => replay::run(&args, &settings).await,
        Command::Preflight(args) => preflight::run(&args, &settings).await,
        Command::Mapping(command) => mapping::run(&command, &settings).await,
        Command::Graph(args) => graph::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Deploy(args) => deploy::run(&args, &settings).await,
        Command::Delete(args) => delete::run(&args, &settings).await,
        Command::Run(args) => run::run(args, &settings).await,
        Command::Runs(command) => runs::run(*command, &settings).await,
        Command::Bulk(command) => bulk::run(command, &settings).await,
        Command::Search(args) => search::run(&args, &settings).await,
        Command::Proposals(command) => proposals::run(command, &settings).await,
        Command::Tasks(command) => tasks::run(command, &settings).await,
        Command::Batches(command) => batches::run(command, &settings).await,
        Command::Conflicts(command) => conflicts::run(command, &settings).await,
        Command::Connections(command) => connections::run(command, &settings).await,
        Command::Drift(args) => drift::run(&args, &settings).await,
        Command::Attention(args) => attention::run(args, &settings).await,
        Command::Freezes(command) => freezes::run(command, &settings).await,
        Command::Totals(args) => totals::run(args, &settings).await,
        Command::Schedules(command) => schedules::run(command, &settings).await,
        Command::Notifications(command) => notifications::run(command, &settings).await,
        Command::Sources(args) => sources::run(&args, &settings).await,
        Command::Events(command) => events::run(command, &settings).await,
        Command::Audit(command) => audit::run(command, &settings).await,
        Command::Retention(command) => retention::run(command, &settings).await,
        Command::Token(command) => token::run(command, &settings).await,
        Command::User(command) => user::run(command, &settings).await,
        Command::Session(command) => session::run(command, &settings).await,
        Command::Login(args) => login::run(&args, &settings).await,
        Command::Logout => login::forget(),
        Command::Completions(args) => Ok(completions::run(&args, Cli::command())),
        Command::Doctor(args) => doctor::run(&args, &loaded).await,
        Command::Config(ConfigArgs { check: true }) => Ok(check_config(&loaded)),
        Command::Config(_) => show_config(&loaded),
        Command::Bench(args) => bench::run(args, &settings).await,
        Command::Evaluator => Ok(crate::evaluator::child_main()),
        Command::Process => Ok(crate::connect::process::supervisor::main()),
    }
}

/// Reports unknown variables as errors; elsewhere they are warnings. Invalid files and values have been refused before.
fn check_config(loaded: &Loaded) -> ExitCode {
    for unknown in &loaded.unknown {
        eprintln!("error: {unknown}");
    }
    if loaded.unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the effective settings as TOML, with the origin of each value that is not a default.
fn show_config(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let shown = loaded.settings.masked()?;
    let mut tables = Vec::new();
    print_table("", &shown, &loaded.origins, &mut tables);
    while let Some((name, table)) = tables.pop() {
        println!("\n[{name}]");
        let mut inner = Vec::new();
        print_table(&name, &table, &loaded.origins, &mut inner);
        tables.extend(inner);
    }
    Ok(ExitCode::SUCCESS)
}

fn print_table(
    prefix: &str,
    table: &serde_json::Value,
    origins: &std::collections::BTreeMap<String, String>,
    tables: &mut Vec<(String, serde_json::Value)>,
) {
    for (name, value) in table.as_object().into_iter().flatten() {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::Object(inner) if inner.is_empty() => {}
            serde_json::Value::Object(_) => tables.push((key, value.clone())),
            value => {
                let origin =
                    origins.get(&key).or_else(|| origins.get(name)).map(|o| format!("  # {o}")).unwrap_or_default();
                println!("{name} = {value}{origin}");
            }
        }
    }
}
