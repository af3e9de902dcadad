//! `GET /api/v1/stream`: changes of runs as they happen, as server-sent events.
//!
//! A stream reports changes, not the state: a client that connects, or receives `lagged`, must load the list first.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use crate::engine::RunChange;
use crate::http::App;
use crate::http::access::session::Reader;
use crate::http::problem::ApiError;
use crate::store::access::Scope;

/// Short enough for the idle timeouts of proxies.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// When a stream ends, after which the browser reconnects. A stream whose caller loses access ends sooner.
const LIFETIME: Duration = Duration::from_mins(15);

/// `GET /api/v1/stream`
pub async fn stream(State(app): State<App>, Reader(caller): Reader) -> Result<impl IntoResponse, ApiError> {
    let place = Arc::clone(&app.streams)
        .try_acquire_owned()
        .map_err(|_| ApiError::unavailable("too many live streams are open"))?;
    let (going_down, access) = (app.shutdown.clone(), app.access.clone());
    let end = async move {
        tokio::select! {
            () = going_down.cancelled() => {}
            () = access.lost(&caller, Scope::Read) => {}
            () = tokio::time::sleep(LIFETIME) => {}
        }
        drop(place);
    };
    let hello = futures::stream::once(async { Ok(Event::default().comment("connected")) });
    let events = hello.chain(events(app.engine.changes())).take_until(end);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn events(changes: broadcast::Receiver<RunChange>) -> impl Stream<Item = Result<Event, Infallible>> {
    BroadcastStream::new(changes).map(|change| {
        Ok(match change {
            Ok(change) => Event::default()
                .event("run")
                .json_data(&change)
                .unwrap_or_else(|_| Event::default().event("lagged").data("1")),
            Err(BroadcastStreamRecvError::Lagged(missed)) => Event::default().event("lagged").data(missed.to_string()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsl::WorkflowRef;
    use crate::machine::{Status, Time};

    fn change(status: Status) -> RunChange {
        RunChange {
            id: uuid::Uuid::nil(),
            workflow: WorkflowRef { namespace: "crm-erp".into(), name: "closed-won".into(), version: "1.0.0".into() },
            key: None,
            status,
            attention: None,
            at: Time::UNIX_EPOCH,
        }
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_that_it_missed_something() {
        let (sender, receiver) = broadcast::channel(1);
        for status in [Status::Running, Status::Waiting, Status::Completed] {
            sender.send(change(status)).unwrap();
        }
        drop(sender);
        let body = Sse::new(events(receiver)).into_response().into_body();
        let text = axum::body::to_bytes(body, 10_000).await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert!(text.starts_with("event: lagged\ndata: 2\n\nevent: run\ndata: {"), "{text}");
        assert!(text.contains(r#""status":"completed""#), "{text}");
    }
}
