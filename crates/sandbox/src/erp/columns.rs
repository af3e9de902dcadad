//! The tables and columns of SuiteQL, and their rows.
//!
//! They follow the vendor's analytics data source, which differs from the record service: an item's `salesDescription`
//! is the column `description`, an order's `createdFrom` is in its lines, and quantities and amounts of sales are
//! negative.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::records::{Deletion, Fields};
use super::Erp;
use super::orders::id_of;
use super::read::lines_of;
use super::types::{ITEMS, RecordType, TRANSACTIONS};
use stepwell_text::decimal::Decimal;

/// A table: its name, its record types and its columns.
pub struct Table {
    pub name: &'static str,
    pub types: &'static [&'static str],
    pub columns: &'static [&'static str],
}

pub type Row = Map<String, Value>;

const TABLES: &[Table] = &[
    Table {
        name: "item",
        types: ITEMS,
        columns: &[
            "id",
            "itemid",
            "displayname",
            "fullname",
            "externalid",
            "isinactive",
            "itemtype",
            "subtype",
            "description",
            "purchasedescription",
            "storedescription",
            "isserialitem",
            "islotitem",
            "isfulfillable",
            "parent",
            "saleunit",
            "unitstype",
            "cost",
            "createddate",
            "lastmodifieddate",
        ],
    },
    Table {
        name: "customer",
        types: &["customer"],
        columns: &[
            "id",
            "entityid",
            "altname",
            "companyname",
            "firstname",
            "lastname",
            "externalid",
            "email",
            "phone",
            "fax",
            "url",
            "vatregnumber",
            "comments",
            "isinactive",
            "isperson",
            "parent",
            "currency",
            "terms",
            "entitystatus",
            "creditlimit",
            "creditholdoverride",
            "oncredithold",
            "unbilledorders",
            "pricelevel",
            "salesrep",
            "defaultbillingaddress",
            "defaultshippingaddress",
            "datecreated",
            "lastmodifieddate",
        ],
    },
    // The subsidiaries of a customer, which the table of customers does not have.
    Table {
        name: "customersubsidiaryrelationship",
        types: &["customer"],
        columns: &["id", "entity", "subsidiary", "isprimarysub", "balance"],
    },
    Table {
        name: "transaction",
        types: TRANSACTIONS,
        columns: &[
            "id",
            "tranid",
            "trandate",
            "externalid",
            "entity",
            "type",
            "recordtype",
            "status",
            "currency",
            "exchangerate",
            "otherrefnum",
            "memo",
            "foreigntotal",
            "foreignamountunpaid",
            "taxtotal",
            "posting",
            "voided",
            "employee",
            "terms",
            "duedate",
            "createddate",
            "lastmodifieddate",
        ],
    },
    Table {
        name: "transactionline",
        types: TRANSACTIONS,
        columns: &[
            "id",
            "uniquekey",
            "transaction",
            "linesequencenumber",
            "mainline",
            "taxline",
            "iscogs",
            "createdfrom",
            "entity",
            "subsidiary",
            "department",
            "class",
            "location",
            "item",
            "itemtype",
            "quantity",
            "quantityshiprecv",
            "quantitybilled",
            "rate",
            "netamount",
            "foreignamount",
            "memo",
            "isclosed",
        ],
    },
    Table {
        name: "contact",
        types: &["contact"],
        columns: &[
            "id",
            "entityid",
            "externalid",
            "firstname",
            "lastname",
            "salutation",
            "title",
            "email",
            "phone",
            "mobilephone",
            "company",
            "isinactive",
            "datecreated",
            "lastmodifieddate",
        ],
    },
    Table { name: "deletedrecord", types: &[], columns: &["recordid", "type", "deleteddate"] },
    Table { name: "subsidiary", types: &["subsidiary"], columns: &["id", "name", "isinactive"] },
    Table {
        name: "currency",
        types: &["currency"],
        columns: &["id", "name", "symbol", "isinactive", "isbasecurrency", "currencyprecision"],
    },
    Table { name: "term", types: &["term"], columns: &["id", "name", "isinactive"] },
    Table { name: "pricelevel", types: &["priceLevel"], columns: &["id", "name", "discountpct", "isinactive"] },
    Table { name: "pricing", types: ITEMS, columns: super::items::prices::PRICING },
    Table { name: "itemquantity", types: ITEMS, columns: super::items::prices::QUANTITIES },
    Table { name: "country", types: &["country"], columns: &["id", "name"] },
    Table { name: "state", types: &["state"], columns: &["id", "shortname", "fullname", "country"] },
];

impl Table {
    /// Returns the table with this name, ignoring case.
    pub fn find(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// Whether the table has a column. Every custom field exists.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains(&column) || is_custom(column)
    }
}

fn is_custom(column: &str) -> bool {
    ["custentity", "custbody", "custitem", "custcol"].iter().any(|prefix| column.starts_with(prefix))
}

impl Erp {
    /// Returns the rows of a table. `external` limits them to those an index finds for the external id, `above` to
    /// those with a higher id.
    pub(super) fn rows_of(&self, table: &Table, external: Option<&str>, above: Option<&Decimal>) -> Vec<Row> {
        if table.name == "deletedrecord" {
            return self.deletions.iter().map(deletion_row).collect();
        }
        let types = table.types.iter().filter_map(|name| RecordType::find(name));
        let is_above = |id: &str| above.is_none_or(|last| Decimal::parse(id).is_none_or(|id| id > *last));
        let records = types.flat_map(|record_type| -> Vec<(&RecordType, Arc<Fields>)> {
            let of_type = |fields| (record_type, fields);
            match external {
                Some(external) => {
                    let ids = self.tables.find(record_type.name, "externalId", external);
                    ids.iter().filter_map(|id| self.tables.get(record_type.name, id)).map(of_type).collect()
                }
                None => {
                    let rows = self.tables.rows(record_type.name).filter(|(id, _)| is_above(id));
                    rows.map(|(_, fields)| fields.clone()).map(of_type).collect()
                }
            }
        });
        match table.name {
            "transactionline" => records.flat_map(|(of, fields)| self.line_rows(of, &fields)).collect(),
            "customersubsidiaryrelationship" => records.map(|(_, fields)| relationship_row(&fields)).collect(),
            "pricing" => records.flat_map(|(_, fields)| super::items::prices::pricing_rows(&fields)).collect(),
            "itemquantity" => records.flat_map(|(_, fields)| super::items::prices::quantity_rows(&fields)).collect(),
            _ => records.map(|(of, fields)| row(table, of, &fields)).collect(),
        }
    }

    /// Removes the columns that the account lacks from a row.
    pub(super) fn cut_row(&self, table: &Table, row: &mut Row) {
        row.retain(|name, _| self.account.has_column(table, name));
    }

    /// Returns the lines of a transaction: one for the whole transaction, one per item, one for the tax.
    fn line_rows(&self, record_type: &RecordType, fields: &Fields) -> Vec<Row> {
        let amount = |name: &str| fields.get(name).and_then(Decimal::of);
        let mut common = Row::new();
        common.insert("transaction".into(), fields.get("id").cloned().unwrap_or_default());
        for name in ["createdFrom", "subsidiary", "department", "class", "location", "entity"] {
            common.extend(fields.get(name).and_then(flat).map(|value| (name.to_lowercase(), value)));
        }
        let numbered = |number: usize, is_main: bool, is_tax: bool| {
            let mut row = common.clone();
            let key = format!("{}{number:04}", fields.get("id").and_then(Value::as_str).unwrap_or_default());
            row.extend([
                ("id".to_owned(), json!(number.to_string())),
                ("uniquekey".to_owned(), json!(key)),
                ("linesequencenumber".to_owned(), json!(number)),
                ("mainline".to_owned(), json!(is_main)),
                ("taxline".to_owned(), json!(is_tax)),
                ("iscogs".to_owned(), json!(false)),
            ]);
            row
        };
        let signed = |row: &mut Row, value: Option<Decimal>| {
            for name in ["netamount", "foreignamount"] {
                row.extend(value.map(|value| (name.to_owned(), value.to_json())));
            }
        };
        let mut whole = numbered(0, true, false);
        signed(&mut whole, amount("total"));
        let mut rows = vec![whole];
        for line in record_type.sublists.iter().flat_map(|sublist| lines_of(fields, sublist)) {
            let mut row = numbered(rows.len(), false, false);
            let number = |name: &str| line.get(name).and_then(Decimal::of);
            for (name, value) in [
                ("quantity", number("quantity").map(Decimal::negated)),
                ("rate", number("rate")),
                ("quantityshiprecv", number("quantityFulfilled")),
                ("quantitybilled", number("quantityBilled")),
            ] {
                row.extend(value.map(|value| (name.to_owned(), value.to_json())));
            }
            signed(&mut row, number("amount").map(Decimal::negated));
            let kind = ITEMS.iter().find_map(|name| self.tables.get(name, line["item"]["id"].as_str()?));
            let itemtype = kind.as_ref().and_then(|item| id_of(item, "itemType")).map(Value::from);
            let texts = [("item", flat(&line["item"])), ("itemtype", itemtype), ("memo", flat(&line["description"]))];
            row.extend(texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
            row.insert("isclosed".into(), (line["isClosed"] == Value::Bool(true)).into());
            let custom = line.as_object().into_iter().flatten().filter(|(name, _)| is_custom(name));
            row.extend(custom.filter_map(|(name, value)| Some((name.clone(), flat(value)?))));
            rows.push(row);
        }
        if let Some(tax) = amount("taxTotal").filter(|tax| *tax != Decimal::ZERO) {
            let mut row = numbered(rows.len(), false, true);
            signed(&mut row, Some(tax.negated()));
            rows.push(row);
        }
        rows
    }
}

fn row(table: &Table, record_type: &RecordType, fields: &Fields) -> Row {
    let mut row: Row = fields
        .iter()
        .filter_map(|(name, value)| Some((name.to_lowercase(), flat(value)?)))
        .filter(|(name, _)| table.has(name))
        .collect();
    let copied = |name: &str| fields.get(name).and_then(flat);
    let mut more: Vec<(&str, Option<Value>)> = Vec::new();
    match table.name {
        "item" => {
            let kind = record_type.item_kind();
            more.extend([
                ("description", copied("salesDescription")),
                ("fullname", copied("itemId")),
                ("isserialitem", kind.map(|kind| kind.is_serialized().into())),
                ("islotitem", kind.map(|kind| kind.is_lot_numbered().into())),
                ("isfulfillable", kind.map(|kind| kind.ships().into())),
            ]);
        }
        "customer" => {
            more.extend([("altname", copied("companyName")), ("oncredithold", Some(is_on_hold(fields).into()))])
        }
        "transaction" => {
            let (kind, posts) = match record_type.name {
                "invoice" => ("CustInvc", true),
                "itemFulfillment" => ("ItemShip", true),
                _ => ("SalesOrd", false),
            };
            more.extend([
                ("type", Some(kind.into())),
                ("recordtype", Some(record_type.script.into())),
                ("status", letter(record_type, fields).map(Value::from)),
                ("foreigntotal", copied("total")),
                ("foreignamountunpaid", copied("amountRemaining")),
                ("employee", copied("salesRep")),
                ("posting", Some(posts.into())),
                ("voided", Some(false.into())),
            ]);
        }
        _ => {}
    }
    row.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    row
}

/// Returns the status of a transaction as a letter, whose meaning depends on the type.
fn letter<'a>(record_type: &RecordType, fields: &'a Fields) -> Option<&'a str> {
    match (record_type.name, id_of(fields, "status")?) {
        ("invoice", "Paid In Full") => Some("B"),
        ("invoice", _) => Some("A"),
        (_, letter) => Some(letter),
    }
}

/// Whether new orders of a customer would be put on hold.
fn is_on_hold(fields: &Fields) -> bool {
    let amount = |name: &str| fields.get(name).and_then(Decimal::of);
    match id_of(fields, "creditHoldOverride") {
        Some("ON") => true,
        Some("OFF") => false,
        _ => amount("creditLimit").is_some_and(|limit| {
            let owed =
                amount("balance").unwrap_or(Decimal::ZERO).plus(amount("unbilledOrders").unwrap_or(Decimal::ZERO));
            owed.is_some_and(|owed| owed > limit)
        }),
    }
}

fn relationship_row(fields: &Fields) -> Row {
    let id = fields.get("id").cloned().unwrap_or_default();
    let subsidiary = fields.get("subsidiary").and_then(flat);
    let values = [
        ("id", Some(id.clone())),
        ("entity", Some(id)),
        ("subsidiary", subsidiary),
        ("isprimarysub", Some(true.into())),
        ("balance", fields.get("balance").cloned()),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Returns the row of a deleted record. Its type has the form `SalesOrder`.
fn deletion_row(deletion: &Deletion) -> Row {
    let (first, rest) = deletion.record_type.split_at(1);
    Row::from_iter([
        ("recordid".to_owned(), deletion.id.as_str().into()),
        ("type".to_owned(), format!("{}{rest}", first.to_uppercase()).into()),
        ("deleteddate".to_owned(), deletion.at.to_rfc3339().into()),
    ])
}

/// Returns a field as a column; `None` for lists, which are not columns.
fn flat(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Object(reference) => reference.get("id").cloned(),
        other => Some(other.clone()),
    }
}
