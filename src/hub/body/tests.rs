use super::*;
use proptest::prelude::*;
use serde_json::json;

const MESSAGE: &[u8] = include_bytes!("../../../tests/data/hub/salesforce_outbound_message_closed_won.xml");

fn outbound() -> BodyKind {
    BodyKind::OutboundMessage { organizations: vec!["00DWs000003aBcD".to_owned()] }
}

fn read(kind: &BodyKind, body: impl Into<Vec<u8>>) -> Result<Vec<Item>, BadBody> {
    kind.read(&Bytes::from(body.into()), "")
}

fn xml(text: &str) -> Result<Value, BadBody> {
    read(&BodyKind::Xml, text).map(|mut items| items.remove(0).data)
}

/// Reads the sample message after one replacement.
fn changed(from: &str, to: &str) -> Result<Vec<Item>, BadBody> {
    let text = String::from_utf8_lossy(MESSAGE);
    assert!(text.contains(from), "{from}");
    read(&outbound(), text.replace(from, to))
}

#[test]
fn xml_becomes_json_by_one_rule() {
    let cases = [
        ("<a>x &amp; y</a>", json!({ "a": "x & y" })),
        ("<a/>", json!({ "a": "" })),
        ("<a><b>1</b><b>2</b><c/></a>", json!({ "a": { "b": ["1", "2"], "c": "" } })),
        (r#"<a n="1"> t <b/></a>"#, json!({ "a": { "@n": "1", "b": "", "#text": "t" } })),
        (r#"<p:a xmlns:p="u"><p:b>1</p:b></p:a>"#, json!({ "a": { "b": "1" } })),
        ("<a><![CDATA[<b>]]><!-- no --><?no?></a>", json!({ "a": "<b>" })),
        (
            r#"<a xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><b i:nil="true"/></a>"#,
            json!({ "a": { "b": null } }),
        ),
        ("\u{feff}<?xml version=\"1.0\"?><a>ü</a>", json!({ "a": "ü" })),
    ];
    for (text, expected) in cases {
        assert_eq!(xml(text), Ok(expected), "{text}");
    }
}

#[test]
fn xml_that_could_do_harm_is_refused() {
    let bomb = include_bytes!("../../../tests/data/hub/malformed_entity_bomb.xml");
    for kind in [BodyKind::Xml, outbound()] {
        let Err(BadBody::Malformed(why)) = read(&kind, bomb.as_slice()) else { panic!("the bomb was read") };
        assert!(why.contains("DTD"), "{why}");
    }
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert!(xml(&deep(64)).is_ok());
    for bad in [deep(65), deep(100_000), "<a/>".repeat(2), "<a>".to_owned(), "<a>&b;</a>".to_owned(), String::new()] {
        assert!(matches!(xml(&bad), Err(BadBody::Malformed(_))), "{bad:.40}");
    }
    assert!(xml(&format!("<a>{}</a>", "<b/>".repeat(100_001))).is_err());
    assert!(read(&BodyKind::Xml, b"<a>\xff</a>".as_slice()).is_err());
}

#[test]
fn names_that_would_cost_the_square_of_their_number_are_refused() {
    let attributes = |count: usize| (0..count).map(|n| format!(" a{n}='>'")).collect::<String>();
    let namespaces = |count: usize| (0..count).map(|n| format!("<a xmlns:n{n}='u'/>")).collect::<String>();
    assert!(xml(&format!("<a{}>{}</a>", attributes(256), "=".repeat(300))).is_ok());
    assert!(xml(&format!("<a{}/>", attributes(257))).is_err());
    assert!(xml(&format!("<a>{}</a>", namespaces(500))).is_ok());
    assert!(xml(&format!("<a>{}</a>", namespaces(501))).is_err());
}

#[test]
fn a_body_is_read_in_the_encoding_that_it_declares() {
    let read = |kind: BodyKind, body: &[u8], content_type: &str| {
        kind.read(&Bytes::copy_from_slice(body), content_type).map(|mut items| items.remove(0))
    };
    let latin = read(BodyKind::Json, b"{\"a\":\"Br\xfcckner\"}", "application/json; charset=ISO-8859-1").expect("read");
    assert_eq!((&latin.data, latin.data_is_body), (&json!({ "a": "Brückner" }), false), "its bytes are not its data");
    assert_eq!(latin.note.as_deref(), Some("decoded from windows-1252"));
    let xml = b"<?xml version=\"1.0\" encoding=\"windows-1252\"?><a>\x80</a>";
    assert_eq!(read(BodyKind::Xml, xml, "text/xml").expect("read").data, json!({ "a": "€" }));
    for content_type in ["application/json", "application/json; charset=utf-8"] {
        assert!(
            matches!(read(BodyKind::Json, b"\"\xfc\"", content_type), Err(BadBody::Malformed(_))),
            "{content_type}"
        );
    }
    let plain = read(BodyKind::Json, b"{\"a\":1}", "application/json; charset=utf-8").expect("read");
    assert_eq!((plain.data_is_body, plain.note), (true, None));
}

#[test]
fn half_an_emoji_is_replaced_and_noted_and_nul_is_refused() {
    let read = |body: &str| BodyKind::Json.read(&Bytes::from(body.to_owned()), "").map(|mut items| items.remove(0));
    let item = read(r#"{"name":"Deal \ud83d"}"#).expect("read");
    assert_eq!((&item.data, item.data_is_body), (&json!({ "name": "Deal \u{fffd}" }), false));
    assert_eq!(item.note.as_deref(), Some("1 unpaired surrogates replaced by U+FFFD"));
    let Err(BadBody::Malformed(why)) = read(r#"{"name":"a\u0000"}"#) else { panic!("NUL was taken") };
    assert!(why.contains("/name") && why.contains("U+0000"), "{why}");
}

#[test]
fn a_message_is_as_many_events_as_it_has_notifications() {
    let items = read(&outbound(), MESSAGE).expect("a message");
    let expected = json!({
        "OrganizationId": "00DWs000003aBcDMAU",
        "ActionId": "04kWs000000OmAaIAK",
        "EnterpriseUrl": "https://example.my.salesforce.com/services/Soap/c/62.0/00DWs000003aBcDMAU",
        "NotificationId": "04lWs00000NotAaIAJ",
        "sObject": {
            "attributes": { "type": "Opportunity" },
            "Id": "006Ws00000Hd9XqIAJ",
            "AccountId": "001Ws00000Kq3EaIAJ",
            "Amount": "24688.86",
            "CloseDate": "2026-11-20",
            "IsWon": "true",
            "Name": "Brückner – Conveyor line 2 & spare parts",
            "StageName": "Closed Won",
            "SystemModstamp": "2026-11-20T16:42:07.000Z",
        },
    });
    assert_eq!((items.len(), &items[0].data), (2, &expected));
    assert_eq!(items[0].body, expected.to_string());
    let known = |id: &str, subject: &str| Known {
        id: Some(id.to_owned()),
        r#type: Some("Opportunity".to_owned()),
        subject: Some(subject.to_owned()),
    };
    assert_eq!(items[0].known, known("04lWs00000NotAaIAJ", "006Ws00000Hd9XqIAJ"));
    assert_eq!(items[1].known, known("04lWs00000NotAbIAJ", "006Ws00000Hd9XrIAJ"));
}

#[test]
fn the_session_of_a_message_is_kept_nowhere() {
    let items = changed("<SessionId xsi:nil=\"true\"/>", "<SessionId>00D!canary</SessionId>").expect("a message");
    for item in items {
        assert!(!format!("{item:?}").contains("canary"));
        assert!(!String::from_utf8_lossy(&item.body).contains("canary"));
    }
}

#[test]
fn a_message_of_another_organization_or_shape_is_refused() {
    let stranger = changed("<OrganizationId>00DWs000003aBcDMAU", "<OrganizationId>00DWs000003aBcEMAU");
    assert!(matches!(stranger, Err(BadBody::Stranger(_))));
    let short = changed("<OrganizationId>00DWs000003aBcDMAU", "<OrganizationId>00DWs000003aBcD");
    assert!(short.is_ok());
    for (from, to) in [
        ("<OrganizationId>00DWs000003aBcDMAU</OrganizationId>", ""),
        ("<Id>04lWs00000NotAbIAJ</Id>", ""),
        ("http://soap.sforce.com/2005/09/outbound", "urn:other"),
        ("http://schemas.xmlsoap.org/soap/envelope/", "urn:other"),
        ("Notification>", "Other>"),
        ("sObject", "other"),
    ] {
        assert!(matches!(changed(from, to), Err(BadBody::Malformed(_))), "{from} -> {to}");
    }
    let one = "<Notification><Id>1</Id><sObject/></Notification>";
    let with = |count: usize| changed("   <Notification>", &format!("{}<Notification>", one.repeat(count)));
    assert_eq!(with(49).expect("a hundred").len(), 100);
    assert!(with(50).is_err());
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in [BodyKind::Json, BodyKind::Form, BodyKind::Xml, outbound()] {
            let _ = read(&kind, bytes.clone());
        }
    }

    #[test]
    fn no_change_of_a_message_makes_its_reader_panic(at in 0..MESSAGE.len(), to in "\\PC{0,8}", cut in 0..40_usize) {
        let mut bytes = MESSAGE.to_vec();
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, to.bytes());
        if let Ok(items) = read(&outbound(), bytes) {
            prop_assert!((1..=100).contains(&items.len()));
        }
    }

    #[test]
    fn what_a_form_holds_comes_out(pairs in proptest::collection::vec(("[a-z]{1,3}", "[^\\x00]{0,12}"), 0..8)) {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let read = read(&BodyKind::Form, form).expect("a form").remove(0).data;
        for (name, value) in &pairs {
            let found = &read[name];
            let all = found.as_array().cloned().unwrap_or_else(|| vec![found.clone()]);
            prop_assert!(all.contains(&Value::String(value.clone())));
        }
    }
}
