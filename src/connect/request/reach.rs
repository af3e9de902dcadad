//! Where the credentials of a call may be sent. Checked at each attempt, since `hub.yaml` may have changed since the
//! definition was deployed.
//!
//! A connection's credentials may go to its base URL, to the authority that `hub.yaml` names for its tokens, and to its
//! `allowedHosts`. A definition's own credentials may go to the hosts for which `hub.yaml` releases their secrets.

use std::sync::Arc;

use url::Url;

use crate::connect::problem::Problem;
use crate::connect::settings::Connection;
use crate::dsl::{HostPattern, NotReleased, OwnAuthentication, Releases};

/// Where the credentials of one call may be sent.
#[derive(Debug, Clone)]
pub(in crate::connect) enum Reach {
    /// Credentials of a connection, with the hosts that may see them.
    Connection(Arc<Vec<HostPattern>>),
    /// Credentials from a definition.
    Definition {
        /// What `hub.yaml` releases.
        releases: Arc<Releases>,
        /// Namespace of the definition.
        namespace: String,
        /// Secrets that the definition uses.
        secrets: Vec<String>,
    },
}

impl Reach {
    /// The reach of a definition's own credentials.
    pub(in crate::connect) fn of_definition(releases: &Arc<Releases>, own: &OwnAuthentication) -> Self {
        let (namespace, secrets) = (own.namespace.clone(), own.policy.secrets());
        Self::Definition { releases: Arc::clone(releases), namespace, secrets }
    }

    /// Hosts that may see a connection's credentials, in addition to its authority's.
    pub(super) fn hosts_of(connection: &Connection, base: Option<&Url>) -> Vec<HostPattern> {
        let own = base.and_then(|base| base.host_str()).map(HostPattern::exactly);
        connection.allowed_hosts.iter().flatten().cloned().chain(own).collect()
    }

    /// Checks that a call with these credentials may go to this URL. A connection's own credentials cannot leave it, so
    /// they always pass.
    pub(in crate::connect) fn check_call(&self, url: &Url) -> Result<(), Box<Problem>> {
        match self {
            Self::Connection(_) => Ok(()),
            Self::Definition { .. } => self.check_released(url),
        }
    }

    /// Checks that the credentials may be sent to a token endpoint that the definition or `hub.yaml` names.
    pub(in crate::connect) fn check_endpoint(&self, endpoint: &Url) -> Result<(), Box<Problem>> {
        self.check_call(endpoint)
    }

    /// Checks that the credentials may be sent to a token endpoint that the authority's metadata names.
    pub(in crate::connect) fn check_discovered(&self, endpoint: &Url, authority: &Url) -> Result<(), Box<Problem>> {
        let Self::Connection(hosts) = self else { return self.check_released(endpoint) };
        let host = endpoint.host_str().unwrap_or_default();
        if endpoint.host() == authority.host() || hosts.iter().any(|pattern| pattern.covers(host)) {
            return Ok(());
        }
        let detail = format!(
            "nothing was sent: the authority {} names a token endpoint at {host}, which is neither its own host nor one of \
             the connection's `allowedHosts`; if tokens should be requested there, add {host} to them in hub.yaml",
            authority.host_str().unwrap_or_default()
        );
        Err(Problem::configuration("Host not allowed", detail))
    }

    fn check_released(&self, url: &Url) -> Result<(), Box<Problem>> {
        let Self::Definition { releases, namespace, secrets } = self else { return Ok(()) };
        let host = url.host_str().unwrap_or_default();
        secrets.iter().try_for_each(|secret| releases.check_host(namespace, secret, host)).map_err(
            |NotReleased { message, hint }| Problem::not_released(&format!("nothing was sent: {message}; {hint}")),
        )
    }
}
