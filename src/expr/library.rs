//! jq's own library, of which each expression takes only what it needs: compiled whole, it would cost every expression of
//! every workflow some hundred kilobytes and a millisecond.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jaq_core::load::parse::Def;

/// Definitions in the order in which they build on each other.
static DEFINITIONS: LazyLock<Vec<Def<&'static str>>> =
    LazyLock::new(|| jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).collect());

/// The names that each definition mentions, by its own name; definitions of one name together.
static MENTIONS: LazyLock<HashMap<&'static str, HashSet<String>>> = LazyLock::new(|| {
    let mut mentions: HashMap<&'static str, HashSet<String>> = HashMap::new();
    for definition in DEFINITIONS.iter() {
        // Every name stands in quotes there. Too many names do no harm.
        let shown = format!("{:?}", definition.body);
        mentions.entry(definition.name).or_default().extend(shown.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    mentions
});

/// Names that no text can mention, since the compiler itself uses them.
pub(super) fn is_internal(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '@')
}

/// All names of the library that a text may lead to.
pub(super) fn needed_by(text: &str) -> HashSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '@'));
    let mut pending: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    // `..`, and what the compiler makes of other signs.
    pending.extend(["recurse", "empty", "error", "not", "path", "range"].map(str::to_owned));
    for name in MENTIONS.keys().filter(|name| is_internal(name)) {
        pending.push((*name).to_owned());
    }
    let mut needed = HashSet::new();
    while let Some(name) = pending.pop() {
        let mentioned = MENTIONS.get(name.as_str());
        if needed.insert(name) {
            pending.extend(mentioned.into_iter().flatten().cloned());
        }
    }
    needed
}

/// The definitions with these names, in their order.
pub(super) fn definitions(wanted: &dyn Fn(&str) -> bool) -> Vec<Def<&'static str>> {
    DEFINITIONS.iter().filter(|d| is_internal(d.name) || wanted(d.name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_takes_a_small_part_of_the_library_and_all_that_this_part_needs() {
        let all = definitions(&|_| true).len();
        let needed = needed_by(".a.b | map(.c)");
        let some = definitions(&|name| needed.contains(name)).len();
        assert!(needed.contains("map") && some * 4 < all, "{some} of {all}");
    }
}
