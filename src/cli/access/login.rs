//! `stepwell login` and `stepwell logout`: a one-time link to the dashboard, or with `--server` a saved login for this command line.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde::Deserialize;
use sqlx::PgPool;

use crate::cli::client::saved::Login;
use crate::cli::{client, context, print};
use crate::config::{Server, Settings};
use crate::redact::Known;
use crate::store::access::{self, Identity, Principal, Scope};
use crate::store::acts::By;

/// How long a link is valid.
const LIFETIME: Duration = Duration::from_mins(15);

/// Longest token read from standard input.
const TOKEN_BYTES_MAX: u64 = 4_096;

/// Arguments of `stepwell login`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Sign in to the dashboard as this user. Default: the administrator at this terminal.
    #[arg(long)]
    user: Option<String>,
}

/// The owner of a token.
#[derive(Deserialize)]
struct Me {
    actor: String,
    scopes: Vec<String>,
}

pub(in crate::cli) async fn run(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    // A variable selects the server for other commands; a login is saved only for a server named explicitly.
    match settings.server.as_ref().filter(|server| server.by_flag) {
        Some(server) => {
            ensure!(args.user.is_none(), "a token says whose it is: give --user or --server, not both");
            sign_in(server, settings).await
        }
        None => print_link(args, settings).await,
    }
}

/// Deletes the saved login.
pub(in crate::cli) fn forget() -> anyhow::Result<ExitCode> {
    match Login::forget()? {
        Some(server) => println!("signed out of {server}; the token is valid until it is revoked"),
        None => println!("no login is saved"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Saves a login for later commands, once the server has confirmed the token.
async fn sign_in(server: &Server, settings: &Settings) -> anyhow::Result<ExitCode> {
    let token = match &settings.token {
        Some(token) => token.0.clone(),
        None => read_token(&server.url)?,
    };
    ensure!(
        !token.is_empty(),
        "no token was given; `stepwell token create` creates one, as do administrators in the dashboard"
    );
    Known::of_process().note(&token);
    let url = client::address(&server.url, server.insecure)?;
    let me: Me = client::read(client::who(&server.url, &token, server.insecure).await?)?;
    let file = Login::new(url.clone(), token, server.insecure).write()?;
    print::text(&format!("signed in to {url} as {} ({})", me.actor, me.scopes.join(", ")));
    println!("saved in {}; `stepwell logout` removes it", file.display());
    Ok(ExitCode::SUCCESS)
}

/// Reads the first line of standard input; on a terminal, prompts for it without echo.
fn read_token(server: &str) -> anyhow::Result<String> {
    let input = std::io::stdin();
    let terminal = if input.is_terminal() { tcgetattr(&input).ok() } else { None };
    if let Some(usual) = &terminal {
        eprint!("token for {server}: ");
        let mut silent = usual.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&input, OptionalActions::Flush, &silent).context("turning off the echo of the terminal")?;
    }
    let mut line = String::new();
    let read = input.lock().take(TOKEN_BYTES_MAX).read_line(&mut line);
    if let Some(usual) = &terminal {
        tcsetattr(&input, OptionalActions::Flush, usual).context("turning the echo of the terminal on again")?;
        eprintln!();
    }
    read.context("reading the token from standard input")?;
    Ok(line.trim().to_owned())
}

async fn print_link(args: &Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let pool = context::connect(settings).await?;
    let by = context::identity(&pool, settings, Scope::Read).await?;
    let identity = match &args.user {
        None => {
            let program = matches!(by.principal, Principal::Token { owner: None, .. });
            ensure!(!program, "{} is a program's token and cannot sign in: name a user with --user", by.actor().0);
            by.clone()
        }
        Some(name) => {
            let user = access::find_user(&pool, name).await?;
            let hint = || format!("there is no user {name} who may sign in; `stepwell user list` shows them");
            let user = user.with_context(hint)?;
            let may = user.actor() == by.actor() || by.allows(Scope::Admin);
            ensure!(may, "a link for another user needs the scope admin, which {} does not have", by.actor().0);
            user
        }
    };
    println!("{}", link(&pool, settings, &identity, &by).await?);
    Ok(ExitCode::SUCCESS)
}

/// Creates a link that signs one person in, once.
pub(in crate::cli) async fn link(
    pool: &PgPool,
    settings: &Settings,
    identity: &Identity,
    by: &Identity,
) -> anyhow::Result<String> {
    let secret = access::create_login_link(pool, identity, LIFETIME, By::from(&by.actor())).await?;
    Ok(format!("{}/login?token={secret}", settings.url()))
}
