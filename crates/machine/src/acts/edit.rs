//! Applies an edit, which is an expression, to the input of the failed step.

use std::sync::Arc;

use serde_json::Value;

use crate::decide::{Decider, Halt, Scope, Stop};
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
    let decider = Decider::new(definition, run.clone(), around);
    decider.judge(&crate::Act::Edit { edit: edit.to_owned(), step: None }, None)?;
    decider.edited(edit)
}

impl Decider<'_> {
    /// Evaluates an edit on the input of the failed step.
    pub(crate) fn edited(&self, edit: &str) -> Result<Edited, Stop> {
        let failed = |why: String| Stop::from(Rejected::EditFailed { why });
        let stuck = self.stuck().ok_or_else(|| failed("no step has failed".to_owned()))?;
        let expression = Expression::parse_field(edit, &[]).map_err(|e| failed(e.to_string()))?;
        match self.evaluate(&expression, &stuck.raw_input, &Scope::workflow()) {
            Ok(after) => Ok(Edited { before: Arc::clone(&stuck.raw_input), after }),
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error();
                Err(failed(error.detail.or(error.title).unwrap_or(error.r#type)))
            }
        }
    }
}
