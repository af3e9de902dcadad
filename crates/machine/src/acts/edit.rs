//! Applies an edit, which is an expression, to the input of the failed step.

use std::sync::Arc;

use serde_json::Value;

use crate::decide::{Asking, Halt, Judge, Scope, Stop, Values};
use crate::{Around, Rejected, Run};
use stepwell_expr::Expression;
use stepwell_language::dsl::Definition;

/// The input of the failed step, before and after an edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// The current input.
    pub before: Arc<Value>,
    /// The input after the edit.
    pub after: Value,
}

/// Returns what an edit would make of the input of the step at which a run failed, without changing anything.
///
/// # Errors
/// [`Stop::Rejected`] if no step failed or the expression fails, [`Stop::Evaluate`] if it needs the evaluator.
pub fn preview_edit(definition: &Definition, run: &Run, edit: &str, around: Around<'_>) -> Result<Edited, Stop> {
    Judge { definition, run }.judge(&crate::Act::Edit { edit: edit.to_owned(), step: None }, None)?;
    let asking = Asking::new(around.answers);
    edited(Values { definition, run, now: around.now, asking: &asking }, edit)
}

/// Evaluates an edit on the input of the failed step.
pub(crate) fn edited(values: Values<'_>, edit: &str) -> Result<Edited, Stop> {
    let failed = |why: String| Stop::from(Rejected::EditFailed { why });
    let stuck = values.run.stuck().ok_or_else(|| failed("no step has failed".to_owned()))?;
    let expression = Expression::parse_field(edit, &[]).map_err(|e| failed(e.to_string()))?;
    match values.evaluate(&expression, &stuck.raw_input, &Scope::workflow()) {
        Ok(after) => Ok(Edited { before: Arc::clone(&stuck.raw_input), after }),
        Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
        Err(halt) => {
            let error = halt.into_error();
            Err(failed(error.detail.or(error.title).unwrap_or(error.r#type)))
        }
    }
}
