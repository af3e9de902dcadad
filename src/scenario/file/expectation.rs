//! `expect` of a scenario, and its predicates: jq that must evaluate to `true`.

use std::collections::BTreeMap;

use super::read::items;
use super::{Expect, FaultKind};
use crate::dsl::mistake::{Report, Spot};
use crate::dsl::source::Node;
use crate::expr::{Class, Expression, Template};

/// Names for the status of a run in scenarios.
const STATUSES: [&str; 8] =
    ["completed", "compensated", "cancelled", "faulted", "compensating", "suspended", "waiting", "refused"];

/// How a run may end under faults: a status, or `same` as without faults.
const ENDS: [&str; 9] =
    ["same", "completed", "compensated", "cancelled", "faulted", "compensating", "suspended", "waiting", "refused"];

const ATTENTIONS: [&str; 4] = ["faulted", "compensation_stuck", "poison", "unknown_outcome"];

/// Keys of `expect`.
const KEYS: [&str; 8] = ["status", "attention", "output", "error", "calls", "journal", "holds", "underFaults"];

pub(super) fn expect<'s>(node: Node<'s>, report: &mut Report<'s>) -> Expect {
    let mut expect = Expect::default();
    let Some(node) = report.closed(node, &KEYS) else { return expect };
    expect.status = node.get("status").and_then(|node| one_of(node, &STATUSES, report));
    expect.attention = node.get("attention").and_then(|node| one_of(node, &ATTENTIONS, report));
    expect.output = node.get("output").and_then(|node| template(node, report));
    expect.error = node.get("error").and_then(|node| template(node, report));
    expect.calls = node.get("calls").map(|node| texts(node, report));
    expect.journal = node.get("journal").map(|node| texts(node, report)).unwrap_or_default();
    if let Some(list) = node.get("holds") {
        let nodes: Vec<Node<'s>> = if list.as_text().is_some() { vec![list] } else { items(list, report).collect() };
        expect.holds = nodes.into_iter().filter_map(|node| predicate(node, report)).collect();
    }
    expect.under_faults = node.get("underFaults").map(|node| under_faults(node, report)).unwrap_or_default();
    expect
}

fn under_faults<'s>(node: Node<'s>, report: &mut Report<'s>) -> BTreeMap<FaultKind, Vec<String>> {
    let mut found = BTreeMap::new();
    let known = FaultKind::NAMES.map(|(name, _)| name);
    let Some(node) = report.closed(node, &known) else { return found };
    for (name, kind) in FaultKind::NAMES {
        let Some(value) = node.get(name) else { continue };
        let nodes: Vec<Node<'s>> = if value.as_text().is_some() { vec![value] } else { items(value, report).collect() };
        found.insert(kind, nodes.into_iter().filter_map(|node| one_of(node, &ENDS, report)).collect());
    }
    found
}

fn one_of<'s>(node: Node<'s>, known: &[&str], report: &mut Report<'s>) -> Option<String> {
    let words: Vec<(&str, usize)> = known.iter().enumerate().map(|(at, word)| (*word, at)).collect();
    report.word(node, &words).map(|at| known[at].to_owned())
}

fn texts<'s>(node: Node<'s>, report: &mut Report<'s>) -> Vec<String> {
    let nodes: Vec<Node<'s>> = items(node, report).collect();
    nodes.into_iter().filter_map(|node| report.text(node)).map(str::to_owned).collect()
}

/// Reads a value in which each `${ }` is a predicate over the actual value in its place.
fn template<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Template> {
    match Template::parse(&node.to_value(), &[]) {
        Ok(template) => Some(template),
        Err(mistakes) => {
            for (pointer, mistake) in mistakes {
                let place = below(node, &pointer);
                report.error_with_hint(Spot::inside(place, mistake.offset), mistake.message, mistake.hint);
            }
            None
        }
    }
}

fn below<'s>(node: Node<'s>, pointer: &str) -> Node<'s> {
    let step = |node: Node<'s>, part: &str| {
        let name = part.replace("~1", "/").replace("~0", "~");
        let item = name.parse().ok().and_then(|index: usize| node.items().nth(index));
        node.get(&name).or(item).unwrap_or(node)
    };
    pointer.split('/').skip(1).fold(node, step)
}

/// Reads jq that must evaluate to `true`; only expressions that provably terminate are accepted.
pub(super) fn predicate<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Expression> {
    let text = report.text(node)?;
    match Expression::parse_field(text, &[]) {
        Ok(expression) if expression.class() == Class::Bounded => Some(expression),
        Ok(_) => {
            let hint = "leave out def, recurse, repeat, until, walk, while and similar functions".to_owned();
            report.error_with_hint(node, "this expression recurses or is very large, which is not allowed here", hint);
            None
        }
        Err(mistake) => {
            report.error_with_hint(Spot::inside(node, mistake.offset), mistake.message, mistake.hint);
            None
        }
    }
}
