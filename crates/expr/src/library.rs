//! Selects the definitions that an expression needs. Compiling all of jq's functions for each expression would make
//! `validate` and `deploy` slow.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jaq_core::load::parse::{Def, Term};

use crate::natives;
use crate::syntax;

/// The definitions, in dependency order.
static DEFINITIONS: LazyLock<Vec<Def<&'static str>>> = LazyLock::new(|| {
    let parsed = jaq_core::load::parse(include_str!("prelude.jq"), |parser| parser.defs());
    let plain = parsed.expect("our own library parses: a test reads it").into_iter().map(syntax::definition);
    plain.chain(FORMS.iter().cloned().map(syntax::definition_on_path)).collect()
});

/// Prefix of the names of path variants.
const FORM: &str = "_path_";

/// Variants of functions for use in paths, where jq's rules depend on how jq itself defines a function.
static FORMS: LazyLock<Vec<Def<&'static str>>> = LazyLock::new(|| {
    let parsed = jaq_core::load::parse(include_str!("paths.jq"), |parser| parser.defs());
    parsed.expect("our own library parses: a test reads it")
});

/// Names that an expression may call.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let natives = natives::all();
    let natives: Vec<&str> = natives.iter().map(|(name, ..)| *name).collect();
    let all = DEFINITIONS.iter().map(|definition| definition.name).chain(natives);
    all.filter(|name| !name.starts_with('_')).collect()
});

/// The names that each definition calls, by its own name. Definitions with the same name are combined.
static CALLS: LazyLock<HashMap<&'static str, HashSet<&'static str>>> = LazyLock::new(|| {
    let mut calls: HashMap<&'static str, HashSet<&'static str>> = HashMap::new();
    for definition in DEFINITIONS.iter() {
        let called = calls.entry(definition.name).or_default();
        syntax::each_call(&definition.body, &mut |name| _ = called.insert(name));
    }
    calls
});

/// Returns the name of a function's path variant, if it has one.
pub(crate) fn on_path(name: &str, arity: usize) -> Option<&'static str> {
    let form = FORMS.iter().find(|form| form.name.strip_prefix(FORM) == Some(name) && form.args.len() == arity)?;
    Some(form.name)
}

/// Returns the names of all functions.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied()
}

/// Returns all names that a term needs, directly or indirectly.
pub(crate) fn needed_by<'s>(term: &Term<&'s str>) -> HashSet<&'s str> {
    let mut pending = Vec::new();
    syntax::each_call(term, &mut |name| pending.push(name));
    let mut needed = HashSet::new();
    while let Some(name) = pending.pop() {
        if needed.insert(name) {
            pending.extend(CALLS.get(name).into_iter().flatten());
        }
    }
    needed
}

/// Returns the definitions with these names, in dependency order.
pub(crate) fn definitions(wanted: &HashSet<&str>) -> Vec<Def<&'static str>> {
    DEFINITIONS.iter().filter(|definition| wanted.contains(definition.name)).cloned().collect()
}

/// Returns the native functions with these names.
pub(crate) fn functions(wanted: &HashSet<&str>) -> Vec<jaq_core::native::Fun<crate::Data>> {
    natives::all().into_iter().filter(|(name, ..)| wanted.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_takes_a_small_part_of_the_library_and_all_that_this_part_needs() {
        let term = jaq_core::load::parse(".a.b | map(.c)", |parser| parser.term()).expect("jq");
        let needed = needed_by(&term);
        assert!(needed.contains("map") && !needed.contains("sort_by"), "{needed:?}");
        assert!(definitions(&needed).len() * 4 < DEFINITIONS.len());
    }

    #[test]
    fn no_function_reads_the_world() {
        for name in
            ["env", "input", "inputs", "debug", "stderr", "halt", "halt_error", "now", "localtime", "strflocaltime"]
        {
            assert!(!natives::all().iter().any(|(known, ..)| *known == name), "{name} is linked");
            assert!(!DEFINITIONS.iter().any(|definition| definition.name == name), "{name} is defined");
        }
    }
}
