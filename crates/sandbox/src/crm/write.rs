//! Validates and writes records of the CRM.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use http::StatusCode;
use serde_json::Value;

use super::super::records::{Action, Fields, Write, key_text};
use super::refusal::{Mistake, Refusal};
use super::schema::{Field, Kind, SObject, STAGES};
use super::{Crm, ids, seed};
use stepwell_text::decimal::Decimal;

/// The object that lists the currencies of the org.
const CURRENCY_TYPE: &str = "CurrencyType";

/// Whether a write creates or changes a record.
enum Base<'a> {
    New,
    Existing { id: &'a str, fields: &'a Fields },
}

impl Base<'_> {
    const fn is_new(&self) -> bool {
        matches!(self, Self::New)
    }
}

impl Crm {
    /// Creates a record. Returns its id.
    pub(super) fn create(
        &mut self,
        object: &'static SObject,
        input: &Fields,
        action: Action,
        now: DateTime<Utc>,
    ) -> Result<String, Refusal> {
        if object.is_fixed() {
            let message = format!("entity type cannot be inserted: {}", object.name);
            return Err(Refusal::bad("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message));
        }
        self.demand_right(object)?;
        if self.tables.full() {
            return Err(Refusal::bad("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded"));
        }
        let mut fields = self.assigned(object, input, &Base::New)?;
        self.demand_unique(object, None, &fields)?;
        self.demand_unlocked(object, None, &fields)?;
        let counter = self.created.entry(object.name).or_default();
        *counter += 1;
        let id = ids::created(object.prefix, *counter);
        fields.insert("Id".into(), id.clone().into());
        if self.schema.field(object, "OwnerId").is_some() {
            fields.entry("OwnerId").or_insert_with(|| seed::OWNER.into());
        }
        fields.insert("CreatedDate".into(), instant(now).into());
        fields.insert("CreatedById".into(), seed::INTEGRATION_USER.into());
        self.write(object, id.clone(), fields, action, now);
        Ok(id)
    }

    pub(super) fn update(
        &mut self,
        object: &'static SObject,
        id: &str,
        input: &Fields,
        action: Action,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let existing = self.existing(object, id)?;
        self.demand_right(object)?;
        let fields = self.assigned(object, input, &Base::Existing { id, fields: &existing })?;
        self.demand_unlocked(object, Some(id), &fields)?;
        self.write(object, id.to_owned(), fields, action, now);
        Ok(())
    }

    pub(super) fn delete(&mut self, object: &'static SObject, id: &str) -> Result<(), Refusal> {
        let existing = self.existing(object, id)?;
        self.demand_right(object)?;
        self.demand_unlocked(object, Some(id), &existing)?;
        self.demand_nothing_won(object, id, &existing)?;
        self.remove(object, id);
        Ok(())
    }

    /// Refuses a write if the caller's role may not create, change and delete records of the object.
    fn demand_right(&self, object: &SObject) -> Result<(), Refusal> {
        if self.schema.writes(object) { Ok(()) } else { Err(Refusal::forbidden()) }
    }

    /// Returns a record, or a refusal that says whether it was deleted or never existed.
    pub(super) fn existing(&self, object: &SObject, id: &str) -> Result<Arc<Fields>, Refusal> {
        self.tables.get(object.name, id).ok_or_else(|| {
            if self.tables.was_deleted(object.name, id) { Refusal::deleted() } else { Refusal::not_found() }
        })
    }

    fn write(&mut self, object: &'static SObject, id: String, mut fields: Fields, action: Action, now: DateTime<Utc>) {
        match object.name {
            "Opportunity" => settle_stage(&mut fields),
            "PricebookEntry" => self.name_price(&mut fields),
            _ => {}
        }
        fields.insert("LastModifiedDate".into(), instant(now).into());
        fields.insert("LastModifiedById".into(), seed::INTEGRATION_USER.into());
        fields.insert("SystemModstamp".into(), instant(now).into());
        let external_id = external_id(object, &fields);
        self.tables.put(object.name, Write { action, id: id.clone(), external_id, fields });
        if object.name == "PricebookEntry" {
            self.spread_standard_price(&id);
        }
    }

    /// Returns the record's fields with the validated input applied.
    fn assigned(&self, object: &SObject, input: &Fields, base: &Base<'_>) -> Result<Fields, Refusal> {
        let mut fields = match base {
            Base::New => Fields::new(),
            Base::Existing { fields, .. } => (*fields).clone(),
        };
        let mut mistakes = Vec::new();
        for (name, value) in input.iter().filter(|(name, _)| *name != "attributes") {
            let (field, value) = self.target(object, name, value, base)?;
            match self.accepted(object, field, &value)? {
                Ok(value) => drop(fields.insert(field.name.to_owned(), value)),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if object.name == "PricebookEntry" {
            mistakes.extend(self.take_standard_price(&mut fields, input));
        }
        mistakes.extend(self.missing(object, &fields));
        if mistakes.is_empty() {
            mistakes.extend(self.dangling(object, input, &fields));
            mistakes.extend(self.taken(object, &fields, base));
        }
        if mistakes.is_empty() && object.name == "PricebookEntry" && base.is_new() {
            mistakes.extend(self.price_refused(&fields));
        }
        if mistakes.is_empty() { Ok(fields) } else { Err(Refusal::record(mistakes)) }
    }

    /// Returns the field that an input sets, and the value. A parent can be given by its external id:
    /// `"Account": {"NetSuite_Id__c": "647"}`.
    fn target(
        &self,
        object: &SObject,
        name: &str,
        value: &Value,
        base: &Base<'_>,
    ) -> Result<(&'static Field, Value), Refusal> {
        if let Some(field) = self.schema.field(object, name) {
            if self.schema.writes_field(object, field) && (base.is_new() || !field.fixed) {
                return Ok((field, value.clone()));
            }
            let message = format!(
                "Unable to create/update fields: {}. Please check the security settings of this field and verify that \
                 it is read/write for your profile or permission set.",
                field.name
            );
            let mistake = Mistake::new("INVALID_FIELD_FOR_INSERT_UPDATE", message, &[field.name]);
            return Err(Refusal::record(vec![mistake]));
        }
        let Some((field, _, parent)) = self.schema.relation(object, name) else {
            return Err(Refusal::no_column(name, object.name));
        };
        let keys = value.as_object().into_iter().flatten().find(|(key, _)| *key != "attributes");
        let Some((key, value)) = keys else { return Err(Refusal::no_column(name, object.name)) };
        let key_field = self.schema.field(parent, key).filter(|field| field.external);
        let key_field = key_field.ok_or_else(|| Refusal::no_column(key, parent.name))?;
        let text = key_text(value).unwrap_or_default();
        match self.tables.find(parent.name, key_field.name, &text).as_slice() {
            [id] => Ok((field, Value::String(id.clone()))),
            _ => {
                let message = format!(
                    "Foreign key external ID: {text} not found for field {} in entity {}",
                    key_field.name, parent.name
                );
                Err(Refusal::record(vec![Mistake::new("INVALID_FIELD", message, &[])]))
            }
        }
    }

    fn dangling(&self, object: &SObject, input: &Fields, fields: &Fields) -> Option<Mistake> {
        let named = |name: &String| {
            let by_relation = || self.schema.relation(object, name).map(|found| found.0);
            self.schema.field(object, name).or_else(by_relation)
        };
        let given = input.keys().filter_map(named);
        let mut references = given.filter_map(|field| match field.kind {
            Kind::Reference(target, _) => Some((field, target, fields.get(field.name)?.as_str()?)),
            _ => None,
        });
        references
            .find(|(_, target, id)| self.tables.get(target, id).is_none())
            .map(|(field, ..)| Mistake::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[field.name]))
    }

    fn taken(&self, object: &SObject, fields: &Fields, base: &Base<'_>) -> Option<Mistake> {
        let own = match base {
            Base::New => "",
            Base::Existing { id, .. } => id,
        };
        object.fields.iter().filter(|field| field.unique).find_map(|field| {
            let value = fields.get(field.name).and_then(key_text)?;
            let other = self.tables.find(object.name, field.name, &value).into_iter().find(|id| id != own)?;
            let message = format!("duplicate value found: {} duplicates value on record with id: {other}", field.name);
            Some(Mistake::new("DUPLICATE_VALUE", message, &[]))
        })
    }

    fn missing(&self, object: &SObject, fields: &Fields) -> Option<Mistake> {
        let absent = |field: &&Field| {
            field.required && fields.get(field.name).is_none_or(|value| value.is_null() || value.as_str() == Some(""))
        };
        let names: Vec<&str> = self.schema.fields(object).filter(absent).map(|field| field.name).collect();
        let message = format!("Required fields are missing: [{}]", names.join(", "));
        (!names.is_empty()).then(|| Mistake::new("REQUIRED_FIELD_MISSING", message, &names))
    }

    /// Whether the org has several currencies.
    pub(super) fn has_currencies(&self) -> bool {
        self.schema.find(CURRENCY_TYPE).is_some()
    }

    /// Returns a value as it is stored. The outer error refuses the request, the inner one the record.
    fn accepted(&self, object: &SObject, field: &Field, value: &Value) -> Result<Result<Value, Mistake>, Refusal> {
        match value {
            Value::Null => Ok(Ok(Value::Null)),
            Value::String(code) if field.name == "CurrencyIsoCode" => Ok(self.currency(field, code)),
            value => match (self.schema.picklist(object, field), value.as_str()) {
                (Some(values), Some(text)) if !values.iter().any(|known| known == text) => {
                    Ok(Err(bad_picklist_value(field.name, field, text)))
                }
                _ => of_kind(field, value),
            },
        }
    }

    /// Returns the ISO codes of the active currencies.
    pub(super) fn currencies(&self) -> Vec<String> {
        let active = self.tables.rows(CURRENCY_TYPE).filter(|(_, of)| of.get("IsActive") == Some(&Value::Bool(true)));
        active.filter_map(|(_, of)| of.get("IsoCode").and_then(Value::as_str).map(str::to_owned)).collect()
    }

    /// Checks that a currency is active.
    fn currency(&self, field: &Field, code: &str) -> Result<Value, Mistake> {
        let is_active = self.currencies().iter().any(|active| active == code);
        if is_active { Ok(code.into()) } else { Err(bad_picklist_value("Currency ISO Code", field, code)) }
    }
}

fn bad_picklist_value(label: &str, field: &Field, value: &str) -> Mistake {
    let message = format!("{label}: bad value for restricted picklist field: {value}");
    Mistake::new("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, &[field.name])
}

/// Checks that a value fits the type of its field.
fn of_kind(field: &Field, value: &Value) -> Result<Result<Value, Mistake>, Refusal> {
    let accepted = match (field.kind, value) {
        (Kind::Text(length), Value::String(text)) => Ok(text_within(field, text, length)),
        (Kind::Text(length), Value::Number(_) | Value::Bool(_)) => Ok(text_within(field, &value.to_string(), length)),
        (Kind::Email, Value::String(text)) => Ok(email(field, text)),
        (Kind::Number(before, scale), Value::Number(_)) => Ok(number(field, value, before, scale)),
        (Kind::Integer, Value::Number(number)) if number.is_i64() => Ok(Ok(value.clone())),
        (Kind::Flag, Value::Bool(_)) => Ok(Ok(value.clone())),
        (Kind::Date, Value::String(text)) if is_date(text) => Ok(Ok(value.clone())),
        (Kind::Moment, Value::String(text)) => moment(text).map(|at| Ok(instant(at).into())).ok_or("datetime"),
        (Kind::Id | Kind::Reference(..), Value::String(text)) => Ok(Ok(ids::full(text).into())),
        (Kind::Text(_) | Kind::Email, _) => Err("string"),
        (Kind::Number(..), _) => Err("double"),
        (Kind::Integer, _) => Err("int"),
        (Kind::Flag, _) => Err("boolean"),
        (Kind::Date, _) => Err("date"),
        (Kind::Moment, _) => Err("datetime"),
        (Kind::Id | Kind::Reference(..), _) => Err("reference"),
    };
    accepted.map_err(|wanted| {
        let message = format!(
            "Cannot deserialize instance of {wanted} from {} value {} or request may be missing a required field: {}",
            json_kind(value),
            value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            field.name,
        );
        Refusal::plain(StatusCode::BAD_REQUEST, "JSON_PARSER_ERROR", message)
    })
}

const fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "VALUE_NULL",
        Value::Bool(_) => "VALUE_BOOLEAN",
        Value::Number(_) => "VALUE_NUMBER",
        Value::String(_) => "VALUE_STRING",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

fn text_within(field: &Field, text: &str, length: usize) -> Result<Value, Mistake> {
    if text.chars().count() <= length {
        // Salesforce stores an empty text as null.
        return Ok(if text.is_empty() { Value::Null } else { text.into() });
    }
    let message = format!("{}: data value too large: {text} (max length={length})", field.name);
    Err(Mistake::new("STRING_TOO_LONG", message, &[field.name]))
}

/// Longest e-mail address, in characters.
const EMAIL_LENGTH: usize = 80;

fn email(field: &Field, text: &str) -> Result<Value, Mistake> {
    text_within(field, text, EMAIL_LENGTH)?;
    let legal = text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'));
    if legal && !text.contains(char::is_whitespace) {
        return Ok(text.into());
    }
    let message = format!("{}: invalid email address: {text}", field.name);
    Err(Mistake::new("INVALID_EMAIL_ADDRESS", message, &[field.name]))
}

/// Rounds a number to `scale` decimals. Refuses more than `before` digits before the decimal point.
fn number(field: &Field, value: &Value, before: u32, scale: u32) -> Result<Value, Mistake> {
    let limit = Decimal::new(10_i128.pow(before), 0);
    let fits = |number: &Decimal| *number < limit && number.negated() < limit;
    let rounded = Decimal::of(value).map(|number| number.rounded(scale)).filter(fits);
    rounded.map(Decimal::to_json).ok_or_else(|| {
        let message = format!("{}: value outside of valid range on numeric field: {value}", field.name);
        Mistake::new("NUMBER_OUTSIDE_VALID_RANGE", message, &[field.name])
    })
}

fn is_date(text: &str) -> bool {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// Parses a time in any of the formats that Salesforce accepts.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let with_colon = DateTime::parse_from_rfc3339(text);
    let at = with_colon.or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    at.ok().map(|at| at.with_timezone(&Utc))
}

/// Sets the fields that follow from the stage.
fn settle_stage(fields: &mut Fields) {
    let stage = fields.get("StageName").and_then(Value::as_str).unwrap_or_default();
    let closing = STAGES.iter().find(|(name, _)| *name == stage).and_then(|(_, won)| *won);
    fields.insert("IsClosed".into(), closing.is_some().into());
    fields.insert("IsWon".into(), (closing == Some(true)).into());
    if let Some(won) = closing {
        let probability = if won { Decimal::new(100, 0) } else { Decimal::ZERO };
        fields.insert("Probability".into(), probability.to_json());
    }
}

pub(super) fn external_id(object: &SObject, fields: &Fields) -> Option<String> {
    let mut keys = object.fields.iter().filter(|field| field.external);
    keys.find_map(|field| fields.get(field.name).and_then(key_text))
}

/// Formats a time as the CRM does.
pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
}
