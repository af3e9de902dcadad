//! Whether the events that started the old version still start the new one.

use crate::dsl::definition::{EventFilter, Wanted};

/// Whether one filter matches every event that another one matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cover {
    /// Some events are certainly not matched.
    No,
    /// The filters do not tell.
    Unclear,
    /// Every event is matched.
    Yes,
}

/// Returns whether `new` matches every event that `old` matches.
pub(super) fn covers(new: &EventFilter, old: &EventFilter) -> Cover {
    let attributes = new.with.iter().map(|(name, wanted)| {
        let before = old.with.iter().find(|(other, _)| other == name);
        before.map_or(Cover::No, |(_, before)| covers_attribute(wanted, before))
    });
    let data = match (&new.data, &old.data) {
        (None, _) => Cover::Yes,
        (Some(_), None) => Cover::No,
        (Some(new), Some(old)) if new.text() == old.text() => Cover::Yes,
        (Some(_), Some(_)) => Cover::Unclear,
    };
    attributes.chain([data]).min().unwrap_or(Cover::Yes)
}

fn covers_attribute(new: &Wanted, old: &Wanted) -> Cover {
    let cover = |is_covered: bool, otherwise| if is_covered { Cover::Yes } else { otherwise };
    match (new, old) {
        (Wanted::Text(new), Wanted::Text(old)) => cover(new == old, Cover::No),
        (Wanted::Pattern(new), Wanted::Text(old)) => cover(new.is_match(old), Cover::No),
        (Wanted::Pattern(new), Wanted::Pattern(old)) => cover(new.as_str() == old.as_str(), Cover::Unclear),
        (Wanted::Computed(new), Wanted::Computed(old)) => cover(new.text() == old.text(), Cover::Unclear),
        _ => Cover::Unclear,
    }
}

/// Describes a filter for people.
pub(super) fn described(filter: &EventFilter) -> String {
    let mut parts: Vec<String> = filter.with.iter().map(|(name, wanted)| attribute(name, wanted)).collect();
    parts.extend(filter.data.as_ref().map(|data| format!("data `{}`", data.text())));
    if parts.is_empty() { "any attributes".to_owned() } else { parts.join(" and ") }
}

fn attribute(name: &str, wanted: &Wanted) -> String {
    match wanted {
        Wanted::Text(text) => format!("{name} `{text}`"),
        Wanted::Pattern(pattern) => format!("{name} like `{}`", pattern.as_str()),
        Wanted::Computed(expression) => format!("{name} `{}`", expression.text()),
    }
}
