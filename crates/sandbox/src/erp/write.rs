//! Writes records: create, update, upsert by external id, delete, transform. No answer has a body.

use std::collections::HashSet;

use chrono::{NaiveDate, SecondsFormat};
use http::StatusCode;
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::records::{Action, Fields, Write, key_text};
use super::orders::is_begun;
use super::read::display_name;
use super::refusal::{LOCATION, Refusal};
use super::rules::{demand_transform, fits};
use super::types::{ENUMERATIONS, ITEMS, Kind, RecordType, longest};
use super::{Erp, address, body_of};
use stepwell_text::decimal::Decimal;

/// How the lines of a sublist are written.
#[derive(Clone, Copy)]
pub struct How {
    /// Whether they replace the existing lines.
    pub replace: bool,
    /// Whether unknown fields are refused.
    pub is_strict: bool,
}

impl Erp {
    pub(super) fn create(&mut self, call: &Call, record_type: &'static RecordType) -> Result<Answer, Refusal> {
        let input = body_of(call)?;
        demand_transform(record_type)?;
        let id = self.insert(call, record_type, &input, Action::Created)?;
        Ok(at(call, record_type, &id))
    }

    pub(super) fn update(
        &mut self,
        call: &Call,
        record_type: &'static RecordType,
        key: &str,
    ) -> Result<Answer, Refusal> {
        let id = self.find(record_type, key).ok_or_else(Refusal::no_record)?;
        self.change(call, record_type, &id, &body_of(call)?, Action::Updated)?;
        Ok(at(call, record_type, &id))
    }

    /// Creates or changes a record by external id. The answer does not say which happened.
    pub(super) fn upsert(
        &mut self,
        call: &Call,
        record_type: &'static RecordType,
        key: &str,
    ) -> Result<Answer, Refusal> {
        let external = key.strip_prefix("eid:").filter(|external| !external.is_empty());
        let external = external.ok_or_else(|| Refusal::method(&call.method))?;
        let mut input = body_of(call)?;
        let named = input.insert("externalId".into(), external.into());
        if named.as_ref().is_some_and(|named| key_text(named).is_none_or(|named| named != external)) {
            return Err(Refusal::value(&named.unwrap_or_default().to_string(), "externalId", "externalId"));
        }
        let id = match self.find(record_type, key) {
            None => {
                demand_transform(record_type)?;
                self.insert(call, record_type, &input, Action::Upserted)?
            }
            Some(id) => {
                self.change(call, record_type, &id, &input, Action::Upserted)?;
                id
            }
        };
        Ok(at(call, record_type, &id))
    }

    pub(super) fn delete(
        &mut self,
        call: &Call,
        record_type: &'static RecordType,
        key: &str,
    ) -> Result<Answer, Refusal> {
        self.account.demand_right(record_type)?;
        let id = self.find(record_type, key).ok_or_else(Refusal::no_record)?;
        if self.has_dependents(record_type, &id) {
            return Err(Refusal::user("This record cannot be deleted because it has dependent records."));
        }
        let fields = self.tables.get(record_type.name, &id).ok_or_else(Refusal::no_record)?;
        self.tables.remove(record_type.name, &id, fields.get("externalId").and_then(key_text));
        self.settle_order_of(call, &fields);
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// Transforms a record: an order from a customer, a fulfillment or an invoice from an order.
    pub(super) fn transform(
        &mut self,
        call: &Call,
        source_type: &'static RecordType,
        key: &str,
        target: &str,
    ) -> Result<Answer, Refusal> {
        let id = self.find(source_type, key).ok_or_else(Refusal::no_record)?;
        let source = self.tables.get(source_type.name, &id).ok_or_else(Refusal::no_record)?;
        let target_type = self.account.record_type(target).ok();
        let mut sent = if call.body.is_empty() { Fields::new() } else { body_of(call)? };
        let mut input = match (source_type.name, target_type.map(|found| found.name)) {
            ("customer", Some("salesOrder" | "invoice")) => {
                Fields::from_iter([("entity".to_owned(), json!({"id": id}))])
            }
            ("salesOrder", Some(made @ ("invoice" | "itemFulfillment"))) => {
                let kept = [
                    "entity",
                    "subsidiary",
                    "currency",
                    "exchangeRate",
                    "otherRefNum",
                    "memo",
                    "department",
                    "class",
                    "location",
                ];
                let lines = self.remainder(made, &source, sent.remove("item").as_ref())?;
                let mut input = (*source).clone();
                input.retain(|name, _| kept.contains(&name.as_str()));
                input.insert("createdFrom".into(), json!({"id": id}));
                input.insert("item".into(), lines);
                input
            }
            _ => {
                let detail = format!("A record of type {} cannot be transformed to {target}.", source_type.name);
                return Err(Refusal::user(&detail));
            }
        };
        input.append(&mut sent);
        let target_type = target_type.ok_or_else(Refusal::no_record)?;
        let id = self.insert(call, target_type, &input, Action::Created)?;
        Ok(at(call, target_type, &id))
    }

    fn insert(
        &mut self,
        call: &Call,
        record_type: &'static RecordType,
        input: &Fields,
        action: Action,
    ) -> Result<String, Refusal> {
        self.account.demand_right(record_type)?;
        if self.tables.full() {
            return Err(Refusal::user("The account's storage limit is reached."));
        }
        let mut fields = Fields::new();
        self.merge(call, record_type, &mut fields, input)?;
        self.demand(record_type, &fields)?;
        self.demand_free(record_type, &fields, None)?;
        self.demand_own_name(record_type, &fields, None)?;
        self.complete(record_type, &mut fields)?;

        let next = self.series.entry(record_type.series).or_insert(1);
        let number = *next;
        *next += 1;
        let id = number.to_string();
        let mut record = Fields::from_iter([("id".to_owned(), Value::String(id.clone()))]);
        record.extend(fields);
        self.christen(call, record_type, number, &mut record);
        self.account.cut(record_type, &mut record);
        if record_type.sells() {
            self.settle(record_type, &mut record);
        }
        self.put(record_type, id.clone(), record.clone(), action);
        self.settle_order_of(call, &record);
        Ok(id)
    }

    fn change(
        &mut self,
        call: &Call,
        record_type: &'static RecordType,
        id: &str,
        input: &Fields,
        action: Action,
    ) -> Result<(), Refusal> {
        self.account.demand_right(record_type)?;
        let existing = self.tables.get(record_type.name, id).ok_or_else(Refusal::no_record)?;
        let mut fields = (*existing).clone();
        self.merge(call, record_type, &mut fields, input)?;
        self.demand(record_type, &fields)?;
        self.demand_free(record_type, &fields, Some(id))?;
        self.demand_own_name(record_type, &fields, Some(id))?;
        self.keep_currency(record_type, &existing, &mut fields, id)?;
        self.complete(record_type, &mut fields)?;
        if record_type.sells() {
            self.settle(record_type, &mut fields);
        }
        fields.insert("lastModifiedDate".into(), instant(call).into());
        self.put(record_type, id.to_owned(), fields.clone(), action);
        self.settle_order_of(call, &fields);
        Ok(())
    }

    pub(super) fn put(&mut self, record_type: &'static RecordType, id: String, fields: Fields, action: Action) {
        let external_id = fields.get("externalId").and_then(key_text);
        self.tables.put(record_type.name, Write { action, id, external_id, fields });
    }

    /// Applies the validated input to the fields, with references resolved.
    fn merge(
        &self,
        call: &Call,
        record_type: &'static RecordType,
        fields: &mut Fields,
        input: &Fields,
    ) -> Result<(), Refusal> {
        let replaced: HashSet<&str> = call.parameter("replace").unwrap_or_default().split(',').map(str::trim).collect();
        let validation = call.header("x-netsuite-propertynamevalidation").unwrap_or_default();
        let is_strict = validation.eq_ignore_ascii_case("error");
        for (name, value) in input {
            let ignored =
                ["id", "links", "refName"].contains(&name.as_str()) || record_type.computed.contains(&name.as_str());
            if ignored {
                continue;
            }
            if !self.account.has(record_type, name) {
                // Unknown fields are ignored unless the caller requests an error.
                if is_strict {
                    return Err(Refusal::property(name, name));
                }
                continue;
            }
            if !self.account.writes(record_type, name) {
                return Err(Refusal::read_only(name));
            }
            if let Some(sublist) = record_type.sublist(name) {
                let how = How { replace: replaced.contains(sublist.name), is_strict };
                if how.replace && sublist.name == "item" && is_begun(fields) {
                    let detail = "You cannot remove a line that has been fulfilled or billed.";
                    return Err(Refusal::user(detail).at("o:errorPath", name));
                }
                let lines = self.merged_lines(sublist, fields, value, how)?;
                fields.insert(name.clone(), Value::Array(lines));
            } else if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), self.accepted(record_type, name, value)?);
            }
        }
        Ok(())
    }

    fn accepted(&self, record_type: &RecordType, name: &str, value: &Value) -> Result<Value, Refusal> {
        if let Some(targets) = record_type.reference(name) {
            return self.resolved(targets, value, name, name);
        }
        if ENUMERATIONS.iter().any(|(field, ..)| *field == name) {
            let id = value.get("id").unwrap_or(value).as_str().unwrap_or_default();
            let known = ENUMERATIONS.iter().find(|(field, known, _)| *field == name && *known == id);
            let (_, id, label) = known.ok_or_else(|| Refusal::value(&shown(value), name, name))?;
            return Ok(json!({"id": id, "refName": label}));
        }
        if record_type.decimals.contains(&name) {
            return decimal(value, name, name).map(Decimal::to_json);
        }
        if let Some(most) = longest(record_type.texts, name) {
            if value.is_array() || value.is_object() {
                return Err(Refusal::value(&shown(value), name, name));
            }
            fits(value, Some(most), name, name)?;
        }
        match (name, value) {
            ("externalId", value) => {
                key_text(value).map(Value::String).ok_or_else(|| Refusal::value(&shown(value), name, name))
            }
            ("isInactive" | "isPerson", Value::Bool(_)) => Ok(value.clone()),
            ("isInactive" | "isPerson", _) => Err(Refusal::value(&shown(value), name, name)),
            ("tranDate" | "shipDate" | "dueDate", value) => {
                let day = value.as_str().and_then(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok());
                day.map(|_| value.clone()).ok_or_else(|| Refusal::value(&shown(value), name, name))
            }
            _ => Ok(value.clone()),
        }
    }

    /// Resolves a reference by id or external id. The record must exist and be active.
    pub(super) fn resolved(&self, targets: &[&str], value: &Value, field: &str, path: &str) -> Result<Value, Refusal> {
        let wrong = || Refusal::value(&shown(value), field, path);
        let external = value.get("externalId").and_then(key_text);
        let id = value.get("id").or(Some(value)).filter(|_| external.is_none()).and_then(key_text);
        let found = targets.iter().find_map(|name| match (&id, &external) {
            (Some(id), _) => self.tables.get(name, id).map(|fields| (id.clone(), fields)),
            (None, Some(external)) => {
                let id = self.tables.find(name, "externalId", external).into_iter().next()?;
                self.tables.get(name, &id).map(|fields| (id, fields))
            }
            _ => None,
        });
        let (id, fields) = found.ok_or_else(wrong)?;
        if fields.get("isInactive") == Some(&Value::Bool(true)) {
            return Err(wrong());
        }
        Ok(json!({"id": id}))
    }

    /// Computes the fields that follow from others.
    fn complete(&self, record_type: &RecordType, fields: &mut Fields) -> Result<(), Refusal> {
        if !record_type.sells() {
            return Ok(());
        }
        let entity = fields.get("entity").and_then(|entity| entity.get("id")).and_then(Value::as_str);
        if let Some(customer) = entity.and_then(|id| self.tables.get("customer", id)) {
            for name in ["subsidiary", "currency"] {
                if let (false, Some(value)) = (fields.contains_key(name), customer.get(name)) {
                    fields.insert(name.to_owned(), value.clone());
                }
            }
        }
        self.demand_currency(fields)?;
        if record_type.name == "itemFulfillment" {
            return Ok(());
        }
        super::orders::lines::add_up(fields)?;
        if let (true, Some(total)) = (record_type.name == "invoice", fields.get("total").cloned()) {
            fields.entry("amountRemaining").or_insert(total);
        }
        Ok(())
    }

    /// Sets the number, dates and defaults of a new record.
    fn christen(&self, call: &Call, record_type: &RecordType, number: u64, fields: &mut Fields) {
        let created = if record_type.kind == Kind::Entity { "dateCreated" } else { "createdDate" };
        let mut defaults = vec![(created, json!(instant(call))), ("lastModifiedDate", json!(instant(call)))];
        match record_type.kind {
            Kind::Entity if record_type.name == "customer" => {
                let zero = Decimal::ZERO.to_json();
                defaults.extend([
                    ("entityId", json!(format!("CUST-{number:06}"))),
                    ("isPerson", json!(false)),
                    ("currency", json!({"id": super::seed::EUR})),
                    ("entityStatus", json!({"id": super::seed::CLOSED_WON})),
                    ("creditHoldOverride", json!({"id": "AUTO", "refName": "Auto"})),
                    ("balance", zero.clone()),
                    ("overdueBalance", zero.clone()),
                    ("unbilledOrders", zero),
                    ("isInactive", json!(false)),
                ]);
            }
            Kind::Entity => defaults.push(("isInactive", json!(false))),
            Kind::Item => {
                defaults.push(("isInactive", json!(false)));
                let kind = record_type.item_kind();
                defaults.extend(kind.map(|kind| ("itemType", json!({"id": kind.id, "refName": kind.label}))));
                let subtype = kind.and_then(|kind| kind.subtype);
                defaults.extend(subtype.map(|subtype| ("subtype", json!({"id": subtype, "refName": subtype}))));
            }
            Kind::Transaction => {
                defaults.extend(super::orders::lines::order_defaults(record_type.name, number, call.now));
            }
            Kind::Fixed => {}
        }
        for (name, value) in defaults {
            fields.entry(name).or_insert(value);
        }
    }

    /// Returns the name and price of an item.
    pub(super) fn item_defaults(&self, id: &str) -> (Option<Value>, Option<Decimal>) {
        let Some(fields) = ITEMS.iter().find_map(|name| self.tables.get(name, id)) else { return (None, None) };
        let name = fields.get("displayName").cloned().or_else(|| Some(display_name(&fields).into()));
        let price = fields.get("price").and_then(|prices| prices.get(0)).and_then(|price| price.get("price"));
        (name, price.and_then(Decimal::of))
    }
}

pub(super) fn at(call: &Call, record_type: &RecordType, id: &str) -> Answer {
    let location = address(&call.base, &format!("record/v1/{}/{id}", record_type.name));
    Answer::empty(StatusCode::NO_CONTENT).with_header(LOCATION, &location)
}

pub(super) fn instant(call: &Call) -> String {
    call.now.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Formats a value for error messages.
pub(super) fn shown(value: &Value) -> String {
    let inner = value.get("id").or_else(|| value.get("externalId")).unwrap_or(value);
    inner.as_str().map_or_else(|| inner.to_string(), str::to_owned)
}

/// Returns a decimal number, or a refusal.
pub(super) fn decimal(value: &Value, field: &str, path: &str) -> Result<Decimal, Refusal> {
    Decimal::of(value).ok_or_else(|| Refusal::value(&shown(value), field, path))
}
