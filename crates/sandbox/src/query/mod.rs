//! The part of SOQL and SuiteQL that integrations use: one parser for both, with a [`Dialect`] where they differ.
//!
//! Bounded: texts of at most [`TEXT_BYTES_MAX`], conditions nested at most [`DEPTH_MAX`] deep.

mod dates;
mod evaluation;
mod lexer;
mod parser;

pub use dates::{ACCOUNT_FORMAT, read as read_date, written};
pub use evaluation::{holds, order};
pub use parser::parse;

use stepwell_text::decimal::Decimal;

/// Bytes of a query at most, as in Salesforce.
pub const TEXT_BYTES_MAX: usize = 100_000;
/// How deep conditions and subqueries nest at most.
pub const DEPTH_MAX: usize = 32;

/// Which language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Salesforce's.
    Soql,
    /// NetSuite's.
    SuiteQl,
}

/// Why a text is no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Character offset into the text.
    pub at: usize,
    /// The word that does not belong there.
    pub token: String,
}

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub struct Select {
    /// What to answer.
    pub columns: Vec<Column>,
    /// Of which records.
    pub from: Name,
    /// What the records are called in the query, if anything.
    pub alias: Option<String>,
    /// Which of them.
    pub condition: Option<Condition>,
    /// In which order.
    pub order: Vec<Order>,
    /// How many at most.
    pub limit: Option<usize>,
    /// How many to skip.
    pub offset: usize,
}

/// A name in a query with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As written, dots included.
    pub text: String,
    /// Character offset into the text.
    pub at: usize,
}

/// What a query answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// `*`
    All,
    /// `COUNT()` or `COUNT(*)`
    Count,
    /// A field, perhaps of a parent, perhaps under another name.
    Field(Name, Option<String>),
    /// `TO_CHAR(field, 'YYYY-MM-DD')`: a date in a notation of one's own, perhaps under another name.
    Written(Name, String, Option<String>),
    /// A subquery over children.
    Children(Box<Select>),
}

/// Which records.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All hold.
    All(Vec<Condition>),
    /// One holds.
    Any(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// One comparison.
    Test(Test),
}

/// One comparison of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The field.
    pub field: Name,
    /// How to compare.
    pub operator: Operator,
    /// With what: one literal, or the list of `in`.
    pub literals: Vec<Literal>,
    /// The letters in which the field is compared, if not in its own.
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
    /// A text in these letters.
    #[must_use]
    pub fn of(self, text: &str) -> String {
        match self {
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
        }
    }
}

/// How to compare.
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

/// A value in a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// In quotes.
    Text(String),
    /// Digits.
    Number(Decimal),
    /// `true` or `false`.
    Flag(bool),
    /// A date or instant: bare in SOQL, by `TO_DATE` in SuiteQL.
    Moment(String),
    /// `null`
    Nothing,
}

/// One key of the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The field.
    pub field: Name,
    /// Largest first.
    pub descending: bool,
    /// Where records without a value go; the dialect's default unless said.
    pub nulls_last: Option<bool>,
}

/// The text that a literal is.
fn text_of(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

impl Condition {
    /// Every comparison in it.
    #[must_use]
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::Test(test) => vec![test],
            Self::Not(inner) => inner.tests(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::tests).collect(),
        }
    }

    /// The number above which a field must be, if the condition says so: what comes before it need not be looked at.
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

    /// The text that every record found must have in a field, if the condition says so: then an index can find it.
    #[must_use]
    pub fn pinned(&self, is_field: &impl Fn(&str) -> bool) -> Option<&str> {
        match self.listed(is_field)?.as_slice() {
            [text] => Some(text),
            _ => None,
        }
    }

    /// The texts of which every record found must have one in a field, if the condition says so.
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
