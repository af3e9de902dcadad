//! `scheme:` of a source, and the settings that some schemes have under their own name.

use chrono::TimeDelta;

use super::hmac::{Hmac, Part, Timestamp, template};
use super::time::TOLERANCE;
use super::{Algorithm, Encoding, Scheme, TokenPlace, Unit};
use crate::hub::file::value::{duration, one_of};
use crate::hub::file::yaml::{Entry, Mistakes, Node, entry};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    StandardWebhooks,
    GitHub,
    Stripe,
    Shopify,
    HubSpotV3,
    Hmac,
    Basic,
    Bearer,
}

const NAMES: [(&str, Name); 8] = [
    ("standard-webhooks", Name::StandardWebhooks),
    ("github", Name::GitHub),
    ("stripe", Name::Stripe),
    ("shopify", Name::Shopify),
    ("hubspot-v3", Name::HubSpotV3),
    ("hmac", Name::Hmac),
    ("basic", Name::Basic),
    ("bearer", Name::Bearer),
];

/// Schemes with settings of their own, under the scheme's name.
pub(in crate::hub) const WITH_SETTINGS: [&str; 3] = ["hmac", "basic", "bearer"];

/// The scheme of a source; `entries` are those of the source.
pub(in crate::hub) fn scheme(source: &Node, entries: &[Entry], mistakes: &mut Mistakes) -> Option<Scheme> {
    let Some(node) = entry(entries, "scheme") else {
        let known = NAMES.map(|(name, _)| name).join(", ");
        mistakes.at(source, "a source needs a scheme", Some(format!("known: {known}")));
        return None;
    };
    let name = one_of(node, &NAMES, mistakes)?;
    let spelled = NAMES.iter().find(|(_, known)| *known == name).map_or("", |(spelled, _)| *spelled);
    for other in WITH_SETTINGS.iter().filter(|other| **other != spelled) {
        if let Some(settings) = entry(entries, other) {
            let hint = format!("write `scheme: {other}`, or leave `{other}` out");
            mistakes.at(settings, format!("these settings belong to a scheme other than {spelled}"), Some(hint));
        }
    }
    let settings = entry(entries, spelled);
    match name {
        Name::StandardWebhooks => Some(Scheme::StandardWebhooks),
        Name::GitHub => Some(Scheme::GitHub),
        Name::Stripe => Some(Scheme::Stripe),
        Name::Shopify => Some(Scheme::Shopify),
        Name::HubSpotV3 => Some(Scheme::HubSpotV3),
        Name::Hmac => hmac(settings.unwrap_or(node), settings, mistakes).map(|rules| Scheme::Hmac(Box::new(rules))),
        Name::Basic => basic(node, settings, mistakes),
        Name::Bearer => settings.map_or(Some(TokenPlace::default()), |s| bearer(s, mistakes)).map(Scheme::Bearer),
    }
}

fn basic(scheme: &Node, settings: Option<&Node>, mistakes: &mut Mistakes) -> Option<Scheme> {
    let username = settings.and_then(|node| entry(mistakes.entries(node, &["username"]), "username"));
    let Some(username) = username else {
        let hint = "write `basic: { username: NAME }`; the secret is the password".to_owned();
        mistakes.at(settings.unwrap_or(scheme), "basic needs a username", Some(hint));
        return None;
    };
    let text = mistakes.text(username)?;
    if text.is_empty() || text.contains(':') || text.contains("${") {
        mistakes.at(username, "a username is plain text without a colon", None);
        return None;
    }
    Some(Scheme::Basic { username: text.to_owned() })
}

fn bearer(settings: &Node, mistakes: &mut Mistakes) -> Option<TokenPlace> {
    let entries = mistakes.entries(settings, &["header", "query"]);
    match (entry(entries, "header"), entry(entries, "query")) {
        (Some(header), None) => header_name(header, mistakes).map(TokenPlace::Header),
        (None, Some(query)) => mistakes.text(query).map(|name| TokenPlace::Query(name.to_owned())),
        _ => {
            let hint = "leave `bearer` out for `Authorization: Bearer TOKEN`".to_owned();
            mistakes.at(settings, "bearer has either header or query", Some(hint));
            None
        }
    }
}

fn hmac(node: &Node, settings: Option<&Node>, mistakes: &mut Mistakes) -> Option<Hmac> {
    const KNOWN: [&str; 7] = ["header", "prefix", "encoding", "algorithm", "signed", "timestamp", "id"];
    let entries = settings.map(|settings| mistakes.entries(settings, &KNOWN)).unwrap_or_default();
    let Some(header) = entry(entries, "header") else {
        let hint = "write `hmac: { header: X-Signature }`".to_owned();
        mistakes.at(node, "hmac needs the header of the signature", Some(hint));
        return None;
    };
    let header = header_name(header, mistakes);
    let mut rules = Hmac {
        header: header?,
        prefix: String::new(),
        encoding: Encoding::default(),
        algorithm: Algorithm::default(),
        signed: vec![Part::Body],
        timestamp: None,
        id: None,
    };
    for Entry { key, node, .. } in entries {
        match key.as_str() {
            "prefix" => mistakes.text(node)?.clone_into(&mut rules.prefix),
            "encoding" => {
                rules.encoding = one_of(node, &[("hex", Encoding::Hex), ("base64", Encoding::Base64)], mistakes)?;
            }
            "algorithm" => rules.algorithm = one_of(node, &ALGORITHMS, mistakes)?,
            "timestamp" => rules.timestamp = Some(timestamp(node, mistakes)?),
            "id" => rules.id = Some(header_name(node, mistakes)?),
            _ => {}
        }
    }
    if let Some(node) = entry(entries, "signed") {
        rules.signed = signed(node, mistakes)?;
    }
    check_signed(entry(entries, "signed").unwrap_or(node), &rules, mistakes);
    Some(rules)
}

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("sha256", Algorithm::Sha256), ("sha512", Algorithm::Sha512), ("sha1", Algorithm::Sha1)];

fn signed(node: &Node, mistakes: &mut Mistakes) -> Option<Vec<Part>> {
    let text = mistakes.text(node)?;
    let parts = template(text);
    match parts {
        Ok(parts) => Some(parts),
        Err(why) => {
            let hint = "write for example '{timestamp}.{body}'".to_owned();
            mistakes.at(node, format!("this does not define what is signed: {why}"), Some(hint));
            None
        }
    }
}

/// What is not signed proves nothing, and what is signed must be there.
fn check_signed(node: &Node, rules: &Hmac, mistakes: &mut Mistakes) {
    let has = |part: &Part| rules.signed.contains(part);
    if !has(&Part::Body) {
        mistakes.at(node, "a signature without {body} does not protect it", None);
    }
    match (has(&Part::Timestamp), rules.timestamp.is_some()) {
        (true, false) => {
            let hint = "add `timestamp: { header: X-Timestamp }`".to_owned();
            mistakes.at(node, "{timestamp} is signed, but no header contains it", Some(hint));
        }
        (false, true) => {
            let hint = "add {timestamp} to `signed`, as the sender does, or leave `timestamp` out".to_owned();
            mistakes.at(node, "a timestamp that is not signed can be changed by anyone", Some(hint));
        }
        _ => {}
    }
    if has(&Part::Id) && rules.id.is_none() {
        mistakes.at(node, "{id} is signed, but no header contains it", Some("add `id: X-Id`".to_owned()));
    }
}

fn timestamp(node: &Node, mistakes: &mut Mistakes) -> Option<Timestamp> {
    let entries = mistakes.entries(node, &["header", "unit", "tolerance"]);
    let Some(header) = entry(entries, "header") else {
        mistakes.at(node, "a timestamp needs its header", None);
        return None;
    };
    let header = header_name(header, mistakes)?;
    let unit = match entry(entries, "unit") {
        Some(node) => one_of(node, &[("s", Unit::Seconds), ("ms", Unit::Milliseconds)], mistakes)?,
        None => Unit::default(),
    };
    let tolerance = match entry(entries, "tolerance") {
        Some(node) => TimeDelta::from_std(duration(node, mistakes)?).ok()?,
        None => TOLERANCE,
    };
    Some(Timestamp { header, unit, tolerance })
}

/// Lower case, as headers are compared.
fn header_name(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let text = mistakes.text(node)?;
    match http::HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(_) => {
            mistakes.at(node, format!("{text:?} is not the name of a header"), None);
            None
        }
    }
}
