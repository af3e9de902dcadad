//! Masks the values that a definition marks as sensitive, wherever they turn up.

use serde_json::Value;
use serde_json::value::RawValue;

use stepwell_language::dsl::Definition;

/// All pointers that a definition marks as sensitive. The output of a step is the input of the next, so each applies
/// everywhere.
#[derive(Debug, Default)]
pub struct Masks(Vec<String>);

impl Masks {
    /// Returns the pointers of a definition.
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

    /// Masks a value for display. A pointer applies from any object inside it, because the value may be wrapped in an
    /// envelope, a list or the body of a request.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        let mut shown = value.clone();
        self.hide(&mut shown);
        shown
    }

    fn hide(&self, value: &mut Value) {
        for pointer in &self.0 {
            if let Some(hidden) = value.pointer_mut(pointer) {
                *hidden = Value::String("***".to_owned());
            }
        }
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Value::Object(entries) => entries.values_mut().for_each(|entry| self.hide(entry)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Masks the data of a record for display: its own fields stay, their contents are masked.
    #[must_use]
    pub fn fact(&self, mut data: Value) -> Value {
        if let (Some(fields), false) = (data.as_object_mut(), self.is_empty()) {
            fields.values_mut().for_each(|field| self.hide(field));
        }
        data
    }

    /// Like [`Self::fact`], for data as stored.
    #[must_use]
    pub fn raw_fact(&self, data: &RawValue) -> Box<RawValue> {
        let shown = serde_json::from_str(data.get()).map(|data| self.fact(data));
        let shown = shown.and_then(|data| serde_json::value::to_raw_value(&data));
        // Data that cannot be parsed cannot be masked, so it is hidden.
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
        let event = json!({ "event": { "data": { "people": [person] } }, "act": { "set": { "c": person } } });
        let consumed = json!({ "data": person, "request": { "query": person, "openapi": { "parameters": person } } });
        assert!(!masks.fact(event).to_string().contains("DE02"));
        assert!(!masks.fact(consumed).to_string().contains("DE02"));
        // The fields of the record itself do not belong to the workflow.
        assert_eq!(Masks(vec!["/at".to_owned()]).fact(json!({ "at": 1, "input": { "at": 2 } }))["at"], 1);
    }
}
