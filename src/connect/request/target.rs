//! The URL of a call: `connection://NAME/path` or absolute; and how URLs are shown to people.

use std::borrow::Cow;

use url::Url;

use crate::connect::problem::Problem;
use crate::dsl::credentials::hides_value;

/// Scheme of URIs that use a connection.
const CONNECTION_SCHEME: &str = "connection://";

/// A parsed call URI.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::connect) enum Uri<'a> {
    /// Name of the connection, and the rest of the URI.
    Connection { name: &'a str, rest: &'a str },
    /// An absolute URL, without a connection.
    Direct(&'a str),
}

pub(in crate::connect) fn parse(uri: &str) -> Uri<'_> {
    let Some(after) = uri.strip_prefix(CONNECTION_SCHEME) else { return Uri::Direct(uri) };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    Uri::Connection { name: &after[..end], rest: &after[end..] }
}

/// Parses the URL of a call without a connection.
pub(in crate::connect) fn direct(uri: &str) -> Result<Url, Box<Problem>> {
    let url = Url::parse(uri).map_err(|e| {
        Problem::configuration("Invalid URI", format!("{uri:?} is not an absolute URI: {e}; begin it with https://, or with connection://NAME/ to go through a connection of hub.yaml"))
    })?;
    check(&url)?;
    Ok(url)
}

/// Builds a URL below a connection's base. A path that leaves the base, for instance through an expression's value, is
/// an error.
pub(super) fn below(base: &Url, name: &str, rest: &str) -> Result<Url, Box<Problem>> {
    let base_path = base.path().trim_end_matches('/');
    let root = base.as_str().trim_end_matches('/');
    let url = Url::parse(&format!("{root}{rest}")).map_err(|e| {
        Problem::configuration("Invalid URI", format!("connection://{name}{rest} is not a valid URL: {e}"))
    })?;
    let inside = url.path().strip_prefix(base_path).is_some_and(|tail| tail.is_empty() || tail.starts_with('/'));
    if url.host() != base.host() || url.port() != base.port() || !inside {
        let detail = format!("connection://{name}{rest} leaves the connection's base URL; `..` must not go above it");
        return Err(Problem::configuration("Invalid URI", detail));
    }
    Ok(url)
}

/// Checks any URL that is called, including redirect targets.
pub(in crate::connect) fn check(url: &Url) -> Result<(), Box<Problem>> {
    if !matches!(url.scheme(), "http" | "https") {
        let detail = format!("{} has the scheme {}; only http and https are called", shown(url), url.scheme());
        return Err(Problem::configuration("Unsupported scheme", detail));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let detail = format!("{} contains credentials; put them under authentication, as secrets", shown(url));
        return Err(Problem::configuration("Credentials in a URI", detail));
    }
    Ok(())
}

/// A URL without fragment and user info; query values that look like credentials are masked.
pub(in crate::connect) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    // These fail only for URLs that cannot have user info.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query_pairs().any(|(name, _)| hides_value(&name)) {
        let pairs: Vec<(String, Cow<'_, str>)> = url
            .query_pairs()
            .map(|(name, value)| {
                if hides_value(&name) {
                    (name.into_owned(), "***".into())
                } else {
                    (name.into_owned(), value.into_owned().into())
                }
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.into()
}

/// A URL without its query, for error messages.
pub(in crate::connect) fn short(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    shown(&url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    #[test]
    fn a_connection_uri_keeps_the_base_path() {
        let Uri::Connection { name, rest } = parse("connection://netsuite/services/rest?q=1") else { panic!("direct") };
        assert_eq!((name, rest), ("netsuite", "/services/rest?q=1"));
        for root in ["http://127.0.0.1:8081/erp", "http://127.0.0.1:8081/erp/"] {
            assert_eq!(
                below(&base(root), name, rest).expect("inside").as_str(),
                "http://127.0.0.1:8081/erp/services/rest?q=1"
            );
        }
        assert_eq!(below(&base("https://a.example"), "a", "?q=1").expect("inside").as_str(), "https://a.example/?q=1");
    }

    #[test]
    fn a_path_cannot_leave_its_connection() {
        for rest in ["/../admin", "/%2e%2e/admin", "/a/../../admin", "/..\\admin", "x/y", "/../erpx"] {
            assert!(below(&base("http://h.example:81/erp"), "erp", rest).is_err(), "{rest}");
        }
        for rest in ["@evil.example/", ":81@evil.example/", ".evil.example/"] {
            assert!(below(&base("http://h.example/"), "erp", rest).is_err(), "{rest}");
        }
    }

    #[test]
    fn what_people_see_holds_no_credentials() {
        let url = base("https://u:pw@h.example/a?access_token=canary&q=1&API_KEY=canary&externalId=7#f");
        assert_eq!(shown(&url), "https://h.example/a?access_token=***&q=1&API_KEY=***&externalId=7");
        assert_eq!(shown(&base("https://h.example/a?q=a+b")), "https://h.example/a?q=a+b");
        assert_eq!(short(&url), "https://h.example/a");
        assert!(!format!("{:?}", direct(url.as_str()).expect_err("userinfo")).contains("pw@"));
    }

    #[test]
    fn only_absolute_http_urls_are_called() {
        for bad in ["/relative", "file:///etc/passwd", "ftp://h.example/", "", "gopher://x", "http://"] {
            assert!(direct(bad).is_err(), "{bad}");
        }
    }
}
