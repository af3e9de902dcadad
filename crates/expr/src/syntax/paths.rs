//! Rewrites terms whose paths are needed: in `path(f)`, on the left of `|=`, and in functions used there.
//!
//! Nearly all terms written there only follow a path and remain unchanged. Computed values, and keys taken from values
//! that may be computed, go through natives that know whether the filter has left the path.

use std::collections::{BTreeMap, BTreeSet};

use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Opt, Part, Path};

use super::names::{each, each_call};
use super::patterns::{INPUT, Standing, bind, destructured, step, value_pattern};
use super::rewrite::{RIGHT, Rewriter, T, folded};
use super::{alternatives, call, pipe, text};
use crate::library;

/// Functions that return their input or nothing.
const PASSING: &str =
    " arrays booleans empty error finites iterables normals nulls numbers objects scalars select strings values ";

/// Functions that continue from their input along their last argument. Their other arguments are conditions and counts.
const LEADING: &str = " first limit nth skip ";

/// Functions that continue repeatedly along their last argument. The first of two arguments is a condition.
const REPEATING: &str = " repeat until while ";

/// The first key, evaluated in advance.
const FIRST: &str = "$__first";
const FIRST_UPTO: &str = "$__first_upto";

/// Functions that take the paths of their argument.
pub(super) const TAKING: &str = " del path pick ";

/// Functions that may return their input unchanged, even a number.
const KEEPING: &str = " del delpaths tonumber ";

pub(super) fn listed(list: &str, name: &str) -> bool {
    list.contains(&format!(" {name} "))
}

fn computed(term: T<'_>) -> (T<'_>, bool) {
    (call("_computed", vec![term]), false)
}

impl<'s> Rewriter<'s> {
    /// Rewrites a term whose paths are needed.
    pub(super) fn path_of(&self, term: T<'s>) -> T<'s> {
        self.on_path(term, true).0
    }

    /// Rewrites a term that may be on a path or not.
    pub(super) fn anywhere(&self, term: T<'s>) -> T<'s> {
        self.on_path(term, false).0
    }

    /// Rewrites a term on a path. Returns whether its outputs are certainly on the path as well. `on` says that of its
    /// input.
    fn on_path(&self, term: T<'s>, on: bool) -> (T<'s>, bool) {
        match term {
            Term::Id => (term, on),
            Term::Recurse if on => (term, true),
            Term::Recurse => self.call_on_path("recurse", Vec::new(), false),
            Term::Break(_) => (term, true),
            Term::Var(_) => (Standing::OnPath.kept(term), false),
            Term::Num(_) | Term::Str(..) | Term::Obj(_) | Term::Arr(None) => computed(self.term(term)),
            Term::Arr(Some(inner)) => (call("_collect", vec![self.on_path(*inner, on).0]), false),
            Term::Neg(inner) => {
                let negated = computed(Term::Neg(Box::new(Term::Id))).0;
                (pipe(self.on_path(*inner, on).0, negated), false)
            }
            Term::BinOp(left, op, right) => self.operation_on_path(*left, op, *right, on),
            Term::Label(name, inner) => {
                let (inner, on) = self.on_path(*inner, on);
                (Term::Label(name, Box::new(inner)), on)
            }
            Term::Fold(kind, over, pattern, bodies) => (self.fold_on_path(kind, *over, pattern, bodies, on), false),
            Term::TryCatch(body, None) => {
                let (body, on) = self.on_path(*body, on);
                (Term::TryCatch(Box::new(body), None), on)
            }
            Term::TryCatch(body, Some(catch)) => {
                (call("_try", vec![self.on_path(*body, on).0, self.anywhere(*catch)]), false)
            }
            Term::IfThenElse(branches, otherwise) => {
                let mut all = on || otherwise.is_some();
                let mut led = |term| {
                    let (term, on) = self.on_path(term, on);
                    all &= on;
                    term
                };
                let otherwise = otherwise.map(|term| Box::new(led(*term)));
                let branches = branches.into_iter().map(|(condition, then)| (self.term(condition), led(then)));
                (Term::IfThenElse(branches.collect(), otherwise), all)
            }
            Term::Def(definitions, body) => self.with_definitions(definitions, || self.on_path(*body, on)),
            Term::Call(name, arguments) => self.call_on_path(name, arguments, on),
            Term::Path(base, path) => self.access(*base, path, on),
        }
    }

    /// Rewrites `base` with keys. The first key can only be taken if the base is on the path.
    fn access(&self, base: T<'s>, Path(mut parts): Path<T<'s>>, on: bool) -> (T<'s>, bool) {
        let (base, on) = self.on_path(base, on);
        if on || parts.is_empty() {
            return (self.path(base, Path(parts)), true);
        }
        let (part, opt) = parts.remove(0);
        let bound = |bound: &Option<T<'s>>, name| bound.as_ref().map(|_| Term::Var(name));
        let (names, key, part) = match part {
            Part::Index(key) => (vec![(FIRST, key)], Some(Term::Var(FIRST)), Part::Index(Term::Var(FIRST))),
            Part::Range(None, None) => (Vec::new(), None, Part::Range(None, None)),
            Part::Range(from, upto) => {
                let (start, end) = (bound(&from, FIRST), bound(&upto, FIRST_UPTO));
                let slice = [("start", &start), ("end", &end)]
                    .map(|(name, bound)| (text(name), Some(bound.clone().unwrap_or_else(|| call("null", Vec::new())))));
                let names = from.map(|from| (FIRST, from)).into_iter().chain(upto.map(|upto| (FIRST_UPTO, upto)));
                (names.collect(), Some(Term::Obj(slice.into())), Part::Range(start, end))
            }
        };
        let base = match key {
            Some(key) => call("_index", vec![base, key]),
            None => call("_iterate", vec![base]),
        };
        let first = Term::Path(Box::new(base), Path(vec![(part, opt)]));
        let bind = |term, (name, key)| bind(self.term(key), Pattern::Var(name), term);
        let first = names.into_iter().rev().fold(first, bind);
        (if parts.is_empty() { first } else { self.path(first, Path(parts)) }, true)
    }

    fn operation_on_path(&self, left: T<'s>, op: BinaryOp<&'s str>, right: T<'s>, on: bool) -> (T<'s>, bool) {
        match op {
            BinaryOp::Pipe(None) => {
                let (left, on) = self.on_path(left, on);
                let (right, on) = self.on_path(right, on);
                (pipe(left, right), on)
            }
            BinaryOp::Pipe(Some(pattern)) => {
                let left = self.term(left);
                let (right, on) = self.on_path(right, on);
                match alternatives(&pattern) {
                    Some(patterns) => {
                        let patterns: Vec<_> = patterns.iter().map(|pattern| self.pattern(pattern.clone())).collect();
                        (destructured(left, &patterns, &right, Standing::OnPath), false)
                    }
                    None => (bind(left, self.pattern(pattern), right), on),
                }
            }
            BinaryOp::Comma => {
                let ((left, a), (right, b)) = (self.on_path(left, on), self.on_path(right, on));
                (Term::BinOp(Box::new(left), BinaryOp::Comma, Box::new(right)), a && b)
            }
            BinaryOp::Alt => {
                let ((left, a), (right, b)) = (self.on_path(left, on), self.on_path(right, on));
                (call("_alternative", vec![left, right]), a && b)
            }
            BinaryOp::And => (call("_and", vec![self.on_path(left, on).0, self.anywhere(right)]), false),
            BinaryOp::Or => (call("_or", vec![self.on_path(left, on).0, self.anywhere(right)]), false),
            BinaryOp::Math(_) | BinaryOp::Cmp(_) => computed(self.operation(left, op, right)),
            BinaryOp::Assign => (Standing::OnPath.kept(self.operation(left, op, right)), false),
            BinaryOp::Update => (call("_modify", vec![self.path_of(left), self.anywhere(right)]), false),
            BinaryOp::UpdateMath(math) => (self.update_on_path(left, BinaryOp::Math(math), right, on), false),
            BinaryOp::UpdateAlt => (self.update_on_path(left, BinaryOp::Alt, right, on), false),
        }
    }

    /// Rewrites `l += r`: `r` is evaluated first, and its path is kept.
    fn update_on_path(&self, left: T<'s>, op: BinaryOp<&'s str>, right: T<'s>, on: bool) -> T<'s> {
        let update = Term::BinOp(Box::new(Term::Id), op, Box::new(Term::Var(RIGHT)));
        let update = call("_modify", vec![self.path_of(left), computed(update).0]);
        let update = bind(Term::Id, Pattern::Var(RIGHT), pipe(Standing::OnPath.kept(Term::Var(INPUT)), update));
        bind(Term::Id, Pattern::Var(INPUT), pipe(self.on_path(right, on).0, update))
    }

    fn call_on_path(&self, name: &'s str, mut arguments: Vec<T<'s>>, on: bool) -> (T<'s>, bool) {
        let last = |arguments: &mut Vec<T<'s>>| arguments.pop().unwrap_or_default();
        if self.function(name, arguments.len()).is_some() {
            return (self.call(name, arguments), false);
        }
        match (name, arguments.len()) {
            ("recurse", 0) if on => (Term::Recurse, true),
            ("first", 0) => self.access(Term::Id, key(Term::Num("0")), on),
            ("last", 0) => self.access(Term::Id, key(Term::Neg(Box::new(Term::Num("1")))), on),
            ("nth", 1) => self.access(Term::Id, key(last(&mut arguments)), on),
            ("error", 1) => (pipe(self.on_path(last(&mut arguments), on).0, call("error", Vec::new())), true),
            ("last", 1) => (call(name, vec![self.on_path(last(&mut arguments), on).0]), false),
            ("getpath", 1) => (Term::Call(name, self.terms(arguments)), on),
            ("map_values", 1) => {
                let places = Term::Path(Box::new(Term::Id), Path(vec![(Part::Range(None, None), Opt::Essential)]));
                (call("_modify", vec![places, self.anywhere(last(&mut arguments))]), false)
            }
            (_, 0 | 1) if listed(PASSING, name) => {
                let gone = matches!(name, "empty" | "error");
                (Term::Call(name, self.terms(arguments)), on || gone)
            }
            (_, 1 | 2) if listed(LEADING, name) => {
                let (led, on) = self.on_path(last(&mut arguments), on);
                let mut arguments = self.terms(arguments);
                arguments.push(led);
                (Term::Call(name, arguments), on)
            }
            (_, 1 | 2) if listed(REPEATING, name) => {
                let led = self.anywhere(last(&mut arguments));
                let mut arguments = self.terms(arguments);
                arguments.push(led);
                (Term::Call(name, arguments), false)
            }
            (_, count) => match library::on_path(name, count).filter(|form| (*form, count) != self.form) {
                Some(form) => {
                    (Term::Call(form, arguments.into_iter().map(|term| self.anywhere(term)).collect()), false)
                }
                None if listed(KEEPING, name) => (Standing::OnPath.kept(self.call(name, arguments)), false),
                None => computed(self.call(name, arguments)),
            },
        }
    }

    /// Rewrites `reduce` and `foreach`: each step has the path of its item.
    fn fold_on_path(
        &self,
        kind: &'s str,
        over: T<'s>,
        pattern: Pattern<&'s str>,
        bodies: Vec<T<'s>>,
        on: bool,
    ) -> T<'s> {
        let mut bodies = bodies.into_iter();
        let init = self.on_path(bodies.next().unwrap_or_default(), on).0;
        // Folding starts from the input, which is on the path only if `init` took no keys.
        let over = self.anywhere(over);
        let mut steps: Vec<T<'s>> = bodies.map(|body| self.anywhere(body)).collect();
        let pattern = match alternatives(&pattern) {
            Some(patterns) => {
                let patterns: Vec<_> = patterns.iter().map(|pattern| self.pattern(pattern.clone())).collect();
                steps = steps.iter().map(|body| step(&patterns, body, Standing::OnPath)).collect();
                value_pattern()
            }
            None => self.pattern(pattern),
        };
        folded(kind, over, pattern, init, steps, Standing::OnPath)
    }
}

fn key(key: T<'_>) -> Path<T<'_>> {
    Path(vec![(Part::Index(key), Opt::Essential)])
}

/// Returns the names of the functions used in paths: in arguments of `path` and similar functions, in functions called
/// there, and in their arguments.
pub(super) fn functions<'s>(term: &T<'s>) -> BTreeSet<&'s str> {
    let mut found = BTreeSet::new();
    // If one of the first names is in the result, all of the second are as well.
    let mut rules: Vec<(Vec<&'s str>, Vec<&'s str>)> = Vec::new();
    let mut parameters: BTreeMap<&'s str, Vec<&'s str>> = BTreeMap::new();
    each(term, &mut |term| match term {
        Term::Call(name, arguments) if listed(TAKING, name) => found.extend(arguments.iter().flat_map(calls)),
        Term::Call(name, arguments) if !arguments.is_empty() => {
            rules.push((vec![name], arguments.iter().flat_map(calls).collect()));
        }
        Term::BinOp(left, BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt, _) => {
            found.extend(calls(left));
        }
        Term::Def(defined, _) => {
            for Def { name, args, body } in defined {
                rules.push((vec![name], calls(body)));
                parameters.entry(name).or_default().extend(args);
            }
        }
        _ => {}
    });
    for (names, _) in &mut rules {
        let more = names.first().and_then(|name| parameters.get(name));
        names.extend(more.into_iter().flatten());
    }
    loop {
        let before = found.len();
        for (names, more) in &rules {
            if names.iter().any(|name| found.contains(name)) {
                found.extend(more);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

fn calls<'s>(term: &T<'s>) -> Vec<&'s str> {
    let mut calls = Vec::new();
    each_call(term, &mut |name| calls.push(name));
    calls
}
