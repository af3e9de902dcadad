//! Reads the settings of a policy into an [`Authentication`] and reports each flaw at its place.

use std::sync::Arc;

use serde_json::Value;

use super::reader::{Exposure, Fields, FlawPlace, Origin, Reader, Reading};
use super::{
    ActorToken, Assertion, Authentication, Client, ClientMethod, Grant, OAuth1, OAuth2, SigningAlgorithm, SigningKey,
    TokenEncoding, TokenEndpoint,
};
use crate::dsl::definition::SecretTemplate;

const KINDS: [&str; 6] = ["basic", "bearer", "digest", "oauth2", "oidc", "oauth1"];

const GRANTS: [(&str, Grant); 5] = [
    ("client_credentials", Grant::ClientCredentials),
    ("password", Grant::Password),
    ("refresh_token", Grant::RefreshToken),
    ("urn:ietf:params:oauth:grant-type:token-exchange", Grant::TokenExchange),
    ("urn:ietf:params:oauth:grant-type:jwt-bearer", Grant::JwtBearer),
];

const METHODS: [(&str, ClientMethod); 5] = [
    ("client_secret_basic", ClientMethod::SecretBasic),
    ("client_secret_post", ClientMethod::SecretPost),
    ("client_secret_jwt", ClientMethod::SecretJwt),
    ("private_key_jwt", ClientMethod::PrivateKeyJwt),
    ("none", ClientMethod::None),
];

const ALGORITHMS: [(&str, SigningAlgorithm); 3] =
    [("RS256", SigningAlgorithm::Rs256), ("PS256", SigningAlgorithm::Ps256), ("ES256", SigningAlgorithm::Es256)];

const ENCODINGS: [(&str, TokenEncoding); 2] =
    [("application/x-www-form-urlencoded", TokenEncoding::Form), ("application/json", TokenEncoding::Json)];

/// Reads `{ KIND: settings }`.
#[must_use]
pub fn read(value: &Value, origin: Origin) -> Reading {
    let mut reader = Reader { origin, flaws: Vec::new(), secrets: Vec::new() };
    let policy = reader.policy(value).filter(|_| !reader.has_errors());
    Reading { policy, flaws: reader.flaws, secrets: reader.secrets }
}

impl Reader {
    fn policy(&mut self, value: &Value) -> Option<Authentication> {
        let fields = self.object(value, Vec::new())?;
        if fields.get("certificate").is_some() {
            let message = "`certificate` authentication is not supported: calls have no client certificates";
            let hint = format!("supported: `{}`", self.kinds().join("`, `"));
            self.error(fields.at("certificate"), FlawPlace::Key, message.to_owned(), Some(hint));
            return None;
        }
        self.known(&fields, &KINDS);
        let mut kinds = KINDS.iter().filter_map(|kind| Some((*kind, fields.get(kind)?)));
        let (Some((kind, settings)), None) = (kinds.next(), kinds.next()) else {
            let message = format!("an authentication is exactly one of `{}`", self.kinds().join("`, `"));
            self.error(Vec::new(), FlawPlace::Key, message, None);
            return None;
        };
        if kind == "oauth1" && self.origin.is_definition() {
            let message = "`oauth1` is not part of the language".to_owned();
            let hint = "put it into a connection of hub.yaml and call `connection://NAME/path`".to_owned();
            self.error(fields.at(kind), FlawPlace::Key, message, Some(hint));
            return None;
        }
        let settings = self.object(settings, fields.at(kind))?;
        if settings.get("use").is_some() && self.origin != Origin::Secret {
            return self.secret_object(kind, &settings);
        }
        match kind {
            "basic" => self.login(&settings).map(|(username, password)| Authentication::Basic { username, password }),
            "digest" => self.login(&settings).map(|(username, password)| Authentication::Digest { username, password }),
            "bearer" => {
                self.known(&settings, &["token"]);
                Some(Authentication::Bearer { token: self.required(&settings, "token", Exposure::Secret)? })
            }
            "oauth1" => self.oauth1(&settings),
            _ => self.oauth2(kind, &settings),
        }
    }

    /// The allowed kinds. `oauth1` is last in `KINDS` because definitions may not use it.
    fn kinds(&self) -> &'static [&'static str] {
        if self.origin.is_definition() { &KINDS[..5] } else { &KINDS }
    }

    /// Reads `use: NAME`, which names a secret that contains all settings.
    fn secret_object(&mut self, kind: &str, settings: &Fields<'_>) -> Option<Authentication> {
        self.known(settings, &["use"]);
        let name = settings.get("use").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            let message = "`use` must be the name of a secret: letters, digits and _".to_owned();
            self.error(settings.at("use"), FlawPlace::Value, message, None);
            return None;
        }
        self.secrets.push((settings.at("use"), name.to_owned()));
        Some(Authentication::FromSecret { kind: kind.to_owned(), secret: name.to_owned() })
    }

    fn login(&mut self, settings: &Fields<'_>) -> Option<(SecretTemplate, SecretTemplate)> {
        self.known(settings, &["username", "password"]);
        let username = self.required(settings, "username", Exposure::Public);
        let password = self.required(settings, "password", Exposure::Secret);
        Some((username?, password?))
    }

    fn oauth1(&mut self, settings: &Fields<'_>) -> Option<Authentication> {
        self.known(settings, &["consumerKey", "consumerSecret", "token", "tokenSecret", "realm", "signature"]);
        self.word(settings, "signature", &[("HMAC-SHA256", ())]);
        // Key and token are identifiers, sent with each request. Only the two secrets sign it.
        let key = self.required(settings, "consumerKey", Exposure::Public);
        let secret = self.required(settings, "consumerSecret", Exposure::Secret);
        let token = self.required(settings, "token", Exposure::Public);
        let token_secret = self.required(settings, "tokenSecret", Exposure::Secret);
        Some(Authentication::OAuth1(Arc::new(OAuth1 {
            consumer_key: key?,
            consumer_secret: secret?,
            token: token?,
            token_secret: token_secret?,
            realm: self.optional(settings, "realm", Exposure::Public),
        })))
    }

    fn oauth2(&mut self, kind: &str, settings: &Fields<'_>) -> Option<Authentication> {
        let known = [
            "authority",
            "grant",
            "client",
            "request",
            "issuers",
            "scopes",
            "audiences",
            "username",
            "password",
            "subject",
            "actor",
            "endpoints",
        ];
        self.known(settings, if kind == "oidc" { &known[..11] } else { &known });
        let grant = self.grant(settings);
        let oauth2 = OAuth2 {
            authority: self.authority(kind, settings),
            endpoint: if kind == "oidc" { TokenEndpoint::Discovered } else { self.token_endpoint(settings) },
            client: self.client(settings, grant),
            encoding: self.encoding(settings),
            issuers: self.list(settings, "issuers"),
            scopes: self.list(settings, "scopes"),
            audiences: self.list(settings, "audiences"),
            username: self.optional(settings, "username", Exposure::Public),
            password: self.optional(settings, "password", Exposure::Secret),
            subject: self.actor(settings, "subject"),
            actor: self.actor(settings, "actor"),
            grant: grant?,
        };
        self.check_grant(settings, &oauth2);
        Some(Authentication::OAuth2(Arc::new(oauth2)))
    }

    fn grant(&mut self, settings: &Fields<'_>) -> Option<Grant> {
        match settings.get("grant").and_then(Value::as_str) {
            None if settings.get("grant").is_none() => self.missing(settings, "grant", ""),
            Some("authorization_code") => {
                let message =
                    "the grant `authorization_code` needs a person at a browser, which a run does not have".to_owned();
                let hint = "use `client_credentials`, or `refresh_token` with a token obtained beforehand".to_owned();
                self.error(settings.at("grant"), FlawPlace::Value, message, Some(hint));
            }
            _ => return self.word(settings, "grant", &GRANTS),
        }
        None
    }

    /// Connections may omit it: their base URL is the default.
    fn authority(&mut self, kind: &str, settings: &Fields<'_>) -> Option<SecretTemplate> {
        if settings.get("authority").is_none() && (kind == "oidc" || self.origin.is_definition()) {
            self.missing(settings, "authority", "");
        }
        let authority = self.optional(settings, "authority", Exposure::Public)?;
        if let SecretTemplate::Literal(text) = &authority
            && !url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
        {
            let message = "`authority` must be an absolute URL, such as `https://login.example.com`".to_owned();
            self.error(settings.at("authority"), FlawPlace::Value, message, None);
        }
        Some(authority)
    }

    fn token_endpoint(&mut self, settings: &Fields<'_>) -> TokenEndpoint {
        let default = || TokenEndpoint::Path("/oauth2/token".to_owned());
        let Some(value) = settings.get("endpoints") else { return default() };
        let known = ["token", "revocation", "introspection"];
        let Some(endpoints) = self.closed(value, settings.at("endpoints"), &known) else { return default() };
        match endpoints.get("token") {
            None => default(),
            Some(Value::String(path)) => TokenEndpoint::Path(path.clone()),
            Some(_) => {
                self.error(endpoints.at("token"), FlawPlace::Value, "`token` must be a path".to_owned(), None);
                default()
            }
        }
    }

    fn encoding(&mut self, settings: &Fields<'_>) -> TokenEncoding {
        let request =
            settings.get("request").and_then(|value| self.closed(value, settings.at("request"), &["encoding"]));
        request.and_then(|request| self.word(&request, "encoding", &ENCODINGS)).unwrap_or(TokenEncoding::Form)
    }

    fn actor(&mut self, settings: &Fields<'_>, key: &str) -> Option<ActorToken<SecretTemplate>> {
        let fields = self.closed(settings.get(key)?, settings.at(key), &["token", "type"])?;
        let token = self.required(&fields, "token", Exposure::Secret);
        let kind = self.required(&fields, "type", Exposure::Public);
        Some(ActorToken { token: token?, kind: kind? })
    }

    fn client(&mut self, settings: &Fields<'_>, grant: Option<Grant>) -> Client<SecretTemplate> {
        let usual = if grant == Some(Grant::JwtBearer) { ClientMethod::None } else { ClientMethod::SecretPost };
        let mut client = Client { id: None, secret: None, assertion: None, method: usual };
        let Some(value) = settings.get("client") else {
            self.missing(settings, "client", "");
            return client;
        };
        let known = ["id", "secret", "assertion", "authentication", "key", "keyId", "algorithm", "audience"];
        let known = if self.origin.is_definition() { &known[..4] } else { &known };
        let Some(fields) = self.closed(value, settings.at("client"), known) else { return client };
        client.method = self.word(&fields, "authentication", &METHODS).unwrap_or(usual);
        client.id = self.optional(&fields, "id", Exposure::Public);
        client.secret = self.optional(&fields, "secret", Exposure::Secret);
        client.assertion = self.assertion(&fields);
        self.check_client(&fields, &client, grant);
        client
    }

    fn assertion(&mut self, fields: &Fields<'_>) -> Option<Assertion<SecretTemplate>> {
        if fields.get("key").is_none() || self.origin.is_definition() {
            return self.optional(fields, "assertion", Exposure::Secret).map(Assertion::Ready);
        }
        if fields.get("assertion").is_some() {
            let message = "either `assertion`, signed elsewhere, or `key` to sign with".to_owned();
            self.error(fields.at("assertion"), FlawPlace::Key, message, None);
        }
        if fields.get("algorithm").is_none() {
            self.missing(fields, "algorithm", ": RS256, PS256 or ES256");
        }
        Some(Assertion::Signed(SigningKey {
            algorithm: self.word(fields, "algorithm", &ALGORITHMS)?,
            key: self.optional(fields, "key", Exposure::Secret)?,
            key_id: self.optional(fields, "keyId", Exposure::Public),
            audience: self.optional(fields, "audience", Exposure::Public),
        }))
    }

    fn check_client(&mut self, fields: &Fields<'_>, client: &Client<SecretTemplate>, grant: Option<Grant>) {
        if fields.get("id").is_none() && (client.method != ClientMethod::None || grant == Some(Grant::JwtBearer)) {
            self.missing(fields, "id", "");
        }
        let by_secret =
            matches!(client.method, ClientMethod::SecretBasic | ClientMethod::SecretPost | ClientMethod::SecretJwt);
        if by_secret && fields.get("secret").is_none() {
            self.missing(fields, "secret", ", which this client authentication needs");
        }
        let asserts = client.method == ClientMethod::PrivateKeyJwt || grant == Some(Grant::JwtBearer);
        if asserts && fields.get("assertion").is_none() && fields.get("key").is_none() {
            let key = if self.origin.is_definition() { "assertion" } else { "key" };
            self.missing(fields, key, ", which this grant needs");
        }
    }

    /// Checks the fields that a grant needs beyond the client.
    fn check_grant(&mut self, settings: &Fields<'_>, oauth2: &OAuth2<SecretTemplate>) {
        let needed: &[&str] = match oauth2.grant {
            Grant::Password => &["username", "password"],
            Grant::RefreshToken | Grant::TokenExchange => &["subject"],
            Grant::ClientCredentials => &[],
            Grant::JwtBearer if self.origin.is_definition() => {
                let message = "the grant `jwt-bearer` is not part of the language".to_owned();
                let hint = "put it into a connection of hub.yaml and call `connection://NAME/path`".to_owned();
                return self.error(settings.at("grant"), FlawPlace::Value, message, Some(hint));
            }
            Grant::JwtBearer => &[],
        };
        for key in needed.iter().filter(|key| settings.get(key).is_none()) {
            self.missing(settings, key, ", which this grant needs");
        }
    }
}
