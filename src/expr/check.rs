//! The static check: which variables an expression reads, which names it must not use, and whether it provably ends
//! within bounds.
//!
//! An expression is bounded when it contains only what does work in proportion to its input: paths, literals, construction,
//! operators, and built-ins without recursion or unbounded ranges. Small texts can still explode by doubling
//! (`[.,.]|[.,.]|...`) or by iterating inside an iteration over the whole input; both are estimated and sent to the child.

use std::collections::BTreeMap;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::Part;

use super::{Class, ParseError};

/// What the check found.
pub(super) struct Verdict {
    pub(super) class: Class,
    /// Names without `$`, sorted.
    pub(super) variables: Vec<String>,
}

/// Names that would read the world, write to it, or end the process.
const FORBIDDEN: [(&str, &str); 18] = [
    ("env", "settings and secrets are not visible to expressions"),
    ("input", "there is one input: `.`"),
    ("inputs", "there is one input: `.`"),
    ("debug", "the journal shows every value"),
    ("stderr", "the journal shows every value"),
    ("halt", "use `raise` to fail a task"),
    ("halt_error", "use `raise` to fail a task"),
    ("input_line_number", "there is one input: `.`"),
    ("input_filename", "there is one input: `.`"),
    ("now", "use $task.startedAt or $workflow.startedAt: they stay the same when a run is recovered"),
    ("localtime", "use gmtime: a node's time zone must not matter"),
    ("strflocaltime", "use strftime: a node's time zone must not matter"),
    ("get_search_list", "modules do not exist here"),
    ("modulemeta", "modules do not exist here"),
    ("debug_empty", "the journal shows every value"),
    ("stderr_empty", "the journal shows every value"),
    ("$ENV", "settings and secrets are not visible to expressions"),
    ("$__prog_args", "there are no program arguments"),
];

/// Built-ins that end, and whose output is at most a small multiple of what they are given.
const BOUNDED: &str = " abs add all any arrays ascii_downcase ascii_upcase booleans ceil contains del empty endswith error \
    fabs false first floor from_entries fromdate fromdateiso8601 getpath gmtime group_by has in index indices inside \
    isarray isboolean isempty isnumber isobject isstring iterables join keys keys_unsorted last length ltrim ltrimstr map \
    map_values max max_by min min_by mktime not null nulls numbers objects path pick reverse rindex round rtrim rtrimstr \
    scalars select setpath sort sort_by split sqrt startswith strftime strings strptime toarray toboolean todate \
    todateiso8601 to_entries tojson tonumber tostring trim true trunc type unique unique_by utf8bytelength values \
    with_entries @base64 @base64d @csv @html @json @sh @text @tsv @uri ";

/// Of these, the ones that visit each element of their input.
const ITERATING: &str = " add all any from_entries group_by index indices join map map_values max max_by min min_by reverse \
    rindex sort sort_by split to_entries unique unique_by with_entries contains inside tojson tostring ";

/// Largest estimated multiple of the input that is evaluated in the process.
const GROWTH_MAX: f64 = 64.0;

/// Largest number of nodes and deepest nesting of an expression that is evaluated in the process.
const NODES_MAX: usize = 2_000;
const DEPTH_MAX: usize = 100;

fn listed(list: &str, name: &str) -> bool {
    list.contains(&format!(" {name} "))
}

/// The most similar built-in, for a hint.
pub(super) fn similar_function(name: &str) -> Option<String> {
    let best = BOUNDED.split_whitespace().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)))?;
    (strsim::jaro(best, name) > 0.8).then(|| format!("did you mean `{best}`?"))
}

/// Judges a parsed expression.
///
/// # Errors
/// A forbidden name, or a variable that is not among `allowed`.
pub(super) fn judge(text: &str, term: &Term<&str>, allowed: &[&str]) -> Result<Verdict, ParseError> {
    let mut judge = Judge { text, allowed, read: BTreeMap::new(), nodes: 0, error: None };
    let scope = Scope { locals: Vec::new(), iterating: false, depth: 0 };
    let growth = judge.growth(term, &scope);
    if let Some(error) = judge.error {
        return Err(error);
    }
    let bounded = growth.is_some_and(|g| g <= GROWTH_MAX) && judge.nodes <= NODES_MAX;
    Ok(Verdict {
        class: if bounded { Class::Bounded } else { Class::Unbounded },
        variables: judge.read.into_keys().collect(),
    })
}

struct Judge<'a> {
    text: &'a str,
    allowed: &'a [&'a str],
    read: BTreeMap<String, ()>,
    nodes: usize,
    error: Option<ParseError>,
}

/// Variables bound inside the expression with the growth of what they hold; whether the term runs once per element.
#[derive(Clone)]
struct Scope<'s> {
    locals: Vec<(&'s str, f64)>,
    iterating: bool,
    depth: usize,
}

impl<'s> Scope<'s> {
    fn inside(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    fn per_element(&self) -> Self {
        Self { iterating: true, ..self.inside() }
    }
}

impl Judge<'_> {
    /// All terms are walked even after one is found to be unbounded, so that every name is checked.
    ///
    /// Gives an estimate of how many times larger than its input the output can be; none where there is no bound.
    fn growth<'s>(&mut self, term: &'s Term<&'s str>, scope: &Scope<'s>) -> Option<f64> {
        self.nodes += 1;
        let deep = scope.depth > DEPTH_MAX;
        let grown = match term {
            Term::Id | Term::Num(_) => Some(1.0),
            Term::Recurse => None,
            Term::Str(format, parts) => self.text_growth(*format, parts, scope),
            Term::Arr(inner) => inner.as_deref().map_or(Some(1.0), |t| self.growth(t, &scope.inside())),
            Term::Obj(entries) => self.object(entries, scope),
            Term::Neg(inner) => self.growth(inner, &scope.inside()),
            Term::BinOp(left, op, right) => self.operation(left, op, right, scope),
            Term::Label(_, inner) => {
                self.growth(inner, &scope.inside());
                None
            }
            Term::Break(_) => None,
            Term::Fold(_, over, pattern, bodies) => self.fold(over, pattern, bodies, scope),
            Term::TryCatch(body, catch) => {
                let body = self.growth(body, &scope.inside());
                let catch = catch.as_deref().map_or(Some(0.0), |c| self.growth(c, &scope.inside()));
                Some(body? + catch?)
            }
            Term::IfThenElse(branches, otherwise) => self.branches(branches, otherwise.as_deref(), scope),
            Term::Def(definitions, body) => {
                for definition in definitions {
                    let mut inside = scope.inside();
                    inside.locals.extend(definition.args.iter().map(|a| (*a, 1.0)));
                    self.growth(&definition.body, &inside);
                }
                self.growth(body, &scope.inside());
                None
            }
            Term::Call(name, arguments) => self.call(name, arguments, scope),
            Term::Var(name) => self.variable(name, scope),
            Term::Path(base, path) => self.path(base, &path.0, scope),
        };
        grown.filter(|_| !deep)
    }

    fn text_growth<'s>(
        &mut self,
        format: Option<&'s str>,
        parts: &'s [StrPart<&'s str, Term<&'s str>>],
        scope: &Scope<'s>,
    ) -> Option<f64> {
        let mut total = Some(1.0);
        for part in parts {
            if let StrPart::Term(term) = part {
                let grown = self.growth(term, &scope.inside());
                total = total.zip(grown).map(|(t, g)| t + g);
            }
        }
        if format.is_some_and(|f| !listed(BOUNDED, f)) {
            return None;
        }
        total
    }

    fn object<'s>(&mut self, entries: &'s [(Term<&'s str>, Option<Term<&'s str>>)], scope: &Scope<'s>) -> Option<f64> {
        let mut total = Some(1.0);
        for (name, value) in entries {
            let name_growth = self.growth(name, &scope.inside());
            let value_growth = value.as_ref().map_or(Some(1.0), |v| self.growth(v, &scope.inside()));
            // Several outputs in several fields multiply: more than one iterating field is not estimated.
            let iterates = iterates(name) || value.as_ref().is_some_and(iterates);
            total = total.zip(name_growth).zip(value_growth).map(|((t, n), v)| t + n + v).filter(|_| !iterates);
        }
        total
    }

    fn operation<'s>(
        &mut self,
        left: &'s Term<&'s str>,
        op: &'s BinaryOp<&'s str>,
        right: &'s Term<&'s str>,
        scope: &Scope<'s>,
    ) -> Option<f64> {
        let left_growth = self.growth(left, &scope.inside());
        match op {
            BinaryOp::Pipe(None) => {
                let after = if iterates(left) { scope.per_element() } else { scope.inside() };
                // Elements of an iteration are parts of the whole: iterating over them again stays linear.
                let after = Scope { iterating: after.iterating && !scope.iterating && reads_whole(right), ..after };
                let right_growth = self.growth(right, &after);
                Some(left_growth? * right_growth?)
            }
            BinaryOp::Pipe(Some(pattern)) => {
                let mut after = if iterates(left) { scope.per_element() } else { scope.inside() };
                bind(pattern, left_growth.unwrap_or(1.0), &mut after.locals);
                let right_growth = self.growth(right, &after);
                // The body sees the whole input once per element: only linear if it does not iterate itself.
                right_growth.filter(|_| left_growth.is_some() && !(iterates(left) && walks(right)))
            }
            BinaryOp::Math(Math::Mul) => {
                let right_growth = self.growth(right, &scope.inside());
                // A text times a number repeats the text.
                let numbers = is_number(left) && is_number(right);
                Some(left_growth? + right_growth?).filter(|_| numbers)
            }
            _ => {
                let right_growth = self.growth(right, &scope.inside());
                let multiplies = iterates(left) && iterates(right) && !matches!(op, BinaryOp::Comma | BinaryOp::Alt);
                Some(left_growth? + right_growth?).filter(|_| !multiplies)
            }
        }
    }

    fn fold<'s>(
        &mut self,
        over: &'s Term<&'s str>,
        pattern: &'s Pattern<&'s str>,
        bodies: &'s [Term<&'s str>],
        scope: &Scope<'s>,
    ) -> Option<f64> {
        self.growth(over, &scope.inside());
        let mut inside = scope.inside();
        bind(pattern, 1.0, &mut inside.locals);
        for body in bodies {
            self.growth(body, &inside);
        }
        None
    }

    fn branches<'s>(
        &mut self,
        branches: &'s [(Term<&'s str>, Term<&'s str>)],
        otherwise: Option<&'s Term<&'s str>>,
        scope: &Scope<'s>,
    ) -> Option<f64> {
        let mut total = Some(0.0);
        for term in branches.iter().flat_map(|(condition, then)| [condition, then]).chain(otherwise) {
            let grown = self.growth(term, &scope.inside());
            total = total.zip(grown).map(|(t, g)| t + g);
        }
        total.map(|t| t.max(1.0))
    }

    fn call<'s>(&mut self, name: &'s str, arguments: &'s [Term<&'s str>], scope: &Scope<'s>) -> Option<f64> {
        self.forbid(name);
        let iterating = listed(ITERATING, name);
        let inside = if iterating { scope.per_element() } else { scope.inside() };
        let mut total = Some(1.0);
        for argument in arguments {
            let grown = self.growth(argument, &inside);
            total = total.zip(grown).map(|(t, g)| t * g.max(1.0));
        }
        let nested = iterating && scope.iterating;
        total.filter(|_| listed(BOUNDED, name) && !nested)
    }

    fn path<'s>(
        &mut self,
        base: &'s Term<&'s str>,
        parts: &'s [(Part<Term<&'s str>>, jaq_core::path::Opt)],
        scope: &Scope<'s>,
    ) -> Option<f64> {
        let base_growth = self.growth(base, &scope.inside());
        let mut bounded = true;
        for (part, _) in parts {
            let indices: Vec<&Term<&str>> = match part {
                Part::Index(index) => vec![index],
                Part::Range(from, to) => from.iter().chain(to).collect(),
            };
            for index in indices {
                bounded &= self.growth(index, &scope.inside()).is_some() && !iterates(index);
            }
            let whole = matches!(part, Part::Range(None, None));
            bounded &= !(whole && scope.iterating && is_variable(base));
        }
        // One entry of a table of constants is as small as it is written.
        let picked = is_table(base) && matches!(parts.first(), Some((Part::Index(_), _)));
        base_growth.map(|growth| if picked { 1.0 } else { growth }).filter(|_| bounded)
    }

    fn variable(&mut self, name: &str, scope: &Scope<'_>) -> Option<f64> {
        if let Some((_, growth)) = scope.locals.iter().rev().find(|(local, _)| *local == name) {
            return Some(*growth);
        }
        self.forbid(name);
        let bare = name.trim_start_matches('$');
        if self.allowed.contains(&bare) {
            self.read.insert(bare.to_owned(), ());
        } else if self.error.is_none() {
            let best = self.allowed.iter().max_by(|a, b| strsim::jaro(a, bare).total_cmp(&strsim::jaro(b, bare)));
            let hint = match best {
                Some(best) if strsim::jaro(best, bare) > 0.8 => format!("did you mean `${best}`?"),
                _ => {
                    let known: Vec<String> = self.allowed.iter().map(|v| format!("${v}")).collect();
                    format!(
                        "visible here: {}",
                        if known.is_empty() { "no variable".to_owned() } else { known.join(", ") }
                    )
                }
            };
            let message = format!("there is no variable `{name}` here");
            self.error = Some(ParseError { message, offset: self.offset(name), hint: Some(hint) });
        }
        Some(1.0)
    }

    fn forbid(&mut self, name: &str) {
        if let (None, Some((_, hint))) = (&self.error, FORBIDDEN.iter().find(|(n, _)| *n == name)) {
            let message = format!("`{name}` does not exist here");
            self.error = Some(ParseError { message, offset: self.offset(name), hint: Some((*hint).to_owned()) });
        }
    }

    fn offset(&self, part: &str) -> usize {
        let start = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        start.filter(|o| *o < self.text.len()).unwrap_or(0)
    }
}

fn bind<'s>(pattern: &'s Pattern<&'s str>, growth: f64, locals: &mut Vec<(&'s str, f64)>) {
    match pattern {
        Pattern::Var(name) => locals.push((name, growth)),
        Pattern::Arr(items) => items.iter().for_each(|p| bind(p, growth, locals)),
        Pattern::Obj(entries) => entries.iter().for_each(|(_, p)| bind(p, growth, locals)),
    }
}

/// Whether a term can give more than one output.
fn iterates(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Arr(_) | Term::Var(_) | Term::Break(_) => false,
        Term::Recurse | Term::Fold(..) | Term::Label(..) | Term::Def(..) => true,
        Term::Str(_, parts) => parts.iter().any(|p| matches!(p, StrPart::Term(t) if iterates(t))),
        Term::Obj(entries) => entries.iter().any(|(k, v)| iterates(k) || v.as_ref().is_some_and(iterates)),
        Term::Neg(inner) => iterates(inner),
        Term::BinOp(left, op, right) => matches!(op, BinaryOp::Comma) || iterates(left) || iterates(right),
        Term::TryCatch(body, catch) => iterates(body) || catch.as_deref().is_some_and(iterates),
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().any(|(c, t)| iterates(c) || iterates(t)) || otherwise.as_deref().is_some_and(iterates)
        }
        Term::Call(_, arguments) => arguments.iter().any(iterates),
        Term::Path(base, path) => iterates(base) || path.0.iter().any(|(p, _)| matches!(p, Part::Range(None, None))),
    }
}

/// Whether a term visits elements of what it is given.
fn walks(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Break(_) => false,
        Term::Recurse | Term::Fold(..) | Term::Label(..) | Term::Def(..) => true,
        Term::Arr(inner) => inner.as_deref().is_some_and(walks),
        Term::Str(_, parts) => parts.iter().any(|p| matches!(p, StrPart::Term(_))),
        Term::Obj(entries) => entries.iter().any(|(k, v)| walks(k) || v.as_ref().is_some_and(walks)),
        Term::Neg(inner) => walks(inner),
        Term::BinOp(left, _, right) => walks(left) || walks(right),
        Term::TryCatch(body, catch) => walks(body) || catch.as_deref().is_some_and(walks),
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().any(|(c, t)| walks(c) || walks(t)) || otherwise.as_deref().is_some_and(walks)
        }
        Term::Call(name, arguments) => listed(ITERATING, name) || arguments.iter().any(walks),
        Term::Path(base, path) => walks(base) || path.0.iter().any(|(p, _)| matches!(p, Part::Range(..))),
    }
}

/// Whether a term, run once per element, can come back to something as large as the whole.
fn reads_whole(term: &Term<&str>) -> bool {
    match term {
        Term::Var(_) => true,
        Term::Id | Term::Num(_) | Term::Recurse | Term::Break(_) => false,
        Term::Arr(inner) => inner.as_deref().is_some_and(reads_whole),
        Term::Str(_, parts) => parts.iter().any(|p| matches!(p, StrPart::Term(t) if reads_whole(t))),
        Term::Obj(entries) => entries.iter().any(|(k, v)| reads_whole(k) || v.as_ref().is_some_and(reads_whole)),
        Term::Neg(inner) | Term::Label(_, inner) => reads_whole(inner),
        Term::BinOp(left, _, right) => reads_whole(left) || reads_whole(right),
        Term::TryCatch(body, catch) => reads_whole(body) || catch.as_deref().is_some_and(reads_whole),
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().any(|(c, t)| reads_whole(c) || reads_whole(t))
                || otherwise.as_deref().is_some_and(reads_whole)
        }
        Term::Call(_, arguments) => arguments.iter().any(reads_whole),
        Term::Path(base, _) => reads_whole(base),
        Term::Fold(..) | Term::Def(..) => true,
    }
}

/// Whether a term is an object that holds nothing but constants.
fn is_table(term: &Term<&str>) -> bool {
    let is_constant = |term: &Term<&str>| match term {
        Term::Num(_) => true,
        Term::Str(_, parts) => !parts.iter().any(|part| matches!(part, StrPart::Term(_))),
        Term::Call(name, arguments) => arguments.is_empty() && matches!(*name, "null" | "true" | "false"),
        _ => false,
    };
    let Term::Obj(entries) = term else { return false };
    entries.iter().all(|(name, value)| is_constant(name) && value.as_ref().is_some_and(is_constant))
}

fn is_variable(term: &Term<&str>) -> bool {
    match term {
        Term::Var(_) => true,
        Term::Path(base, _) => is_variable(base),
        _ => false,
    }
}

/// Whether a term's output is surely not a text.
fn is_number(term: &Term<&str>) -> bool {
    match term {
        Term::Num(_) | Term::Neg(_) => true,
        Term::BinOp(left, BinaryOp::Math(op), right) => match op {
            // A text divided by a text is a list.
            Math::Sub | Math::Rem | Math::Div => true,
            Math::Mul | Math::Add => is_number(left) && is_number(right),
        },
        Term::BinOp(_, BinaryOp::Pipe(None), right) => is_number(right),
        Term::BinOp(left, BinaryOp::Alt, right) => is_number(left) && is_number(right),
        Term::Call(name, _) => listed(" length tonumber floor ceil round sqrt fabs abs trunc utf8bytelength ", name),
        _ => false,
    }
}
