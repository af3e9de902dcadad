//! The functions that a term calls.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;

/// Tells `found` each name that is called; names of formats (`@csv`), too.
pub(crate) fn each_call<'s>(term: &Term<&'s str>, found: &mut impl FnMut(&'s str)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) => {}
        Term::Str(format, parts) => {
            format.iter().for_each(|format| found(format));
            for part in parts {
                if let StrPart::Term(term) = part {
                    each_call(term, found);
                }
            }
        }
        Term::Arr(inner) => inner.iter().for_each(|term| each_call(term, found)),
        Term::Obj(fields) => {
            for (name, value) in fields {
                each_call(name, found);
                value.iter().for_each(|value| each_call(value, found));
            }
        }
        Term::Neg(inner) | Term::Label(_, inner) => each_call(inner, found),
        Term::BinOp(left, op, right) => {
            each_call(left, found);
            if let BinaryOp::Pipe(Some(pattern)) = op {
                in_pattern(pattern, found);
            }
            each_call(right, found);
        }
        Term::Fold(_, over, pattern, bodies) => {
            each_call(over, found);
            in_pattern(pattern, found);
            bodies.iter().for_each(|body| each_call(body, found));
        }
        Term::TryCatch(body, catch) => {
            each_call(body, found);
            catch.iter().for_each(|catch| each_call(catch, found));
        }
        Term::IfThenElse(branches, otherwise) => {
            for term in branches.iter().flat_map(|(condition, then)| [condition, then]).chain(otherwise.as_deref()) {
                each_call(term, found);
            }
        }
        Term::Def(definitions, body) => {
            definitions.iter().for_each(|definition| each_call(&definition.body, found));
            each_call(body, found);
        }
        Term::Call(name, arguments) => {
            found(name);
            arguments.iter().for_each(|argument| each_call(argument, found));
        }
        Term::Path(base, path) => {
            each_call(base, found);
            for (part, _) in &path.0 {
                match part {
                    Part::Index(index) => each_call(index, found),
                    Part::Range(from, upto) => from.iter().chain(upto).for_each(|bound| each_call(bound, found)),
                }
            }
        }
    }
}

fn in_pattern<'s>(pattern: &Pattern<&'s str>, found: &mut impl FnMut(&'s str)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(items) => items.iter().for_each(|item| in_pattern(item, found)),
        Pattern::Obj(fields) => {
            for (key, value) in fields {
                each_call(key, found);
                in_pattern(value, found);
            }
        }
    }
}
