//! Digest authentication (RFC 7616). Keeps each server's last challenge, so that only the first call needs a second
//! request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use digest_auth::{AlgorithmType, AuthContext, HttpMethod, WwwAuthenticateHeader};
use http::Method;
use url::{Position, Url};

use crate::connect::Secret;

/// More servers than any installation calls. Beyond it, all challenges are dropped and requested again.
const CHALLENGES_MAX: usize = 1_024;

/// The last challenge of each server and user.
#[derive(Debug, Default)]
pub(super) struct Challenges(Mutex<HashMap<(String, String), WwwAuthenticateHeader>>);

impl Challenges {
    /// Keeps the strongest of the offered challenges. Returns false if none is supported.
    pub(super) fn keep(&self, url: &Url, username: &Secret, offered: &[String]) -> bool {
        let parsed = offered.iter().filter_map(|text| digest_auth::parse(text).ok());
        let Some(best) = parsed.max_by_key(|challenge| challenge.algorithm.algo != AlgorithmType::MD5) else {
            return false;
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= CHALLENGES_MAX {
            kept.clear();
        }
        kept.insert(place(url, username), best);
        true
    }

    /// Returns the `Authorization` header of a request if the server's challenge is known.
    pub(super) fn answer(
        &self,
        (username, password): (&Secret, &Secret),
        method: &Method,
        url: &Url,
        body: Option<&[u8]>,
    ) -> Option<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let challenge = kept.get_mut(&place(url, username))?;
        let uri = &url[Position::BeforePath..Position::AfterQuery];
        let method = HttpMethod::from(method.as_str());
        let context = AuthContext::new_with_method(username.expose(), password.expose(), uri, body, method);
        challenge.respond(&context).ok().map(|answer| answer.to_string())
    }
}

fn place(url: &Url, username: &Secret) -> (String, String) {
    (url.origin().ascii_serialization(), username.expose().to_owned())
}
