//! Paths of fields: `subsidiary.id`, and `item.items[].rate` for a field in each line of a list.

use serde_json::{Map, Value};

/// Marks the part of a path that is a list.
const EACH: &str = "[]";

/// A field, as the parts of its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Field(pub Vec<String>);

impl Field {
    /// Parses a dotted path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        Self(path.split('.').map(str::to_owned).collect())
    }

    /// Sets the field's value in a record, creating the enclosing objects.
    pub fn put(&self, record: &mut Value, value: &Value) {
        *self.place(record) = value.clone();
    }

    /// Returns the field's place in a record, creating the enclosing objects.
    pub(super) fn place<'r>(&self, record: &'r mut Value) -> &'r mut Value {
        let mut place = record;
        for part in &self.0 {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[part.as_str()];
        }
        place
    }

    /// Whether all parts are names, of which at most one is a list.
    pub(super) fn is_sound(&self) -> bool {
        let is_name =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':'));
        let lists = self.0.iter().filter(|part| part.ends_with(EACH)).count();
        lists <= 1 && self.plain().iter().all(|part| is_name(part))
    }

    /// Splits the path at its list: the list, and the field within each line (an empty path if the field is the line
    /// itself). `None` if no part is a list.
    #[must_use]
    pub fn in_lines(&self) -> Option<(Self, Self)> {
        let at = self.0.iter().position(|part| part.ends_with(EACH))?;
        let list = self.plain().into_iter().take(at + 1).map(str::to_owned).collect();
        Some((Self(list), Self(self.0[at + 1..].to_vec())))
    }

    /// Whether two fields cannot be in the same record: one contains the other, or they disagree about what is a list.
    pub(super) fn collides_with(&self, other: &Self) -> bool {
        let [mine, its] = [self.plain(), other.plain()];
        if mine.starts_with(&its) || its.starts_with(&mine) {
            return true;
        }
        let [mine, its] = [self, other].map(|field| field.in_lines().map(|(list, _)| list));
        let runs_into = |list: &Option<Self>, field: &Self| {
            list.as_ref().is_some_and(|list| field.plain().starts_with(&list.plain()))
        };
        mine != its && (runs_into(&mine, other) || runs_into(&its, self))
    }

    /// Whether a path in a record, with line numbers, is this field or inside it.
    #[must_use]
    pub fn holds(&self, path: &[String]) -> bool {
        let mut rest = path.iter();
        self.0.iter().all(|part| match part.strip_suffix(EACH) {
            // The line number.
            Some(list) => rest.next().is_some_and(|found| found == list) && rest.next().is_some(),
            None => rest.next() == Some(part),
        })
    }

    fn plain(&self) -> Vec<&str> {
        self.0.iter().map(|part| part.strip_suffix(EACH).unwrap_or(part)).collect()
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}
