//! Parses JSON with `${ }`, as authors write it.

use serde_json::Value;

use super::{Expression, ParseError, Template};

/// Returns the jq text inside a string that is `${ ... }` as a whole, and its offset.
pub(super) fn inside(text: &str) -> Option<(usize, &str)> {
    let trimmed = text.trim();
    let inner = trimmed.strip_prefix("${")?.strip_suffix('}')?;
    let start = text.len() - text.trim_start().len() + 2;
    Some((start, inner))
}

impl Template {
    /// Parses a JSON value in which strings that are `${ ... }` as a whole are expressions. Each mistake has the JSON
    /// pointer of its string.
    ///
    /// # Errors
    /// All mistakes.
    pub fn parse(value: &Value, variables: &[&str]) -> Result<Self, Vec<(String, ParseError)>> {
        let mut mistakes = Vec::new();
        let template = build(value, variables, &mut String::new(), &mut mistakes);
        if mistakes.is_empty() { Ok(template) } else { Err(mistakes) }
    }
}

fn build(
    value: &Value,
    variables: &[&str],
    pointer: &mut String,
    mistakes: &mut Vec<(String, ParseError)>,
) -> Template {
    match value {
        Value::String(text) if text.contains("${") => match parse_text(text, variables) {
            Ok(expression) => Template::Expression(expression),
            Err(mistake) => {
                mistakes.push((pointer.clone(), mistake));
                Template::Literal(Value::Null)
            }
        },
        Value::Array(items) => {
            let mut templates = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                templates.push(below(item, &index.to_string(), variables, pointer, mistakes));
            }
            if templates.iter().all(is_literal) { Template::Literal(value.clone()) } else { Template::Array(templates) }
        }
        Value::Object(object) => {
            let mut templates = Vec::with_capacity(object.len());
            for (name, item) in object {
                let segment = name.replace('~', "~0").replace('/', "~1");
                templates.push((name.clone(), below(item, &segment, variables, pointer, mistakes)));
            }
            if templates.iter().all(|(_, t)| is_literal(t)) {
                Template::Literal(value.clone())
            } else {
                Template::Object(templates)
            }
        }
        other => Template::Literal(other.clone()),
    }
}

fn below(
    value: &Value,
    segment: &str,
    variables: &[&str],
    pointer: &mut String,
    mistakes: &mut Vec<(String, ParseError)>,
) -> Template {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(segment);
    let template = build(value, variables, pointer, mistakes);
    pointer.truncate(length);
    template
}

fn is_literal(template: &Template) -> bool {
    matches!(template, Template::Literal(_))
}

fn parse_text(text: &str, variables: &[&str]) -> Result<Expression, ParseError> {
    let refused = |offset| ParseError {
        message: "a text with `${` must be a single expression".to_owned(),
        offset,
        hint: Some(r#"write one expression with interpolation: ${ "\(.a) and \(.b)" }"#.to_owned()),
    };
    let Some((start, inner)) = inside(text) else { return Err(refused(text.find("${").unwrap_or(0))) };
    // `${ .a } and ${ .b }` begins and ends like one expression but is not one.
    Expression::parse(inner, variables).map_err(|e| match inner.find("${") {
        Some(second) if inner[..second].contains('}') => refused(start + second),
        _ => ParseError { offset: e.offset + start, ..e },
    })
}
