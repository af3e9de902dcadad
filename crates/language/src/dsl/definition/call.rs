//! Calls in a definition: over HTTP, of an operation of an OpenAPI document, of a function, of a program.

use std::sync::Arc;

use super::{InputSpec, OutputSpec, ProcessCall};
use crate::dsl::authentication::Authentication;
use crate::openapi;
use stepwell_expr::{Expression, Template};

/// One request to another system, and the function that it came from if it did.
#[derive(Debug)]
pub struct CallTask {
    /// Set when this is a call of a function that is one HTTP call.
    pub function: Option<FunctionLayer>,
    /// The request.
    pub protocol: Protocol,
}

/// How a request is described.
#[derive(Debug)]
pub enum Protocol {
    /// `call: http`
    Http(HttpCall),
    /// `call: openapi`
    OpenApi(OpenApiCall),
    /// `run: shell`, `script` or `container`
    Process(ProcessCall),
}

impl Protocol {
    /// Whether anything that authenticates is computed from data.
    #[must_use]
    pub fn computes(&self) -> bool {
        let of_document = match self {
            Self::OpenApi(call) => match &call.document {
                OpenApiDocument::Fetched { authentication, .. } => authentication.as_ref(),
                OpenApiDocument::Stored { .. } => None,
            },
            Self::Http(_) | Self::Process(_) => None,
        };
        let computed = |a: Option<&CallAuthentication>| a.is_some_and(|a| !matches!(a, CallAuthentication::Policy(_)));
        computed(self.authentication()) || computed(of_document)
    }

    /// What the document says about authentication of this call.
    #[must_use]
    pub fn authentication(&self) -> Option<&CallAuthentication> {
        match self {
            Self::Http(call) => call.authentication.as_ref(),
            Self::OpenApi(call) => call.authentication.as_ref(),
            Self::Process(_) => None,
        }
    }
}

/// What stands between a function's caller and its single HTTP call.
#[derive(Debug)]
pub struct FunctionLayer {
    /// Name as written: `netsuite.upsertCustomer`.
    pub name: String,
    /// `with`, evaluated on the caller's transformed input; the raw input of the function.
    pub arguments: Template,
    /// The function's own `input`.
    pub input: InputSpec,
    /// The function's own `output`, before the caller's.
    pub output: OutputSpec,
}

/// `call: http`'s arguments. Templates see the call's transformed input.
#[derive(Debug)]
pub struct HttpCall {
    /// Upper case; a template since the language allows an expression.
    pub method: Template,
    /// The endpoint: a URI template or an expression. `connection://NAME/path` goes through a connection.
    pub endpoint: Endpoint,
    /// An object of strings.
    pub headers: Option<Template>,
    /// An object of strings.
    pub query: Option<Template>,
    /// Any JSON; strings are sent as they are when the content type says so.
    pub body: Option<Template>,
    /// What the task's raw output is.
    pub output: HttpOutput,
    /// Whether 3xx is a success and redirects are followed.
    pub redirect: Redirect,
    /// Whether it stands in a function that declares the types of its errors: then the connection's rules may name them.
    /// Everywhere else a failed call is `communication`.
    pub named_errors: bool,
    /// `endpoint.authentication`, inline or by name.
    pub authentication: Option<CallAuthentication>,
}

/// How a call authenticates: as its document says, or with what it computes from its data.
#[derive(Debug)]
pub enum CallAuthentication {
    /// Known while the definition is built, but for the values of secrets.
    Policy(Authentication),
    /// `basic`, with an expression in it.
    Basic {
        /// User name.
        username: Credential,
        /// Password.
        password: Credential,
    },
    /// `bearer` with an expression.
    Bearer {
        /// The token.
        token: Credential,
    },
}

impl CallAuthentication {
    /// The names of the secrets that it uses.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let of = |credentials: &[&Credential]| {
            let fixed = credentials.iter().filter_map(|credential| match credential {
                Credential::Fixed(SecretTemplate::Secret(name)) => Some(name.clone()),
                Credential::Fixed(SecretTemplate::Literal(_)) | Credential::Computed(_) => None,
            });
            fixed.collect()
        };
        match self {
            Self::Policy(policy) => policy.secrets(),
            Self::Basic { username, password } => of(&[username, password]),
            Self::Bearer { token } => of(&[token]),
        }
    }

    /// The scheme of the `Authorization` header that it leads to.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        match self {
            Self::Basic { .. } | Self::Policy(Authentication::Basic { .. }) => "Basic",
            Self::Policy(Authentication::Digest { .. }) => "Digest",
            Self::Policy(Authentication::OAuth1(_)) => "OAuth",
            Self::Policy(Authentication::FromSecret { kind, .. }) if kind == "basic" => "Basic",
            Self::Policy(Authentication::FromSecret { kind, .. }) if kind == "digest" => "Digest",
            Self::Bearer { .. } | Self::Policy(_) => "Bearer",
        }
    }
}

/// One text of an authentication.
#[derive(Debug)]
pub enum Credential {
    /// A text, or a secret.
    Fixed(SecretTemplate),
    /// Computed on the call's transformed input, at each attempt; never recorded.
    Computed(Expression),
}

/// `call: openapi`'s arguments. Templates see the call's transformed input.
#[derive(Debug)]
pub struct OpenApiCall {
    /// Where the operation is described.
    pub document: OpenApiDocument,
    /// The operation's id.
    pub operation: String,
    /// Upper case; known while the definition is built only if the document is stored with it.
    pub method: Option<String>,
    /// Name to value: path, query, headers, cookies and body, as the document says.
    pub parameters: Template,
    /// As that of [`HttpCall`].
    pub named_errors: bool,
    /// What the task's raw output is.
    pub output: HttpOutput,
    /// Whether 3xx is a success and redirects are followed.
    pub redirect: Redirect,
    /// For the operation; the document has an authentication of its own.
    pub authentication: Option<CallAuthentication>,
}

/// Where an OpenAPI document comes from.
#[derive(Debug)]
pub enum OpenApiDocument {
    /// A file beside the definition, stored with it: `file://openapi/pets.yaml`.
    Stored {
        /// As the definition names it.
        uri: String,
        /// As it was on the day of the deployment.
        document: Arc<openapi::Document>,
    },
    /// Asked for at the moment of the call.
    Fetched {
        /// Where.
        endpoint: Endpoint,
        /// How to authenticate there.
        authentication: Option<CallAuthentication>,
    },
}

/// Where a call goes.
#[derive(Debug)]
pub enum Endpoint {
    /// `https://host/path/{id}` with simple RFC 6570 expansion over top-level names of the input.
    UriTemplate(String),
    /// `${ ... }` that yields the URI.
    Expression(Expression),
}

/// Text or `${ $secrets.NAME }`, resolved at the moment of use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretTemplate {
    /// As written in the document.
    Literal(String),
    /// The name of a secret: environment variable `STEPWELL_SECRET_<NAME>`.
    Secret(String),
}

/// `with.output`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpOutput {
    /// Deserialized content.
    #[default]
    Content,
    /// Base64 of the content.
    Raw,
    /// Request, status, headers and content.
    Response,
}

/// `with.redirect`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// Only 200 to 299 is a success.
    #[default]
    IsError,
    /// Follow; 200 to 399 is a success.
    Follow,
}
