//! What a run has done and may have to undo.
//!
//! A run is copied at each decision, so copies share these lists: noting one more step, or undoing one, costs the same however long
//! they are.

use std::hash::{BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use rpds::{HashTrieMapSync, ListSync};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{ChildRequest, CompensationEnd, Coordinates, ExecutionId, Time, stored};
use stepwell_language::dsl::TaskId;

/// A completed step that knows how it is undone, or one that may have had an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Its execution.
    pub execution: ExecutionId,
    /// What it executed.
    pub task: TaskId,
    /// Which one of its kind.
    pub coordinates: Coordinates,
    /// Its transformed input.
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// Its transformed output; null where there is none.
    #[serde(with = "stored::shared")]
    pub output: Arc<Value>,
    /// It ended well, or the target said since its result.
    pub completed: bool,
    /// Until when it may still act: an undo before that might be overtaken by what it undoes.
    pub settles_at: Option<Time>,
    /// The run that is told to undo itself, where the task has no undo of its own.
    pub child: Option<Arc<ChildRequest>>,
}

/// A step, whichever its round.
type Step = (TaskId, u32, Vec<u32>);

/// Hashes alike in every process: the machine knows no chance.
type Hasher = BuildHasherDefault<DefaultHasher>;

/// Steps that would have to be undone, in order of completion.
#[derive(Clone, Default)]
pub struct DoneSteps {
    steps: HashTrieMapSync<Step, Vec<Noted>, Hasher>,
    /// Place of the next one.
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

    /// Adds a step as the last one.
    pub fn push(&mut self, done: Done) {
        let step = step(&done);
        let mut noted = self.steps.get(&step).cloned().unwrap_or_default();
        noted.push(Noted { place: self.next, done: Arc::new(done) });
        self.steps.insert_mut(step, noted);
        self.next += 1;
    }

    /// Adds a step as the last one, in place of its earlier rounds: something of those may still be on its way.
    pub fn replace(&mut self, mut done: Done) {
        let step = step(&done);
        let earlier = self.steps.get(&step).into_iter().flatten().filter_map(|noted| noted.done.settles_at).max();
        done.settles_at = done.settles_at.max(earlier);
        self.steps.insert_mut(step, vec![Noted { place: self.next, done: Arc::new(done) }]);
        self.next += 1;
    }

    /// All of them, in order of completion.
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

/// Undoing, once begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compensation {
    /// What is left to undo, next first.
    pub plan: ListSync<Arc<Done>>,
    /// How the run ends.
    pub end: CompensationEnd,
}

impl Compensation {
    /// To undo these steps, the last one first.
    pub(crate) fn of(steps: &DoneSteps, end: CompensationEnd) -> Self {
        let mut plan = ListSync::new_sync();
        for done in steps.in_order() {
            plan.push_front_mut(Arc::clone(done));
        }
        Self { plan, end }
    }

    /// The step of the plan that an undo is for.
    pub(crate) fn step(&self, of: ExecutionId) -> Option<&Arc<Done>> {
        self.plan.iter().find(|done| done.execution == of)
    }

    /// Takes a step out of the plan.
    pub(crate) fn remove(&mut self, of: ExecutionId) {
        self.change(of, |_| None);
    }

    /// Notes what the target says that a step left.
    pub(crate) fn told(&mut self, of: ExecutionId, output: &Arc<Value>) {
        self.change(of, |done| Some(Done { completed: true, output: Arc::clone(output), ..done.clone() }));
    }

    /// Puts something else, or nothing, in the place of a step: the next one as a rule, so that the rest of the list stays as it is.
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

    /// The same as a list that is searched from end to end.
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
