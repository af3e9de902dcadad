//! Why a run does not fit another version: the first difference, with its step and fields.

use std::fmt;

use serde::Serialize;

use crate::compare::FieldChange;

/// The first difference that keeps a run from moving.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misfit {
    /// The version that does not fit.
    pub to: String,
    /// Reference of the step in the version that the run has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What differs.
    pub why: String,
    /// Field by field, where requests differ. Sensitive values are masked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldChange>,
}

/// Fields that the text names.
const NAMED_MAX: usize = 3;

/// Longest value in the text.
const SHOWN_CHARS_MAX: usize = 80;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the run does not fit version {}", self.to)?;
        if let Some(step) = &self.step {
            write!(f, " at {step}")?;
        }
        write!(f, ": {}", self.why)?;
        for (place, field) in self.fields.iter().take(NAMED_MAX).enumerate() {
            let FieldChange { part, pointer, recorded, new } = field;
            let separator = if place == 0 { ": " } else { "; " };
            let space = if pointer.is_empty() { "" } else { " " };
            write!(f, "{separator}{part}{space}{pointer} was {}, would be {}", shown(recorded), shown(new))?;
        }
        match self.fields.len().saturating_sub(NAMED_MAX) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

fn shown(value: &Option<serde_json::Value>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
