//! Refresh tokens as strict and lenient providers handle them: kept or rotated at each use, with or without a grace
//! period.
//!
//! `sandbox-crm-refresh-token`, and any text that begins with it, is the first token of a family. Using a token again
//! when that is not allowed revokes the whole family, as providers do that detect stolen tokens.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Prefix of first refresh tokens.
pub const FIRST_REFRESH_TOKEN: &str = "sandbox-crm-refresh-token";

/// Separates the first token from the number of a rotated one.
const NUMBER_MARK: &str = ".rotated.";

/// How refresh tokens behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RefreshSettings {
    /// Whether each use returns a new token that replaces the used one.
    pub rotate: bool,
    /// How long the last used token may be used again, in seconds. Null: until its successor is used.
    pub grace_seconds: Option<u32>,
    /// `expires_in` of access tokens, in seconds. Null: it is omitted.
    pub access_seconds: Option<u32>,
}

impl Default for RefreshSettings {
    fn default() -> Self {
        Self { rotate: false, grace_seconds: Some(0), access_seconds: None }
    }
}

/// The issued refresh tokens, and statistics.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefreshTokens {
    #[serde(skip)]
    families: HashMap<String, Family>,
    /// Granted requests.
    pub granted: u64,
    /// Granted requests that needed the grace period.
    pub repeated: u64,
    /// Refused requests.
    pub refused: u64,
}

#[derive(Debug, Default, Clone)]
struct Family {
    is_revoked: bool,
    issued: u64,
    /// The last used token, and when it was first used.
    used: Option<(String, DateTime<Utc>)>,
    /// The tokens issued for it; several if it was used again within the grace period.
    newest: Vec<String>,
}

/// A granted request.
#[derive(Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// The new refresh token; `None`: the old one remains valid.
    pub refresh_token: Option<String>,
}

impl RefreshTokens {
    /// Uses a token. Returns `None` if that is not allowed.
    pub fn redeem(&mut self, settings: &RefreshSettings, token: &str, now: DateTime<Utc>) -> Option<Refreshed> {
        let granted = self.judge(settings, token, now);
        match granted {
            Some(_) => self.granted += 1,
            None => self.refused += 1,
        }
        granted
    }

    fn judge(&mut self, settings: &RefreshSettings, token: &str, now: DateTime<Utc>) -> Option<Refreshed> {
        let first = token.split_once(NUMBER_MARK).map_or(token, |(first, _)| first);
        if !first.starts_with(FIRST_REFRESH_TOKEN) {
            return None;
        }
        let family = self
            .families
            .entry(first.to_owned())
            .or_insert_with(|| Family { newest: vec![first.to_owned()], ..Family::default() });
        let is_newest = family.newest.iter().any(|newest| newest == token);
        let in_grace = family.used.as_ref().is_some_and(|(used, at)| {
            let grace = settings.grace_seconds.map(|seconds| Duration::seconds(i64::from(seconds)));
            used == token && grace.is_none_or(|grace| now - *at < grace)
        });
        if family.is_revoked || !(is_newest || in_grace) {
            family.is_revoked = true;
            return None;
        }
        if !settings.rotate {
            return Some(Refreshed { refresh_token: None });
        }
        family.issued += 1;
        let next = format!("{first}{NUMBER_MARK}{}", family.issued);
        if is_newest {
            family.used = Some((token.to_owned(), now));
            family.newest.clear();
        } else {
            self.repeated += 1;
        }
        family.newest.push(next.clone());
        Some(Refreshed { refresh_token: Some(next) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    fn next(tokens: &mut RefreshTokens, settings: &RefreshSettings, token: &str, seconds: i64) -> Option<String> {
        tokens.redeem(settings, token, at(seconds)).and_then(|refreshed| refreshed.refresh_token)
    }

    #[test]
    fn without_a_grace_a_token_counts_once_and_a_second_use_revokes_its_family() {
        let settings = RefreshSettings { rotate: true, ..RefreshSettings::default() };
        let mut tokens = RefreshTokens::default();
        let second = next(&mut tokens, &settings, FIRST_REFRESH_TOKEN, 0).expect("granted");
        let third = next(&mut tokens, &settings, &second, 0).expect("granted");
        assert_eq!(next(&mut tokens, &settings, &second, 0), None);
        assert_eq!(next(&mut tokens, &settings, &third, 0), None, "the family is revoked");
        assert!(next(&mut tokens, &settings, "sandbox-crm-refresh-token-2", 0).is_some(), "another family is not");
        assert_eq!((tokens.granted, tokens.refused), (3, 2));
    }

    #[test]
    fn a_grace_lasts_as_long_as_it_says_or_until_the_new_token_is_used() {
        let timed = RefreshSettings { rotate: true, grace_seconds: Some(30), ..RefreshSettings::default() };
        let mut tokens = RefreshTokens::default();
        let second = next(&mut tokens, &timed, FIRST_REFRESH_TOKEN, 0).expect("granted");
        let other = next(&mut tokens, &timed, FIRST_REFRESH_TOKEN, 29).expect("within the grace");
        assert_ne!(second, other);
        assert_eq!(next(&mut tokens.clone(), &timed, FIRST_REFRESH_TOKEN, 30), None);
        let untimed = RefreshSettings { grace_seconds: None, ..timed };
        assert!(next(&mut tokens, &untimed, FIRST_REFRESH_TOKEN, 9_999).is_some());
        assert!(next(&mut tokens, &untimed, &other, 9_999).is_some());
        assert_eq!(next(&mut tokens, &untimed, FIRST_REFRESH_TOKEN, 9_999), None, "what it brought was used");
    }
}
