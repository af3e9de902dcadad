//! Rules that a record of the ERP must satisfy, on its own and in relation to other records.

use serde_json::Value;

use super::super::records::{Fields, key_text};
use super::Erp;
use super::orders::id_of;
use super::refusal::Refusal;
use super::types::{ITEMS, Kind, RecordType, TRANSACTIONS, TYPES};

impl Erp {
    /// Refuses to change the currency of a customer with transactions. Without transactions the change is allowed and
    /// removes the credit limit, which was in the old currency.
    pub(super) fn keep_currency(
        &self,
        record_type: &RecordType,
        before: &Fields,
        fields: &mut Fields,
        id: &str,
    ) -> Result<(), Refusal> {
        if record_type.name != "customer" || id_of(before, "currency") == id_of(fields, "currency") {
            return Ok(());
        }
        let is_of = |name: &&str| self.tables.rows(name).any(|(_, fields)| id_of(fields, "entity") == Some(id));
        if TRANSACTIONS.iter().any(is_of) {
            let detail = "You cannot change the primary currency of this customer, because it has transactions.";
            return Err(Refusal::user(detail));
        }
        fields.remove("creditLimit");
        Ok(())
    }

    /// Refuses an external id that another record has.
    pub(super) fn demand_free(
        &self,
        record_type: &RecordType,
        fields: &Fields,
        own: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(external) = fields.get("externalId").and_then(key_text) else { return Ok(()) };
        // External ids are unique among all entities, among all transactions, and among all items.
        let group = TYPES.iter().filter(|other| other.kind == record_type.kind);
        let mut others = group.flat_map(|other| {
            let ids = self.tables.find(other.name, "externalId", &external);
            ids.into_iter().map(move |id| (other.name, id))
        });
        if others.all(|(name, id)| name == record_type.name && Some(id.as_str()) == own) {
            return Ok(());
        }
        let what = if record_type.kind == Kind::Entity { "entity" } else { "record" };
        Err(Refusal::user(&format!("This {what} already exists.")))
    }

    /// Refuses two contacts of one company with the same name.
    pub(super) fn demand_own_name(
        &self,
        record_type: &RecordType,
        fields: &Fields,
        own: Option<&str>,
    ) -> Result<(), Refusal> {
        let name = fields.get("entityId").and_then(key_text).unwrap_or_default();
        let is_of_company = |id: &String| {
            let other = self.tables.get("contact", id);
            other.is_some_and(|other| id_of(&other, "company") == id_of(fields, "company"))
        };
        let mut alike = self.tables.find("contact", "entityId", &name).into_iter();
        if record_type.name != "contact" || !alike.any(|id| Some(id.as_str()) != own && is_of_company(&id)) {
            return Ok(());
        }
        let detail = "A contact record with this name already exists. Every contact record must have a unique name.";
        Err(Refusal::user(detail))
    }

    /// Refuses a transaction in a currency that its customer does not have.
    pub(super) fn demand_currency(&self, fields: &Fields) -> Result<(), Refusal> {
        let customer = id_of(fields, "entity").and_then(|id| self.tables.get("customer", id));
        let (Some(customer), Some(wanted)) = (customer, id_of(fields, "currency")) else { return Ok(()) };
        let list = customer.get("currencyList").and_then(Value::as_array).into_iter().flatten();
        let mut listed = list.filter_map(Value::as_object).filter_map(|line| id_of(line, "currency"));
        if id_of(&customer, "currency") == Some(wanted) || listed.any(|id| id == wanted) {
            return Ok(());
        }
        Err(Refusal::value(wanted, "currency", "currency"))
    }

    /// Whether other records refer to a record, so that it cannot be deleted.
    pub(super) fn has_dependents(&self, record_type: &RecordType, id: &str) -> bool {
        let leads_here =
            |value: Option<&Value>| value.and_then(|value| value.get("id")).and_then(Value::as_str) == Some(id);
        let of = |name: &str, field: &str| self.tables.rows(name).any(|(_, fields)| leads_here(fields.get(field)));
        match record_type.name {
            "customer" => TRANSACTIONS.iter().any(|name| of(name, "entity")),
            "salesOrder" => of("invoice", "createdFrom") || of("itemFulfillment", "createdFrom"),
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

    /// Refuses a record without its required fields.
    pub(super) fn demand(&self, record_type: &RecordType, fields: &Fields) -> Result<(), Refusal> {
        let absent = |name: &str| fields.get(name).is_none_or(|value| value.as_str() == Some(""));
        let required = self.account.required(record_type);
        let missing: Vec<&str> = required.filter(|(name, _)| absent(name)).map(|(_, label)| label).collect();
        if !missing.is_empty() {
            return Err(Refusal::user(&format!("Please enter value(s) for: {}.", missing.join(", "))));
        }
        if record_type.sells() && fields.get("item").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            return Err(Refusal::user("You must enter at least one line item for this transaction."));
        }
        Ok(())
    }
}

/// Refuses to create a fulfillment directly: it must be transformed from an order.
pub fn demand_transform(record_type: &RecordType) -> Result<(), Refusal> {
    if record_type.name != "itemFulfillment" {
        return Ok(());
    }
    Err(Refusal::user("An item fulfillment is created from its order: use !transform/itemFulfillment."))
}

/// Refuses a text that is longer than its field allows. Nothing is truncated.
pub fn fits(value: &Value, longest: Option<usize>, field: &str, path: &str) -> Result<(), Refusal> {
    let (Some(longest), Some(text)) = (longest, value.as_str()) else { return Ok(()) };
    if text.chars().count() <= longest {
        return Ok(());
    }
    let detail =
        format!("The field {field} contained more than the maximum number ( {longest} ) of characters allowed.");
    Err(Refusal::user(&detail).at("o:errorPath", path))
}
