//! jq expressions, parsed once at deployment and evaluated without risk to the node.
//!
//! Expressions have the meaning of jq 1.8 but no access to their environment: functions that would read it do not
//! exist. Their values are shared JSON (`value`), and every operation is metered (`meter`), so an evaluation in the
//! process ends within [`Limits::IN_PROCESS`] whatever its text. Expressions that recurse or need more are evaluated in
//! a child process within [`Limits::IN_CHILD`].

pub mod comparisons;
mod library;
mod meter;
mod natives;
mod parse;
mod syntax;
mod template;
mod value;

pub use meter::Limits;

use std::sync::Arc;

use serde_json::Value;

use value::Val;

/// A parsed jq expression with the names of the variables it uses.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    variables: Arc<[String]>,
    class: Class,
    program: Arc<jaq_core::Filter<Data>>,
}

/// The data type of the interpreter: plain values.
type Data = jaq_core::data::JustLut<Val>;

/// Whether an expression may be evaluated in the node's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The meter limits its cost, so it may be evaluated in the process.
    Bounded,
    /// It recurses (`def`, `recurse`, `until`, ...) or is very large, so it needs the evaluator child.
    Unbounded,
}

/// Why a text is not a valid expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// Byte offset of the mistake in the text.
    pub offset: usize,
    /// How to fix it, if that is known.
    pub hint: Option<String>,
}

/// Why an evaluation returned no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum EvaluationError {
    /// jq's own error, or an expression without any output.
    #[error("{0}")]
    Failed(String),
    /// A limit on time, memory or size was exceeded.
    #[error("{0}")]
    Limit(String),
}

impl Expression {
    /// Returns the jq text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether it may be evaluated in the process.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// Returns the variables that it uses, without `$`, in the order of the arguments of [`Self::evaluate`].
    #[must_use]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Evaluates the expression within limits and returns its first output. `arguments` has one value per variable in
    /// [`Self::variables`]. The inputs are not copied.
    ///
    /// # Errors
    /// jq's error, no output, or an exceeded limit.
    pub fn evaluate_within(
        &self,
        limits: Limits,
        input: &Arc<Value>,
        arguments: &[Arc<Value>],
    ) -> Result<Value, EvaluationError> {
        let evaluated = meter::within(limits, || self.first_output(input, arguments));
        evaluated.unwrap_or_else(|why| Err(EvaluationError::Limit(self.about(&why.to_string()))))
    }

    /// Evaluates the expression in the process; see [`Self::evaluate_within`].
    ///
    /// # Errors
    /// See [`Self::evaluate_within`]. After [`EvaluationError::Limit`] the evaluator child may still succeed.
    pub fn evaluate(&self, input: &Arc<Value>, arguments: &[Arc<Value>]) -> Result<Value, EvaluationError> {
        self.evaluate_within(Limits::IN_PROCESS, input, arguments)
    }

    /// Evaluates the expression in the process if possible. Returns `None` if the evaluator child is needed, because
    /// the expression recurses or exceeds [`Limits::IN_PROCESS`].
    #[must_use]
    pub fn evaluate_here(
        &self,
        input: &Arc<Value>,
        arguments: &[Arc<Value>],
    ) -> Option<Result<Value, EvaluationError>> {
        match self.class {
            Class::Bounded => meter::within(Limits::IN_PROCESS, || self.first_output(input, arguments)).ok(),
            Class::Unbounded => None,
        }
    }

    fn first_output(&self, input: &Arc<Value>, arguments: &[Arc<Value>]) -> Result<Value, EvaluationError> {
        let arguments = arguments.iter().map(Val::shared);
        let context = jaq_core::Ctx::<Data>::new(&self.program.lut, jaq_core::Vars::new(arguments));
        let mut outputs = self.program.id.run((context, Val::shared(input)));
        match outputs.next() {
            Some(Ok(value)) => value.to_json().map_err(|why| EvaluationError::Limit(self.about(&why))),
            Some(Err(exception)) => Err(EvaluationError::Failed(self.about(&match exception.get_err() {
                Ok(error) => error.into_val().message(),
                // Only a `break` without its label could get here, and that does not compile.
                Err(_) => "it stopped without a value".to_owned(),
            }))),
            None => Err(EvaluationError::Failed(self.about("it produced no value"))),
        }
    }

    /// Returns the name in messages: the comment at the beginning of the expression, or else its text.
    fn name(&self) -> &str {
        let comment = self.text.strip_prefix("# ").and_then(|text| text.lines().next());
        comment.unwrap_or(&self.text)
    }

    /// Formats a message with the expression's name. Both parts are shortened, because values may contain personal
    /// data.
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

/// JSON in which strings that are `${ ... }` as a whole are expressions.
#[derive(Debug, Clone)]
pub enum Template {
    /// A value without any expression.
    Literal(Value),
    /// A string that is `${ ... }` as a whole.
    Expression(Expression),
    /// A text that may be an expression (`evaluate.mode: loose`). If the evaluation fails, the text itself is the
    /// result.
    Loose(Expression, String),
    /// An array that contains an expression.
    Array(Vec<Template>),
    /// An object that contains an expression.
    Object(Vec<(String, Template)>),
}

impl Template {
    /// Evaluates the template. `evaluate` is called for each expression, with the fallback text of a loose one. Results
    /// are never evaluated again.
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

/// An evaluation as data, to send to the child process.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evaluation {
    /// The jq text.
    pub text: String,
    /// Names of the variables, without `$`.
    pub variables: Vec<String>,
    /// The input, `.`.
    pub input: Arc<Value>,
    /// Values of the variables, in the order of `variables`.
    pub arguments: Vec<Arc<Value>>,
}

impl Evaluation {
    /// Creates the evaluation of an expression.
    #[must_use]
    pub fn of(expression: &Expression, input: &Arc<Value>, arguments: &[Arc<Value>]) -> Self {
        let (text, variables) = (expression.text().to_owned(), expression.variables().to_vec());
        Self { text, variables, input: Arc::clone(input), arguments: arguments.to_vec() }
    }

    /// Evaluates in this process within the limits of the child. For the child itself, and for programs without one.
    ///
    /// # Errors
    /// The text does not parse, or an error of [`Expression::evaluate_within`].
    pub fn here(&self) -> Result<Value, EvaluationError> {
        let names: Vec<&str> = self.variables.iter().map(String::as_str).collect();
        let expression =
            Expression::parse(&self.text, &names).map_err(|why| EvaluationError::Failed(why.to_string()))?;
        self.with(&expression)
    }

    /// Evaluates with an expression already parsed from this text.
    ///
    /// # Errors
    /// See [`Expression::evaluate_within`].
    pub fn with(&self, expression: &Expression) -> Result<Value, EvaluationError> {
        let Self { variables, input, arguments, .. } = self;
        // Match by name: the expression has its own order of variables.
        let null = Arc::default();
        let by_name = |name: &String| variables.iter().position(|v| v == name).and_then(|i| arguments.get(i));
        let ordered: Vec<Arc<Value>> =
            expression.variables().iter().map(|v| Arc::clone(by_name(v).unwrap_or(&null))).collect();
        expression.evaluate_within(Limits::IN_CHILD, input, &ordered)
    }
}

#[cfg(test)]
mod tests;
