//! Converts records row by row: for the samples of a mapping, and for people who try a record.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::compile::beside;
use super::{Mapping, Sample, Side, Source};
use stepwell_expr::{Evaluation, EvaluationError, Expression};

/// Evaluates an expression outside this process, because it may be slow.
pub type Evaluate<'e> = dyn Fn(&Evaluation) -> Result<Value, EvaluationError> + 'e;

/// A failed sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// Name of the sample.
    pub sample: String,
    /// Line of the sample in the file, from 1.
    pub line: u32,
    /// How the result differs from the expected one.
    pub why: String,
}

impl Mapping {
    /// Converts a record for the other side.
    ///
    /// # Errors
    /// The error of the first row that cannot be applied. It names the row.
    pub fn convert(&self, record: &Value, to: Side, evaluate: &Evaluate<'_>) -> Result<Value, EvaluationError> {
        let input = json!({ "record": record });
        let mut converted = self.filled(to, |route| match &route.value {
            Source::Constant(value) => Ok(value.clone()),
            Source::Field(expression, _) => evaluated(expression, &input, evaluate),
        })?;
        for (list, text) in self.gatherings(to) {
            let lines = evaluated(&parsed(&text)?, &converted, evaluate)?;
            list.put(&mut converted, &lines);
        }
        Ok(converted)
    }

    /// Converts the compared fields of both records. Returns for each side its fields by path, with the values
    /// converted from the other side's record.
    ///
    /// # Errors
    /// The error of the first row that cannot be applied. It names the row.
    pub fn beside(
        &self,
        [first, second]: [&Value; 2],
        evaluate: &Evaluate<'_>,
    ) -> Result<[Map<String, Value>; 2], EvaluationError> {
        let mut found = [Map::new(), Map::new()];
        for (to, record) in [(Side::Second, first), (Side::First, second)] {
            let input = json!({ "record": record });
            for row in self.rows.iter().filter(|row| row.is_compared()) {
                let (Some(field), Some(route)) = (row.field(to), row.route(to)) else { continue };
                let text = beside(&self.name, row, to, route, route.transform(), ".record");
                found[to as usize].insert(field.to_string(), evaluated(&parsed(&text)?, &input, evaluate)?);
            }
        }
        Ok(found)
    }

    /// Returns the samples that fail.
    #[must_use]
    pub fn unfit(&self, evaluate: &Evaluate<'_>) -> Vec<Unfit> {
        let judge = |sample: &Sample| {
            let why = self.judge(sample, evaluate)?;
            Some(Unfit { sample: sample.name.clone(), line: sample.line, why })
        };
        self.samples.iter().filter_map(judge).collect()
    }

    /// Returns how the result of a sample differs from the expected one; `None` if it does not.
    #[must_use]
    pub fn judge(&self, sample: &Sample, evaluate: &Evaluate<'_>) -> Option<String> {
        Some(match (&sample.gives, self.convert(&sample.record, sample.from.other(), evaluate)) {
            (Ok(wanted), Ok(found)) if *wanted == found => return None,
            (Ok(wanted), Ok(found)) => format!("it gives {found}, not {wanted}"),
            (Ok(_), Err(why)) => format!("it fails: {why}"),
            (Err(part), Err(why)) if why.to_string().contains(part) => return None,
            (Err(part), Err(why)) => format!("it fails with {why}, which does not contain {part:?}"),
            (Err(_), Ok(found)) => format!("it does not fail, it gives {found}"),
        })
    }
}

fn parsed(text: &str) -> Result<Expression, EvaluationError> {
    Expression::parse(text, &[]).map_err(|why| EvaluationError::Failed(why.message))
}

fn evaluated(expression: &Expression, input: &Value, evaluate: &Evaluate<'_>) -> Result<Value, EvaluationError> {
    let input = Arc::new(input.clone());
    let ask = || evaluate(&Evaluation::of(expression, &input, &[]));
    expression.evaluate_here(&input, &[]).unwrap_or_else(ask)
}
