//! Signs short-lived JWT assertions (RFC 7523).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::connect::Secret;
use crate::dsl::authentication::{SigningAlgorithm, SigningKey};

/// Salesforce rejects assertions valid for more than three minutes.
const LIFETIME: Duration = Duration::from_mins(2);

/// The claims of an assertion.
pub(super) struct Statement<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) audience: &'a str,
    pub(super) scope: Option<String>,
}

/// Signs an assertion with a private key. Error messages never contain the key.
pub(super) fn signed(with: &SigningKey<Secret>, statement: &Statement<'_>) -> Result<Secret, String> {
    let algorithm = match with.algorithm {
        SigningAlgorithm::Rs256 => "RS256",
        SigningAlgorithm::Ps256 => "PS256",
        SigningAlgorithm::Es256 => "ES256",
    };
    let mut header = json!({"typ": "JWT", "alg": algorithm});
    if let Some(id) = &with.key_id {
        header["kid"] = id.expose().into();
    }
    let content = content(&header, statement);
    // Environment files often write line breaks as `\n`.
    let pem = with.key.expose().replace("\\n", "\n");
    let signature = sign(with.algorithm, pem.as_bytes(), content.as_bytes())?;
    Ok(format!("{content}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)).into())
}

/// Signs an assertion with the client's secret.
pub(super) fn signed_with_secret(secret: &Secret, statement: &Statement<'_>) -> Secret {
    let content = content(&json!({"typ": "JWT", "alg": "HS256"}), statement);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(content.as_bytes());
    format!("{content}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).into()
}

fn content(header: &Value, statement: &Statement<'_>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut claims = json!({
        "iss": statement.issuer,
        "sub": statement.subject,
        "aud": statement.audience,
        "iat": now.as_secs(),
        "exp": (now + LIFETIME).as_secs(),
        "jti": uuid::Uuid::new_v4().to_string(),
    });
    if let Some(scope) = &statement.scope {
        claims["scope"] = scope.as_str().into();
    }
    let encode = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(&claims))
}

fn sign(algorithm: SigningAlgorithm, pem: &[u8], content: &[u8]) -> Result<Vec<u8>, String> {
    let key = PrivateKeyDer::from_pem_slice(pem)
        .map_err(|_| "the private key is not PEM text: it must begin with -----BEGIN PRIVATE KEY-----".to_owned())?;
    let padding: &dyn RsaEncoding = match algorithm {
        SigningAlgorithm::Es256 => return sign_es256(&key, content),
        SigningAlgorithm::Rs256 => &RSA_PKCS1_SHA256,
        SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
    };
    let pair = match &key {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err("the private key is not an RSA key, which RS256 and PS256 need".to_owned()),
    };
    let pair = pair.map_err(|why| format!("the private key is not an RSA key of 2048 to 4096 bits: {why}"))?;
    let mut signature = vec![0; pair.public().modulus_len()];
    let signed = pair.sign(padding, &SystemRandom::new(), content, &mut signature);
    signed.map_err(|_| "the private key does not sign".to_owned())?;
    Ok(signature)
}

fn sign_es256(key: &PrivateKeyDer<'_>, content: &[u8]) -> Result<Vec<u8>, String> {
    let PrivateKeyDer::Pkcs8(der) = key else {
        return Err("ES256 needs an EC key in PKCS#8; convert it with `openssl pkcs8 -topk8 -nocrypt`".to_owned());
    };
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_pkcs8_der(), &random)
        .map_err(|why| format!("the private key is not an EC key on the curve P-256: {why}"))?;
    let signature = pair.sign(&random, content).map_err(|_| "the private key does not sign".to_owned())?;
    Ok(signature.as_ref().to_vec())
}
