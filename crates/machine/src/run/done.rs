//! The steps of a run that may have to be undone.
//!
//! A run is copied at each decision. Copies share these lists, so adding or undoing a step costs the same however long
//! they are.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use rpds::{HashTrieMapSync, ListSync};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{ChildRequest, CompensationEnd, Coordinates, ExecutionId, Time, stored};
use stepwell_language::dsl::TaskId;

/// A completed step that can be undone, or one that may have had an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Execution of the step.
    pub execution: ExecutionId,
    /// Task that was executed.
    pub task: TaskId,
    /// Coordinates of the execution.
    pub coordinates: Coordinates,
    /// Transformed input of the step.
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// Transformed output of the step; null if there is none.
    #[serde(with = "stored::shared")]
    pub output: Arc<Value>,
    /// Whether it completed, or the target has since reported its result.
    pub completed: bool,
    /// Until when its target may still act. An earlier undo could be overtaken by the step itself.
    pub settles_at: Option<Time>,
    /// The child run that is told to undo itself, if the task has no undo of its own.
    pub child: Option<Arc<ChildRequest>>,
}

/// Identifies a step in any of its rounds: task, visit and loop indices.
type Step = (TaskId, u32, Vec<u32>);

/// A hasher that gives the same result in every process, because the machine must be deterministic.
type Hasher = BuildHasherDefault<DefaultHasher>;

/// Steps that may have to be undone, in order of completion.
#[derive(Clone, Default)]
pub struct DoneSteps {
    steps: HashTrieMapSync<Step, Vec<Noted>, Hasher>,
    /// Position of the next one.
    next: u64,
}

#[derive(Clone)]
struct Noted {
    place: u64,
    done: Arc<Done>,
}

impl DoneSteps {
    /// Whether there is nothing to undo.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds a step at the end.
    pub fn push(&mut self, done: Done) {
        let step = step(&done);
        let mut noted = self.steps.get(&step).cloned().unwrap_or_default();
        noted.push(Noted { place: self.next, done: Arc::new(done) });
        self.steps.insert_mut(step, noted);
        self.next += 1;
    }

    /// Adds a step at the end and removes its earlier rounds. Keeps the latest time until which one of those may still
    /// act.
    pub fn replace(&mut self, mut done: Done) {
        let step = step(&done);
        let earlier = self.steps.get(&step).into_iter().flatten().filter_map(|noted| noted.done.settles_at).max();
        done.settles_at = done.settles_at.max(earlier);
        self.steps.insert_mut(step, vec![Noted { place: self.next, done: Arc::new(done) }]);
        self.next += 1;
    }

    /// Returns all steps in order of completion.
    #[must_use]
    pub fn in_order(&self) -> Vec<&Arc<Done>> {
        let mut noted: Vec<&Noted> = self.steps.values().flatten().collect();
        noted.sort_unstable_by_key(|noted| noted.place);
        noted.into_iter().map(|noted| &noted.done).collect()
    }
}

fn step(done: &Done) -> Step {
    (done.task, done.coordinates.visit, done.coordinates.iteration.clone())
}

impl FromIterator<Done> for DoneSteps {
    fn from_iter<I: IntoIterator<Item = Done>>(steps: I) -> Self {
        let mut list = Self::default();
        steps.into_iter().for_each(|done| list.push(done));
        list
    }
}

impl PartialEq for DoneSteps {
    fn eq(&self, other: &Self) -> bool {
        self.in_order() == other.in_order()
    }
}

impl std::fmt::Debug for DoneSteps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.in_order()).finish()
    }
}

impl Serialize for DoneSteps {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.in_order())
    }
}

impl<'de> Deserialize<'de> for DoneSteps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Done>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The compensation of a run, once it has started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compensation {
    /// Steps left to undo, next one first.
    pub plan: ListSync<Arc<Done>>,
    /// How the run closes.
    pub end: CompensationEnd,
}

impl Compensation {
    /// Plans to undo these steps, last one first.
    pub(crate) fn of(steps: &DoneSteps, end: CompensationEnd) -> Self {
        let mut plan = ListSync::new_sync();
        for done in steps.in_order() {
            plan.push_front_mut(Arc::clone(done));
        }
        Self { plan, end }
    }

    /// Returns the step of the plan that an undo belongs to.
    pub(crate) fn step(&self, of: ExecutionId) -> Option<&Arc<Done>> {
        self.plan.iter().find(|done| done.execution == of)
    }

    /// Removes a step from the plan.
    pub(crate) fn remove(&mut self, of: ExecutionId) {
        self.change(of, |_| None);
    }

    /// Stores the output of a step that its target reported when asked.
    pub(crate) fn told(&mut self, of: ExecutionId, output: &Arc<Value>) {
        self.change(of, |done| Some(Done { completed: true, output: Arc::clone(output), ..done.clone() }));
    }

    /// Replaces or removes a step. It is usually the next one, so the rest of the list is shared.
    fn change(&mut self, of: ExecutionId, change: impl Fn(&Done) -> Option<Done>) {
        let mut before = Vec::new();
        let mut rest = self.plan.clone();
        while let Some(first) = rest.first().cloned() {
            rest.drop_first_mut();
            if first.execution != of {
                before.push(first);
                continue;
            }
            if let Some(changed) = change(&first) {
                rest.push_front_mut(Arc::new(changed));
            }
            for done in before.into_iter().rev() {
                rest.push_front_mut(done);
            }
            self.plan = rest;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn done(task: u32, round: u32, settles: Option<i64>) -> Done {
        Done {
            execution: round,
            task: TaskId(task),
            coordinates: Coordinates { round, ..Coordinates::default() },
            input: Arc::default(),
            output: Arc::default(),
            completed: true,
            settles_at: settles.and_then(Time::from_timestamp_micros),
            child: None,
        }
    }

    /// The same on a plain list, by linear search.
    fn replace(list: &mut Vec<Done>, mut done: Done) {
        let earlier = list.iter().filter(|d| d.task == done.task).filter_map(|d| d.settles_at).max();
        list.retain(|d| d.task != done.task);
        done.settles_at = done.settles_at.max(earlier);
        list.push(done);
    }

    proptest! {
        #[test]
        fn steps_are_kept_as_a_plain_list_would_keep_them(
            noted in prop::collection::vec((0_u32..6, prop::option::of(0_i64..9), any::<bool>()), 0..40),
            removed in prop::collection::vec((0_u32..40, any::<bool>()), 0..40),
        ) {
            let (mut list, mut steps) = (Vec::new(), DoneSteps::default());
            for (round, (task, settles, replaces)) in (0..).zip(noted) {
                let done = done(task, round, settles);
                if replaces {
                    replace(&mut list, done.clone());
                    steps.replace(done);
                } else {
                    list.push(done.clone());
                    steps.push(done);
                }
            }
            let kept: Vec<Done> = steps.in_order().into_iter().map(|done| (**done).clone()).collect();
            prop_assert_eq!(&kept, &list);
            let mut compensation = Compensation::of(&steps, CompensationEnd::Compensated);
            list.reverse();
            for (of, told) in removed {
                if told {
                    compensation.told(of, &Arc::new(Value::Bool(true)));
                    if let Some(done) = list.iter_mut().find(|done| done.execution == of) {
                        done.output = Arc::new(Value::Bool(true));
                    }
                } else {
                    compensation.remove(of);
                    list.retain(|done| done.execution != of);
                }
                let left: Vec<Done> = compensation.plan.iter().map(|done| (**done).clone()).collect();
                prop_assert_eq!(&left, &list);
            }
        }
    }
}
