//! What goes wrong, and when: a schedule is the whole difference between two rehearsals of one scenario.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// What can go wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The node dies with the intent recorded and nothing sent; another takes over.
    CrashBefore,
    /// The target acted, and the node dies before the outcome is recorded; another takes over.
    CrashAfter,
    /// 503; the target does nothing.
    Transient,
    /// 400; the target does nothing.
    Permanent,
    /// The target acts, and the connection is reset before its answer comes.
    LostReply,
    /// No answer comes, and the target acts just before the connection's settle time is over.
    Late,
    /// 503 from this attempt on, until nobody tries any more.
    Outage,
}

impl Fault {
    /// All of them, the mildest first.
    pub const ALL: [Self; 7] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Transient,
        Self::LostReply,
        Self::Late,
        Self::Permanent,
        Self::Outage,
    ];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CrashBefore => "crash-before",
            Self::CrashAfter => "crash-after",
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::LostReply => "lost-reply",
            Self::Late => "late",
            Self::Outage => "outage",
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strike {
    /// At one sending of one step.
    Call {
        /// The step's name (see `step::name`).
        step: String,
        /// Which of its sendings, from 1: attempts, rounds and visits counted together.
        sending: u32,
        /// What.
        fault: Fault,
    },
    /// The node dies after this commit of the run, from 1, which sent nothing.
    Crash {
        /// Which commit.
        commit: usize,
    },
}

/// Everything that goes wrong in one rehearsal, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Schedule(pub Vec<Strike>);

impl Schedule {
    /// The same and one more.
    #[must_use]
    pub fn and(&self, strike: Strike) -> Self {
        let mut strikes = self.0.clone();
        strikes.push(strike);
        Self(strikes)
    }

    /// What happens to a sending.
    #[must_use]
    pub fn at(&self, step: &str, sending: u32) -> Option<Fault> {
        self.0.iter().find_map(|strike| match strike {
            Strike::Call { step: of, sending: first, fault } if of == step => {
                let strikes = *first == sending || (*fault == Fault::Outage && *first < sending);
                strikes.then_some(*fault)
            }
            _ => None,
        })
    }

    /// Whether the node dies after this commit.
    #[must_use]
    pub fn crashes_after(&self, commit: usize) -> bool {
        self.0.iter().any(|strike| matches!(strike, Strike::Crash { commit: at } if *at == commit))
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { step, sending, fault } => write!(f, "{step}#{sending}:{}", fault.name()),
            Self::Crash { commit } => write!(f, "@{commit}:crash"),
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strikes: Vec<String> = self.0.iter().map(Strike::to_string).collect();
        f.write_str(&strikes.join(","))
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a fault of a schedule: {why}; write STEP#N:FAULT or @N:crash, several joined by commas")]
pub struct BadSchedule {
    text: String,
    why: String,
}

impl FromStr for Strike {
    type Err = BadSchedule;

    fn from_str(text: &str) -> Result<Self, BadSchedule> {
        let bad = |why: String| BadSchedule { text: text.to_owned(), why };
        let (place, fault) =
            text.rsplit_once(':').ok_or_else(|| bad("the colon before the fault is missing".into()))?;
        if let Some(commit) = place.strip_prefix('@') {
            let commit = commit.parse().map_err(|_| bad(format!("{commit:?} is not the number of a commit")))?;
            return if fault == "crash" {
                Ok(Self::Crash { commit })
            } else {
                Err(bad("a commit can only crash".into()))
            };
        }
        let (step, sending) = place.rsplit_once('#').unwrap_or((place, "1"));
        let sending = sending.parse().map_err(|_| bad(format!("{sending:?} is not the number of an attempt")))?;
        let known = Fault::ALL.into_iter().find(|known| known.name() == fault);
        let names = Fault::ALL.map(Fault::name).join(", ");
        let fault = known.ok_or_else(|| bad(format!("there is no fault {fault:?}, only {names}")))?;
        Ok(Self::Call { step: step.to_owned(), sending, fault })
    }
}

impl FromStr for Schedule {
    type Err = BadSchedule;

    fn from_str(text: &str) -> Result<Self, BadSchedule> {
        text.split(',').map(|part| part.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_reads_back_as_it_is_written() {
        for text in ["createOrder#1:lost-reply", "undo:createCustomer/inactivate#2:outage,@7:crash"] {
            let schedule: Schedule = text.parse().expect("a schedule");
            assert_eq!(schedule.to_string(), text);
        }
    }

    #[test]
    fn an_invalid_schedule_is_refused_with_the_valid_form() {
        for (text, why) in [
            ("createOrder", "the colon before"),
            ("createOrder#x:transient", "\"x\" is not the number"),
            ("createOrder#1:explodes", "only crash-before, crash-after"),
            ("@1:transient", "a commit can only crash"),
            ("@x:crash", "not the number"),
        ] {
            let error = text.parse::<Schedule>().expect_err(text).to_string();
            assert!(error.contains(why) && error.contains("STEP#N:FAULT"), "{error}");
        }
    }

    #[test]
    fn an_outage_lasts() {
        let schedule: Schedule = "a#2:outage".parse().expect("a schedule");
        assert_eq!([1, 2, 3].map(|n| schedule.at("a", n)), [None, Some(Fault::Outage), Some(Fault::Outage)]);
    }
}
