//! One run, played over many rounds: without the checks of [`super::world`], which look at the whole journal after each decision.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::generated::read_back;
use crate::tests::world::{NOON, response};
use crate::*;
use stepwell_language::dsl::{self, Definition, Functions};

/// A definition of these tasks, with this metadata of the document.
pub(in crate::tests) fn definition(metadata: &str, body: &str) -> Definition {
    let text =
        format!("document: {{ dsl: '1.0.3', namespace: t, name: n, version: '1.0.0', metadata: {metadata} }}\n{body}");
    let built = dsl::build("test.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}"));
    Arc::into_inner(built.definition).expect("nobody else has it")
}

/// A run, and what it waits for.
pub(in crate::tests) struct Play<'d> {
    pub(in crate::tests) definition: &'d Definition,
    pub(in crate::tests) run: Run,
    /// Its journal, from the record with which it last continued as new, or moved.
    pub(in crate::tests) journal: Vec<Record>,
    /// The records before.
    pub(in crate::tests) past: Vec<Record>,
    /// Whether they are kept.
    pub(in crate::tests) remembers: bool,
    pub(in crate::tests) now: Time,
    /// Calls on their way.
    pub(in crate::tests) calls: Vec<(ExecutionId, u32, Arc<CallRequest>)>,
    goes_on: bool,
}

/// A run begins, at once.
pub(in crate::tests) fn started(input: Value) -> Fact {
    Fact::Started(Box::new(Started {
        input: Arc::new(input),
        event: None,
        parent: None,
        actor: Actor("test".into()),
        environment: None,
        begin: Begin::Now,
        hold: None,
        restarts: None,
    }))
}

impl<'d> Play<'d> {
    pub(in crate::tests) fn begin(definition: &'d Definition, input: Value) -> Self {
        let run = Run::new(RunId::from_u128(7));
        let mut play = Self {
            definition,
            run,
            journal: Vec::new(),
            past: Vec::new(),
            remembers: false,
            now: NOON,
            calls: Vec::new(),
            goes_on: false,
        };
        play.feed(started(input));
        play
    }

    pub(in crate::tests) fn decide(&self, fact: Fact) -> Decision {
        let around = Around { now: self.now, answers: &[], settles_after: &|_| Duration::ZERO, continues: true };
        decide(self.definition, &self.run, fact, around).unwrap_or_else(|why| panic!("{why:?}"))
    }

    pub(in crate::tests) fn feed(&mut self, fact: Fact) {
        let decision = self.decide(fact);
        self.take(decision);
    }

    pub(in crate::tests) fn take(&mut self, decision: Decision) {
        let Decision { run, records, effects } = decision;
        self.run = run;
        for record in &records {
            if matches!(record.change, Change::RunContinued(_) | Change::RunMoved(_)) {
                let past = std::mem::take(&mut self.journal);
                self.past.extend(past.into_iter().filter(|_| self.remembers));
            }
            self.journal.push(read_back(record));
        }
        for effect in effects {
            match effect {
                Effect::Call { execution, attempt, request, .. } => self.calls.push((execution, attempt, request)),
                Effect::Abort { execution, .. } => self.calls.retain(|(call, ..)| *call != execution),
                Effect::Continue => self.goes_on = true,
                _ => {}
            }
        }
    }

    /// What the target says to the oldest call.
    pub(in crate::tests) fn outcome(&self, output: Value) -> Fact {
        let (execution, attempt, _) = self.calls.first().expect("a call is on its way");
        let outcome = CallOutcome::Succeeded { output: Arc::new(output), response: response(200) };
        Fact::CallEnded { execution: *execution, attempt: *attempt, outcome: Box::new(outcome) }
    }

    pub(in crate::tests) fn answer(&mut self, output: Value) {
        let fact = self.outcome(output);
        self.calls.remove(0);
        self.feed(fact);
    }

    /// Pure work, or the next timer; false if it waits for something else.
    pub(in crate::tests) fn pass_time(&mut self) -> bool {
        if std::mem::take(&mut self.goes_on) {
            self.feed(Fact::Continue);
            return true;
        }
        let Some(at) = self.run.wake_at().filter(|_| self.calls.is_empty()) else { return false };
        self.now = self.now.max(at);
        self.feed(Fact::TimerDue);
        true
    }

    /// The node dies, and another one reads the journal, from where the run last continued as new.
    pub(in crate::tests) fn crash(&mut self) {
        (self.calls, self.goes_on) = (Vec::new(), false);
        let run = fold(self.definition, Run::before(self.run.id, self.run.base), &self.journal).unwrap();
        assert_eq!(run, self.run, "the journal gives another run");
        self.run = run;
        if !self.run.is_closed() {
            self.feed(Fact::TakenOver);
        }
    }
}
