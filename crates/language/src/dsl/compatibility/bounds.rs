//! Limits of JSON Schema: lengths, sizes and numbers.

use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// Keywords that limit the size of one kind of value.
const SIZES: [(&str, &str, Limit); 6] = [
    ("string", "minLength", Limit::Lower),
    ("string", "maxLength", Limit::Upper),
    ("array", "minItems", Limit::Lower),
    ("array", "maxItems", Limit::Upper),
    ("object", "minProperties", Limit::Lower),
    ("object", "maxProperties", Limit::Upper),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Limit {
    Lower,
    Upper,
}

/// Returns the keywords by which `narrow` refuses sizes or numbers that `wide` allows, for the kinds of value that
/// satisfy `may_be`.
pub(super) fn tighter(wide: &Object, narrow: &Object, may_be: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let sizes = SIZES.iter().filter(|(kind, keyword, limit)| {
        may_be(kind) && is_tighter_size(wide.get(*keyword), narrow.get(*keyword), *limit)
    });
    let mut found: Vec<&'static str> = sizes.map(|(_, keyword, _)| *keyword).collect();
    if may_be("number") {
        let whole = !may_be("fraction");
        for (limit, keyword, exclusive) in
            [(Limit::Lower, "minimum", "exclusiveMinimum"), (Limit::Upper, "maximum", "exclusiveMaximum")]
        {
            let bound = |schema: &Object| bound(schema, keyword, exclusive, limit, whole);
            if is_tighter_number(bound(wide), bound(narrow), limit) {
                found.push(if narrow.contains_key(exclusive) { exclusive } else { keyword });
            }
        }
        found.extend(is_coarser(wide, narrow, whole).then_some("multipleOf"));
    }
    found
}

fn is_tighter_size(wide: Option<&Value>, narrow: Option<&Value>, limit: Limit) -> bool {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (limit, number(narrow)) {
        (_, None) => false,
        (Limit::Lower, Some(narrow)) => narrow > number(wide).unwrap_or(0.0),
        (Limit::Upper, Some(narrow)) => number(wide).is_none_or(|wide| narrow < wide),
    }
}

/// Returns a bound, and whether the bound itself is excluded.
fn bound(schema: &Object, keyword: &str, exclusive: &str, limit: Limit, whole: bool) -> Option<(f64, bool)> {
    let number = |name: &str| schema.get(name).and_then(Value::as_f64);
    let closed = number(keyword).map(|bound| match (whole, limit) {
        (false, _) => (bound, false),
        (true, Limit::Lower) => (bound.ceil(), false),
        (true, Limit::Upper) => (bound.floor(), false),
    });
    let open = number(exclusive).map(|bound| match (whole, limit) {
        (false, _) => (bound, true),
        (true, Limit::Lower) => (bound.floor() + 1.0, false),
        (true, Limit::Upper) => (bound.ceil() - 1.0, false),
    });
    match (closed, open) {
        (Some(closed), Some(open)) => {
            Some(if is_tighter_number(Some(closed), Some(open), limit) { open } else { closed })
        }
        (closed, open) => closed.or(open),
    }
}

fn is_tighter_number(wide: Option<(f64, bool)>, narrow: Option<(f64, bool)>, limit: Limit) -> bool {
    let Some((narrow, open)) = narrow else { return false };
    let Some((wide, was_open)) = wide else { return true };
    let beyond = if limit == Limit::Lower { narrow > wide } else { narrow < wide };
    // Comparing bits: only a bound that was written differently counts as moved.
    beyond || (narrow.to_bits() == wide.to_bits() && open && !was_open)
}

/// Whether `narrow` requires multiples of a number that does not divide all numbers `wide` allows.
fn is_coarser(wide: &Object, narrow: &Object, whole: bool) -> bool {
    let step = |schema: &Object| schema.get("multipleOf").and_then(Value::as_f64);
    let Some(narrow) = step(narrow) else { return false };
    let Some(wide) = step(wide).or(whole.then_some(1.0)) else { return true };
    let times = wide / narrow;
    (times - times.round()).abs() > f64::EPSILON * times.abs()
}
