//! Who is authenticated, and what a browser may do with its cookie.

use http::HeaderValue;
use http::header::COOKIE;

use super::*;

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(n, v)| (n.parse::<http::HeaderName>().unwrap(), HeaderValue::from_static(v))).collect()
}

#[test]
fn only_our_own_page_counts_as_same_origin() {
    let ours = [("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")];
    assert!(same_origin(&headers(&ours)));
    assert!(same_origin(&headers(&[("sec-fetch-site", "same-origin")])));
    for site in ["cross-site", "same-site", "none"] {
        let mut lying = headers(&ours);
        lying.insert("sec-fetch-site", HeaderValue::from_static(site));
        assert!(!same_origin(&lying), "{site}");
    }
    assert!(!same_origin(&headers(&[("origin", "http://evil.example"), ("host", "127.0.0.1:8080")])));
    assert!(!same_origin(&headers(&[("origin", "null"), ("host", "127.0.0.1:8080")])));
    assert!(!same_origin(&headers(&[("host", "127.0.0.1:8080")])));
}

#[test]
fn a_form_of_another_session_is_refused() {
    let (identity, checked_at) = (Identity::local("ada", &[Scope::Operate]), Instant::now());
    let of = |secret: &str| {
        let credential = Credential::Session(secret.to_owned());
        Caller { identity: identity.clone(), credential, checked_at, environment: None }
    };
    assert!(of("a").check_csrf(&of("a").csrf_token()).is_ok());
    assert!(of("a").check_csrf(&of("b").csrf_token()).is_err());
    assert!(of("a").check_csrf("").is_err());
}

#[sqlx::test]
async fn a_token_counts_only_with_its_scope(pool: PgPool) {
    let (_, token) = access::create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
    let mut sent = HeaderMap::new();
    sent.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let caller =
        identify(&Access::new(pool, Cookies::new(false)), &Method::POST, &sent, Peer::default()).await.unwrap();
    assert!(caller.require(Scope::Read).is_ok());
    assert!(
        matches!(caller.require(Scope::Operate), Err(ApiError::MissingScope(Scope::Operate, who)) if who == "token:ci")
    );
}

#[sqlx::test]
async fn a_session_changes_nothing_from_another_site(pool: PgPool) {
    let ada = Identity::local("ada", &[Scope::Admin]);
    let secret = access::create_session(&pool, &ada, SESSION_LIFETIME).await.unwrap();
    let mut sent = headers(&[("sec-fetch-site", "cross-site")]);
    sent.insert(COOKIE, format!("stepwell_session={secret}").parse().unwrap());
    let access = Access::new(pool, Cookies::new(false));
    assert!(matches!(identify(&access, &Method::POST, &sent, Peer::default()).await, Err(ApiError::CrossSite(_))));
    assert!(identify(&access, &Method::GET, &sent, Peer::default()).await.is_ok());
    sent.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    assert!(identify(&access, &Method::POST, &sent, Peer::default()).await.is_ok());
}

#[sqlx::test]
async fn nobody_gets_in_without_a_known_secret(pool: PgPool) {
    let access = Access::new(pool, Cookies::new(false));
    for value in ["Bearer swt_unknown", "Bearer x", "Basic YTpi", "Bearer"] {
        let sent = headers(&[("authorization", value)]);
        let answer = identify(&access, &Method::GET, &sent, Peer::default()).await.err();
        assert!(matches!(answer, Some(ApiError::Refused(Attempt::Token, _))), "{value}");
    }
    assert!(identify(&access, &Method::GET, &HeaderMap::new(), Peer::default()).await.is_err());
}
