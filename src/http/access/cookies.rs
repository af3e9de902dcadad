//! The session cookie: its name, `Set-Cookie` headers, and how to find it in a request.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::session::SESSION_LIFETIME;

/// The session cookie. If browsers use TLS, its name begins with `__Host-`: browsers then accept it only from this host
/// over TLS, so no other host of the domain can replace it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    /// `secure` says that browsers reach us over TLS.
    #[must_use]
    pub fn new(secure: bool) -> Self {
        Self { secure }
    }

    /// Name of the cookie.
    #[must_use]
    pub fn name(self) -> &'static str {
        if self.secure { "__Host-stepwell_session" } else { "stepwell_session" }
    }

    /// `Set-Cookie` that starts a session.
    #[must_use]
    pub fn set(self, secret: &str) -> HeaderValue {
        self.header(&format!("{secret}; Max-Age={}", SESSION_LIFETIME.as_secs()))
    }

    /// `Set-Cookie` that ends the session.
    #[must_use]
    pub fn clear(self) -> HeaderValue {
        self.header("; Max-Age=0")
    }

    fn header(self, rest: &str) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{}={rest}; Path=/; HttpOnly; SameSite=Strict{secure}", self.name());
        HeaderValue::try_from(text).expect("base64url and attributes are visible ASCII")
    }

    /// Returns the session secret from the request's cookies. Ignores the other name: over TLS, a cookie that was set
    /// without TLS is not trusted.
    #[must_use]
    pub fn find(self, headers: &HeaderMap) -> Option<&str> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == self.name() && !value.is_empty()).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (n.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn the_session_cookie_is_found_among_others() {
        let found = headers(&[("cookie", "a=b; stepwell_session=xyz; stepwell_session2=no")]);
        assert_eq!(Cookies::new(false).find(&found), Some("xyz"));
        assert_eq!(Cookies::new(false).find(&headers(&[("cookie", "stepwell_session=")])), None);
        assert_eq!(Cookies::new(true).find(&found), None, "it may have been set without TLS");
        let found = headers(&[("cookie", "stepwell_session=planted; __Host-stepwell_session=own")]);
        assert_eq!(Cookies::new(true).find(&found), Some("own"));
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        for (cookie, start) in [
            (Cookies::new(true).set("abc"), "__Host-stepwell_session=abc;"),
            (Cookies::new(true).clear(), "__Host-stepwell_session=;"),
            (Cookies::new(false).set("abc"), "stepwell_session=abc;"),
        ] {
            let text = cookie.to_str().unwrap();
            assert!(text.starts_with(start) && text.contains("HttpOnly") && text.contains("SameSite=Strict"), "{text}");
            // Browsers reject a `__Host-` name without these two, or with a `Domain`.
            let host_only = text.contains("; Secure") && text.contains("; Path=/;") && !text.contains("Domain");
            assert_eq!(host_only, text.starts_with("__Host-"), "{text}");
        }
    }
}
