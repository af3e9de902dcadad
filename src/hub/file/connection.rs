//! `connections:` of `hub.yaml`.

use std::collections::BTreeMap;
use std::time::Duration;

use url::Url;

use super::literals::{HINT, is_told};
use super::value::{duration, expression, secret_template};
use crate::connect::breaker::BreakerSettings;
use crate::connect::{Connection, FaultRule, HostPattern, Rate, SharedLimits, Verdict};
use crate::dsl::authentication::{self, Origin};
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;
use crate::dsl::{Authentication, SecretTemplate, credentials};
use crate::machine::{CallRetry, FaultClass};

const KEYS: [&str; 16] = [
    "title",
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

pub(super) fn connection<'s>(node: Node<'s>, report: &mut Report<'s>) -> Connection {
    let entries = report.closed_or_nothing(node, &KEYS);
    let mut connection = Connection::default();
    match entries.get("baseUrl") {
        Some(node) => connection.base_urls = base_urls(node, report),
        None => report.error(node, "a connection needs a baseUrl for each environment"),
    }
    for (key, node) in entries.entries() {
        match key {
            "title" => connection.title = title(node, report),
            "authentication" => connection.authentication = authentication(node, report),
            "headers" => connection.headers = headers(node, report),
            "idempotencyHeader" => {
                connection.idempotency_header = header_name(node, report).unwrap_or(connection.idempotency_header);
            }
            "timeout" => connection.timeout = positive(node, report),
            "settle" => connection.settle = duration(node, report),
            "retry" => connection.retry = Some(retry(node, report)),
            "faults" => connection.faults = faults(node, report),
            "concurrency" => {
                connection.concurrency =
                    report.whole_number_in(node, 1..=10_000).map_or(connection.concurrency, |n| n as usize);
            }
            "limits" => connection.limits = limits(node, report),
            "breaker" => connection.breaker = Some(breaker(node, report)),
            "allowedHosts" => connection.allowed_hosts = Some(hosts(node, report)),
            "proxy" => connection.proxy = proxy(node, report),
            "ca" => connection.authorities = authorities(node, report),
            "reads" => connection.reads = reads(node, report),
            _ => {}
        }
    }
    connection
}

/// Longest title.
const TITLE_CHARS_MAX: usize = 80;

/// Name of the system for people: one line.
fn title<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?;
    let is_title =
        !text.trim().is_empty() && text.chars().count() <= TITLE_CHARS_MAX && !text.chars().any(char::is_control);
    if !is_title {
        report.error(node, format!("a title has 1 to {TITLE_CHARS_MAX} characters in one line"));
    }
    is_title.then(|| text.trim().to_owned())
}

/// `reads`: field names by object.
fn reads<'s>(node: Node<'s>, report: &mut Report<'s>) -> BTreeMap<String, Vec<String>> {
    let mut objects = BTreeMap::new();
    for (key, node) in report.object_or_nothing(node).entries() {
        let Some(node) = report.list(node) else { continue };
        let fields = node.items().filter_map(|item| report.text(item).map(str::to_owned)).collect();
        objects.insert(key.to_owned(), fields);
    }
    objects
}

/// A list of host patterns: `allowedHosts`, or `hosts` of a released secret.
pub(super) fn hosts<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<HostPattern> {
    let Some(node) = report.list(node) else { return Vec::new() };
    let mut hosts = Vec::new();
    for item in node.items() {
        let Some(text) = report.text(item) else { continue };
        match HostPattern::parse(text) {
            Some(host) => hosts.push(host),
            None => {
                let hint = "write login.example.com, or *.example.com for all names below it; no scheme, no port";
                report.error_with_hint(item, format!("{text:?} is not a host"), Some(hint.to_owned()));
            }
        }
    }
    hosts
}

fn proxy<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Url> {
    let text = report.text(node)?;
    let hint = || Some("for example http://proxy.example.com:3128".to_owned());
    match Url::parse(text) {
        _ if is_told(text) => None,
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.username().is_empty() => Some(url),
        Ok(_) => {
            report.error_with_hint(node, "a proxy is http or https, and a password must not be in a file", hint());
            None
        }
        Err(error) => {
            report.error_with_hint(node, format!("{text:?} is not a URL: {error}"), hint());
            None
        }
    }
}

/// Certificates in PEM, written in the file itself and not in another one.
fn authorities<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?;
    match reqwest::Certificate::from_pem_bundle(text.as_bytes()) {
        Ok(found) if !found.is_empty() => Some(text.to_owned()),
        _ => {
            let hint = "write the certificates themselves: ca: | and then -----BEGIN CERTIFICATE-----".to_owned();
            report.error_with_hint(node, "these are not certificates in PEM", Some(hint));
            None
        }
    }
}

fn limits<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<SharedLimits> {
    let entries = report.closed_or_nothing(node, &["requests", "per", "concurrency"]);
    let per = entries.get("per").map(|node| positive(node, report));
    let requests = entries.get("requests").map(|node| report.whole_number_in(node, 1..=100_000));
    let concurrency = entries.get("concurrency").map(|node| report.whole_number_in(node, 1..=10_000));
    if requests.is_none() && concurrency.is_none() {
        report.error(node, "limits need `requests`, `concurrency` or both");
    }
    if per.is_some() && requests.is_none() {
        report.error(node, "`per` is the period of `requests`: add how many");
    }
    let per = per.flatten().unwrap_or(Duration::from_secs(1));
    let rate = requests.flatten().map(|requests| Rate { requests, per });
    Some(SharedLimits { concurrency: concurrency.flatten(), rate })
}

fn breaker<'s>(node: Node<'s>, report: &mut Report<'s>) -> BreakerSettings {
    let mut breaker = BreakerSettings::default();
    for (key, node) in report.closed_or_nothing(node, &["failures", "wait", "maxWait", "wave"]).entries() {
        match key {
            "failures" => breaker.failures = report.whole_number_in(node, 1..=10_000).unwrap_or(breaker.failures),
            "wait" => breaker.wait = positive(node, report).unwrap_or(breaker.wait),
            "maxWait" => breaker.wait_max = positive(node, report).unwrap_or(breaker.wait_max),
            "wave" => breaker.wave = report.whole_number_in(node, 1..=10_000).unwrap_or(breaker.wave),
            _ => {}
        }
    }
    breaker
}

fn base_urls<'s>(node: Node<'s>, report: &mut Report<'s>) -> BTreeMap<String, Url> {
    let mut urls = BTreeMap::new();
    for (key, node) in report.object_or_nothing(node).entries() {
        let Some(text) = report.text(node) else { continue };
        match Url::parse(text) {
            _ if is_told(text) => {}
            Ok(url) if is_base(&url) => drop(urls.insert(key.to_owned(), url)),
            Ok(_) => {
                let hint = "https://host/path, without user, query and fragment".to_owned();
                report.error_with_hint(node, format!("{text:?} is not a base URL"), Some(hint));
            }
            Err(error) => report.error(node, format!("{text:?} is not a URL: {error}")),
        }
    }
    urls
}

fn is_base(url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    matches!(url.scheme(), "http" | "https") && plain && url.fragment().is_none()
}

fn authentication<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Authentication> {
    let reading = authentication::read(&node.to_value(), Origin::Hub);
    report.flaws(node, reading.flaws);
    reading.policy
}

fn headers<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<(String, SecretTemplate)> {
    let mut headers = Vec::new();
    for (key, node) in report.object_or_nothing(node).entries() {
        if http::HeaderName::from_bytes(key.as_bytes()).is_err() {
            report.error(node, format!("{key:?} is not a header name"));
        }
        if let Some(text) = node.as_text()
            && !text.contains("${")
            && credentials::is_literal_header(key, text)
        {
            report.error_with_hint(node, credentials::written_out(key), Some(HINT.to_owned()));
        }
        headers.extend(secret_template(node, report).map(|value| (key.to_owned(), value)));
    }
    headers
}

fn header_name<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?;
    if http::HeaderName::from_bytes(text.as_bytes()).is_err() {
        report.error(node, format!("{text:?} is not a header name"));
        return None;
    }
    Some(text.to_owned())
}

fn positive<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Duration> {
    let found = duration(node, report)?;
    if found.is_zero() {
        report.error(node, "a duration above zero is expected");
        return None;
    }
    Some(found)
}

fn retry<'s>(node: Node<'s>, report: &mut Report<'s>) -> CallRetry {
    let mut retry = CallRetry::default();
    for (key, node) in
        report.closed_or_nothing(node, &["attempts", "delay", "maxDelay", "multiplier", "duration"]).entries()
    {
        match key {
            "attempts" => retry.attempts_max = report.whole_number_in(node, 1..=1_000).unwrap_or(retry.attempts_max),
            "delay" => retry.delay = duration(node, report).unwrap_or(retry.delay),
            "maxDelay" => retry.delay_max = duration(node, report).unwrap_or(retry.delay_max),
            "duration" => retry.duration_max = duration(node, report).unwrap_or(retry.duration_max),
            "multiplier" => match node.as_number().and_then(serde_json::Number::as_f64) {
                Some(n) if (1.0..=100.0).contains(&n) => retry.multiplier = n,
                _ => report.error(node, "a number from 1 to 100 is expected"),
            },
            _ => {}
        }
    }
    retry
}

fn faults<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<FaultRule> {
    let Some(node) = report.list(node) else { return Vec::new() };
    node.items().filter_map(|rule| fault(rule, report)).collect()
}

fn fault<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<FaultRule> {
    let entries = report.closed_or_nothing(node, &["status", "when", "class", "error", "after"]);
    let Some(class) = entries.get("class") else {
        report.error_with_hint(
            node,
            "a rule needs a class",
            Some(format!("known: {}", CLASSES.map(|(name, _)| name).join(", "))),
        );
        return None;
    };
    if entries.get("status").is_none() && entries.get("when").is_none() {
        report.error(node, "a rule needs `status` or `when`; without them every answer would be a failure");
    }
    Some(FaultRule {
        verdict: report.word(class, &CLASSES)?,
        error: entries.get("error").and_then(|node| error_type(node, report)),
        statuses: entries.get("status").map(|node| statuses(node, report)).unwrap_or_default(),
        when: match entries.get("when") {
            Some(node) => Some(expression(node, &[], report)?),
            None => None,
        },
        after: entries.get("after").and_then(|node| duration(node, report)),
    })
}

/// The type of an error, which the language defines as an absolute URI.
fn error_type<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<String> {
    let text = report.text(node)?.to_owned();
    if Url::parse(&text).is_err() {
        let hint = format!("such as `https://stepwell.dev/errors/{text}`");
        report.error_with_hint(node, "the type of an error must be an absolute URI", Some(hint));
        return None;
    }
    Some(text)
}

fn statuses<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<u16> {
    let items = if node.is_list() { node.items().collect() } else { vec![node] };
    let statuses = items.into_iter().filter_map(|item| report.whole_number_in(item, 100..=599));
    statuses.filter_map(|n| u16::try_from(n).ok()).collect()
}
