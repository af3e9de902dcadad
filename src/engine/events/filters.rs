//! Which events a filter lets through, and what correlates them. The machine knows nothing of this: it is told which filters
//! an event fits.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::subscriptions::Patience;
use crate::canonical;
use crate::dsl::{Correlation, EventFilter, Wanted};
use crate::engine::runs::consequences::{key, key_as_written};
use crate::evaluator::Evaluator;
use crate::expr::{Evaluation, Expression, Template};
use crate::store::runs::journal::Hash;
use crate::text::replace_nul;

/// Holds one event against filters: evaluates their expressions, in this process or in another, for as long as patience lasts.
pub(super) struct Matcher<'a> {
    evaluator: &'a Evaluator,
    pub(super) patience: &'a Patience,
    pub(super) envelope: &'a Arc<Value>,
    /// The event's data, once an expression asks for it.
    data: OnceLock<Arc<Value>>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(evaluator: &'a Evaluator, patience: &'a Patience, envelope: &'a Arc<Value>) -> Self {
        Self { evaluator, patience, envelope, data: OnceLock::new() }
    }

    fn data(&self) -> &Arc<Value> {
        self.data.get_or_init(|| Arc::new(self.envelope.get("data").cloned().unwrap_or_default()))
    }

    /// The keys under which a run waits that this event fits; none if the event does not match the filter at all.
    pub(super) async fn keys_of(&self, filter: &EventFilter) -> Option<Vec<Hash>> {
        if !self.lets_through(filter).await {
            return None;
        }
        let mut parts = Vec::new();
        for (name, _) in filter.with.iter().filter(|(_, wanted)| matches!(wanted, Wanted::Computed(_))) {
            parts.push(self.envelope.get(name)?.clone());
        }
        for correlation in filter.correlate.iter().filter(|c| c.expect.is_some()) {
            parts.push(self.correlated(correlation).await?);
        }
        let mut keys = vec![key(&parts), key_as_written(&parts)];
        keys.dedup();
        Some(keys)
    }

    /// The key of the runs that this event may start; none if the event does not match the filter of a schedule.
    pub(super) async fn start_key(&self, filter: &EventFilter) -> Option<Hash> {
        if !self.lets_through(filter).await {
            return None;
        }
        let mut bound = BTreeMap::new();
        for correlation in &filter.correlate {
            let value = self.correlated(correlation).await.filter(|value| !value.is_null())?;
            match &correlation.expect {
                Some(Template::Literal(expected)) if canonical::same(expected, &value) => {}
                Some(_) => return None,
                None => drop(bound.insert(&correlation.name, value)),
            }
        }
        Some(key(&bound.into_values().collect::<Vec<_>>()))
    }

    /// What a correlation takes out of an event: seen on the whole event, and where that gives nothing, on its data.
    async fn correlated(&self, correlation: &Correlation) -> Option<Value> {
        let value = self.value_of(&correlation.from, self.envelope).await.filter(|value| !value.is_null());
        match value {
            Some(value) => Some(value),
            None => self.value_of(&correlation.from, self.data()).await,
        }
    }

    /// Whether everything that does not depend on a run holds.
    async fn lets_through(&self, filter: &EventFilter) -> bool {
        let fits = attributes_fit(filter, self.envelope);
        let Some(condition) = filter.data.as_ref().filter(|_| fits) else { return fits };
        !matches!(self.value_of(condition, self.data()).await, None | Some(Value::Null | Value::Bool(false)))
    }

    /// What an expression over an event gives; none if it fails. As runs keep it, or the two would not be equal.
    pub(super) async fn value_of(&self, expression: &Expression, input: &Arc<Value>) -> Option<Value> {
        let mut value = self.evaluated(expression, input).await?;
        replace_nul(&mut value);
        Some(value)
    }

    async fn evaluated(&self, expression: &Expression, input: &Arc<Value>) -> Option<Value> {
        match expression.evaluate_here(input, &[]) {
            Some(outcome) => outcome.ok(),
            None => self.patience.wait(self.evaluator.evaluate(Evaluation::of(expression, input, &[]))).await?.ok(),
        }
    }
}

/// Whether the attributes of an event are those that a filter wants. This costs nothing.
pub(super) fn attributes_fit(filter: &EventFilter, envelope: &Value) -> bool {
    filter.with.iter().all(|(name, wanted)| {
        envelope.get(name).and_then(Value::as_str).is_some_and(|has| match wanted {
            Wanted::Text(text) => text == has,
            Wanted::Pattern(pattern) => pattern.is_match(has),
            Wanted::Computed(_) => true,
        })
    })
}
