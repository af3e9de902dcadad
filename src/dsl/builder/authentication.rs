//! `endpoint.authentication`: the one place where `$secrets` are visible. Their values are resolved at each attempt.

use super::Builder;
use crate::dsl::definition::{Authentication, SecretTemplate};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;

const NOT_YET: [&str; 4] = ["digest", "oauth2", "oidc", "certificate"];

/// Whether a setting would be a secret in plain sight if it were written out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    Public,
    Secret,
}

impl<'s> Builder<'s> {
    /// Inline, or `use: NAME`.
    pub(super) fn authentication_or_name(&mut self, node: Node<'s>) -> Option<Authentication> {
        let object = self.object(node)?;
        let Some(name) = object.get("use") else { return self.authentication(object) };
        self.known_keys(object, &["use"]);
        let text = self.text(name)?;
        let found = self.reusable("authentications", "authentication", text, name)?;
        self.authentication(found)
    }

    /// `basic` or `bearer`.
    pub(super) fn authentication(&mut self, node: Node<'s>) -> Option<Authentication> {
        let object = self.object(node)?;
        if let Some((key, value)) = object.entries().find(|(key, _)| NOT_YET.contains(key)) {
            let message = format!("`{key}` authentication is not supported yet");
            self.report.error_with_hint(Spot::key(value), message, "supported: `basic`, `bearer`".to_owned());
            return None;
        }
        self.known_keys(object, &["basic", "bearer"]);
        match (object.get("basic"), object.get("bearer")) {
            (Some(basic), None) => {
                let basic = self.settings(basic, &["username", "password"])?;
                let username = self.required(basic, "username").and_then(|n| self.secret(n, Exposure::Public));
                let password = self.required(basic, "password").and_then(|n| self.secret(n, Exposure::Secret));
                Some(Authentication::Basic { username: username?, password: password? })
            }
            (None, Some(bearer)) => {
                let bearer = self.settings(bearer, &["token"])?;
                let token = self.required(bearer, "token").and_then(|n| self.secret(n, Exposure::Secret))?;
                Some(Authentication::Bearer { token })
            }
            _ => {
                self.report.error(Spot::key(object), "an authentication is either `basic` or `bearer`");
                None
            }
        }
    }

    fn settings(&mut self, node: Node<'s>, known: &[&str]) -> Option<Node<'s>> {
        let object = self.object(node)?;
        if let Some(name) = object.get("use") {
            let hint = format!("name each secret: `{}: ${{ $secrets.NAME }}`", known.last().unwrap_or(&"token"));
            self.report.error_with_hint(Spot::key(name), "a secret is one text here, not an object of settings", hint);
            return None;
        }
        self.known_keys(object, known);
        Some(object)
    }

    /// A text, or the name of a secret.
    pub(super) fn secret(&mut self, node: Node<'s>, exposure: Exposure) -> Option<SecretTemplate> {
        let text = self.text(node)?;
        if !text.contains("${") {
            if exposure == Exposure::Secret {
                let message = format!("`{}` is written out: whoever reads the definition can use it", node.label());
                self.report.warning(node, message, "write `${ $secrets.NAME }`".to_owned());
            }
            return Some(SecretTemplate::Literal(text.to_owned()));
        }
        let name = secret_name(text);
        let Some(name) = name else {
            let message = format!("`{}` must be a text or exactly `${{ $secrets.NAME }}`", node.label());
            self.report.error(node, message);
            return None;
        };
        self.declared(name, node);
        Some(SecretTemplate::Secret(name.to_owned()))
    }

    /// `use.secrets`, where there is such a list, names all secrets.
    fn declared(&mut self, name: &str, node: Node<'s>) {
        let Some(list) = self.used_section("secrets") else { return };
        let known: Vec<&str> = list.items().filter_map(Node::as_text).collect();
        if !known.contains(&name) {
            let message = format!("`use.secrets` does not name the secret `{}`", shortened(name));
            self.report.error_with_hint(node, message, did_you_mean(name, known));
        }
    }
}

fn secret_name(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("${")?.strip_suffix('}')?.trim().strip_prefix("$secrets.")?;
    let fits = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    fits.then_some(name)
}
