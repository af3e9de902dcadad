//! Requests a token from a token endpoint and interprets the answer.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

use super::{Wire, jwt};
use crate::connect::Secret;
use crate::connect::answer::json::{self, Duplicates, Rules, Unkept};
use crate::connect::answer::redact::Hidden;
use crate::connect::problem::Problem;
use crate::connect::request::target;
use crate::connect::request::{Outgoing, header_value};
use crate::connect::wire::exchange::{self, Answer, Cut};
use crate::dsl::Redirect;
use crate::dsl::authentication::{Assertion, ClientMethod, Grant, OAuth2, TokenEncoding, TokenEndpoint};
use crate::machine::TargetEffect;
use crate::redact::Redactor;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Longest error description passed on from the token endpoint.
const DESCRIPTION_CHARS_MAX: usize = 300;

/// Longest answer accepted from a token endpoint or from discovery.
const ANSWER_BYTES_MAX: usize = 1 << 20;

const ANSWER_RULES: Rules =
    Rules { depth_max: 64, duplicates: Duplicates::Refuse, nul: Unkept::Refuse, surrogates: Unkept::Refuse };

/// A granted token.
pub(super) struct Granted {
    pub(super) token: Secret,
    /// `None` if the server named no lifetime: the token is used until a call is refused.
    pub(super) lifetime: Option<Duration>,
    pub(super) refresh: Option<Secret>,
    /// If set, the token must not be used for this reason. The refresh token is valid all the same.
    pub(super) trouble: Option<Box<Problem>>,
}

/// Why there is no token, and whether the refresh token that was sent is still valid.
pub(super) enum NotGranted {
    /// The token endpoint rejected the refresh token.
    TokenRefused(Box<Problem>),
    /// The token endpoint did nothing.
    NotDone(Box<Problem>),
    /// The answer was lost: the server may have replaced the refresh token.
    PerhapsDone(Box<Problem>),
}

impl NotGranted {
    pub(super) fn into_problem(self) -> Box<Problem> {
        match self {
            Self::TokenRefused(problem) | Self::NotDone(problem) | Self::PerhapsDone(problem) => problem,
        }
    }
}

/// Returns the URL of the token endpoint.
pub(super) async fn endpoint(wire: &Wire, settings: &OAuth2<Secret>, base: Option<&Url>) -> Result<Url, Box<Problem>> {
    let authority = match (&settings.authority, base) {
        (Some(authority), _) => parse(authority.expose(), "authority")?,
        (None, Some(base)) => base.clone(),
        (None, None) => return Err(Problem::configuration("No authority", "the authentication has no `authority`")),
    };
    let endpoint = match &settings.endpoint {
        TokenEndpoint::Path(path) if path.contains("://") => parse(path, "endpoints.token")?,
        TokenEndpoint::Path(path) => parse(&below(&authority, path), "endpoints.token")?,
        TokenEndpoint::Discovered => {
            let endpoint = discover(wire, settings, &authority).await?;
            wire.reach.check_discovered(&endpoint, &authority)?;
            return Ok(endpoint);
        }
    };
    wire.reach.check_endpoint(&endpoint)?;
    Ok(endpoint)
}

fn below(authority: &Url, path: &str) -> String {
    format!("{}/{}", authority.as_str().trim_end_matches('/'), path.trim_start_matches('/'))
}

fn parse(text: &str, what: &str) -> Result<Url, Box<Problem>> {
    let url = Url::parse(text)
        .map_err(|why| Problem::configuration("Invalid authority", format!("`{what}` is not a valid URL: {why}")))?;
    target::check(&url)?;
    Ok(url)
}

async fn discover(wire: &Wire, settings: &OAuth2<Secret>, authority: &Url) -> Result<Url, Box<Problem>> {
    let url = match authority.path().ends_with(DISCOVERY) {
        true => authority.clone(),
        false => parse(&below(authority, DISCOVERY), "authority")?,
    };
    let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let asked = Outgoing {
        method: Method::GET,
        url,
        headers,
        body: None,
        hidden: Hidden::default(),
        redactor: wire.known.with(&[]),
    };
    let answer = send(wire, &asked).await.map_err(NotGranted::into_problem)?;
    if !answer.status.is_success() {
        return Err(refused(&asked, &answer).into_problem());
    }
    let found = read(&asked, &answer)?;
    if let Some(issuer) = found["issuer"].as_str() {
        check_issuer(settings, issuer)?;
    }
    let Some(endpoint) = found["token_endpoint"].as_str() else {
        let detail = format!("{} has no token_endpoint", target::short(&asked.url));
        return Err(Problem::configuration("No token endpoint", detail));
    };
    parse(endpoint, "token_endpoint")
}

/// Requests a token. `refresh` replaces the configured refresh token after the server has issued a new one.
pub(super) async fn ask(
    wire: &Wire,
    settings: &OAuth2<Secret>,
    endpoint: &Url,
    refresh: Option<&Secret>,
) -> Result<Granted, NotGranted> {
    let mut outgoing = request(settings, endpoint, refresh).map_err(NotGranted::NotDone)?;
    outgoing.seal(&wire.known);
    let answer = send(wire, &outgoing).await?;
    if !answer.status.is_success() {
        return Err(refused(&outgoing, &answer));
    }
    // Even if its answer is unreadable, the provider may have replaced the refresh token.
    let found = read(&outgoing, &answer).map_err(NotGranted::PerhapsDone)?;
    let secret = |name: &str| found[name].as_str().filter(|t| !t.is_empty()).map(|t| Secret::from(t.to_owned()));
    let Some(token) = secret("access_token") else {
        let detail = format!("{} answered without an access_token", target::short(endpoint));
        return Err(NotGranted::PerhapsDone(Problem::authentication("No token", detail).permanent()));
    };
    wire.known.note_token(token.expose());
    let trouble = issuer_of(token.expose()).and_then(|issuer| check_issuer(settings, &issuer).err());
    let refresh = secret("refresh_token");
    refresh.iter().for_each(|refresh| wire.known.note_token(refresh.expose()));
    Ok(Granted { token, lifetime: lifetime(&found["expires_in"]), refresh, trouble })
}

/// Reads `expires_in`, which some servers write as a string.
fn lifetime(value: &Value) -> Option<Duration> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Duration::try_from_secs_f64(seconds).ok()
}

async fn send(wire: &Wire, outgoing: &Outgoing) -> Result<Answer, NotGranted> {
    let exchange =
        exchange::exchange(&wire.clients, outgoing, Redirect::IsError, wire.body_bytes_max.min(ANSWER_BYTES_MAX));
    match tokio::time::timeout(wire.timeout, exchange).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(problem)) => Err(match problem.effect() {
            TargetEffect::None => NotGranted::NotDone(problem),
            // Whatever happened to the token request, the call itself was not sent.
            _ => NotGranted::PerhapsDone(problem.without_effect()),
        }),
        Err(_) => {
            let detail = format!("no token: {} did not answer within {:?}", target::short(&outgoing.url), wire.timeout);
            Err(NotGranted::PerhapsDone(Problem::communication("Timed out", detail, TargetEffect::None)))
        }
    }
}

/// Reads a token response under strict rules, so that no other reader can find a different token in it.
fn read(sent: &Outgoing, answer: &Answer) -> Result<Value, Box<Problem>> {
    let asked = target::short(&sent.url);
    let why = match &answer.cut {
        Some(Cut::Broken(why)) => {
            let detail = format!("no token: the answer of {asked} was cut off: {why}");
            return Err(Problem::communication("No token", detail, TargetEffect::None));
        }
        Some(Cut::TooLong) => format!("it is longer than {} bytes", answer.body.len()),
        None => match json::read(&answer.body, ANSWER_RULES) {
            Ok(found) => return Ok(found),
            Err(bad) => bad.to_string(),
        },
    };
    let detail = format!("no token: the answer of {asked} cannot be read: {why}");
    Err(Problem::authentication("No token", sent.redactor.text(detail)).permanent())
}

/// Classifies a refusal: some pass by themselves, others need a person to provide new credentials.
fn refused(sent: &Outgoing, answer: &Answer) -> NotGranted {
    let status = answer.status.as_u16();
    // A gateway may answer with an HTML page, which carries no error code.
    let body = json::read(&answer.body, ANSWER_RULES).unwrap_or_default();
    let code = body["error"].as_str().unwrap_or_default();
    let said: String = [code, body["error_description"].as_str().unwrap_or_default()].join(" ");
    let said: String = sent.redactor.text(said).trim().chars().take(DESCRIPTION_CHARS_MAX).collect();
    let said = if said.is_empty() { said } else { format!(": {said}") };
    let detail = format!("no token: {} answered {status}{said}", target::short(&sent.url));
    if matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504) || code == "temporarily_unavailable" {
        let problem = Problem::communication("No token", detail, TargetEffect::None);
        return if matches!(status, 425 | 429) {
            NotGranted::NotDone(problem)
        } else {
            NotGranted::PerhapsDone(problem)
        };
    }
    if code == "invalid_grant" {
        let detail = format!("{detail}; check the grant of this connection, and the user or token that it represents");
        return NotGranted::TokenRefused(Problem::authentication("No token", detail).for_a_person());
    }
    let detail = format!("{detail}; check the client, its secret or key, and the grant of this connection");
    NotGranted::NotDone(match code {
        "invalid_client" | "unauthorized_client" => Problem::authentication("No token", detail).for_a_person(),
        _ => Problem::authentication("No token", detail).permanent(),
    })
}

fn check_issuer(settings: &OAuth2<Secret>, issuer: &str) -> Result<(), Box<Problem>> {
    let known = &settings.issuers;
    if known.is_empty() || known.iter().any(|known| known.expose() == issuer) {
        return Ok(());
    }
    let detail = "the token's issuer is not in `issuers`; correct the list, or the authority";
    Err(Problem::authentication("Unknown issuer", detail).permanent())
}

/// The `iss` claim, if the token is a JWT. The signature is not checked: the token came over a connection that we
/// opened.
fn issuer_of(token: &str) -> Option<String> {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims["iss"].as_str().map(str::to_owned)
}

fn request(settings: &OAuth2<Secret>, endpoint: &Url, refresh: Option<&Secret>) -> Result<Outgoing, Box<Problem>> {
    let mut hidden = Hidden::default();
    let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    let mut fields = grant_fields(settings, endpoint, refresh)?;
    add_client(settings, endpoint, &mut fields, &mut headers, &mut hidden)?;
    for (name, value) in &fields {
        if matches!(*name, "client_secret" | "password" | "assertion" | "client_assertion" | "refresh_token")
            || name.ends_with("_token")
        {
            hidden.add(value);
        }
    }
    let (content_type, body) = encode(settings.encoding, &fields);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let (url, redactor) = (endpoint.clone(), Redactor::default());
    Ok(Outgoing { method: Method::POST, url, headers, body: Some(body), hidden, redactor })
}

type FormFields = Vec<(&'static str, String)>;

fn grant_fields(
    settings: &OAuth2<Secret>,
    endpoint: &Url,
    refresh: Option<&Secret>,
) -> Result<FormFields, Box<Problem>> {
    let mut fields: FormFields = Vec::new();
    let mut add = |name: &'static str, value: Option<&Secret>| {
        fields.extend(value.map(|value| (name, value.expose().to_owned())));
    };
    let subject = settings.subject.as_ref();
    let name = match settings.grant {
        Grant::ClientCredentials => "client_credentials",
        Grant::Password => {
            add("username", settings.username.as_ref());
            add("password", settings.password.as_ref());
            "password"
        }
        Grant::RefreshToken => {
            add("refresh_token", refresh.or(subject.map(|subject| &subject.token)));
            "refresh_token"
        }
        Grant::TokenExchange => {
            add("subject_token", subject.map(|token| &token.token));
            add("subject_token_type", subject.map(|token| &token.kind));
            add("actor_token", settings.actor.as_ref().map(|token| &token.token));
            add("actor_token_type", settings.actor.as_ref().map(|token| &token.kind));
            "urn:ietf:params:oauth:grant-type:token-exchange"
        }
        Grant::JwtBearer => {
            let assertion = assertion(settings, endpoint, settings.username.as_ref())?;
            add("assertion", Some(&assertion));
            "urn:ietf:params:oauth:grant-type:jwt-bearer"
        }
    };
    fields.insert(0, ("grant_type", name.to_owned()));
    fields.extend(scope(settings).map(|scope| ("scope", scope)));
    fields.extend(settings.audiences.iter().map(|audience| ("audience", audience.expose().to_owned())));
    Ok(fields)
}

fn scope(settings: &OAuth2<Secret>) -> Option<String> {
    let scopes: Vec<&str> = settings.scopes.iter().map(Secret::expose).collect();
    (!scopes.is_empty()).then(|| scopes.join(" "))
}

fn add_client(
    settings: &OAuth2<Secret>,
    endpoint: &Url,
    fields: &mut FormFields,
    headers: &mut HeaderMap,
    hidden: &mut Hidden,
) -> Result<(), Box<Problem>> {
    let client = &settings.client;
    let id = client.id.as_ref().map(|id| id.expose().to_owned());
    let secret = client.secret.as_ref().map(Secret::expose).unwrap_or_default();
    match client.method {
        ClientMethod::SecretBasic => {
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", encode(id.as_deref().unwrap_or_default()), encode(secret));
            let pair = BASE64_STANDARD.encode(pair);
            hidden.add(&pair);
            hidden.add(secret);
            headers.insert(AUTHORIZATION, header_value("Authorization", &format!("Basic {pair}"))?);
            return Ok(());
        }
        ClientMethod::SecretPost => fields.push(("client_secret", secret.to_owned())),
        ClientMethod::SecretJwt => {
            hidden.add(secret);
            let statement = statement(settings, endpoint.as_str(), settings.client.id.as_ref());
            let assertion = jwt::signed_with_secret(&secret.to_owned().into(), &statement);
            fields.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
            fields.push(("client_assertion", assertion.expose().to_owned()));
        }
        ClientMethod::PrivateKeyJwt => {
            let assertion = assertion(settings, endpoint, settings.client.id.as_ref())?;
            fields.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
            fields.push(("client_assertion", assertion.expose().to_owned()));
        }
        ClientMethod::None => {}
    }
    fields.extend(id.map(|id| ("client_id", id)));
    Ok(())
}

fn statement<'a>(settings: &'a OAuth2<Secret>, audience: &'a str, subject: Option<&'a Secret>) -> jwt::Statement<'a> {
    let issuer = settings.client.id.as_ref().map(Secret::expose).unwrap_or_default();
    jwt::Statement { issuer, subject: subject.map_or(issuer, Secret::expose), audience, scope: scope(settings) }
}

fn assertion(settings: &OAuth2<Secret>, endpoint: &Url, subject: Option<&Secret>) -> Result<Secret, Box<Problem>> {
    match &settings.client.assertion {
        Some(Assertion::Ready(assertion)) => Ok(assertion.clone()),
        Some(Assertion::Signed(with)) => {
            let audience = with.audience.as_ref().map_or(endpoint.as_str(), Secret::expose);
            jwt::signed(with, &statement(settings, audience, subject))
                .map_err(|why| Problem::configuration("Cannot sign", format!("no assertion for a token: {why}")))
        }
        None => Err(Problem::configuration("No assertion", "the client has neither `assertion` nor `key`")),
    }
}

fn encode(encoding: TokenEncoding, fields: &FormFields) -> (&'static str, Bytes) {
    match encoding {
        TokenEncoding::Form => {
            let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            ("application/x-www-form-urlencoded", form.into())
        }
        TokenEncoding::Json => {
            let object: Map<String, Value> =
                fields.iter().map(|(name, value)| ((*name).to_owned(), Value::String(value.clone()))).collect();
            ("application/json", Value::Object(object).to_string().into())
        }
    }
}
