//! The subset of SOQL and SuiteQL that integrations use: one parser for both, with a [`Dialect`] where they differ.
//!
//! Limits: [`TEXT_BYTES_MAX`] bytes of text, conditions nested up to [`DEPTH_MAX`] deep.

mod dates;
mod evaluation;
mod lexer;
mod parser;

pub use dates::{ACCOUNT_FORMAT, read as read_date, written};
pub use evaluation::{holds, order};
pub use parser::parse;

use stepwell_text::decimal::Decimal;

/// Longest query in bytes, as in Salesforce.
pub const TEXT_BYTES_MAX: usize = 100_000;
/// Deepest nesting of conditions and subqueries.
pub const DEPTH_MAX: usize = 32;

/// The query language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Salesforce's SOQL.
    Soql,
    /// NetSuite's SuiteQL.
    SuiteQl,
}

/// Why a text is not a valid query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Character offset of the error in the text.
    pub at: usize,
    /// The unexpected token.
    pub token: String,
}

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// The selected columns.
    pub columns: Vec<Column>,
    /// The object or table.
    pub from: Name,
    /// The alias of the object or table.
    pub alias: Option<String>,
    /// The `WHERE` condition.
    pub condition: Option<Condition>,
    /// The `ORDER BY` keys, most significant first.
    pub order: Vec<Order>,
    /// The most rows to return.
    pub limit: Option<usize>,
    /// The number of rows to skip.
    pub offset: usize,
}

/// A name in a query with its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name as written, including dots.
    pub text: String,
    /// Character offset of the name in the text.
    pub at: usize,
}

/// A selected column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// `*`
    All,
    /// `COUNT()` or `COUNT(*)`
    Count,
    /// A field, possibly of a parent, with an optional alias.
    Field(Name, Option<String>),
    /// `TO_CHAR(field, 'YYYY-MM-DD')`: a date in a format, with an optional alias.
    Written(Name, String, Option<String>),
    /// A subquery over child records.
    Children(Box<Select>),
}

/// A condition on records.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All parts hold.
    All(Vec<Condition>),
    /// At least one part holds.
    Any(Vec<Condition>),
    /// The inner condition does not hold.
    Not(Box<Condition>),
    /// A comparison.
    Test(Test),
}

/// A comparison of a field with literals.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The compared field.
    pub field: Name,
    /// The operator.
    pub operator: Operator,
    /// The operand: one literal, or the list of `IN`.
    pub literals: Vec<Literal>,
    /// The case to which the field's value is converted before comparing, if any.
    pub case: Option<LetterCase>,
}

/// `UPPER` or `LOWER` around a field or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterCase {
    /// `UPPER`
    Upper,
    /// `LOWER`
    Lower,
}

impl LetterCase {
    /// Converts a text to this case.
    #[must_use]
    pub fn of(self, text: &str) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
        }
    }
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `LIKE`
    Like,
    /// `IN`
    In,
    /// `NOT IN`
    NotIn,
}

/// A literal value.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A quoted text.
    Text(String),
    /// A number.
    Number(Decimal),
    /// `true` or `false`.
    Flag(bool),
    /// A date or time: unquoted in SOQL, `TO_DATE` in SuiteQL.
    Moment(String),
    /// `null`
    Nothing,
}

/// A sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The field to sort by.
    pub field: Name,
    /// Whether the order is descending.
    pub descending: bool,
    /// Whether records without a value come last; `None`: the default of the dialect.
    pub nulls_last: Option<bool>,
}

/// Returns the text of a text literal.
fn text_of(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

impl Condition {
    /// Returns all comparisons in the condition.
    #[must_use]
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::Test(test) => vec![test],
            Self::Not(inner) => inner.tests(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tests).collect(),
        }
    }

    /// Returns the number that the field must exceed, if the condition requires one. Smaller records can be skipped.
    #[must_use]
    pub fn above(&self, is_field: &impl Fn(&str) -> bool) -> Option<&Decimal> {
        match self {
            Self::All(parts) => parts.iter().find_map(|part| part.above(is_field)),
            Self::Test(Test { field, operator: Operator::Greater, literals, .. }) if is_field(&field.text) => {
                match literals.as_slice() {
                    [Literal::Number(number)] => Some(number),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Returns the text that the field must equal, if the condition requires one, so that an index can be used.
    #[must_use]
    pub fn pinned(&self, is_field: &impl Fn(&str) -> bool) -> Option<&str> {
        match self.listed(is_field)?.as_slice() {
            [text] => Some(text),
            _ => None,
        }
    }

    /// Returns the texts of which the field must equal one, if the condition requires that.
    #[must_use]
    pub fn listed(&self, is_field: &impl Fn(&str) -> bool) -> Option<Vec<&str>> {
        match self {
            Self::All(parts) => parts.iter().find_map(|part| part.listed(is_field)),
            Self::Test(Test { field, operator: Operator::Equal | Operator::In, literals, case: None })
                if is_field(&field.text) =>
            {
                literals.iter().map(text_of).collect()
            }
            _ => None,
        }
    }
}
