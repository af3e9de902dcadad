//! Expressions and templates: which texts are jq, which variables each may use, and where a syntax error is.
//!
//! Fields that are always expressions (`if, when, exceptWhen, from, as`) take bare jq or `${ }`. Elsewhere a text is an
//! expression only if all of it is `${ }`. A text with `${` in another place is refused: it would be sent literally,
//! which nobody intends.

use std::ops::Range;

use serde_json::Value;

use super::Builder;
use crate::dsl::mistake::{Spot, shortened};
use crate::dsl::source::Node;
use stepwell_expr::comparisons;
use stepwell_expr::{Expression, Template};

/// Where an expression is evaluated, which decides the variables it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// `input.from` and `metadata.key` of the workflow.
    WorkflowInput,
    /// `output.as` of the workflow.
    WorkflowOutput,
    /// `if` and `input.from` of a task.
    Before,
    /// A task's own fields and its `output.as`.
    Within,
    /// `export.as` of a task.
    Export,
    /// `schedule.on`: only the event's data is available.
    Event,
}

/// The variables that a task may use because of its position.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Variables declared by the enclosing tasks: `catch.as`, and the item and index of a loop.
    pub local: Vec<String>,
    /// Inside a compensation, where `$input` and `$output` are those of the compensated task.
    pub undo: bool,
}

/// Names that `catch.as` must not use.
pub(super) const RESERVED: [&str; 8] =
    ["context", "input", "output", "task", "workflow", "runtime", "secrets", "authorization"];

impl Scope {
    /// Adds a variable that is visible in this task and everything inside it.
    pub(super) fn name(&mut self, name: Option<&str>) {
        self.local.extend(name.filter(|name| !self.local.iter().any(|known| known == name)).map(str::to_owned));
    }

    fn variables(&self, stage: Stage) -> Vec<&str> {
        let mut names = match stage {
            Stage::WorkflowInput => vec!["workflow", "runtime"],
            Stage::WorkflowOutput => vec!["context", "workflow", "runtime"],
            Stage::Before => vec!["context", "task", "workflow", "runtime"],
            Stage::Within => vec!["context", "input", "task", "workflow", "runtime", "authorization"],
            Stage::Export => vec!["context", "input", "output", "task", "workflow", "runtime", "authorization"],
            Stage::Event => Vec::new(),
        };
        if self.undo {
            names.extend(["input", "output"].iter().filter(|n| !names.contains(n)).copied().collect::<Vec<_>>());
        }
        names.extend(self.local.iter().map(String::as_str));
        names
    }
}

/// How a text uses `${ }`.
enum Wrapping {
    None,
    Whole(Range<usize>),
    Wrong { offset: usize, message: &'static str, hint: Option<String> },
}

impl<'s> Builder<'s> {
    /// Reads a field that is always an expression.
    pub(super) fn bare(&mut self, node: Node<'s>, stage: Stage, scope: &Scope) -> Option<Expression> {
        let Some(text) = node.as_text() else {
            let message = format!("`{}` must be a jq expression in a text, not {}", node.label(), node.kind());
            let hint = (node.as_bool().is_some() || node.as_number().is_some())
                .then(|| format!("quote it: '{}'", node.to_value()));
            self.report.error_with_hint(node, message, hint);
            return None;
        };
        match wrapping(text) {
            Wrapping::Whole(range) => self.parse(node, text, range, stage, scope),
            Wrapping::Wrong { offset, message, hint } if text.trim_start().starts_with("${") => {
                self.report.error_with_hint(Spot::inside(node, offset), message, hint);
                None
            }
            _ => self.parse(node, text, 0..text.len(), stage, scope),
        }
    }

    /// Reads any JSON value. Texts that are `${ }` as a whole become expressions.
    pub(super) fn template(&mut self, node: Node<'s>, stage: Stage, scope: &Scope) -> Option<Template> {
        if let Some(text) = node.as_text() {
            return match wrapping(text) {
                Wrapping::None => Some(self.plain(node, text, stage, scope)),
                Wrapping::Whole(range) => self.parse(node, text, range, stage, scope).map(Template::Expression),
                Wrapping::Wrong { offset, message, hint } => {
                    self.report.error_with_hint(Spot::inside(node, offset), message, hint);
                    None
                }
            };
        }
        if node.is_list() {
            // Build every item before failing, so that all mistakes are reported at once.
            let items: Vec<Option<Template>> = node.items().map(|item| self.template(item, stage, scope)).collect();
            let items = items.into_iter().collect::<Option<Vec<_>>>()?;
            let literal = items.iter().all(|item| matches!(item, Template::Literal(_)));
            return Some(if literal { Template::Literal(node.to_value()) } else { Template::Array(items) });
        }
        if node.is_object() {
            let entries: Vec<(String, Option<Template>)> =
                node.entries().map(|(key, item)| (key.to_owned(), self.template(item, stage, scope))).collect();
            let entries = entries.into_iter().map(|(key, item)| Some((key, item?))).collect::<Option<Vec<_>>>()?;
            let literal = entries.iter().all(|(_, item)| matches!(item, Template::Literal(_)));
            return Some(if literal { Template::Literal(node.to_value()) } else { Template::Object(entries) });
        }
        Some(Template::Literal(node.to_value()))
    }

    /// Reads a text without `${ }`. It is literal unless the document says `evaluate: {mode: loose}`.
    fn plain(&mut self, node: Node<'s>, text: &str, stage: Stage, scope: &Scope) -> Template {
        if self.loose
            && let Ok(expression) = Expression::parse(text.trim(), &scope.variables(stage))
        {
            return Template::Loose(expression, text.to_owned());
        }
        Template::Literal(node.to_value())
    }

    /// Reads `from` or `as`: a text is an expression, an object is a template.
    pub(super) fn transformation(&mut self, node: Node<'s>, stage: Stage, scope: &Scope) -> Option<Template> {
        if node.is_object() {
            return self.template(node, stage, scope);
        }
        if node.as_text().is_none() {
            let message =
                format!("`{}` must be a jq expression or an object of them, not {}", node.label(), node.kind());
            self.report.error(node, message);
            return None;
        }
        self.bare(node, stage, scope).map(Template::Expression)
    }

    /// Reads a text, either literal or an expression. Refuses anything else.
    pub(super) fn text_template(&mut self, node: Node<'s>, stage: Stage, scope: &Scope) -> Option<Template> {
        if node.as_text().is_none() {
            self.report.error(node, format!("`{}` must be a text, not {}", node.label(), node.kind()));
            return None;
        }
        self.template(node, stage, scope)
    }

    /// Reads a text that must be `${ }`.
    pub(super) fn wrapped(&mut self, node: Node<'s>, stage: Stage, scope: &Scope) -> Option<Expression> {
        match self.template(node, stage, scope)? {
            Template::Expression(expression) | Template::Loose(expression, _) => Some(expression),
            _ => {
                let message = format!("`{}` must be an expression `${{ }}`", node.label());
                self.report.error(node, message);
                None
            }
        }
    }

    fn parse(
        &mut self,
        node: Node<'s>,
        text: &str,
        range: Range<usize>,
        stage: Stage,
        scope: &Scope,
    ) -> Option<Expression> {
        let inner = &text[range.clone()];
        let leading = inner.len() - inner.trim_start().len();
        let (inner, start) = (inner.trim(), range.start + leading);
        if inner.is_empty() {
            self.report.error(node, format!("`{}` is an empty expression", node.label()));
            return None;
        }
        let variables = scope.variables(stage);
        let key = (inner.to_owned(), variables.join(","));
        if !self.expressions.contains_key(&key) {
            let parsed = Expression::parse(inner, &variables);
            if parsed.is_ok() && comparisons::text_with_number(inner) {
                let hint = "convert one side: `tostring` on the number, or `tonumber` on the text".to_owned();
                let message = "this compares a text with a number; they are never equal";
                self.report.warning(Spot::inside(node, start), message, hint);
            }
            self.expressions.insert(key.clone(), parsed);
        }
        let error = match &self.expressions[&key] {
            Ok(expression) => return Some(expression.clone()),
            Err(error) => error.clone(),
        };
        let spot = Spot::inside(node, start + error.offset);
        let rest = inner.get(error.offset..).unwrap_or_default();
        if let Some((message, hint)) = misplaced_variable(rest) {
            self.report.error_with_hint(spot, message, hint);
        } else {
            self.report.error_with_hint(spot, format!("expression: {}", error.message), error.hint);
        }
        None
    }
}

/// Explains a variable that exists but is not visible here: message and hint.
fn misplaced_variable(rest: &str) -> Option<(String, Option<String>)> {
    let name: String = rest.strip_prefix('$')?.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let (message, hint) = match name.as_str() {
        "secrets" => (
            "`$secrets` is visible only in authentication settings; elsewhere secrets would reach the journal",
            "give the endpoint an `authentication`, or use a connection",
        ),
        "output" => (
            "`$output` is visible only in `export.as` and in a compensation",
            "the task's output is `.` in `output.as`; its raw output is `$task.output`",
        ),
        "input" => ("`$input` is not visible here", "`.` is the input that this expression is evaluated on"),
        "context" => ("`$context` is not visible here", "it begins with the first task"),
        "error" => ("`$error` is visible only inside its `catch`", "`catch.as` names it"),
        "authorization" => (
            "`$authorization` is not visible here",
            "it is how a call authenticates: use it in the call's `with`, `output.as` or `export.as`",
        ),
        _ => return None,
    };
    Some((message.to_owned(), Some(hint.to_owned())))
}

fn wrapping(text: &str) -> Wrapping {
    let Some(first) = text.find("${") else { return Wrapping::None };
    let trimmed = text.trim();
    let begin = text.len() - text.trim_start().len();
    if first != begin {
        return Wrapping::Wrong {
            offset: first,
            message: "an expression must be the whole text",
            hint: Some(interpolated(text)),
        };
    }
    match closing_brace(text, first + 2) {
        None => Wrapping::Wrong { offset: first, message: "the expression's `${` is never closed by `}`", hint: None },
        Some(end) if end + 1 == begin + trimmed.len() => Wrapping::Whole(first + 2..end),
        Some(end) => Wrapping::Wrong {
            offset: end + 1,
            message: "an expression must be the whole text",
            hint: Some(interpolated(text)),
        },
    }
}

/// Rewrites the text as one expression with jq's interpolation: `${ "\(.a) and \(.b)" }`.
fn interpolated(text: &str) -> String {
    let mut joined = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        joined.push_str(&rest[..at]);
        let Some(end) = closing_brace(rest, at + 2) else { break };
        joined.push_str(&format!("\\({})", rest[at + 2..end].trim()));
        rest = &rest[end + 1..];
    }
    joined.push_str(rest);
    format!("write one expression with jq's interpolation: `${{ \"{}\" }}`", shortened(&joined))
}

/// Finds the brace that closes an expression begun before `from`, skipping jq's own braces and strings.
fn closing_brace(text: &str, from: usize) -> Option<usize> {
    #[derive(PartialEq)]
    enum Inside {
        Brace,
        Text,
        Interpolation,
        Parenthesis,
    }
    let mut open: Vec<Inside> = Vec::new();
    let mut characters = text[from..].char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if open.last() == Some(&Inside::Text) {
            match character {
                '\\' => {
                    if let Some((_, '(')) = characters.next() {
                        open.push(Inside::Interpolation);
                    }
                }
                '"' => drop(open.pop()),
                _ => {}
            }
            continue;
        }
        match character {
            '"' => open.push(Inside::Text),
            '{' => open.push(Inside::Brace),
            '(' => open.push(Inside::Parenthesis),
            '}' if open.is_empty() => return Some(from + at),
            '}' if open.last() == Some(&Inside::Brace) => drop(open.pop()),
            ')' if matches!(open.last(), Some(Inside::Parenthesis | Inside::Interpolation)) => drop(open.pop()),
            '#' => while characters.next_if(|(_, c)| *c != '\n').is_some() {},
            _ => {}
        }
    }
    None
}

/// Returns a constant text: a literal, or an expression that is only a string (`${ "salesforce" }`).
pub(super) fn constant(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    match wrapping(text) {
        Wrapping::None => Some(text.to_owned()),
        Wrapping::Whole(range) => serde_json::from_str(text[range].trim()).ok(),
        Wrapping::Wrong { .. } => None,
    }
}
