//! The seeded records of the ERP: items, two customers, and the lists they refer to.

use serde_json::{Map, Value, json};

use super::super::records::Fields;
use super::Erp;
use super::types::TYPES;
use stepwell_text::decimal::Decimal;

/// The price level for partners: its id, name, and factor on the base price.
const PARTNER: (&str, &str, Decimal) = ("5", "Partner", Decimal::new(9, 1));
/// The quantity from which a lower price applies, and its factor on the price.
const BREAK: (&str, Decimal) = ("100", Decimal::new(95, 2));

/// The internal id of the euro.
pub const EUR: &str = "4";
/// The internal id of the status of new customers.
pub const CLOSED_WON: &str = "13";

const SEED: &str = include_str!("seed.json");
/// The next internal id of each series.
const SERIES: [(&str, u64); 4] = [("customer", 647), ("contact", 1_801), ("transaction", 90_871), ("item", 2_215)];

impl Erp {
    /// Creates the tables and the seeded records.
    pub(super) fn plant(&mut self) {
        self.series.extend(SERIES);
        for record_type in TYPES {
            self.tables.declare(record_type.name, ["externalId", "entityId"]);
        }
        let seed: Map<String, Value> = serde_json::from_str(SEED).expect("seed.json is an object of record lists");
        for (name, records) in &seed {
            let Ok(record_type) = self.account.record_type(name) else { continue };
            for record in records.as_array().into_iter().flatten().filter_map(Value::as_object) {
                let mut fields: Fields = record.clone();
                self.account.cut(record_type, &mut fields);
                if self.account.has_price_levels {
                    price_by_level(&mut fields);
                }
                let id = fields.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.tables.seed(record_type.name, &id, fields);
            }
        }
    }
}

#[cfg(any(test, feature = "testing"))]
impl Erp {
    /// Removes a record without a trace, as if it had never existed.
    pub fn forget(&mut self, name: &str, id: &str) {
        if let Ok(record_type) = self.account.record_type(name) {
            self.tables.remove(record_type.name, id, None);
            self.tables.take_changes();
        }
    }
}

/// Adds prices of another level and of a larger quantity. The base price remains first.
fn price_by_level(fields: &mut Fields) {
    let Some(prices) = fields.get_mut("price").and_then(Value::as_array_mut) else { return };
    let Some(base) = prices.first().cloned() else { return };
    let times = |line: &Value, factor: Decimal| {
        let price = line.get("price").and_then(Decimal::of)?.times(factor)?;
        Some(price.rounded(2).to_json())
    };
    let mut many = base.clone();
    many["quantity"]["value"] = BREAK.0.into();
    many["price"] = times(&base, BREAK.1).unwrap_or_default();
    let mut partner = base.clone();
    partner["priceLevel"] = json!({"id": PARTNER.0, "refName": PARTNER.1});
    partner["priceLevelName"] = PARTNER.1.into();
    partner["price"] = times(&base, PARTNER.2).unwrap_or_default();
    prices.extend([many, partner]);
}
