//! Where the credentials of a call may go. Judged at each attempt, since `hub.yaml` may have changed since the deployment.
//!
//! A connection's credentials go to its base URL, to the authority that `hub.yaml` names for its tokens, and to its
//! `allowedHosts`. Those that a definition brings go to the hosts for which `hub.yaml` releases their secrets.

use std::sync::Arc;

use url::Url;

use crate::connect::problem::Problem;
use crate::connect::settings::Connection;
use crate::dsl::{HostPattern, NotReleased, OwnAuthentication, Releases};

/// Where the credentials of one call may go.
#[derive(Debug, Clone)]
pub(in crate::connect) enum Reach {
    /// They are the connection's own.
    Connection(Arc<Vec<HostPattern>>),
    /// A definition brought them.
    Definition {
        /// What `hub.yaml` releases.
        releases: Arc<Releases>,
        /// The definition's.
        namespace: String,
        /// What the definition uses.
        secrets: Vec<String>,
    },
}

impl Reach {
    /// That of the credentials of a definition.
    pub(in crate::connect) fn of_definition(releases: &Arc<Releases>, own: &OwnAuthentication) -> Self {
        let (namespace, secrets) = (own.namespace.clone(), own.policy.secrets());
        Self::Definition { releases: Arc::clone(releases), namespace, secrets }
    }

    /// Hosts that a connection's credentials may go to beside that of its authority.
    pub(super) fn hosts_of(connection: &Connection, base: Option<&Url>) -> Vec<HostPattern> {
        let own = base.and_then(|base| base.host_str()).map(HostPattern::exactly);
        connection.allowed_hosts.iter().flatten().cloned().chain(own).collect()
    }

    /// Whether a call with these credentials may go to this URL. A connection's own cannot leave it.
    pub(in crate::connect) fn check_call(&self, url: &Url) -> Result<(), Box<Problem>> {
        match self {
            Self::Connection(_) => Ok(()),
            Self::Definition { .. } => self.check_released(url),
        }
    }

    /// Whether they may be shown to a token endpoint that the document or `hub.yaml` names.
    pub(in crate::connect) fn check_endpoint(&self, endpoint: &Url) -> Result<(), Box<Problem>> {
        self.check_call(endpoint)
    }

    /// Whether they may be shown to a token endpoint that an authority names.
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
