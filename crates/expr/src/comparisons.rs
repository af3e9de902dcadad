//! Detects comparisons of a text with a number from the form of an expression. They are legal jq but never true, and
//! comparing `"1002"` with `1002` is a common mistake between two systems, so the builder warns.

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Cmp;

use crate::parse;

/// The type of an expression's result, if its form determines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A number.
    Number,
}

/// Functions of jq that return a text or fail.
const TEXTS: [&str; 12] = [
    "tostring",
    "ascii_downcase",
    "ascii_upcase",
    "ltrimstr",
    "rtrimstr",
    "trim",
    "join",
    "todate",
    "tojson",
    "implode",
    "sub",
    "gsub",
];

/// Functions of jq that return a number or fail.
const NUMBERS: [&str; 8] = ["tonumber", "length", "floor", "ceil", "round", "fromdate", "fabs", "utf8bytelength"];

/// Whether the expression compares a text with a number for equality anywhere. False if it does not parse.
#[must_use]
pub fn text_with_number(text: &str) -> bool {
    (text.contains("==") || text.contains("!=")) && parse::look(text, &compares).unwrap_or(false)
}

/// Returns the type of the expression's result; `None` if its form does not determine it.
#[must_use]
pub fn kind_of(text: &str) -> Option<Kind> {
    parse::look(text, &kind).flatten()
}

fn kind(term: &Term<&str>) -> Option<Kind> {
    match term {
        Term::Str(..) => Some(Kind::Text),
        Term::Num(_) | Term::Neg(_) => Some(Kind::Number),
        Term::Call(name, _) if TEXTS.contains(name) => Some(Kind::Text),
        Term::Call(name, _) if NUMBERS.contains(name) => Some(Kind::Number),
        Term::BinOp(_, BinaryOp::Pipe(_), right) => kind(right),
        Term::BinOp(left, BinaryOp::Alt | BinaryOp::Math(_), right) => {
            kind(left).filter(|left| kind(right) == Some(*left))
        }
        _ => None,
    }
}

fn compares(term: &Term<&str>) -> bool {
    let any = |terms: &[Term<&str>]| terms.iter().any(compares);
    match term {
        Term::BinOp(left, BinaryOp::Cmp(Cmp::Eq | Cmp::Ne), right)
            if kind(left).zip(kind(right)).is_some_and(|(left, right)| left != right) =>
        {
            true
        }
        Term::BinOp(left, _, right) => compares(left) || compares(right),
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) | Term::Path(inner, _) => compares(inner),
        Term::Obj(members) => members.iter().any(|(key, value)| compares(key) || value.as_ref().is_some_and(compares)),
        Term::Fold(_, over, _, steps) => compares(over) || any(steps),
        Term::TryCatch(body, handler) => compares(body) || handler.as_deref().is_some_and(compares),
        Term::IfThenElse(cases, otherwise) => {
            cases.iter().any(|(when, then)| compares(when) || compares(then))
                || otherwise.as_deref().is_some_and(compares)
        }
        Term::Call(_, arguments) => any(arguments),
        Term::Def(_, inner) => compares(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_and_a_number_are_told_apart_where_the_form_tells() {
        for text in [
            r#".order == "1002" or (.order | tostring) == 1002"#,
            r#"map(select("\(.id)" != 7))"#,
            r#"if (.a | length) == "3" then 1 else 2 end"#,
            r#"{ a: (.b | tonumber == "x") }"#,
            r#"[.[] | ("a" + "b") == 1 + 2]"#,
        ] {
            assert!(text_with_number(text), "{text}");
        }
        for text in [
            r#".order == "1002""#,
            ".order == 1002",
            r#".a | tostring == "1""#,
            r#"(.a // "x") == 1"#,
            "(.a | tonumber) == .b",
            "1 ==",
        ] {
            assert!(!text_with_number(text), "{text}");
        }
        assert_eq!(kind_of(".order | tostring"), Some(Kind::Text));
        assert_eq!(kind_of(".order"), None);
    }
}
