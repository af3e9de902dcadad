//! The latest changes, field by field.

use std::collections::VecDeque;

use serde_json::Value;

use crate::call::System;
use crate::records::{Change, Fields};
use crate::webhooks::Origin;

const SHOWN_MAX: usize = 12;
/// Fields that are not shown, because every write changes them.
const UNTOLD: [&str; 8] = [
    "Id",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
    "CreatedDate",
    "CreatedById",
    "lastModifiedDate",
    "OwnerId",
];

/// The latest changes, oldest first.
#[derive(Default)]
pub struct Recent(VecDeque<Entry>);

struct Entry {
    request: u64,
    system: System,
    record_type: &'static str,
    id: String,
    line: Line,
    fields: Vec<String>,
}

/// A change, as the page shows it.
#[derive(Clone)]
pub struct Line {
    pub at: String,
    pub system: &'static str,
    pub record: String,
    pub who: String,
    pub what: String,
}

impl Recent {
    pub fn note(&mut self, system: System, origin: &Origin, change: &Change) {
        let nothing = Fields::new();
        let before = change.before.as_deref().unwrap_or(&nothing);
        let after = change.after.as_deref().unwrap_or(&nothing);
        let names = crate::crm::changed(before, after).into_iter();
        let names: Vec<String> = names.filter(|name| !UNTOLD.contains(&name.as_str())).cloned().collect();
        let what = match (&change.before, &change.after) {
            (None, _) => "created".to_owned(),
            (_, None) => "deleted".to_owned(),
            _ if names.is_empty() => "written, nothing changed".to_owned(),
            _ => names.iter().map(|name| told(name, before.get(name), after.get(name))).collect::<Vec<_>>().join(", "),
        };
        let who = match &origin.client {
            _ if origin.by_person => "a person".to_owned(),
            Some(client) => client.clone(),
            None => "the API".to_owned(),
        };
        let line = Line {
            at: origin.at.format("%H:%M:%S").to_string(),
            system: system.name(),
            record: format!("{} {}", change.record_type, change.id),
            who,
            what,
        };
        let (record_type, id) = (change.record_type, change.id.clone());
        self.0.push_back(Entry { request: origin.request, system, record_type, id, line, fields: names });
        if self.0.len() > SHOWN_MAX {
            self.0.pop_front();
        }
    }

    /// Returns the changes for the page, newest first.
    pub fn lines(&self) -> Vec<Line> {
        self.0.iter().rev().map(|entry| entry.line.clone()).collect()
    }

    /// Returns how recently a field changed: `last` for the last call, `recent` for an earlier one, else an empty text.
    pub fn freshness(&self, system: System, record_type: &str, id: &str, field: &str) -> &'static str {
        let newest = self.0.back().map(|entry| entry.request);
        let of_record = |entry: &&Entry| entry.system == system && entry.record_type == record_type && entry.id == id;
        let mut touching =
            self.0.iter().rev().filter(of_record).filter(|entry| entry.fields.iter().any(|name| name == field));
        match touching.next() {
            Some(entry) if Some(entry.request) == newest => "last",
            Some(_) => "recent",
            None => "",
        }
    }
}

fn told(name: &str, before: Option<&Value>, after: Option<&Value>) -> String {
    let short = |value: Option<&Value>| {
        let text = super::pairs::text(value);
        let start: String = text.chars().take(60).collect();
        if start.len() < text.len() { format!("{start}…") } else { start }
    };
    match (before, after) {
        (_, Some(Value::Array(lines))) => format!("{name}: {} lines", lines.len()),
        _ => format!("{name}: {} → {}", short(before), short(after)),
    }
}
