//! Faults injected by tests and people, and which of them strikes a call.
//!
//! Faults are deterministic: each counts its matching calls in order of arrival and draws its `probability` from its
//! own generator, seeded with `seed`. A call is struck by at most one fault, the oldest that applies; later faults
//! neither count the call nor draw.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, Payload};

const FAULTS_MAX: usize = 1_000;
const DELAY_MILLISECONDS_MAX: u64 = 600_000;

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Answers with `status`, `body` and `headers`. The call is not applied, unless `apply` is set.
    Status,
    /// Waits `delay_ms`, then continues normally.
    Delay,
    /// Never answers, until the caller disconnects or ten minutes have passed. The call is not applied, unless `apply`
    /// is set.
    Hang,
    /// Resets the connection without applying the call.
    ResetBefore,
    /// Applies the call, then resets the connection without an answer.
    ResetAfter,
    /// Applies the call and sends the body byte by byte, with `delay_ms` (default 20) between bytes.
    Drip,
    /// Applies the call and closes the connection after the first half of the body.
    Truncate,
}

/// A fault, as `POST /faults` takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The paths it strikes. With `*` (any characters, including slashes) it is a pattern for the whole path, otherwise
    /// a prefix. Compared with the path as sent and with the decoded path.
    pub path: String,
    /// Strikes only calls with this method; `None`: all methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The effect of the fault.
    pub kind: Kind,
    /// Status of the answer; 503 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Body of the answer: JSON, or a string for any other text. By default the system's usual body for the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// Additional headers of the answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Delay before the fault or between bytes, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Most times it strikes; `None`: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Probability with which it strikes, from 0 to 1; `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Seed of the generator for `probability`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Number of matching calls that pass before it can strike.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// Whether `status` and `hang` apply the call first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apply: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// All faults, including those that are used up.
#[derive(Default)]
pub struct Faults {
    last_id: u64,
    faults: Vec<Armed>,
}

struct Armed {
    id: u64,
    fault: Fault,
    matched: u64,
    struck: u64,
    dice: StdRng,
}

/// A fault that strikes a call.
#[derive(Debug, Clone)]
pub struct Strike {
    /// Id of the fault.
    pub id: u64,
    /// The fault.
    pub fault: Fault,
}

impl Faults {
    /// Adds all faults or none. Returns their ids.
    ///
    /// # Errors
    /// Why the first invalid fault is invalid.
    pub fn add(&mut self, faults: Vec<Fault>) -> Result<Vec<u64>, String> {
        for (index, fault) in faults.iter().enumerate() {
            fault.check().map_err(|reason| format!("fault {index}: {reason}"))?;
        }
        if self.faults.len() + faults.len() > FAULTS_MAX {
            self.faults.retain(|armed| !armed.spent());
        }
        if self.faults.len() + faults.len() > FAULTS_MAX {
            return Err(format!("more than {FAULTS_MAX} faults; DELETE /faults removes those that are there"));
        }
        Ok(faults.into_iter().map(|fault| self.arm(fault)).collect())
    }

    fn arm(&mut self, fault: Fault) -> u64 {
        self.last_id += 1;
        let dice = StdRng::seed_from_u64(fault.seed.unwrap_or(0));
        self.faults.push(Armed { id: self.last_id, fault, matched: 0, struck: 0, dice });
        self.last_id
    }

    /// Removes one fault, or all. Returns how many were removed.
    pub fn remove(&mut self, id: Option<u64>) -> usize {
        let before = self.faults.len();
        self.faults.retain(|armed| id.is_some_and(|id| armed.id != id));
        before - self.faults.len()
    }

    /// Returns all faults with the number of calls that each matched and struck.
    #[must_use]
    pub fn list(&self) -> Value {
        self.faults.iter().map(Armed::view).collect()
    }

    /// Returns the fault that strikes a call, and counts the call for it.
    pub fn strike(&mut self, method: &Method, path: &str) -> Option<Strike> {
        self.faults.iter_mut().find_map(|armed| armed.strikes(method, path))
    }
}

impl Armed {
    fn spent(&self) -> bool {
        self.fault.count.is_some_and(|count| self.struck >= count)
    }

    fn strikes(&mut self, method: &Method, path: &str) -> Option<Strike> {
        if self.spent() || !self.fault.matches(method, path) {
            return None;
        }
        self.matched += 1;
        let due = self.matched > self.fault.after;
        if !due || self.fault.probability.is_some_and(|probability| !self.dice.random_bool(probability)) {
            return None;
        }
        self.struck += 1;
        Some(Strike { id: self.id, fault: self.fault.clone() })
    }

    fn view(&self) -> Value {
        let mut view = json!({"id": self.id});
        if let (Some(view), Ok(Value::Object(fault))) = (view.as_object_mut(), serde_json::to_value(&self.fault)) {
            view.extend(fault);
            view.insert("matched".into(), self.matched.into());
            view.insert("struck".into(), self.struck.into());
            view.insert("spent".into(), self.spent().into());
        }
        view
    }
}

impl Fault {
    fn check(&self) -> Result<(), String> {
        if self.path.is_empty() {
            return Err("path is empty; \"*\" is for every call".into());
        }
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("probability is not between 0 and 1".into());
        }
        if self.delay_ms.is_some_and(|delay| delay > DELAY_MILLISECONDS_MAX) {
            return Err(format!("delay_ms is above {DELAY_MILLISECONDS_MAX}"));
        }
        if self.count == Some(0) {
            return Err("count is 0: such a fault never strikes".into());
        }
        let status = self.status.unwrap_or(503);
        if !(200..=599).contains(&status) {
            return Err(format!("status {status} is not between 200 and 599"));
        }
        if let Some(method) = &self.method
            && Method::from_bytes(method.to_ascii_uppercase().as_bytes()).is_err()
        {
            return Err(format!("method {method:?} is not an HTTP method"));
        }
        match self.headers.iter().find(|(name, value)| header(name, value).is_none()) {
            Some((name, _)) => Err(format!("header {name:?} is not a legal HTTP header")),
            None => Ok(()),
        }
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        let method_fits = self.method.as_deref().is_none_or(|wanted| method.as_str().eq_ignore_ascii_case(wanted));
        method_fits && (self.covers(path) || self.covers(&percent_decode_str(path).decode_utf8_lossy()))
    }

    fn covers(&self, path: &str) -> bool {
        if self.path.contains('*') { matches_pattern(&self.path, path) } else { path.starts_with(&self.path) }
    }

    /// Returns the delay before the fault; zero by default.
    #[must_use]
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(0))
    }

    /// Returns the pause between the bytes of a dripping body; 20 ms by default.
    #[must_use]
    pub fn pause(&self) -> Duration {
        Duration::from_millis(self.delay_ms.unwrap_or(20))
    }

    /// Returns the status of the answer.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        self.status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
    }

    /// Returns the answer of a `status` fault. `usual` is the system's own answer for the status.
    #[must_use]
    pub fn answer(&self, usual: Answer) -> Answer {
        let mut answer = usual;
        match &self.body {
            None => {}
            Some(Value::String(text)) => answer.payload = Payload::Text("text/html;charset=UTF-8".into(), text.clone()),
            Some(body) => answer.payload = Payload::Json("application/json", body.clone()),
        }
        answer.headers.extend(self.headers.iter().filter_map(|(name, value)| header(name, value)));
        answer
    }
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
}

/// Whether `text` matches a pattern in which `*` means any characters, including slashes.
#[must_use]
pub fn matches_pattern(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(value: Value) -> Fault {
        serde_json::from_value(value).expect("a fault")
    }

    fn struck(faults: &mut Faults, calls: usize) -> Vec<bool> {
        (0..calls).map(|_| faults.strike(&Method::PUT, "/erp/x").is_some()).collect()
    }

    #[test]
    fn a_pattern_covers_the_whole_path_and_a_plain_path_is_a_prefix() {
        for (pattern, path, fits) in [
            ("/erp/*/salesOrder/*", "/erp/services/rest/record/v1/salesOrder/eid:006", true),
            ("/erp/*/salesOrder", "/erp/services/rest/record/v1/salesOrder/1", false),
            ("/erp/*/salesOrder*", "/erp/services/rest/record/v1/salesOrder/1", true),
            ("/erp/*/eid:006", "/erp/services/rest/record/v1/salesOrder/eid%3A006", true),
            ("*", "/anything", true),
            ("/a*a", "/a", false),
            ("/erp", "/erp/services", true),
            ("/erp", "/crm/services", false),
        ] {
            let fault = fault(json!({"path": pattern, "kind": "hang"}));
            assert_eq!(fault.matches(&Method::GET, path), fits, "{pattern} {path}");
        }
    }

    #[test]
    fn the_first_calls_pass_then_it_strikes_as_often_as_said() {
        let mut faults = Faults::default();
        faults.add(vec![fault(json!({"path": "/erp", "kind": "status", "after": 2, "count": 2}))]).expect("legal");
        assert_eq!(struck(&mut faults, 6), [false, false, true, true, false, false]);
        assert_eq!(faults.list()[0]["struck"], json!(2));
        assert_eq!(faults.list()[0]["spent"], json!(true));
    }

    #[test]
    fn one_seed_gives_one_sequence_and_another_seed_another() {
        let sequence = |seed: u64| {
            let mut faults = Faults::default();
            let one = fault(json!({"path": "*", "kind": "reset_before", "probability": 0.5, "seed": seed}));
            faults.add(vec![one]).expect("legal");
            struck(&mut faults, 64)
        };
        assert_eq!(sequence(7), sequence(7));
        assert_ne!(sequence(7), sequence(8));
    }

    #[test]
    fn nonsense_is_refused_and_adds_nothing() {
        let mut faults = Faults::default();
        for nonsense in [
            json!({"path": "", "kind": "hang"}),
            json!({"path": "/", "kind": "status", "status": 99}),
            json!({"path": "/", "kind": "delay", "probability": 1.5}),
            json!({"path": "/", "kind": "hang", "count": 0}),
            json!({"path": "/", "kind": "status", "headers": {"a b": "c"}}),
        ] {
            let good = fault(json!({"path": "/", "kind": "hang"}));
            assert!(faults.add(vec![good, fault(nonsense)]).is_err());
        }
        assert_eq!(faults.list(), json!([]));
        assert!(serde_json::from_value::<Fault>(json!({"path": "/", "kind": "hang", "cuont": 1})).is_err());
    }
}
