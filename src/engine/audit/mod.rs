//! What `stepwell audit` proves: that the database says what its own history says, and what anchors outside of it say.
//!
//! Everything is recomputed from what is stored. Each check reads one moment of the database, so that nodes may write meanwhile. A check
//! takes a connection and never a pool: a test looks at what a transaction has changed without committing it.

pub mod anchors;
mod chain;
mod definitions;
mod events;
mod gaps;
mod pass;
mod runs;
pub mod uncovered;

use std::fmt;

pub use anchors::anchored::Anchors;
pub(crate) use anchors::keeper::WEBHOOK;
pub use anchors::keeper::{Keeper, SETTLES_AFTER, adopt, take, take_into};
pub use pass::{Options, verify, verify_in, verify_run};

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// The table.
    pub table: String,
    /// Key of the row.
    pub row: String,
    /// What is wrong, as a sentence that names both.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// Findings that are told.
const TOLD_MAX: usize = 100;

/// What was checked, and what was found.
#[derive(Debug, Default, serde::Serialize)]
pub struct Report {
    /// Journals.
    pub runs: u64,
    /// Records in them.
    pub records: u64,
    /// Events.
    pub events: u64,
    /// Entries of the chain of acts.
    pub entries: u64,
    /// Entries that were accepted as they were.
    pub adopted: u64,
    /// Deployed versions.
    pub definitions: u64,
    /// Anchors.
    pub anchors: u64,
    /// Days of which something was archived since every anchor that sums them up.
    pub days_not_held: u64,
    /// How many findings there are.
    pub count: u64,
    /// The first of them.
    pub findings: Vec<Finding>,
    /// What a reader should know although nothing is wrong.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.count == 0
    }

    fn find(&mut self, table: &str, row: impl fmt::Display, what: impl Into<String>) {
        self.count += 1;
        if self.findings.len() < TOLD_MAX {
            self.findings.push(Finding { table: table.to_owned(), row: row.to_string(), what: what.into() });
        }
    }

    fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.notes.contains(&what) {
            self.notes.push(what);
        }
    }

    fn add(&mut self, other: Self) {
        let Self {
            runs,
            records,
            events,
            entries,
            adopted,
            definitions,
            anchors,
            days_not_held,
            count,
            findings,
            notes,
        } = other;
        self.runs += runs;
        self.records += records;
        self.events += events;
        self.entries += entries;
        self.adopted += adopted;
        self.definitions += definitions;
        self.anchors += anchors;
        self.days_not_held += days_not_held;
        self.count += count;
        let room = TOLD_MAX.saturating_sub(self.findings.len());
        self.findings.extend(findings.into_iter().take(room));
        notes.into_iter().for_each(|note| self.note(note));
    }
}
