//! Compiles JSON Schemas from definitions: nothing is fetched, formats are validated, and no pattern runs for long.
//!
//! A linear-time engine runs the patterns that it supports. Look-around and back references need backtracking, which is
//! limited: a text that exceeds the limit does not match.

use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// Most backtracking steps for one text. Ordinary patterns need a few; a thousand over the largest body take a fraction
/// of a second.
const BACKTRACKING_MAX: usize = 1_000;

/// Size limit of a compiled pattern, in bytes.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Compiles a schema of a definition.
///
/// # Errors
/// The value is not a JSON Schema.
pub(crate) fn validator(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    let options = || jsonschema::options().offline().should_validate_formats(true);
    let linear = PatternOptions::regex().size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX);
    options().with_pattern_options(linear).build(schema).or_else(|_| {
        let backtracking = PatternOptions::fancy_regex()
            .backtrack_limit(BACKTRACKING_MAX)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX);
        options().with_pattern_options(backtracking).build(schema)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_that_backtracks_endlessly_is_stopped_and_an_ordinary_one_is_not() {
        let hostile = validator(&json!({"pattern": "(?<!b)(a|aa)+$"})).expect("a schema");
        assert!(!hostile.is_valid(&json!(format!("{}b", "a".repeat(200_000)))));
        let linear = validator(&json!({"pattern": "^(a|aa)+$"})).expect("a schema");
        assert!(linear.is_valid(&json!("a".repeat(200_000))));
        assert!(!linear.is_valid(&json!(format!("{}b", "a".repeat(200_000)))));
        let password = validator(&json!({"pattern": "^(?=.*[A-Z])(?=.*\\d).{8,}$"})).expect("a schema");
        assert!(password.is_valid(&json!("Password1")) && !password.is_valid(&json!("password1")));
    }

    #[test]
    fn a_pattern_that_no_engine_understands_is_refused() {
        assert!(validator(&json!({"pattern": "("})).is_err());
    }
}
