//! Writing records: create, update, upsert by external id, delete, transform. No answer has a body.

use std::collections::HashSet;

use chrono::SecondsFormat;
use http::StatusCode;
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::decimal::Decimal;
use super::super::records::{Action, Fields, Write, key_text};
use super::read::display_name;
use super::refusal::{LOCATION, Refusal};
use super::types::{ENUMERATIONS, ITEMS, Kind, RecordType};
use super::{Erp, address, body_of};

impl Erp {
    pub(super) fn create(&mut self, call: &Call, record_type: &'static RecordType) -> Result<Answer, Refusal> {
        let input = body_of(call)?;
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

    /// Creates or changes by external id; the answer does not say which.
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
            None => self.insert(call, record_type, &input, Action::Upserted)?,
            Some(id) => {
                self.change(call, record_type, &id, &input, Action::Upserted)?;
                id
            }
        };
        Ok(at(call, record_type, &id))
    }

    pub(super) fn delete(&mut self, record_type: &'static RecordType, key: &str) -> Result<Answer, Refusal> {
        let id = self.find(record_type, key).ok_or_else(Refusal::no_record)?;
        if self.has_dependents(record_type, &id) {
            return Err(Refusal::user("This record cannot be deleted because it has dependent records."));
        }
        let fields = self.tables.get(record_type.name, &id).ok_or_else(Refusal::no_record)?;
        self.tables.remove(record_type.name, &id, fields.get("externalId").and_then(key_text));
        Ok(Answer::empty(StatusCode::NO_CONTENT))
    }

    /// Makes a record of another type out of this one: an order for a customer, an invoice for an order.
    pub(super) fn transform(
        &mut self,
        call: &Call,
        source_type: &'static RecordType,
        key: &str,
        target: &str,
    ) -> Result<Answer, Refusal> {
        let id = self.find(source_type, key).ok_or_else(Refusal::no_record)?;
        let source = self.tables.get(source_type.name, &id).ok_or_else(Refusal::no_record)?;
        let target_type = RecordType::find(target);
        let mut input = match (source_type.name, target_type.map(|found| found.name)) {
            ("customer", Some("salesOrder" | "invoice")) => {
                Fields::from_iter([("entity".to_owned(), json!({"id": id}))])
            }
            ("salesOrder", Some("invoice")) => {
                let kept = ["entity", "subsidiary", "currency", "exchangeRate", "otherRefNum", "memo"];
                let mut input = (*source).clone();
                input.retain(|name, _| kept.contains(&name.as_str()));
                input.insert("createdFrom".into(), json!({"id": id}));
                input.insert("item".into(), json!({"items": source.get("item").map(without_keys)}));
                input
            }
            _ => {
                let detail = format!("A record of type {} cannot be transformed to {target}.", source_type.name);
                return Err(Refusal::user(&detail));
            }
        };
        if !call.body.is_empty() {
            input.extend(body_of(call)?);
        }
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
        if self.tables.full() {
            return Err(Refusal::user("The account's storage limit is reached."));
        }
        let mut fields = Fields::new();
        self.merge(call, record_type, &mut fields, input)?;
        demand(record_type, &fields)?;
        self.demand_free(record_type, &fields, None)?;
        self.complete(record_type, &mut fields)?;

        let next = self.series.entry(record_type.series).or_insert(1);
        let number = *next;
        *next += 1;
        let id = number.to_string();
        let mut record = Fields::from_iter([("id".to_owned(), Value::String(id.clone()))]);
        record.extend(fields);
        self.christen(call, record_type, number, &mut record);
        self.put(record_type, id.clone(), record, action);
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
        let existing = self.tables.get(record_type.name, id).ok_or_else(Refusal::no_record)?;
        let mut fields = (*existing).clone();
        self.merge(call, record_type, &mut fields, input)?;
        demand(record_type, &fields)?;
        self.demand_free(record_type, &fields, Some(id))?;
        self.complete(record_type, &mut fields)?;
        fields.insert("lastModifiedDate".into(), instant(call).into());
        self.put(record_type, id.to_owned(), fields, action);
        Ok(())
    }

    fn put(&mut self, record_type: &'static RecordType, id: String, fields: Fields, action: Action) {
        let external_id = fields.get("externalId").and_then(key_text);
        self.tables.put(record_type.name, Write { action, id, external_id, fields });
    }

    /// Puts the input into the fields, checked and with references resolved.
    fn merge(
        &self,
        call: &Call,
        record_type: &'static RecordType,
        fields: &mut Fields,
        input: &Fields,
    ) -> Result<(), Refusal> {
        let replaced: HashSet<&str> = call.parameter("replace").unwrap_or_default().split(',').map(str::trim).collect();
        for (name, value) in input {
            let ignored =
                ["id", "links", "refName"].contains(&name.as_str()) || record_type.computed.contains(&name.as_str());
            if ignored {
                continue;
            }
            if let Some(sublist) = record_type.sublist(name) {
                let lines = self.merged_lines(sublist, fields, value, replaced.contains(sublist.name))?;
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
        match (name, value) {
            ("externalId", value) => {
                key_text(value).map(Value::String).ok_or_else(|| Refusal::value(&shown(value), name, name))
            }
            ("isInactive" | "isPerson", Value::Bool(_)) => Ok(value.clone()),
            ("isInactive" | "isPerson", _) => Err(Refusal::value(&shown(value), name, name)),
            ("companyName" | "itemId" | "entityId", Value::Array(_) | Value::Object(_)) => {
                Err(Refusal::value(&shown(value), name, name))
            }
            _ => Ok(value.clone()),
        }
    }

    /// A reference by id or external id, to a record that is there and active.
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

    fn demand_free(&self, record_type: &RecordType, fields: &Fields, own: Option<&str>) -> Result<(), Refusal> {
        let Some(external) = fields.get("externalId").and_then(key_text) else { return Ok(()) };
        let others = self.tables.find(record_type.name, "externalId", &external);
        if others.iter().all(|other| Some(other.as_str()) == own) {
            return Ok(());
        }
        let what = if record_type.kind == Kind::Entity { "entity" } else { "record" };
        Err(Refusal::user(&format!("This {what} already exists.")))
    }

    /// Fills in what follows from the rest.
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
        super::lines::add_up(fields)
    }

    /// Gives a new record its number, dates and defaults.
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
                let (id, label) = match record_type.name {
                    "inventoryItem" => ("InvtPart", "Inventory Item"),
                    "serviceSaleItem" => ("Service", "Service"),
                    _ => ("NonInvtPart", "Non-inventory Item"),
                };
                defaults.extend([("itemType", json!({"id": id, "refName": label})), ("isInactive", json!(false))]);
            }
            Kind::Transaction => {
                defaults.extend(super::lines::order_defaults(record_type.name, number, call.now));
            }
            Kind::Fixed => {}
        }
        for (name, value) in defaults {
            fields.entry(name).or_insert(value);
        }
    }

    fn has_dependents(&self, record_type: &RecordType, id: &str) -> bool {
        let leads_here =
            |value: Option<&Value>| value.and_then(|value| value.get("id")).and_then(Value::as_str) == Some(id);
        let of = |name: &str, field: &str| self.tables.rows(name).any(|(_, fields)| leads_here(fields.get(field)));
        match record_type.name {
            "customer" => of("salesOrder", "entity") || of("invoice", "entity"),
            "salesOrder" => of("invoice", "createdFrom"),
            name if ITEMS.contains(&name) => self.tables.rows("salesOrder").any(|(_, fields)| {
                fields
                    .get("item")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .any(|line| leads_here(line.get("item")))
            }),
            _ => false,
        }
    }

    /// What an item is called and costs.
    pub(super) fn item_defaults(&self, id: &str) -> (Option<Value>, Option<Decimal>) {
        let Some(fields) = ITEMS.iter().find_map(|name| self.tables.get(name, id)) else { return (None, None) };
        let name = fields.get("displayName").cloned().or_else(|| Some(display_name(&fields).into()));
        let price = fields.get("price").and_then(|prices| prices.get(0)).and_then(|price| price.get("price"));
        (name, price.and_then(Decimal::of))
    }
}

fn demand(record_type: &RecordType, fields: &Fields) -> Result<(), Refusal> {
    let absent = |name: &str| fields.get(name).is_none_or(|value| value.as_str() == Some(""));
    let missing: Vec<&str> =
        record_type.required.iter().filter(|(name, _)| absent(name)).map(|(_, label)| *label).collect();
    if !missing.is_empty() {
        return Err(Refusal::user(&format!("Please enter value(s) for: {}.", missing.join(", "))));
    }
    if record_type.sells() && fields.get("item").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err(Refusal::user("You must enter at least one line item for this transaction."));
    }
    Ok(())
}

fn at(call: &Call, record_type: &RecordType, id: &str) -> Answer {
    let location = address(&call.base, &format!("record/v1/{}/{id}", record_type.name));
    Answer::empty(StatusCode::NO_CONTENT).with_header(LOCATION, &location)
}

fn without_keys(lines: &Value) -> Value {
    let mut lines = lines.clone();
    for line in lines.as_array_mut().into_iter().flatten() {
        line.as_object_mut().map(|line| line.remove("line"));
    }
    lines
}

fn instant(call: &Call) -> String {
    call.now.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A value as errors show it.
pub(super) fn shown(value: &Value) -> String {
    let inner = value.get("id").or_else(|| value.get("externalId")).unwrap_or(value);
    inner.as_str().map_or_else(|| inner.to_string(), str::to_owned)
}

/// A decimal number, or the refusal that says where none is.
pub(super) fn decimal(value: &Value, field: &str, path: &str) -> Result<Decimal, Refusal> {
    Decimal::of(value).ok_or_else(|| Refusal::value(&shown(value), field, path))
}
