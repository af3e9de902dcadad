//! Conditions that make a valid write fail: locked records, and the org's duplicate rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::records::Fields;
use super::Crm;
use super::refusal::{Mistake, Refusal};
use super::schema::{Kind, SObject};

/// Obstacles that tests set up.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Obstacles {
    /// By record id: how many more writes of the record, or of its children, fail because it is locked.
    pub locks: BTreeMap<String, u32>,
    /// The objects with a duplicate rule. Contacts are compared by e-mail address, other objects by name.
    pub duplicate_rules: Vec<String>,
}

/// Whether the caller allows duplicates to be saved: `Sforce-Duplicate-Rule-Header: allowSave=true`.
pub fn saves_duplicates(call: &Call) -> bool {
    call.header("sforce-duplicate-rule-header").is_some_and(|header| {
        header.split([',', ';']).any(|option| option.trim().eq_ignore_ascii_case("allowSave=true"))
    })
}

impl Crm {
    /// Refuses a write if the record or one of its parents is locked.
    pub(super) fn demand_unlocked(
        &mut self,
        object: &SObject,
        id: Option<&str>,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let is_parent = |kind: Kind| matches!(kind, Kind::Reference(..));
        let parents = object.fields.iter().filter(|field| is_parent(field.kind));
        let parents = parents.filter_map(|field| fields.get(field.name).and_then(Value::as_str));
        let locks = &mut self.settings.obstacles.locks;
        let held = id.into_iter().chain(parents).find(|id| locks.get(*id).is_some_and(|left| *left > 0));
        let Some(held) = held.map(str::to_owned) else { return Ok(()) };
        locks.entry(held.clone()).and_modify(|left| *left -= 1);
        let message = format!("unable to obtain exclusive access to this record or 1 records: {held}");
        Err(Refusal::record(vec![Mistake::new("UNABLE_TO_LOCK_ROW", message, &[])]))
    }

    /// Refuses a record if a duplicate rule finds another one like it.
    pub(super) fn demand_unique(&self, object: &SObject, own: Option<&str>, fields: &Fields) -> Result<(), Refusal> {
        let rules = &self.settings.obstacles.duplicate_rules;
        if self.saves_duplicates || !rules.iter().any(|name| name.eq_ignore_ascii_case(object.name)) {
            return Ok(());
        }
        let key = if object.name == "Contact" { "Email" } else { "Name" };
        let folded = |fields: &Fields| fields.get(key).and_then(Value::as_str).map(str::to_lowercase);
        let Some(wanted) = folded(fields) else { return Ok(()) };
        let alike =
            |(id, other): &(&str, &std::sync::Arc<Fields>)| Some(*id) != own && folded(other).as_ref() == Some(&wanted);
        match self.tables.rows(object.name).find(alike) {
            None => Ok(()),
            Some((id, _)) => Err(Refusal::duplicate(duplicate(object, id))),
        }
    }
}

/// Returns the value of `duplicateResut` (the spelling is Salesforce's) for the record that a rule found.
fn duplicate(object: &SObject, id: &str) -> Value {
    let name = object.name;
    let url = format!("/services/data/v62.0/sobjects/{name}/{id}");
    json!({
        "allowSave": true,
        "duplicateRule": format!("Standard_{name}_Duplicate_Rule"),
        "duplicateRuleEntityType": name,
        "errorMessage": "Use one of these records?",
        "matchResults": [{
            "entityType": name,
            "errors": [],
            "matchEngine": "FuzzyMatchEngine",
            "matchRecords": [{
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": {"attributes": {"type": name, "url": url}, "Id": id},
            }],
            "rule": format!("Standard_{name}_Match_Rule_v1_1"),
            "size": 1,
            "success": true,
        }],
    })
}
