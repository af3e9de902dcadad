//! What anchors say, taken in one after the other. What two anchors say alike is kept once, so memory grows with what changed and not with
//! how many anchors there are.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::anchor::{Alive, Document, Summary};
use super::leaves::Columns;
use super::spans::Span;
use crate::engine::audit::Report;
use crate::machine::Time;

/// What anchors say. They are numbered from 0 in the order in which they were taken in.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) anchors: Vec<Told>,
    /// Ends of the chain of acts: number and hash of an entry, and the first anchor that names it.
    pub(super) acts: BTreeMap<(i64, String), Time>,
    pub(super) spans: BTreeMap<String, OfSpan>,
    alive: HashMap<Uuid, Known>,
    /// Only the spans that they name are read; see [`Self::part_of`].
    pub(super) is_part: bool,
}

/// An anchor without what it says.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) seq: i64,
    pub(super) at: Time,
    pub(super) settled: Time,
    /// Of the document.
    pub(super) digest: String,
}

/// What anchors say of a span.
#[derive(Debug, Default)]
pub(super) struct OfSpan {
    /// Each different summary, and when it was first written.
    pub(super) said: Vec<(Stated, Time)>,
    /// First and last of consecutive anchors that have one.
    present: Vec<(usize, usize)>,
}

/// A summary, with no more of the runs that lived than which they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) cutoff: Time,
    pub(super) runs: u64,
    pub(super) digest: String,
    pub(super) columns: Columns,
    /// Sorted.
    pub(super) alive: Vec<Uuid>,
    pub(super) events: u64,
    pub(super) events_digest: String,
    pub(super) archived: i64,
}

/// A run that lived when an anchor was written, as it stood when it was furthest.
#[derive(Debug)]
struct Known {
    alive: Alive,
    at: Time,
    /// The last anchor that lists it.
    listed: usize,
}

impl Said {
    /// Some spans of an anchor that was proved, and its recent runs.
    pub(super) fn part_of(document: Document) -> Self {
        let mut said = Self { is_part: true, ..Self::default() };
        said.take(document, String::new(), &mut Report::default());
        said
    }

    /// Takes in an anchor; they come in order. Gives the runs that lived before and that it does not list: they can be checked now.
    pub(super) fn take(&mut self, document: Document, digest: String, report: &mut Report) -> Vec<(Alive, Time)> {
        let (number, at) = (self.anchors.len(), document.at);
        self.anchors.push(Told { seq: document.seq, at, settled: document.settled, digest });
        if document.acts.seq > 0 {
            self.acts.entry((document.acts.seq, document.acts.hash)).or_insert(at);
        }
        for (name, mut summary) in document.spans {
            let listed = std::mem::take(&mut summary.alive);
            let ids = listed.iter().map(|alive| alive.id).collect();
            self.spans.entry(name).or_default().add(Stated::of(summary, ids), at, number);
            for alive in listed {
                self.list(alive, at, number, report);
            }
        }
        for alive in document.recent {
            self.list(alive, at, number, report);
        }
        let gone = self.alive.extract_if(|_, known| known.listed < number);
        gone.map(|(_, known)| (known.alive, known.at)).collect()
    }

    /// The runs that the last anchor lists.
    pub(super) fn still_alive(&mut self) -> Vec<(Alive, Time)> {
        self.alive.drain().map(|(_, known)| (known.alive, known.at)).collect()
    }

    fn list(&mut self, alive: Alive, at: Time, number: usize, report: &mut Report) {
        let Some(known) = self.alive.get_mut(&alive.id) else {
            self.alive.insert(alive.id, Known { alive, at, listed: number });
            return;
        };
        known.listed = number;
        if alive.seq < known.alive.seq || alive.seq == known.alive.seq && alive != known.alive {
            let what = format!(
                "two anchors disagree about run {}: record {} in one, record {} of a different history in a later one",
                alive.id, known.alive.seq, alive.seq
            );
            report.find("runs", alive.id, what);
        }
        if alive.seq > known.alive.seq {
            (known.alive, known.at) = (alive, at);
        }
    }

    /// Anchors that do not sum up a span, although it was over for long: it was empty then.
    pub(super) fn without(&self, span: Span) -> impl Iterator<Item = &Told> {
        let hours = || (0..24).map(|hour| Span::hour_of(span.from + chrono::Duration::hours(hour)).name());
        let mut names = vec![span.name()];
        if span.is_day() {
            names.extend(hours())
        } else {
            names.push(Span::day_of(span.from).name())
        }
        let present: Vec<(usize, usize)> =
            names.iter().filter_map(|name| self.spans.get(name)).flat_map(|of| of.present.iter().copied()).collect();
        let is_summed_up = move |number: usize| present.iter().any(|(first, last)| (*first..=*last).contains(&number));
        let over = self.anchors.iter().enumerate().filter(move |(_, told)| span.until <= told.settled);
        over.filter(move |(number, _)| !is_summed_up(*number)).map(|(_, told)| told)
    }
}

impl OfSpan {
    fn add(&mut self, stated: Stated, at: Time, number: usize) {
        match self.present.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => self.present.push((number, number)),
        }
        if !self.said.iter().rev().any(|(other, _)| *other == stated) {
            self.said.push((stated, at));
        }
    }
}

impl Stated {
    fn of(summary: Summary, mut alive: Vec<Uuid>) -> Self {
        let Summary { cutoff, runs, digest, columns, events, events_digest, archived, .. } = summary;
        alive.sort_unstable();
        Self { cutoff, runs, digest, columns, alive, events, events_digest, archived }
    }
}
