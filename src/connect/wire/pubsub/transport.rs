//! Adapts the HTTP client as a transport for gRPC.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::BodyExt as _;
use tower::Service;

/// An HTTP client that tonic can use as its transport.
#[derive(Debug, Clone)]
pub(super) struct Transport(pub(super) reqwest::Client);

impl Service<http::Request<tonic::body::Body>> for Transport {
    type Response = http::Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            // Requests consist of data frames only; clients send no trailers.
            let request = request.map(|body| reqwest::Body::wrap_stream(body.into_data_stream()));
            let answer = client.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
            Ok(answer.into())
        })
    }
}
