//! The one table of what people can do to a run. Names, texts, fields and rules of an act are defined only here: the
//! API, the command line, the dashboard, bulk acts and proposals read this table. The compiler reports what a new row
//! lacks.
//!
//! Every act needs the scope `operate`, which the routes check, and can be done to many runs at once. Whether it needs
//! a reason or a second person depends on the run: see [`permitted()`].

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
pub(crate) use edit::edited;
pub use edit::{Edited, preview_edit};
pub use permitted::{Exception, Permitted, permitted};
#[cfg(test)]
use permitted::{Form, forms};
pub use restart::judge_restart;

use super::Act;
use stepwell_language::dsl::ActRule;

/// A row of the table.
#[derive(Debug)]
pub struct About {
    /// Name in paths, journals, commands and definitions.
    pub name: &'static str,
    /// Label of a button.
    pub title: &'static str,
    /// Label of a button, before the number of runs.
    pub verb: &'static str,
    /// What it does to a run.
    pub help: &'static str,
    /// What it does to many runs.
    pub help_many: &'static str,
    /// What happened, as the beginning of a sentence.
    pub done: &'static str,
    /// Fields it takes besides a reason.
    pub fields: &'static [Field],
    /// The rule with which a definition reserves it for two people; `None` if it cannot be reserved.
    pub rule: Option<ActRule>,
}

/// A field that an act takes besides a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Replaces the input of the step.
    Input,
    /// Replaces the output of the step.
    Output,
    /// An expression that computes a new input from the input of the step.
    Edit,
    /// The step that the act is meant for.
    Step,
    /// An earlier step from which the run continues.
    From,
    /// Confirms skipping a step that waits for a person's decision.
    Confirm,
    /// Whether to undo completed steps first.
    Compensate,
    /// The version to which the run moves.
    To,
    /// The version for the new run.
    Version,
    /// Confirms that work may be done a second time.
    Again,
}

impl Field {
    /// Name in request bodies and forms.
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

    /// Whether one value can apply to many runs.
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
            /// All kinds, most used first.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Returns the row of the table.
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
    /// Continue after the failed step.
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
    /// Start no new step.
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
    /// Continue after `suspend`.
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
    /// Undo completed steps.
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
    /// Clear attention; a faulted run stays faulted.
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
    /// Continue under another version of the workflow.
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
    /// Do the work of a closed run again, as a new run.
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
    /// Acknowledges a run that undid its work after a fault and needs nothing more.
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
    /// Returns the name in paths, journals, commands and definitions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().name
    }

    /// Returns all names, as messages list them.
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
    /// Returns the kind of the act.
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

    /// Returns the name in paths, journals and commands.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }
}
