//! Tries every fault at every step: first schedules with one fault, then with two, so that the first failing schedule
//! is a shortest one.

use std::collections::VecDeque;

use super::Stage;
use super::schedule::{Fault, Schedule, Strike};
use super::trace::Trace;
use crate::scenario::file::{Expect, FaultKind, Scenario};

/// Most faults per schedule.
pub const DEPTH_MAX: usize = 3;

/// Most schedules per exploration.
const SCHEDULES_MAX: usize = 200_000;

/// Failing schedules kept; all are counted.
const KEPT_MAX: usize = 20;

/// Journal records shown of a failing schedule.
const TAIL_LINES: usize = 12;

/// The result of exploring all schedules.
#[derive(Debug, Default)]
pub struct Exploration {
    /// Number of schedules rehearsed.
    pub tried: usize,
    /// Number of schedules that failed.
    pub failed: usize,
    /// A shortest failing schedule per reason.
    pub failing: Vec<Failing>,
    /// Whether there were more schedules than the limit.
    pub cut_short: bool,
}

/// A schedule with an unacceptable result.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Failing {
    /// The faults in it.
    pub schedule: Schedule,
    /// What is wrong with the result.
    pub why: Vec<String>,
    /// The end of its journal.
    pub journal: Vec<String>,
}

/// Rehearses a scenario under every schedule of at most `depth` faults. The scenario must have passed without faults.
#[must_use]
pub fn explore(stage: &Stage<'_>, scenario: &Scenario, depth: usize) -> Exploration {
    let mut found = Exploration::default();
    let undisturbed = stage.rehearse(scenario, &Schedule::default());
    let mut waiting = VecDeque::new();
    found.wait_for(&mut waiting, strikes(&Schedule::default(), &undisturbed));
    while let Some(schedule) = waiting.pop_front() {
        let trace = stage.rehearse(scenario, &schedule);
        found.tried += 1;
        let why = faults_of(&scenario.expect, &schedule, &trace, &undisturbed);
        if why.is_empty() {
            if schedule.0.len() < depth.min(DEPTH_MAX) {
                found.wait_for(&mut waiting, strikes(&schedule, &trace));
            }
            continue;
        }
        found.failed += 1;
        let known = found.failing.iter().any(|failing| failing.why == why);
        if !known && found.failing.len() < KEPT_MAX {
            let journal = trace.tail(stage.definition, TAIL_LINES);
            found.failing.push(Failing { schedule, why, journal });
        }
    }
    found
}

impl Exploration {
    /// Queues schedules up to the limit.
    fn wait_for(&mut self, waiting: &mut VecDeque<Schedule>, schedules: impl Iterator<Item = Schedule>) {
        for schedule in schedules {
            if self.tried + waiting.len() >= SCHEDULES_MAX {
                self.cut_short = true;
                return;
            }
            waiting.push_back(schedule);
        }
    }
}

/// Returns what is wrong with a run's result under a schedule.
#[must_use]
pub(in crate::scenario) fn faults_of(
    expect: &Expect,
    schedule: &Schedule,
    trace: &Trace,
    undisturbed: &Trace,
) -> Vec<String> {
    let mut why: Vec<String> = trace.problem.iter().chain(&trace.broken).cloned().collect();
    let stays = trace.run.is_closed() || trace.run.is_parked() || trace.run.suspended;
    // A run that waits for an event that never comes does so in any case.
    let rests = stays || trace.status() == undisturbed.status();
    if trace.problem.is_none() && !rests && trace.refused.is_none() {
        why.push(format!("the run neither ended nor needs attention: it is {}", trace.status()));
    }
    let allowed = allowed_ends(expect, schedule).filter(|_| trace.problem.is_none());
    if let Some(allowed) = allowed.filter(|allowed| !is_allowed(allowed, trace, undisturbed)) {
        let attention = trace.run.attention.map(|a| format!(" ({})", a.as_str())).unwrap_or_default();
        let output = if trace.status() == undisturbed.status() { " with another output" } else { "" };
        why.push(format!("the run ended as {}{attention}{output}, expected {}", trace.status(), allowed.join(" or ")));
    }
    why
}

fn is_allowed(allowed: &[&str], trace: &Trace, undisturbed: &Trace) -> bool {
    let same = || trace.status() == undisturbed.status() && trace.run.output == undisturbed.run.output;
    allowed.contains(&trace.status()) || (allowed.contains(&"same") && same())
}

/// Statuses in which a run may end under a schedule; `None` if the scenario says nothing about one of its faults.
fn allowed_ends<'e>(expect: &'e Expect, schedule: &Schedule) -> Option<Vec<&'e str>> {
    let mut allowed = Vec::new();
    for kind in kinds(schedule) {
        for status in expect.under_faults.get(&kind)? {
            if !allowed.contains(&status.as_str()) {
                allowed.push(status);
            }
        }
    }
    Some(allowed).filter(|allowed| !allowed.is_empty())
}

fn kinds(schedule: &Schedule) -> impl Iterator<Item = FaultKind> + '_ {
    schedule.0.iter().map(|strike| match strike {
        Strike::Crash { .. } => FaultKind::Crash,
        Strike::Call { fault, .. } => match fault {
            Fault::CrashBefore | Fault::CrashAfter => FaultKind::Crash,
            Fault::Transient => FaultKind::Transient,
            Fault::LostReply | Fault::Late => FaultKind::LostReply,
            Fault::Permanent => FaultKind::Permanent,
            Fault::Outage => FaultKind::Outage,
        },
    })
}

/// Returns the schedules with one further fault, later than all others.
fn strikes<'a>(schedule: &'a Schedule, trace: &'a Trace) -> impl Iterator<Item = Schedule> + 'a {
    let last_sent = trace.sendings.iter().rposition(|sending| sending.fault.is_some());
    let last_crash = schedule.0.iter().filter_map(|strike| match strike {
        Strike::Crash { commit } => Some(*commit),
        Strike::Call { .. } => None,
    });
    let last_commit = last_sent.map(|at| trace.sendings[at].commit).into_iter().chain(last_crash).max().unwrap_or(0);
    let sendings = trace.sendings.iter().enumerate();
    let later = sendings.filter(move |(at, sending)| {
        sending.fault.is_none() && last_sent.is_none_or(|last| *at > last) && sending.commit >= last_commit
    });
    let calls = later.flat_map(|(_, sending)| {
        // An outage starting at a later attempt differs from one at the first only in length.
        let faults = Fault::ALL.into_iter().filter(|fault| *fault != Fault::Outage || sending.number == 1);
        faults.map(|fault| Strike::Call { step: sending.step.clone(), sending: sending.number, fault })
    });
    let quiet = trace.quiet.iter().filter(move |commit| **commit > last_commit);
    calls.chain(quiet.map(|commit| Strike::Crash { commit: *commit })).map(|strike| schedule.and(strike))
}
