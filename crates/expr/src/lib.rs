//! jq expressions: parsed once at deploy, evaluated without risk to the node.
//!
//! An expression means what it means in jq 1.8. It sees nothing of the world: functions that would read it do not exist. Its values are
//! shared JSON (`value`) and every operation on them is metered (`meter`), so an evaluation in the process ends within
//! [`Limits::IN_PROCESS`] whatever its text. What recurses, or needs more, is evaluated by a child process within
//! [`Limits::IN_CHILD`].

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

/// A parsed jq expression with the names of the variables it reads.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    variables: Arc<[String]>,
    class: Class,
    program: Arc<jaq_core::Filter<Data>>,
}

/// What jq's functions work on: plain values.
type Data = jaq_core::data::JustLut<Val>;

/// Whether an expression may be evaluated inside the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Yes: the meter bounds it.
    Bounded,
    /// No: it recurses (`def`, `recurse`, `until`, ...) or is very large. It needs the evaluator child.
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

    /// Evaluates within limits; the first value counts. `arguments` pairs with [`Self::variables`]. Nothing is copied on the way in.
    ///
    /// # Errors
    /// jq's error, no value, or a limit.
    pub fn evaluate_within(
        &self,
        limits: Limits,
        input: &Arc<Value>,
        arguments: &[Arc<Value>],
    ) -> Result<Value, EvaluationError> {
        let evaluated = meter::within(limits, || self.first_output(input, arguments));
        evaluated.unwrap_or_else(|why| Err(EvaluationError::Limit(self.about(&why.to_string()))))
    }

    /// Evaluates in the process; see [`Self::evaluate_within`].
    ///
    /// # Errors
    /// See [`Self::evaluate_within`]. After [`EvaluationError::Limit`] the evaluator child may still succeed.
    pub fn evaluate(&self, input: &Arc<Value>, arguments: &[Arc<Value>]) -> Result<Value, EvaluationError> {
        self.evaluate_within(Limits::IN_PROCESS, input, arguments)
    }

    /// Evaluates in the process if that is enough; none where the evaluator child must be asked, because the expression recurses or
    /// needs more than [`Limits::IN_PROCESS`].
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
                // Only `break` without its label could come here, and that does not compile.
                Err(_) => "it stopped without a value".to_owned(),
            }))),
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
    pub input: Arc<Value>,
    /// Pairs with `variables`.
    pub arguments: Vec<Arc<Value>>,
}

impl Evaluation {
    /// The evaluation of an expression.
    #[must_use]
    pub fn of(expression: &Expression, input: &Arc<Value>, arguments: &[Arc<Value>]) -> Self {
        let (text, variables) = (expression.text().to_owned(), expression.variables().to_vec());
        Self { text, variables, input: Arc::clone(input), arguments: arguments.to_vec() }
    }

    /// Evaluates here and now, within the limits of the child: in the child itself, and in programs that have none.
    ///
    /// # Errors
    /// The text does not parse, or see [`Expression::evaluate_within`].
    pub fn here(&self) -> Result<Value, EvaluationError> {
        let names: Vec<&str> = self.variables.iter().map(String::as_str).collect();
        let expression =
            Expression::parse(&self.text, &names).map_err(|why| EvaluationError::Failed(why.to_string()))?;
        self.with(&expression)
    }

    /// Evaluates with an expression that was parsed from this text before.
    ///
    /// # Errors
    /// See [`Expression::evaluate_within`].
    pub fn with(&self, expression: &Expression) -> Result<Value, EvaluationError> {
        let Self { variables, input, arguments, .. } = self;
        // Pairs by name: the order here is the expression's own.
        let null = Arc::default();
        let by_name = |name: &String| variables.iter().position(|v| v == name).and_then(|i| arguments.get(i));
        let ordered: Vec<Arc<Value>> =
            expression.variables().iter().map(|v| Arc::clone(by_name(v).unwrap_or(&null))).collect();
        expression.evaluate_within(Limits::IN_CHILD, input, &ordered)
    }
}

#[cfg(test)]
mod tests;
