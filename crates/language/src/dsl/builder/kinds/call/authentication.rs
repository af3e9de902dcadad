//! `endpoint.authentication`: the only place where `$secrets` are visible. Their values are resolved at each attempt.

use crate::dsl::SecretTemplate;
use crate::dsl::authentication::{Authentication, Origin, TokenEndpoint, read, secret_name};
use crate::dsl::builder::Builder;
use crate::dsl::credentials::{HINT, written_out};
use crate::dsl::definition::CallAuthentication;
use crate::dsl::mistake::{did_you_mean, shortened};
use crate::dsl::source::Node;

/// Whether a literal value of a setting would expose a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    Public,
    Secret,
}

impl<'s> Builder<'s> {
    /// Reads a policy, either inline or as `use: NAME`.
    pub(crate) fn authentication_or_name(&mut self, node: Node<'s>) -> Option<Authentication> {
        let object = self.object(node)?;
        let Some(name) = object.get("use") else { return self.authentication(object) };
        self.known_keys(object, &["use"]);
        let text = self.text(name)?;
        let found = self.reusable("authentications", "authentication", text, name)?;
        self.authentication(found)
    }

    /// Reads an inline policy.
    pub(crate) fn authentication(&mut self, node: Node<'s>) -> Option<Authentication> {
        let reading = read(&node.to_value(), if self.is_new { Origin::Definition } else { Origin::Deployed });
        self.report.flaws(node, reading.flaws);
        for (path, name) in &reading.secrets {
            self.check_secret(name, node.within(path));
        }
        if let Some(policy) = &reading.policy {
            self.check_token_host(policy, node);
        }
        reading.policy
    }

    /// Reads a literal text or a reference to a secret.
    pub(crate) fn secret(&mut self, node: Node<'s>, exposure: Exposure) -> Option<SecretTemplate> {
        let text = self.text(node)?;
        if !text.contains("${") {
            if exposure == Exposure::Secret && self.is_new && !text.is_empty() {
                self.report.error_with_hint(node, written_out(&node.label()), HINT.to_owned());
            }
            return Some(SecretTemplate::Literal(text.to_owned()));
        }
        let Some(name) = secret_name(text) else {
            let message = format!("`{}` must be a text or exactly `${{ $secrets.NAME }}`", node.label());
            self.report.error(node, message);
            return None;
        };
        self.check_secret(name, node);
        Some(SecretTemplate::Secret(name.to_owned()))
    }

    /// Checks that `use.secrets` lists the secret and that `hub.yaml` releases it to the namespace.
    fn check_secret(&mut self, name: &str, node: Node<'s>) {
        if self.declared(name, node) {
            self.check_released(name, node);
        }
    }

    /// Reports a secret that `hub.yaml` does not release to the document's namespace.
    pub(crate) fn check_released(&mut self, name: &str, node: Node<'s>) {
        let (Some(releases), Some(namespace)) = (self.releases, &self.namespace) else { return };
        if let Err(refused) = releases.check(namespace, name) {
            self.report.error_with_hint(node, refused.message, refused.hint);
        }
    }

    /// Checks that the call's secrets may be sent to its host, if the URI names the host literally. Otherwise the check
    /// happens at the call.
    pub(crate) fn check_host(&mut self, uri: Node<'s>, with: &CallAuthentication) {
        if let Some(host) = uri.as_text().and_then(host_of) {
            self.check_hosts(with.secrets(), &host, uri);
        }
    }

    /// Checks that the policy's secrets may be sent to the host of the token endpoint.
    fn check_token_host(&mut self, policy: &Authentication, node: Node<'s>) {
        let Authentication::OAuth2(oauth2) = policy else { return };
        let kind = node.entries().next().map_or(node, |(_, settings)| settings);
        if let (Some(SecretTemplate::Literal(authority)), Some(at)) = (&oauth2.authority, kind.get("authority"))
            && let Some(host) = host_of(authority)
        {
            self.check_hosts(policy.secrets(), &host, at);
        }
        if let (TokenEndpoint::Path(path), Some(at)) = (&oauth2.endpoint, kind.get("endpoints"))
            && let Some(host) = host_of(path)
        {
            self.check_hosts(policy.secrets(), &host, at.get("token").unwrap_or(at));
        }
    }

    fn check_hosts(&mut self, secrets: Vec<String>, host: &str, at: Node<'s>) {
        let (Some(releases), Some(namespace)) = (self.releases, self.namespace.clone()) else { return };
        for secret in secrets {
            // A secret that is not released at all was reported where it is named.
            if releases.check(&namespace, &secret).is_ok()
                && let Err(refused) = releases.check_host(&namespace, &secret, host)
            {
                self.report.error_with_hint(at, refused.message, refused.hint);
            }
        }
    }

    /// Whether `use.secrets`, if the document has such a list, contains the secret.
    fn declared(&mut self, name: &str, node: Node<'s>) -> bool {
        let Some(list) = self.used_section("secrets") else { return true };
        let known: Vec<&str> = list.items().filter_map(Node::as_text).collect();
        let is_known = known.contains(&name);
        if !is_known {
            let message = format!("`use.secrets` does not name the secret `{}`", shortened(name));
            self.report.error_with_hint(node, message, did_you_mean(name, known));
        }
        is_known
    }
}

/// Returns the host of a literal URL; `None` if the authority contains an expression or a template variable.
fn host_of(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if !matches!(scheme, "http" | "https") || authority.contains(['{', '}', '$']) {
        return None;
    }
    url::Url::parse(&format!("{scheme}://{authority}/")).ok()?.host_str().map(str::to_owned)
}
