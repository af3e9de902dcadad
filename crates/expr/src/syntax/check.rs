//! The static check: which variables an expression uses, which names are forbidden, and whether it may be evaluated in
//! the process.
//!
//! Refusing names only gives better messages: functions that would access the environment are not linked at all.
//! Refusing recursion in the process protects the node's stack; the [meter](crate::meter) limits everything else.

use std::collections::{BTreeMap, BTreeSet};

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;

use stepwell_text::suggest;

use super::{alternatives, variables};
use crate::{Class, ParseError};

/// The result of the check.
pub(crate) struct Verdict<'s> {
    pub(crate) class: Class,
    /// Names of the used variables, without `$`, sorted.
    pub(crate) variables: Vec<String>,
    /// Functions and parameters that the expression defines.
    pub(crate) defined: BTreeSet<&'s str>,
}

/// Names of jq that do not exist here, and what to use instead.
const ABSENT: [(&str, &str); 22] = [
    ("env", "settings and secrets are not visible to expressions"),
    ("$ENV", "settings and secrets are not visible to expressions"),
    ("$__prog_args", "there are no program arguments"),
    ("input", "there is one input: `.`"),
    ("inputs", "there is one input: `.`"),
    ("input_line_number", "there is one input: `.`"),
    ("input_filename", "there is one input: `.`"),
    ("debug", "the journal shows every value"),
    ("debug_empty", "the journal shows every value"),
    ("stderr", "the journal shows every value"),
    ("stderr_empty", "the journal shows every value"),
    ("halt", "use `raise` to fail a task"),
    ("halt_error", "use `raise` to fail a task"),
    ("now", "use $task.startedAt or $workflow.startedAt: they stay the same when a run is recovered"),
    ("localtime", "use gmtime: a node's time zone must not matter"),
    ("mktime_local", "use mktime: a node's time zone must not matter"),
    ("strflocaltime", "use strftime: a node's time zone must not matter"),
    ("get_search_list", "modules do not exist here"),
    ("modulemeta", "modules do not exist here"),
    ("get_prog_origin", "modules do not exist here"),
    ("get_jq_origin", "modules do not exist here"),
    ("getpath_safe", "use getpath"),
];

/// Recursive functions of jq.
const RECURSIVE: &str = " combinations recurse repeat tostream until walk while ";

/// Most terms and deepest nesting of an expression that is evaluated in the process.
const NODES_MAX: usize = 2_000;
const DEPTH_MAX: usize = 100;

/// Returns a hint with the most similar function.
pub(crate) fn similar_function(name: &str) -> Option<String> {
    suggest::did_you_mean(name, crate::library::names())
}

/// Checks a parsed expression.
///
/// # Errors
/// A name that does not exist here, a variable that is not in `allowed`, or a constant object key that is not a text.
pub(crate) fn judge<'s>(text: &str, term: &Term<&'s str>, allowed: &[&str]) -> Result<Verdict<'s>, ParseError> {
    let mut judge = Judge {
        text,
        allowed,
        read: BTreeMap::new(),
        defined: BTreeSet::new(),
        nodes: 0,
        recursive: false,
        error: None,
    };
    judge.term(term, &Scope::default());
    if let Some(error) = judge.error {
        return Err(error);
    }
    let bounded = !judge.recursive && judge.nodes <= NODES_MAX;
    Ok(Verdict {
        class: if bounded { Class::Bounded } else { Class::Unbounded },
        variables: judge.read.into_keys().collect(),
        defined: judge.defined,
    })
}

struct Judge<'a, 's> {
    text: &'a str,
    allowed: &'a [&'a str],
    read: BTreeMap<String, ()>,
    defined: BTreeSet<&'s str>,
    nodes: usize,
    recursive: bool,
    error: Option<ParseError>,
}

/// The variables bound inside the expression.
#[derive(Clone, Default)]
struct Scope<'s> {
    locals: Vec<&'s str>,
    depth: usize,
}

impl<'s> Scope<'s> {
    fn inside(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    fn with(&self, pattern: &Pattern<&'s str>) -> Self {
        let mut inside = self.inside();
        // Each alternative is a `try` around the rest of the expression, which takes the stack of several terms.
        inside.depth += alternatives(pattern).map_or(0, |patterns| 1 + patterns.len());
        inside.locals.extend(variables(pattern));
        inside
    }
}

impl<'s> Judge<'_, 's> {
    fn term(&mut self, term: &Term<&'s str>, scope: &Scope<'s>) {
        self.nodes += 1;
        self.recursive |= scope.depth > DEPTH_MAX;
        let inside = scope.inside();
        match term {
            Term::Id | Term::Num(_) | Term::Recurse | Term::Break(_) => {}
            Term::Str(format, parts) => {
                self.format(*format);
                for part in parts {
                    if let StrPart::Term(term) = part {
                        self.term(term, &inside);
                    }
                }
            }
            Term::Arr(inner) => inner.iter().for_each(|term| self.term(term, &inside)),
            Term::Obj(fields) => {
                for (name, value) in fields {
                    self.key(name);
                    self.term(name, &inside);
                    value.iter().for_each(|value| self.term(value, &inside));
                }
            }
            Term::Neg(inner) | Term::Label(_, inner) => self.term(inner, &inside),
            Term::BinOp(left, BinaryOp::Pipe(Some(pattern)), right) => {
                self.term(left, &inside);
                self.pattern(pattern, scope);
                self.term(right, &scope.with(pattern));
            }
            Term::BinOp(left, _, right) => {
                self.term(left, &inside);
                self.term(right, &inside);
            }
            Term::Fold(_, over, pattern, bodies) => {
                self.term(over, &inside);
                self.pattern(pattern, scope);
                // The first body, the initial state, does not see the variables of the steps.
                let (init, steps) = bodies.split_at(bodies.len().min(1));
                init.iter().for_each(|init| self.term(init, &inside));
                steps.iter().for_each(|step| self.term(step, &scope.with(pattern)));
            }
            Term::TryCatch(body, catch) => {
                self.term(body, &inside);
                catch.iter().for_each(|catch| self.term(catch, &inside));
            }
            Term::IfThenElse(branches, otherwise) => {
                for term in branches.iter().flat_map(|(condition, then)| [condition, then]).chain(otherwise.as_deref())
                {
                    self.term(term, &inside);
                }
            }
            Term::Def(definitions, body) => {
                self.recursive = true;
                for definition in definitions {
                    self.format(Some(definition.name).filter(|name| name.starts_with('@')));
                    self.defined.insert(definition.name);
                    self.defined.extend(&definition.args);
                    let mut inside = inside.clone();
                    inside.locals.extend(&definition.args);
                    self.term(&definition.body, &inside);
                }
                self.term(body, &inside);
            }
            Term::Call(name, arguments) => {
                self.recursive |= RECURSIVE.contains(&format!(" {name} "));
                if name.starts_with('@') {
                    self.format(Some(name));
                } else if !self.defined.contains(name) {
                    self.absent(name);
                }
                arguments.iter().for_each(|argument| self.term(argument, &inside));
            }
            Term::Var(name) => self.variable(name, scope),
            Term::Path(base, path) => {
                self.term(base, &inside);
                for (part, _) in &path.0 {
                    match part {
                        Part::Index(index) => self.term(index, &inside),
                        Part::Range(from, to) => from.iter().chain(to).for_each(|bound| self.term(bound, &inside)),
                    }
                }
            }
        }
    }

    /// Checks a pattern. Keys of object patterns are expressions that see the input, but not the variables of the
    /// pattern.
    fn pattern(&mut self, pattern: &Pattern<&'s str>, scope: &Scope<'s>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(items) => {
                alternatives(pattern).unwrap_or(items).iter().for_each(|item| self.pattern(item, scope));
            }
            Pattern::Obj(fields) => {
                let inside = scope.inside();
                for (key, value) in fields {
                    self.key(key);
                    self.term(key, &inside);
                    self.pattern(value, scope);
                }
            }
        }
    }

    /// Reports a constant key that is not a text.
    fn key(&mut self, key: &Term<&'s str>) {
        let constant = match key {
            Term::Num(_) => true,
            Term::Call(name, arguments) => {
                arguments.is_empty() && matches!(*name, "true" | "false" | "null") && !self.defined.contains(name)
            }
            _ => false,
        };
        if constant {
            self.fail("", "a key of an object must be text".to_owned(), Some("write it in quotes".to_owned()));
        }
    }

    fn format(&mut self, format: Option<&'s str>) {
        let Some(name) = format else { return };
        if !crate::library::names().any(|known| known == name) {
            self.fail(name, format!("there is no format `{name}`"), similar_function(name));
        }
    }

    fn variable(&mut self, name: &'s str, scope: &Scope<'s>) {
        if scope.locals.contains(&name) {
            return;
        }
        self.absent(name);
        let bare = name.trim_start_matches('$');
        if self.allowed.contains(&bare) {
            self.read.insert(bare.to_owned(), ());
            return;
        }
        let hint = match suggest::meant(bare, self.allowed.iter().copied()) {
            Some(meant) => format!("did you mean `${meant}`?"),
            None => {
                let known: Vec<String> = self.allowed.iter().map(|v| format!("${v}")).collect();
                let known = if known.is_empty() { "no variable".to_owned() } else { known.join(", ") };
                format!("visible here: {known}")
            }
        };
        self.fail(name, format!("there is no variable `{name}` here"), Some(hint));
    }

    fn absent(&mut self, name: &str) {
        if let Some((_, hint)) = ABSENT.iter().find(|(known, _)| *known == name) {
            self.fail(name, format!("`{name}` does not exist here"), Some((*hint).to_owned()));
        } else if name.starts_with('_') && name != "_strindices" {
            self.fail(name, format!("there is no filter `{name}`"), None);
        }
    }

    /// Reports a mistake. Only the first one is kept.
    fn fail(&mut self, part: &str, message: String, hint: Option<String>) {
        let start = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let offset = start.filter(|offset| *offset < self.text.len()).unwrap_or(0);
        self.error.get_or_insert(ParseError { message, offset, hint });
    }
}
