use super::*;

#[test]
fn names_passwords_and_tokens_must_be_right() {
    let basic = Scheme::Basic { username: "ann".to_owned() };
    let encoded = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
    let header = |name: &str| Scheme::Bearer(TokenPlace::Header(name.to_owned()));
    let query = Scheme::Bearer(TokenPlace::Query("access_token".to_owned()));
    let bearer = Scheme::Bearer(TokenPlace::Authorization);
    let plain = "https://h.example/hooks/a";
    let cases = [
        (&basic, "authorization", encoded("ann:new"), plain, true),
        (&basic, "authorization", encoded("ann:old").replace("Basic", "basic"), plain, true),
        (&basic, "authorization", encoded("ann:"), plain, false),
        (&basic, "authorization", encoded("bob:new"), plain, false),
        (&basic, "authorization", encoded("ann:new "), plain, false),
        (&basic, "authorization", "Bearer new".to_owned(), plain, false),
        (&basic, "authorization", "Basic ???".to_owned(), plain, false),
        (&bearer, "authorization", "Bearer new".to_owned(), plain, true),
        (&bearer, "authorization", "bearer old".to_owned(), plain, true),
        (&bearer, "authorization", "Bearer ne".to_owned(), plain, false),
        (&bearer, "authorization", "new".to_owned(), plain, false),
        (&bearer, "x-token", "new".to_owned(), plain, false),
        (&header("x-token"), "x-token", "new".to_owned(), plain, true),
        (&header("x-token"), "x-token", "newer".to_owned(), plain, false),
        (&query, "x", "x".to_owned(), "https://h.example/hooks/a?b=1&access_token=n%65w", true),
        (&query, "x", "x".to_owned(), "https://h.example/hooks/a?access_token=new&access_token=new", false),
        (&query, "x", "x".to_owned(), "https://h.example/hooks/a?access_token=", false),
        (&query, "access_token", "new".to_owned(), plain, false),
    ];
    for (scheme, name, value, url, accepted) in cases {
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().expect("a value"))]);
        let now = DateTime::UNIX_EPOCH;
        let delivery = Delivery { method: &Method::POST, url, headers: &headers, body: &Bytes::new(), now };
        let outcome = scheme.verify(delivery, &["old", "new"]);
        assert_eq!(outcome.is_ok(), accepted, "{scheme:?} {name}: {value} {url}");
        assert!(scheme.verify(delivery, &[]).is_err());
        assert!(scheme.verify(Delivery { headers: &HeaderMap::new(), url: plain, ..delivery }, &["new"]).is_err());
    }
}
