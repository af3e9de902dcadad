//! Calls the sandbox without a port and without waiting: for simulations, which have their own clock.
//!
//! Ledger, faults and systems are those of the served sandbox. Instead of affecting a connection or waiting, a fault is
//! described in the [`Reply`].

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::call::{Answer, System};
use super::control::all_records;
use super::exchange::{Entry, call, refusal};
use super::faults::{Fault, Kind, Strike};
use super::ledger::{Filter, Outcome};
use super::{Profile, Sandbox};

/// The system that a path leads to, and its mount point.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    system: System,
    mount: &'static str,
}

impl Door {
    /// Returns the system at a path, as in the served sandbox; `None` if the path leads to neither.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        const DOORS: [(&str, System, &str); 4] = [
            ("/crm/", System::Crm, "/crm"),
            ("/erp/", System::Erp, "/erp"),
            ("/services/rest/", System::Erp, ""),
            ("/services/", System::Crm, ""),
        ];
        let (_, system, mount) = DOORS.into_iter().find(|(prefix, ..)| path.starts_with(prefix))?;
        Some(Self { system, mount })
    }
}

/// What the caller would observe.
#[derive(Debug)]
pub enum Reply {
    /// An answer after this delay.
    Answered(http::Response<Bytes>, Duration),
    /// The connection breaks after this delay, without a complete answer.
    Reset(Duration),
    /// No answer ever comes.
    Silence,
}

impl Sandbox {
    /// Handles one call at time `now`.
    #[must_use]
    pub fn answer(&self, door: Door, request: http::Request<Bytes>, now: DateTime<Utc>) -> Reply {
        let (parts, body) = request.into_parts();
        let call = call(door.system, door.mount, parts, body, now);
        let entry = Entry::open(self, &call);
        let Some(Strike { fault, .. }) = entry.strike(&call) else {
            return answered(&entry.apply_and_answer(&call), Duration::ZERO);
        };
        let delay = if fault.kind == Kind::Drip { Duration::ZERO } else { fault.delay() };
        let applies = match fault.kind {
            Kind::Status | Kind::Hang => fault.apply,
            Kind::ResetBefore => false,
            Kind::Delay | Kind::ResetAfter | Kind::Drip | Kind::Truncate => true,
        };
        let usual = applies.then(|| entry.apply(&call));
        match (fault.kind, usual) {
            (Kind::Delay | Kind::Drip, Some(answer)) => answered(&entry.answered(answer), delay),
            (Kind::Status, _) => {
                answered(&entry.answered(fault.answer(refusal(call.system, fault.status_code()))), delay)
            }
            (Kind::Hang, _) => Reply::Silence,
            (Kind::Truncate, Some(answer)) => {
                entry.end(Outcome::Truncated, Some(answer.status.as_u16()));
                Reply::Reset(delay)
            }
            _ => {
                entry.end(Outcome::Reset, None);
                Reply::Reset(delay)
            }
        }
    }

    /// Adds all faults or none.
    ///
    /// # Errors
    /// Why the first invalid fault is invalid.
    pub fn add_faults(&self, faults: Vec<Fault>) -> Result<(), String> {
        self.world().faults.add(faults).map(drop)
    }

    /// Returns all current records by system and type.
    #[must_use]
    pub fn records(&self) -> Value {
        all_records(&self.world())
    }

    /// Returns the profile of the systems.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.world().profile
    }

    /// Returns the ledger's entries after sequence number `after`.
    #[must_use]
    pub fn ledger(&self, after: u64) -> Value {
        let extract = self.world().ledger.extract(&Filter { after: Some(after), ..Filter::default() });
        serde_json::to_value(extract).unwrap_or_else(|_| json!({}))
    }

    /// Returns the numbers of the last call and of the last effect.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.world().ledger.counts()
    }
}

/// Changes that no call can make, for tests of code that examines an account.
#[cfg(any(test, feature = "testing"))]
impl Sandbox {
    /// Adds a record to the CRM, as if it had always existed.
    pub fn plant_in_crm(&self, object: &str, record: &Value) {
        self.world().crm.plant_record(object, record, &[]);
    }

    /// Removes a record from the ERP, as if it had never existed.
    pub fn forget_in_erp(&self, record_type: &str, id: &str) {
        self.world().erp.forget(record_type, id);
    }
}

fn answered(answer: &Answer, delay: Duration) -> Reply {
    let (content_type, content) = answer.content();
    let mut response = http::Response::new(content);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.extend(answer.headers.iter().cloned());
    if let Some(value) = content_type.and_then(|text| http::HeaderValue::from_str(&text).ok()) {
        headers.entry(http::header::CONTENT_TYPE).or_insert(value);
    }
    Reply::Answered(response, delay)
}
