//! Prices of items: one cell per currency, price level and quantity.
//!
//! Records have them as lines of the sublist `price`, with the minimum quantity of each. Queries have them in
//! `pricing`, whose `quantity` is the number of a row in `itemquantity`, counted from 1, and not a quantity.

use serde_json::{Value, json};

use crate::erp::columns::Row;
use crate::records::Fields;
use stepwell_text::decimal::Decimal;

pub const PRICING: &[&str] = &["item", "pricelevel", "currency", "quantity", "saleunit", "unitprice"];
pub const QUANTITIES: &[&str] = &["item", "seqnum", "mincount", "maxcount"];

/// The price level of base prices, which is the default of a line.
const BASE_PRICE: &str = "1";

/// Whether a sent line replaces this one: both have the same currency, level and quantity.
pub fn is_same_cell(line: &Value, sent: &Fields) -> bool {
    let part = |of: &Value, name: &str| match of.get(name) {
        Some(Value::Object(reference)) => reference.get("id").or(reference.get("value")).map(plain),
        Some(value) => Some(plain(value)),
        None => None,
    };
    let sent = Value::Object(sent.clone());
    ["currencyPage", "priceLevel", "quantity"].iter().all(|name| part(line, name) == part(&sent, name))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns the minimum quantities with their own prices, in ascending order.
fn steps(fields: &Fields) -> Vec<Decimal> {
    let mut steps: Vec<Decimal> = lines(fields).map(pieces).collect();
    steps.sort();
    steps.dedup();
    steps
}

fn lines(fields: &Fields) -> impl Iterator<Item = &Value> {
    fields.get("price").and_then(Value::as_array).into_iter().flatten()
}

fn pieces(line: &Value) -> Decimal {
    Decimal::parse(&plain(&line["quantity"]["value"])).unwrap_or(Decimal::ZERO)
}

/// Returns the rows of an item in `pricing`.
pub fn pricing_rows(fields: &Fields) -> Vec<Row> {
    let steps = steps(fields);
    let row = |line: &Value| {
        let place = steps.iter().position(|step| *step == pieces(line)).unwrap_or_default();
        let level = line["priceLevel"]["id"].as_str().unwrap_or(BASE_PRICE);
        let values = [
            ("item", fields.get("id").cloned()),
            ("pricelevel", Some(level.into())),
            ("currency", line["currencyPage"].get("id").cloned()),
            ("quantity", Some(json!(place + 1))),
            ("unitprice", line.get("price").filter(|price| !price.is_null()).cloned()),
        ];
        values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    };
    lines(fields).map(row).collect()
}

/// Returns the rows of an item in `itemquantity`.
pub fn quantity_rows(fields: &Fields) -> Vec<Row> {
    let steps = steps(fields);
    let row = |(place, from): (usize, &Decimal)| {
        let values = [
            ("item", fields.get("id").cloned()),
            ("seqnum", Some(json!(place + 1))),
            ("mincount", Some(from.to_json())),
            ("maxcount", steps.get(place + 1).map(|next| next.to_json())),
        ];
        values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    };
    steps.iter().enumerate().map(row).collect()
}
