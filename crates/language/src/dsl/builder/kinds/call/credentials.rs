//! Credentials that a call computes from its data. The language allows them, but a secret is better: data are stored in
//! the journal.

use super::authentication::Exposure;
use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::definition::{CallAuthentication, Credential};
use crate::dsl::source::Node;

impl<'s> Builder<'s> {
    /// Reads `authentication` of a call: a policy, its name, or `basic` or `bearer` with expressions.
    pub(crate) fn call_authentication(&mut self, node: Node<'s>, scope: &Scope) -> Option<CallAuthentication> {
        let (basic, bearer) = (node.get("basic"), node.get("bearer"));
        match (basic.filter(|n| is_computed(*n)), bearer.filter(|n| is_computed(*n))) {
            (Some(basic), None) if bearer.is_none() => {
                self.known_keys(node, &["basic"]);
                let basic = self.closed(basic, &["username", "password"])?;
                let username = self.required(basic, "username").map(|n| self.credential(n, Exposure::Public, scope));
                let password = self.required(basic, "password").map(|n| self.credential(n, Exposure::Secret, scope));
                Some(CallAuthentication::Basic { username: username??, password: password?? })
            }
            (None, Some(bearer)) if basic.is_none() => {
                self.known_keys(node, &["bearer"]);
                let bearer = self.closed(bearer, &["token"])?;
                let token = self.required(bearer, "token").map(|n| self.credential(n, Exposure::Secret, scope));
                Some(CallAuthentication::Bearer { token: token?? })
            }
            _ => self.authentication_or_name(node).map(CallAuthentication::Policy),
        }
    }

    fn credential(&mut self, node: Node<'s>, exposure: Exposure, scope: &Scope) -> Option<Credential> {
        if !is_expression_over_data(node) {
            return self.secret(node, exposure).map(Credential::Fixed);
        }
        if exposure == Exposure::Secret {
            let message = format!("`{}` comes from the run's data, which are stored in the journal", node.label());
            self.report.warning(node, message, "write `${ $secrets.NAME }`".to_owned());
        }
        self.wrapped(node, Stage::Within, scope).map(Credential::Computed)
    }
}

fn is_computed(policy: Node<'_>) -> bool {
    policy.entries().any(|(_, value)| is_expression_over_data(value))
}

fn is_expression_over_data(node: Node<'_>) -> bool {
    node.as_text().is_some_and(|text| text.contains("${") && !text.contains("$secrets"))
}
