//! Reads submitted forms: bounded like every body, UTF-8, without null bytes.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::page::NoPage;
use crate::dashboard::Dashboard;
use crate::http::ApiError;
use crate::http::access::peer::Visitor;
use crate::http::query::check_encoded;
use crate::http::wire::budget::Budget;

/// Extracts the fields of a form.
pub struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Dashboard> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, dashboard: &Dashboard) -> Result<Self, Response> {
        read(&dashboard.forms, request).await.map(Self).map_err(|refused| NoPage::from(refused).into_response())
    }
}

/// Reads a form within a memory budget, accounted to the peer that sends it.
///
/// # Errors
/// 400, 408, 413, 415, 422, and 503 if the budget is used up.
pub async fn read<T: DeserializeOwned>(budget: &Budget, request: Request) -> Result<T, ApiError> {
    let (head, body) = request.into_parts();
    let received = budget.read_from("", Visitor::of(&head).peer, &head.headers, body).await?;
    check_encoded(&received.bytes).map_err(|what| ApiError::BadRequest(format!("the form {what}"), Vec::new()))?;
    let request = Request::from_parts(head, Body::from(received.bytes.clone()));
    match axum::Form::<T>::from_request(request, &()).await {
        Ok(axum::Form(fields)) => Ok(fields),
        Err(rejection) => Err(match rejection.status() {
            http::StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ApiError::UnsupportedMediaType("send the form as application/x-www-form-urlencoded".into())
            }
            _ => ApiError::Unprocessable(rejection.body_text(), Vec::new()),
        }),
    }
}
