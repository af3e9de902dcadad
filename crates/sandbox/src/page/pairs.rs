//! Pairs the records of both systems that represent the same thing, by external id.

use serde_json::Value;

use super::recent::Recent;
use crate::World;
use crate::call::System;

const ROWS_MAX: usize = 25;

/// A CRM object with the ERP record types that correspond to it.
pub(super) struct Pair {
    title: &'static str,
    crm_type: &'static str,
    erp_types: &'static [&'static str],
    /// The CRM field whose value is the ERP's external id.
    key: &'static str,
    /// The CRM field that contains the ERP's internal id.
    link: Option<&'static str>,
    crm: &'static [Column],
    erp: &'static [Column],
}

/// Title and JSON pointer.
type Column = (&'static str, &'static str);

const PAIRS: [Pair; 4] = [
    Pair {
        title: "Opportunities and sales orders",
        crm_type: "Opportunity",
        erp_types: &["salesOrder"],
        key: "Id",
        link: Some("NetSuite_Sales_Order_Id__c"),
        crm: &[
            ("Name", "/Name"),
            ("Stage", "/StageName"),
            ("Amount", "/Amount"),
            ("Order", "/NetSuite_Sales_Order_Id__c"),
        ],
        erp: &[
            ("Number", "/tranId"),
            ("Customer", "/entity/refName"),
            ("Lines", "/item/totalResults"),
            ("Subtotal", "/subtotal"),
            ("Total", "/total"),
        ],
    },
    Pair {
        title: "Accounts and customers",
        crm_type: "Account",
        erp_types: &["customer"],
        key: "Id",
        link: Some("NetSuite_Id__c"),
        crm: &[
            ("Name", "/Name"),
            ("Phone", "/Phone"),
            ("Credit limit", "/Credit_Limit__c"),
            ("Customer", "/NetSuite_Id__c"),
        ],
        erp: &[
            ("Company", "/companyName"),
            ("Phone", "/phone"),
            ("Credit limit", "/creditLimit"),
            ("Inactive", "/isInactive"),
        ],
    },
    Pair {
        title: "Contacts",
        crm_type: "Contact",
        erp_types: &["contact"],
        key: "Id",
        link: Some("NetSuite_Contact_Id__c"),
        crm: &[("First name", "/FirstName"), ("Last name", "/LastName"), ("E-mail", "/Email")],
        erp: &[("Contact", "/entityId"), ("E-mail", "/email"), ("Company", "/company/refName")],
    },
    Pair {
        title: "Products and items",
        crm_type: "Product2",
        erp_types: crate::erp::ITEM_TYPES,
        key: "NetSuite_Item_Id__c",
        link: None,
        crm: &[("Code", "/ProductCode"), ("Name", "/Name"), ("Active", "/IsActive")],
        erp: &[("Item", "/itemId"), ("Name", "/displayName"), ("Inactive", "/isInactive")],
    },
];

/// A pair with its rows.
pub struct Section {
    pub title: &'static str,
    pub crm: Head,
    pub erp: Head,
    pub rows: Vec<Row>,
}

/// The header of one side.
pub struct Head {
    pub record_type: &'static str,
    pub count: usize,
    pub columns: Vec<&'static str>,
}

/// A CRM record and the corresponding ERP record.
pub struct Row {
    pub crm: Option<Side>,
    pub erp: Option<Side>,
}

pub struct Side {
    pub record_type: &'static str,
    pub id: String,
    pub cells: Vec<Cell>,
}

/// A value, and how recently it changed.
pub struct Cell {
    pub text: String,
    pub fresh: &'static str,
}

/// Returns all pairs, each with its newest records first.
pub fn sections(world: &World) -> Vec<Section> {
    PAIRS.iter().map(|pair| pair.section(world)).collect()
}

impl Pair {
    fn section(&self, world: &World) -> Section {
        let mut rows: Vec<Row> = Vec::new();
        for record in world.crm.newest(self.crm_type, ROWS_MAX) {
            let other = self.of_erp(world, &record);
            rows.push(self.row(world, Some(&record), other.as_ref().map(|(name, record)| (*name, record))));
        }
        for name in self.erp_types {
            for record in world.erp.newest(name, ROWS_MAX) {
                let id = text(record.get("id"));
                if rows.iter().any(|row| row.erp.as_ref().is_some_and(|side| side.id == id)) {
                    continue;
                }
                rows.push(self.row(world, self.of_crm(world, &record).as_ref(), Some((*name, &record))));
            }
        }
        let head = |record_type, count, columns: &[Column]| Head {
            record_type,
            count,
            columns: columns.iter().map(|column| column.0).collect(),
        };
        let erp_count = self.erp_types.iter().map(|name| world.erp.count(name)).sum();
        Section {
            title: self.title,
            crm: head(self.crm_type, world.crm.count(self.crm_type), self.crm),
            erp: head(self.erp_types[0], erp_count, self.erp),
            rows,
        }
    }

    fn of_erp(&self, world: &World, record: &Value) -> Option<(&'static str, Value)> {
        let (key, link) = (text(record.get(self.key)), self.link.map(|link| text(record.get(link))));
        let found = |name: &'static str| {
            let by_link = || world.erp.shown(name, link.as_deref().filter(|id| !id.is_empty())?);
            world.erp.shown(name, &format!("eid:{key}")).or_else(by_link).map(|record| (name, record))
        };
        self.erp_types.iter().find_map(|name| found(name))
    }

    fn of_crm(&self, world: &World, record: &Value) -> Option<Value> {
        let (id, external) = (text(record.get("id")), text(record.get("externalId")));
        let by_key = world.crm.shown(self.crm_type, self.key, &external).filter(|_| !external.is_empty());
        by_key.or_else(|| world.crm.shown(self.crm_type, self.link?, &id))
    }

    fn row(&self, world: &World, crm: Option<&Value>, erp: Option<(&'static str, &Value)>) -> Row {
        let recent = &world.recent;
        Row {
            crm: crm.map(|record| side(recent, System::Crm, self.crm_type, "Id", self.crm, record)),
            erp: erp.map(|(name, record)| side(recent, System::Erp, name, "id", self.erp, record)),
        }
    }
}

fn side(
    recent: &Recent,
    system: System,
    record_type: &'static str,
    id: &str,
    columns: &[Column],
    record: &Value,
) -> Side {
    let id = text(record.get(id));
    let cell = |(_, pointer): &Column| {
        let field = pointer.split('/').nth(1).unwrap_or_default();
        Cell { text: text(record.pointer(pointer)), fresh: recent.freshness(system, record_type, &id, field) }
    };
    let cells = columns.iter().map(cell).collect();
    Side { record_type, id, cells }
}

/// Formats a value for people.
pub fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(reference)) if reference.contains_key("refName") => text(reference.get("refName")),
        Some(other) => other.to_string(),
    }
}
