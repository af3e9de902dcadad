//! Lines of orders and their totals.
//!
//! As in NetSuite, lines without a `line` key are always appended. Only `?replace=item` replaces lines, so repeating a
//! PUT or PATCH without it doubles the order.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::erp::Erp;
use crate::erp::account::Account;
use crate::erp::items::prices::is_same_cell;
use crate::erp::read::lines_of;
use crate::erp::refusal::Refusal;
use crate::erp::rules::fits;
use crate::erp::types::{ADDRESS_FIELDS, ITEM_KINDS, Sublist, longest};
use crate::erp::write::{How, decimal, shown};
use crate::records::Fields;
use stepwell_text::decimal::Decimal;

const LINES_MAX: usize = 10_000;
const TAX_PERCENT: Decimal = Decimal::new(19, 2);
/// Difference between internal ids and document numbers.
const DOCUMENT_NUMBER_LAG: u64 = 20_759;

impl Erp {
    /// Returns the sublist with the caller's lines applied.
    pub(in crate::erp) fn merged_lines(
        &self,
        sublist: &Sublist,
        fields: &Fields,
        value: &Value,
        how: How,
    ) -> Result<Vec<Value>, Refusal> {
        let sent = value.get("items").unwrap_or(value).as_array();
        let sent = sent.ok_or_else(|| Refusal::value(&value.to_string(), sublist.name, sublist.name))?;
        let mut lines: Vec<Value> = if how.replace { Vec::new() } else { lines_of(fields, sublist).to_vec() };
        if lines.len() + sent.len() > LINES_MAX {
            return Err(Refusal::user(&format!("A record has at most {LINES_MAX} lines.")));
        }
        for (index, line) in sent.iter().enumerate() {
            let path = format!("{}.items[{index}]", sublist.name);
            let line = line.as_object().ok_or_else(|| Refusal::value(&line.to_string(), sublist.name, &path))?;
            let line = known_fields(&self.account, sublist, line, &path, how.is_strict)?;
            self.merge_line(sublist, &mut lines, &line, &path, how.replace)?;
        }
        Ok(lines)
    }

    fn merge_line(
        &self,
        sublist: &Sublist,
        lines: &mut Vec<Value>,
        sent: &Fields,
        path: &str,
        replace: bool,
    ) -> Result<(), Refusal> {
        let key = sent.get(sublist.key).filter(|_| !replace);
        let place = match key {
            // Prices have no line key: currency, level and quantity identify them.
            None if sublist.name == "price" => lines.iter().position(|line| is_same_cell(line, sent)),
            None => None,
            Some(key) => {
                let same = |line: &Value| line.get(sublist.key).is_some_and(|own| same_key(own, key));
                let place = lines.iter().position(same);
                let path = format!("{path}.{}", sublist.key);
                Some(place.ok_or_else(|| Refusal::value(&key.to_string(), sublist.key, &path))?)
            }
        };
        let base = match place {
            Some(place) => lines[place].as_object().cloned().unwrap_or_default(),
            None if sublist.key.is_empty() => Fields::new(),
            None => Fields::from_iter([(sublist.key.to_owned(), next_key(sublist, lines))]),
        };
        let mut line = if sublist.name == "item" { self.sold(base, sent, path)? } else { plain(sublist, base, sent) };
        if let (true, Some(currency)) = (sublist.name == "currencyList", line.get("currency").cloned()) {
            let currency = self.resolved(&["currency"], &currency, "currency", &format!("{path}.currency"))?;
            line.insert("currency".into(), currency);
        }
        match place {
            Some(place) => lines[place] = Value::Object(line),
            None => lines.push(Value::Object(line)),
        }
        Ok(())
    }

    /// Returns a line that sells an item. Its amount is the one sent, or else rate times quantity.
    fn sold(&self, mut line: Fields, sent: &Fields, path: &str) -> Result<Fields, Refusal> {
        for (name, value) in sent.iter().filter(|(name, _)| !["line", "links"].contains(&name.as_str())) {
            let path = format!("{path}.{name}");
            let value = match name.as_str() {
                "item" => self.resolved(&sold_types(), value, name, &path)?,
                "quantity" | "rate" | "amount" if !value.is_null() => decimal(value, name, &path)?.to_json(),
                _ => value.clone(),
            };
            line.insert(name.clone(), value);
        }
        line.retain(|_, value| !value.is_null());
        let Some(item) = line.get("item").and_then(|item| item["id"].as_str()) else {
            return Err(Refusal::user("Please enter value(s) for: Item."));
        };
        let (description, base_price) = self.item_defaults(item);
        if let Some(description) = description {
            line.entry("description").or_insert(description);
        }
        line.entry("isClosed").or_insert(Value::Bool(false));
        let repriced = ["item", "quantity", "rate"].iter().any(|name| sent.contains_key(*name));
        if repriced && !sent.contains_key("amount") {
            line.remove("amount");
        }
        price(&mut line, base_price).ok_or_else(|| Refusal::value("amount", "amount", &format!("{path}.amount")))?;
        Ok(line)
    }
}

/// Computes missing quantity, rate and amount; `None` if a number exceeds its range.
fn price(line: &mut Fields, base_price: Option<Decimal>) -> Option<()> {
    let number = |line: &Fields, name: &str| line.get(name).and_then(Decimal::of);
    let quantity = number(line, "quantity").unwrap_or(Decimal::new(1, 0));
    let rate = number(line, "rate").or_else(|| {
        let amount = number(line, "amount")?;
        amount.divided_by(quantity, 2)
    });
    let rate = rate.or(base_price).unwrap_or(Decimal::ZERO);
    let amount = match number(line, "amount") {
        Some(amount) => amount.rounded(2),
        None => rate.times(quantity)?.rounded(2),
    };
    for (name, value) in [("quantity", quantity), ("rate", rate), ("amount", amount)] {
        line.insert(name.to_owned(), value.to_json());
    }
    Some(())
}

/// Returns the record types of items that can be ordered.
fn sold_types() -> Vec<&'static str> {
    ITEM_KINDS.iter().filter(|kind| kind.sells()).map(|kind| kind.name).collect()
}

/// Returns the fields of a line that the sublist knows. Unknown fields are refused if the caller asked for that, and
/// otherwise ignored.
fn known_fields(
    account: &Account,
    sublist: &Sublist,
    line: &Fields,
    path: &str,
    is_strict: bool,
) -> Result<Fields, Refusal> {
    let mut kept = Fields::new();
    for (name, value) in line {
        let path = format!("{path}.{name}");
        if !account.has_in_lines(sublist, name) && !["links", "refName"].contains(&name.as_str()) {
            if is_strict {
                return Err(Refusal::property(name, &path));
            }
            continue;
        }
        fits(value, longest(sublist.fields, name), name, &path)?;
        let value = match value {
            Value::Object(address) if name == "addressBookAddress" => known_address(address, &path, is_strict)?,
            other => other.clone(),
        };
        kept.insert(name.clone(), value);
    }
    Ok(kept)
}

fn known_address(address: &Fields, path: &str, is_strict: bool) -> Result<Value, Refusal> {
    let mut kept = Fields::new();
    for (name, value) in address {
        let path = format!("{path}.{name}");
        if !ADDRESS_FIELDS.iter().any(|(field, _)| field == name) {
            if is_strict {
                return Err(Refusal::property(name, &path));
            }
            continue;
        }
        fits(value, longest(ADDRESS_FIELDS, name), name, &path)?;
        // Countries are two-letter codes of ISO 3166.
        let code = value.get("id").unwrap_or(value).as_str().unwrap_or_default();
        if name == "country" && !(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())) {
            return Err(Refusal::value(&shown(value), name, &path));
        }
        kept.insert(name.clone(), if name == "country" { json!({"id": code, "refName": code}) } else { value.clone() });
    }
    Ok(Value::Object(kept))
}

fn plain(sublist: &Sublist, mut line: Fields, sent: &Fields) -> Fields {
    let given = sent.iter().filter(|(name, _)| *name != sublist.key && *name != "links");
    line.extend(given.map(|(name, value)| (name.clone(), value.clone())));
    line.retain(|_, value| !value.is_null());
    line
}

fn same_key(left: &Value, right: &Value) -> bool {
    Decimal::of(left).is_some_and(|left| Decimal::of(right) == Some(left))
}

fn next_key(sublist: &Sublist, lines: &[Value]) -> Value {
    let keys = lines.iter().filter_map(|line| line.get(sublist.key).and_then(Value::as_u64));
    Value::from(keys.max().unwrap_or(0) + 1)
}

/// Computes `subtotal`, the sum of the lines' amounts, and `total`, which includes tax.
pub fn add_up(fields: &mut Fields) -> Result<(), Refusal> {
    let amounts = fields.get("item").and_then(Value::as_array).into_iter().flatten();
    let mut amounts = amounts.filter_map(|line| line.get("amount").and_then(Decimal::of));
    let subtotal = amounts.try_fold(Decimal::ZERO, Decimal::plus);
    let tax = subtotal.and_then(|subtotal| subtotal.times(TAX_PERCENT)).map(|tax| tax.rounded(2));
    let total = subtotal.and_then(|subtotal| subtotal.plus(tax?));
    let (Some(subtotal), Some(tax), Some(total)) = (subtotal, tax, total) else {
        return Err(Refusal::value("amount", "amount", "item"));
    };
    for (name, value) in [("subtotal", subtotal), ("discountTotal", Decimal::ZERO), ("taxTotal", tax), ("total", total)]
    {
        fields.insert(name.to_owned(), value.to_json());
    }
    Ok(())
}

/// Returns the default fields of a new order, fulfillment or invoice.
pub fn order_defaults(name: &str, number: u64, now: DateTime<Utc>) -> Vec<(&'static str, Value)> {
    let prefix = match name {
        "invoice" => "INV",
        "itemFulfillment" => "IF",
        _ => "SO",
    };
    let mut defaults = vec![
        ("tranId", json!(format!("{prefix}{}", number - DOCUMENT_NUMBER_LAG))),
        ("tranDate", json!(now.format("%Y-%m-%d").to_string())),
        ("exchangeRate", Decimal::new(1, 0).to_json()),
    ];
    match name {
        "salesOrder" => defaults.push(("orderStatus", json!({"id": "A", "refName": "Pending Approval"}))),
        "itemFulfillment" => defaults.push(("shipStatus", json!({"id": "C", "refName": "Shipped"}))),
        _ => {}
    }
    defaults
}
