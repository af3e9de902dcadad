//! `endpoint.authentication`: the one place where `$secrets` are visible. Their values are resolved at each attempt.

use super::Builder;
use crate::dsl::authentication::{Authentication, FlawPlace, Origin, read, secret_name};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;
use crate::dsl::{SecretTemplate, Severity};

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

    /// A policy, written out.
    pub(super) fn authentication(&mut self, node: Node<'s>) -> Option<Authentication> {
        let reading = read(&node.to_value(), Origin::Definition);
        for flaw in reading.flaws {
            let at = within(node, &flaw.path);
            let spot = if flaw.place == FlawPlace::Key { Spot::key(at) } else { at.into() };
            match flaw.severity {
                Severity::Warning => self.report.warning(spot, flaw.message, flaw.hint),
                Severity::Error => self.report.error_with_hint(spot, flaw.message, flaw.hint),
            }
        }
        for (path, name) in &reading.secrets {
            self.declared(name, within(node, path));
        }
        reading.policy
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
        let Some(name) = secret_name(text) else {
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

/// The part that a path leads to, as far as it leads.
fn within<'s>(node: Node<'s>, path: &[String]) -> Node<'s> {
    path.iter().fold(node, |node, step| {
        let item = step.parse().ok().filter(|_| node.is_list()).and_then(|index| node.items().nth(index));
        item.or_else(|| node.get(step)).unwrap_or(node)
    })
}
