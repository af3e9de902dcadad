//! The one table of what people can do to a run. Names, words, fields and rules of an act stand here and nowhere else: the API, the
//! command line, the dashboard, bulk acts and proposals take them from it. Whoever adds a row is told by the compiler what is missing.
//!
//! Every act needs the scope `operate`, which the routes ask for, and may be done to many runs at once. Which one needs a reason, or a
//! second person, depends on the run: [`permitted()`] says so.

mod acknowledge;
mod edit;
mod permitted;
mod restart;
#[cfg(test)]
mod tests;
mod words;

use std::str::FromStr;

use serde::Serialize;

pub use acknowledge::judge_acknowledge;
pub use edit::{Edited, preview_edit};
pub use permitted::{Exception, Permitted, permitted};
#[cfg(test)]
use permitted::{Form, forms};
pub use restart::judge_restart;

use super::Act;
use stepwell_language::dsl::ActRule;

/// What a row of the table says.
#[derive(Debug)]
pub struct About {
    /// In paths, journals, commands and definitions.
    pub name: &'static str,
    /// On a button.
    pub title: &'static str,
    /// On a button, before how many runs.
    pub verb: &'static str,
    /// What it does to a run.
    pub help: &'static str,
    /// What it does to many runs.
    pub help_many: &'static str,
    /// What happened, as the beginning of a sentence.
    pub done: &'static str,
    /// What it takes beside a reason.
    pub fields: &'static [Field],
    /// The rule with which a definition reserves it for two people; none where it cannot.
    pub rule: Option<ActRule>,
}

/// What an act takes beside a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Replaces what the step is given.
    Input,
    /// Stands in for the step's output.
    Output,
    /// An expression that makes another input of what the step is given.
    Edit,
    /// The step that is meant.
    Step,
    /// An earlier step from which the run continues.
    From,
    /// Whether a step that a person is to decide may be skipped.
    Confirm,
    /// Whether completed steps are undone first.
    Compensate,
    /// The version to which it moves.
    To,
    /// The version that runs it again.
    Version,
    /// Whether what was done may be done again.
    Again,
}

impl Field {
    /// As bodies and forms have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Edit => "edit",
            Self::Step => "step",
            Self::From => "from",
            Self::Confirm => "confirm",
            Self::Compensate => "compensate",
            Self::To => "to",
            Self::Version => "version",
            Self::Again => "again",
        }
    }

    /// Whether it can be the same for many runs.
    #[must_use]
    pub const fn is_for_many(self) -> bool {
        !matches!(self, Self::Step | Self::From)
    }
}

macro_rules! table {
    ($($(#[$doc:meta])* $kind:ident: $about:expr,)*) => {
        /// A kind of act.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ActKind {
            $($(#[$doc])* $kind,)*
        }

        impl ActKind {
            /// All of them, the likeliest first.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Its row of the table.
            #[must_use]
            pub const fn about(self) -> &'static About {
                match self {
                    $(Self::$kind => &$about,)*
                }
            }
        }
    };
}

table! {
    /// Continue from the failed step.
    Retry: About {
        name: "retry",
        title: "Retry",
        verb: "Retry",
        help: "The run continues from the step where it stopped.",
        help_many: "Each run continues from the step where it stopped.",
        done: "retried",
        fields: &[Field::Input, Field::Edit, Field::Step, Field::From],
        rule: Some(ActRule::Retry),
    },
    /// Pass over the failed step.
    Skip: About {
        name: "skip",
        title: "Skip step",
        verb: "Skip the step of",
        help: "The run continues after the step, with this output.",
        help_many: "Each run continues after the step where it stopped, with null as the step's output.",
        done: "the step is skipped",
        fields: &[Field::Output, Field::Step, Field::Confirm],
        rule: Some(ActRule::Skip),
    },
    /// Begin no new step.
    Suspend: About {
        name: "suspend",
        title: "Suspend",
        verb: "Suspend",
        help: "The run starts no new step until someone resumes it.",
        help_many: "The runs start no new step until someone resumes them.",
        done: "suspended",
        fields: &[],
        rule: Some(ActRule::Suspend),
    },
    /// Go on after `suspend`.
    Resume: About {
        name: "resume",
        title: "Resume",
        verb: "Resume",
        help: "The run continues with its next step.",
        help_many: "Suspended runs continue with their next step.",
        done: "resumed",
        fields: &[],
        rule: Some(ActRule::Resume),
    },
    /// Undo what was done.
    Compensate: About {
        name: "compensate",
        title: "Undo completed steps",
        verb: "Undo completed steps of",
        help: "Every completed step is undone, last one first.",
        help_many: "Every completed step is undone, last one first.",
        done: "completed steps are being undone",
        fields: &[],
        rule: Some(ActRule::Compensate),
    },
    /// End the run once no call is in progress.
    Cancel: About {
        name: "cancel",
        title: "Cancel run",
        verb: "Cancel",
        help: "No further step starts, and the run ends once the outcome of its current call is recorded.",
        help_many: "Each run ends.",
        done: "cancelled",
        fields: &[Field::Compensate],
        rule: Some(ActRule::Cancel),
    },
    /// Attention is no longer needed; a faulted run stays faulted.
    Dismiss: About {
        name: "dismiss",
        title: "Dismiss",
        verb: "Dismiss",
        help: "The run stays faulted and no longer needs attention. This cannot be undone.",
        help_many: "The runs stay faulted and no longer need attention.",
        done: "dismissed",
        fields: &[],
        rule: Some(ActRule::Dismiss),
    },
    /// Go on under another version of the workflow.
    Move: About {
        name: "move",
        title: "Move to another version",
        verb: "Move",
        help: "The run continues under another version of its workflow, with the recorded answers of its calls.",
        help_many: "Each run continues under another version of its workflow if it fits it.",
        done: "moved to the other version",
        fields: &[Field::To],
        rule: Some(ActRule::Move),
    },
    /// Do the work of a run that has ended again, as a new run.
    Restart: About {
        name: "restart",
        title: "Start again",
        verb: "Start again",
        help: "A new run of the same workflow begins with the same input and the same key. The two runs name each other.",
        help_many: "For each run that has ended, a new run of its workflow begins with the same input and the same key.",
        done: "started again as this run",
        fields: &[Field::Version, Field::Again],
        rule: None,
    },
    /// Nothing more is to be done about a run that undid its work after a fault.
    Acknowledge: About {
        name: "acknowledge",
        title: "Acknowledge",
        verb: "Acknowledge",
        help: "The run stays as it ended and leaves the list of runs whose work did not happen.",
        help_many: "The runs stay as they ended and leave the list of runs whose work did not happen.",
        done: "acknowledged",
        fields: &[],
        rule: None,
    },
}

impl ActKind {
    /// In paths, journals, commands and definitions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().name
    }

    /// All names, as messages list them.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
    }

    /// Whether it takes a field.
    #[must_use]
    pub fn takes(self, field: Field) -> bool {
        self.about().fields.contains(&field)
    }
}

impl FromStr for ActKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().copied().find(|kind| kind.name() == text);
        found.ok_or_else(|| format!("unknown act {text:?}; known are {}", Self::names()))
    }
}

impl Act {
    /// Its row of the table.
    #[must_use]
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Retry { .. } | Self::Edit { .. } | Self::Rewind { .. } => ActKind::Retry,
            Self::Skip { .. } => ActKind::Skip,
            Self::Cancel { .. } => ActKind::Cancel,
            Self::Compensate => ActKind::Compensate,
            Self::Suspend => ActKind::Suspend,
            Self::Resume => ActKind::Resume,
            Self::Dismiss => ActKind::Dismiss,
            Self::Move { .. } => ActKind::Move,
            Self::Restart { .. } => ActKind::Restart,
            Self::Acknowledge => ActKind::Acknowledge,
        }
    }

    /// Its name in paths, journals and commands.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }
}
