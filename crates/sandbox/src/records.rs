//! Records in memory: tables in order of creation, with indexes on the fields by which systems look records up.
//!
//! Every write is noted as a [`Change`]. The notes of one call are its undo log until it ends, and
//! its effects in the ledger afterwards: what the ledger shows is what was applied, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// The fields of one record.
pub type Fields = Map<String, Value>;

/// Records that one system holds at most; beyond it creations are refused.
pub const RECORDS_MAX: usize = 500_000;
const DELETED_IDS_MAX: usize = 50_000;

/// What a write was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Made by a create.
    Created,
    /// Changed by id.
    Updated,
    /// Removed.
    Deleted,
    /// Made or changed by external id.
    Upserted,
}

/// One applied write.
#[derive(Debug, Clone)]
pub struct Change {
    /// What it was.
    pub action: Action,
    /// The type of the record.
    pub record_type: &'static str,
    /// The record.
    pub id: String,
    /// The key by which others know it.
    pub external_id: Option<String>,
    /// The record before; `None` when the write made it.
    pub before: Option<Arc<Fields>>,
    /// The record after; `None` when the write removed it.
    pub after: Option<Arc<Fields>>,
}

/// A write to carry out.
pub struct Write {
    /// What it is.
    pub action: Action,
    /// The record.
    pub id: String,
    /// The key by which others know it.
    pub external_id: Option<String>,
    /// All of its fields.
    pub fields: Fields,
}

/// A record that was removed.
pub struct Deletion {
    /// Its type.
    pub record_type: &'static str,
    /// Which one.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// The latest removals, oldest first.
#[derive(Default)]
pub struct Deletions(VecDeque<Deletion>);

impl Deletions {
    /// Keeps in mind what a call removed.
    pub fn note(&mut self, changes: &[Change], at: DateTime<Utc>) {
        let gone = changes.iter().filter(|change| change.after.is_none());
        self.0.extend(gone.map(|change| Deletion { record_type: change.record_type, id: change.id.clone(), at }));
        let surplus = self.0.len().saturating_sub(DELETED_IDS_MAX);
        self.0.drain(..surplus);
    }

    /// All that is known.
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
    /// Adds an empty table whose `indexed` fields can be looked up by value.
    pub fn declare(&mut self, record_type: &'static str, indexed: impl IntoIterator<Item = &'static str>) {
        let indexes = indexed.into_iter().map(|field| (field, HashMap::new())).collect();
        self.tables.insert(record_type, Table { indexes, ..Table::default() });
    }

    /// Whether no more records fit.
    #[must_use]
    pub fn full(&self) -> bool {
        self.total >= RECORDS_MAX
    }

    /// One record.
    #[must_use]
    pub fn get(&self, record_type: &str, id: &str) -> Option<Arc<Fields>> {
        let table = self.tables.get(record_type)?;
        table.rows.get(table.places.get(id)?).map(|(_, fields)| fields.clone())
    }

    /// Whether a record of this id was there once and is no longer.
    #[must_use]
    pub fn was_deleted(&self, record_type: &str, id: &str) -> bool {
        self.tables.get(record_type).is_some_and(|table| table.deleted.contains(id))
    }

    /// Ids of the records whose indexed `field` has this value, oldest first. Neither system minds the case of letters in
    /// external ids.
    #[must_use]
    pub fn find(&self, record_type: &str, field: &str, value: &str) -> Vec<String> {
        let Some(table) = self.tables.get(record_type) else { return Vec::new() };
        let places = table.indexes.get(field).and_then(|index| index.get(&folded(value)));
        places.into_iter().flatten().map(|place| table.rows[place].0.clone()).collect()
    }

    /// All records of a type, oldest first.
    pub fn rows(&self, record_type: &str) -> impl DoubleEndedIterator<Item = (&str, &Arc<Fields>)> + '_ {
        let rows = self.tables.get(record_type).map(|table| table.rows.values());
        rows.into_iter().flatten().map(|(id, fields)| (id.as_str(), fields))
    }

    /// How many records of a type there are.
    #[must_use]
    pub fn count(&self, record_type: &str) -> usize {
        self.tables.get(record_type).map_or(0, |table| table.rows.len())
    }

    /// Puts a record in without noting it: what was there before anyone called.
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

    /// Changes what follows in a record from another one. Nobody is told, so this comes last in a call: it is not undone with it.
    pub fn settle(&mut self, record_type: &'static str, id: &str, fields: Fields) {
        if let Some(table) = self.tables.get_mut(record_type) {
            table.put(id, Arc::new(fields));
        }
    }

    /// Removes a record; false when there is none.
    pub fn remove(&mut self, record_type: &'static str, id: &str, external_id: Option<String>) -> bool {
        let Some(before) = self.tables.get_mut(record_type).and_then(|table| table.remove(id)) else { return false };
        self.total -= 1;
        let (action, id) = (Action::Deleted, id.to_owned());
        self.changes.push(Change { action, record_type, id, external_id, before: Some(before), after: None });
        true
    }

    /// A point to which [`Self::undo_to`] can go back, within one call.
    #[must_use]
    pub fn savepoint(&self) -> usize {
        self.changes.len()
    }

    /// Takes back every change since the savepoint, newest first.
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

    /// Ends a call: its changes, oldest first.
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

/// A value as the text of a key; `None` for what can be no key.
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
