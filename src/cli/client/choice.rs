//! What a command talks to, the first available of: the server of `--server` or `STEPWELL_SERVER`; the database of the
//! settings, or the private Postgres of `stepwell dev` if it runs here; the server of the saved login.
//!
//! The narrowest choice wins: a single command or shell, then the current folder, then an earlier login. So in a
//! project's folder, `stepwell runs list` shows that project's runs.

use anyhow::{Context, bail, ensure};
use url::{Host, Url};

use super::saved::Login;
use crate::cli::context;
use crate::config::{Settings, Token};

/// What a command talks to.
pub(super) enum Choice {
    /// A server.
    Server(Server),
    /// The database of the settings.
    Database,
}

/// A server, and the token for it.
pub(super) struct Server {
    /// URL without a trailing slash.
    pub(super) url: String,
    pub(super) token: Token,
    /// Whether the token comes from the saved login.
    pub(super) is_saved: bool,
}

pub(super) fn choose(settings: &Settings) -> anyhow::Result<Choice> {
    let given = settings.token.clone();
    if let Some(named) = &settings.server {
        let url = address(&named.url, named.insecure)?;
        if let Some(token) = given {
            return Ok(Choice::Server(Server { url, token, is_saved: false }));
        }
        let saved = Login::read()?.filter(|login| login.server == url);
        let saved = saved.with_context(|| {
            format!(
                "no token for {url}: give --token or STEPWELL_TOKEN, or sign in with `stepwell login --server {url}`"
            )
        })?;
        return Ok(Choice::Server(Server { url, token: saved.token(), is_saved: true }));
    }
    if context::has_database(settings) {
        return Ok(Choice::Database);
    }
    let Some(saved) = Login::read()? else {
        bail!(
            "neither a server nor a database to talk to: name a server with --server or `stepwell login --server URL`, set DATABASE_URL, \
             or start `stepwell dev`, whose private Postgres in {} is not running",
            settings.data_dir.display()
        );
    };
    let is_saved = given.is_none();
    let token = given.unwrap_or_else(|| saved.token());
    Ok(Choice::Server(Server { url: address(&saved.server, saved.insecure)?, token, is_saved }))
}

/// Checks and normalizes the URL of a server.
///
/// # Errors
/// It is invalid, or the token would leave this machine without TLS.
pub(in crate::cli) fn address(text: &str, insecure: bool) -> anyhow::Result<String> {
    let parsed = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = parsed.context("the address of the server must be a URL such as https://stepwell.example.com")?;
    ensure!(
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none(),
        "the address of the server must hold no user, query or fragment: sign in with a token"
    );
    let stays_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    ensure!(
        url.scheme() == "https" || stays_here || insecure,
        "{url} has no TLS, so anyone in between could read the token: use https, or give --insecure where the network is trusted"
    );
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leaves_the_machine_only_through_tls_unless_asked() {
        for sound in [
            "https://a.example/",
            "https://a.example/stepwell/",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost:8080",
        ] {
            assert_eq!(address(sound, false).unwrap(), sound.trim_end_matches('/'));
        }
        for open in ["http://a.example", "http://10.0.0.7:8080", "http://localhost.example"] {
            assert!(address(open, false).unwrap_err().to_string().contains("--insecure"), "{open}");
            assert!(address(open, true).is_ok(), "{open}");
        }
        for wrong in ["a.example", "ftp://a.example", "https://ada:secret@a.example", "https://a.example?token=x", ""] {
            let refused = address(wrong, true).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
