//! What comes in is cleaned of secrets before it is decided on: whatever a caller sends stands in the database for good.
//!
//! Every door ends here: webhooks, events, starts, operators' acts, from the API, the dashboard and the command line. A secret
//! is hidden here if it is long enough not to be there by chance; a source also hides its own short ones
//! ([`crate::hub::Source`]).

use bytes::Bytes;
use serde_json::Value;

use crate::engine::{IncomingEvent, StartRequest};
use crate::machine::Act;
use crate::redact::Redactor;

impl IncomingEvent {
    /// Takes secrets out of all that is kept of the event. Its id stays an id: equal ids stay equal.
    pub fn hide(&mut self, redactor: &Redactor) {
        for text in [&mut self.source, &mut self.event_id, &mut self.r#type] {
            hide_text(text, redactor);
        }
        for (name, value) in self.attributes.iter_mut().chain(&mut self.headers) {
            hide_text(name, redactor);
            hide_text(value, redactor);
        }
        if let Some(counted) = &mut self.counted {
            hide_text(&mut counted.channel, redactor);
        }
        hide_body(&mut self.data, &mut self.body, self.data_is_body, redactor);
    }
}

impl StartRequest {
    /// Takes secrets out of all that is kept of the request.
    pub(in crate::engine) fn hide(&mut self, redactor: &Redactor) {
        redactor.value(&mut self.input);
        if let Some(key) = &mut self.idempotency_key {
            hide_text(key, redactor);
        }
    }
}

/// An act without secrets in what a person gave with it.
#[must_use]
pub fn clean_act(mut act: Act, redactor: &Redactor) -> Act {
    if let Act::Retry { input: Some(value), .. } | Act::Skip { output: value, .. } = &mut act {
        redactor.value(value);
    }
    if let Act::Edit { edit, .. } = &mut act {
        *edit = redactor.text(std::mem::take(edit));
    }
    act
}

/// Takes secrets out of a body and of what was read from it.
pub fn hide_body(data: &mut Value, body: &mut Bytes, data_is_body: bool, redactor: &Redactor) {
    let found = redactor.value_of(data, body.len());
    if data_is_body {
        if found {
            *body = Bytes::from(data.to_string());
        }
    } else if redactor.finds(body) {
        *body = redactor.bytes(body.to_vec()).into();
    }
}

fn hide_text(text: &mut String, redactor: &Redactor) {
    *text = redactor.text(std::mem::take(text));
}
