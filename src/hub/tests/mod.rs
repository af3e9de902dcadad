mod pubsub;
mod secrets;
mod sources;

use std::fmt::Write as _;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use http::{HeaderMap, Method};

use super::scheme::Delivery;
use super::*;
use crate::connect::Verdict;
use crate::engine::IncomingEvent;
use crate::machine::FaultClass;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OPPORTUNITY: &[u8] = include_bytes!("../../../tests/data/hub/salesforce_opportunity_closed_won.json");

fn secrets() -> Secrets {
    Secrets::fixed([
        ("salesforceWebhook", SECRET),
        ("netsuiteWebhook", SECRET),
        ("github", "It's a Secret to Everybody"),
        ("bad", "not base64!"),
    ])
}

fn load(text: &str) -> Result<Hub, Vec<Mistake>> {
    Hub::load("hub.yaml", text, &secrets())
}

fn shipped() -> Hub {
    load(include_str!("../../../workflows/hub.yaml")).expect("the shipped file is sound")
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("a time")
}

fn signed(id: &str, body: &[u8], at: DateTime<Utc>) -> HeaderMap {
    let key = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, &SECRET[6..]).expect("base64");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key");
    mac.update(format!("{id}.{}.", at.timestamp()).as_bytes());
    mac.update(body);
    let signature = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, mac.finalize().into_bytes());
    let pairs = [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.timestamp().to_string()),
        ("webhook-signature", format!("v1,{signature}")),
        ("authorization", "Bearer canary".to_owned()),
        ("x-sforce-org", "00D".to_owned()),
    ];
    pairs
        .into_iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("value")))
        .collect()
}

fn receive(source: &Source, id: &str, body: &'static [u8]) -> Result<IncomingEvent, ReceiveError> {
    sent(source, &signed(id, body, now()), body).map(|mut received| received.events.remove(0))
}

/// What a source reads from a request that arrives now.
fn sent(source: &Source, headers: &HeaderMap, body: &'static [u8]) -> Result<Received, ReceiveError> {
    let (body, url) = (Bytes::from_static(body), "https://hooks.example.com/hooks/x");
    source.receive(Delivery { method: &Method::POST, url, headers, body: &body, now: now() })
}

#[test]
fn the_shipped_file_describes_the_closed_won_story() {
    let hub = shipped();
    assert!(hub.refused.is_empty());
    assert_eq!(hub.connections.keys().collect::<Vec<_>>(), ["netsuite", "salesforce"]);
    let netsuite = &hub.connections["netsuite"];
    assert_eq!(netsuite.base_urls["sandbox"].as_str(), "http://127.0.0.1:8081/erp");
    assert_eq!(netsuite.retry.as_ref().expect("set").attempts_max, 12);

    let event = receive(&hub.sources["salesforce"], "msg_1", OPPORTUNITY).expect("an event");
    assert_eq!((event.event_id.as_str(), event.source.as_str()), ("msg_1", "salesforce"));
    assert_eq!(event.r#type, "opportunity.closed_won");
    let attribute = |name: &str| event.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!(attribute("time"), Some("2026-11-20T16:42:07Z"));
    assert!(attribute("subject").is_some_and(|id| id.starts_with("006Ws00000Hd9Xq")));
    assert_eq!(event.body, OPPORTUNITY);
    let names: Vec<&str> = event.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["webhook-id", "webhook-timestamp", "x-sforce-org"]);
}

#[test]
fn the_signature_comes_before_the_body() {
    let source = &shipped().sources["salesforce"];
    let unsigned = sent(source, &HeaderMap::new(), b"not json");
    assert!(matches!(unsigned, Err(ReceiveError::BadSignature(_))));
    let old = sent(source, &signed("a", b"not json", now() - TimeDelta::hours(1)), b"not json");
    assert!(matches!(old, Err(ReceiveError::Stale(_))));
    assert!(matches!(receive(source, "a", b"not json"), Err(ReceiveError::BadBody(_))));
    assert!(matches!(receive(source, "a", b"{\"a\":1,\"a\":2}"), Err(ReceiveError::BadBody(_))));
}

#[test]
fn an_event_id_is_bounded_and_printable() {
    let source = &shipped().sources["salesforce"];
    let long: &'static str = Box::leak("x".repeat(257).into_boxed_str());
    assert!(matches!(receive(source, long, OPPORTUNITY), Err(ReceiveError::BadBody(_))));
    assert!(matches!(receive(source, "", OPPORTUNITY), Err(ReceiveError::BadBody(_))));
    assert!(receive(source, &long[1..], OPPORTUNITY).is_ok());
}

#[test]
fn a_body_of_another_shape_is_refused_and_not_a_panic() {
    let source = &shipped().sources["salesforce"];
    for body in ["[]", "7", "null", "{}", "[\"opportunity.closed_won\"]", "{\"eventType\":{}}", "{\"data\":[]}"] {
        let outcome = receive(source, "a", body.as_bytes());
        assert!(matches!(outcome, Ok(_) | Err(ReceiveError::BadBody(_))), "{body}");
    }
}

#[test]
fn ids_and_types_can_come_from_body_and_headers() {
    let hub = load(
        "sources: { forge: { scheme: github, secret: '${ $secrets.github }', event: {
            id: '${ .delivery }', type: '${ \"forge.\" + $headers[\"x-github-event\"] }', subject: fixed } } }",
    )
    .expect("sound");
    const BODY: &[u8] = b"{\"delivery\": 72}";
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"It's a Secret to Everybody").expect("a key");
    mac.update(BODY);
    let mut signature = "sha256=".to_owned();
    mac.finalize().into_bytes().iter().for_each(|byte| write!(signature, "{byte:02x}").expect("a string takes all"));
    let headers = HeaderMap::from_iter([
        (http::HeaderName::from_static("x-hub-signature-256"), signature.parse().expect("value")),
        (http::HeaderName::from_static("x-github-event"), "push".parse().expect("value")),
    ]);
    let event = sent(&hub.sources["forge"], &headers, BODY).expect("received").events.remove(0);
    assert_eq!((event.event_id.as_str(), event.r#type.as_str()), ("72", "forge.push"));
    assert_eq!(event.headers, [("x-github-event".to_owned(), "push".to_owned())]);
}

#[test]
fn a_source_without_its_secret_is_refused_and_the_variable_is_named() {
    for (secret, reason) in [("missing", "STEPWELL_SECRET_MISSING"), ("bad", "STEPWELL_SECRET_BAD cannot be used")] {
        let text = format!(
            "sources:\n  a: {{ scheme: standard-webhooks, secret: '${{ $secrets.{secret} }}' }}\n  b: {{ scheme: standard-webhooks, secret: '${{ $secrets.salesforceWebhook }}' }}\n"
        );
        let hub = load(&text).expect("the file itself is sound");
        assert_eq!(hub.sources.keys().collect::<Vec<_>>(), ["b"]);
        let [mistake] = hub.refused.as_slice() else { panic!("{:?}", hub.refused) };
        assert!(mistake.message.contains(reason), "{}", mistake.message);
        assert!(!mistake.message.contains("not base64!"));
        assert_eq!(
            (mistake.line, mistake.pointer.as_str(), mistake.severity),
            (2, "/sources/a/secret", Severity::Error)
        );
    }
}

#[test]
fn each_mistake_has_its_place_and_a_hint() {
    let cases = [
        ("source: {}", (1, 1), "unknown property `source`", Some("did you mean `sources`?")),
        ("connections:\n  a:\n    baseurl: {}", (3, 5), "unknown property `baseurl`", Some("did you mean `baseUrl`?")),
        ("sources:\n  a: { scheme: stripes }", (2, 16), "`scheme` must be one of", Some("did you mean `stripe`?")),
        ("sources:\n  a: { scheme: github, secret: plain }", (2, 32), "must not be in a file", None),
        ("sources:\n  a: { scheme: github }", (2, 6), "either secret or secrets", None),
        ("connections: { a: { baseUrl: { x: /erp } } }", (1, 35), "is not a URL", None),
        ("connections: { a: { baseUrl: { x: 'https://u:p@h' } } }", (1, 35), "contains credentials", None),
        ("connections: { a: { baseUrl: {}, timeout: 30s } }", (1, 43), "a duration", None),
        (
            "connections: { a: { baseUrl: {}, allowedHosts: b.example } }",
            (1, 48),
            "`allowedHosts` must be a list, not a text",
            None,
        ),
        ("connections: { a: { baseUrl: {}, allowedHosts: ['https://b.example'] } }", (1, 49), "is not a host", None),
        (
            "connections: { a: { baseUrl: {}, faults: [ { class: transient } ] } }",
            (1, 44),
            "needs `status` or `when`",
            None,
        ),
        (
            "connections: { a: { baseUrl: {}, faults: [ { status: 400, class: transent } ] } }",
            (1, 66),
            "not `transent`",
            Some("did you mean `transient`?"),
        ),
        (
            "connections: { a: { baseUrl: {}, faults: [ { status: 4000, class: person } ] } }",
            (1, 54),
            "from 100 to 599",
            None,
        ),
        ("connections: { a: { baseUrl: {}, faults: [ { when: '${ .a | }', class: person } ] } }", (1, 52), "jq", None),
        (
            "connections: { a: { baseUrl: {}, faults: [ { when: '${ [recurse(.a)] }', class: person } ] } }",
            (1, 52),
            "recurses",
            None,
        ),
        ("connections: { a: { baseUrl: {}, retry: { attempts: 0 } } }", (1, 53), "from 1 to 1000", None),
        ("connections: { 'a b': { baseUrl: {} } }", (1, 23), "is not a valid name", None),
        (
            "connections: { a: { baseUrl: {}, authentication: { bearer: { tokn: x } } } }",
            (1, 62),
            "unknown property",
            None,
        ),
        ("connections: [", (2, 1), "did not find expected", None),
        ("a: 1\n---\nb: 2", (2, 1), "several documents", None),
        ("- 1", (1, 1), "must be an object, not a list", None),
    ];
    for (text, place, message, hint) in cases {
        let mistakes = load(text).expect_err(text);
        let found = mistakes.iter().find(|m| m.message.contains(message));
        let found = found.unwrap_or_else(|| panic!("{text}: {mistakes:?}"));
        assert_eq!((found.line, found.column), place, "{text}: {found:?}");
        if hint.is_some() {
            assert_eq!(found.hint.as_deref(), hint, "{text}");
        }
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let mistakes = load("sorces: {}\nconnections: { a: { timeout: x }, b: { faults: 1 } }").expect_err("mistakes");
    assert_eq!(mistakes.len(), 5, "{mistakes:?}");
}

#[test]
fn a_connection_says_all_that_it_can() {
    let text = "
connections:
  a:
    baseUrl: { sandbox: 'http://127.0.0.1:1/x' }
    authentication: { basic: { username: ann, password: '${ $secrets.pw }' } }
    headers: { X-Key: '${ $secrets.key }', X-Plain: v }
    idempotencyHeader: X-Once
    timeout: { seconds: 1.5 }
    concurrency: 3
    retry: { attempts: 2, delay: PT1S, maxDelay: PT2S, multiplier: 1.5, duration: PT1M }
    faults:
      - { status: [400, 409], class: throttled, error: 'https://stepwell.dev/errors/busy', after: PT5M }
";
    let connection = &load(text).expect("sound").connections["a"];
    assert_eq!((connection.idempotency_header.as_str(), connection.concurrency), ("X-Once", 3));
    assert_eq!(connection.timeout.expect("set").as_millis(), 1_500);
    assert_eq!(connection.headers.len(), 2);
    let rule = &connection.faults[0];
    assert_eq!(
        (rule.statuses.as_slice(), rule.verdict),
        ([400, 409].as_slice(), Verdict::Fault(FaultClass::Throttled))
    );
    assert_eq!(rule.error.as_deref(), Some("https://stepwell.dev/errors/busy"));
    assert_eq!(rule.after.expect("set").as_secs(), 300);
    assert!((connection.retry.as_ref().expect("set").multiplier - 1.5).abs() < f64::EPSILON);
}

#[test]
fn an_empty_file_or_none_is_an_empty_hub() {
    assert!(load("").expect("sound").sources.is_empty());
    assert!(load("# nothing yet\n").expect("sound").connections.is_empty());
    let folder = tempfile::tempdir().expect("a folder");
    assert!(Hub::load_folder(folder.path(), &secrets()).expect("sound").sources.is_empty());
}
