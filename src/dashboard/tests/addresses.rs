//! Unknown URLs.

use http::header::ACCEPT;

use super::*;

#[sqlx::test]
async fn an_address_where_nothing_is_has_a_page_for_browsers_and_a_problem_for_programs(pool: PgPool) {
    let site = Site::new(&pool, Scope::Read).await;
    let ask = async |path: &str, accept: &str| {
        site.send(Request::get(path).header(ACCEPT, accept).body(Body::empty()).unwrap()).await
    };
    let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    let (status, head, page) = ask("/nowhere", browser).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("There is no page at this address.") && page.contains("All runs"), "{page}");
    assert!(head.headers().contains_key(CONTENT_SECURITY_POLICY), "{head:?}");
    for (path, accept) in [("/nowhere", "application/json"), ("/api/v1/nowhere", browser)] {
        let (status, _, page) = ask(path, accept).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(!page.contains("<html"), "{page}");
    }
    let (status, head, _) = ask("/runs?status=faulted", browser).await;
    assert_eq!((status, &head.headers()[LOCATION]), (StatusCode::SEE_OTHER, &"/?status=faulted".parse().unwrap()));
}
