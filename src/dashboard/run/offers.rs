//! What an operator may do to a run here and now, as forms and hints of its page.

use serde_json::Value;

use super::timeline::{State as StepState, Step, Timeline};
use crate::machine::acts::Field;
use crate::machine::masks::Masks;
use crate::machine::rewind::{Choice, Does};
use crate::machine::view::step_name;
use crate::machine::{ActKind, Permitted};
use crate::words::{capitalized, task_name};

/// What the page says about acts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Acts {
    /// What can be done, the likeliest first.
    pub offers: Vec<Offer>,
    /// What cannot be done now; none of a run that has ended.
    pub refused: Vec<Refused>,
    /// Whether it may be moved to another version.
    pub may_move: bool,
}

/// A form that the page offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name in the address.
    pub act: &'static str,
    /// On the button.
    pub label: &'static str,
    /// What it does.
    pub help: &'static str,
    /// CSS class of the button.
    pub class: &'static str,
    /// The value that may be edited, where the act takes one.
    pub value: Option<Editable>,
    /// Set where it asks what happens to the steps done.
    pub undo: Option<Undo>,
    /// What must be confirmed before it is done: the field that says so, and the text beside it.
    pub confirm: Option<(&'static str, String)>,
    /// Earlier steps from which the run may continue.
    pub earlier: Vec<Earlier>,
    /// Reference of the step that it is meant for.
    pub step: Option<String>,
    /// What whoever does it must know.
    pub hints: Vec<String>,
}

/// An act that cannot be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// As on its button.
    pub label: &'static str,
    /// Why not.
    pub why: String,
}

/// What happens to completed steps.
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
    /// Its reference.
    pub from: String,
    /// What it is called, and what lies between.
    pub label: String,
    /// Whether the run can continue from there.
    pub possible: bool,
}

/// JSON that goes along with an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editable {
    /// Name of the field.
    pub field: &'static str,
    /// Above the field.
    pub label: &'static str,
    /// What stands in it at first.
    pub text: String,
    /// Whether a box must be ticked for it to count.
    pub optional: bool,
}

impl Acts {
    /// What the machine permits, with what the page knows of the step where the run stands. The engine has the last word: it knows
    /// the run as it is when the act arrives.
    #[must_use]
    pub fn of(permitted: &[Permitted], (status, attention): (&str, Option<&str>), view: &View<'_>) -> Self {
        let has_ended = view.timeline.ended_at.is_some();
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

/// How a run stands.
#[derive(Clone, Copy)]
struct Stands {
    parked: bool,
    undoing: bool,
}

/// What the page knows of a run.
pub struct View<'a> {
    /// Its journal.
    pub timeline: &'a Timeline,
    /// What of its values may not be shown.
    pub masks: &'a Masks,
    /// Earlier steps, and what lies between.
    pub choices: &'a [Choice],
    /// The one step that waits for a person's answer, if there is one.
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
            // A form that was open while someone answered must not skip what is asked next.
            offer.step.clone_from(&self.asks);
        }
        offer
    }

    /// The one step where the run stopped. Where several branches failed, the engine says which one is next.
    fn stuck_at(&self) -> Option<String> {
        let stuck: Vec<&Step> = self.timeline.steps.iter().filter(|s| s.state == StepState::Stuck).collect();
        (stuck.len() == 1).then(|| step_name(&stuck[0].reference, stuck[0].execution))
    }

    fn input(&self) -> Editable {
        let stuck = self.timeline.stuck.and_then(|id| self.timeline.step(id));
        let given = stuck.and_then(|step| step.given.as_deref());
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

/// What whoever does an act must know: of a second person, and of reasons that it needs.
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

/// What someone must know who starts a run again that left something done, or skips a step that a person is to decide.
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
        let timeline = Timeline::fold(&fixture::faulted().records);
        Acts::of(permitted, stands, &View { timeline: &timeline, masks: &Masks::default(), choices: &[], asks: None })
    }

    #[test]
    fn what_is_permitted_is_offered_and_what_is_not_says_why() {
        let why = || Some("it is not suspended".to_owned());
        let resume = Permitted { permitted: false, why_not: why(), ..permitted(ActKind::Resume) };
        let found = acts(&[permitted(ActKind::Retry), resume.clone()], ("faulted", Some("faulted")));
        assert_eq!(found.offers.iter().map(|offer| offer.act).collect::<Vec<_>>(), ["retry"]);
        assert_eq!(found.refused, [Refused { label: "Resume", why: why().unwrap() }]);
        let ended = Timeline::fold(&fixture::completed().records);
        let view = View { timeline: &ended, masks: &Masks::default(), choices: &[], asks: None };
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
