//! What goes into the next file: whole families, and events that have no runs.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use uuid::Uuid;

use super::{ITEMS_MAX, Keeper, Looked, RetentionError};
use crate::machine::{RunId, Time};
use crate::retention::Outcome;
use crate::retention::rules::{self, FAMILY_MAX, LiveRun, Member, asked_for_since, event_is_due};
use crate::store::nodes;
use crate::store::retention::{self as rows, DueFilter, EventRow};

/// Runs looked at with one statement.
const PAGE: usize = 100;

/// Members of families that one statement gives.
const MEMBERS_MAX: i64 = 20_000;

/// Events looked at with one statement.
const EVENT_PAGE: i64 = 1_000;

/// Oldest runs of each status of which it is asked whether they listen.
const LIVE_PAGE: i64 = 1_000;

/// What one call found besides the families that it chose.
pub(super) struct Chosen {
    /// The events that go into the file as well.
    pub(super) events: Vec<EventRow>,
    /// Everything was looked at. If not, the next call continues from there.
    pub(super) is_end: bool,
}

impl Keeper {
    /// Fills up what is chosen for the next file, until it is full, enough runs were looked at, or all of them.
    pub(super) async fn choose(&mut self) -> Result<Chosen, RetentionError> {
        let now = nodes::database_time(&self.reader).await?;
        let mut seen: HashSet<RunId> = self.chosen.iter().flatten().map(|member| member.id).collect();
        let (mut looked, mut is_end) = (0, true);
        let at_once = PAGE.min(self.limits.looked);
        let versions: Vec<i32> = self.versions.keys().copied().collect();
        for definition in versions {
            for outcome in Outcome::ALL {
                let Some(before) = self.due_before(&self.versions[&definition], outcome, now) else { continue };
                let filter = DueFilter { definition, status: outcome.as_str(), before };
                loop {
                    if self.items() >= ITEMS_MAX || looked >= self.limits.looked || self.closing.is_cancelled() {
                        is_end = false;
                        break;
                    }
                    let page = self.look_at_page(&filter, at_once, outcome, now, &mut seen).await?;
                    looked += page;
                    if page < at_once {
                        break;
                    }
                }
            }
        }
        if self.items() >= ITEMS_MAX {
            return Ok(Chosen { events: Vec::new(), is_end: false });
        }
        if is_end && let Some(first) = self.left_out.take() {
            self.events = self.events.before(first);
        }
        let events = self.events_without_runs(now).await?;
        Ok(Chosen { events, is_end: is_end && self.events == Looked::Whole })
    }

    fn items(&self) -> usize {
        self.chosen.iter().map(Vec::len).sum()
    }

    /// Looks at some runs and chooses those families of theirs that may go; gives how many there were.
    async fn look_at_page(
        &mut self,
        filter: &DueFilter,
        at_once: usize,
        outcome: Outcome,
        now: Time,
        seen: &mut HashSet<RunId>,
    ) -> Result<usize, RetentionError> {
        let began = Instant::now();
        let after = self.looked.get(&(filter.definition, outcome)).copied();
        let page = rows::candidates(&self.reader, filter, after, at_once as i64).await?;
        let Some(last) = page.last() else { return Ok(0) };
        self.looked.insert((filter.definition, outcome), *last);
        let ids: Vec<RunId> = page.iter().map(|c| c.id).filter(|id| !seen.contains(id)).collect();
        for family in self.families(&ids).await? {
            let is_new = family.iter().all(|member| !seen.contains(&member.id));
            seen.extend(family.iter().map(|member| member.id));
            if is_new && rules::judge(&family, &self.policy, now).is_ok() {
                self.chosen.push_back(family);
            }
        }
        self.renew().await?;
        self.pace.rest(began).await;
        Ok(page.len())
    }

    /// The families of these runs. Where they are many, one statement each.
    async fn families(&self, of: &[RunId]) -> Result<Vec<Vec<Member>>, RetentionError> {
        let is_whole = |rows: usize, limit: i64| i64::try_from(rows).is_ok_and(|rows| rows < limit);
        let members = rows::families(&self.reader, of, MEMBERS_MAX).await?;
        if is_whole(members.len(), MEMBERS_MAX) {
            return Ok(grouped(members));
        }
        let mut found = BTreeMap::new();
        for id in of {
            // One more than may go: what is larger stays, however large.
            let members = rows::families(&self.reader, &[*id], FAMILY_MAX as i64 + 1).await?;
            found.extend(
                members.first().map(|(top, _)| *top).map(|top| (top, members.into_iter().map(|(_, m)| m).collect())),
            );
        }
        Ok(found.into_values().collect())
    }

    /// From when on a run that lives may ask for events.
    pub(super) async fn asked_for(&self) -> Result<Option<Time>, RetentionError> {
        let pages = rows::live_pages(&self.reader, LIVE_PAGE).await?;
        let listens = |definition: &i32| self.versions.get(definition).is_none_or(|version| version.listens);
        let live =
            |(definition, created_at): &(i32, Time)| LiveRun { created_at: *created_at, listens: listens(definition) };
        let pages: Vec<_> = pages.iter().map(|(rows, more)| (rows.iter().map(live).collect(), *more)).collect();
        Ok(asked_for_since(&pages, self.looks_back))
    }

    /// Events that are due and whose runs are gone, or that never had any.
    async fn events_without_runs(&mut self, now: Time) -> Result<Vec<EventRow>, RetentionError> {
        let mut found = Vec::new();
        let Some(before) = self.policy.youngest().and_then(|age| now.checked_sub_signed(age)) else { return Ok(found) };
        let asked_for = self.asked_for().await?;
        while let Looked::UpTo(after) = self.events
            && found.len() < ITEMS_MAX
            && !self.closing.is_cancelled()
        {
            let began = Instant::now();
            let page = rows::old_events(&self.reader, before, after, EVENT_PAGE).await?;
            self.events = page.last().map_or(Looked::Whole, |event| Looked::UpTo(event.id));
            found.extend(
                page.into_iter().filter(|e| !e.is_archived && event_is_due(&e.facts, &self.policy, asked_for, now)),
            );
            self.renew().await?;
            self.pace.rest(began).await;
        }
        Ok(found)
    }
}

impl Looked {
    /// So far, or less: this one is to be looked at again.
    fn before(self, id: Uuid) -> Self {
        let before = Uuid::from_u128(id.as_u128().saturating_sub(1));
        match self {
            Self::UpTo(at) => Self::UpTo(at.min(before)),
            Self::Whole => Self::UpTo(before),
        }
    }
}

fn grouped(members: Vec<(RunId, Member)>) -> Vec<Vec<Member>> {
    let mut families: BTreeMap<RunId, Vec<Member>> = BTreeMap::new();
    for (top, member) in members {
        families.entry(top).or_default().push(member);
    }
    families.into_values().collect()
}
