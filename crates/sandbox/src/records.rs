//! Records in memory: tables in order of creation, with indexes on the fields used for lookups.
//!
//! Every write is recorded as a [`Change`]. The changes of one call are its undo log until it ends, and afterwards its
//! effects in the ledger. So the ledger shows exactly what was applied.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

pub type Fields = Map<String, Value>;

/// Most records of one system. Beyond it, creations are refused.
pub const RECORDS_MAX: usize = 500_000;
const DELETED_IDS_MAX: usize = 50_000;

/// The kind of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Created.
    Created,
    /// Updated by id.
    Updated,
    /// Deleted.
    Deleted,
    /// Created or updated by external id.
    Upserted,
}

/// An applied write.
#[derive(Debug, Clone)]
pub struct Change {
    pub action: Action,
    pub record_type: &'static str,
    /// Id of the record.
    pub id: String,
    /// External id of the record, if it has one.
    pub external_id: Option<String>,
    /// The record before; `None` if the write created it.
    pub before: Option<Arc<Fields>>,
    /// The record after; `None` if the write deleted it.
    pub after: Option<Arc<Fields>>,
}

/// A write to carry out.
pub struct Write {
    pub action: Action,
    /// Id of the record.
    pub id: String,
    /// External id of the record, if it has one.
    pub external_id: Option<String>,
    /// All fields of the record after the write.
    pub fields: Fields,
}

/// A deleted record.
pub struct Deletion {
    pub record_type: &'static str,
    pub id: String,
    pub at: DateTime<Utc>,
}

/// The latest deletions, oldest first.
#[derive(Default)]
pub struct Deletions(VecDeque<Deletion>);

impl Deletions {
    /// Records the deletions of a call.
    pub fn note(&mut self, changes: &[Change], at: DateTime<Utc>) {
        let gone = changes.iter().filter(|change| change.after.is_none());
        self.0.extend(gone.map(|change| Deletion { record_type: change.record_type, id: change.id.clone(), at }));
        let surplus = self.0.len().saturating_sub(DELETED_IDS_MAX);
        self.0.drain(..surplus);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Deletion> {
        self.0.iter()
    }
}

/// All records of one system.
#[derive(Default)]
pub struct Tables {
    tables: BTreeMap<&'static str, Table>,
    changes: Vec<Change>,
    total: usize,
}

#[derive(Default)]
struct Table {
    rows: BTreeMap<u64, (String, Arc<Fields>)>,
    places: HashMap<String, u64>,
    next_place: u64,
    indexes: BTreeMap<&'static str, HashMap<String, BTreeSet<u64>>>,
    deleted: HashSet<String>,
    deleted_order: VecDeque<String>,
}

impl Tables {
    /// Adds an empty table with indexes on the fields `indexed`.
    pub fn declare(&mut self, record_type: &'static str, indexed: impl IntoIterator<Item = &'static str>) {
        let indexes = indexed.into_iter().map(|field| (field, HashMap::new())).collect();
        self.tables.insert(record_type, Table { indexes, ..Table::default() });
    }

    /// Whether the limit on records is reached.
    #[must_use]
    pub fn full(&self) -> bool {
        self.total >= RECORDS_MAX
    }

    #[must_use]
    pub fn get(&self, record_type: &str, id: &str) -> Option<Arc<Fields>> {
        let table = self.tables.get(record_type)?;
        table.rows.get(table.places.get(id)?).map(|(_, fields)| fields.clone())
    }

    /// Whether a record with this id was deleted.
    #[must_use]
    pub fn was_deleted(&self, record_type: &str, id: &str) -> bool {
        self.tables.get(record_type).is_some_and(|table| table.deleted.contains(id))
    }

    /// Returns the ids of records whose indexed `field` has this value, oldest first. External ids are compared
    /// ignoring case, as in both systems.
    #[must_use]
    pub fn find(&self, record_type: &str, field: &str, value: &str) -> Vec<String> {
        let Some(table) = self.tables.get(record_type) else { return Vec::new() };
        let places = table.indexes.get(field).and_then(|index| index.get(&folded(value)));
        places.into_iter().flatten().map(|place| table.rows[place].0.clone()).collect()
    }

    /// Returns all records of a type, oldest first.
    pub fn rows(&self, record_type: &str) -> impl DoubleEndedIterator<Item = (&str, &Arc<Fields>)> + '_ {
        let rows = self.tables.get(record_type).map(|table| table.rows.values());
        rows.into_iter().flatten().map(|(id, fields)| (id.as_str(), fields))
    }

    #[must_use]
    pub fn count(&self, record_type: &str) -> usize {
        self.tables.get(record_type).map_or(0, |table| table.rows.len())
    }

    /// Adds a seeded record, without recording a change.
    pub fn seed(&mut self, record_type: &'static str, id: &str, fields: Fields) {
        if let Some(table) = self.tables.get_mut(record_type) {
            self.total += usize::from(table.put(id, Arc::new(fields)).is_none());
        }
    }

    /// Creates or replaces a record.
    pub fn put(&mut self, record_type: &'static str, write: Write) {
        let Some(table) = self.tables.get_mut(record_type) else { return };
        let after = Arc::new(write.fields);
        let before = table.put(&write.id, after.clone());
        self.total += usize::from(before.is_none());
        let Write { action, id, external_id, .. } = write;
        self.changes.push(Change { action, record_type, id, external_id, before, after: Some(after) });
    }

    /// Updates fields that follow from another record, without recording a change. Call it last: an undo does not
    /// revert it.
    pub fn settle(&mut self, record_type: &'static str, id: &str, fields: Fields) {
        if let Some(table) = self.tables.get_mut(record_type) {
            table.put(id, Arc::new(fields));
        }
    }

    /// Deletes a record. Returns false if it does not exist.
    pub fn remove(&mut self, record_type: &'static str, id: &str, external_id: Option<String>) -> bool {
        let Some(before) = self.tables.get_mut(record_type).and_then(|table| table.remove(id)) else { return false };
        self.total -= 1;
        let (action, id) = (Action::Deleted, id.to_owned());
        self.changes.push(Change { action, record_type, id, external_id, before: Some(before), after: None });
        true
    }

    /// Returns a point within a call to which [`Self::undo_to`] can return.
    #[must_use]
    pub fn savepoint(&self) -> usize {
        self.changes.len()
    }

    /// Reverts every change since the savepoint, newest first.
    pub fn undo_to(&mut self, savepoint: usize) {
        while self.changes.len() > savepoint {
            let Some(change) = self.changes.pop() else { return };
            let Some(table) = self.tables.get_mut(change.record_type) else { continue };
            match change.before {
                Some(before) => self.total += usize::from(table.put(&change.id, before).is_none()),
                None => self.total -= usize::from(table.remove(&change.id).is_some()),
            }
            table.deleted.remove(&change.id);
        }
    }

    /// Ends a call and returns its changes, oldest first.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }
}

impl Table {
    fn put(&mut self, id: &str, fields: Arc<Fields>) -> Option<Arc<Fields>> {
        let place = self.places.get(id).copied().unwrap_or_else(|| {
            self.next_place += 1;
            self.places.insert(id.to_owned(), self.next_place);
            self.next_place
        });
        let before = self.rows.insert(place, (id.to_owned(), fields.clone())).map(|(_, before)| before);
        if let Some(before) = &before {
            self.unindex(place, before);
        }
        for (field, index) in &mut self.indexes {
            if let Some(key) = fields.get(*field).and_then(key_text) {
                index.entry(folded(&key)).or_default().insert(place);
            }
        }
        before
    }

    fn remove(&mut self, id: &str) -> Option<Arc<Fields>> {
        let place = self.places.remove(id)?;
        let (_, before) = self.rows.remove(&place)?;
        self.unindex(place, &before);
        self.deleted.insert(id.to_owned());
        self.deleted_order.push_back(id.to_owned());
        if self.deleted_order.len() > DELETED_IDS_MAX {
            self.deleted_order.pop_front().map(|oldest| self.deleted.remove(&oldest));
        }
        Some(before)
    }

    fn unindex(&mut self, place: u64, fields: &Fields) {
        for (field, index) in &mut self.indexes {
            let Some(key) = fields.get(*field).and_then(key_text).map(|key| folded(&key)) else {
                continue;
            };
            if let Some(places) = index.get_mut(&key) {
                places.remove(&place);
                if places.is_empty() {
                    index.remove(&key);
                }
            }
        }
    }
}

fn folded(key: &str) -> String {
    key.to_lowercase()
}

/// Returns a value as the text of a key; `None` if it cannot be one.
#[must_use]
pub fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields {
        value.as_object().expect("an object").clone()
    }

    fn write(action: Action, id: &str, value: &Value) -> Write {
        Write { action, id: id.into(), external_id: None, fields: fields(value) }
    }

    #[test]
    fn undo_brings_records_indexes_and_counts_back() {
        let mut tables = Tables::default();
        tables.declare("customer", ["externalId"]);
        tables.put("customer", write(Action::Created, "1", &json!({"externalId": "a"})));
        tables.take_changes();

        let savepoint = tables.savepoint();
        tables.put("customer", write(Action::Updated, "1", &json!({"externalId": "b"})));
        tables.put("customer", write(Action::Created, "2", &json!({"externalId": "c"})));
        assert!(tables.remove("customer", "1", None));
        tables.undo_to(savepoint);

        assert_eq!(tables.find("customer", "externalId", "a"), ["1"]);
        assert_eq!(tables.find("customer", "externalId", "b"), Vec::<String>::new());
        assert_eq!((tables.count("customer"), tables.total), (1, 1));
        assert!(!tables.was_deleted("customer", "1"));
        assert!(tables.take_changes().is_empty());
    }

    #[test]
    fn a_removed_record_is_remembered_as_removed() {
        let mut tables = Tables::default();
        tables.declare("customer", []);
        tables.seed("customer", "1", Fields::new());
        assert!(tables.remove("customer", "1", None));
        assert!(tables.was_deleted("customer", "1") && !tables.remove("customer", "1", None));
    }
}
