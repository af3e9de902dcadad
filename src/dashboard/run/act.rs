//! What an operator may do to a run here and now, and doing it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::Flash;
use super::labels::label;
use super::timeline::{State as StepState, Step, Timeline};
use crate::dashboard::Dashboard;
use crate::dashboard::parts::form::Form;
use crate::dashboard::parts::page::NoPage;
use crate::dashboard::run;
use crate::dashboard::signed_in::{SignedIn, may_act};
use crate::dsl::{ActRule, Definition};
use crate::engine::ActError;
use crate::http::ApiError;
use crate::hub::json;
use crate::machine::masks::Masks;
use crate::machine::view::step_name;
use crate::machine::{Act, CancelMode, RunId};
use crate::redact::Known;

/// Longest reason.
const REASON_CHARS_MAX: usize = 500;

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
    /// Whether it asks what happens to the steps done.
    pub asks_undo: bool,
    /// Reference of the step that it is meant for.
    pub step: Option<String>,
    /// What it says of a second person, where the workflow reserves the act for two.
    pub second: Option<&'static str>,
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

/// The acts that fit a run's state, the likeliest first. The engine has the last word: it knows the run as it is when
/// the act arrives.
#[must_use]
pub fn offers(
    status: &str,
    attention: Option<&str>,
    timeline: &Timeline,
    definition: Option<&Definition>,
    masks: &Masks,
) -> Vec<Offer> {
    let parked = attention.is_some();
    let closed = matches!(status, "completed" | "compensated" | "cancelled") || (status == "faulted" && !parked);
    if closed {
        return Vec::new();
    }
    let undoing = status == "compensating";
    let pending = status == "pending";
    let in_flight = timeline.has_call_in_flight() && !parked;
    // Where several branches failed, the engine says which one is next.
    let stuck: Vec<&Step> = timeline.steps.iter().filter(|s| s.state == StepState::Stuck).collect();
    let stuck_at = (stuck.len() == 1 && parked).then(|| step_name(&stuck[0].reference, stuck[0].execution));
    let mut offers = Vec::new();
    if parked || timeline.is_backing_off() {
        offers.push(retry(timeline, parked, masks));
    }
    if !in_flight && (parked || status == "waiting") {
        offers.push(skip(undoing));
    }
    if timeline.suspended {
        offers.push(plain("resume", "Resume", "The run continues with its next step.", "primary"));
    } else if !parked && !pending {
        offers.push(plain("suspend", "Suspend", "The run starts no new step until someone resumes it.", ""));
    }
    if !undoing && can_undo(timeline, definition) {
        offers.push(plain("compensate", "Undo completed steps", "Every completed step is undone, last one first.", ""));
    }
    if !undoing {
        let help = "No further step starts, and the run ends once the outcome of its current call is recorded.";
        offers.push(Offer { asks_undo: true, ..plain("cancel", "Cancel run", help, "danger") });
    }
    if parked && !undoing {
        let help = "The run stays faulted and no longer needs attention. This cannot be undone.";
        offers.push(plain("dismiss", "Dismiss", help, ""));
    }
    for offer in offers.iter_mut().filter(|offer| matches!(offer.act, "retry" | "skip")) {
        offer.step.clone_from(&stuck_at);
    }
    for offer in &mut offers {
        offer.second = definition.and_then(|definition| second(offer, definition));
    }
    offers
}

/// What someone who is about to act must know of the second person.
fn second(offer: &Offer, definition: &Definition) -> Option<&'static str> {
    let reserved = &definition.metadata.two_people;
    let is_reserved = reserved.iter().any(|rule| rule.as_str() == offer.act);
    let edits = offer.value.is_some() && reserved.contains(&ActRule::Edit);
    match (is_reserved, edits, offer.act) {
        (true, ..) => Some("This needs a second person: another user must approve it first."),
        (_, true, "retry") => Some("With a different input, this needs a second person: another user must approve it."),
        (_, true, _) => Some("With an output, this needs a second person: another user must approve it."),
        _ => None,
    }
}

fn plain(act: &'static str, label: &'static str, help: &'static str, class: &'static str) -> Offer {
    Offer { act, label, help, class, value: None, asks_undo: false, step: None, second: None }
}

fn retry(timeline: &Timeline, parked: bool, masks: &Masks) -> Offer {
    if !parked {
        return plain("retry", "Retry now", "The next attempt starts now instead of after the wait.", "primary");
    }
    let given = timeline.stuck.and_then(|id| timeline.step(id)).and_then(|step| step.given.as_deref());
    // A masked value in the field would replace the real one.
    let text = given.filter(|_| masks.is_empty()).and_then(|value| serde_json::to_string_pretty(value).ok());
    let value =
        text.filter(|t| t.len() <= crate::dashboard::parts::pretty::BYTES_MAX).or(Some(String::new())).map(|text| {
            Editable { field: "input", label: "Use this input instead of the step's own", text, optional: true }
        });
    Offer { value, ..plain("retry", "Retry", "The run continues from the step where it stopped.", "primary") }
}

fn skip(undoing: bool) -> Offer {
    if undoing {
        return plain("skip", "Skip this undo", "The effect stays; the steps before it are undone.", "");
    }
    let value = Editable { field: "output", label: "Output to use instead", text: "null".to_owned(), optional: false };
    Offer {
        value: Some(value),
        ..plain("skip", "Skip step", "The run continues after the step, with this output.", "")
    }
}

fn can_undo(timeline: &Timeline, definition: Option<&Definition>) -> bool {
    let mut done = timeline.steps.iter().filter(|s| s.state == StepState::Completed).map(|s| label(definition, s));
    let (mut undoable, mut pivoted) = (false, false);
    for label in &mut done {
        undoable |= label.undoable;
        pivoted |= label.pivot;
    }
    undoable && !pivoted
}

/// A filled form.
#[derive(Debug, Default, Deserialize)]
pub struct Filled {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    step: Option<String>,
    #[serde(default)]
    input: Option<String>,
    #[serde(default)]
    replace: Option<String>,
    #[serde(default)]
    output: Option<String>,
    #[serde(default)]
    compensate: Option<String>,
    #[serde(default)]
    to: Option<String>,
}

/// `POST /runs/{id}/{act}`
pub async fn perform(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path((id, name)): Path<(String, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let id = run::parse_id(&id)?;
    let refused = |status, text: String| run::page(&dashboard, &caller, id, None, Some(Flash::refused(status, text)));
    let (act, reason) = match (asked(&name, &form), reason(&form.reason)) {
        (None, _) => return Err(NoPage::not_found(format!("Unknown action {name}."))),
        (Some(Ok(act)), Ok(reason)) => (act, reason),
        (Some(Err(why)), _) | (_, Err(why)) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    match dashboard.operations.act(id, act, caller.actor(), reason).await {
        Ok(_) => Ok(done(id, &name, "")),
        Err(ActError::Proposed(_)) => Ok(done(id, "propose", "")),
        // It is stored: a node will do it, and the page shows when.
        Err(ActError::Pending(_)) => Ok(done(id, &name, "&pending=1")),
        Err(ActError::Refused(why)) => refused(StatusCode::CONFLICT, format!("Not done: {why}.")).await,
        Err(error) => Err(NoPage::from(ApiError::from(error))),
    }
}

fn done(id: RunId, name: &str, more: &str) -> Response {
    Redirect::to(&format!("/runs/{id}?done={name}{more}")).into_response()
}

/// Why something is done, as a form says it.
///
/// # Errors
/// It says nothing, or too much.
pub fn reason(text: &str) -> Result<String, String> {
    let reason: String = text.trim().chars().filter(|c| !c.is_control()).collect();
    let reason = Known::of_process().with(&[]).text(reason);
    match reason.chars().count() {
        0 => Err("Not done: give a reason.".to_owned()),
        1..=REASON_CHARS_MAX => Ok(reason),
        _ => Err(format!("Not done: a reason has at most {REASON_CHARS_MAX} characters.")),
    }
}

/// The act that a form asks for; none if there is no such act.
fn asked(name: &str, form: &Filled) -> Option<Result<Act, String>> {
    // A form that was sent twice, or that was open for long, means the step that it was made for.
    let step = form.step.clone().filter(|step| !step.is_empty());
    let act = match name {
        "retry" if form.replace.is_some() => match form.input.as_deref().map(str::trim) {
            None | Some("") => {
                Err("Not done: the box for a different input is checked, but the input is empty.".to_owned())
            }
            input => parsed("input", input).map(|input| Act::Retry { input: Some(input), step }),
        },
        "retry" => Ok(Act::Retry { input: None, step }),
        "skip" => parsed("output", form.output.as_deref()).map(|output| Act::Skip { output, step }),
        "cancel" => match form.compensate.as_deref() {
            Some("yes") => Ok(Act::Cancel { compensate: CancelMode::Compensate }),
            Some("no") => Ok(Act::Cancel { compensate: CancelMode::Abandon }),
            _ => Err("Not done: choose whether to undo completed steps.".to_owned()),
        },
        "compensate" => Ok(Act::Compensate),
        "suspend" => Ok(Act::Suspend),
        "resume" => Ok(Act::Resume),
        "dismiss" => Ok(Act::Dismiss),
        "move" => match form.to.as_deref().map(str::trim) {
            None | Some("") => Err("Not done: choose a version.".to_owned()),
            Some(to) => Ok(Act::Move { to: to.to_owned() }),
        },
        _ => return None,
    };
    Some(act)
}

fn parsed(what: &str, text: Option<&str>) -> Result<Value, String> {
    let text = text.map(str::trim).filter(|t| !t.is_empty());
    text.map_or(Ok(Value::Null), |text| {
        json::read(text.as_bytes()).map_err(|bad| format!("Not done: the {what} is not valid JSON: {bad}."))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::dashboard::fixture::{self, Story};

    fn offered(status: &str, attention: Option<&str>, story: &Story) -> Vec<&'static str> {
        let timeline = Timeline::fold(&story.records);
        offers(status, attention, &timeline, None, &Masks::default()).iter().map(|o| o.act).collect()
    }

    #[test]
    fn each_state_offers_the_acts_that_fit_it() {
        let backing_off = fixture::backing_off(600_000);
        assert_eq!(offered("waiting", None, &backing_off), ["retry", "skip", "suspend", "cancel"]);
        assert_eq!(offered("faulted", Some("faulted"), &fixture::faulted()), ["retry", "skip", "cancel", "dismiss"]);
        assert_eq!(offered("faulted", None, &fixture::faulted()), [""; 0], "dismissed");
        assert_eq!(offered("completed", None, &fixture::completed()), [""; 0]);
        assert_eq!(offered("pending", None, &Story::default()), ["cancel"]);
        let mut suspended = fixture::backing_off(600_000);
        suspended.acted(3_000, json!({"act": "suspend", "reason": "maintenance"}));
        assert_eq!(offered("suspended", None, &suspended), ["retry", "resume", "cancel"]);
    }

    #[test]
    fn a_call_under_way_is_not_skipped() {
        let mut story = fixture::completed();
        story.records.truncate(5);
        assert!(Timeline::fold(&story.records).has_call_in_flight());
        assert_eq!(offered("waiting", None, &story), ["suspend", "cancel"]);
    }

    #[test]
    fn a_stuck_undo_is_retried_or_skipped_and_nothing_else() {
        let mut story = fixture::compensated();
        story.records.truncate(story.records.len() - 2);
        let stuck = json!({"execution": 3, "error": fixture::error(403, "no")});
        story.add(300, Some("/do/0/createCustomer/metadata/compensate"), None, "compensation.stuck", stuck);
        assert_eq!(offered("compensating", Some("compensation_stuck"), &story), ["retry", "skip"]);
    }

    #[test]
    fn a_retry_is_prefilled_with_what_the_step_was_given() {
        let timeline = Timeline::fold(&fixture::faulted().records);
        let offer = retry(&timeline, true, &Masks::default());
        let text = offer.value.map(|v| v.text).unwrap_or_default();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["entityId"], "CUST-000647");
    }
}
