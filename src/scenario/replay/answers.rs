//! Answers the calls of a replay from the recording.
//!
//! A call is matched first by step and address, then by address alone. A recorded answer is used once, so the second
//! call of a loop gets the second answer. A read is answered only by the answer to the same question. A write with a
//! different body gets the answer that its step recorded.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use super::recording::{RecordedCall, Recording};
use crate::dsl::HttpOutput;
use crate::machine::compare::{is_read, same_place, same_question, shown};
use crate::machine::{CallOutcome, CallRequest, ExecutionId, Time};

/// What answers a read that was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Assume {
    /// Nothing: the replay ends there.
    #[default]
    Nothing,
    /// 404 without a body.
    #[value(name = "404")]
    Missing,
    /// 200 without a body.
    Empty,
}

/// The result of a call.
#[derive(Debug)]
pub(in crate::scenario) enum Answer {
    /// The recorded outcome, and when it was known.
    Recorded(Box<CallOutcome>, Time),
    /// The recording has no outcome of it.
    Never,
    /// Nothing was recorded; answer with this status.
    Assumed(StatusCode),
    /// Nothing was recorded, and a guess would be misleading. The text says why.
    Unknown(String),
}

/// A call that the new definition made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) step: String,
    pub(super) execution: ExecutionId,
    pub(super) request: Arc<CallRequest>,
    /// Index of the matching recorded call.
    pub(super) like: Option<usize>,
    /// Note about its answer.
    pub(super) note: Option<String>,
}

/// A recording as a target.
#[derive(Debug)]
pub(in crate::scenario) struct Answers<'r> {
    pub(super) recording: Option<&'r Recording>,
    assume: Assume,
    /// Which recorded calls were made again.
    pub(super) taken: Vec<bool>,
    pub(super) made: Vec<Made>,
    /// A call whose outcome the recording does not have.
    pub(super) unanswered: Option<String>,
}

impl<'r> Answers<'r> {
    pub(super) fn new(recording: Option<&'r Recording>, assume: Assume) -> Self {
        let calls = recording.map_or(0, |recording| recording.calls.len());
        Self { recording, assume, taken: vec![false; calls], made: Vec::new(), unanswered: None }
    }

    /// Returns when a timer that is due at `wake` fires.
    pub(in crate::scenario) fn timer(&self, wake: Time) -> Time {
        self.recording.and_then(|recording| recording.seen_to(wake)).unwrap_or(wake)
    }

    /// Returns when the run was admitted from the queue.
    pub(in crate::scenario) fn admitted(&self) -> Option<Time> {
        self.recording.and_then(|recording| recording.admitted)
    }

    /// Answers a call.
    pub(in crate::scenario) fn answer(
        &mut self,
        step: &str,
        execution: ExecutionId,
        request: &Arc<CallRequest>,
    ) -> Answer {
        let like = self.like(step, execution, request);
        let (answer, note) = match like {
            Some(place) => self.recorded(place, request),
            None => self.unrecorded(request),
        };
        // A read with a different question still corresponds to the recorded read, although its answer is unknown.
        let like = like.or_else(|| self.read_before(step, request));
        if let Some(place) = like {
            self.taken[place] = true;
        }
        // The reason for an unknown answer is reported once, for the whole run.
        self.made.push(Made { step: step.to_owned(), execution, request: Arc::clone(request), like, note });
        answer
    }

    fn calls(&self) -> &'r [RecordedCall] {
        self.recording.map_or(&[], |recording| &recording.calls)
    }

    /// Finds the recorded call that this one corresponds to, among those not matched yet.
    fn like(&self, step: &str, execution: ExecutionId, request: &CallRequest) -> Option<usize> {
        let calls = self.calls();
        let find = |fits: &dyn Fn(&RecordedCall) -> bool| {
            (0..calls.len()).find(|place| !self.taken[*place] && fits(&calls[*place]))
        };
        let here = |call: &RecordedCall| call.step == step;
        // A further attempt corresponds to a further attempt of the same call.
        let before = self.made.iter().rev().find(|made| made.execution == execution).and_then(|made| made.like);
        let again = |call: &RecordedCall| {
            before.is_some_and(|before| calls[before].execution == call.execution) && same_place(&call.request, request)
        };
        let same = |call: &RecordedCall| same_question(&call.request, request);
        let place = |call: &RecordedCall| same_place(&call.request, request) && !is_read(request);
        let method = |call: &RecordedCall| call.request.method == request.method && !is_read(request);
        find(&again)
            .or_else(|| find(&|call| here(call) && same(call)))
            .or_else(|| find(&|call| here(call) && place(call)))
            .or_else(|| find(&same))
            .or_else(|| find(&place))
            .or_else(|| find(&|call| here(call) && method(call)))
    }

    fn read_before(&self, step: &str, request: &CallRequest) -> Option<usize> {
        let calls = self.calls();
        let fits = |call: &RecordedCall| call.step == step && call.request.method == request.method;
        (0..calls.len()).find(|place| is_read(request) && !self.taken[*place] && fits(&calls[*place]))
    }

    fn recorded(&mut self, place: usize, request: &CallRequest) -> (Answer, Option<String>) {
        let call = &self.calls()[place];
        let Some((at, outcome)) = &call.end else {
            self.unanswered = Some(call.step.clone());
            return (Answer::Never, Some("the record has no answer to it".to_owned()));
        };
        let note = (!same_question(&call.request, request)).then(|| "answered like the recorded call".to_owned());
        match reshaped(outcome, call.request.output, request.output) {
            Some(outcome) => (Answer::Recorded(Box::new(outcome), *at), note),
            None => {
                let why = "the call asks for a different form of its answer (`output`) from the recorded one";
                (Answer::Unknown(why.to_owned()), None)
            }
        }
    }

    /// Answers an additional call with the recorded answer to the same question, if any.
    fn unrecorded(&self, request: &CallRequest) -> (Answer, Option<String>) {
        let known = self.calls().iter().rev().find(|call| same_question(&call.request, request));
        let known = known.and_then(|call| Some((call, call.end.as_ref()?)));
        if let Some((call, (at, outcome))) = known
            && let Some(outcome) = reshaped(outcome, call.request.output, request.output)
        {
            return (Answer::Recorded(Box::new(outcome), *at), Some(format!("answered like {}", call.step)));
        }
        let (status, what) = match (is_read(request), self.assume) {
            (false, _) => (StatusCode::NO_CONTENT, "nothing was recorded: answered with 204 and no body"),
            (true, Assume::Missing) => (StatusCode::NOT_FOUND, "nothing was recorded: answered with 404 (--assume)"),
            (true, Assume::Empty) => (StatusCode::OK, "nothing was recorded: answered with an empty body (--assume)"),
            (true, Assume::Nothing) => {
                let (method, address) = shown(request);
                let why = format!("nothing was recorded that answers {method} {address}; see --assume");
                return (Answer::Unknown(why), None);
            }
        };
        (Answer::Assumed(status), Some(what.to_owned()))
    }
}

/// Converts a recorded outcome to the output that the new call requests; `None` if the recording lacks the data.
fn reshaped(outcome: &CallOutcome, recorded: HttpOutput, wanted: HttpOutput) -> Option<CallOutcome> {
    match outcome {
        CallOutcome::Succeeded { output, response } if recorded != wanted => match (recorded, wanted) {
            (HttpOutput::Response, HttpOutput::Content) => {
                let output: Value = output.get("content").cloned().unwrap_or_default();
                Some(CallOutcome::Succeeded { output: Arc::new(output), response: response.clone() })
            }
            _ => None,
        },
        outcome => Some(outcome.clone()),
    }
}
