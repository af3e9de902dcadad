//! The faults of a rehearsal and their times. Two rehearsals of a scenario differ only by their schedules.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A fault of a single call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The node dies after recording the intent and before sending; another takes over.
    CrashBefore,
    /// The target acts, and the node dies before recording the outcome; another takes over.
    CrashAfter,
    /// 503; the target does nothing.
    Transient,
    /// 400; the target does nothing.
    Permanent,
    /// The target acts, then the connection is reset before its answer arrives.
    LostReply,
    /// No answer arrives, and the target acts just before the connection's settle time is over.
    Late,
    /// 503 for this attempt and all later ones.
    Outage,
}

impl Fault {
    /// All faults, mildest first.
    pub const ALL: [Self; 7] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Transient,
        Self::LostReply,
        Self::Late,
        Self::Permanent,
        Self::Outage,
    ];

    /// Name of the fault in schedules.
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

/// A fault at a particular moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strike {
    /// A fault of one sending of a step.
    Call {
        /// Name of the step (see `step::name`).
        step: String,
        /// Number of the sending, from 1, across attempts, rounds and visits.
        sending: u32,
        /// The fault.
        fault: Fault,
    },
    /// The node dies after a commit that sent nothing.
    Crash {
        /// Number of the run's commit, from 1.
        commit: usize,
    },
}

/// All faults of a rehearsal, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Schedule(pub Vec<Strike>);

impl Schedule {
    /// Returns the schedule with a further fault.
    #[must_use]
    pub fn and(&self, strike: Strike) -> Self {
        let mut strikes = self.0.clone();
        strikes.push(strike);
        Self(strikes)
    }

    /// Returns the fault of a sending, if any.
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

/// The text is not a valid schedule.
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
