//! Releases of secrets: a definition may use the secrets that `hub.yaml` releases to its namespace, and send them only
//! to the hosts listed there.
//!
//! Anyone who may deploy may write any definition, so a definition never decides where a secret goes: `hub.yaml` does.
//! It is checked when a definition is built and again at each attempt of a call.

use std::collections::BTreeMap;

use url::Host;

/// A host as in `hosts` and `allowedHosts` of `hub.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This name or address, in the form of a URL's host.
    Exact(String),
    /// Every subdomain of this name: `*.example.com`.
    Below(String),
}

impl HostPattern {
    /// Parses an entry: `example.com`, `*.example.com`, `192.0.2.7`, `[2001:db8::1]`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let host = Host::parse(name.trim_end_matches('.')).ok().filter(|_| !name.contains('*'))?;
        match (&host, below) {
            // Refuse a whole top-level domain: nobody means that.
            (Host::Domain(name), true) => name.contains('.').then(|| Self::Below(host.to_string())),
            (_, true) => None,
            (_, false) => Some(Self::Exact(host.to_string())),
        }
    }

    /// Returns the pattern for exactly one host, given in the form of a URL's host.
    #[must_use]
    pub fn exactly(host: &str) -> Self {
        Self::Exact(bare(host).to_owned())
    }

    /// Whether the pattern matches a host, given in the form of a URL's host.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        let host = bare(host);
        match self {
            Self::Exact(name) => name == host,
            Self::Below(name) => {
                host.strip_suffix(name.as_str()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        }
    }
}

/// Removes the dot that may end a fully qualified name.
fn bare(host: &str) -> &str {
    host.trim_end_matches('.')
}

/// An entry of `secrets` in `hub.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Release {
    /// Namespaces whose definitions may use the secret.
    pub namespaces: Vec<String>,
    /// Hosts that the secret may be sent to.
    pub hosts: Vec<HostPattern>,
}

/// The secrets that definitions may use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Releases {
    by_name: BTreeMap<String, Release>,
    /// Disables all checks, for code that sends nothing, such as drawing a definition.
    unchecked: bool,
}

/// Why a definition may not use a secret, or may not send it to a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NotReleased {
    /// What is refused.
    pub message: String,
    /// What to change.
    pub hint: String,
}

impl Releases {
    /// Creates releases by name of the secret.
    #[must_use]
    pub fn new(by_name: BTreeMap<String, Release>) -> Self {
        Self { by_name, unchecked: false }
    }

    /// Releases every secret to every namespace and host, for code that sends nothing.
    #[must_use]
    pub fn unchecked() -> Self {
        Self { by_name: BTreeMap::new(), unchecked: true }
    }

    /// Checks that definitions of a namespace may use a secret.
    ///
    /// # Errors
    /// They may not use it.
    pub fn check(&self, namespace: &str, secret: &str) -> Result<(), NotReleased> {
        self.release(namespace, secret).map(|_| ())
    }

    /// Checks that definitions of a namespace may send a secret to a host.
    ///
    /// # Errors
    /// They may not send it there.
    pub fn check_host(&self, namespace: &str, secret: &str, host: &str) -> Result<(), NotReleased> {
        match self.release(namespace, secret)? {
            Some(release) if !release.hosts.iter().any(|pattern| pattern.covers(host)) => Err(NotReleased {
                message: format!(
                    "the secret `{secret}` may not be sent to {host}: hub.yaml does not list that host for it"
                ),
                hint: format!("add {host} to `secrets.{secret}.hosts` in hub.yaml, or call a connection of hub.yaml"),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the secret's release; `None` if checks are disabled.
    fn release(&self, namespace: &str, secret: &str) -> Result<Option<&Release>, NotReleased> {
        if self.unchecked {
            return Ok(None);
        }
        match self.by_name.get(secret) {
            Some(release) if release.namespaces.iter().any(|known| known == namespace) => Ok(Some(release)),
            Some(_) => Err(NotReleased {
                message: format!("hub.yaml does not release the secret `{secret}` to the namespace `{namespace}`"),
                hint: format!(
                    "add {namespace} to `secrets.{secret}.namespaces` in hub.yaml, or call a connection of hub.yaml"
                ),
            }),
            None => Err(NotReleased {
                message: format!("hub.yaml releases no secret `{secret}` to definitions"),
                hint: format!(
                    "call a connection of hub.yaml that uses the secret, `connection://NAME/path`, or release it there: \
                     `secrets: {{ {secret}: {{ namespaces: [{namespace}], hosts: [HOST] }} }}`"
                ),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn releases() -> Releases {
        let release = Release {
            namespaces: vec!["crm-erp".to_owned()],
            hosts: vec![HostPattern::parse("*.billing.example").expect("a host")],
        };
        Releases::new(BTreeMap::from([("billingKey".to_owned(), release)]))
    }

    #[test]
    fn a_secret_is_released_by_its_exact_name_to_its_namespaces_and_hosts_only() {
        let releases = releases();
        assert_eq!(releases.check_host("crm-erp", "billingKey", "api.billing.example"), Ok(()));
        // Another spelling of the same environment variable is a different name.
        for (namespace, secret) in [("crm-erp", "BILLINGKEY"), ("crm-erp", "billing"), ("crm", "billingKey"), ("", "")]
        {
            assert!(releases.check(namespace, secret).is_err(), "{namespace} {secret}");
        }
        for host in ["billing.example", "api.billing.example.evil.example", "evilbilling.example", "127.0.0.1", ""] {
            assert!(releases.check_host("crm-erp", "billingKey", host).is_err(), "{host}");
        }
        assert!(Releases::default().check("crm-erp", "billingKey").is_err());
        assert!(Releases::unchecked().check_host("a", "b", "c").is_ok());
    }

    #[test]
    fn a_refusal_says_what_to_change() {
        let refused = releases().check("other", "billingKey").expect_err("refused");
        assert!(refused.hint.contains("secrets.billingKey.namespaces"), "{refused:?}");
        let refused = releases().check_host("crm-erp", "billingKey", "evil.example").expect_err("refused");
        assert!(refused.hint.contains("secrets.billingKey.hosts"), "{refused:?}");
        let refused = releases().check("crm-erp", "unknown").expect_err("refused");
        assert!(refused.hint.contains("connection://NAME/path"), "{refused:?}");
    }

    #[test]
    fn what_is_not_a_host_is_not_an_entry() {
        for bad in
            ["", "*", "*.com", "*.", "https://a.example", "a.example:443", "a b", "*.1.2.3.4", "a.*.example", "a/b"]
        {
            assert_eq!(HostPattern::parse(bad), None, "{bad}");
        }
    }
}
