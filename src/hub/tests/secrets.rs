//! Secrets released to definitions, and credentials written as plain text.

use super::*;

const RELEASED: &str =
    "secrets: { key: { namespaces: [crm-erp, t], hosts: [api.example.com, '*.b.example', '[2001:db8::1]'] } }";

#[test]
fn a_secret_is_released_to_namespaces_and_hosts() {
    let secrets = load(RELEASED).expect("sound").secrets;
    for (namespace, host) in [("crm-erp", "api.example.com"), ("t", "x.b.example"), ("t", "[2001:db8::1]")] {
        assert_eq!(secrets.check_host(namespace, "key", host), Ok(()), "{namespace} {host}");
    }
    assert!(secrets.check("other", "key").is_err());
    assert!(secrets.check_host("t", "key", "evil.example").is_err());
    assert!(load("connections: {}").expect("sound").secrets.check("t", "key").is_err());
    let folder = tempfile::tempdir().expect("a folder");
    assert!(Hub::releases_in(folder.path()).check("t", "key").is_err(), "a folder without hub.yaml releases nothing");
    std::fs::write(folder.path().join("hub.yaml"), RELEASED).expect("written");
    assert_eq!(Hub::releases_in(folder.path()), secrets);
}

#[test]
fn a_release_without_hosts_or_namespaces_is_a_mistake() {
    for (text, message) in [
        ("secrets: { key: { namespaces: [t] } }", "needs `hosts`"),
        ("secrets: { key: { hosts: [a.example.com] } }", "needs `namespaces`"),
        ("secrets: { key: { namespaces: [], hosts: [a.example.com] } }", "needs `namespaces`"),
        ("secrets: { key: { namespaces: [t], hosts: a.example.com } }", "needs `hosts`"),
        ("secrets: { key: { namespaces: [t], hosts: ['*'] } }", "is not a host"),
        ("secrets: { key: { namespaces: ['*'], hosts: [a.example.com] } }", "is not a namespace"),
        ("secrets: { 'a-b': { namespaces: [t], hosts: [a.example.com] } }", "is not a valid name of a secret"),
        (
            "secrets: { key: { namespaces: [t], hosts: [a.example.com] }, KEY: { namespaces: [u], hosts: [b.example.com] } }",
            "the same environment variable",
        ),
    ] {
        let mistakes = load(text).expect_err(text);
        assert!(mistakes.iter().any(|m| m.message.contains(message)), "{text}: {mistakes:?}");
    }
}

#[test]
fn a_credential_that_is_written_out_is_a_mistake_and_is_not_repeated() {
    let connection =
        |settings: &str| format!("connections:\n  a: {{ baseUrl: {{ x: 'https://a.example' }}, {settings} }}");
    for text in [
        connection("headers: { Authorization: Bearer s3cret }"),
        connection("headers: { X-Api-Key: s3cret }"),
        connection("authentication: { basic: { username: ann, password: s3cret } }"),
        connection("authentication: { bearer: { token: s3cret } }"),
        connection("authentication: { oauth2: { grant: client_credentials, client: { id: us, secret: s3cret } } }"),
        connection(
            "authentication: { oauth2: { authority: 'https://u:s3cret@a.example', grant: client_credentials, client: { authentication: none } } }",
        ),
        connection("proxy: 'http://u:s3cret@proxy.example:3128'"),
        connection("proxy: 'http://s3cret@proxy.example:3128'"),
        "connections:\n  a: { baseUrl: { x: 'https://u:s3cret@a.example' } }".to_owned(),
        "connections:\n  a: { baseUrl: { x: 'https://a.example/?apikey=s3cret' } }".to_owned(),
        "sinks:\n  a: { endpoint: 'https://a.example/in?access_token=s3cret' }".to_owned(),
        "sinks:\n  a: { endpoint: 'https://u:s3cret@a.example/in' }".to_owned(),
    ] {
        let mistakes = load(&text).expect_err(&text);
        assert!(
            mistakes.iter().any(|m| m.line == 2 && m.hint.as_deref().is_some_and(|h| h.contains("$secrets"))),
            "{mistakes:?}"
        );
        assert!(!format!("{mistakes:?}").contains("s3cret"), "{mistakes:?}");
    }
    assert!(load(&connection("headers: { Sforce-Call-Options: client=stepwell, X-Tenant: '7' }")).is_ok());
}

/// Some senders repeat their token in the body.
#[test]
fn a_sources_secret_is_hidden_in_its_events() {
    let text = "sources: { a: { scheme: bearer, secret: '${ $secrets.github }', bearer: { header: X-Pass }, event: { id: '${ .id }' } } }";
    let mut hub = load(text).expect("sound");
    let source = hub.sources.remove("a").expect("a source");
    let pairs = [("x-pass", "It's a Secret to Everybody"), ("x-note", "as It's a Secret to Everybody")];
    let headers: HeaderMap = pairs
        .into_iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("value")))
        .collect();
    let body = br#"{"id":"7","token":"It\u0027s a Secret to Everybody","kept":1.50}"#;
    let received = sent(&source, &headers, body).expect("an event");
    let shown = format!("{received:?}");
    assert!(!shown.contains("Everybody"), "{shown}");
    assert_eq!(received.events[0].body, r#"{"id":"7","token":"***","kept":1.50}"#);
}
