//! Answers to Salesforce outbound messages. One answer covers the whole message: if any notification is not stored,
//! Salesforce must send all of them again.

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

/// Accepts the notifications one after another, and acknowledges only when all are committed.
pub async fn accept_all(app: &App, events: Vec<IncomingEvent>) -> Response {
    for event in events {
        let id = event.event_id.clone();
        match app.engine.accept(event).await {
            // An event refused by a workflow's schema is stored as rejected; sent again, it would be refused again.
            Ok(_) => {}
            // A repeated notification carries the record's latest values, which may differ from the first time.
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
