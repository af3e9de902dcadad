//! Destructuring with alternatives: `E as P1 ?// P2 | F` tries the patterns in order, also after `F` fails. Variables
//! of the other patterns are null.

use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};

use super::{call, pipe, variables};

/// The destructured value, and the input of `F`.
const VALUE: &str = "$__value";
pub(super) const INPUT: &str = "$__input";

/// The body as a function. No expression can call it, because the check refuses unknown formats.
const BODY: &str = "@body";

/// Whether the paths of a term are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Anywhere,
    OnPath,
}

impl Standing {
    /// Marks a value that was stored in a variable.
    pub(super) fn kept(self, term: Term<&str>) -> Term<&str> {
        match self {
            Self::Anywhere => term,
            Self::OnPath => call("_kept", vec![term]),
        }
    }

    fn attempt<'s>(self, body: Term<&'s str>, catch: Term<&'s str>) -> Term<&'s str> {
        match self {
            Self::Anywhere => Term::TryCatch(Box::new(body), Some(Box::new(catch))),
            Self::OnPath => call("_try", vec![body, catch]),
        }
    }
}

/// Returns `VALUE as P1 | body`, falling back to the next pattern. The body appears once, as a function of all
/// variables; otherwise nested patterns would double it each time.
fn tried<'s>(patterns: &[Pattern<&'s str>], body: &Term<&'s str>, standing: Standing) -> Term<&'s str> {
    let mut all: Vec<&'s str> = Vec::new();
    for name in patterns.iter().flat_map(variables) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let with_variables = Term::Call(BODY, all.iter().map(|name| Term::Var(*name)).collect());
    let mut chain: Option<Term<&'s str>> = None;
    for pattern in patterns.iter().rev() {
        let bound = bind(Term::Var(VALUE), pattern.clone(), with_variables.clone());
        let attempt = all.iter().rev().fold(bound, |term, name| bind(null(), Pattern::Var(name), term));
        chain = Some(match chain {
            None => attempt,
            Some(next) => standing.attempt(attempt, pipe(standing.kept(Term::Var(INPUT)), next)),
        });
    }
    let function = Def { name: BODY, args: all, body: body.clone() };
    Term::Def(vec![function], Box::new(chain.unwrap_or(with_variables)))
}

/// Rewrites `E as P1 ?// P2 | F`.
pub(super) fn destructured<'s>(
    source: Term<&'s str>,
    patterns: &[Pattern<&'s str>],
    body: &Term<&'s str>,
    standing: Standing,
) -> Term<&'s str> {
    let tried = with_input(tried(patterns, body, standing));
    bind(source, Pattern::Var(VALUE), tried)
}

/// Rewrites one step of `reduce` or `foreach` over [`VALUE`].
pub(super) fn step<'s>(patterns: &[Pattern<&'s str>], body: &Term<&'s str>, standing: Standing) -> Term<&'s str> {
    with_input(tried(patterns, body, standing))
}

/// The pattern of a `reduce` with alternatives.
pub(super) fn value_pattern() -> Pattern<&'static str> {
    Pattern::Var(VALUE)
}

fn with_input(term: Term<&str>) -> Term<&str> {
    bind(Term::Id, Pattern::Var(INPUT), term)
}

fn null<'s>() -> Term<&'s str> {
    Term::Call("null", Vec::new())
}

pub(super) fn bind<'s>(source: Term<&'s str>, pattern: Pattern<&'s str>, body: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(source), BinaryOp::Pipe(Some(pattern)), Box::new(body))
}
