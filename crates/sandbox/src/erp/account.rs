//! The account: the record types, fields, tables and columns that its features provide and the caller's role can see,
//! its preferences, and its concurrency limit.

use serde_json::Value;

use super::super::access::Access;
use super::super::profile::{Mandatory, Profile};
use super::super::records::Fields;
use super::columns::Table;
use super::refusal::Refusal;
use super::types::{Kind, RecordType, Sublist, TYPES};

/// An account as one role sees it.
pub struct Account {
    features: Access,
    role: Access,
    mandatory: &'static [Mandatory],
    /// Most concurrent calls.
    pub concurrency: usize,
    /// Whether items have prices by price level and by quantity.
    pub has_price_levels: bool,
}

impl Account {
    pub fn of(profile: &'static Profile) -> Self {
        Self {
            features: Access::without(profile.erp_lacks),
            role: Access::default(),
            mandatory: profile.mandatory,
            concurrency: profile.concurrency,
            has_price_levels: profile.has_price_levels,
        }
    }

    /// Returns the restrictions of the caller's role.
    pub fn role(&self) -> &Access {
        &self.role
    }

    /// Replaces the restrictions of the caller's role.
    pub fn assume(&mut self, role: Access) {
        self.role = role;
    }

    /// Returns the visible record types.
    pub fn record_types(&self) -> impl Iterator<Item = &'static RecordType> {
        TYPES.iter().filter(|record_type| self.features.sees(record_type.name) && self.role.sees(record_type.name))
    }

    /// Returns the record type with this name, ignoring case.
    pub fn record_type(&self, name: &str) -> Result<&'static RecordType, Refusal> {
        let found = RecordType::find(name).filter(|record_type| self.features.sees(record_type.name));
        let found = found.ok_or_else(|| {
            Refusal::bad("INVALID_PARAMETER", &format!("Record type '{name}' does not exist.")).at("o:urlPath", name)
        })?;
        if self.role.sees(found.name) { Ok(found) } else { Err(Refusal::forbidden(found)) }
    }

    pub fn has(&self, record_type: &RecordType, field: &str) -> bool {
        record_type.knows(field) && self.sees(record_type.name, field)
    }

    /// Whether neither the account nor the role hides a field of a record type, sublist or table.
    pub fn sees(&self, of: &str, field: &str) -> bool {
        self.features.sees_field(of, field) && self.role.sees_field(of, field)
    }

    pub fn writes(&self, record_type: &RecordType, field: &str) -> bool {
        self.role.writes_field(record_type.name, field)
    }

    pub fn has_in_lines(&self, sublist: &Sublist, field: &str) -> bool {
        let known = sublist.fields.iter().any(|(name, _)| *name == field) || field.starts_with("custcol");
        known && self.sees(sublist.name, field)
    }

    /// Returns the required fields of a record type with their labels: first those of the type, then those of the
    /// account's preferences.
    pub fn required(&self, record_type: &RecordType) -> impl Iterator<Item = (&'static str, &'static str)> {
        let name = record_type.name;
        let preferred = self.mandatory.iter().filter(move |wanted| wanted.record == name);
        let preferred = preferred.map(|wanted| (wanted.field, wanted.label));
        record_type
            .required
            .iter()
            .copied()
            .chain(preferred)
            .filter(move |(field, _)| self.features.sees_field(name, field))
    }

    /// Refuses a write if the role may not create and change records of a type.
    pub fn demand_right(&self, record_type: &RecordType) -> Result<(), Refusal> {
        if self.role.writes(record_type.name) { Ok(()) } else { Err(Refusal::forbidden(record_type)) }
    }

    /// Returns the table with this name, ignoring case.
    pub fn table(&self, name: &str) -> Option<&'static Table> {
        Table::find(name).filter(|table| self.features.sees(table.name) && self.role.sees(table.name))
    }

    pub fn has_column(&self, table: &Table, column: &str) -> bool {
        table.has(column) && self.sees(table.name, column)
    }

    /// Removes the fields that the account lacks from a record.
    pub fn cut(&self, record_type: &RecordType, fields: &mut Fields) {
        fields.retain(|name, _| self.features.sees_field(record_type.name, name));
        for sublist in record_type.sublists {
            let lines = fields.get_mut(sublist.name).and_then(Value::as_array_mut).into_iter().flatten();
            for line in lines.filter_map(Value::as_object_mut) {
                line.retain(|name, _| self.features.sees_field(sublist.name, name));
            }
        }
    }

    /// Returns the name of the permission for a type, as in a role's settings: `Lists -> Customers`.
    pub fn permission(record_type: &RecordType) -> String {
        let group = if record_type.kind == Kind::Transaction { "Transactions" } else { "Lists" };
        let mut words = String::new();
        for character in record_type.name.chars() {
            if character.is_ascii_uppercase() {
                words.push(' ');
            }
            let at_start = words.is_empty();
            words.push(if at_start { character.to_ascii_uppercase() } else { character });
        }
        format!("{group} -> {words}")
    }
}
