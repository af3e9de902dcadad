//! The life cycle of an order: it is approved, fulfilled, billed, closed or cancelled.
//!
//! The status of an order follows from its lines and from its fulfillments and invoices. Callers only write
//! `orderStatus` `A` or `B`; `status` is one of eight values. A fulfillment or an invoice changes the status of its
//! order without triggering an edit event of the order.

pub(super) mod lines;

use http::Method;
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::records::{Action, Fields};
use super::Erp;
use super::refusal::Refusal;
use super::types::{ITEM_KINDS, RecordType};
use super::write::{at, instant};
use stepwell_text::decimal::Decimal;

/// The values of `status` and their labels.
const STATES: [(&str, &str); 8] = [
    ("A", "Pending Approval"),
    ("B", "Pending Fulfillment"),
    ("C", "Cancelled"),
    ("D", "Partially Fulfilled"),
    ("E", "Pending Billing/Partially Fulfilled"),
    ("F", "Pending Billing"),
    ("G", "Billed"),
    ("H", "Closed"),
];

/// Returns a status as a field value.
fn state(letter: &str) -> Value {
    let name = STATES.iter().find(|(known, _)| *known == letter).map_or("", |(_, name)| *name);
    json!({"id": letter, "refName": name})
}

/// The quantities of a line: ordered, fulfilled and billed.
struct Progress {
    ordered: Decimal,
    fulfilled: Decimal,
    billed: Decimal,
    ships: bool,
    is_closed: bool,
}

impl Erp {
    /// Sets the status of a transaction, which follows from its other fields.
    pub(super) fn settle(&self, record_type: &RecordType, fields: &mut Fields) {
        let status = match record_type.name {
            "salesOrder" => state(self.state_of(fields)),
            "itemFulfillment" => fields.get("shipStatus").cloned().unwrap_or_default(),
            _ => {
                let is_paid = fields.get("amountRemaining").and_then(Decimal::of) == Some(Decimal::ZERO);
                let name = if is_paid { "Paid In Full" } else { "Open" };
                json!({"id": name, "refName": name})
            }
        };
        fields.insert("status".into(), status);
    }

    fn state_of(&self, fields: &Fields) -> &'static str {
        if id_of(fields, "status") == Some("C") {
            return "C";
        }
        let lines: Vec<Progress> = lines(fields).iter().map(|line| self.progress(line)).collect();
        if lines.iter().all(|line| line.is_closed) {
            return "H";
        }
        if id_of(fields, "orderStatus") != Some("B") {
            return "A";
        }
        let open = || lines.iter().filter(|line| !line.is_closed);
        let (sent, billed) = (open().all(Progress::is_sent), open().all(|line| line.billed >= line.ordered));
        let begun = lines.iter().any(|line| line.ships && line.fulfilled > Decimal::ZERO);
        match (sent, billed) {
            (true, true) => "G",
            (true, false) => "F",
            (false, _) if !begun => "B",
            (false, _) if lines.iter().any(|line| line.fulfilled > line.billed) => "E",
            (false, _) => "D",
        }
    }

    fn progress(&self, line: &Value) -> Progress {
        let number = |name: &str| line.get(name).and_then(Decimal::of).unwrap_or(Decimal::ZERO);
        let item = line["item"]["id"].as_str().unwrap_or_default();
        let kind = ITEM_KINDS.iter().find(|kind| self.tables.get(kind.name, item).is_some());
        Progress {
            ordered: number("quantity"),
            fulfilled: number("quantityFulfilled"),
            billed: number("quantityBilled"),
            ships: kind.is_some_and(super::types::ItemKind::ships),
            is_closed: line["isClosed"] == Value::Bool(true),
        }
    }

    /// Returns the input of a fulfillment or an invoice: the remaining quantities of the order's lines, or of the lines
    /// that the caller names.
    pub(super) fn remainder(&self, target: &str, order: &Fields, wanted: Option<&Value>) -> Result<Value, Refusal> {
        if !matches!(id_of(order, "status"), Some("B" | "D" | "E" | "F")) {
            let detail = "This sales order cannot be transformed: it is not approved, or nothing is left of it.";
            return Err(Refusal::user(detail));
        }
        let wanted = wanted.map(|wanted| wanted.get("items").unwrap_or(wanted)).and_then(Value::as_array);
        let mut items = Vec::new();
        for line in lines(order) {
            let progress = self.progress(line);
            let done = if target == "invoice" { progress.billed } else { progress.fulfilled };
            let rest = progress.ordered.plus(done.negated()).unwrap_or(Decimal::ZERO);
            let asked = wanted.map(|wanted| wanted.iter().find(|sent| sent["orderLine"] == line["line"]));
            let quantity = match asked {
                Some(None) => continue,
                Some(Some(sent)) => sent.get("quantity").and_then(Decimal::of).unwrap_or(rest),
                None => rest,
            };
            let is_left = quantity > Decimal::ZERO && quantity <= rest;
            if progress.is_closed || !is_left || (target == "itemFulfillment" && !progress.ships) {
                continue;
            }
            items.push(part_of(line, quantity, progress.ordered));
        }
        if items.is_empty() {
            return Err(Refusal::user("You must enter at least one line item for this transaction."));
        }
        Ok(json!({"items": items}))
    }

    /// Updates the fulfilled and billed quantities of an order from its transactions.
    pub(super) fn settle_order_of(&mut self, call: &Call, transaction: &Fields) {
        let Some(order) = id_of(transaction, "createdFrom").map(str::to_owned) else { return };
        let Some(found) = self.tables.get("salesOrder", &order) else { return };
        let mut fields = (*found).clone();
        let mut lines = lines(&fields).to_vec();
        for (name, count) in [("itemFulfillment", "quantityFulfilled"), ("invoice", "quantityBilled")] {
            for line in &mut lines {
                let made = self.tables.rows(name).filter(|(_, made)| id_of(made, "createdFrom") == Some(&order));
                let parts = made.flat_map(|(_, made)| made.get("item").and_then(Value::as_array).into_iter().flatten());
                let parts = parts.filter(|part| part["orderLine"] == line["line"]);
                let mut quantities = parts.filter_map(|part| part.get("quantity").and_then(Decimal::of));
                let sum = quantities.try_fold(Decimal::ZERO, Decimal::plus);
                line[count] = sum.unwrap_or(Decimal::ZERO).to_json();
            }
        }
        fields.insert("item".into(), Value::Array(lines));
        fields.insert("status".into(), state(self.state_of(&fields)));
        fields.insert("lastModifiedDate".into(), instant(call).into());
        self.tables.settle("salesOrder", &order, fields);
    }

    /// Handles a button of the user interface that the API lacks: `approve`, `cancel` or `close` of an order, `pack` or
    /// `ship` of a fulfillment, `pay` of an invoice.
    pub(super) fn press(&mut self, call: &Call, path: &[&str]) -> Result<Answer, Refusal> {
        let (&Method::POST, [name, key, button]) = (&call.method, path) else {
            return Err(Refusal::no_resource(&call.path));
        };
        let record_type = self.account.record_type(name).map_err(|_| Refusal::no_resource(&call.path))?;
        let id = self.find(record_type, key).ok_or_else(Refusal::no_record)?;
        let mut fields = (*self.tables.get(record_type.name, &id).ok_or_else(Refusal::no_record)?).clone();
        let now = id_of(&fields, "status").unwrap_or_default().to_owned();
        match (record_type.name, *button, now.as_str()) {
            ("salesOrder", "approve", "A") => fields.insert("orderStatus".into(), state("B")),
            ("salesOrder", "cancel", "A" | "B") => fields.insert("status".into(), state("C")),
            ("salesOrder", "close", "A" | "B" | "D" | "E" | "F") => {
                let mut lines = lines(&fields).to_vec();
                lines.iter_mut().for_each(|line| line["isClosed"] = true.into());
                fields.insert("item".into(), Value::Array(lines))
            }
            ("invoice", "pay", "Open") => fields.insert("amountRemaining".into(), Decimal::ZERO.to_json()),
            ("itemFulfillment", "pack", "A") => {
                fields.insert("shipStatus".into(), json!({"id": "B", "refName": "Packed"}))
            }
            ("itemFulfillment", "ship", "A" | "B") => {
                fields.insert("shipStatus".into(), json!({"id": "C", "refName": "Shipped"}))
            }
            _ => return Err(Refusal::user(&format!("There is no button {button} for this record now."))),
        };
        self.settle(record_type, &mut fields);
        fields.insert("lastModifiedDate".into(), instant(call).into());
        self.put(record_type, id.clone(), fields, Action::Updated);
        Ok(at(call, record_type, &id))
    }
}

impl Progress {
    fn is_sent(&self) -> bool {
        !self.ships || self.fulfilled >= self.ordered
    }
}

/// Returns a line of a fulfillment or an invoice for a part of an order line.
fn part_of(line: &Value, quantity: Decimal, ordered: Decimal) -> Value {
    let amount =
        line.get("amount").and_then(Decimal::of).and_then(|amount| amount.times(quantity)?.divided_by(ordered, 2));
    let mut part = json!({"item": line["item"], "quantity": quantity.to_json(), "orderLine": line["line"]});
    for name in ["rate", "description"] {
        part[name] = line[name].clone();
    }
    if let Some(amount) = amount {
        part["amount"] = amount.to_json();
    }
    part
}

/// Returns the id in a reference field or a list field.
pub fn id_of<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name)?.get("id")?.as_str()
}

fn lines(fields: &Fields) -> &[Value] {
    fields.get("item").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Whether any part of an order was fulfilled or billed. Such lines cannot be changed.
pub fn is_begun(fields: &Fields) -> bool {
    let counts = ["quantityFulfilled", "quantityBilled"];
    let done = |line: &Value| counts.iter().any(|name| line.get(*name).and_then(Decimal::of) > Some(Decimal::ZERO));
    lines(fields).iter().any(done)
}
