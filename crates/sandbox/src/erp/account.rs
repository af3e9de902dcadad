//! What an account is like: the record types, fields, tables and columns that its features give it and its role lets the caller see,
//! what its preferences demand, and how much it works on at once.

use serde_json::Value;

use super::super::access::Access;
use super::super::profile::{Mandatory, Profile};
use super::super::records::Fields;
use super::columns::Table;
use super::refusal::Refusal;
use super::types::{Kind, RecordType, Sublist, TYPES};

/// An account, as one role sees it.
pub struct Account {
    features: Access,
    role: Access,
    mandatory: &'static [Mandatory],
    /// How many calls it works on at once.
    pub concurrency: usize,
    /// Whether items have prices of several levels and for several quantities.
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

    /// What the caller's role lacks.
    pub fn role(&self) -> &Access {
        &self.role
    }

    /// Gives the caller another role.
    pub fn assume(&mut self, role: Access) {
        self.role = role;
    }

    /// All record types.
    pub fn record_types(&self) -> impl Iterator<Item = &'static RecordType> {
        TYPES.iter().filter(|record_type| self.features.sees(record_type.name) && self.role.sees(record_type.name))
    }

    /// The record type of this name, in any case.
    pub fn record_type(&self, name: &str) -> Result<&'static RecordType, Refusal> {
        let found = RecordType::find(name).filter(|record_type| self.features.sees(record_type.name));
        let found = found.ok_or_else(|| {
            Refusal::bad("INVALID_PARAMETER", &format!("Record type '{name}' does not exist.")).at("o:urlPath", name)
        })?;
        if self.role.sees(found.name) { Ok(found) } else { Err(Refusal::forbidden(found)) }
    }

    /// Whether records of a type have a field.
    pub fn has(&self, record_type: &RecordType, field: &str) -> bool {
        record_type.knows(field) && self.sees(record_type.name, field)
    }

    /// Whether a field of a record type, a sublist or a table is none that the account or the role lacks.
    pub fn sees(&self, of: &str, field: &str) -> bool {
        self.features.sees_field(of, field) && self.role.sees_field(of, field)
    }

    /// Whether the role may set a field.
    pub fn writes(&self, record_type: &RecordType, field: &str) -> bool {
        self.role.writes_field(record_type.name, field)
    }

    /// Whether lines of a sublist have a field.
    pub fn has_in_lines(&self, sublist: &Sublist, field: &str) -> bool {
        let known = sublist.fields.iter().any(|(name, _)| *name == field) || field.starts_with("custcol");
        known && self.sees(sublist.name, field)
    }

    /// The fields that a record of a type needs, with their labels: those of the type, then those of the account's preferences.
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

    /// Whether the role may make and change records of a type.
    pub fn demand_right(&self, record_type: &RecordType) -> Result<(), Refusal> {
        if self.role.writes(record_type.name) { Ok(()) } else { Err(Refusal::forbidden(record_type)) }
    }

    /// The table of this name, in any case.
    pub fn table(&self, name: &str) -> Option<&'static Table> {
        Table::find(name).filter(|table| self.features.sees(table.name) && self.role.sees(table.name))
    }

    /// Whether a table has a column.
    pub fn has_column(&self, table: &Table, column: &str) -> bool {
        table.has(column) && self.sees(table.name, column)
    }

    /// A record as this account has it, without the fields that it lacks.
    pub fn cut(&self, record_type: &RecordType, fields: &mut Fields) {
        fields.retain(|name, _| self.features.sees_field(record_type.name, name));
        for sublist in record_type.sublists {
            let lines = fields.get_mut(sublist.name).and_then(Value::as_array_mut).into_iter().flatten();
            for line in lines.filter_map(Value::as_object_mut) {
                line.retain(|name, _| self.features.sees_field(sublist.name, name));
            }
        }
    }

    /// The permission for a type, as people give it to a role: `Lists -> Customers`.
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
