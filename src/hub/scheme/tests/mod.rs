//! Test vectors of the known schemes, and deliveries that must be refused.

mod arbitrary;
mod credentials;
mod own_design;

use super::*;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use serde_json::Value;

/// A vector of `signature_vectors.json`.
struct Vector {
    scheme: Scheme,
    secret: String,
    url: String,
    body: Bytes,
    now: DateTime<Utc>,
    headers: HeaderMap,
}

fn vector(name: &str) -> Vector {
    let all: Value =
        serde_json::from_str(include_str!("../../../../tests/data/signatures/signature_vectors.json")).expect("JSON");
    let found = all.as_array().expect("a list").iter().find(|v| v["name"] == name).expect("there");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let headers = found["headers"].as_object().expect("headers").iter();
    Vector {
        scheme: match name {
            "github" => Scheme::GitHub,
            "stripe" => Scheme::Stripe,
            "shopify" => Scheme::Shopify,
            "hubspot-v3" => Scheme::HubSpotV3,
            _ => Scheme::StandardWebhooks,
        },
        url: found["uri"].as_str().unwrap_or("https://h.example/hooks/x").to_owned(),
        secret: text(&found["secret"]),
        body: Bytes::from(text(&found["body"])),
        now: DateTime::from_timestamp(found["now"].as_i64().unwrap_or_default(), 0).expect("a time"),
        headers: headers
            .map(|(name, value)| {
                (http::HeaderName::from_bytes(name.as_bytes()).expect("name"), text(value).parse().expect("value"))
            })
            .collect(),
    }
}

impl Vector {
    fn verify(&self, secrets: &[&str]) -> Result<Verified, SignatureError> {
        let (method, url) = (&Method::POST, self.url.as_str());
        let delivery = Delivery { method, url, headers: &self.headers, body: &self.body, now: self.now };
        self.scheme.verify(delivery, secrets)
    }

    fn accepts(&self) -> bool {
        self.verify(&[&self.secret]).is_ok()
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, value.parse().expect("a value"));
    }
}

const NAMES: [&str; 6] = ["standard-webhooks", "svix", "github", "stripe", "shopify", "hubspot-v3"];

/// Headers in the vectors that their schemes do not sign.
const UNSIGNED: [&str; 2] = ["x-shopify-webhook-id", "x-shopify-topic"];

#[test]
fn the_published_vectors_pass() {
    for name in NAMES {
        assert!(vector(name).accepts(), "{name}");
    }
    let id = Some("msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned());
    for name in ["standard-webhooks", "svix"] {
        let v = vector(name);
        assert_eq!(v.verify(&[&v.secret]).expect("verified").event_id, id);
    }
}

#[test]
fn every_broken_variant_fails() {
    for name in NAMES {
        let sound = vector(name);
        for at in 0..sound.body.len() {
            let mut body = sound.body.to_vec();
            body[at] ^= 1;
            assert!(!Vector { body: body.into(), ..vector(name) }.accepts(), "{name}: body byte {at}");
        }
        assert!(!Vector { body: Bytes::new(), ..vector(name) }.accepts(), "{name}: empty body");
        for missing in sound.headers.keys().filter(|name| !UNSIGNED.contains(&name.as_str())) {
            let mut broken = vector(name);
            broken.headers.remove(missing);
            assert!(!broken.accepts(), "{name}: without {missing}");
            let mut broken = vector(name);
            let value = broken.headers[missing].clone();
            broken.headers.append(missing, value);
            assert!(!broken.accepts(), "{name}: {missing} twice");
            for at in 0..sound.headers[missing].len() {
                let mut bytes = sound.headers[missing].as_bytes().to_vec();
                bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
                let mut broken = vector(name);
                broken.headers.insert(missing, http::HeaderValue::from_bytes(&bytes).expect("value"));
                assert!(!broken.accepts(), "{name}: {missing} changed at {at}");
            }
        }
        assert!(vector(name).verify(&["whsec_c29tZXRoaW5nIGVsc2U="]).is_err(), "{name}: another secret");
        assert!(vector(name).verify(&[]).is_err(), "{name}: no secret");
    }
}

#[test]
fn one_of_several_signatures_and_secrets_is_enough() {
    let mut v = vector("standard-webhooks");
    let good = v.headers["webhook-signature"].to_str().expect("text").to_owned();
    v.set("webhook-signature", &format!("v1a,AAAA v2,{0} v1,AAAA {1}", &good[3..], good));
    let other = "whsec_c29tZXRoaW5nIGVsc2U=";
    assert!(v.verify(&[other, &v.secret]).is_ok());
    assert!(v.verify(&[other]).is_err());
    for unsigned in ["v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", &good[3..], "", "v1,", "v1", " "] {
        v.set("webhook-signature", unsigned);
        assert!(!v.accepts(), "{unsigned:?}");
    }
    v.set("webhook-signature", &format!("{}{good}", "v1,AAAA ".repeat(100)));
    assert!(!v.accepts(), "a flood of signatures is not worked through");
}

#[test]
fn a_key_may_come_without_prefix_and_without_padding() {
    for secret in ["whsec_c29tZXRoaW5nIGVsc2U=", "whsec_c29tZXRoaW5nIGVsc2U", "c29tZXRoaW5nIGVsc2U"] {
        assert_eq!(standard_webhooks::key(secret).expect("a key"), b"something else");
    }
    for bad in ["", "whsec_", "whsec_???", "whsec_a"] {
        let error = Scheme::StandardWebhooks.check_secret(bad).expect_err("no key");
        assert!(!error.contains('?'));
    }
}

#[test]
fn a_delivery_counts_for_five_minutes_both_ways() {
    for (seconds, accepted) in [(0, true), (300, true), (-300, true), (301, false), (-301, false), (1 << 40, false)] {
        for name in ["standard-webhooks", "stripe", "hubspot-v3"] {
            let sound = vector(name);
            let late = Vector { now: sound.now + TimeDelta::seconds(seconds), ..sound };
            match late.verify(&[&late.secret]) {
                Ok(_) => assert!(accepted, "{name}: {seconds}"),
                Err(error) => {
                    assert!(!accepted && matches!(error, SignatureError::Stale(_)), "{name}: {seconds}: {error}");
                }
            }
        }
    }
    for time in ["", "now", "99999999999999999999", "-9223372036854775808", "1614265330.0"] {
        let mut v = vector("standard-webhooks");
        v.set("webhook-timestamp", time);
        assert!(matches!(v.verify(&[&v.secret]), Err(SignatureError::Bad(_))), "{time}");
    }
}

#[test]
fn an_ed25519_signature_matches_its_public_key() {
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
    let public = format!("whpk_{}", BASE64_STANDARD.encode(ring::signature::KeyPair::public_key(&pair)));
    let mut v = vector("standard-webhooks");
    let shared = v.secret.clone();
    let message = [b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.".as_slice(), &v.body].concat();
    let signature = BASE64_STANDARD.encode(pair.sign(&message));
    v.set("webhook-signature", &format!("v1,AAAA v1a,{signature}"));
    assert!(v.verify(&[&public]).is_ok());
    assert!(v.verify(&[&shared, &public]).is_ok());
    assert!(v.verify(&[&shared]).is_err());
    v.set("webhook-signature", &format!("v1,{signature}"));
    assert!(v.verify(&[&public]).is_err(), "a public key is no key of an HMAC");
    for bad in ["whpk_", "whpk_AAAA", "whpk_???"] {
        assert!(Scheme::StandardWebhooks.check_secret(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_public_key_signs_nothing() {
    let public = format!("whpk_{}", BASE64_STANDARD.encode([9; 32]));
    let mut v = vector("standard-webhooks");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[9; 32]);
    let message = [b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.".as_slice(), &v.body].concat();
    v.set("webhook-signature", &format!("v1,{}", BASE64_STANDARD.encode(ring::hmac::sign(&key, &message))));
    assert!(v.verify(&[&public]).is_err());
}

#[test]
fn a_refusal_says_nothing_that_helps_to_sign() {
    for name in NAMES {
        let mut v = vector(name);
        v.body = Bytes::from_static(b"other");
        let error = v.verify(&[&v.secret]).expect_err("refused").to_string();
        assert!(!error.contains(&v.secret) && error.len() < 120, "{error}");
    }
}

#[test]
fn one_of_several_stripe_signatures_is_enough() {
    let mut v = vector("stripe");
    let good = v.headers["stripe-signature"].to_str().expect("text").split_once("v1=").expect("v1").1.to_owned();
    v.set("stripe-signature", &format!("t=1700000000, v0=00,v1=00,v1={good}"));
    assert!(v.accepts());
    for bad in [
        format!("t=1700000000,v0={good}"),
        format!("v1={good}"),
        format!("t=1700000000,t=1700000001,v1={good}"),
        format!("t=1700000001,v1={good}"),
        format!("t=1700000000{},v1={good}", ",v1=00".repeat(16)),
        "t=1700000000".to_owned(),
    ] {
        v.set("stripe-signature", &bad);
        assert!(!v.accepts(), "{bad}");
    }
}

#[test]
fn hubspot_signs_method_and_url_too() {
    let sound = vector("hubspot-v3");
    let verify = |method: &Method, url: &str| {
        let delivery = Delivery { method, url, headers: &sound.headers, body: &sound.body, now: sound.now };
        Scheme::HubSpotV3.verify(delivery, &[&sound.secret]).is_ok()
    };
    assert!(verify(&Method::POST, &sound.url));
    assert!(verify(&Method::POST, "https://hooks.example.com%2Fwebhooks/hubspot"));
    assert!(!verify(&Method::PUT, &sound.url));
    assert!(!verify(&Method::POST, "http://hooks.example.com/webhooks/hubspot"));
    assert!(!verify(&Method::POST, "https://hooks.example.com/webhooks/hubspot?a=1"));
}

#[test]
fn a_blank_secret_serves_no_scheme() {
    for scheme in [Scheme::StandardWebhooks, Scheme::GitHub, Scheme::Stripe, Scheme::Bearer(TokenPlace::Authorization)]
    {
        for blank in ["", " ", "\n"] {
            assert!(scheme.check_secret(blank).is_err(), "{scheme:?}");
        }
    }
}
