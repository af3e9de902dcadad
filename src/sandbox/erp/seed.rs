//! What the account holds before anyone calls: items, two customers, and the lists that they refer to.

use serde_json::{Map, Value};

use super::super::records::Fields;
use super::Erp;
use super::types::{RecordType, TYPES};

/// The euro.
pub const EUR: &str = "4";
/// The status of new customers.
pub const CLOSED_WON: &str = "13";

const SEED: &str = include_str!("seed.json");
/// The next id of each series: the first customer that a caller makes is 647, the first order 90871.
const SERIES: [(&str, u64); 4] = [("customer", 647), ("contact", 1_801), ("transaction", 90_871), ("item", 2_215)];

impl Erp {
    /// Declares the tables and puts the account's records in.
    pub(super) fn plant(&mut self) {
        self.series.extend(SERIES);
        for record_type in TYPES {
            self.tables.declare(record_type.name, ["externalId"]);
        }
        let seed: Map<String, Value> = serde_json::from_str(SEED).expect("seed.json is an object of record lists");
        for (name, records) in &seed {
            let Some(record_type) = RecordType::find(name) else { continue };
            for record in records.as_array().into_iter().flatten().filter_map(Value::as_object) {
                let fields: Fields = record.clone();
                let id = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.tables.seed(record_type.name, &id, fields);
            }
        }
    }
}
