use serde_json::{Value, json};

use super::*;
use crate::memory::sequences::Counted;

/// A source with scheme `bearer` and these settings; deliveries carry its token in `X-Pass`.
fn source(settings: &str) -> Source {
    let text = format!(
        "sources: {{ a: {{ scheme: bearer, secret: '${{ $secrets.github }}', bearer: {{ header: X-Pass }}, {settings} }} }}"
    );
    let mut hub = load(&text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"));
    hub.sources.remove("a").expect("a source")
}

fn pass() -> HeaderMap {
    let pairs = [("x-pass", "It's a Secret to Everybody"), ("x-topic", "made"), ("x-custom-hmac", "canary")];
    pairs
        .into_iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("value")))
        .collect()
}

fn taken(settings: &str, body: &'static str) -> Result<Received, ReceiveError> {
    sent(&source(settings), &pass(), body.as_bytes())
}

fn attribute<'e>(event: &'e IncomingEvent, name: &str) -> Option<&'e str> {
    event.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

const HUBSPOT: &str = r#"split: '${ . }', event: { id: '${ "\(.eventId)-\(.objectId)" }', type: '${ .kind }', key: '${ .objectId }', time: '${ .at / 1000 | floor | todate }' }"#;

#[test]
fn a_list_is_as_many_events_as_it_has_items() {
    let body = r#"[{"eventId":1,"objectId":7,"kind":"a","at":1700000000123},  {"eventId":1,"objectId":8,"kind":"b"}]"#;
    let error = taken(HUBSPOT, body).expect_err("the second has no time");
    assert!(matches!(error, ReceiveError::BadBody(_)));
    let body =
        r#"[{"eventId":1,"objectId":7,"kind":"a","at":1700000000123},  {"eventId":1,"objectId":8,"kind":"b","at":0}]"#;
    let received = taken(HUBSPOT, body).expect("two events");
    let [first, second] = received.events.as_slice() else { panic!("{received:?}") };
    assert_eq!((first.event_id.as_str(), first.r#type.as_str()), ("1-7", "a"));
    assert_eq!((attribute(first, "key"), attribute(first, "time")), (Some("7"), Some("2023-11-14T22:13:20Z")));
    assert_eq!(first.body, r#"{"eventId":1,"objectId":7,"kind":"a","at":1700000000123}"#);
    assert!(first.data_is_body);
    assert_eq!((second.event_id.as_str(), &second.data["objectId"]), ("1-8", &json!(8)));
    assert_eq!(source(HUBSPOT).answer(), AnswerKind::Each);
    assert!(taken(HUBSPOT, "[]").expect("none").events.is_empty());
}

#[test]
fn what_holds_no_list_of_events_is_refused() {
    let many: &'static str = Box::leak(json!(vec![json!({ "id": 1 }); 501]).to_string().into_boxed_str());
    for body in ["{}", "7", "null", "[7]", "[{\"id\":1},{}]", "[{\"id\":{}}]", many] {
        let outcome = taken("split: '${ . }', event: { id: '${ .id }' }", body);
        assert!(matches!(outcome, Err(ReceiveError::BadBody(_))), "{body:.40}");
    }
}

#[test]
fn a_filter_keeps_out_what_is_not_wanted_and_loses_nothing_silently() {
    let filter = "filter: '${ .wanted }', event: { id: '${ .id }' }";
    for (body, events) in [
        (r#"{"id":1,"wanted":true}"#, Some(1)),
        (r#"{"id":1,"wanted":false}"#, Some(0)),
        (r#"{"id":1}"#, Some(0)),
        (r#"{"wanted":true}"#, None),
        (r#"{"id":1,"wanted":"yes"}"#, None),
        ("[]", None),
    ] {
        match taken(filter, body) {
            Ok(received) => {
                assert_eq!(Some(received.events.len()), events, "{body}");
                assert_eq!(received.events.len() + received.filtered, 1, "{body}");
            }
            Err(error) => assert!(events.is_none() && matches!(error, ReceiveError::BadBody(_)), "{body}: {error}"),
        }
    }
    let by_header = "filter: '${ $headers[\"x-topic\"] == \"made\" }', event: { id: '${ .id }' }";
    assert_eq!(taken(by_header, r#"{"id":1}"#).expect("an event").events.len(), 1);
    let each = "split: '${ .all }', filter: '${ .id > 1 }', event: { id: '${ .id }' }";
    let received = taken(each, r#"{"all":[{"id":1},{"id":2},{"id":3}]}"#).expect("three items");
    assert_eq!((received.events.len(), received.filtered), (2, 1));
}

#[test]
fn forms_and_xml_are_stored_as_sent_and_seen_as_json() {
    let event = taken("body: form, event: { id: '${ .id }', type: made }", "id=7&a=%C3%BC").expect("an event");
    let event = &event.events[0];
    assert_eq!((event.event_id.as_str(), &event.data), ("7", &json!({ "id": "7", "a": "ü" })));
    assert_eq!((event.body.as_ref(), event.data_is_body), (b"id=7&a=%C3%BC".as_slice(), false));
    let body = "<order no='7'><line>a</line></order>";
    let event = taken("body: xml, event: { id: '${ .order[\"@no\"] }' }", body).expect("an event");
    let event = &event.events[0];
    assert_eq!((event.event_id.as_str(), &event.data["order"]["line"]), ("7", &Value::from("a")));
    assert_eq!((event.body.as_ref(), event.r#type.as_str()), (body.as_bytes(), "a"));
    for body in ["form", "xml", "json"] {
        let settings = format!("body: {body}, event: {{ id: '${{ .id }}' }}");
        assert!(matches!(taken(&settings, "<a>"), Err(ReceiveError::BadBody(_))), "{body}");
    }
}

#[test]
fn a_message_of_salesforce_says_itself_what_it_is() {
    let body = include_str!("../../../tests/data/hub/salesforce_outbound_message_closed_won.xml");
    let settings = "body: salesforce-outbound-message, organizationId: 00DWs000003aBcDMAU";
    let received = taken(settings, body).expect("a message");
    assert_eq!(source(settings).answer(), AnswerKind::Acknowledgement);
    let event = &received.events[1];
    assert_eq!((event.event_id.as_str(), event.r#type.as_str()), ("04lWs00000NotAbIAJ", "Opportunity"));
    assert_eq!(attribute(event, "subject"), Some("006Ws00000Hd9XrIAJ"));
    let settings = format!(
        "{settings}, event: {{ type: won, time: '${{ .sObject.SystemModstamp }}', key: '${{ .sObject.AccountId }}' }}"
    );
    let received = taken(&settings, body).expect("a message");
    let event = &received.events[0];
    assert_eq!((event.event_id.as_str(), event.r#type.as_str()), ("04lWs00000NotAaIAJ", "won"));
    let found = (attribute(event, "time"), attribute(event, "key"));
    assert_eq!(found, (Some("2026-11-20T16:42:07Z"), Some("001Ws00000Kq3EaIAJ")));
    let other = taken("body: salesforce-outbound-message, organizationId: [00DWs000003aBcX, 00DWs000003aBcEMAU]", body);
    assert!(matches!(other, Err(ReceiveError::BadSignature(_))));
}

#[test]
fn what_proves_a_sender_is_not_kept_with_the_event() {
    let received = taken("event: { id: '${ .id }' }", r#"{"id":1}"#).expect("an event");
    assert_eq!(received.events[0].headers, [("x-topic".to_owned(), "made".to_owned())]);
}

#[test]
fn the_address_of_a_source_takes_the_place_of_the_public_one() {
    let text = "sources: { a: { scheme: bearer, secret: '${ $secrets.github }', bearer: { query: t }, url: 'https://h.example/x' } }";
    let source = &load(text).expect("sound").sources["a"];
    let verify = |url: &str| {
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        source.verify(Delivery { method: &Method::POST, url, headers: &headers, body: &body, now: now() }).is_ok()
    };
    assert!(verify("http://127.0.0.1/hooks/a?t=It%27s+a+Secret+to+Everybody"));
    assert!(!verify("http://127.0.0.1/hooks/a"));
    let uri = http::Uri::from_static("/hooks/a?b=1");
    let hub = Hub { public_url: "https://h.example/below".to_owned(), ..Hub::default() };
    assert_eq!(hub.address(&uri), "https://h.example/below/hooks/a?b=1");
}

#[test]
fn each_wrong_setting_of_a_source_is_reported_at_its_position() {
    let cases = [
        ("scheme: «stripes", "not `stripes`", Some("did you mean `stripe`?")),
        ("scheme: stripe, hmac: «{ header: X }", "to a scheme other than", None),
        ("scheme: «hmac", "needs the header", Some("write `hmac: { header: X-Signature }`")),
        ("scheme: hmac, hmac: { «heder: X }", "unknown property `heder`", Some("did you mean `header`?")),
        ("scheme: hmac, hmac: { header: «'X Y' }", "not the name of a header", None),
        ("scheme: hmac, hmac: { header: X, signed: «'{bdy}' }", "does not define what is signed", None),
        ("scheme: hmac, hmac: { header: X, signed: «'a' }", "without {body}", None),
        ("scheme: hmac, hmac: { header: X, signed: «'{id}{body}' }", "no header contains it", Some("add `id: X-Id`")),
        ("scheme: hmac, hmac: { header: X, signed: «'{timestamp}{body}' }", "no header contains it", None),
        ("scheme: hmac, hmac: «{ header: X, timestamp: { header: T } }", "not signed can be changed", None),
        ("scheme: hmac, hmac: { header: X, encoding: «hexa }", "not `hexa`", Some("did you mean `hex`?")),
        (
            "scheme: hmac, hmac: { header: X, timestamp: { header: T, unit: «h } }",
            "`unit` must be one of `s`, `ms`, not `h`",
            None,
        ),
        ("scheme: «basic", "needs a username", None),
        ("scheme: basic, basic: { username: «'a:b' }", "without a colon", None),
        ("scheme: bearer, bearer: «{ header: X, query: t }", "either header or query", None),
        ("scheme: github, body: «yaml", "not `yaml`", None),
        ("scheme: github, body: «salesforce-outbound-message", "need the id of the organization", None),
        ("scheme: github, organizationId: «00DWs000003aBcD", "belongs to outbound messages", None),
        (
            "scheme: github, body: salesforce-outbound-message, organizationId: «00D1",
            "not the id of an organization",
            None,
        ),
        ("scheme: github, split: «'${ . }'", "an id of its own", None),
        ("scheme: github, split: «'${ .[ }'", "not a jq expression", None),
        ("scheme: github, filter: «'${ [recurse(.a)] }'", "recurses", None),
        ("scheme: github, event: { key: «fixed }", "a fixed key", None),
        ("scheme: github, url: «'/x'", "is not an address", None),
        ("scheme: github, «fiter: '${ . }'", "unknown property `fiter`", Some("did you mean `filter`?")),
    ];
    for (settings, message, hint) in cases {
        let marked = format!("sources: {{ a: {{ secret: '${{ $secrets.github }}', {settings} }} }}");
        let column = marked.find('«').expect("a mark") + 1;
        let mistakes = load(&marked.replace('«', "")).expect_err(settings);
        let found = mistakes.iter().find(|m| m.message.contains(message));
        let found = found.unwrap_or_else(|| panic!("{settings}: {mistakes:?}"));
        assert_eq!((found.line, found.column as usize), (1, column), "{settings}: {found:?}");
        if hint.is_some() {
            assert_eq!(found.hint.as_deref(), hint, "{settings}");
        }
    }
    let secrets = "sources: { a: { scheme: github, secrets: [] } }";
    assert!(load(secrets).expect_err("none")[0].message.contains("either secret or secrets"));
    let secrets =
        format!("sources: {{ a: {{ scheme: github, secrets: [{}] }} }}", ["'${ $secrets.github }'"; 5].join(", "));
    assert!(load(&secrets).expect_err("five")[0].message.contains("at most 4 secrets"));
    for (origins, message) in
        [("[https://a.example]", "is not an origin"), ("a.example", "must be a list"), ("[7]", "a number")]
    {
        let mistakes = load(&format!("origins: {origins}")).expect_err(origins);
        assert!(mistakes[0].message.contains(message), "{mistakes:?}");
    }
}

#[test]
fn numbers_are_read_in_every_form_and_those_that_are_none_are_refused() {
    let settings = "event: { id: '${ .id }', sequence: '${ .n }', channel: '${ .of }', gap: { after: PT1M } }";
    let read = |body: &'static str| taken(settings, body).map(|received| received.events[0].counted.clone());
    let counted = |channel: &str, number| {
        Some(Counted { channel: channel.to_owned(), number, grace: std::time::Duration::from_mins(1) })
    };
    assert_eq!(read(r#"{"id":1,"n":7,"of":"eu"}"#), Ok(counted("eu", 7)));
    assert_eq!(read(r#"{"id":1,"n":"0042"}"#), Ok(counted("", 42)));
    assert_eq!(read(r#"{"id":1,"n":"9223372036854775807"}"#), Ok(counted("", i64::MAX)));
    assert_eq!(read(r#"{"id":1}"#), Ok(None));
    for body in [
        r#"{"id":1,"n":-1}"#,
        r#"{"id":1,"n":1.5}"#,
        r#"{"id":1,"n":"+1"}"#,
        r#"{"id":1,"n":""}"#,
        r#"{"id":1,"n":9223372036854775808}"#,
        r#"{"id":1,"n":true}"#,
        r#"{"id":1,"n":1,"of":{}}"#,
    ] {
        assert!(matches!(read(body), Err(ReceiveError::BadBody(_))), "{body}");
    }
    let filtered = taken("filter: '${ .wanted }', event: { id: '${ .id }', sequence: '${ .n }' }", r#"{"id":1,"n":3}"#);
    let filtered = filtered.expect("one that is not wanted");
    assert_eq!((filtered.events.len(), filtered.passed_over[0].number), (0, 3), "what is not wanted is not missing");
}

#[test]
fn settings_of_numbers_without_any_are_mistakes() {
    for event in [
        "channel: '${ .of }'",
        "gap: { after: PT1S }",
        "sequence: '${ .n', id: a",
        "sequence: '${ .n }', gap: { for: PT1S }",
    ] {
        let text = format!(
            "sources: {{ a: {{ scheme: bearer, secret: '${{ $secrets.github }}', bearer: {{ header: X-Pass }}, event: {{ {event} }} }} }}"
        );
        assert!(load(&text).is_err(), "{event}");
    }
}

const IDS: &str = "identifiers: { salesforce-18: [Id, AccountId, recordIds] }, event: { id: '${ .event }', subject: '${ .Id }', key: '${ .AccountId }' }";

#[test]
fn both_forms_of_an_id_are_one_for_data_subject_and_key_and_the_body_stays_as_it_was_sent() {
    let body = r#"{"event":"1","Id":"006Ws000200000V","AccountId":"001Ws000200000V","recordIds":["003Ws000200000V"]}"#;
    let received = taken(IDS, body).expect("an event");
    let [event] = received.events.as_slice() else { panic!("{received:?}") };
    assert_eq!(
        (attribute(event, "subject"), attribute(event, "key")),
        (Some("006Ws000200000VIAQ"), Some("001Ws000200000VIAQ"))
    );
    assert_eq!(event.data["recordIds"], json!(["003Ws000200000VIAQ"]));
    assert!(event.body == body && !event.data_is_body, "what was sent stays what it was");
    let long = r#"{"event":"1","Id":"006Ws000200000VIAQ","AccountId":"001Ws000200000VIAQ"}"#;
    let received = taken(IDS, long).expect("an event");
    assert!(received.events[0].data_is_body, "nothing changed");
}

#[test]
fn an_id_of_16_or_17_characters_is_refused_with_its_field() {
    for body in
        [r#"{"event":"1","Id":"006Ws000200000VI"}"#, r#"{"event":"1","Id":null,"recordIds":["003Ws000200000VIA"]}"#]
    {
        let Err(ReceiveError::BadBody(why)) = taken(IDS, body) else { panic!("{body} was taken") };
        assert!(why.contains("/Id") || why.contains("/recordIds/0"), "{why}");
        assert!(why.contains("15 or 18"), "{why}");
    }
}

#[test]
fn what_no_form_of_identifiers_is_has_a_hint() {
    let text =
        "sources: { a: { scheme: bearer, secret: '${ $secrets.github }', identifiers: { salesforce-15: [Id] } } }";
    let mistakes = load(text).expect_err("unknown form");
    assert!(mistakes[0].hint.as_deref().is_some_and(|hint| hint.contains("salesforce-18")), "{mistakes:?}");
    let text = "sources: { a: { scheme: bearer, secret: '${ $secrets.github }', identifiers: { salesforce-18: Id } } }";
    assert!(load(text).is_err(), "one name is no list");
}

#[test]
fn equal_numbers_are_one_id_and_one_key() {
    let with = |body: &'static str| {
        let received = taken("event: { id: '${ .id }', key: '${ .key }' }", body).expect("an event");
        (received.events[0].event_id.clone(), attribute(&received.events[0], "key").map(str::to_owned))
    };
    assert_eq!(with(r#"{"id":1004,"key":7}"#), with(r#"{"id":1004.0,"key":7e0}"#));
}
