//! Why a run needs attention, in a form that groups runs: one fingerprint per cause.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Attention, Run, WorkflowError, own_words};
use stepwell_language::dsl::Definition;

/// Why a run faulted, or closed without completing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The error.
    pub error: WorkflowError,
    /// Fingerprint of all runs that need attention for this cause; `None` if the run needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl Cause {
    /// Returns the cause of a run in its current state; `None` if it continues or completed.
    #[must_use]
    pub fn of(definition: &Definition, run: &Run) -> Option<Self> {
        let attention = run.attention;
        let ended_badly = run.is_closed() && run.output.is_none();
        if attention.is_none() && run.compensation.is_none() && !ended_badly {
            return None;
        }
        let stuck = run.failed().and_then(|e| match &e.progress {
            crate::Progress::Failed { error, .. } => Some(error.clone()),
            _ => None,
        });
        let error = match attention {
            Some(Attention::CompensationStuck) => stuck.or_else(|| run.error.clone()),
            Some(Attention::Poison) => Some(poisoned()),
            _ => run.error.clone().or(stuck),
        }?;
        let fingerprint = attention.map(|attention| {
            let step = error.instance.as_deref().unwrap_or_default();
            fingerprint(&definition.workflow.namespace, &definition.workflow.name, step, attention, &error)
        });
        Some(Self { error, fingerprint })
    }
}

fn poisoned() -> WorkflowError {
    let detail = "the run was being executed when its node died, several times, or what it did could not be recorded";
    WorkflowError::standard(crate::ErrorKind::Runtime, "The run killed its nodes", detail)
}

/// Returns a short hash of a cause: workflow, step, reason, type and status of the error, and its text without ids and
/// values.
fn fingerprint(namespace: &str, name: &str, step: &str, attention: Attention, error: &WorkflowError) -> String {
    let mut hash = Sha256::new();
    let title = error.title.as_deref().map(pattern).unwrap_or_default();
    let detail = error.detail.as_deref().map(|detail| pattern(own_words(detail))).unwrap_or_default();
    for part in [namespace, name, step, attention.as_str(), &error.r#type, &error.status.to_string(), &title, &detail] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..8])
}

/// Replaces everything in a text that differs between runs by a mark: numbers, ids, addresses, quoted text.
fn pattern(text: &str) -> String {
    let mut pattern = String::new();
    let mut quote = None;
    let mut word = String::new();
    for c in text.chars().chain(std::iter::once(' ')) {
        if let Some(end) = quote {
            if c == end {
                quote = None;
            }
            continue;
        }
        if c.is_alphanumeric() || matches!(c, '_' | '@' | '-' | '/' | ':' | '.') {
            word.push(c);
            continue;
        }
        pattern.push_str(&masked(&word));
        // An apostrophe inside a word does not open a quotation.
        let opens = word.is_empty();
        word.clear();
        match c {
            '"' | '“' | '`' | '«' => {
                quote = Some(match c {
                    '“' => '”',
                    '«' => '»',
                    other => other,
                });
                pattern.push('#');
            }
            '\'' if opens => {
                quote = Some('\'');
                pattern.push('#');
            }
            c if c.is_whitespace() => {
                if !pattern.ends_with(' ') {
                    pattern.push(' ');
                }
            }
            c => pattern.push(c),
        }
    }
    pattern.trim_end().to_owned()
}

/// Returns a word, or a mark if it is a value.
fn masked(word: &str) -> String {
    let core = word.trim_end_matches(['.', ':', '/', '-']);
    let is_value = core.chars().any(|c| c.is_ascii_digit()) || core.contains('@') || core.contains("://");
    if is_value { format!("#{}", &word[core.len()..]) } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ErrorKind;

    fn print(detail: &str) -> String {
        let error = WorkflowError::standard(ErrorKind::Communication, "Bad Request", detail).with_status(400);
        fingerprint("crm-erp", "closed-won", "/do/3/createOrder", Attention::Faulted, &error)
    }

    #[test]
    fn ids_and_values_do_not_separate_what_has_one_cause() {
        for (one, other) in [
            (
                "PUT https://x/eid:006Ws000001A answered 400: Invalid reference key 4711 for item. (INVALID_KEY_OR_REF)",
                "PUT https://x/eid:006Ws000009Z answered 400: Invalid reference key 12 for item. (INVALID_KEY_OR_REF)",
            ),
            ("the item \"Red chair\" is not known", "the item \"Blue lamp\" is not known"),
            ("mail to ann@example.com was refused", "mail to bob@example.org was refused"),
            ("can't read 'a' at 12:05.", "can't read 'b' at 17:31."),
        ] {
            assert_eq!(print(one), print(other), "{one}");
        }
    }

    #[test]
    fn different_causes_stay_apart() {
        assert_ne!(print("Invalid key 1 (INVALID_KEY_OR_REF)"), print("Invalid key 1 (USER_ERROR)"));
        assert_ne!(print("the customer is inactive"), print("the customer is on credit hold"));
    }

    proptest! {
        #[test]
        fn any_text_has_a_pattern_that_is_not_longer(text in ".{0,200}") {
            prop_assert!(pattern(&text).chars().count() <= text.chars().count() + 1);
        }
    }
}
