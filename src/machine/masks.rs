//! What a definition calls sensitive is not shown, wherever its value turns up.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::dsl::Definition;

/// Where a fact of the journal carries values of the workflow.
const PLACES: [&str; 8] = [
    "/input",
    "/transformed",
    "/output",
    "/context",
    "/arguments",
    "/beginning/input",
    "/request/body",
    "/response/body",
];

/// All pointers that a definition calls sensitive. A step's output is the next one's input, so each counts everywhere.
#[derive(Debug, Default)]
pub struct Masks(Vec<String>);

impl Masks {
    /// Those of a definition.
    #[must_use]
    pub fn of(definition: &Definition) -> Self {
        let of_tasks = definition.tasks.iter().flat_map(|task| &task.metadata.sensitive);
        Self(definition.metadata.sensitive.iter().chain(of_tasks).cloned().collect())
    }

    /// Whether nothing is sensitive.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A value as it may be shown.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        let mut shown = value.clone();
        for pointer in &self.0 {
            if let Some(hidden) = shown.pointer_mut(pointer) {
                *hidden = Value::String("***".to_owned());
            }
        }
        shown
    }

    /// The data of a journal's fact as it may be shown.
    #[must_use]
    pub fn fact(&self, mut data: Value) -> Value {
        for place in PLACES {
            if let Some(value) = data.pointer_mut(place) {
                *value = self.value(value);
            }
        }
        data
    }

    /// The same for data as it is stored.
    #[must_use]
    pub fn raw_fact(&self, data: &RawValue) -> Box<RawValue> {
        let shown = serde_json::from_str(data.get()).map(|data| self.fact(data));
        let shown = shown.and_then(|data| serde_json::value::to_raw_value(&data));
        // What cannot be read cannot be masked either.
        shown.unwrap_or_else(|_| RawValue::NULL.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sensitive_value_is_hidden_wherever_it_turns_up() {
        let masks = Masks(vec!["/iban".to_owned()]);
        let person = json!({"name": "Ada", "iban": "DE02"});
        assert_eq!(masks.value(&person), json!({"name": "Ada", "iban": "***"}));
        let fact =
            json!({"input": person, "beginning": {"input": person}, "request": {"body": person}, "output": person});
        assert!(!masks.fact(fact).to_string().contains("DE02"));
    }
}
