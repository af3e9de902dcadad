//! The acts that a person can do to a run now, as forms and hints on its page.

use serde_json::Value;

use crate::machine::acts::Field;
use crate::machine::history::{History, State as StepState, Step};
use crate::machine::masks::Masks;
use crate::machine::rewind::{Choice, Does};
use crate::machine::view::step_name;
use crate::machine::{ActKind, Permitted};
use crate::words::{capitalized, task_name};

/// What the page says about acts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Acts {
    /// Acts that are permitted, most used first.
    pub offers: Vec<Offer>,
    /// Acts that are not permitted now; empty for a closed run.
    pub refused: Vec<Refused>,
    /// Whether it may move to another version.
    pub may_move: bool,
}

/// The form of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Name of the act in the URL.
    pub act: &'static str,
    /// Text of the button.
    pub label: &'static str,
    /// What the act does.
    pub help: &'static str,
    /// CSS class of the button.
    pub class: &'static str,
    /// A value that can be edited, if the act takes one.
    pub value: Option<Editable>,
    /// Set if the act asks what happens to completed steps.
    pub undo: Option<Undo>,
    /// Name and text of a confirmation checkbox, if the act needs one.
    pub confirm: Option<(&'static str, String)>,
    /// Earlier steps from which the run may continue.
    pub earlier: Vec<Earlier>,
    /// Reference of the step that the form is meant for.
    pub step: Option<String>,
    /// Hints for the person who does it.
    pub hints: Vec<String>,
}

/// An act that is not permitted now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Same as on its button.
    pub label: &'static str,
    pub why: String,
}

/// What may happen to completed steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undo {
    /// Why they cannot be undone.
    pub not_undone: Option<String>,
    /// Why they cannot be left as they are.
    pub not_left: Option<String>,
}

/// An earlier step from which a run may continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Reference of the step.
    pub from: String,
    /// Name of the step, and which steps since then would be undone or repeated.
    pub label: String,
    /// Whether the run can continue from it.
    pub possible: bool,
}

/// JSON that a person can edit for an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editable {
    pub field: &'static str,
    /// Label of the field.
    pub label: &'static str,
    /// Initial text.
    pub text: String,
    /// Whether it only counts if a checkbox is ticked.
    pub optional: bool,
}

impl Acts {
    /// Combines what the machine permits with what the page knows about the current step. The engine checks again when
    /// the act arrives.
    #[must_use]
    pub fn of(permitted: &[Permitted], (status, attention): (&str, Option<&str>), view: &View<'_>) -> Self {
        let has_ended = view.history.ended_at.is_some();
        let (can, cannot): (Vec<&Permitted>, Vec<&Permitted>) = permitted.iter().partition(|act| act.permitted);
        let may_move = can.iter().any(|act| act.act == ActKind::Move);
        let stands = Stands { parked: attention.is_some(), undoing: status == "compensating" };
        let offers = can.into_iter().filter(|act| act.act != ActKind::Move).map(|act| view.offer(act, stands));
        let offers: Vec<Offer> = offers.collect();
        let refused = cannot
            .into_iter()
            .filter(|_| !has_ended)
            .map(|act| Refused { label: act.act.about().title, why: act.why_not.clone().unwrap_or_default() });
        Self { refused: refused.collect(), offers, may_move }
    }
}

/// State of a run, as far as forms depend on it.
#[derive(Clone, Copy)]
struct Stands {
    parked: bool,
    undoing: bool,
}

/// What the page knows about a run.
pub struct View<'a> {
    /// Its journal.
    pub history: &'a History,
    /// Masks for sensitive values.
    pub masks: &'a Masks,
    /// Earlier steps from which the run may continue.
    pub choices: &'a [Choice],
    /// The only step that waits for a person's answer, if there is one.
    pub asks: Option<String>,
}

impl View<'_> {
    fn offer(&self, act: &Permitted, stands: Stands) -> Offer {
        let about = act.act.about();
        let mut offer = Offer {
            act: about.name,
            label: about.title,
            help: about.help,
            class: class(act.act),
            value: None,
            undo: None,
            confirm: None,
            earlier: Vec::new(),
            step: None,
            hints: hints(act),
        };
        match act.act {
            ActKind::Retry if stands.parked => {
                (offer.value, offer.earlier) = (Some(self.input()), self.choices.iter().map(earlier).collect());
            }
            ActKind::Retry => {
                (offer.label, offer.help) = ("Retry now", "The next attempt starts now instead of after the wait.");
            }
            ActKind::Skip if stands.undoing => {
                (offer.label, offer.help) = ("Skip this undo", "The effect stays; the steps before it are undone.");
            }
            ActKind::Skip => {
                let (label, text) = ("Output to use instead", "null".to_owned());
                offer.value = Some(Editable { field: Field::Output.name(), label, text, optional: false });
            }
            ActKind::Cancel => offer.undo = Some(undo(act)),
            ActKind::Restart => offer.confirm = confirm(act, Field::Again),
            ActKind::Suspend
            | ActKind::Resume
            | ActKind::Compensate
            | ActKind::Dismiss
            | ActKind::Move
            | ActKind::Acknowledge => {}
        }
        if act.act.takes(Field::Confirm) {
            offer.confirm = confirm(act, Field::Confirm);
        }
        if act.act.takes(Field::Step) && stands.parked {
            offer.step = self.stuck_at();
        } else if act.act == ActKind::Skip {
            // A form that was open while someone answered must not skip the next question.
            offer.step.clone_from(&self.asks);
        }
        offer
    }

    /// Returns the only step where the run stopped. If several branches failed, the engine decides which one is next.
    fn stuck_at(&self) -> Option<String> {
        let stuck: Vec<&Step> = self.history.open().filter(|s| s.state == StepState::Stuck).collect();
        (stuck.len() == 1).then(|| step_name(&stuck[0].reference, stuck[0].execution))
    }

    fn input(&self) -> Editable {
        let given = self.history.stuck().and_then(|step| step.given.as_deref());
        // A masked value in the field would replace the real one.
        let text = given.filter(|_| self.masks.is_empty()).and_then(|value| serde_json::to_string_pretty(value).ok());
        let text = text.filter(|text| text.len() <= crate::dashboard::parts::pretty::BYTES_MAX).unwrap_or_default();
        let label = "Use this input instead of the step's own";
        Editable { field: Field::Input.name(), label, text, optional: true }
    }
}

fn class(act: ActKind) -> &'static str {
    match act {
        ActKind::Retry | ActKind::Resume => "primary",
        ActKind::Cancel => "danger",
        ActKind::Acknowledge
        | ActKind::Skip
        | ActKind::Suspend
        | ActKind::Compensate
        | ActKind::Dismiss
        | ActKind::Move
        | ActKind::Restart => "",
    }
}

/// Returns hints about a second person and about a required reason.
fn hints(act: &Permitted) -> Vec<String> {
    let with = if act.act.takes(Field::Input) { "a different input" } else { "an output" };
    let second = act.second_person.map(|when| match when {
        "edit" => format!("With {with}, this needs a second person: another user must approve it."),
        _ => "This needs a second person: another user must approve it first.".to_owned(),
    });
    let reason = act.except.iter().find(|except| except.field == "reason").map(|except| capitalized(&except.why_not));
    second.into_iter().chain(reason.map(|why| format!("{why}."))).collect()
}

fn earlier(choice: &Choice) -> Earlier {
    let steps = |does: Does| -> Vec<String> {
        let found = choice.between.iter().filter(|step| step.does == does);
        found.map(|step| task_name(&step.step)).collect()
    };
    let why = choice.between.iter().find(|step| step.does == Does::Cannot);
    let (undone, repeated) = (steps(Does::Compensate), steps(Does::Repeat));
    let mut parts = Vec::new();
    if !undone.is_empty() {
        parts.push(format!("undoes {} first", undone.join(", ")));
    }
    if !repeated.is_empty() {
        parts.push(format!("repeats {}", repeated.join(", ")));
    }
    if let Some(step) = why {
        parts = vec![format!("not possible: {} {}", task_name(&step.step), step.why)];
    }
    let what = if parts.is_empty() { "nothing lies between".to_owned() } else { parts.join("; ") };
    Earlier {
        label: format!("{} ({what})", task_name(&choice.from)),
        from: choice.from.clone(),
        possible: choice.possible,
    }
}

/// Returns the confirmation for restarting a run that left effects, or for skipping a step that a person is to decide.
fn confirm(act: &Permitted, field: Field) -> Option<(&'static str, String)> {
    let except = act.except.iter().find(|except| except.field == field.name())?;
    let why = except.why_not.rsplit_once(": confirm with").map_or(except.why_not.as_str(), |(why, _)| why);
    Some((field.name(), format!("{} (check to confirm)", capitalized(why))))
}

fn undo(act: &Permitted) -> Undo {
    let refused = |undoes: bool| {
        let found = act.except.iter().find(|except| except.value == Some(Value::Bool(undoes)));
        found.map(|except| except.why_not.clone())
    };
    Undo { not_undone: refused(true), not_left: refused(false) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::fixture;
    use crate::machine::acts::Exception;

    fn permitted(act: ActKind) -> Permitted {
        Permitted { act, permitted: true, why_not: None, except: Vec::new(), second_person: None }
    }

    fn acts(permitted: &[Permitted], stands: (&str, Option<&str>)) -> Acts {
        let history = History::of(None, &fixture::faulted().records);
        Acts::of(permitted, stands, &View { history: &history, masks: &Masks::default(), choices: &[], asks: None })
    }

    #[test]
    fn what_is_permitted_is_offered_and_what_is_not_says_why() {
        let why = || Some("it is not suspended".to_owned());
        let resume = Permitted { permitted: false, why_not: why(), ..permitted(ActKind::Resume) };
        let found = acts(&[permitted(ActKind::Retry), resume.clone()], ("faulted", Some("faulted")));
        assert_eq!(found.offers.iter().map(|offer| offer.act).collect::<Vec<_>>(), ["retry"]);
        assert_eq!(found.refused, [Refused { label: "Resume", why: why().unwrap() }]);
        let ended = History::of(None, &fixture::completed().records);
        let view = View { history: &ended, masks: &Masks::default(), choices: &[], asks: None };
        assert_eq!(
            Acts::of(&[resume], ("completed", None), &view),
            Acts::default(),
            "a run that has ended says nothing"
        );
    }

    #[test]
    fn a_retry_is_prefilled_with_what_the_step_was_given() {
        let found = acts(&[permitted(ActKind::Retry)], ("faulted", Some("faulted")));
        let text = found.offers[0].value.as_ref().unwrap().text.clone();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["entityId"], "CUST-000647");
        assert_eq!(found.offers[0].step.as_deref(), Some("/do/1/tryOrder/try/0/createOrder#3"));
        let now = acts(&[permitted(ActKind::Retry)], ("waiting", None));
        assert_eq!((now.offers[0].label, now.offers[0].value.clone()), ("Retry now", None));
    }

    #[test]
    fn what_cannot_be_undone_is_not_offered_to_be_undone() {
        let why = "it is past its point of no return".to_owned();
        let past = Exception { field: "compensate", value: Some(true.into()), why_not: why.clone() };
        let found = acts(&[Permitted { except: vec![past], ..permitted(ActKind::Cancel) }], ("waiting", None));
        assert_eq!(found.offers[0].undo, Some(Undo { not_undone: Some(why), not_left: None }));
    }
}
