//! Decisions in a rehearsal: made as by a node, with expressions evaluated in between.

use super::{Halt, Rehearsal};
use crate::machine::{
    Around, CallRequest, Decision, Fact, NoDecision, Rejected, Rewind, RewoundBy, decide, decide_rewind,
};

impl Rehearsal<'_> {
    pub(super) fn decide(&self, fact: &Fact) -> Result<Decision, Halt> {
        let mut answers = Vec::new();
        loop {
            let settles_after = |request: &CallRequest| self.stage.connections.settles_after(request);
            let around = Around { now: self.now, answers: &answers, settles_after: &settles_after, continues: true };
            match decide(self.stage.definition, &self.run, fact.clone(), around) {
                Ok(decision) => return Ok(decision),
                Err(NoDecision::Evaluate(asked)) => answers.push((self.stage.evaluate)(&asked)),
                Err(NoDecision::Rejected(Rejected::InputRefused(violations))) => return Err(Halt::Refused(violations)),
                Err(NoDecision::Rejected(rejected)) => return Err(Halt::Rejected(rejected)),
            }
        }
    }

    /// Decides a person's rewind to an earlier step.
    pub(super) fn decide_rewind(&self, from: &str, by: &RewoundBy) -> Result<Decision, Halt> {
        let mut answers = Vec::new();
        let of = Rewind { definition: self.stage.definition, run: &self.run, records: &self.journal, base: 0 };
        loop {
            let settles_after = |request: &CallRequest| self.stage.connections.settles_after(request);
            let around = Around { now: self.now, answers: &answers, settles_after: &settles_after, continues: false };
            match decide_rewind(of, from, by.clone(), around) {
                Ok(decision) => return Ok(decision),
                Err(NoDecision::Evaluate(asked)) => answers.push((self.stage.evaluate)(&asked)),
                Err(NoDecision::Rejected(rejected)) => return Err(Halt::Rejected(rejected)),
            }
        }
    }
}
