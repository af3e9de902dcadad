//! `listen`: waits for events. The engine says which events fit; what is taken, and when it is enough, is decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rpds::VectorSync;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::Opening;
use crate::apply::{Applied, GONE};
use crate::decide::{Decider, Stop, Values};
use crate::decide::{Entry, Ready};
use crate::decide::{Halt, Scope, kind};
use crate::question;
use crate::{
    Actor, Change, Cursor, Effect, ErrorKind, Execution, ExecutionId, FaultClass, Progress, Rejected, Run, Time,
    WorkflowError,
};
use stepwell_expr::Expression;
use stepwell_language::dsl::{Definition, EachEvent, EventFilter, ListenTask, Read, Step, TaskKind, Wanted};
use stepwell_text::canonical;

/// Progress of a `listen`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ListenProgress {
    /// Numbers of the filters that have their event.
    pub met: BTreeSet<u16>,
    /// Values that correlations are bound to.
    pub bound: BTreeMap<String, Value>,
    /// Events taken, in order of arrival.
    pub taken: VectorSync<Arc<Value>>,
    /// Whether it needs no more events.
    pub enough: bool,
    /// Outputs of `foreach` for the first of these events.
    pub outputs: VectorSync<Arc<Value>>,
    /// Position in `foreach` for the next event; `None` between two events.
    pub cursor: Option<Cursor>,
    /// Id of the question to a person. Only the answer to this question is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Uuid>,
}

/// What one filter of a `listen` waits for, as far as this is known when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listening {
    /// Required attribute values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// Required values of correlations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub correlate: BTreeMap<String, Value>,
    /// The question to a person whose answer is the event. No other event is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Box<crate::Asked>>,
}

const NOT_LISTENING: &str = "the execution is not a listen";

/// What taking an event changes.
type Taken = (BTreeMap<String, Value>, bool);

impl Decider<'_> {
    pub(crate) fn open_listen(
        &mut self,
        entry: &Entry,
        task: &ListenTask,
        input: &Arc<Value>,
        scope: &Scope,
        deadline: Option<Time>,
    ) -> Result<(), Halt> {
        let filters = task.strategy.filters.iter().chain(task.strategy.until_filters());
        let mut listening =
            filters.map(|filter| self.values().listening(filter, input, scope)).collect::<Result<Vec<_>, _>>()?;
        if listening.is_empty() {
            // An empty `any` matches every event.
            listening.push(Listening { with: BTreeMap::new(), correlate: BTreeMap::new(), asks: None });
        }
        if let (Some(question), Some(first)) =
            (&self.definition.task(entry.task).metadata.question, listening.first_mut())
        {
            first.asks = Some(Box::new(self.values().ask(entry.id, question, input, scope)?));
        }
        let listening = Arc::new(listening);
        self.emit_started(entry, input, Opening::Listen(Arc::clone(&listening)), deadline);
        self.effects.push(Effect::Listen { execution: entry.id, listening });
        Ok(())
    }

    /// An event came that fits these filters of a `listen`: the first that still wants it takes it.
    pub(crate) fn event_arrived(
        &mut self,
        id: ExecutionId,
        filters: &[u16],
        event: Arc<Value>,
        actor: Actor,
    ) -> Result<(), Stop> {
        let not_awaited = || Stop::from(Rejected::NotAwaited("event"));
        let Some(execution) = self.run.execution(id) else { return Err(not_awaited()) };
        let (TaskKind::Listen(task), Progress::Listen(progress)) =
            (&self.definition.task(execution.task).kind, &execution.progress)
        else {
            return Err(not_awaited());
        };
        if progress.asks.is_some() != question::is_answer(&event) {
            return Err(not_awaited());
        }
        for filter in filters {
            match self.values().take(execution, task, progress, *filter, &event) {
                Ok(Some((bound, enough))) => {
                    let change = Change::EventConsumed { execution: id, filter: *filter, event, bound, enough };
                    self.emit_by(actor, Some(id), change);
                    return Ok(());
                }
                Ok(None) => {}
                Err(Halt::Ask(evaluation)) => return Err(Stop::Evaluate(evaluation)),
                Err(halt) => return self.raise(id, halt.into_error(), FaultClass::Permanent),
            }
        }
        Err(not_awaited())
    }

    /// `foreach` begins with the next event.
    pub(super) fn iterate_events(&mut self, id: ExecutionId, index: usize) {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.emit(Some(id), Change::IterationStarted { execution: id, index });
    }

    /// The tasks of `foreach` are done for an event.
    pub(crate) fn end_iteration(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let (TaskKind::Listen(task), Progress::Listen(progress)) =
            (&self.definition.task(execution.task).kind, &execution.progress)
        else {
            return Ok(());
        };
        let (Some(each), Some(cursor)) = (&task.each, &progress.cursor) else { return Ok(()) };
        match self.values().item_output(execution, each, progress, &Arc::clone(&cursor.data)) {
            Ok((output, context)) => {
                self.emit(Some(id), Change::IterationCompleted { execution: id, output, context });
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => self.raise(id, halt.into_error(), FaultClass::Permanent),
        }
    }
}

impl Values<'_> {
    /// What is known of a filter before any event.
    fn listening(&self, filter: &EventFilter, input: &Arc<Value>, scope: &Scope) -> Result<Listening, Halt> {
        let mut with = BTreeMap::new();
        for (name, wanted) in &filter.with {
            match wanted {
                Wanted::Text(text) => drop(with.insert(name.clone(), text.clone())),
                Wanted::Pattern(_) => {}
                Wanted::Computed(expression) => match self.evaluate(expression, input, scope)? {
                    Value::String(text) => drop(with.insert(name.clone(), text)),
                    Value::Number(number) => drop(with.insert(name.clone(), canonical::number(&number))),
                    other => {
                        let detail = format!("the filter's `{name}` must give a text, not {}", kind(&other));
                        let title = "cannot listen";
                        return Err(Halt::Fault(WorkflowError::standard(ErrorKind::Expression, title, detail)));
                    }
                },
            }
        }
        let mut correlate = BTreeMap::new();
        for correlation in &filter.correlate {
            if let Some(expect) = &correlation.expect {
                correlate.insert(correlation.name.clone(), self.render(expect, input, scope)?);
            }
        }
        Ok(Listening { with, correlate, asks: None })
    }

    /// Whether the event is taken, and what that changes.
    fn take(
        &self,
        execution: &Execution,
        task: &ListenTask,
        progress: &ListenProgress,
        number: u16,
        event: &Arc<Value>,
    ) -> Result<Option<Taken>, Halt> {
        if progress.enough {
            return Ok(None);
        }
        let step = task.strategy.step(&progress.met, number);
        if matches!(step, Step::Refused) {
            return Ok(None);
        }
        let filter = task.strategy.filter(usize::from(number));
        let Some(bound) = self.bind(filter, progress, event)? else { return Ok(None) };
        let enough = match step {
            Step::Depends(condition) => self.is_enough(condition, execution, task, progress, event)?,
            Step::Taken { enough } => enough,
            Step::Refused => false,
        };
        Ok(Some((bound, enough)))
    }

    /// Values of correlations without `expect`: the first event's bind. None if this event's are others.
    fn bind(
        &self,
        filter: Option<&EventFilter>,
        progress: &ListenProgress,
        event: &Arc<Value>,
    ) -> Result<Option<BTreeMap<String, Value>>, Halt> {
        let mut bound = BTreeMap::new();
        let free = filter.into_iter().flat_map(|f| &f.correlate).filter(|c| c.expect.is_none());
        for correlation in free {
            let mut value = self.evaluate(&correlation.from, event, &Scope::default())?;
            if value.is_null() {
                let data = Arc::new(event.get("data").cloned().unwrap_or_default());
                value = self.evaluate(&correlation.from, &data, &Scope::default())?;
            }
            match progress.bound.get(&correlation.name) {
                _ if value.is_null() => return Ok(None),
                Some(known) if !canonical::same(known, &value) => return Ok(None),
                Some(_) => {}
                None => drop(bound.insert(correlation.name.clone(), value)),
            }
        }
        Ok(Some(bound))
    }

    /// `until`, once this event is taken.
    fn is_enough(
        &self,
        condition: &Expression,
        execution: &Execution,
        task: &ListenTask,
        progress: &ListenProgress,
        event: &Arc<Value>,
    ) -> Result<bool, Halt> {
        let item = read(task.read, event);
        let taken: Value = progress.taken.iter().chain([&item]).map(|item| (**item).clone()).collect();
        self.holds(condition, &Arc::new(taken), &self.scope_of_open(execution))
    }

    fn item_output(
        &self,
        execution: &Execution,
        each: &EachEvent,
        progress: &ListenProgress,
        raw: &Arc<Value>,
    ) -> Result<crate::decide::Outputs, Halt> {
        let mut scope = self.scope_of_open(execution);
        let index = progress.outputs.len();
        scope.local.push((each.item.clone(), progress.taken.get(index).map(Arc::clone).unwrap_or_default()));
        scope.local.push((each.at.clone(), Arc::new(index.into())));
        self.outputs_by(&each.output, &each.export, scope, raw)
    }
}

/// The raw output: what `foreach` made of the events, or the events as they were read. And whether
/// the whole run ends.
pub(super) fn outcome(task: &ListenTask, progress: &ListenProgress) -> (Arc<Value>, bool) {
    if !progress.enough {
        // A task of `foreach` said `end`.
        return (progress.cursor.as_ref().map(|c| Arc::clone(&c.data)).unwrap_or_default(), true);
    }
    let items = if task.each.is_some() { &progress.outputs } else { &progress.taken };
    (Arc::new(items.iter().map(|item| (**item).clone()).collect()), false)
}

/// The next event for `foreach`, or the end.
pub(super) fn ready(task: &ListenTask, progress: &ListenProgress, id: ExecutionId) -> Option<Ready> {
    if task.each.is_some() && progress.outputs.len() < progress.taken.len() {
        return Some(Ready::Iterate(id));
    }
    progress.enough.then_some(Ready::ListDone(id))
}

/// The names that `foreach` gives to an event and its place.
pub(super) fn local(task: &ListenTask, progress: &ListenProgress, name: &str) -> Option<Value> {
    let index = progress.outputs.len();
    let each = task.each.as_ref().filter(|_| progress.cursor.is_some())?;
    if each.item == name {
        return progress.taken.get(index).map(|item| (**item).clone());
    }
    (each.at == name).then(|| index.into())
}

pub(super) fn opened(listening: &[Listening]) -> Progress {
    let asks = listening.iter().find_map(|listening| Some(listening.asks.as_ref()?.id));
    Progress::Listen(Box::new(ListenProgress { asks, ..ListenProgress::default() }))
}

/// A `listen` took an event.
pub(crate) fn event_consumed(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    filter: u16,
    event: &Arc<Value>,
    bound: &BTreeMap<String, Value>,
    enough: bool,
) -> Applied {
    let execution = run.execution_mut(id).ok_or(GONE)?;
    let TaskKind::Listen(task) = &definition.task(execution.task).kind else { return Err(NOT_LISTENING) };
    let Progress::Listen(progress) = &mut execution.progress else { return Err(NOT_LISTENING) };
    progress.met.insert(filter);
    progress.bound.extend(bound.iter().map(|(name, value)| (name.clone(), value.clone())));
    progress.enough = enough;
    if !task.strategy.is_until(usize::from(filter)) {
        progress.taken.push_back_mut(read(task.read, event));
    }
    Ok(())
}

/// What a `listen` takes of an event.
pub(crate) fn read(read: Read, event: &Arc<Value>) -> Arc<Value> {
    let data = || event.get("data").cloned().unwrap_or_default();
    match read {
        Read::Envelope => Arc::clone(event),
        Read::Data => Arc::new(data()),
        Read::Raw => Arc::new(match data() {
            Value::String(text) => Value::String(text),
            data => Value::String(data.to_string()),
        }),
    }
}

/// `foreach` begins with this event.
pub(super) fn iteration_started(progress: &mut ListenProgress, index: u32) -> Applied {
    let item = progress.taken.get(index as usize).ok_or("the listen has no such event")?;
    progress.cursor = Some(Cursor::first(Arc::clone(item)));
    Ok(())
}

/// `foreach` is done with an event.
pub(crate) fn iteration_completed(run: &mut Run, id: ExecutionId, output: &Arc<Value>) -> Applied {
    let Progress::Listen(progress) = &mut run.execution_mut(id).ok_or(GONE)?.progress else {
        return Err(NOT_LISTENING);
    };
    progress.outputs.push_back_mut(Arc::clone(output));
    progress.cursor = None;
    Ok(())
}

impl ListenProgress {
    /// Whether only an event moves it.
    pub(crate) fn awaits_event(&self) -> bool {
        !self.enough && self.cursor.is_none()
    }
}

impl Execution {
    /// Whether it waits for events.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        matches!(&self.progress, Progress::Listen(listen) if !listen.enough)
    }

    /// Returns the id of the question that it waits for.
    #[must_use]
    pub fn asks(&self) -> Option<Uuid> {
        match &self.progress {
            Progress::Listen(listen) if !listen.enough => listen.asks,
            _ => None,
        }
    }
}
