//! Events in a definition: which ones a task or schedule waits for, and which it emits.

use std::collections::BTreeSet;

use super::{OutputSpec, TaskList};
use stepwell_expr::{Expression, Template};

/// `emit`: the attributes and data of a CloudEvent.
#[derive(Debug)]
pub struct EmitTask {
    /// `source`, `type` and other attributes by name. Each template must return a text.
    pub attributes: Vec<(String, Template)>,
    /// `data`: any JSON; `None`: an event without data.
    pub data: Option<Template>,
}

/// `listen`: waits for events.
#[derive(Debug)]
pub struct ListenTask {
    /// The events it waits for, and when it has enough.
    pub strategy: EventStrategy,
    /// The part of each event that it reads.
    pub read: Read,
    /// `foreach`: the tasks that run for each event, one event at a time.
    pub each: Option<EachEvent>,
}

/// `schedule.on` with `all` or `until`: several events that start one run together.
#[derive(Debug)]
pub struct EventJoin {
    /// The events it waits for, and when it has enough.
    pub strategy: EventStrategy,
    /// Hash of the strategy. A new version with the same hash continues with the events already collected.
    pub signature: String,
}

/// An event consumption strategy: which events are consumed, and when the wait ends.
#[derive(Debug)]
pub struct EventStrategy {
    /// How many of the filters must match.
    pub take: Take,
    /// The filters; if there are none, every event matches.
    pub filters: Vec<EventFilter>,
    /// What ends the wait of `any`; `None`: the first event does.
    pub until: Option<Until>,
}

/// The effect of an event on an event strategy.
#[derive(Debug)]
pub enum Step<'a> {
    /// The event is not consumed.
    Refused,
    /// The event is consumed.
    Taken {
        /// Whether the wait is over.
        enough: bool,
    },
    /// The event is consumed. The wait is over if this expression is true on the array of all consumed events.
    Depends(&'a Expression),
}

impl EventStrategy {
    /// Returns a filter by its number: the filters of the strategy come first, then those of `until`.
    #[must_use]
    pub fn filter(&self, number: usize) -> Option<&EventFilter> {
        self.filters.iter().chain(self.until_filters()).nth(number)
    }

    /// Returns the filters whose events end the wait without being consumed.
    #[must_use]
    pub fn until_filters(&self) -> &[EventFilter] {
        match &self.until {
            Some(Until::Events { filters, .. }) => filters,
            _ => &[],
        }
    }

    /// Whether the filter belongs to `until`. An empty `any` consumes every event as number 0.
    #[must_use]
    pub fn is_until(&self, number: usize) -> bool {
        number >= self.filters.len().max(1)
    }

    /// Returns the effect of an event that matches filter `number`, after events that matched the filters in `met`.
    #[must_use]
    pub fn step(&self, met: &BTreeSet<u16>, number: u16) -> Step<'_> {
        let is_until = self.is_until(usize::from(number));
        let (take, first, count) = match &self.until {
            Some(Until::Events { take, filters }) if is_until => (*take, self.filters.len(), filters.len()),
            _ => (self.take, 0, self.filters.len()),
        };
        if take == Take::All && met.contains(&number) {
            return Step::Refused;
        }
        match (take, &self.until) {
            (Take::All, _) => {
                let others = met.iter().filter(|n| (first..first + count).contains(&usize::from(**n))).count();
                Step::Taken { enough: others + 1 == count }
            }
            (Take::Any, Some(Until::Condition(condition))) => Step::Depends(condition),
            (Take::Any, Some(Until::Events { .. })) => Step::Taken { enough: is_until },
            _ => Step::Taken { enough: true },
        }
    }
}

/// How many of the filters of a strategy must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// `one`: the event of the only filter.
    One,
    /// `any`: events of any of the filters.
    Any,
    /// `all`: one event for each filter.
    All,
}

/// What ends the wait of `any`.
#[derive(Debug)]
pub enum Until {
    /// An expression that is true on the array of the consumed events.
    Condition(Expression),
    /// Events that end the wait without being consumed.
    Events {
        /// How many of the filters must match.
        take: Take,
        /// The filters of the events.
        filters: Vec<EventFilter>,
    },
}

/// `listen.read`: what a task reads from an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Read {
    /// The event's data.
    #[default]
    Data,
    /// The whole event.
    Envelope,
    /// The event's data as text.
    Raw,
}

/// `listen.foreach`: tasks that run for each event.
#[derive(Debug)]
pub struct EachEvent {
    /// The variable for the event, without `$`.
    pub item: String,
    /// The variable for the event's index, from 0, without `$`.
    pub at: String,
    /// The tasks.
    pub body: TaskList,
    /// Transforms the output for each event.
    pub output: OutputSpec,
    /// Updates the context after each event.
    pub export: OutputSpec,
}

/// An event filter. An event must satisfy all of its parts.
#[derive(Debug, Default)]
pub struct EventFilter {
    /// Required attributes by name.
    pub with: Vec<(String, Wanted)>,
    /// `with.data`: evaluated on the event's data; the event matches if it is true.
    pub data: Option<Expression>,
    /// Values that link an event to this run.
    pub correlate: Vec<Correlation>,
}

impl EventFilter {
    /// Returns the names of correlations whose value the first event sets.
    #[must_use]
    pub fn bindings(&self) -> BTreeSet<&str> {
        self.correlate.iter().filter(|c| c.expect.is_none()).map(|c| c.name.as_str()).collect()
    }
}

/// The required value of an event attribute.
#[derive(Debug)]
pub enum Wanted {
    /// This exact text.
    Text(String),
    /// A regular expression that matches the whole text.
    Pattern(regex::Regex),
    /// An expression, evaluated when the task begins to listen.
    Computed(Expression),
}

/// `correlate.NAME`: a value that links events to a run.
#[derive(Debug)]
pub struct Correlation {
    /// The name of the correlation.
    pub name: String,
    /// Extracts the value: evaluated on the whole event and, if that returns nothing, on its data.
    pub from: Expression,
    /// The expected value (a constant in a schedule). `None`: the first event sets the value for the events after it.
    pub expect: Option<Template>,
}
