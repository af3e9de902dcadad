//! What can be done to a run as it stands, and why the rest cannot: by the rules with which [`crate::decide()`] refuses acts.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{ActKind, Field};
use crate::decide::{Around, Decider, Judgement};
use crate::{Act, CancelMode, Rejected, Run, Time};
use stepwell_language::dsl::{ActRule, Definition};

/// Whether an act can be done now.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Permitted {
    /// Which.
    pub act: ActKind,
    /// Whether it can.
    pub permitted: bool,
    /// Why not, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// What it cannot be given, although it can be done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Exception>,
    /// Whether another user must approve it: `always`, or `edit` if it gives a step another value than its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_person: Option<&'static str>,
}

/// What a permitted act cannot be given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exception {
    /// The field. `reason` where the act needs one.
    pub field: &'static str,
    /// The value that is refused; none if every value is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Why.
    pub why_not: String,
}

/// A way to do an act, with what tells it from the others.
pub(crate) struct Form {
    pub(crate) act: Act,
    /// With a reason that says something.
    pub(crate) explained: bool,
    pub(crate) tells: Option<(&'static str, Option<Value>)>,
}

/// All acts, each with whether it can be done to a run now.
#[must_use]
pub fn permitted(definition: &Definition, run: &Run) -> Vec<Permitted> {
    let around = Around { now: Time::UNIX_EPOCH, answers: &[], settles_after: &|_| Duration::ZERO, continues: false };
    let decider = Decider::new(definition, run.clone(), around);
    ActKind::ALL.iter().map(|kind| of_kind(&decider, *kind)).collect()
}

fn of_kind(decider: &Decider<'_>, act: ActKind) -> Permitted {
    let mut refused = Vec::new();
    let mut permitted = false;
    for form in forms(act) {
        match why_not(decider, &form) {
            None => permitted = true,
            Some(why) => refused.push((form, why)),
        }
    }
    let why_not = if permitted { None } else { refused.first().map(|(_, why)| why.clone()) };
    let except = refused.into_iter().filter(|_| permitted).filter_map(|(form, why_not)| {
        let (field, value) = form.tells?;
        Some(Exception { field, value, why_not })
    });
    let (except, second_person) = (except.collect(), second_person(decider.definition, act));
    Permitted { act, permitted, why_not, except, second_person }
}

fn why_not(decider: &Decider<'_>, form: &Form) -> Option<String> {
    match decider.judge(&form.act, Some("explained").filter(|_| form.explained)) {
        Ok(Judgement::Changes) => None,
        Ok(Judgement::ChangesNothing(why)) => Some(why.to_owned()),
        Err(Rejected::Forbidden { why, .. }) => Some(why.to_owned()),
        Err(rejected) => Some(rejected.to_string()),
    }
}

fn second_person(definition: &Definition, act: ActKind) -> Option<&'static str> {
    let reserved = &definition.metadata.two_people;
    let edits = act.takes(Field::Input) || act.takes(Field::Output);
    match () {
        () if act.about().rule.is_some_and(|rule| reserved.contains(&rule)) => Some("always"),
        () if edits && reserved.contains(&ActRule::Edit) => Some("edit"),
        () => None,
    }
}

/// The ways to do an act that rules tell apart.
pub(crate) fn forms(kind: ActKind) -> Vec<Form> {
    let form = |act, tells| Form { act, explained: true, tells };
    let plain = |act| vec![form(act, None)];
    match kind {
        ActKind::Retry => vec![
            form(Act::Retry { input: None, step: None }, None),
            form(Act::Retry { input: Some(Value::Null), step: None }, Some((Field::Input.name(), None))),
            form(Act::Edit { edit: ".".to_owned(), step: None }, Some((Field::Edit.name(), None))),
            form(Act::Rewind { from: String::new() }, Some((Field::From.name(), None))),
        ],
        ActKind::Skip => [true, false]
            .map(|confirm| {
                let tells = (!confirm).then_some((Field::Confirm.name(), Some(Value::Bool(false))));
                form(Act::Skip { output: Value::Null, step: None, confirm }, tells)
            })
            .into(),
        ActKind::Cancel => [CancelMode::Compensate, CancelMode::Abandon]
            .map(|mode| {
                let undoes = Value::Bool(mode == CancelMode::Compensate);
                form(Act::Cancel { compensate: mode }, Some((Field::Compensate.name(), Some(undoes))))
            })
            .into(),
        ActKind::Compensate => vec![
            form(Act::Compensate, None),
            Form { act: Act::Compensate, explained: false, tells: Some(("reason", Some(Value::Null))) },
        ],
        ActKind::Suspend => plain(Act::Suspend),
        ActKind::Resume => plain(Act::Resume),
        ActKind::Dismiss => plain(Act::Dismiss),
        ActKind::Move => plain(Act::Move { to: String::new() }),
        ActKind::Restart => vec![
            form(Act::Restart { version: None, again: true }, None),
            form(Act::Restart { version: None, again: false }, Some((Field::Again.name(), Some(Value::Bool(false))))),
        ],
        ActKind::Acknowledge => vec![
            form(Act::Acknowledge, None),
            Form { act: Act::Acknowledge, explained: false, tells: Some(("reason", Some(Value::Null))) },
        ],
    }
}
