//! Answers the calls of a rehearsal: first the scenario's mocks, then the sandbox; in a replay, only the recording.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::step;
use super::trace::Sending;
use crate::connect::{Offline, local_operation, local_response};
use crate::dsl::Definition;
use crate::dsl::mapping::Sides;
use crate::identifiers::Declared;
use crate::machine::{CallOutcome, CallRequest, Time};
use crate::memory::Memory;
use crate::sandbox::{Door, Profile, Reply, Sandbox};
use crate::scenario::file::{CallPattern, MockAnswer, MockReply, Remembered, SandboxRequest, SandboxSetup, Scenario};
use crate::scenario::replay::Answers;
use crate::scenario::{check, outcome};

/// A target's reaction to a call.
#[derive(Debug)]
pub(super) struct Reaction {
    /// The outcome as judged by the connection.
    pub(super) outcome: CallOutcome,
    /// Time until the outcome is known.
    pub(super) after: Duration,
    /// HTTP status, if the target answered.
    pub(super) status: Option<u16>,
    /// Whether the target changed anything.
    pub(super) acted: bool,
}

/// All targets of a rehearsal.
pub(in crate::scenario) struct Targets<'s> {
    calls: &'s [(CallPattern, Vec<MockAnswer>)],
    /// How often each answer of each list has been used.
    given: Vec<Vec<u32>>,
    sandbox: Option<Sandbox>,
    memory: Memory,
    /// Last call to the sandbox before the run began.
    prepared: u64,
    /// Recorded answers, in a replay.
    answers: Option<Answers<'s>>,
}

impl<'s> Targets<'s> {
    /// Prepares the targets for the start of the run.
    pub(super) fn new(
        scenario: &'s Scenario,
        definition: &Definition,
        identifiers: &Arc<Declared>,
        profile: &'static Profile,
    ) -> Result<Self, String> {
        let sandbox = scenario.sandbox.as_ref().map(|setup| prepare(setup, scenario.now, profile)).transpose()?;
        let prepared = sandbox.as_ref().map_or(0, |sandbox| sandbox.counts().0);
        let memory = Memory::of(identifiers, sides(definition));
        let memory = remembered(memory, &scenario.memory, scenario.now)?;
        Ok(Self {
            calls: &scenario.calls,
            given: none_given(&scenario.calls),
            sandbox,
            memory,
            prepared,
            answers: None,
        })
    }

    /// Uses a recording as the only target.
    pub(in crate::scenario) fn recorded(scenario: &'s Scenario, answers: Answers<'s>) -> Self {
        let (calls, memory) = (scenario.calls.as_slice(), Memory::default());
        Self { calls, given: none_given(calls), sandbox: None, memory, prepared: 0, answers: Some(answers) }
    }

    /// Whether this is a replay.
    pub(super) fn is_recorded(&self) -> bool {
        self.answers.is_some()
    }

    pub(in crate::scenario) fn answers(&self) -> Option<&Answers<'s>> {
        self.answers.as_ref()
    }

    pub(in crate::scenario) fn answers_mut(&mut self) -> Option<&mut Answers<'s>> {
        self.answers.as_mut()
    }

    /// Answers a call.
    pub(super) fn react(
        &mut self,
        sending: &Sending,
        request: &CallRequest,
        offline: &Offline<'_>,
        now: Time,
    ) -> Result<Reaction, String> {
        let step = sending.step.as_str();
        let list = self.calls.iter().position(|(pattern, _)| pattern.fits(step, request));
        if let Some(list) = list
            && let Some(at) = self.next(list, sending)?
        {
            self.given[list][at] += 1;
            return Ok(mocked(&self.calls[list].1[at], offline));
        }
        if let Some(path) = local_operation(&request.uri) {
            return Ok(in_hub(&mut self.memory, path, offline, now));
        }
        let door = Door::of(offline.url().path()).filter(|_| is_loopback(offline.url()));
        match (&self.sandbox, door) {
            (Some(sandbox), Some(door)) => Ok(in_sandbox(sandbox, door, offline, now)),
            (Some(_), None) => Err(nobody(step, request, "the sandbox is not at its address")),
            (None, _) => Err(nobody(step, request, "the scenario has no `sandbox`")),
        }
    }

    /// Selects the next answer of a list for this call: the first matching one that is not used up, else the last
    /// matching one.
    fn next(&self, list: usize, sending: &Sending) -> Result<Option<usize>, String> {
        let answers = &self.calls[list].1;
        let call = match answers.iter().any(|answer| answer.when.is_some()) {
            true => outcome::call(sending),
            false => Value::Null,
        };
        let mut last = None;
        for (at, answer) in answers.iter().enumerate() {
            match answer.when.as_ref().map_or(Ok(()), |when| check::holds(when, &call)) {
                Ok(()) if self.given[list][at] < answer.times => return Ok(Some(at)),
                Ok(()) => last = Some(at),
                Err(None) => {}
                Err(Some(why)) => return Err(format!("`when` of answer {} of {}: {why}", at + 1, sending.step)),
            }
        }
        Ok(last)
    }

    /// The hub's memory.
    pub(super) fn memory(&self) -> Value {
        self.memory.to_value()
    }

    /// The sandbox's records with its profile, and its ledger since the run began.
    pub(super) fn sandbox(&self) -> Option<(Value, Value)> {
        self.sandbox.as_ref().map(|sandbox| {
            let mut records = sandbox.records();
            records["profile"] = sandbox.profile().view();
            (records, sandbox.ledger(self.prepared))
        })
    }
}

fn none_given(calls: &[(CallPattern, Vec<MockAnswer>)]) -> Vec<Vec<u32>> {
    calls.iter().map(|(_, answers)| vec![0; answers.len()]).collect()
}

impl CallPattern {
    fn fits(&self, step: &str, request: &CallRequest) -> bool {
        match self {
            Self::Step(written) => step::matches(written, step),
            Self::Request { method, uri } => {
                *method == request.method && crate::sandbox::faults::matches_pattern(uri, &request.uri)
            }
        }
    }
}

fn nobody(step: &str, request: &CallRequest, why: &str) -> String {
    format!(
        "no answer for {step}, which calls {} {}: {why}, and `calls` has no answer for it; add `calls: {{ {step}: [...] }}`",
        request.method, request.uri
    )
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn mocked(answer: &MockAnswer, offline: &Offline<'_>) -> Reaction {
    let changes = !offline.method().is_safe();
    if answer.delay >= offline.timeout() || matches!(answer.reply, MockReply::Timeout) {
        let acted = changes && matches!(&answer.reply, MockReply::Answer { status, .. } if status.is_success());
        return Reaction { outcome: offline.late(), after: offline.timeout(), status: None, acted };
    }
    match &answer.reply {
        MockReply::Answer { status, headers, body } => {
            let outcome = offline.answered(response(*status, headers, body), answer.delay);
            let acted = changes && status.is_success();
            Reaction { outcome, after: answer.delay, status: Some(status.as_u16()), acted }
        }
        MockReply::LostReply => Reaction { outcome: offline.lost(), after: answer.delay, status: None, acted: changes },
        MockReply::Reset | MockReply::Timeout => {
            Reaction { outcome: offline.lost(), after: answer.delay, status: None, acted: false }
        }
    }
}

fn response(status: http::StatusCode, headers: &http::HeaderMap, body: &Value) -> http::Response<Bytes> {
    let is_text = headers.get(CONTENT_TYPE).is_some_and(|value| !value.as_bytes().ends_with(b"json"));
    let bytes = match body {
        Value::Null => Bytes::new(),
        Value::String(text) if is_text => Bytes::copy_from_slice(text.as_bytes()),
        body => body.to_string().into(),
    };
    let mut response = http::Response::new(bytes);
    *response.status_mut() = status;
    *response.headers_mut() = headers.clone();
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().entry(CONTENT_TYPE).or_insert(json);
    response
}

/// Side names of the mappings that a definition uses.
pub(in crate::scenario) fn sides(definition: &Definition) -> BTreeMap<String, Arc<Sides>> {
    definition.mappings.iter().map(|mapping| (mapping.name.clone(), Arc::clone(&mapping.sides))).collect()
}

/// Answers from the hub's own memory, which is not a target.
fn in_hub(memory: &mut Memory, path: &str, offline: &Offline<'_>, now: Time) -> Reaction {
    let answer = memory.parse(path, &offline.body()).and_then(|operation| memory.perform(&operation, now));
    let response = local_response(answer);
    let status = Some(response.status().as_u16());
    Reaction { outcome: offline.answered(response, Duration::ZERO), after: Duration::ZERO, status, acted: false }
}

/// Fills the hub's memory before the run begins.
fn remembered(mut memory: Memory, before: &[Remembered], now: Time) -> Result<Memory, String> {
    for Remembered { path, body, .. } in before {
        let operation = memory.parse(path, body.to_string().as_bytes());
        operation
            .and_then(|operation| memory.perform(&operation, now))
            .map_err(|refusal| format!("preparing the hub's memory failed: {path}: {refusal}"))?;
    }
    Ok(memory)
}

fn in_sandbox(sandbox: &Sandbox, door: Door, offline: &Offline<'_>, now: Time) -> Reaction {
    let mut request = http::Request::new(offline.body());
    *request.method_mut() = offline.method().clone();
    let target = match offline.url().query() {
        Some(query) => format!("{}?{query}", offline.url().path()),
        None => offline.url().path().to_owned(),
    };
    *request.uri_mut() = target.parse().unwrap_or_default();
    *request.headers_mut() = offline.headers().clone();
    let effects = sandbox.counts().1;
    let reply = sandbox.answer(door, request, now);
    let acted = sandbox.counts().1 > effects;
    let late = |after: Duration| after >= offline.timeout();
    match reply {
        Reply::Answered(response, after) if !late(after) => {
            let status = Some(response.status().as_u16());
            Reaction { outcome: offline.answered(response, after), after, status, acted }
        }
        Reply::Reset(after) if !late(after) => Reaction { outcome: offline.lost(), after, status: None, acted },
        _ => Reaction { outcome: offline.late(), after: offline.timeout(), status: None, acted },
    }
}

/// Creates a sandbox in the scenario's initial state.
fn prepare(setup: &SandboxSetup, now: Time, profile: &'static Profile) -> Result<Sandbox, String> {
    let sandbox = Sandbox::of(profile);
    if let Some(settings) = &setup.settings {
        sandbox.change_settings(settings.clone())?;
    }
    for request in &setup.before {
        put(&sandbox, request, now)?;
    }
    sandbox.add_faults(setup.faults.clone())?;
    Ok(sandbox)
}

fn put(sandbox: &Sandbox, wanted: &SandboxRequest, now: Time) -> Result<(), String> {
    let SandboxRequest { method, path, body } = wanted;
    let refuse = |why: String| format!("preparing the sandbox failed: {method} {path} {why}");
    let door = Door::of(path).ok_or_else(|| refuse("belongs to no system".to_owned()))?;
    let token = if path.starts_with("/erp/") || path.starts_with("/services/rest/") { "erp" } else { "crm" };
    let body = body.as_ref().map(Value::to_string).unwrap_or_default();
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer sandbox-{token}-token"))
        .header("content-type", "application/json")
        .body(Bytes::from(body))
        .map_err(|why| refuse(format!("is not a request: {why}")))?;
    match sandbox.answer(door, request, now) {
        Reply::Answered(response, _) if response.status().is_success() => Ok(()),
        Reply::Answered(response, _) => {
            let said = String::from_utf8_lossy(response.body()).chars().take(300).collect::<String>();
            Err(refuse(format!("was answered with {}: {said}", response.status())))
        }
        Reply::Reset(_) | Reply::Silence => Err(refuse("was not answered".to_owned())),
    }
}
