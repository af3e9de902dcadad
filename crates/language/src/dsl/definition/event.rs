//! Events in a definition: which ones are waited for, when it is enough, and what goes out.

use std::collections::BTreeSet;

use super::{OutputSpec, TaskList};
use stepwell_expr::{Expression, Template};

/// `emit`: the attributes of a CloudEvent and its data.
#[derive(Debug)]
pub struct EmitTask {
    /// `source`, `type` and others, by name; each gives a text.
    pub attributes: Vec<(String, Template)>,
    /// `data`
    pub data: Option<Template>,
}

/// `listen`
#[derive(Debug)]
pub struct ListenTask {
    /// For which events, and when it is enough.
    pub strategy: EventStrategy,
    /// What of an event is taken.
    pub read: Read,
    /// What is done with each event, one after the other.
    pub each: Option<EachEvent>,
}

/// `schedule.on` with `all` or `until`: events that start one run together.
#[derive(Debug)]
pub struct EventJoin {
    /// Which events, and when it is enough.
    pub strategy: EventStrategy,
    /// Hash of what the document says: a version that says the same continues with what was gathered.
    pub signature: String,
}

/// Which events are taken, and when it is enough.
#[derive(Debug)]
pub struct EventStrategy {
    /// How many of the events.
    pub take: Take,
    /// Which events; none means all.
    pub filters: Vec<EventFilter>,
    /// When `any` has taken enough; without it the first event is enough.
    pub until: Option<Until>,
}

/// What an event does to what was taken before it.
#[derive(Debug)]
pub enum Step<'a> {
    /// It is not wanted.
    Refused,
    /// It is taken, and enough or not.
    Taken {
        /// Nothing more is waited for.
        enough: bool,
    },
    /// It is taken, and enough if this holds on the array of all that was taken.
    Depends(&'a Expression),
}

impl EventStrategy {
    /// A filter by its number: those of the strategy first, then those of `until`.
    #[must_use]
    pub fn filter(&self, number: usize) -> Option<&EventFilter> {
        self.filters.iter().chain(self.until_filters()).nth(number)
    }

    /// The filters whose events end the waiting and are not taken.
    #[must_use]
    pub fn until_filters(&self) -> &[EventFilter] {
        match &self.until {
            Some(Until::Events { filters, .. }) => filters,
            _ => &[],
        }
    }

    /// Whether events of this filter only end the waiting. An empty `any` takes whatever comes under number 0.
    #[must_use]
    pub fn is_until(&self, number: usize) -> bool {
        number >= self.filters.len().max(1)
    }

    /// What an event of this filter does when events of the filters `met` came before.
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

/// An event consumption strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// `one`
    One,
    /// `any`
    Any,
    /// `all`: one event for each filter.
    All,
}

/// What ends the waiting for `any`.
#[derive(Debug)]
pub enum Until {
    /// True on the array of what was taken so far.
    Condition(Expression),
    /// Events that are not taken themselves.
    Events {
        /// How many of them.
        take: Take,
        /// Which.
        filters: Vec<EventFilter>,
    },
}

/// What of an event is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Read {
    /// Its data.
    #[default]
    Data,
    /// The whole event.
    Envelope,
    /// Its data as text.
    Raw,
}

/// `listen.foreach`
#[derive(Debug)]
pub struct EachEvent {
    /// The variable that holds the event, without `$`.
    pub item: String,
    /// The variable that holds its index, from 0, without `$`.
    pub at: String,
    /// What runs for each event.
    pub body: TaskList,
    /// Makes the item of the output.
    pub output: OutputSpec,
    /// Changes the context after each event.
    pub export: OutputSpec,
}

/// Which events: everything given must hold.
#[derive(Debug, Default)]
pub struct EventFilter {
    /// Attributes by name.
    pub with: Vec<(String, Wanted)>,
    /// `with.data`: true lets the event pass; seen on the event's data.
    pub data: Option<Expression>,
    /// What links an event to this run and no other.
    pub correlate: Vec<Correlation>,
}

impl EventFilter {
    /// Names of correlations that the first event's values bind.
    #[must_use]
    pub fn bindings(&self) -> BTreeSet<&str> {
        self.correlate.iter().filter(|c| c.expect.is_none()).map(|c| c.name.as_str()).collect()
    }
}

/// What an attribute of an event must be.
#[derive(Debug)]
pub enum Wanted {
    /// Exactly this text.
    Text(String),
    /// A text that this regular expression fits as a whole.
    Pattern(regex::Regex),
    /// The text that this gives when the listening begins.
    Computed(Expression),
}

/// `correlate.NAME`
#[derive(Debug)]
pub struct Correlation {
    /// Its name.
    pub name: String,
    /// Takes the value out of the event: seen on the whole event, and where that gives nothing, on its data.
    pub from: Expression,
    /// What the value must be (in a schedule a fixed value); without it the first event's value binds those after it.
    pub expect: Option<Template>,
}
