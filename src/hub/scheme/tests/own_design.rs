use super::*;

/// An HMAC with these settings, and a signed delivery with these headers.
pub(super) fn own(settings: &str, signed: &[u8], headers: &[(&'static str, &str)]) -> Vector {
    let text = format!("sources: {{ a: {{ scheme: hmac, secret: '${{ $secrets.s }}', hmac: {settings} }} }}");
    let secrets = crate::connect::Secrets::fixed([("s", "key")]);
    let hub = crate::hub::Hub::load("hub.yaml", &text, &secrets).unwrap_or_else(|m| panic!("{m:?}"));
    let scheme = hub.sources["a"].scheme.clone();
    let Scheme::Hmac(rules) = &scheme else { panic!("no hmac") };
    let algorithm = match rules.algorithm {
        Algorithm::Sha1 => ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::Sha256 => ring::hmac::HMAC_SHA256,
        Algorithm::Sha512 => ring::hmac::HMAC_SHA512,
    };
    let tag = ring::hmac::sign(&ring::hmac::Key::new(algorithm, b"key"), signed);
    let written = match rules.encoding {
        Encoding::Hex => hex::encode(tag),
        Encoding::Base64 => BASE64_STANDARD.encode(tag),
    };
    let mut v = Vector {
        secret: "key".to_owned(),
        url: "https://h.example/hooks/a?b=1".to_owned(),
        body: Bytes::from_static(b"body"),
        now: DateTime::from_timestamp(1_700_000_000, 0).expect("a time"),
        headers: HeaderMap::new(),
        scheme: scheme.clone(),
    };
    v.set("x-sig", &format!("{}{written}", rules.prefix));
    headers.iter().for_each(|(name, value)| v.set(name, value));
    v
}

/// Settings, signed text, and headers besides the signature.
type Case = (&'static str, &'static [u8], &'static [(&'static str, &'static str)]);

#[test]
fn an_hmac_of_its_own_design_is_what_its_settings_say() {
    let cases: [Case; 5] = [
        ("{ header: X-Sig }", b"body", &[]),
        ("{ header: X-Sig, prefix: 'sha512=', algorithm: sha512, encoding: base64 }", b"body", &[]),
        ("{ header: X-Sig, algorithm: sha1 }", b"body", &[]),
        (
            "{ header: X-Sig, prefix: 'v0=', signed: 'v0:{timestamp}:{body}', timestamp: { header: X-Time } }",
            b"v0:1700000000:body",
            &[("x-time", "1700000000")],
        ),
        (
            "{ header: X-Sig, signed: '{method} {url}{id}{timestamp}{body}', id: X-Id, timestamp: { header: X-Time, unit: ms, tolerance: PT1M } }",
            b"POST https://h.example/hooks/a?b=171700000000001body",
            &[("x-id", "7"), ("x-time", "1700000000001")],
        ),
    ];
    for (settings, signed, headers) in cases {
        let sound = own(settings, signed, headers);
        let verified = sound.verify(&["old", "key"]).unwrap_or_else(|e| panic!("{settings}: {e}"));
        assert_eq!(verified.event_id.is_some(), settings.contains("id:"), "{settings}");
        assert!(sound.verify(&["other"]).is_err(), "{settings}: another secret");
        assert!(!Vector { body: Bytes::from_static(b"bodY"), ..own(settings, signed, headers) }.accepts());
        for missing in sound.headers.keys() {
            let mut broken = own(settings, signed, headers);
            broken.headers.remove(missing);
            assert!(!broken.accepts(), "{settings}: without {missing}");
            broken.headers.insert(missing, sound.headers[missing].clone());
            broken.headers.append(missing, sound.headers[missing].clone());
            assert!(!broken.accepts(), "{settings}: {missing} twice");
        }
    }
}

#[test]
fn an_hmac_of_its_own_design_may_have_a_time_and_several_signatures() {
    let settings =
        "{ header: X-Sig, prefix: 'a=', signed: '{timestamp}{body}', timestamp: { header: X-Time, tolerance: PT10S } }";
    let sound = || own(settings, b"1700000000body", &[("x-time", "1700000000")]);
    for (seconds, accepted) in [(10, true), (-10, true), (11, false), (-11, false)] {
        let late = Vector { now: sound().now + TimeDelta::seconds(seconds), ..sound() };
        assert_eq!(late.accepts(), accepted, "{seconds}");
    }
    let mut v = sound();
    let good = v.headers["x-sig"].to_str().expect("text").to_owned();
    for (value, accepted) in [
        (format!("a=00, {good}"), true),
        (format!("b=00 {good}"), true),
        (good[2..].to_owned(), false),
        (format!("{}{good}", "a=00,".repeat(16)), false),
        (good.to_uppercase(), false),
    ] {
        v.set("x-sig", &value);
        assert_eq!(v.accepts(), accepted, "{value}");
    }
}
