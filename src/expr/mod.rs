//! jq expressions: parsed once at deploy, judged by a static check, evaluated without risk to the node.
//!
//! [`Class::Bounded`] expressions provably end and are evaluated in the process; all others go to an
//! evaluator child process with CPU, memory and time limits ([`Evaluator`]).

mod check;
pub mod child;
mod evaluator;
mod library;
mod parse;
mod template;
mod values;

pub use evaluator::Evaluator;

use std::sync::Arc;

use serde_json::Value;

/// A parsed jq expression with the names of the variables it reads.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    variables: Arc<[String]>,
    class: Class,
    program: Arc<jaq_core::Filter<Data>>,
}

/// What jq's functions work on: plain values.
type Data = jaq_core::data::JustLut<jaq_json::Val>;

/// Whether an expression may be evaluated inside the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Provably ends, within bounds.
    Bounded,
    /// Needs the evaluator child.
    Unbounded,
}

/// Why a text is not an expression that Stepwell accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// Byte offset into the text.
    pub offset: usize,
    /// The likely fix.
    pub hint: Option<String>,
}

/// Why an evaluation gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum EvaluationError {
    /// jq's own error, or no value at all.
    #[error("{0}")]
    Failed(String),
    /// Stopped by a limit on time, memory or size.
    #[error("{0}")]
    Limit(String),
}

impl Expression {
    /// The jq text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it may be evaluated in the process.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The variables that it really reads, without `$`, in the order in which [`Self::evaluate`] wants them.
    #[must_use]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Evaluates in the process; the first value counts. `arguments` pairs with [`Self::variables`].
    ///
    /// # Errors
    /// jq's error, no value, or a result over the size limit.
    pub fn evaluate(&self, input: &Value, arguments: &[&Value]) -> Result<Value, EvaluationError> {
        let arguments = arguments.iter().map(|a| values::to_jq(a));
        let context = jaq_core::Ctx::<Data>::new(&self.program.lut, jaq_core::Vars::new(arguments));
        let mut outputs = self.program.id.run((context, values::to_jq(input))).map(jaq_core::unwrap_valr);
        match outputs.next() {
            Some(Ok(value)) => values::from_jq(&value).map_err(|why| EvaluationError::Limit(self.about(&why))),
            Some(Err(error)) => Err(EvaluationError::Failed(self.about(&values::message(error.into_val())))),
            None => Err(EvaluationError::Failed(self.about("it produced no value"))),
        }
    }

    /// How messages call it: by the comment that it begins with, if it does.
    fn name(&self) -> &str {
        let comment = self.text.strip_prefix("# ").and_then(|text| text.lines().next());
        comment.unwrap_or(&self.text)
    }

    /// A message that names the expression, neither of them long: values may hold personal data.
    fn about(&self, why: &str) -> String {
        let cut = |text: &str, max: usize| match text.char_indices().nth(max) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text.to_owned(),
        };
        format!("{} failed: {}", cut(self.name(), 120), cut(why, 200))
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "${{ {} }}", self.text)
    }
}

/// JSON in which whole strings `${ ... }` are expressions.
#[derive(Debug, Clone)]
pub enum Template {
    /// No expression anywhere inside.
    Literal(Value),
    /// `${ ... }`
    Expression(Expression),
    /// A text that may be meant as an expression (`evaluate.mode: loose`): where it fails, the text stands for itself.
    Loose(Expression, String),
    /// An array with an expression somewhere inside.
    Array(Vec<Template>),
    /// An object with an expression somewhere inside.
    Object(Vec<(String, Template)>),
}

impl Template {
    /// Fills the template; `evaluate` is asked for each expression, with the text that stands in where it fails, if there is
    /// one. What an expression yields is never evaluated again.
    ///
    /// # Errors
    /// The first error of `evaluate`.
    pub fn render<E>(
        &self,
        evaluate: &mut impl FnMut(&Expression, Option<&str>) -> Result<Value, E>,
    ) -> Result<Value, E> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(expression) => evaluate(expression, None),
            Self::Loose(expression, text) => evaluate(expression, Some(text)),
            Self::Array(items) => {
                items.iter().map(|item| item.render(evaluate)).collect::<Result<Vec<_>, E>>().map(Value::Array)
            }
            Self::Object(entries) => {
                let mut object = serde_json::Map::with_capacity(entries.len());
                for (name, template) in entries {
                    object.insert(name.clone(), template.render(evaluate)?);
                }
                Ok(Value::Object(object))
            }
        }
    }
}

/// One evaluation for the child process: everything it needs, as data.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// jq text.
    pub text: String,
    /// Names without `$`.
    pub variables: Vec<String>,
    /// `.`
    pub input: Value,
    /// Pairs with `variables`.
    pub arguments: Vec<Value>,
}

#[cfg(test)]
impl Evaluation {
    /// Evaluates in this process what may run for long: the texts of tests do not.
    pub(crate) fn here(&self) -> Result<Value, EvaluationError> {
        let names: Vec<&str> = self.variables.iter().map(String::as_str).collect();
        let expression =
            Expression::parse(&self.text, &names).map_err(|why| EvaluationError::Failed(why.to_string()))?;
        expression.evaluate(&self.input, &self.arguments.iter().collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests;
