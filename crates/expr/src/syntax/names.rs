//! Visits the terms inside a term, and the functions it calls.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;

/// Calls `found` with each called name, including names of formats (`@csv`).
pub(crate) fn each_call<'s>(term: &Term<&'s str>, found: &mut impl FnMut(&'s str)) {
    each(term, &mut |term| match term {
        Term::Str(Some(name), _) | Term::Call(name, _) => found(name),
        _ => {}
    });
}

/// Calls `found` with the term and each term inside it.
pub(super) fn each<'s>(term: &Term<&'s str>, found: &mut impl FnMut(&Term<&'s str>)) {
    found(term);
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) => {}
        Term::Str(_, parts) => {
            for part in parts {
                if let StrPart::Term(term) = part {
                    each(term, found);
                }
            }
        }
        Term::Arr(inner) => inner.iter().for_each(|term| each(term, found)),
        Term::Obj(fields) => {
            for (name, value) in fields {
                each(name, found);
                value.iter().for_each(|value| each(value, found));
            }
        }
        Term::Neg(inner) | Term::Label(_, inner) => each(inner, found),
        Term::BinOp(left, op, right) => {
            each(left, found);
            if let BinaryOp::Pipe(Some(pattern)) = op {
                in_pattern(pattern, found);
            }
            each(right, found);
        }
        Term::Fold(_, over, pattern, bodies) => {
            each(over, found);
            in_pattern(pattern, found);
            bodies.iter().for_each(|body| each(body, found));
        }
        Term::TryCatch(body, catch) => {
            each(body, found);
            catch.iter().for_each(|catch| each(catch, found));
        }
        Term::IfThenElse(branches, otherwise) => {
            for term in branches.iter().flat_map(|(condition, then)| [condition, then]).chain(otherwise.as_deref()) {
                each(term, found);
            }
        }
        Term::Def(definitions, body) => {
            definitions.iter().for_each(|definition| each(&definition.body, found));
            each(body, found);
        }
        Term::Call(_, arguments) => arguments.iter().for_each(|argument| each(argument, found)),
        Term::Path(base, path) => {
            each(base, found);
            for (part, _) in &path.0 {
                match part {
                    Part::Index(index) => each(index, found),
                    Part::Range(from, upto) => from.iter().chain(upto).for_each(|bound| each(bound, found)),
                }
            }
        }
    }
}

fn in_pattern<'s>(pattern: &Pattern<&'s str>, found: &mut impl FnMut(&Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(items) => items.iter().for_each(|item| in_pattern(item, found)),
        Pattern::Obj(fields) => {
            for (key, value) in fields {
                each(key, found);
                in_pattern(value, found);
            }
        }
    }
}
