use proptest::prelude::*;

use super::own_design::own;
use super::*;

/// Headers that schemes read, with values that resemble real ones.
fn headers() -> impl Strategy<Value = HeaderMap> {
    let names = proptest::sample::select(vec![
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "svix-id",
        "x-hub-signature-256",
        "x-github-delivery",
        "stripe-signature",
        "x-shopify-hmac-sha256",
        "x-hubspot-signature-v3",
        "x-hubspot-request-timestamp",
        "authorization",
        "x-sig",
    ]);
    let values = prop_oneof![
        "(v1,|v1a,|sha256=|t=|v1=|Basic |Bearer |)[0-9A-Za-z+/=,. ]{0,40}".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..20),
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
    ];
    proptest::collection::vec((names, values), 0..8).prop_map(|pairs| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            if let Ok(value) = http::HeaderValue::from_bytes(&value) {
                headers.append(name, value);
            }
        }
        headers
    })
}

proptest! {
    #[test]
    fn whatever_arrives_is_refused_and_not_a_panic(
        headers in headers(),
        body in proptest::collection::vec(any::<u8>(), 0..64),
        url in "\\PC{0,40}",
    ) {
        let body = Bytes::from(body);
        let now = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        let delivery = Delivery { method: &Method::POST, url: &url, headers: &headers, body: &body, now };
        let own = own("{ header: X-Sig, signed: '{timestamp}{body}', timestamp: { header: webhook-timestamp } }", b"", &[]);
        for scheme in [
            Scheme::StandardWebhooks,
            Scheme::GitHub,
            Scheme::Stripe,
            Scheme::Shopify,
            Scheme::HubSpotV3,
            Scheme::Basic { username: "u".to_owned() },
            Scheme::Bearer(TokenPlace::Authorization),
            Scheme::Bearer(TokenPlace::Query("t".to_owned())),
            own.scheme,
        ] {
            prop_assert!(scheme.verify(delivery, &["whsec_c29tZXRoaW5nIGVsc2U="]).is_err());
        }
    }
}
