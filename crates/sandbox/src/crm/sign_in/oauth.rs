//! OAuth token endpoint. It accepts the client credentials flow and the other flows of integrations without verifying
//! their credentials. Only refresh tokens are checked: [`super::refresh`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;

use crate::call::{Answer, Call, pairs, parameter};
use crate::crm::Crm;
use crate::crm::refusal::{JSON, Refusal};

const TOKENS_MAX: usize = 10_000;
/// The org's id.
pub const ORGANIZATION: &str = "00DWs000003aBcDMAU";
/// The id of the user that integrations sign in as.
pub const INTEGRATION_USER: &str = "005Ws000002IntAIAS";

impl Crm {
    /// Invalidates all issued access tokens, as a session timeout or an administrator does. The static token remains
    /// valid.
    pub fn end_sessions(&mut self) {
        self.tokens.clear();
    }

    /// Issues an access token.
    pub(in crate::crm) fn token(&mut self, call: &Call) -> Answer {
        if call.method != http::Method::POST {
            return Refusal::method(&call.method, "POST").answer();
        }
        let form = pairs(&String::from_utf8_lossy(&call.body));
        let field = |name: &str| parameter(&form, name).filter(|value| !value.is_empty());
        let mut refreshed = None;
        let proven = match field("grant_type") {
            Some("refresh_token") => {
                let token = field("refresh_token").unwrap_or_default();
                refreshed = self.refresh_tokens.redeem(&self.settings.refresh_tokens, token, call.now);
                if refreshed.is_none() {
                    return refused("invalid_grant", "expired access/refresh token");
                }
                true
            }
            Some("client_credentials") => {
                has_basic(call) || (field("client_id").is_some() && field("client_secret").is_some())
            }
            Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => field("assertion").is_some(),
            Some("password") => field("username").is_some() && field("password").is_some(),
            _ => return refused("unsupported_grant_type", "grant type not supported"),
        };
        if !proven {
            return refused("invalid_grant", "authentication failure");
        }
        self.tokens_issued += 1;
        let token = format!("{}!Sandbox.Issued.{}", &ORGANIZATION[..15], self.tokens_issued);
        self.tokens.push_back(token.clone());
        if self.tokens.len() > TOKENS_MAX {
            self.tokens.pop_front();
        }
        let mut body = json!({
            "access_token": token,
            "signature": "c2FuZGJveC1zaWduYXR1cmU=",
            "scope": "api",
            "instance_url": call.base,
            "id": format!("{}/id/{ORGANIZATION}/{INTEGRATION_USER}", call.base),
            "token_type": "Bearer",
            "issued_at": call.now.timestamp_millis().to_string(),
        });
        if let Some(seconds) = self.settings.refresh_tokens.access_seconds {
            body["expires_in"] = seconds.into();
        }
        if let Some(token) = refreshed.and_then(|refreshed| refreshed.refresh_token) {
            body["refresh_token"] = token.into();
        }
        Answer::json(StatusCode::OK, JSON, body)
    }
}

/// Returns the user of a token; clients ask for it after they received one.
pub fn identity(call: &Call) -> Answer {
    let body = json!({
        "id": format!("{}/id/{ORGANIZATION}/{INTEGRATION_USER}", call.base),
        "user_id": INTEGRATION_USER,
        "organization_id": ORGANIZATION,
        "username": "integration@sandbox.example",
        "urls": {"rest": format!("{}/services/data/v{{version}}/", call.base)},
    });
    Answer::json(StatusCode::OK, JSON, body)
}

fn has_basic(call: &Call) -> bool {
    let encoded = call.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    let decoded = encoded.and_then(|encoded| STANDARD.decode(encoded.trim()).ok());
    decoded.and_then(|bytes| String::from_utf8(bytes).ok()).is_some_and(|pair| {
        pair.split_once(':').is_some_and(|(client, secret)| !client.is_empty() && !secret.is_empty())
    })
}

fn refused(error: &str, description: &str) -> Answer {
    let body = json!({"error": error, "error_description": description});
    Answer::json(StatusCode::BAD_REQUEST, JSON, body)
}
