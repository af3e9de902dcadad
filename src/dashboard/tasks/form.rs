//! The form of a task, generated from the JSON Schema of its answer, and the answer read from the submitted form. A
//! part without a matching field becomes a text field for JSON. The engine validates the whole answer against the
//! schema in any case.

use serde_json::{Map, Value};

use crate::hub::json;

/// Maximum text length up to which a field has a single line.
const LINE_CHARS_MAX: u64 = 200;

/// Maximum number of schema references followed.
const REFERENCES_MAX: usize = 8;

/// Maximum number of choices shown as radio buttons; more become a list.
const SIDE_BY_SIDE_MAX: usize = 4;

/// A field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Name in the form.
    pub name: String,
    /// Property of the answer; `None` if the field is the whole answer.
    pub property: Option<String>,
    /// Label above the field.
    pub label: String,
    /// Hint below the field.
    pub hint: Option<String>,
    /// Whether it must be filled in.
    pub required: bool,
    pub input: Input,
    /// Current text of the field.
    pub value: String,
    /// What is wrong with the text.
    pub error: Option<String>,
}

/// The kind of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A line of text.
    Line,
    /// Several lines of text.
    Text,
    /// A number.
    Number {
        /// `1` for whole numbers, otherwise `any`.
        step: &'static str,
        /// Minimum, or empty.
        min: String,
        /// Maximum, or empty.
        max: String,
    },
    /// A date.
    Date,
    /// One of a few values.
    Choice(Vec<Choice>),
    /// Any JSON.
    Json,
}

/// A value that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The value as JSON.
    pub value: String,
    /// The label for people.
    pub label: String,
}

impl Field {
    /// Whether the choices are shown as radio buttons.
    #[must_use]
    pub fn is_side_by_side(&self) -> bool {
        matches!(&self.input, Input::Choice(choices) if choices.len() <= SIDE_BY_SIDE_MAX)
    }

    /// Returns the choices; empty for other kinds of fields.
    #[must_use]
    pub fn choices(&self) -> &[Choice] {
        match &self.input {
            Input::Choice(choices) => choices,
            _ => &[],
        }
    }

    fn of(number: usize, property: Option<&str>, schema: &Value, required: bool) -> Self {
        let text = |name: &str| schema.get(name).and_then(Value::as_str).map(str::to_owned);
        let input = input(schema);
        let value = match schema.get("default") {
            None => String::new(),
            Some(Value::String(text)) if !matches!(input, Input::Choice(_) | Input::Json) => text.clone(),
            Some(other) => other.to_string(),
        };
        Self {
            name: format!("field-{number}"),
            property: property.map(str::to_owned),
            label: text("title").or(property.map(str::to_owned)).unwrap_or_else(|| "Answer".to_owned()),
            hint: text("description"),
            required,
            input,
            value,
            error: None,
        }
    }

    /// Parses the submitted text; `None` if an optional field was left empty.
    fn read(&self, text: &str) -> Result<Option<Value>, String> {
        let line = text.trim();
        match &self.input {
            Input::Line | Input::Date if line.is_empty() && !self.is_whole() => Ok(None),
            Input::Line | Input::Date => Ok(Some(line.into())),
            Input::Text if line.is_empty() && !self.is_whole() => Ok(None),
            Input::Text => Ok(Some(text.replace("\r\n", "\n").trim_end().into())),
            _ if line.is_empty() => Ok(None),
            Input::Number { .. } => match json::read(line.as_bytes()) {
                Ok(number @ Value::Number(_)) => Ok(Some(number)),
                _ => Err(format!("{line} is not a number")),
            },
            Input::Choice(choices) if choices.iter().any(|choice| choice.value == line) => {
                json::read(line.as_bytes()).map(Some).map_err(|bad| bad.to_string())
            }
            Input::Choice(_) => Err("choose one of the values".to_owned()),
            Input::Json => {
                json::read(line.as_bytes()).map(Some).map_err(|bad| format!("this is not valid JSON: {bad}"))
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.property.is_none()
    }
}

/// Returns the fields for an answer that matches this schema.
#[must_use]
pub fn fields(schema: Option<&Value>) -> Vec<Field> {
    let Some(schema) = schema else { return vec![Field::of(0, None, &anything(), true)] };
    let whole = resolved(schema, schema);
    let properties = whole.get("properties").and_then(Value::as_object).filter(|_| kind(whole) == Some("object"));
    let Some(properties) = properties else { return vec![Field::of(0, None, whole, true)] };
    let required: Vec<&str> =
        whole.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let field = |(number, (name, part)): (usize, (&String, &Value))| {
        Field::of(number, Some(name), resolved(schema, part), required.contains(&name.as_str()))
    };
    properties.iter().enumerate().map(field).collect()
}

/// Without a schema, any text is an answer.
fn anything() -> Value {
    serde_json::json!({ "type": "string", "maxLength": 4_000 })
}

/// Follows references within the schema.
fn resolved<'s>(whole: &'s Value, part: &'s Value) -> &'s Value {
    let mut part = part;
    for _ in 0..REFERENCES_MAX {
        let reference = part.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
        match reference.and_then(|pointer| whole.pointer(pointer)) {
            Some(found) => part = found,
            None => break,
        }
    }
    part
}

/// Returns the type that a schema asks for, apart from null.
fn kind(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.next().filter(|_| kinds.next().is_none())
        }
        _ => None,
    }
}

fn input(schema: &Value) -> Input {
    let bound = |name: &str| schema.get(name).filter(|n| n.is_number()).map(Value::to_string).unwrap_or_default();
    let listed = schema.get("enum").and_then(Value::as_array).cloned();
    let only = schema.get("const").map(|only| vec![only.clone()]);
    if let Some(values) = listed.or(only) {
        return Input::Choice(values.iter().map(choice).collect());
    }
    match kind(schema) {
        Some("boolean") => {
            let choice = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
            Input::Choice(vec![choice("true", "Yes"), choice("false", "No")])
        }
        Some("integer") => Input::Number { step: "1", min: bound("minimum"), max: bound("maximum") },
        Some("number") => Input::Number { step: "any", min: bound("minimum"), max: bound("maximum") },
        Some("string") if schema.get("format").and_then(Value::as_str) == Some("date") => Input::Date,
        Some("string") => {
            let is_long = schema.get("maxLength").and_then(Value::as_u64).is_some_and(|max| max > LINE_CHARS_MAX);
            if is_long || schema.get("contentMediaType").is_some() { Input::Text } else { Input::Line }
        }
        _ => Input::Json,
    }
}

fn choice(value: &Value) -> Choice {
    let label = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Choice { value: value.to_string(), label }
}

/// Returns the answer in a submitted form. Fields keep the submitted text, and describe what is wrong with it.
///
/// # Errors
/// A field cannot be parsed.
pub fn read(fields: &mut [Field], sent: &[(String, String)]) -> Result<Value, ()> {
    let mut answer = Map::new();
    let (mut whole, mut is_sound) = (None, true);
    for field in fields {
        let text = sent.iter().find(|(name, _)| *name == field.name).map(|(_, text)| text.as_str()).unwrap_or_default();
        text.clone_into(&mut field.value);
        match (field.read(text), &field.property) {
            (Ok(Some(value)), Some(property)) => drop(answer.insert(property.clone(), value)),
            (Ok(value), None) => whole = Some(value.unwrap_or_default()),
            (Ok(None), Some(_)) if field.required => {
                (field.error, is_sound) = (Some("this is required".to_owned()), false);
            }
            (Ok(None), Some(_)) => {}
            (Err(why), _) => (field.error, is_sound) = (Some(why), false),
        }
    }
    if is_sound { Ok(whole.unwrap_or(Value::Object(answer))) } else { Err(()) }
}

/// Attaches schema violations to the fields that they concern. Returns those that concern none.
pub fn note(fields: &mut [Field], violations: &[crate::machine::SchemaViolation]) -> Vec<String> {
    let mut others = Vec::new();
    for violation in violations {
        let property = violation.pointer.split('/').nth(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
        let is_meant = |field: &&mut Field| field.property.is_none() || field.property == property;
        match fields.iter_mut().find(is_meant) {
            Some(field) => field.error = Some(violation.message.clone()),
            None => others.push(violation.message.clone()),
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent(values: &[(&str, &str)]) -> Vec<(String, String)> {
        values.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["approved", "level"],
            "properties": {
                "approved": { "type": "boolean", "title": "Approve it" },
                "discount": { "type": ["number", "null"], "minimum": 0, "maximum": 20.5 },
                "count": { "type": "integer", "default": 3 },
                "level": { "$ref": "#/$defs/level" },
                "until": { "type": "string", "format": "date" },
                "note": { "type": "string", "maxLength": 1000, "description": "For sales" },
                "name": { "type": "string", "default": "Ada" },
                "lines": { "type": "array", "items": { "type": "string" } },
            },
            "$defs": { "level": { "enum": ["low", "high", 3] } },
        })
    }

    #[test]
    fn a_field_is_drawn_for_each_property() {
        let fields = fields(Some(&schema()));
        let drawn: Vec<_> = fields.iter().map(|f| (f.label.as_str(), f.required, f.value.as_str(), &f.input)).collect();
        let number = |step, min: &str, max: &str| Input::Number { step, min: min.into(), max: max.into() };
        let choices = |all: &[(&str, &str)]| {
            Input::Choice(all.iter().map(|(v, l)| Choice { value: (*v).into(), label: (*l).into() }).collect())
        };
        let expected = [
            ("Approve it", true, "", &choices(&[("true", "Yes"), ("false", "No")])),
            ("discount", false, "", &number("any", "0", "20.5")),
            ("count", false, "3", &number("1", "", "")),
            ("level", true, "", &choices(&[("\"low\"", "low"), ("\"high\"", "high"), ("3", "3")])),
            ("until", false, "", &Input::Date),
            ("note", false, "", &Input::Text),
            ("name", false, "Ada", &Input::Line),
            ("lines", false, "", &Input::Json),
        ];
        assert_eq!(drawn, expected);
        assert_eq!(fields[5].hint.as_deref(), Some("For sales"));
    }

    #[test]
    fn what_is_filled_in_becomes_the_answer_exactly() {
        let mut fields = fields(Some(&schema()));
        let all = sent(&[
            ("field-0", "false"),
            ("field-1", "7.50"),
            ("field-2", ""),
            ("field-3", "\"high\""),
            ("field-4", "2026-12-24"),
            ("field-5", "first\r\nsecond"),
            ("field-7", "[\"a\", \"b\"]"),
        ]);
        let expected: Value = serde_json::from_str(
            r#"{"approved": false, "discount": 7.50, "level": "high", "until": "2026-12-24", "note": "first\nsecond", "lines": ["a", "b"]}"#,
        )
        .unwrap();
        assert_eq!(read(&mut fields, &all), Ok(expected));
    }

    #[test]
    fn what_cannot_be_read_is_named_at_its_field_and_kept() {
        let mut fields = fields(Some(&schema()));
        let all = sent(&[("field-0", "maybe"), ("field-1", "ten"), ("field-7", "[1,"), ("field-6", "Bob")]);
        assert_eq!(read(&mut fields, &all), Err(()));
        let errors: Vec<_> = fields.iter().map(|field| field.error.is_some()).collect();
        assert_eq!(errors, [true, true, false, true, false, false, false, true]);
        assert_eq!((fields[1].value.as_str(), fields[6].value.as_str()), ("ten", "Bob"));
    }

    #[test]
    fn an_answer_that_is_no_object_is_one_field() {
        let mut yes = fields(Some(&json!({ "type": "boolean" })));
        assert_eq!(read(&mut yes, &sent(&[("field-0", "true")])), Ok(json!(true)));
        let mut text = fields(None);
        assert_eq!((text.len(), &text[0].input), (1, &Input::Text));
        assert_eq!(read(&mut text, &sent(&[("field-0", "go on")])), Ok(json!("go on")));
        let mut open = fields(Some(&json!({ "type": "object" })));
        assert_eq!(read(&mut open, &sent(&[("field-0", "{\"a\": 1}")])), Ok(json!({ "a": 1 })));
        // A schema that refers to itself must not loop.
        let endless = json!({ "$ref": "#" });
        assert_eq!(fields(Some(&endless))[0].input, Input::Json);
    }

    #[test]
    fn what_the_schema_refuses_stands_at_its_field() {
        let mut fields = fields(Some(&schema()));
        let at = |pointer: &str| crate::machine::SchemaViolation { pointer: pointer.into(), message: "wrong".into() };
        let others = note(&mut fields, &[at("/discount"), at("/lines/0"), at("")]);
        assert_eq!(others, ["wrong"]);
        let errors: Vec<_> = fields.iter().filter(|f| f.error.is_some()).map(|f| f.label.as_str()).collect();
        assert_eq!(errors, ["discount", "lines"]);
    }
}
