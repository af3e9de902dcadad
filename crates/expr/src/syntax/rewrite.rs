//! Rewrites terms to jq's meaning: updates through paths, the order of several outputs, and `reduce` and `foreach`
//! whose steps have no output or several. Only terms that the interpreter understands differently are rewritten.

use std::cell::RefCell;
use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Opt, Part, Path};

use super::many::Outputs;
use super::names::each_call;
use super::paths::{self, TAKING, listed};
use super::patterns::{Standing, bind, destructured, step, value_pattern};
use super::{alternatives, call, pipe, variables};

/// Variables for outputs evaluated in advance. The check has refused these names in expressions.
pub(super) const RIGHT: &str = "$__right";
const KEY: &str = "$__key";
const UPTO: &str = "$__upto";
const STATE: &str = "$__state";
const PARTS: [&str; 16] = [
    "$__0", "$__1", "$__2", "$__3", "$__4", "$__5", "$__6", "$__7", "$__8", "$__9", "$__10", "$__11", "$__12", "$__13",
    "$__14", "$__15",
];

pub(super) type T<'s> = Term<&'s str>;

/// Rewrites an expression for the interpreter.
pub(crate) fn expression<'s>(term: T<'s>, defined: BTreeSet<&'s str>) -> T<'s> {
    let on_path = if defined.is_empty() { BTreeSet::new() } else { paths::functions(&term) };
    Rewriter { outputs: Outputs { defined }, on_path, ..Rewriter::default() }.term(term)
}

/// Rewrites a definition of the library.
pub(crate) fn definition(definition: Def<&'static str>) -> Def<&'static str> {
    let rewriter = Rewriter::of_library(&definition);
    Def { body: rewriter.term(definition.body), ..definition }
}

/// Rewrites a library definition for use in paths.
pub(crate) fn definition_on_path(definition: Def<&'static str>) -> Def<&'static str> {
    let mut rewriter = Rewriter { form: (definition.name, definition.args.len()), ..Rewriter::of_library(&definition) };
    each_call(&definition.body, &mut |name| _ = rewriter.on_path.insert(name));
    Def { body: rewriter.anywhere(definition.body), ..definition }
}

#[derive(Default)]
pub(super) struct Rewriter<'s> {
    outputs: Outputs<'s>,
    /// Functions called in paths.
    on_path: BTreeSet<&'s str>,
    /// The functions and parameters in scope: name, arity, and whether paths of their arguments may be needed.
    scope: RefCell<Vec<(&'s str, usize, bool)>>,
    /// Name and arity of the path variant being defined.
    pub(super) form: (&'s str, usize),
}

impl Rewriter<'static> {
    fn of_library(definition: &Def<&'static str>) -> Self {
        let outputs = Outputs { defined: definition.args.iter().copied().collect() };
        let scope = definition.args.iter().map(|name| (*name, 0, true)).collect();
        Self { outputs, scope: RefCell::new(scope), ..Self::default() }
    }
}

impl<'s> Rewriter<'s> {
    /// Returns whether paths of a function's arguments may be needed; `None` if the expression does not define the
    /// function.
    pub(super) fn function(&self, name: &str, arity: usize) -> Option<bool> {
        let scope = self.scope.borrow();
        scope.iter().rev().find(|(known, count, _)| (*known, *count) == (name, arity)).map(|(.., on_path)| *on_path)
    }

    /// Rewrites definitions and the term in their scope.
    pub(super) fn with_definitions<X>(
        &self,
        definitions: Vec<Def<&'s str>>,
        inside: impl FnOnce() -> (T<'s>, X),
    ) -> (T<'s>, X) {
        let outside = self.scope.borrow().len();
        let define = |Def { name, args, body }| {
            let on_path = |name: &&str| self.on_path.contains(*name);
            let entry = (name, args.len(), on_path(&name) || args.iter().any(on_path));
            self.scope.borrow_mut().push(entry);
            let own = self.scope.borrow().len();
            self.scope.borrow_mut().extend(args.iter().map(|name| (*name, 0, true)));
            let body = if on_path(&name) { self.anywhere(body) } else { self.term(body) };
            self.scope.borrow_mut().truncate(own);
            Def { name, args, body }
        };
        let definitions = definitions.into_iter().map(define).collect();
        let (body, with) = inside();
        self.scope.borrow_mut().truncate(outside);
        (Term::Def(definitions, Box::new(body)), with)
    }

    pub(super) fn call(&self, name: &'s str, arguments: Vec<T<'s>>) -> T<'s> {
        let taking = match self.function(name, arguments.len()) {
            Some(on_path) => on_path.then_some(Self::anywhere as fn(&Self, T<'s>) -> T<'s>),
            None => listed(TAKING, name).then_some(Self::path_of as fn(&Self, T<'s>) -> T<'s>),
        };
        let rewrite = taking.unwrap_or(Self::term);
        Term::Call(name, arguments.into_iter().map(|argument| rewrite(self, argument)).collect())
    }

    fn boxed(&self, term: T<'s>) -> Box<T<'s>> {
        Box::new(self.term(term))
    }

    pub(super) fn terms(&self, terms: Vec<T<'s>>) -> Vec<T<'s>> {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    pub(super) fn many(&self, term: &T<'s>) -> bool {
        !self.outputs.is_single(term)
    }

    pub(super) fn term(&self, term: T<'s>) -> T<'s> {
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
            Term::TryCatch(body, catch) => Term::TryCatch(self.boxed(*body), catch.map(|catch| self.boxed(*catch))),
            Term::IfThenElse(branches, otherwise) => Term::IfThenElse(
                branches.into_iter().map(|(condition, then)| (self.term(condition), self.term(then))).collect(),
                otherwise.map(|term| self.boxed(*term)),
            ),
            Term::Def(definitions, body) => self.with_definitions(definitions, || (self.term(*body), ())).0,
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Path(base, path) => self.path(self.term(*base), path),
        }
    }

    /// Of several interpolations the first varies fastest, so the later ones are evaluated in advance.
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

    pub(super) fn operation(&self, left: T<'s>, op: BinaryOp<&'s str>, right: T<'s>) -> T<'s> {
        match op {
            BinaryOp::Pipe(Some(pattern)) => match alternatives(&pattern) {
                Some(patterns) => {
                    let patterns: Vec<_> = patterns.iter().map(|pattern| self.pattern(pattern.clone())).collect();
                    destructured(self.term(left), &patterns, &self.term(right), Standing::Anywhere)
                }
                None => bind(self.term(left), self.pattern(pattern), self.term(right)),
            },
            // jq evaluates the right side first, which matters if a side has no output or several.
            BinaryOp::Math(_) | BinaryOp::Cmp(_) if self.many(&right) || self.many(&left) && !is_constant(&right) => {
                let operation = Term::BinOp(Box::new(self.term(left)), op, Box::new(Term::Var(RIGHT)));
                bind(self.term(right), Pattern::Var(RIGHT), operation)
            }
            BinaryOp::Alt if self.many(&left) => call("_alternative", vec![self.term(left), self.term(right)]),
            BinaryOp::Assign => call("_assign", vec![self.path_of(left), self.term(right)]),
            BinaryOp::Update => call("_modify", vec![self.path_of(left), self.term(right)]),
            BinaryOp::UpdateMath(math) => self.update_with(left, BinaryOp::Math(math), right),
            BinaryOp::UpdateAlt => self.update_with(left, BinaryOp::Alt, right),
            op => Term::BinOp(Box::new(self.term(left)), op, Box::new(self.term(right))),
        }
    }

    /// Rewrites `l += r` to `r as $r | l |= . + $r`.
    fn update_with(&self, left: T<'s>, op: BinaryOp<&'s str>, right: T<'s>) -> T<'s> {
        let update = Term::BinOp(Box::new(Term::Id), op, Box::new(Term::Var(RIGHT)));
        bind(self.term(right), Pattern::Var(RIGHT), call("_modify", vec![self.path_of(left), update]))
    }

    pub(super) fn pattern(&self, pattern: Pattern<&'s str>) -> Pattern<&'s str> {
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
                    *body = step(&patterns, body, Standing::Anywhere);
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
            ("foreach", 2 | 3) if varies => {
                let steps = bodies.split_off(1);
                folded(kind, over, pattern, bodies.pop().unwrap_or_default(), steps, Standing::Anywhere)
            }
            _ => Term::Fold(kind, Box::new(over), pattern, bodies),
        }
    }

    /// Of several keys in a path the last varies slowest, so it is evaluated before the others.
    pub(super) fn path(&self, base: T<'s>, path: Path<T<'s>>) -> T<'s> {
        let many = |part: &Part<T<'s>>| match part {
            Part::Index(index) => self.many(index),
            Part::Range(from, upto) => from.iter().chain(upto).any(|bound| self.many(bound)),
        };
        let several = |part: &Part<T<'s>>| many(part) || matches!(part, Part::Range(None, None));
        let constant = |part: &Part<T<'s>>| match part {
            Part::Index(index) => is_constant(index),
            Part::Range(from, upto) => from.iter().chain(upto).all(is_constant),
        };
        let Path(parts) = path;
        let split = (1..=parts.len()).rev().find(|end| {
            let (part, before) = (&parts[end - 1].0, &parts[..end - 1]);
            let after_several = self.many(&base) || before.iter().any(|(part, _)| several(part));
            let after_any = !before.is_empty() || !matches!(base, Term::Id);
            !constant(part) && after_several || many(part) && after_any
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

fn is_constant(term: &T<'_>) -> bool {
    match term {
        Term::Num(_) | Term::Var(_) => true,
        Term::Str(_, parts) => parts.iter().all(|part| !matches!(part, StrPart::Term(_))),
        _ => false,
    }
}

/// Rewrites `foreach`, and `reduce` in paths, to native functions that follow jq if a step has no output or several.
pub(super) fn folded<'s>(
    kind: &str,
    over: T<'s>,
    pattern: Pattern<&'s str>,
    init: T<'s>,
    steps: Vec<T<'s>>,
    standing: Standing,
) -> T<'s> {
    let names = variables(&pattern);
    let comma = |left, right| Term::BinOp(Box::new(left), BinaryOp::Comma, Box::new(right));
    let list = Term::Arr(names.iter().map(|name| Term::Var(*name)).reduce(comma).map(Box::new));
    let item = |at| Term::Path(Box::new(Term::Id), Path(vec![(Part::Index(Term::Num(at)), Opt::Essential)]));
    let with_variables = |body| {
        let bound = Pattern::Arr(names.iter().map(|name| Pattern::Var(*name)).collect());
        let body = pipe(standing.kept(Term::Var(STATE)), body);
        bind(item("1"), Pattern::Var(STATE), bind(item("0"), bound, body))
    };
    let items = match standing {
        Standing::Anywhere => bind(over, pattern, list),
        Standing::OnPath => pipe(over, bind(Term::Id, pattern, call("_computed", vec![list]))),
    };
    let mut steps = steps.into_iter();
    let update = with_variables(steps.next().unwrap_or_default());
    if kind == "reduce" {
        return call("_reduce", vec![items, init, update]);
    }
    let outputs = call("_foreach", vec![items, init, update]);
    pipe(outputs, steps.next().map_or_else(|| standing.kept(item("1")), with_variables))
}
