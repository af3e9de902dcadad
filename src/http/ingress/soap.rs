//! What Salesforce is told about an outbound message. One answer stands for the whole message: either all of its
//! notifications are safe, or it is sent again.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use crate::engine::{AcceptError, IncomingEvent};
use crate::http::App;

const XML: &str = "text/xml; charset=utf-8";

const ACKNOWLEDGEMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>
"#;

const FAULT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>not all notifications could be stored; send the message again</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>
"#;

/// Accepts every notification, one after the other, and acknowledges only when all are committed.
pub async fn accept_all(app: &App, events: Vec<IncomingEvent>) -> Response {
    for event in events {
        let id = event.event_id.clone();
        match app.engine.accept(event).await {
            // What a workflow's schema refuses is stored as rejected: sent again it would be refused again.
            Ok(_) => {}
            // A repeat carries the record's latest values, so its contents may differ from the first time.
            Err(AcceptError::Conflict { .. }) => {
                tracing::debug!(
                    event.id = id,
                    "a notification arrived again with different values; the first ones count"
                );
            }
            Err(AcceptError::Unavailable(why) | AcceptError::Refused(why)) => {
                tracing::warn!(event.id = id, why, "an outbound message is not acknowledged");
                return fault();
            }
        }
    }
    (StatusCode::OK, [(CONTENT_TYPE, XML)], ACKNOWLEDGEMENT).into_response()
}

fn fault() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(CONTENT_TYPE, XML), (RETRY_AFTER, "5")], FAULT).into_response()
}
