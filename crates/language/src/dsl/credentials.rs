//! Recognizes literal credentials in a file by their name and shape.
//!
//! Anyone who reads a definition, a catalog, an OpenAPI document or `hub.yaml` can use a credential written there. So
//! it is a mistake: the value belongs in a secret. Messages never repeat a value.

use std::sync::LazyLock;

use regex::Regex;

/// A literal credential found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Offset of the credential in the text, in bytes.
    pub offset: usize,
    /// The message, without the value.
    pub message: String,
}

/// The hint for any literal credential.
pub const HINT: &str =
    "call a connection of hub.yaml, `connection://NAME/path`, that adds it from a secret: `${ $secrets.NAME }`";

/// Parameter and field names that mean a credential whatever the value is; in lower case, without separators.
const NAMES: [&str; 25] = [
    "accesskey",
    "accesstoken",
    "apikey",
    "apisecret",
    "apitoken",
    "appkey",
    "apppassword",
    "authorization",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "idtoken",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "privatetoken",
    "proxyauthorization",
    "pwd",
    "refreshtoken",
    "secretkey",
    "securitytoken",
    "sessiontoken",
    "sharedaccesssignature",
    "subscriptionkey",
];

/// Names that mean a credential in a URL or a header but may be plain data elsewhere.
const WIRE_NAMES: [&str; 8] =
    ["assertion", "clientassertion", "secret", "sig", "signature", "token", "xfunctionskey", "xamzcredential"];

/// Names that mean a credential only if the value looks like one: `key=SKU-1` does not.
const DOUBTFUL: [&str; 6] = ["auth", "code", "key", "session", "sid", "sessionid"];

/// Shortest value that looks like a key, in characters.
const KEY_CHARS_MIN: usize = 16;

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | '.' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Whether a data field with this name contains a credential.
#[must_use]
pub fn is_credential_field(name: &str) -> bool {
    let name = plain(name);
    NAMES.iter().any(|known| name == *known || (known.len() >= 6 && name.ends_with(known)))
}

/// Whether a header with this name and value is a literal credential.
#[must_use]
pub fn is_literal_header(name: &str, value: &str) -> bool {
    let wanted = plain(name);
    if wanted.contains("csrf") || wanted.contains("xsrf") || value.trim().is_empty() {
        return false;
    }
    if wanted == "cookie" {
        let mut pairs = value.split(';').filter_map(|pair| pair.split_once('='));
        return pairs.any(|(name, value)| is_literal_parameter(name.trim(), value.trim()) || looks_like_key(value));
    }
    is_literal_parameter(name, value)
}

/// Whether a URL or form parameter with this name and value is a literal credential.
#[must_use]
pub fn is_literal_parameter(name: &str, value: &str) -> bool {
    let name = plain(name);
    if value.is_empty() || matches!(value, "true" | "false" | "null" | "***") {
        return false;
    }
    let on_the_wire = WIRE_NAMES.iter().any(|known| name == *known || (*known != "sig" && name.ends_with(known)));
    is_credential_field(&name)
        || (on_the_wire && !is_paging(&name))
        || (DOUBTFUL.contains(&name.as_str()) && looks_like_key(value))
}

/// Whether a parameter is a paging token.
fn is_paging(name: &str) -> bool {
    ["page", "next", "continuation", "sync", "cursor", "skip", "delta"].iter().any(|part| name.contains(part))
}

/// Whether a value is long, without spaces, and mixes letters and digits.
fn looks_like_key(value: &str) -> bool {
    value.chars().count() >= KEY_CHARS_MIN
        && !value.contains(char::is_whitespace)
        && value.contains(|c: char| c.is_ascii_digit())
        && value.contains(|c: char| c.is_ascii_alphabetic())
}

/// Whether the value of a query parameter with this name is hidden. Errs on the side of hiding.
#[must_use]
pub fn hides_value(name: &str) -> bool {
    const PARTS: [&str; 9] =
        ["token", "secret", "passw", "apikey", "api_key", "api-key", "signature", "credential", "assertion"];
    const WHOLE: [&str; 10] =
        ["key", "sig", "code", "auth", "sid", "session", "authorization", "pwd", "sslkey", "accesskey"];
    let name = name.to_ascii_lowercase();
    WHOLE.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part)) || is_credential_field(&name)
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant that a test compiles")
}

/// The userinfo of a URL, up to the `@`. A computed part (`\(`, `{` or `${`) ends the match.
static USERINFO: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"([A-Za-z][A-Za-z0-9+.-]*)://([^\s/?#@"'`\\<>{}$()]*)@"#));

/// A URL parameter with a literal value.
static PARAMETER: LazyLock<Regex> = LazyLock::new(|| pattern(r#"[?&]([A-Za-z0-9_.-]+)=([^\s&#"'`\\<>{}$()]+)"#));

/// `Authorization: "Bearer ..."` and similar entries inside an expression.
static ENTRY: LazyLock<Regex> = LazyLock::new(|| pattern(r#""?([A-Za-z][A-Za-z0-9_-]*)"?\s*:\s*"([^"\\]+)""#));

/// An authentication scheme followed by its credentials, in a string of an expression.
static SCHEME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)"(?:basic|bearer|token|apikey|ntlm)\s+[A-Za-z0-9+/=._~-]{4,}"#));

/// Finds a credential in a URL anywhere in a text.
#[must_use]
pub fn in_text(text: &str) -> Option<Literal> {
    if let Some(found) = USERINFO.captures_iter(text).find(|found| is_userinfo(&found[1], &found[2])) {
        let offset = found.get(2).map_or(0, |part| part.start());
        let message = "the URL contains credentials before its `@`: anyone who reads the file can use them".to_owned();
        return Some(Literal { offset, message });
    }
    let found = PARAMETER.captures_iter(text).find(|found| is_literal_parameter(&found[1], &found[2]))?;
    let offset = found.get(1).map_or(0, |part| part.start());
    Some(Literal { offset, message: written_out(&found[1]) })
}

/// Whether userinfo is a credential. `git@` in an SSH address is a user name; over HTTP a lone name may be a token.
fn is_userinfo(scheme: &str, userinfo: &str) -> bool {
    match userinfo.split_once(':') {
        Some((_, password)) => !password.is_empty() && password != "***",
        None => !userinfo.is_empty() && matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https"),
    }
}

/// Finds a literal credential in the expression of a header: a constant, or a scheme with its credentials.
#[must_use]
pub fn in_header_expression(name: &str, jq: &str) -> Option<Literal> {
    let credential = is_literal_header(name, "x");
    let constant = || is_constant(jq) && jq.contains('"');
    (credential && (constant() || SCHEME.is_match(jq)))
        .then(|| Literal { offset: SCHEME.find(jq).map_or(0, |found| found.start()), message: written_out(name) })
}

/// Finds an entry of an object built by an expression that `is_credential` recognizes.
pub fn in_object_expression(jq: &str, is_credential: impl Fn(&str, &str) -> bool) -> Option<Literal> {
    let found = ENTRY.captures_iter(jq).find(|found| is_credential(&found[1], &found[2]))?;
    Some(Literal { offset: found.get(2).map_or(0, |part| part.start()), message: written_out(&found[1]) })
}

/// Returns the message for a field whose literal value is a credential.
#[must_use]
pub fn written_out(name: &str) -> String {
    let name = super::mistake::shortened(name);
    format!("`{name}` is a credential written in the file: anyone who reads the file can use it")
}

/// Whether a jq expression reads nothing: it has no path and no variable outside its strings.
fn is_constant(jq: &str) -> bool {
    let (mut in_text, mut depth) = (false, 0_u32);
    let mut characters = jq.chars();
    while let Some(character) = characters.next() {
        match (in_text, character) {
            (true, '\\') if characters.next() == Some('(') => (in_text, depth) = (false, depth + 1),
            (_, '"') => in_text = !in_text,
            (false, ')') if depth > 0 => (in_text, depth) = (true, depth - 1),
            (false, '.' | '$') => return false,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_urls_are_found_and_data_are_not() {
        for (text, at) in [
            ("https://ann:s3cret@a.example/x", 8),
            ("https://s3crettoken@a.example/x", 8),
            ("${ \"postgres://u:p@db/\" + .name }", 15),
            ("https://a.example/x?apikey=abc", 20),
            ("/x?page=1&access_token=abc", 10),
            ("connection://erp/x?client_secret=abc", 19),
            ("https://maps.example/x?key=AIzaSyD4iE2xVSpkLLOXoy", 23),
            ("https://a.example/?X-Amz-Signature=0f", 19),
        ] {
            assert_eq!(in_text(text).map(|found| found.offset), Some(at), "{text}");
        }
        for text in [
            "https://a.example/{id}?q=1&key=SKU-1&code=DE",
            "${ \"https://\\(.user):\\(.password)@a.example/?token=\\(.token)\" }",
            "https://a.example/?token={token}&pageToken=abc123",
            "ssh://git@a.example/repository",
            "mailto:ann@a.example",
            "https://a.example/@ann/x",
            "${ .a? | .b == \"c@d\" }",
        ] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }

    #[test]
    fn headers_that_authenticate_are_told_from_others() {
        for (name, value) in [
            ("Authorization", "Bearer abc"),
            ("X-Api-Key", "abc"),
            ("Ocp-Apim-Subscription-Key", "abc"),
            ("PRIVATE-TOKEN", "abc"),
            ("X-Vault-Token", "abc"),
            ("Cookie", "lang=de; sid=0123456789abcdef0"),
            ("Proxy-Authorization", "Basic eA=="),
        ] {
            assert!(is_literal_header(name, value), "{name}");
        }
        for (name, value) in [
            ("Accept", "application/json"),
            ("X-CSRF-Token", "Fetch"),
            ("Cookie", "lang=de"),
            ("Idempotency-Key", "x-1"),
            ("Sforce-Call-Options", "client=stepwell"),
            ("X-Continuation-Token", "abc"),
            ("Authorization", ""),
        ] {
            assert!(!is_literal_header(name, value), "{name}");
        }
    }

    #[test]
    fn constants_in_expressions_are_written_out_too() {
        for jq in [
            "\"Bearer abc\"",
            "\"Bea\" + \"rer abc\"",
            "\"Bearer abcd\" + .suffix",
            "\"a:b\" | @base64 \"Basic \\(\"x\")\"",
        ] {
            assert!(in_header_expression("Authorization", jq).is_some(), "{jq}");
        }
        for jq in ["\"Bearer \" + .token", "\"Bearer \\(.token)\"", ".authorization", "$authorization.parameter"] {
            assert_eq!(in_header_expression("Authorization", jq), None, "{jq}");
        }
        assert_eq!(in_header_expression("Accept", "\"Bearer abcd\""), None);
        assert!(in_object_expression("{Authorization: \"Bearer abc\"}", is_literal_header).is_some());
        assert!(in_object_expression("{\"x-api-key\": \"abc\"} + .more", is_literal_header).is_some());
        assert_eq!(in_object_expression("{Authorization: \"Bearer \\(.t)\", a: \"b\"}", is_literal_header), None);
    }

    #[test]
    fn fields_are_credentials_by_their_names() {
        for name in ["password", "clientSecret", "client_secret", "db_password", "apiKey", "X-Api-Key"] {
            assert!(is_credential_field(name), "{name}");
        }
        for name in ["token", "key", "signature", "name", "passwordless", "keyboard"] {
            assert!(!is_credential_field(name), "{name}");
        }
    }
}
