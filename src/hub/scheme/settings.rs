//! `scheme:` of a source, and the settings that some schemes have under their own name.

use chrono::TimeDelta;

use super::hmac::{Hmac, Part, Timestamp, template};
use super::time::TOLERANCE;
use super::{Algorithm, Encoding, Scheme, TokenPlace, Unit};
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::hub::file::value::duration;

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

/// Schemes with their own settings, under the scheme's name.
pub(in crate::hub) const WITH_SETTINGS: [&str; 3] = ["hmac", "basic", "bearer"];

/// Reads the scheme of a source; `entries` are the source's entries.
pub(in crate::hub) fn scheme<'s>(source: Node<'s>, entries: Node<'s>, report: &mut Report<'s>) -> Option<Scheme> {
    let Some(node) = entries.get("scheme") else {
        let known = NAMES.map(|(name, _)| name).join(", ");
        report.error_with_hint(source, "a source needs a scheme", Some(format!("known: {known}")));
        return None;
    };
    let name = report.word(node, &NAMES)?;
    let spelled = NAMES.iter().find(|(_, known)| *known == name).map_or("", |(spelled, _)| *spelled);
    for other in WITH_SETTINGS.iter().filter(|other| **other != spelled) {
        if let Some(settings) = entries.get(other) {
            let hint = format!("write `scheme: {other}`, or leave `{other}` out");
            report.error_with_hint(
                settings,
                format!("these settings belong to a scheme other than {spelled}"),
                Some(hint),
            );
        }
    }
    let settings = entries.get(spelled);
    match name {
        Name::StandardWebhooks => Some(Scheme::StandardWebhooks),
        Name::GitHub => Some(Scheme::GitHub),
        Name::Stripe => Some(Scheme::Stripe),
        Name::Shopify => Some(Scheme::Shopify),
        Name::HubSpotV3 => Some(Scheme::HubSpotV3),
        Name::Hmac => hmac(settings.unwrap_or(node), settings, report).map(|rules| Scheme::Hmac(Box::new(rules))),
        Name::Basic => basic(node, settings, report),
        Name::Bearer => settings.map_or(Some(TokenPlace::default()), |s| bearer(s, report)).map(Scheme::Bearer),
    }
}

fn basic<'s>(scheme: Node<'s>, settings: Option<Node<'s>>, report: &mut Report<'s>) -> Option<Scheme> {
    let username = settings.and_then(|node| report.closed_or_nothing(node, &["username"]).get("username"));
    let Some(username) = username else {
        let hint = "write `basic: { username: NAME }`; the secret is the password".to_owned();
        report.error_with_hint(settings.unwrap_or(scheme), "basic needs a username", Some(hint));
        return None;
    };
    let text = report.text(username)?;
    if text.is_empty() || text.contains(':') || text.contains("${") {
        report.error(username, "a username is plain text without a colon");
        return None;
    }
    Some(Scheme::Basic { username: text.to_owned() })
}

fn bearer<'s>(settings: Node<'s>, report: &mut Report<'s>) -> Option<TokenPlace> {
    let entries = report.closed_or_nothing(settings, &["header", "query"]);
    match (entries.get("header"), entries.get("query")) {
        (Some(header), None) => header_name(header, report).map(TokenPlace::Header),
        (None, Some(query)) => report.text(query).map(|name| TokenPlace::Query(name.to_owned())),
        _ => {
            let hint = "leave `bearer` out for `Authorization: Bearer TOKEN`".to_owned();
            report.error_with_hint(settings, "bearer has either header or query", Some(hint));
            None
        }
    }
}

fn hmac<'s>(node: Node<'s>, settings: Option<Node<'s>>, report: &mut Report<'s>) -> Option<Hmac> {
    const KNOWN: [&str; 7] = ["header", "prefix", "encoding", "algorithm", "signed", "timestamp", "id"];
    let entries = settings.map(|settings| report.closed_or_nothing(settings, &KNOWN));
    let Some((entries, header)) = entries.and_then(|entries| Some((entries, entries.get("header")?))) else {
        let hint = "write `hmac: { header: X-Signature }`".to_owned();
        report.error_with_hint(node, "hmac needs the header of the signature", Some(hint));
        return None;
    };
    let header = header_name(header, report);
    let mut rules = Hmac {
        header: header?,
        prefix: String::new(),
        encoding: Encoding::default(),
        algorithm: Algorithm::default(),
        signed: vec![Part::Body],
        timestamp: None,
        id: None,
    };
    for (key, node) in entries.entries() {
        match key {
            "prefix" => report.text(node)?.clone_into(&mut rules.prefix),
            "encoding" => {
                rules.encoding = report.word(node, &[("hex", Encoding::Hex), ("base64", Encoding::Base64)])?;
            }
            "algorithm" => rules.algorithm = report.word(node, &ALGORITHMS)?,
            "timestamp" => rules.timestamp = Some(timestamp(node, report)?),
            "id" => rules.id = Some(header_name(node, report)?),
            _ => {}
        }
    }
    if let Some(node) = entries.get("signed") {
        rules.signed = signed(node, report)?;
    }
    check_signed(entries.get("signed").unwrap_or(node), &rules, report);
    Some(rules)
}

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("sha256", Algorithm::Sha256), ("sha512", Algorithm::Sha512), ("sha1", Algorithm::Sha1)];

fn signed<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Vec<Part>> {
    let text = report.text(node)?;
    let parts = template(text);
    match parts {
        Ok(parts) => Some(parts),
        Err(why) => {
            let hint = "write for example '{timestamp}.{body}'".to_owned();
            report.error_with_hint(node, format!("this does not define what is signed: {why}"), Some(hint));
            None
        }
    }
}

/// Checks that the signature covers the body and that every signed part is configured.
fn check_signed<'s>(node: Node<'s>, rules: &Hmac, report: &mut Report<'s>) {
    let has = |part: &Part| rules.signed.contains(part);
    if !has(&Part::Body) {
        report.error(node, "a signature without {body} does not protect it");
    }
    match (has(&Part::Timestamp), rules.timestamp.is_some()) {
        (true, false) => {
            let hint = "add `timestamp: { header: X-Timestamp }`".to_owned();
            report.error_with_hint(node, "{timestamp} is signed, but no header contains it", Some(hint));
        }
        (false, true) => {
            let hint = "add {timestamp} to `signed`, as the sender does, or leave `timestamp` out".to_owned();
            report.error_with_hint(node, "a timestamp that is not signed can be changed by anyone", Some(hint));
        }
        _ => {}
    }
    if has(&Part::Id) && rules.id.is_none() {
        report.error_with_hint(node, "{id} is signed, but no header contains it", Some("add `id: X-Id`".to_owned()));
    }
}

fn timestamp<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Timestamp> {
    let entries = report.closed_or_nothing(node, &["header", "unit", "tolerance"]);
    let Some(header) = entries.get("header") else {
        report.error(node, "a timestamp needs its header");
        return None;
    };
    let header = header_name(header, report)?;
    let unit = match entries.get("unit") {
        Some(node) => report.word(node, &[("s", Unit::Seconds), ("ms", Unit::Milliseconds)])?,
        None => Unit::default(),
    };
    let tolerance = match entries.get("tolerance") {
        Some(node) => TimeDelta::from_std(duration(node, report)?).ok()?,
        None => TOLERANCE,
    };
    Some(Timestamp { header, unit, tolerance })
}

/// A header name in lower case, as headers are compared.
fn header_name<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?;
    match http::HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) => Some(name.as_str().to_owned()),
        Err(_) => {
            report.error(node, format!("{text:?} is not the name of a header"));
            None
        }
    }
}
