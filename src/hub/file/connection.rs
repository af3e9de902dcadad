//! `connections:` of `hub.yaml`.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::literals::{HINT, is_told};
use super::value::{duration, expression, one_of, secret_template};
use super::yaml::{Content, Entry, Mistakes, Node, entry};
use crate::connect::breaker::BreakerSettings;
use crate::connect::{Connection, FaultRule, HostPattern, Rate, SharedLimits, Verdict};
use crate::dsl::authentication::{self, Origin};
use crate::dsl::{Authentication, SecretTemplate, credentials};
use crate::machine::{CallRetry, FaultClass};

const KEYS: [&str; 15] = [
    "baseUrl",
    "authentication",
    "headers",
    "idempotencyHeader",
    "timeout",
    "settle",
    "retry",
    "faults",
    "concurrency",
    "limits",
    "breaker",
    "allowedHosts",
    "proxy",
    "ca",
    "reads",
];

const CLASSES: [(&str, Verdict); 7] = [
    ("done", Verdict::Done),
    ("transient", Verdict::Fault(FaultClass::Transient)),
    ("throttled", Verdict::Fault(FaultClass::Throttled)),
    ("credentials", Verdict::Fault(FaultClass::Credentials)),
    ("duplicate", Verdict::Fault(FaultClass::Duplicate)),
    ("permanent", Verdict::Fault(FaultClass::Permanent)),
    ("person", Verdict::Fault(FaultClass::Person)),
];

pub(super) fn connection(node: &Node, mistakes: &mut Mistakes) -> Connection {
    let entries = mistakes.entries(node, &KEYS);
    let mut connection = Connection::default();
    match entry(entries, "baseUrl") {
        Some(node) => connection.base_urls = base_urls(node, mistakes),
        None => mistakes.at(node, "a connection needs a baseUrl for each environment", None),
    }
    for Entry { key, node, .. } in entries {
        match key.as_str() {
            "authentication" => connection.authentication = authentication(node, mistakes),
            "headers" => connection.headers = headers(node, mistakes),
            "idempotencyHeader" => {
                connection.idempotency_header = header_name(node, mistakes).unwrap_or(connection.idempotency_header);
            }
            "timeout" => connection.timeout = positive(node, mistakes),
            "settle" => connection.settle = duration(node, mistakes),
            "retry" => connection.retry = Some(retry(node, mistakes)),
            "faults" => connection.faults = faults(node, mistakes),
            "concurrency" => {
                connection.concurrency =
                    mistakes.whole(node, 1..=10_000).map_or(connection.concurrency, |n| n as usize);
            }
            "limits" => connection.limits = limits(node, mistakes),
            "breaker" => connection.breaker = Some(breaker(node, mistakes)),
            "allowedHosts" => connection.allowed_hosts = Some(hosts(node, mistakes)),
            "proxy" => connection.proxy = proxy(node, mistakes),
            "ca" => connection.authorities = authorities(node, mistakes),
            "reads" => connection.reads = reads(node, mistakes),
            _ => {}
        }
    }
    connection
}

/// Fields by object.
fn reads(node: &Node, mistakes: &mut Mistakes) -> BTreeMap<String, Vec<String>> {
    let Content::Map(entries) = &node.content else {
        mistakes.at(node, format!("{} where objects with their fields are expected", node.kind()), None);
        return BTreeMap::new();
    };
    let mut objects = BTreeMap::new();
    for Entry { key, node, .. } in entries {
        let Content::List(items) = &node.content else {
            mistakes.at(node, format!("{} where a list of fields is expected", node.kind()), None);
            continue;
        };
        let fields = items.iter().filter_map(|item| mistakes.text(item).map(str::to_owned)).collect();
        objects.insert(key.clone(), fields);
    }
    objects
}

/// A list of hosts: `allowedHosts`, and `hosts` of a released secret.
pub(super) fn hosts(node: &Node, mistakes: &mut Mistakes) -> Vec<HostPattern> {
    let Content::List(items) = &node.content else {
        mistakes.at(node, format!("{} where a list of hosts is expected", node.kind()), None);
        return Vec::new();
    };
    let mut hosts = Vec::new();
    for item in items {
        let Some(text) = mistakes.text(item) else { continue };
        match HostPattern::parse(text) {
            Some(host) => hosts.push(host),
            None => {
                let hint = "write login.example.com, or *.example.com for all names below it; no scheme, no port";
                mistakes.at(item, format!("{text:?} is not a host"), Some(hint.to_owned()));
            }
        }
    }
    hosts
}

fn proxy(node: &Node, mistakes: &mut Mistakes) -> Option<Url> {
    let text = mistakes.text(node)?;
    let hint = || Some("for example http://proxy.example.com:3128".to_owned());
    match Url::parse(text) {
        _ if is_told(text) => None,
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.username().is_empty() => Some(url),
        Ok(_) => {
            mistakes.at(node, "a proxy is http or https, and a password must not be in a file", hint());
            None
        }
        Err(error) => {
            mistakes.at(node, format!("{text:?} is not a URL: {error}"), hint());
            None
        }
    }
}

/// Certificates in place: what is trusted stands where it is used.
fn authorities(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let text = mistakes.text(node)?;
    match reqwest::Certificate::from_pem_bundle(text.as_bytes()) {
        Ok(found) if !found.is_empty() => Some(text.to_owned()),
        _ => {
            let hint = "write the certificates themselves: ca: | and then -----BEGIN CERTIFICATE-----".to_owned();
            mistakes.at(node, "these are not certificates in PEM", Some(hint));
            None
        }
    }
}

fn limits(node: &Node, mistakes: &mut Mistakes) -> Option<SharedLimits> {
    let entries = mistakes.entries(node, &["requests", "per", "concurrency"]);
    let per = entry(entries, "per").map(|node| positive(node, mistakes));
    let requests = entry(entries, "requests").map(|node| mistakes.whole(node, 1..=100_000));
    let concurrency = entry(entries, "concurrency").map(|node| mistakes.whole(node, 1..=10_000));
    if requests.is_none() && concurrency.is_none() {
        mistakes.at(node, "limits need `requests`, `concurrency` or both", None);
    }
    if per.is_some() && requests.is_none() {
        mistakes.at(node, "`per` is the period of `requests`: add how many", None);
    }
    let per = per.flatten().unwrap_or(Duration::from_secs(1));
    let rate = requests.flatten().map(|requests| Rate { requests, per });
    Some(SharedLimits { concurrency: concurrency.flatten(), rate })
}

fn breaker(node: &Node, mistakes: &mut Mistakes) -> BreakerSettings {
    let mut breaker = BreakerSettings::default();
    for Entry { key, node, .. } in mistakes.entries(node, &["failures", "wait", "maxWait", "wave"]) {
        match key.as_str() {
            "failures" => breaker.failures = mistakes.whole(node, 1..=10_000).unwrap_or(breaker.failures),
            "wait" => breaker.wait = positive(node, mistakes).unwrap_or(breaker.wait),
            "maxWait" => breaker.wait_max = positive(node, mistakes).unwrap_or(breaker.wait_max),
            "wave" => breaker.wave = mistakes.whole(node, 1..=10_000).unwrap_or(breaker.wave),
            _ => {}
        }
    }
    breaker
}

fn base_urls(node: &Node, mistakes: &mut Mistakes) -> BTreeMap<String, Url> {
    let mut urls = BTreeMap::new();
    for entry in mistakes.map(node) {
        let Some(text) = mistakes.text(&entry.node) else { continue };
        match Url::parse(text) {
            _ if is_told(text) => {}
            Ok(url) if is_base(&url) => drop(urls.insert(entry.key.clone(), url)),
            Ok(_) => {
                let hint = "https://host/path, without user, query and fragment".to_owned();
                mistakes.at(&entry.node, format!("{text:?} is not a base URL"), Some(hint));
            }
            Err(error) => mistakes.at(&entry.node, format!("{text:?} is not a URL: {error}"), None),
        }
    }
    urls
}

fn is_base(url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    matches!(url.scheme(), "http" | "https") && plain && url.fragment().is_none()
}

fn authentication(node: &Node, mistakes: &mut Mistakes) -> Option<Authentication> {
    let reading = authentication::read(&node.to_value(), Origin::Hub);
    for flaw in reading.flaws {
        mistakes.within(node, &flaw.path, flaw.place, flaw.message, flaw.hint);
    }
    reading.policy
}

fn headers(node: &Node, mistakes: &mut Mistakes) -> Vec<(String, SecretTemplate)> {
    let mut headers = Vec::new();
    for entry in mistakes.map(node) {
        if http::HeaderName::from_bytes(entry.key.as_bytes()).is_err() {
            mistakes.at(&entry.node, format!("{:?} is not a header name", entry.key), None);
        }
        if let Content::Text(text) = &entry.node.content
            && !text.contains("${")
            && credentials::is_literal_header(&entry.key, text)
        {
            mistakes.at(&entry.node, credentials::written_out(&entry.key), Some(HINT.to_owned()));
        }
        headers.extend(secret_template(&entry.node, mistakes).map(|value| (entry.key.clone(), value)));
    }
    headers
}

fn header_name(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let text = mistakes.text(node)?;
    if http::HeaderName::from_bytes(text.as_bytes()).is_err() {
        mistakes.at(node, format!("{text:?} is not a header name"), None);
        return None;
    }
    Some(text.to_owned())
}

fn positive(node: &Node, mistakes: &mut Mistakes) -> Option<Duration> {
    let found = duration(node, mistakes)?;
    if found.is_zero() {
        mistakes.at(node, "a duration above zero is expected", None);
        return None;
    }
    Some(found)
}

fn retry(node: &Node, mistakes: &mut Mistakes) -> CallRetry {
    let mut retry = CallRetry::default();
    for Entry { key, node, .. } in mistakes.entries(node, &["attempts", "delay", "maxDelay", "multiplier", "duration"])
    {
        match key.as_str() {
            "attempts" => retry.attempts_max = mistakes.whole(node, 1..=1_000).unwrap_or(retry.attempts_max),
            "delay" => retry.delay = duration(node, mistakes).unwrap_or(retry.delay),
            "maxDelay" => retry.delay_max = duration(node, mistakes).unwrap_or(retry.delay_max),
            "duration" => retry.duration_max = duration(node, mistakes).unwrap_or(retry.duration_max),
            "multiplier" => match node.content {
                Content::Number(n) if (1.0..=100.0).contains(&n) => retry.multiplier = n,
                _ => mistakes.at(node, "a number from 1 to 100 is expected", None),
            },
            _ => {}
        }
    }
    retry
}

fn faults(node: &Node, mistakes: &mut Mistakes) -> Vec<FaultRule> {
    let Content::List(rules) = &node.content else {
        mistakes.at(node, format!("{} where a list of rules is expected", node.kind()), None);
        return Vec::new();
    };
    rules.iter().filter_map(|rule| fault(rule, mistakes)).collect()
}

fn fault(node: &Node, mistakes: &mut Mistakes) -> Option<FaultRule> {
    let entries = mistakes.entries(node, &["status", "when", "class", "error", "after"]);
    let Some(class) = entry(entries, "class") else {
        mistakes.at(node, "a rule needs a class", Some(format!("known: {}", CLASSES.map(|(name, _)| name).join(", "))));
        return None;
    };
    if entry(entries, "status").is_none() && entry(entries, "when").is_none() {
        mistakes.at(node, "a rule needs `status` or `when`; without them every answer would be a failure", None);
    }
    Some(FaultRule {
        verdict: one_of(class, &CLASSES, mistakes)?,
        error: entry(entries, "error").and_then(|node| error_type(node, mistakes)),
        statuses: entry(entries, "status").map(|node| statuses(node, mistakes)).unwrap_or_default(),
        when: match entry(entries, "when") {
            Some(node) => Some(expression(node, &[], mistakes)?),
            None => None,
        },
        after: entry(entries, "after").and_then(|node| duration(node, mistakes)),
    })
}

/// The type of an error: an absolute URI, as the language has it.
fn error_type(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let text = mistakes.text(node)?.to_owned();
    if Url::parse(&text).is_err() {
        let hint = format!("such as `https://stepwell.dev/errors/{text}`");
        mistakes.at(node, "the type of an error must be an absolute URI", Some(hint));
        return None;
    }
    Some(text)
}

fn statuses(node: &Node, mistakes: &mut Mistakes) -> Vec<u16> {
    let items = match &node.content {
        Content::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    items.iter().filter_map(|item| mistakes.whole(item, 100..=599)).filter_map(|n| u16::try_from(n).ok()).collect()
}
