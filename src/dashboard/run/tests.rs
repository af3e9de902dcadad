//! What a page says of journals made by hand: whole ones, and ones whose first records are out of reach.

use serde_json::{Value, json};

use crate::dashboard::fixture::{self, Story, at, error, request};
use crate::machine::history::{History, NoteKind, State, Undoing, Wait};
use crate::machine::{CompensationEnd, Role};

const CALL: &str = "/do/0/call";

fn fold(story: &Story) -> History {
    History::of(None, &story.records)
}

fn names(history: &History) -> Vec<(&str, State)> {
    history.steps.iter().map(|s| (s.reference.rsplit('/').next().unwrap_or_default(), s.state)).collect()
}

#[test]
fn a_completed_run_shows_its_steps_attempts_and_waits() {
    let history = fold(&fixture::completed());
    let all = State::Completed;
    assert_eq!(names(&history), [("prepare", all), ("createCustomer", all), ("createOrder", all), ("writeBack", all)]);
    let order = &history.steps[2];
    assert_eq!(order.attempts.iter().map(|a| a.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(order.attempts.iter().map(|a| a.failure.is_some()).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(
        order.waits,
        [
            Wait { from: at(180), until: at(1_180), open: false },
            Wait { from: at(1_260), until: at(3_270), open: false },
        ]
    );
    assert!(order.attempts[2].request.is_some(), "an attempt that repeats the request shows it");
    assert_eq!((history.started_at, history.ended_at), (Some(at(0)), Some(at(3_498))));
    assert_eq!(history.output.as_deref(), Some(&json!({"customer": "647", "order": "8841"})));
}

#[test]
fn a_run_between_two_attempts_waits_until_the_next() {
    let history = fold(&fixture::backing_off(600_000));
    let order = history.steps.last().unwrap();
    assert_eq!(order.state, State::Waiting);
    assert!(order.attempts.iter().all(|attempt| attempt.ended_at.is_some()));
    assert_eq!(order.waits.last(), Some(&Wait { from: at(2_260), until: at(600_000), open: true }));
}

#[test]
fn a_wait_of_the_workflow_is_no_backoff() {
    let mut story = Story::begun(&json!({}));
    story.add(
        1,
        Some("/do/0/pause"),
        None,
        "task.started",
        json!({"execution": 0, "beginning": {}, "until": at(5_000)}),
    );
    let history = fold(&story);
    let pause = &history.steps[0];
    assert_eq!((pause.state, &pause.error, pause.attempts.len()), (State::Waiting, &None, 0));
}

#[test]
fn a_call_without_an_answer_is_in_flight() {
    let mut story = Story::begun(&json!({}));
    let sent = request("POST", "connection://x/y", &Value::Null);
    story.add(1, Some(CALL), Some(1), "task.started", json!({"execution": 0, "beginning": {}, "request": sent}));
    let asked = fold(&story);
    assert_eq!((asked.steps[0].state, asked.steps[0].attempts[0].ended_at), (State::Running, None));
    story.add(2, None, None, "run.cancelled", json!({}));
    let history = fold(&story);
    assert_eq!((history.steps[0].state, history.steps[0].attempts[0].ended_at), (State::Cancelled, Some(at(2))));
}

#[test]
fn an_undo_names_the_step_that_it_undoes() {
    let history = fold(&fixture::compensated());
    let customer = history.step(1).unwrap();
    assert_eq!((customer.state, customer.undoing), (State::Completed, Some(Undoing::By(3))));
    assert_eq!(history.step(2).unwrap().state, State::Faulted);
    let undo = history.step(3).unwrap();
    assert_eq!((undo.role, undo.state, undo.depth), (Role::Undo(1), State::Completed, 0));
    assert_eq!(undo.given.as_deref(), customer.output.as_deref(), "an undo is given what the step gave");
    assert!(matches!(history.notes[0].kind, NoteKind::UndoingBegan(1, CompensationEnd::Compensated)));
}

#[test]
fn a_stopped_step_stays_open_until_someone_retries_it() {
    let mut story = fixture::faulted();
    let stopped = fold(&story);
    assert_eq!((stopped.stuck().map(|s| s.execution), stopped.step(3).unwrap().state), (Some(3), State::Stuck));
    assert_eq!(stopped.step(3).unwrap().attempts.len(), 2, "a retry goes on counting in the same step");
    assert_eq!((stopped.step(3).unwrap().depth, stopped.step(2).unwrap().state), (1, State::Running));
    story.acted(40_000_000, json!({"act": "retry", "reason": "again"}));
    let retried = fold(&story);
    assert_eq!((retried.stuck().map(|s| s.execution), retried.step(3).unwrap().state), (None, State::Running));
}

#[test]
fn a_stopped_step_is_given_what_the_step_before_gave() {
    let history = fold(&fixture::faulted());
    assert_eq!(history.step(3).unwrap().given, history.step(1).unwrap().output);
    assert_eq!(history.step(0).unwrap().given, history.input);
}

#[test]
fn a_skipped_step_no_longer_holds_the_run() {
    let mut story = fixture::faulted();
    story.acted(40_000_000, json!({"act": "skip", "output": {"id": "8841"}, "reason": "entered by hand"}));
    let place = "/do/1/tryOrder/try/0/createOrder";
    story.add(40_000_000, Some(place), None, "task.skipped", json!({"execution": 3, "output": {"id": "8841"}}));
    let history = fold(&story);
    assert_eq!((history.stuck().map(|s| s.execution), history.step(3).unwrap().state), (None, State::Skipped));
    assert_eq!(history.error, None);
}

#[test]
fn a_caught_error_ends_what_was_inside_and_backs_off() {
    let mut story = Story::begun(&json!({}));
    story.add(1, Some("/do/0/t"), None, "task.started", json!({"execution": 0, "beginning": {}}));
    story.add(2, Some("/do/0/t/try/0/a"), None, "task.started", json!({"execution": 1, "beginning": {"parent": 0}}));
    let caught = json!({"execution": 0, "error": error(503, "down"), "then": {"retry": at(1_002)}});
    story.add(2, Some("/do/0/t"), None, "error.caught", caught);
    let waiting = fold(&story);
    assert_eq!((waiting.steps[0].state, waiting.steps[1].state), (State::Waiting, State::Faulted));
    story.add(1_002, Some("/do/0/t"), None, "round.started", json!({"execution": 0, "round": 1}));
    let again = fold(&story);
    assert_eq!(again.steps[0].state, State::Running);
    assert_eq!(again.steps[0].waits, [Wait { from: at(2), until: at(1_002), open: false }]);
}

#[test]
fn a_fault_is_handled_once_what_is_around_it_has_ended_well() {
    let mut story = Story::begun(&json!({}));
    story.add(1, Some("/do/0/t"), None, "task.started", json!({"execution": 0, "beginning": {}}));
    story.add(2, Some("/do/0/t/try/0/a"), None, "task.started", json!({"execution": 1, "beginning": {"parent": 0}}));
    story.add(3, Some("/do/0/t/try/0/a"), None, "task.faulted", json!({"execution": 1, "error": error(404, "none")}));
    let open = fold(&story);
    assert!(!open.is_handled(&open.steps[1]), "nobody has caught it yet");
    story.add(4, Some("/do/0/t"), None, "task.completed", json!({"execution": 0, "output": null}));
    let ended = fold(&story);
    assert!(ended.is_handled(&ended.steps[1]) && !ended.is_handled(&ended.steps[0]));
}

#[test]
fn a_run_stops_at_an_undo_that_failed_permanently() {
    let mut story = fixture::compensated();
    story.records.truncate(story.records.len() - 2);
    let place = "/do/0/createCustomer/metadata/compensate";
    story.add(300, Some(place), None, "compensation.stuck", json!({"execution": 3, "error": error(403, "no")}));
    let stuck = fold(&story);
    assert_eq!((stuck.stuck().map(|s| s.execution), stuck.step(3).unwrap().state), (Some(3), State::Stuck));
    story.acted(400, json!({"act": "skip", "output": null, "reason": "done by hand"}));
    story.add(400, Some(place), None, "compensation.skipped", json!({"execution": 1}));
    let skipped = fold(&story);
    assert_eq!((skipped.stuck().map(|s| s.execution), skipped.step(3).unwrap().state), (None, State::Skipped));
    assert_eq!(skipped.step(1).unwrap().undoing, Some(Undoing::LeftAsIs));
}

#[test]
fn suspending_and_resuming_is_remembered() {
    let mut story = fixture::backing_off(600_000);
    story.acted(3_000, json!({"act": "suspend", "reason": "maintenance"}));
    assert!(fold(&story).suspended);
    story.acted(4_000, json!({"act": "resume", "reason": "over"}));
    assert!(!fold(&story).suspended);
}

#[test]
fn a_journal_whose_beginning_is_missing_still_shows_its_steps() {
    let story = fixture::completed();
    for missing in 0..story.records.len() {
        let history = History::of(None, &story.records[missing..]);
        assert_eq!(history.ended_at, Some(at(3_498)), "{missing}");
        assert!(history.steps.iter().all(|s| s.state == State::Completed), "{missing}: {:?}", names(&history));
    }
}

#[test]
fn a_circle_of_parents_ends() {
    let mut story = Story::begun(&json!({}));
    story.add(1, Some("/do/0/a"), None, "task.started", json!({"execution": 0, "beginning": {"parent": 1}}));
    story.add(1, Some("/do/0/b"), None, "task.started", json!({"execution": 1, "beginning": {"parent": 0}}));
    story.add(2, Some("/do/0/c"), None, "task.faulted", json!({"execution": 7, "error": error(500, "x")}));
    story.add(3, Some("/do/0/a"), None, "task.faulted", json!({"execution": 0, "error": error(500, "x")}));
    let history = fold(&story);
    assert_eq!(history.steps.len(), 3);
    assert!(!history.is_handled(&history.steps[0]));
}

#[test]
fn pauses_are_measured_and_the_note_that_ends_one_says_how_long_it_was() {
    let mut story = Story::begun(&json!({}));
    story.add(1_000, None, None, "operator.acted", json!({"act": "suspend"}));
    story.add(9_000, None, None, "operator.acted", json!({"act": "resume", "paused_ms": 8_000}));
    story.add(10_000, None, None, "operator.acted", json!({"act": "suspend"}));
    let history = fold(&story);
    assert_eq!(history.pauses.until(at(12_000)).num_milliseconds(), 10_000);
    let pauses: Vec<Option<i64>> = history.notes.iter().map(|note| note.pause_ms).collect();
    assert_eq!(pauses, [None, Some(8_000), None]);
}
