//! `listen`: waits for events. The engine says which events fit; what is taken, and when it is enough, is decided here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::Opening;
use crate::apply::read;
use crate::decide::Entry;
use crate::decide::{Decider, Stop, Values};
use crate::decide::{Halt, Scope, kind};
use crate::question;
use crate::{
    Actor, Change, Effect, ErrorKind, Execution, ExecutionId, FaultClass, ListenProgress, Listening, Progress,
    Rejected, Time, WorkflowError,
};
use stepwell_expr::Expression;
use stepwell_language::dsl::{EachEvent, EventFilter, ListenTask, Step, TaskKind, Wanted};
use stepwell_text::canonical;

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
            // An empty `any` takes everything.
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

/// The raw output: what `foreach` made of the events, or the events as they were read.
pub(crate) fn outcome(task: &ListenTask, progress: &ListenProgress) -> Arc<Value> {
    let items = if task.each.is_some() { &progress.outputs } else { &progress.taken };
    Arc::new(items.iter().map(|item| (**item).clone()).collect())
}
