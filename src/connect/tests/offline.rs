//! Answers judged offline get the same outcome as answers from the network.

use bytes::Bytes;

use super::*;

/// Status, headers and body.
type Kind = (u16, &'static [(&'static str, &'static str)], &'static str);

const KINDS: [Kind; 7] = [
    (200, &[("content-type", "application/json")], r#"{"id": 7}"#),
    (204, &[], ""),
    (200, &[("content-type", "text/plain; charset=iso-8859-1")], "plain"),
    (200, &[("content-type", "application/json")], r#"{"id": "#),
    (429, &[("content-type", "application/json"), ("retry-after", "7")], r#"{"title": "Slow down"}"#),
    (503, &[("content-type", "text/html")], "<b>down</b>"),
    (400, &[("content-type", "application/json")], r#"{"detail": "token canary-7f3a9c is not valid"}"#),
];

fn response(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status.try_into().expect("a status");
    for (name, value) in headers {
        response.headers_mut().append(*name, value.parse().expect("a value"));
    }
    response
}

/// The outcome without its duration.
fn told(outcome: CallOutcome) -> String {
    match outcome {
        CallOutcome::Succeeded { output, response } => {
            format!("{output} {:?}", ResponseSummary { duration_ms: 0, headers: Vec::new(), ..response })
        }
        CallOutcome::Failed(failure) => {
            let body = failure.response.as_ref().map(|response| (response.status, response.body.clone()));
            format!("{:?} {:?} {:?} {:?} {:?}", failure.error, failure.class, failure.effect, failure.retry_after, body)
        }
    }
}

#[tokio::test]
async fn an_answer_means_the_same_with_and_without_the_wire() {
    for (status, headers, body) in KINDS {
        let answer = move || async move { response(status, headers, body).map(axum::body::Body::from) };
        let router = axum::Router::new().fallback(axum::routing::any(answer));
        let connections = Connections::new(settings(serve(router).await)).expect("valid settings");
        let wire = told(connections.call(&post(), None).await);
        let request = post();
        let offline = connections.offline(&request, None).expect("a call that can be made");
        let alone = told(offline.answered(response(status, headers, body), Duration::ZERO));
        assert_eq!(wire, alone, "{status} {body}");
        assert!(!alone.contains(CANARY), "{alone}");
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_the_same_doubt() {
    let wire = failure(call(settings(serve_bytes("").await), &post()).await);
    let connections = Connections::new(settings(([127, 0, 0, 1], 1).into())).expect("valid settings");
    let request = post();
    let offline = connections.offline(&request, None).expect("a call that can be made");
    for lost in [failure(offline.lost()), failure(offline.late())] {
        assert_eq!((verdict(&lost), &lost.error.r#type), (verdict(&wire), &wire.error.r#type));
    }
}

#[tokio::test]
async fn a_call_that_cannot_be_made_says_why_without_being_sent() {
    let connections = Connections::new(ConnectSettings::default()).expect("valid settings");
    let refused = connections.offline(&post(), None).expect_err("there is no such connection");
    assert!(detail(&refused).contains("no connection \"erp\""), "{refused:?}");
}
