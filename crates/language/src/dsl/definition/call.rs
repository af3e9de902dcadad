//! Calls in a definition: HTTP requests, OpenAPI operations, functions and programs.

use std::sync::Arc;

use super::{InputSpec, OutputSpec, ProcessCall};
use crate::dsl::authentication::Authentication;
use crate::openapi;
use stepwell_expr::{Expression, Template};

/// One request to another system, with the function it came from, if any.
#[derive(Debug)]
pub struct CallTask {
    /// Set if the task calls a function that is a single HTTP call.
    pub function: Option<FunctionLayer>,
    /// The request.
    pub protocol: Protocol,
}

/// The kind of request.
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
    /// Whether any part of its authentication is computed from data.
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

    /// Returns the authentication of the call itself, as the definition states it.
    #[must_use]
    pub fn authentication(&self) -> Option<&CallAuthentication> {
        match self {
            Self::Http(call) => call.authentication.as_ref(),
            Self::OpenApi(call) => call.authentication.as_ref(),
            Self::Process(_) => None,
        }
    }
}

/// The data transformations between a function's caller and its single HTTP call.
#[derive(Debug)]
pub struct FunctionLayer {
    /// Name as written in the definition: `netsuite.upsertCustomer`.
    pub name: String,
    /// `with`, evaluated on the caller's transformed input. It is the raw input of the function.
    pub arguments: Template,
    /// The function's own `input`.
    pub input: InputSpec,
    /// The function's own `output`, applied before the caller's.
    pub output: OutputSpec,
}

/// The arguments of `call: http`. Templates see the call's transformed input.
#[derive(Debug)]
pub struct HttpCall {
    /// HTTP method in upper case. The language allows an expression here.
    pub method: Template,
    /// A URI template or an expression. `connection://NAME/path` uses a connection.
    pub endpoint: Endpoint,
    /// An object of strings.
    pub headers: Option<Template>,
    /// An object of strings.
    pub query: Option<Template>,
    /// Any JSON. A string is sent verbatim if the content type says so.
    pub body: Option<Template>,
    /// What the task returns as its raw output.
    pub output: HttpOutput,
    /// Whether redirects are followed and 3xx counts as success.
    pub redirect: Redirect,
    /// Whether the call is in a function that declares the types of its errors. Then the connection's rules may use
    /// them; everywhere else a failed call raises `communication`.
    pub named_errors: bool,
    /// `endpoint.authentication`, inline or by name.
    pub authentication: Option<CallAuthentication>,
}

/// How a call authenticates: by a fixed policy, or with credentials computed from its data.
#[derive(Debug)]
pub enum CallAuthentication {
    /// Fully known when the definition is built, except for the values of secrets.
    Policy(Authentication),
    /// `basic` with an expression in it.
    Basic {
        /// User name.
        username: Credential,
        /// Password.
        password: Credential,
    },
    /// `bearer` with an expression.
    Bearer {
        /// The bearer token.
        token: Credential,
    },
}

impl CallAuthentication {
    /// Returns the names of the secrets that it uses.
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

    /// Returns the scheme of the resulting `Authorization` header.
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

/// One text of an authentication, such as a password.
#[derive(Debug)]
pub enum Credential {
    /// A literal text or a secret.
    Fixed(SecretTemplate),
    /// Computed from the call's transformed input at each attempt, and never recorded.
    Computed(Expression),
}

/// The arguments of `call: openapi`. Templates see the call's transformed input.
#[derive(Debug)]
pub struct OpenApiCall {
    /// The document that describes the operation.
    pub document: OpenApiDocument,
    /// The `operationId`.
    pub operation: String,
    /// HTTP method in upper case; `None` if the document is fetched at the time of the call.
    pub method: Option<String>,
    /// An object of parameters by name. The document decides which go into path, query, headers, cookies and body.
    pub parameters: Template,
    /// See [`HttpCall::named_errors`].
    pub named_errors: bool,
    /// What the task returns as its raw output.
    pub output: HttpOutput,
    /// Whether redirects are followed and 3xx counts as success.
    pub redirect: Redirect,
    /// Authentication of the operation. Fetching the document may need another one.
    pub authentication: Option<CallAuthentication>,
}

/// Where an OpenAPI document comes from.
#[derive(Debug)]
pub enum OpenApiDocument {
    /// A file beside the definition, stored with it: `file://openapi/pets.yaml`.
    Stored {
        /// The URI in the definition.
        uri: String,
        /// The document as it was at deployment.
        document: Arc<openapi::Document>,
    },
    /// Fetched at the time of the call.
    Fetched {
        /// Where the document is fetched from.
        endpoint: Endpoint,
        /// Authentication of that request.
        authentication: Option<CallAuthentication>,
    },
}

/// The target of a call.
#[derive(Debug)]
pub enum Endpoint {
    /// `https://host/path/{id}` with simple RFC 6570 expansion of top-level names of the input.
    UriTemplate(String),
    /// `${ ... }` that returns the URI.
    Expression(Expression),
}

/// A literal text or `${ $secrets.NAME }`, resolved when it is used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretTemplate {
    /// The text as written.
    Literal(String),
    /// The name of a secret: environment variable `STEPWELL_SECRET_<NAME>`.
    Secret(String),
}

/// `with.output`: what an HTTP call returns as its raw output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HttpOutput {
    /// The deserialized content.
    #[default]
    Content,
    /// The content in Base64.
    Raw,
    /// An object of request, status, headers and content.
    Response,
}

/// `with.redirect`: how a call treats redirects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Redirect {
    /// Redirects are not followed; only 200 to 299 is a success.
    #[default]
    IsError,
    /// Redirects are followed; 200 to 399 is a success.
    Follow,
}
