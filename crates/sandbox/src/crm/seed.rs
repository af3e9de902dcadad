//! The seeded records of the CRM: a few accounts, products, a price book, and the won opportunity.
//!
//! The records of the nth demo opportunity are created when a call first mentions the id of one of them. So any number
//! of demo webhooks can be sent without preparation, and unused ones take no memory.

use serde_json::{Map, Value};

use super::super::call::Call;
use super::super::closed_won::closed_won_event;
use super::super::records::Fields;
use super::pricebook::PRODUCT;
use super::schema::{Field, SObject};
use super::{Crm, ids};

/// The API version in links of records that no caller requested.
pub const VERSION: &str = "v62.0";
/// The default owner.
pub const OWNER: &str = "005Ws000001RepBIAS";
/// The user that integrations act as.
pub const INTEGRATION_USER: &str = "005Ws000002IntAIAS";

const SEED: &str = include_str!("seed.json");
const CREATED: &str = "2026-09-02T08:14:55.000+0000";

/// Whether records are indexed by this field.
pub(super) fn is_looked_up(object: &SObject, field: &Field) -> bool {
    let often = [("PricebookEntry", PRODUCT), ("Product2", "ProductCode")];
    field.external || field.unique || often.contains(&(object.name, field.name))
}

impl Crm {
    /// Creates the tables and the seeded records.
    pub(super) fn plant(&mut self) {
        for object in super::OBJECTS {
            let keys = object.fields.iter().filter(|field| is_looked_up(object, field)).map(|field| field.name);
            self.tables.declare(object.name, keys);
        }
        let seed: Map<String, Value> = serde_json::from_str(SEED).expect("seed.json is an object of record lists");
        for (name, records) in &seed {
            for record in records.as_array().into_iter().flatten() {
                self.plant_record(name, record, &[]);
            }
        }
        self.plant_demo(0);
    }

    /// Creates the demo opportunities whose ids a call mentions.
    pub(super) fn plant_demos_of(&mut self, call: &Call) {
        let path = call.segments.join("/");
        let query = call.query.iter().map(|(_, value)| value.as_str());
        let body = std::str::from_utf8(&call.body).unwrap_or_default();
        let numbers: Vec<u32> = query.chain([path.as_str(), body]).flat_map(ids::demos_in).collect();
        for number in numbers {
            self.plant_demo(number);
        }
    }

    fn plant_demo(&mut self, n: u32) {
        if self.tables.full() || !self.demos.insert(n) {
            return;
        }
        let event = closed_won_event(n);
        let opportunity = &event["data"];
        let contact = &opportunity["Primary_Contact__r"];
        self.plant_record("Account", &opportunity["Account"], &[]);
        self.plant_record("Contact", contact, &[]);
        self.plant_record("Opportunity", opportunity, &[("Primary_Contact__c", &contact["Id"])]);
        let role = serde_json::json!({
            "Id": super::demo_id("00K", u64::from(n)), "OpportunityId": opportunity["Id"], "ContactId": contact["Id"],
            "Role": "Decision Maker", "IsPrimary": true,
        });
        self.plant_record("OpportunityContactRole", &role, &[]);
        for line in opportunity["OpportunityLineItems"]["records"].as_array().into_iter().flatten() {
            self.plant_record("OpportunityLineItem", line, &[("OpportunityId", &opportunity["Id"])]);
        }
    }

    /// Adds a record to the table of its object, with the fields that the object knows and those in `more`.
    pub(crate) fn plant_record(&mut self, name: &str, record: &Value, more: &[(&str, &Value)]) {
        let Some(object) = self.schema.find(name) else { return };
        let has = |(name, _): &(&String, &Value)| self.schema.field(object, name).is_some();
        let given = record.as_object().into_iter().flatten().filter(has);
        let mut fields: Fields = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        fields.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).clone())));
        if self.schema.field(object, "OwnerId").is_some() {
            fields.entry("OwnerId").or_insert_with(|| OWNER.into());
        }
        for (name, default) in [
            ("CreatedDate", CREATED),
            ("CreatedById", OWNER),
            ("LastModifiedDate", CREATED),
            ("LastModifiedById", OWNER),
            ("SystemModstamp", CREATED),
        ] {
            fields.entry(name).or_insert_with(|| default.into());
        }
        let id = fields.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.tables.seed(object.name, &id, fields);
    }
}
