//! The target of webhooks, and the signatures of messages.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// The settings of a target.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSettings {
    /// The URL to send messages to.
    pub url: String,
    /// `whsec_` and a key in Base64, as in Standard Webhooks.
    pub secret: String,
    /// Record types to report; empty: all.
    #[serde(default)]
    pub types: Vec<String>,
}

/// A validated target.
pub struct Target {
    url: Url,
    key: Vec<u8>,
    types: Vec<String>,
}

impl TargetSettings {
    /// Validates the settings.
    ///
    /// # Errors
    /// Why they are invalid. The message never contains the secret.
    pub fn target(&self) -> Result<Target, String> {
        let url =
            Url::parse(&self.url).map_err(|why| format!("the webhook's url {:?} is not a URL: {why}", self.url))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("the webhook's url {:?} must begin with http:// or https://", self.url));
        }
        let key = BASE64_STANDARD.decode(self.secret.trim_start_matches("whsec_"));
        let key = key.ok().filter(|key| !key.is_empty());
        let key = key.ok_or("the webhook's secret must be `whsec_` and a key in base64")?;
        Ok(Target { url, key, types: self.types.iter().map(|name| name.trim().to_owned()).collect() })
    }
}

impl Target {
    /// Whether messages about this record type are sent.
    pub fn wants(&self, record_type: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|name| name.eq_ignore_ascii_case(record_type))
    }

    /// Returns the URL without credentials and query, which may contain secrets.
    pub fn url(&self) -> String {
        let mut shown = self.url.clone();
        shown.set_query(None);
        // This fails only for URLs without a host, which were refused.
        let _ = (shown.set_username(""), shown.set_password(None));
        shown.into()
    }

    pub(super) fn address(&self) -> Url {
        self.url.clone()
    }

    /// Returns the settings, with the secret masked.
    pub fn view(&self) -> Value {
        json!({"url": self.url(), "secret": "***", "types": self.types})
    }

    /// Signs a message: HMAC-SHA256 over id, time and body.
    pub(crate) fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, secret: &str) -> TargetSettings {
        TargetSettings { url: url.into(), secret: secret.into(), types: vec!["Account".into()] }
    }

    /// The example from the Standard Webhooks specification.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let target = settings("https://a.example/hooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").target();
        let target = target.unwrap_or_else(|why| panic!("{why}"));
        let signature = target.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_target_shows_no_secret_and_refuses_what_makes_no_sense() {
        let target = settings("https://ann:pw@a.example/hooks?token=t", "whsec_c2VjcmV0").target();
        let target = target.unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(target.view(), json!({"url": "https://a.example/hooks", "secret": "***", "types": ["Account"]}));
        assert!(target.wants("account") && !target.wants("Contact"));
        for (url, secret) in [
            ("nowhere", "whsec_c2VjcmV0"),
            ("ftp://a.example", "whsec_c2VjcmV0"),
            ("http://a.example", "whsec_!"),
            ("http://a.example", ""),
        ] {
            let refused = settings(url, secret).target().err().expect(url);
            assert!(secret.is_empty() || !refused.contains(secret), "{refused}");
        }
    }
}
