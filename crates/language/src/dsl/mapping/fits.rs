//! Constraints on the values of a field: `fits: { erp: { max: 83, otherwise: cut } }`. They are checked before anything
//! is written, and the mapping says what to do with a value that does not fit. Without them the other system refuses
//! such a value with its own error.

use serde_json::{Value, json};

use super::{Side, Sides};
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;

/// Largest allowed value of `max`, in characters.
const MAX_CHARS: u64 = 1_000_000;

/// The constraints on a field of one side.
#[derive(Debug, Clone, PartialEq)]
pub struct Fits {
    /// Most characters of a text.
    pub max: Option<u64>,
    /// `email`, `phone`, `date`, `country` or `currency`.
    pub format: Option<&'static str>,
    /// The allowed values.
    pub values: Option<Vec<Value>>,
    /// What to do with a value that does not fit.
    pub otherwise: Otherwise,
}

/// What to do with a value that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// Fail the row before anything is written.
    Refuse,
    /// Cut the text and end it with an ellipsis.
    Cut,
    /// Write null instead.
    Drop,
}

/// For each format: its name, jq that is true for a matching text, and the error for any other value.
const FORMATS: [(&str, &str, &str); 5] = [
    ("email", r#"test("^[^@\\s]+@[^@\\s.]+([.][^@\\s.]+)+$")"#, "not an e-mail address"),
    ("phone", r#"[match("[0-9]"; "g")] | length >= 7"#, "not a phone number with seven digits or more"),
    ("date", r#"test("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")"#, "not a date such as 2026-11-20"),
    ("country", r#"test("^[A-Z]{2}$")"#, "not a country's code of two letters"),
    ("currency", r#"test("^[A-Z]{3}$")"#, "not a currency's code of three letters"),
];

const OTHERWISE: [(&str, Otherwise); 3] =
    [("refuse", Otherwise::Refuse), ("cut", Otherwise::Cut), ("drop", Otherwise::Drop)];

/// Reads `fits` for one side. Returns `None` if it does not mention the side or has a mistake.
pub(super) fn read<'s>(row: Node<'s>, sides: &Sides, to: Side, report: &mut Report<'s>) -> Option<Fits> {
    let node = row.get("fits").and_then(|fits| report.closed(fits, &sides.names()))?.get(sides.name(to))?;
    let node = report.closed(node, &["max", "format", "values", "otherwise"])?;
    let max = node.get("max").and_then(|max| {
        let read = max.as_number().and_then(serde_json::Number::as_u64).filter(|max| (1..=MAX_CHARS).contains(max));
        if read.is_none() {
            report.error(max, format!("`max` is a number of characters from 1 to {MAX_CHARS}"));
        }
        read
    });
    let format = node.get("format").and_then(|format| report.word(format, &FORMATS.map(|(name, ..)| (name, name))));
    let values = node.get("values").and_then(|values| {
        let plain =
            values.is_list() && values.items().count() > 0 && values.items().all(|v| !v.is_list() && !v.is_object());
        if !plain {
            report.error(values, "`values` is a list of texts, numbers and booleans");
        }
        plain.then(|| values.items().map(Node::to_value).collect())
    });
    let otherwise = node.get("otherwise").map_or(Some(Otherwise::Refuse), |word| report.word(word, &OTHERWISE))?;
    if [node.get("max"), node.get("format"), node.get("values")].iter().all(Option::is_none) {
        report.error(node, "`fits` describes what the field can hold: `max`, `format` or `values`");
    }
    if let (Otherwise::Cut, None, Some(word)) = (otherwise, node.get("max"), node.get("otherwise")) {
        report.error_with_hint(word, "only a value that is too long can be cut", "add `max`, or use `drop`".to_owned());
    }
    Some(Fits { max, format, values, otherwise })
}

impl Fits {
    /// Returns jq that turns a value into the one to write. More jq can follow it.
    pub(super) fn steps(&self) -> String {
        let mut text = String::from("if . == null then null");
        for (unfit, why, cut) in self.checks() {
            let instead = match (self.otherwise, cut) {
                (Otherwise::Drop, _) => "null".to_owned(),
                (Otherwise::Cut, Some(cut)) => cut,
                _ => format!("error({})", json!(why)),
            };
            text += &format!(" elif {unfit} then {instead}");
        }
        text + " else . end | "
    }

    /// Returns for each check: jq that is true for a value that does not fit, the error, and jq that cuts the value.
    fn checks(&self) -> Vec<(String, String, Option<String>)> {
        let mut checks = Vec::new();
        if let Some((_, test, why)) = FORMATS.into_iter().find(|(name, ..)| self.format == Some(*name)) {
            checks.push((format!("(type != \"string\" or ({test} | not))"), why.to_owned(), None));
        }
        if let Some(values) = &self.values {
            let listed = json!(values);
            let shown: Vec<String> =
                values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
            checks.push((format!("(IN({listed}[]) | not)"), format!("not one of {}", shown.join(", ")), None));
        }
        if let Some(max) = self.max {
            let cut = format!("(.[0:{}] + \"…\")", max - 1);
            checks.push((
                format!("(type == \"string\" and length > {max})"),
                format!("longer than {max} characters"),
                Some(cut),
            ));
        }
        checks
    }

    /// Describes the constraints for people: `format email, else left out`.
    #[must_use]
    pub fn told(&self) -> Vec<String> {
        let becomes = match self.otherwise {
            Otherwise::Refuse => "",
            Otherwise::Cut => ", else cut",
            Otherwise::Drop => ", else left out",
        };
        let max = self.max.map(|max| format!("at most {max} characters"));
        let format = self.format.map(|format| format!("format {format}"));
        let values = self.values.as_ref().map(|values| format!("one of {}", json!(values)));
        [format, values, max].into_iter().flatten().map(|what| what + becomes).collect()
    }

    /// Returns the constraints as JSON: `{max, format, values, otherwise}`.
    pub(super) fn to_json(&self) -> Value {
        let otherwise = OTHERWISE.iter().find(|(_, otherwise)| *otherwise == self.otherwise).map(|(word, _)| *word);
        json!({ "max": self.max, "format": self.format, "values": self.values, "otherwise": otherwise })
    }
}
