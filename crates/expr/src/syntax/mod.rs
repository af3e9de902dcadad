//! Translates jq's text to what the interpreter runs. The interpreter's parser does most of it. Syntax of jq 1.8 that
//! it does not support is rewritten, first as tokens, then as terms.

mod check;
mod many;
mod names;
mod paths;
mod patterns;
mod rewrite;
mod tokens;

pub(crate) use check::{Verdict, judge, similar_function};
pub(crate) use names::each_call;
pub(crate) use rewrite::{definition, definition_on_path, expression};
pub(crate) use tokens::adapt;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};

/// Represents alternative patterns (`?//`) as a single pattern for the parser: `[$__alternatives, P1, P2]`.
const ALTERNATIVES: &str = "$__alternatives";

/// Returns the alternatives of a pattern, if it has any.
fn alternatives<'p, 's>(pattern: &'p Pattern<&'s str>) -> Option<&'p [Pattern<&'s str>]> {
    match pattern {
        Pattern::Arr(items) => match items.split_first() {
            Some((Pattern::Var(name), rest)) if *name == ALTERNATIVES => Some(rest),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the variables that a pattern binds, without duplicates.
fn variables<'s>(pattern: &Pattern<&'s str>) -> Vec<&'s str> {
    fn collect<'s>(pattern: &Pattern<&'s str>, names: &mut Vec<&'s str>) {
        match pattern {
            Pattern::Var(name) if *name == ALTERNATIVES || names.contains(name) => {}
            Pattern::Var(name) => names.push(name),
            Pattern::Arr(items) => items.iter().for_each(|item| collect(item, names)),
            Pattern::Obj(fields) => fields.iter().for_each(|(_, item)| collect(item, names)),
        }
    }
    let mut names = Vec::new();
    collect(pattern, &mut names);
    names
}

fn call<'s>(name: &'s str, arguments: Vec<Term<&'s str>>) -> Term<&'s str> {
    Term::Call(name, arguments)
}

fn pipe<'s>(left: Term<&'s str>, right: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}

fn text(text: &str) -> Term<&str> {
    Term::Str(None, vec![StrPart::Str(text)])
}
