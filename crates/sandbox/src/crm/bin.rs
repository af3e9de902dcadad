//! The recycle bin: deleted records that `queryAll` still finds, cascading deletes, and merges, which delete the losing
//! record.

use std::collections::VecDeque;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::records::{Action, Change, Fields};
use super::refusal::Refusal;
use super::schema::SObject;
use super::write::external_id;
use super::{Crm, ids};

const RECORDS_MAX: usize = 10_000;

/// The objects whose records can be merged, each with the fields of other objects that refer to them.
const MERGED: &[(&str, &[(&str, &str)])] = &[
    ("Account", &[("Contact", "AccountId"), ("Opportunity", "AccountId"), ("Account", "ParentId")]),
    ("Contact", &[("OpportunityContactRole", "ContactId"), ("Opportunity", "Primary_Contact__c")]),
];

/// The children deleted with a record, by the fields that refer to it. The caller needs no permission to delete these.
const OWNED: &[(&str, &[(&str, &str)])] = &[
    ("Account", &[("Contact", "AccountId"), ("Opportunity", "AccountId")]),
    ("Contact", &[("OpportunityContactRole", "ContactId")]),
    ("Opportunity", &[("OpportunityLineItem", "OpportunityId"), ("OpportunityContactRole", "OpportunityId")]),
    ("Product2", &[("PricebookEntry", "Product2Id")]),
];

/// The deleted records, oldest first.
#[derive(Default)]
pub struct Bin {
    records: VecDeque<(&'static str, Arc<Fields>)>,
    /// The losing and the winning record of the current merge.
    merging: Option<(String, String)>,
}

impl Bin {
    /// Stores the records that a call deleted.
    pub fn note(&mut self, changes: &[Change]) {
        let merged = self.merging.take();
        for change in changes {
            let (None, Some(before)) = (&change.after, &change.before) else { continue };
            let mut fields = (**before).clone();
            fields.insert("IsDeleted".into(), true.into());
            if let Some((_, master)) = merged.as_ref().filter(|(id, _)| *id == change.id) {
                fields.insert("MasterRecordId".into(), master.as_str().into());
            }
            self.records.push_back((change.record_type, Arc::new(fields)));
        }
        let surplus = self.records.len().saturating_sub(RECORDS_MAX);
        self.records.drain(..surplus);
    }

    pub fn of(&self, object: &str) -> impl Iterator<Item = &Arc<Fields>> {
        self.records.iter().filter(move |(name, _)| *name == object).map(|(_, fields)| fields)
    }

    pub fn get(&self, object: &str, id: &str) -> Option<&Arc<Fields>> {
        self.of(object).find(|fields| fields.get("Id").and_then(Value::as_str) == Some(id))
    }
}

impl Crm {
    /// Handles a button of the user interface that the REST API lacks: `app/Account/{winner}/merge/{loser}` merges one
    /// record into another.
    pub(super) fn press(&mut self, call: &Call, path: &[&str]) -> Result<Answer, Refusal> {
        let (&Method::POST, [name, winner, "merge", loser]) = (&call.method, path) else {
            return Err(Refusal::not_found());
        };
        let object = self.schema.find(name).ok_or_else(Refusal::not_found)?;
        let (_, children) = MERGED.iter().find(|(merged, _)| *merged == object.name).ok_or_else(Refusal::not_found)?;
        let (winner, loser) = (ids::full(winner), ids::full(loser));
        self.existing(object, &winner)?;
        self.existing(object, &loser)?;
        if winner == loser {
            return Err(Refusal::bad("INVALID_ARGUMENT_TYPE", "a record cannot be merged into itself"));
        }
        for (child, field) in *children {
            let child = self.schema.find(child).ok_or_else(Refusal::not_found)?;
            self.move_children(call, child, field, &loser, &winner)?;
        }
        self.delete(object, &loser)?;
        self.bin.merging = Some((loser, winner));
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// Refuses to delete an account with a won opportunity: unlike the user interface, the API cannot ask for
    /// confirmation.
    pub(super) fn demand_nothing_won(&self, object: &SObject, id: &str, fields: &Fields) -> Result<(), Refusal> {
        let is_won = |id: &String| {
            let opportunity = self.tables.get("Opportunity", id);
            opportunity.is_some_and(|fields| fields.get("IsWon") == Some(&Value::Bool(true)))
        };
        if object.name != "Account" || !self.children_of("Opportunity", "AccountId", id).iter().any(is_won) {
            return Ok(());
        }
        let name = fields.get("Name").and_then(Value::as_str).unwrap_or_default();
        let message = format!(
            "Your attempt to delete {name} could not be completed because some opportunities in {name} were closed won"
        );
        Err(Refusal::bad("DELETE_FAILED", message))
    }

    /// Deletes a record and its children, children first.
    pub(super) fn remove(&mut self, object: &'static SObject, id: &str) {
        let owned = OWNED.iter().find(|(name, _)| *name == object.name).map_or(&[][..], |(_, children)| *children);
        for (name, field) in owned {
            let Some(child) = super::OBJECTS.iter().find(|child| child.name == *name) else { continue };
            for id in self.children_of(child.name, field, id) {
                self.remove(child, &id);
            }
        }
        let external = self.tables.get(object.name, id).and_then(|fields| external_id(object, &fields));
        self.tables.remove(object.name, id, external);
    }

    /// Returns the ids of the child records whose `field` refers to `parent`.
    fn children_of(&self, child: &str, field: &str, parent: &str) -> Vec<String> {
        let belongs = |fields: &Fields| fields.get(field).and_then(Value::as_str) == Some(parent);
        self.tables.rows(child).filter(|(_, fields)| belongs(fields)).map(|(id, _)| id.to_owned()).collect()
    }

    fn move_children(
        &mut self,
        call: &Call,
        child: &'static SObject,
        field: &str,
        from: &str,
        to: &str,
    ) -> Result<(), Refusal> {
        let moved = self.children_of(child.name, field, from);
        let input = Fields::from_iter([(field.to_owned(), json!(to))]);
        moved.iter().try_for_each(|id| self.update(child, id, &input, Action::Updated, call.now))
    }
}
