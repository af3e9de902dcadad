//! Every error has the same shape.

use super::*;
use crate::store::StoreError;

async fn written(response: Response) -> (StatusCode, http::HeaderMap, serde_json::Value) {
    let response = write("/api/v1/runs", response);
    let (head, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (head.status, head.headers, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_bad_parameter_is_named_with_its_place() {
    let (status, headers, body) = written(ApiError::bad_input("?limit", "not a number").into_response()).await;
    assert_eq!((status, &headers[CONTENT_TYPE]), (StatusCode::BAD_REQUEST, &PROBLEM_JSON.parse().unwrap()));
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap(), @r#"
    {
      "type": "urn:stepwell:problem:bad-request",
      "title": "The request cannot be read",
      "status": 400,
      "detail": "?limit: not a number",
      "instance": "/api/v1/runs",
      "errors": [
        {
          "pointer": "?limit",
          "message": "not a number"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn an_unavailable_database_says_when_to_come_back() {
    let gone = StoreError::Unavailable(sqlx::Error::PoolTimedOut);
    let (status, headers, _) = written(ApiError::from(gone).into_response()).await;
    assert_eq!((status, &headers[RETRY_AFTER]), (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from(2)));
}

#[tokio::test]
async fn an_inner_cause_is_not_shown() {
    let error = StoreError::Unreadable { table: "runs", why: "hunter2".into() };
    let (_, _, body) = written(ApiError::from(error).into_response()).await;
    assert!(!body.to_string().contains("hunter2"), "{body}");
}

#[tokio::test]
async fn bare_answers_of_libraries_become_problems() {
    let (status, _, body) = written(StatusCode::METHOD_NOT_ALLOWED.into_response()).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(body["type"], "urn:stepwell:problem:method-not-allowed");
}

#[tokio::test]
async fn a_page_that_tells_an_error_in_html_is_left_alone() {
    let page = (StatusCode::NOT_FOUND, axum::response::Html("<p>gone</p>")).into_response();
    let body = axum::body::to_bytes(write("/", page).into_body(), 100).await.unwrap();
    assert_eq!(&body[..], b"<p>gone</p>");
}
