//! Terms in jq's meaning: updates by way of paths, the order of several outputs, `reduce` and `foreach` whose steps have none or
//! several. What is rewritten is what the interpreter understands differently; the rest stays.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Opt, Part, Path};

use super::many::Outputs;
use super::patterns::{bind, destructured, step, value_pattern};
use super::{alternatives, call, variables};

/// Names for outputs that are computed ahead. No text can mention them: it was checked before.
const RIGHT: &str = "$__right";
const KEY: &str = "$__key";
const UPTO: &str = "$__upto";
const STATE: &str = "$__state";
const PARTS: [&str; 16] = [
    "$__0", "$__1", "$__2", "$__3", "$__4", "$__5", "$__6", "$__7", "$__8", "$__9", "$__10", "$__11", "$__12", "$__13",
    "$__14", "$__15",
];

type T<'s> = Term<&'s str>;

/// An expression as the interpreter gets it.
pub(crate) fn expression<'s>(term: T<'s>, defined: impl IntoIterator<Item = &'s str>) -> T<'s> {
    Rewriter { outputs: Outputs { defined: defined.into_iter().collect() } }.term(term)
}

/// A definition of our own library.
pub(crate) fn definition(definition: Def<&'static str>) -> Def<&'static str> {
    let rewriter = Rewriter { outputs: Outputs { defined: definition.args.iter().copied().collect() } };
    Def { body: rewriter.term(definition.body), ..definition }
}

struct Rewriter<'s> {
    outputs: Outputs<'s>,
}

impl<'s> Rewriter<'s> {
    fn boxed(&self, term: T<'s>) -> Box<T<'s>> {
        Box::new(self.term(term))
    }

    fn terms(&self, terms: Vec<T<'s>>) -> Vec<T<'s>> {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    fn many(&self, term: &T<'s>) -> bool {
        !self.outputs.is_single(term)
    }

    fn term(&self, term: T<'s>) -> T<'s> {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) => term,
            Term::Str(format, parts) => self.text(format, parts),
            Term::Arr(inner) => Term::Arr(inner.map(|inner| self.boxed(*inner))),
            Term::Obj(fields) => Term::Obj(
                fields
                    .into_iter()
                    .map(|(name, value)| (self.term(name), value.map(|value| self.term(value))))
                    .collect(),
            ),
            Term::Neg(inner) => Term::Neg(self.boxed(*inner)),
            Term::BinOp(left, op, right) => self.operation(*left, op, *right),
            Term::Label(name, inner) => Term::Label(name, self.boxed(*inner)),
            Term::Fold(kind, over, pattern, bodies) => self.fold(kind, *over, pattern, bodies),
            Term::TryCatch(body, catch) => {
                let caught = |catch: Box<T<'s>>| {
                    let message = Box::new(call("_caught", Vec::new()));
                    Box::new(Term::BinOp(message, BinaryOp::Pipe(None), self.boxed(*catch)))
                };
                Term::TryCatch(self.boxed(*body), catch.map(caught))
            }
            Term::IfThenElse(branches, otherwise) => Term::IfThenElse(
                branches.into_iter().map(|(condition, then)| (self.term(condition), self.term(then))).collect(),
                otherwise.map(|term| self.boxed(*term)),
            ),
            Term::Def(definitions, body) => {
                let definitions = definitions.into_iter().map(|d| Def { body: self.term(d.body), ..d }).collect();
                Term::Def(definitions, self.boxed(*body))
            }
            Term::Call(name, arguments) => Term::Call(name, self.terms(arguments)),
            Term::Path(base, path) => self.path(self.term(*base), path),
        }
    }

    /// The first of several interpolations varies fastest: those behind it are computed ahead.
    fn text(&self, format: Option<&'s str>, parts: Vec<StrPart<&'s str, T<'s>>>) -> T<'s> {
        let several = parts.iter().filter(|part| matches!(part, StrPart::Term(term) if self.many(term))).count() > 1;
        let mut names = PARTS.iter();
        let mut ahead = Vec::new();
        let parts = parts
            .into_iter()
            .map(|part| match part {
                StrPart::Term(term) => {
                    let name = if several && self.many(&term) { names.next() } else { None };
                    let term = self.term(term);
                    StrPart::Term(match name {
                        Some(name) => {
                            ahead.push((*name, term));
                            Term::Var(*name)
                        }
                        None => term,
                    })
                }
                other => other,
            })
            .collect();
        // The last one is bound outermost.
        ahead.into_iter().fold(Term::Str(format, parts), |text, (name, term)| bind(term, Pattern::Var(name), text))
    }

    fn operation(&self, left: T<'s>, op: BinaryOp<&'s str>, right: T<'s>) -> T<'s> {
        match op {
            BinaryOp::Pipe(Some(pattern)) => match alternatives(&pattern) {
                Some(patterns) => {
                    let patterns: Vec<_> = patterns.iter().map(|pattern| self.pattern(pattern.clone())).collect();
                    destructured(self.term(left), &patterns, &self.term(right))
                }
                None => bind(self.term(left), self.pattern(pattern), self.term(right)),
            },
            // jq computes the right side first.
            BinaryOp::Math(_) | BinaryOp::Cmp(_) if self.many(&right) => {
                let operation = Term::BinOp(Box::new(self.term(left)), op, Box::new(Term::Var(RIGHT)));
                bind(self.term(right), Pattern::Var(RIGHT), operation)
            }
            BinaryOp::Alt if self.many(&left) => call("_alternative", vec![self.term(left), self.term(right)]),
            BinaryOp::Assign => call("_assign", vec![self.term(left), self.term(right)]),
            BinaryOp::Update => call("_modify", vec![self.term(left), self.term(right)]),
            BinaryOp::UpdateMath(math) => self.update_with(left, BinaryOp::Math(math), right),
            BinaryOp::UpdateAlt => self.update_with(left, BinaryOp::Alt, right),
            op => Term::BinOp(Box::new(self.term(left)), op, Box::new(self.term(right))),
        }
    }

    /// `l += r` is `r as $r | l |= . + $r`.
    fn update_with(&self, left: T<'s>, op: BinaryOp<&'s str>, right: T<'s>) -> T<'s> {
        let update = Term::BinOp(Box::new(Term::Id), op, Box::new(Term::Var(RIGHT)));
        bind(self.term(right), Pattern::Var(RIGHT), call("_modify", vec![self.term(left), update]))
    }

    fn pattern(&self, pattern: Pattern<&'s str>) -> Pattern<&'s str> {
        match pattern {
            Pattern::Var(_) => pattern,
            Pattern::Arr(items) => Pattern::Arr(items.into_iter().map(|item| self.pattern(item)).collect()),
            Pattern::Obj(fields) => {
                Pattern::Obj(fields.into_iter().map(|(key, pattern)| (self.term(key), self.pattern(pattern))).collect())
            }
        }
    }

    fn fold(&self, kind: &'s str, over: T<'s>, pattern: Pattern<&'s str>, bodies: Vec<T<'s>>) -> T<'s> {
        let over = self.term(over);
        let varies = bodies.get(1).is_some_and(|update| self.many(update));
        let mut bodies = self.terms(bodies);
        let pattern = match alternatives(&pattern) {
            Some(patterns) => {
                let patterns: Vec<_> = patterns.iter().map(|pattern| self.pattern(pattern.clone())).collect();
                for body in bodies.iter_mut().skip(1) {
                    *body = step(&patterns, body);
                }
                value_pattern()
            }
            None => self.pattern(pattern),
        };
        let varies = varies || variables(&pattern) == variables(&value_pattern());
        match (kind, bodies.len()) {
            ("reduce", 2) if varies => {
                let update = bodies.pop().unwrap_or_default();
                bodies.push(call("_last_or_null", vec![update]));
                Term::Fold(kind, Box::new(over), pattern, bodies)
            }
            ("foreach", 2 | 3) if varies => foreach(over, pattern, bodies),
            _ => Term::Fold(kind, Box::new(over), pattern, bodies),
        }
    }

    /// Of several keys in one path the last varies slowest: it is computed ahead of what comes before it.
    fn path(&self, base: T<'s>, path: Path<T<'s>>) -> T<'s> {
        let many = |part: &Part<T<'s>>| match part {
            Part::Index(index) => self.many(index),
            Part::Range(from, upto) => from.iter().chain(upto).any(|bound| self.many(bound)),
        };
        let several = |part: &Part<T<'s>>| many(part) || matches!(part, Part::Range(None, None));
        let Path(parts) = path;
        let split = (1..=parts.len()).rev().find(|end| {
            many(&parts[end - 1].0) && (self.many(&base) || parts[..end - 1].iter().any(|(part, _)| several(part)))
        });
        let mut parts = parts;
        let rest = parts.split_off(split.unwrap_or(0));
        let rest = rest.into_iter().map(|(part, opt)| (self.part(part), opt));
        let Some((part, opt)) = parts.pop() else { return Term::Path(Box::new(base), Path(rest.collect())) };
        let (ahead, part) = match self.part(part) {
            Part::Index(index) => (vec![(KEY, index)], Part::Index(Term::Var(KEY))),
            Part::Range(from, upto) => {
                let named = |bound: &Option<T<'s>>, name| bound.as_ref().map(|_| Term::Var(name));
                let part = Part::Range(named(&from, KEY), named(&upto, UPTO));
                (from.map(|from| (KEY, from)).into_iter().chain(upto.map(|upto| (UPTO, upto))).collect(), part)
            }
        };
        let before = if parts.is_empty() { base } else { self.path(base, Path(parts)) };
        let whole = Term::Path(Box::new(before), Path(std::iter::once((part, opt)).chain(rest).collect()));
        ahead.into_iter().rev().fold(whole, |term, (name, key)| bind(key, Pattern::Var(name), term))
    }

    fn part(&self, part: Part<T<'s>>) -> Part<T<'s>> {
        match part {
            Part::Index(index) => Part::Index(self.term(index)),
            Part::Range(from, upto) => Part::Range(from.map(|from| self.term(from)), upto.map(|upto| self.term(upto))),
        }
    }
}

/// `foreach` by our own native, which keeps jq's rules where a step has none or several outputs.
fn foreach<'s>(over: T<'s>, pattern: Pattern<&'s str>, bodies: Vec<T<'s>>) -> T<'s> {
    let names = variables(&pattern);
    let comma = |left, right| Term::BinOp(Box::new(left), BinaryOp::Comma, Box::new(right));
    let list = names.iter().map(|name| Term::Var(*name)).reduce(comma).map(Box::new);
    let item = |at| Term::Path(Box::new(Term::Id), Path(vec![(Part::Index(Term::Num(at)), Opt::Essential)]));
    let pipe = |left, right| Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right));
    let with_variables = |body| {
        let bound = Pattern::Arr(names.iter().map(|name| Pattern::Var(*name)).collect());
        let body = pipe(Term::Var(STATE), body);
        bind(item("1"), Pattern::Var(STATE), bind(item("0"), bound, body))
    };
    let mut bodies = bodies.into_iter();
    let (init, update) = (bodies.next().unwrap_or_default(), bodies.next().unwrap_or_default());
    let items = bind(over, pattern, Term::Arr(list));
    let steps = call("_foreach", vec![items, init, with_variables(update)]);
    pipe(steps, bodies.next().map_or_else(|| item("1"), with_variables))
}
