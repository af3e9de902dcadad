//! What shows that a run gets on, and does not kill its nodes.

use crate::machine::{Change, Fact, Record};

/// By what it would: the count of nodes that died with it begins again then.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Whatever was recorded: something came to its end, or came from outside.
    Anything,
    /// More than that a call began: the node died in the call before, and may die in it again.
    MoreThanACall,
    /// Nothing: to be taken over is what happens after each death.
    Nothing,
}

impl Progress {
    pub(super) fn by(fact: &Fact) -> Self {
        match fact {
            Fact::TakenOver => Self::Nothing,
            Fact::TimerDue | Fact::Continue => Self::MoreThanACall,
            _ => Self::Anything,
        }
    }

    pub(super) fn is_made(self, records: &[Record]) -> bool {
        let is_a_call = |record: &Record| matches!(record.change, Change::AttemptStarted { .. });
        match self {
            Self::Anything => true,
            Self::MoreThanACall => !records.iter().all(is_a_call),
            Self::Nothing => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Actor, Time};

    fn record(change: Change) -> Record {
        Record { at: Time::UNIX_EPOCH, actor: Actor::engine(), task: None, attempt: None, change, note: None }
    }

    #[test]
    fn a_takeover_is_not_progress_but_an_act_of_a_person_is() {
        let taken_over = [record(Change::RunTakenOver {})];
        assert!(!Progress::by(&Fact::TakenOver).is_made(&taken_over));
        assert!(!Progress::by(&Fact::TimerDue).is_made(&[]));
        assert!(Progress::by(&Fact::TimerDue).is_made(&[record(Change::RunCancelled {})]));
        assert!(Progress::by(&Fact::Poisoned { detail: String::new() }).is_made(&taken_over));
    }
}
