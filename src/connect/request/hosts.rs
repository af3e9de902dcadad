//! The hosts that a connection may reach besides its base URL's: `allowedHosts`.
//!
//! Checked at each hop, so that neither a redirect nor an answer that names a URL (a token endpoint, a document's
//! server) leads a connection to an unintended host. In addition, the guard checks IP addresses.

use url::Url;

pub use crate::dsl::HostPattern;

/// Where a connection may go. Without a list: every host that the guard permits.
#[derive(Debug, Clone, Default)]
pub(in crate::connect) struct Hosts {
    /// The listed hosts and the base URL's own.
    allowed: Option<Vec<HostPattern>>,
}

impl Hosts {
    /// Allows the listed hosts and the base URL's own; an empty list allows the base URL's host alone.
    pub(super) fn new(listed: Option<&[HostPattern]>, base: Option<&Url>) -> Self {
        let own = base.and_then(|base| base.host_str()).map(HostPattern::exactly);
        Self { allowed: listed.map(|listed| listed.iter().cloned().chain(own).collect()) }
    }

    /// Returns the reason if the host is not allowed.
    pub(in crate::connect) fn check(&self, host: &str) -> Result<(), String> {
        match &self.allowed {
            Some(allowed) if !allowed.iter().any(|pattern| pattern.covers(host)) => Err(format!(
                "{host} is neither the host of the connection's base URL nor one of its `allowedHosts`: nothing was sent \
                 there; if calls may go there, add it in hub.yaml"
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(listed: &[&str], base: &str) -> Hosts {
        let listed: Vec<HostPattern> = listed.iter().map(|text| HostPattern::parse(text).expect(text)).collect();
        Hosts::new(Some(&listed), Some(&Url::parse(base).expect("a URL")))
    }

    /// Hosts are compared in the form that a parsed URL has.
    fn allows(hosts: &Hosts, url: &str) -> bool {
        hosts.check(Url::parse(url).expect("a URL").host_str().expect("a host")).is_ok()
    }

    #[test]
    fn only_the_base_url_s_host_and_listed_ones_are_allowed() {
        let hosts = hosts(
            &["login.example.com", "*.Salesforce.com", "Bücher.example", "[2001:db8::1]"],
            "https://a.example:8443/x",
        );
        for allowed in [
            "https://a.example/",
            "https://A.EXAMPLE./",
            "https://login.example.com/",
            "https://na1.salesforce.com/",
            "https://my.domain.salesforce.com:444/",
            "https://xn--bcher-kva.example/",
            "https://[2001:db8:0::1]/",
        ] {
            assert!(allows(&hosts, allowed), "{allowed}");
        }
        for refused in [
            "https://b.a.example/",
            "https://example.com/",
            "https://salesforce.com/",
            "https://evilsalesforce.com/",
            "https://salesforce.com.evil.example/",
            "https://login.example.com.evil.example/",
            "https://a.example@evil.example/",
            "https://[2001:db8::2]/",
            "https://127.0.0.1/",
        ] {
            assert!(!allows(&hosts, refused), "{refused}");
        }
    }

    #[test]
    fn an_empty_list_allows_the_base_url_alone_and_no_list_all() {
        assert!(allows(&hosts(&[], "https://a.example"), "https://a.example/"));
        assert!(!allows(&hosts(&[], "https://a.example"), "https://b.example/"));
        assert!(allows(&Hosts::default(), "https://b.example/"));
    }
}
