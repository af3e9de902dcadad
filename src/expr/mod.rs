//! jq expressions: parsed once at deploy, judged by a static check, evaluated without risk to the node.
//!
//! [`Class::Bounded`] expressions provably end and are evaluated in the process; all others go to an
//! evaluator child process with CPU, memory and time limits ([`Evaluator`]).

use std::sync::Arc;

use serde_json::Value;

/// A parsed jq expression with the names of the variables it reads.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    variables: Arc<[String]>,
    class: Class,
}

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
    /// Parses jq text (without `${ }`). `variables` are the names, without `$`, that it may read.
    ///
    /// # Errors
    /// Syntax errors, unknown variables and functions, and names that do not exist here (`env`, `input`, ...).
    pub fn parse(_text: &str, _variables: &[&str]) -> Result<Self, ParseError> {
        Err(ParseError { message: "not yet".into(), offset: 0, hint: None })
    }

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
    pub fn evaluate(&self, _input: &Value, _arguments: &[&Value]) -> Result<Value, EvaluationError> {
        Err(EvaluationError::Failed("not yet".into()))
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
    /// An array with an expression somewhere inside.
    Array(Vec<Template>),
    /// An object with an expression somewhere inside.
    Object(Vec<(String, Template)>),
}

impl Template {
    /// Fills the template; `evaluate` is asked for each expression. What an expression yields is never evaluated again.
    ///
    /// # Errors
    /// The first error of `evaluate`.
    pub fn render<E>(&self, evaluate: &mut impl FnMut(&Expression) -> Result<Value, E>) -> Result<Value, E> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(expression) => evaluate(expression),
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

/// The evaluator child processes.
#[derive(Debug, Default)]
pub struct Evaluator {}

impl Evaluator {
    /// Evaluates outside of this process.
    ///
    /// # Errors
    /// jq's error, or a limit.
    pub async fn evaluate(&self, _evaluation: Evaluation) -> Result<Value, EvaluationError> {
        Err(EvaluationError::Failed("not yet".into()))
    }
}
