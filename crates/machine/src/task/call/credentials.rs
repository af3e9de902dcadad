//! What a call needs and the journal never holds: credentials and the document of an operation.

use std::sync::Arc;

use serde_json::Value;

use super::expression_fault;
use crate::decide::Values;
use crate::decide::{Halt, Scope, kind};
use crate::{CallDocument, ExecutionId};
use stepwell_language::dsl::{
    Authentication, CallAuthentication, Credential, OpenApiDocument, OwnAuthentication, Protocol, SecretTemplate,
    TaskKind,
};

/// What goes with a request.
#[derive(Debug, Default)]
pub(crate) struct Unrecorded {
    pub authentication: Option<OwnAuthentication>,
    pub document: Option<CallDocument>,
}

impl Values<'_> {
    /// For a further attempt of a call that is open.
    pub(crate) fn unrecorded_of(&self, id: ExecutionId) -> Result<Unrecorded, Halt> {
        let Some(execution) = self.run.execution(id) else { return Ok(Unrecorded::default()) };
        let TaskKind::Call(call) = &self.definition.task(execution.task).kind else { return Ok(Unrecorded::default()) };
        let scope = self.scope_of_open(execution);
        if !call.protocol.computes() {
            return self.unrecorded(&call.protocol, &Arc::default(), &scope);
        }
        let (input, scope) = self.function_input(call, &execution.input, &scope)?;
        self.unrecorded(&call.protocol, &input, &scope)
    }

    pub(super) fn unrecorded(
        &self,
        protocol: &Protocol,
        input: &Arc<Value>,
        scope: &Scope,
    ) -> Result<Unrecorded, Halt> {
        let filled = |authentication: Option<&CallAuthentication>| {
            authentication.map(|a| self.authentication(a, input, scope)).transpose()
        };
        let document = match protocol {
            Protocol::Http(_) | Protocol::Process(_) => None,
            Protocol::OpenApi(call) => Some(match &call.document {
                OpenApiDocument::Stored { document, .. } => CallDocument::Stored(Arc::clone(document)),
                OpenApiDocument::Fetched { authentication, .. } => {
                    CallDocument::Fetched(filled(authentication.as_ref())?)
                }
            }),
        };
        Ok(Unrecorded { authentication: filled(protocol.authentication())?, document })
    }

    fn authentication(
        &self,
        authentication: &CallAuthentication,
        input: &Arc<Value>,
        scope: &Scope,
    ) -> Result<OwnAuthentication, Halt> {
        let fill = |credential: &Credential, what| match credential {
            Credential::Fixed(template) => Ok(template.clone()),
            Credential::Computed(expression) => match self.evaluate(expression, input, scope)? {
                Value::String(text) => Ok(SecretTemplate::Literal(text)),
                other => Err(expression_fault(format!("the {what} must be a text, not {}", kind(&other)))),
            },
        };
        let policy = match authentication {
            CallAuthentication::Policy(policy) => policy.clone(),
            CallAuthentication::Basic { username, password } => {
                Authentication::Basic { username: fill(username, "user name")?, password: fill(password, "password")? }
            }
            CallAuthentication::Bearer { token } => Authentication::Bearer { token: fill(token, "token")? },
        };
        Ok(OwnAuthentication { namespace: self.definition.workflow.namespace.clone(), policy })
    }
}
