//! What a bulk act would do, in numbers and in words: which runs, which calls they would make next, what cannot be undone.
//!
//! Runs of one version that stand at one step are one group, and the definition says what comes next there. What an act undoes depends
//! on what a run has done, so the oldest run of each group stands for the others.

use std::collections::BTreeMap;

use serde::Serialize;

use super::samples::{self, Sample};
use crate::dsl::{Compensate, Definition, Endpoint, Flow, Protocol, Resend, Task, TaskId, TaskKind, WorkflowRef};
use crate::engine::Engine;
use crate::expr::Template;
use crate::machine::view::RunView;
use crate::machine::{Act, CancelMode, RunId};
use crate::store::StoreError;
use crate::store::runs::listing::RunRow;
use crate::words::plural;

/// Runs that the answer names.
const NAMED_MAX: usize = 100;

/// Groups of which a run is read to see what would be undone.
const SAMPLES_MAX: usize = 20;

/// Longest text of an address that an expression computes.
const ADDRESS_CHARS_MAX: usize = 80;

/// What a bulk act would do.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// Runs that fit, counted up to 10,000.
    pub matched: usize,
    /// Whether there are more.
    pub more: bool,
    /// The first of them, oldest first.
    pub runs: Vec<RunId>,
    /// By version, status and step, the largest first.
    pub groups: Vec<PreviewGroup>,
    /// Calls that they would make next.
    pub calls: Vec<NextCall>,
    /// What cannot be undone, in words.
    pub irreversible: Vec<String>,
    /// Runs for which the act would only be proposed: it needs a second person.
    pub two_people: usize,
    /// A few runs, looked at closely: of a move, and of a retry with an edit.
    pub samples: Vec<Sample>,
    /// All of it in plain words, a sentence each.
    pub words: Vec<String>,
}

/// Runs of one version that stand at one step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PreviewGroup {
    /// What they run.
    pub workflow: WorkflowRef,
    /// Where they stand.
    pub status: String,
    /// Why they need a person.
    pub attention: Option<String>,
    /// Reference of the step where they stand.
    pub step: Option<String>,
    /// How many.
    pub count: usize,
    /// The oldest of them.
    pub sample: RunId,
}

/// A call that runs would make next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextCall {
    /// The connection that it goes through; none of an address of its own, or of one that is only known when it is made.
    pub connection: Option<String>,
    /// Such as `POST /record/v1/salesOrder`.
    pub call: String,
    /// Name of its step.
    pub step: String,
    /// Whether it undoes that step.
    pub undoes: bool,
    /// How many runs would make it.
    pub runs: usize,
}

pub(super) async fn of(engine: &Engine, act: &Act, chosen: &[RunRow], more: bool) -> Result<Preview, StoreError> {
    let mut preview = Preview {
        matched: chosen.len(),
        more,
        runs: chosen.iter().take(NAMED_MAX).map(|run| run.id).collect(),
        groups: groups(chosen),
        calls: Vec::new(),
        irreversible: Vec::new(),
        two_people: 0,
        samples: samples::look(engine, act, chosen).await?,
        words: Vec::new(),
    };
    preview.words.push(headline(act, &preview));
    let deployed = engine.deployed_now().await?;
    for (number, group) in preview.groups.clone().into_iter().enumerate() {
        let name = (group.workflow.namespace.clone(), group.workflow.name.clone());
        let mut versions = deployed.definitions.get(&name).into_iter().flatten();
        let Some(definition) = versions.find(|d| d.workflow.version == group.workflow.version) else {
            let what = runs(group.count);
            preview
                .words
                .push(format!("This node cannot read {}, so it cannot say what its {what} would do.", group.workflow));
            continue;
        };
        if act.reserved_by(definition).is_some() {
            preview.two_people += group.count;
        }
        let sample = match undoes(act) && number < SAMPLES_MAX {
            true => engine.view(group.sample).await?,
            false => None,
        };
        preview.say(act, definition, &group, sample.as_ref());
    }
    preview.conclude();
    preview.words.extend(samples::words(act, &preview.samples));
    Ok(preview)
}

fn groups(chosen: &[RunRow]) -> Vec<PreviewGroup> {
    let mut found: BTreeMap<_, PreviewGroup> = BTreeMap::new();
    for run in chosen {
        // A faulted run stands where its error happened.
        let failed_at = run.error.as_ref().filter(|_| run.attention.is_some()).and_then(|e| e.instance.clone());
        let step = run.task.clone().or(failed_at);
        let key = (run.workflow.clone(), run.status.clone(), run.attention.clone(), step.clone());
        let group = found.entry(key).or_insert_with(|| PreviewGroup {
            workflow: run.workflow.clone(),
            status: run.status.clone(),
            attention: run.attention.clone(),
            step,
            count: 0,
            sample: run.id,
        });
        group.count += 1;
    }
    let mut groups: Vec<PreviewGroup> = found.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

fn runs(number: usize) -> String {
    plural(number, "run", "runs")
}

fn headline(act: &Act, preview: &Preview) -> String {
    if preview.matched == 0 {
        return "No run matches.".to_owned();
    }
    let what = match act {
        Act::Cancel { compensate: CancelMode::Abandon } => "cancel, without undoing anything,",
        Act::Retry { input: Some(_), .. } => "retry, with the same new input for each,",
        Act::Edit { .. } => "change the input of the failed step and retry",
        act => act.name(),
    };
    let more = if preview.more { " More runs match than one bulk act takes; the oldest come first." } else { "" };
    match preview.matched {
        1 => format!("1 run matches. You would {what} it."),
        number => format!("{} match. You would {what} all of them.{more}", runs(number)),
    }
}

/// Whether it undoes what runs have done.
fn undoes(act: &Act) -> bool {
    matches!(act, Act::Compensate | Act::Cancel { .. })
}

impl Preview {
    /// What a group would do next.
    fn say(&mut self, act: &Act, definition: &Definition, group: &PreviewGroup, sample: Option<&RunView>) {
        let at = group.step.as_ref().and_then(|step| definition.by_reference.get(step)).copied();
        match act {
            Act::Retry { .. } | Act::Edit { .. } | Act::Rewind { .. } => self.say_retry(definition, group, at),
            Act::Skip { confirm, .. } => at.into_iter().for_each(|id| self.say_skip(definition, group, id, *confirm)),
            Act::Cancel { compensate: CancelMode::Abandon } => {
                self.never(
                    "Completed steps stay as they are. Stepwell cannot undo them later: the runs end as cancelled.",
                );
            }
            Act::Cancel { .. } | Act::Compensate => match sample {
                Some(sample) => self.say_undo(definition, group, sample),
                None => {
                    self.words.push(format!("{} of {}: not looked at in detail.", runs(group.count), group.workflow))
                }
            },
            Act::Dismiss => self.never("Dismissed runs stay faulted, and nothing acts on them any more."),
            Act::Move { to } => self.words.push(format!(
                "{} of {} continue under version {to} if they fit it; each that does not stays as it is.",
                runs(group.count),
                group.workflow
            )),
            Act::Restart { version, again } => {
                let version =
                    version.as_ref().map_or_else(|| "the latest version".to_owned(), |v| format!("version {v}"));
                let (what, of) = (runs(group.count), &group.workflow);
                self.words.push(format!(
                    "{what} of {of} stay as they ended. For each, a new run of {version} begins with the same input."
                ));
                if *again {
                    self.never("What the ended runs did and did not undo is done again.");
                }
            }
            Act::Suspend | Act::Resume | Act::Acknowledge => {}
        }
    }

    fn say_retry(&mut self, definition: &Definition, group: &PreviewGroup, at: Option<TaskId>) {
        let Some(task) = at.map(|id| definition.task(definition.extended(id))) else {
            self.words.push(format!("{} of {} continue from where they stand.", runs(group.count), group.workflow));
            return;
        };
        let name = title(task);
        if group.attention.as_deref() == Some("unknown_outcome") {
            self.never(format!(
                "It is not known whether {name} took effect before. Look in the target first: a retry may do it a second time."
            ));
        }
        self.make(definition, group, task);
    }

    fn say_skip(&mut self, definition: &Definition, group: &PreviewGroup, id: TaskId, confirmed: bool) {
        let name = title(definition.task(id));
        if !confirmed && definition.task(id).metadata.question.is_some() {
            return self.words.push(format!("{name} asks a person, so it is only skipped with confirm: true."));
        }
        self.never(format!("{name} is never done by these runs; what its call did before, if anything, stays."));
        match following(definition, id) {
            Some(next) => self.make(definition, group, definition.task(next)),
            None => self.words.push(format!("{} continue behind {name}.", runs(group.count))),
        }
    }

    /// The call of a task, or the first call in it.
    fn make(&mut self, definition: &Definition, group: &PreviewGroup, task: &Task) {
        let Some((made, protocol)) = first_call(definition, task) else {
            let what = match &task.kind {
                TaskKind::Run(run) => format!("start a run of {}/{}", run.namespace, run.name),
                TaskKind::Emit(_) => "emit an event".to_owned(),
                TaskKind::Listen(_) => "wait for an event".to_owned(),
                TaskKind::Wait(_) => "wait".to_owned(),
                _ => "make no call there".to_owned(),
            };
            self.words.push(format!("{} continue at {}, and {what}.", runs(group.count), title(task)));
            return;
        };
        self.call(protocol, made, group.count, false);
        if made.metadata.pivot {
            self.never(format!(
                "{} is the point of no return: once it is done, nothing of a run is undone.",
                title(made)
            ));
        } else if writes(protocol) && !matches!(made.metadata.compensate, Some(Compensate::Task(_))) {
            self.never(format!(
                "{} has no compensation: what it writes stays, also if the run is undone later.",
                title(made)
            ));
        }
        if made.metadata.resend == Resend::Never {
            self.never(format!("{} must not be sent twice; its target does not recognize a repetition.", title(made)));
        }
    }

    fn say_undo(&mut self, definition: &Definition, group: &PreviewGroup, sample: &RunView) {
        let mut kept = Vec::new();
        let mut is_past = false;
        let undone: Vec<&str> = sample.tasks.iter().filter_map(|t| t.compensates.as_deref()).collect();
        let done = sample.tasks.iter().filter(|task| task.status == "completed" && task.compensates.is_none());
        for step in done.filter(|task| !undone.contains(&task.reference.as_str())) {
            let Some(task) = definition.by_reference.get(&step.reference).map(|id| definition.task(*id)) else {
                continue;
            };
            is_past |= task.metadata.pivot;
            match task.metadata.compensate {
                Some(Compensate::Task(undo)) => {
                    let undo = definition.task(undo);
                    if let Some((_, protocol)) = first_call(definition, undo) {
                        self.call(protocol, task, group.count, true);
                    }
                }
                _ => {
                    if matches!(&task.kind, TaskKind::Call(call) if writes(&call.protocol)) {
                        kept.push(title(task));
                    }
                }
            }
        }
        if is_past {
            self.words.push(format!(
                "{} of {} are past the point of no return, as far as the oldest of them shows: the act is refused there.",
                runs(group.count),
                group.workflow
            ));
        }
        if !kept.is_empty() {
            self.never(format!("These steps have no compensation, so what they wrote stays: {}.", kept.join(", ")));
        }
    }

    fn call(&mut self, protocol: &Protocol, task: &Task, count: usize, undoes: bool) {
        let call = NextCall {
            connection: protocol.connections().into_iter().next(),
            call: described(protocol),
            step: title(task),
            undoes,
            runs: count,
        };
        let same =
            |known: &&mut NextCall| NextCall { runs: 0, ..(**known).clone() } == NextCall { runs: 0, ..call.clone() };
        match self.calls.iter_mut().find(same) {
            Some(known) => known.runs += count,
            None => self.calls.push(call),
        }
    }

    fn never(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.irreversible.contains(&what) {
            self.irreversible.push(what);
        }
    }

    fn conclude(&mut self) {
        for call in &self.calls {
            let to = call.connection.as_deref().map(|name| format!(" to {name}")).unwrap_or_default();
            let why = if call.undoes { format!("undo {}", call.step) } else { format!("go on at {}", call.step) };
            self.words.push(format!("{} call {}{to} to {why}.", runs(call.runs), call.call));
        }
        if self.two_people > 0 {
            self.words.push(format!(
                "For {} the workflow asks for a second person: the act is proposed, and done once another user approves it.",
                runs(self.two_people)
            ));
        }
        self.words.extend(self.irreversible.iter().cloned());
    }
}

fn title(task: &Task) -> String {
    task.metadata.title.clone().unwrap_or_else(|| task.name.clone())
}

/// The call of a task, or the first one inside it.
fn first_call<'d>(definition: &'d Definition, task: &'d Task) -> Option<(&'d Task, &'d Protocol)> {
    match &task.kind {
        TaskKind::Call(call) => Some((task, &call.protocol)),
        kind => kind.nested().first().and_then(|id| first_call(definition, definition.task(*id))),
    }
}

/// What comes after a task in its list, as far as the definition alone says.
fn following(definition: &Definition, id: TaskId) -> Option<TaskId> {
    let lists = std::iter::once(definition.root.as_slice()).chain(definition.tasks.iter().flat_map(|t| t.kind.lists()));
    let (list, place) = lists.filter_map(|list| Some((list, list.iter().position(|task| *task == id)?))).next()?;
    match definition.task(id).then {
        Flow::Continue => list.get(place + 1).copied(),
        Flow::To(index) => list.get(index).copied(),
        Flow::Exit | Flow::End => None,
    }
}

/// Whether a call may change something at its target.
fn writes(protocol: &Protocol) -> bool {
    !matches!(method(protocol).as_deref(), Some("GET" | "HEAD" | "OPTIONS"))
}

fn method(protocol: &Protocol) -> Option<String> {
    match protocol {
        Protocol::Http(call) => match &call.method {
            Template::Literal(method) => method.as_str().map(str::to_uppercase),
            _ => None,
        },
        Protocol::OpenApi(call) => call.method.clone(),
        Protocol::Process(_) => None,
    }
}

/// Method and address of a call, as the definition says them.
fn described(protocol: &Protocol) -> String {
    let method = method(protocol).unwrap_or_else(|| "a method of its own".to_owned());
    match protocol {
        Protocol::Http(call) => format!("{method} {}", address(&call.endpoint)),
        Protocol::OpenApi(call) => format!("the operation {}", call.operation),
        Protocol::Process(_) => "a program".to_owned(),
    }
}

fn address(endpoint: &Endpoint) -> String {
    let text = match endpoint {
        Endpoint::UriTemplate(uri) => uri.as_str(),
        Endpoint::Expression(expression) => expression.text(),
    };
    let path = text.strip_prefix("connection://").and_then(|rest| rest.find('/').map(|at| &rest[at..]));
    let shown = path.unwrap_or(text);
    match shown.char_indices().nth(ADDRESS_CHARS_MAX) {
        Some((cut, _)) => format!("{}…", &shown[..cut]),
        None => shown.to_owned(),
    }
}
