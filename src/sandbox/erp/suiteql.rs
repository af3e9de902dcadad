//! SuiteQL: lower-case columns, numbers and booleans as text, columns without a value absent.

use std::sync::Arc;

use chrono::DateTime;
use http::Method;
use serde_json::{Map, Value, json};

use super::super::call::{Answer, Call};
use super::super::decimal::Decimal;
use super::super::query::{
    ACCOUNT_FORMAT, Column, Dialect, Literal, Name, Select, SyntaxError, holds, order, parse, read_date, written,
};
use super::super::records::{Deletion, Fields};
use super::read::{Page, lines_of};
use super::refusal::Refusal;
use super::types::{ITEMS, RecordType};
use super::{Erp, address, body_of};

/// A table: its name, the record types in it, and columns that exist even when no record has a value.
struct Table {
    name: &'static str,
    types: &'static [&'static str],
    columns: &'static [&'static str],
}

const TABLES: &[Table] = &[
    Table {
        name: "item",
        types: ITEMS,
        columns: &[
            "id",
            "itemid",
            "displayname",
            "externalid",
            "isinactive",
            "itemtype",
            "salesdescription",
            "unitstype",
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
            "companyname",
            "externalid",
            "email",
            "phone",
            "isinactive",
            "isperson",
            "balance",
            "overduebalance",
            "unbilledorders",
            "entitystatus",
            "creditholdoverride",
            "subsidiary",
            "currency",
            "terms",
            "creditlimit",
            "datecreated",
            "lastmodifieddate",
        ],
    },
    Table {
        name: "transaction",
        types: &["salesOrder", "invoice"],
        columns: &[
            "id",
            "tranid",
            "trandate",
            "externalid",
            "entity",
            "type",
            "status",
            "currency",
            "otherrefnum",
            "memo",
            "total",
            "foreigntotal",
            "taxtotal",
            "discounttotal",
            "exchangerate",
            "orderstatus",
            "subsidiary",
            "recordtype",
            "createdfrom",
            "subtotal",
            "createddate",
            "lastmodifieddate",
        ],
    },
    Table {
        name: "transactionline",
        types: &["salesOrder", "invoice"],
        columns: &["transaction", "linesequencenumber", "item", "quantity", "rate", "netamount", "memo"],
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
            "lastmodifieddate",
        ],
    },
    Table { name: "deletedrecord", types: &[], columns: &["recordid", "type", "deleteddate"] },
    Table { name: "subsidiary", types: &["subsidiary"], columns: &["id", "name", "isinactive"] },
    Table { name: "currency", types: &["currency"], columns: &["id", "name", "symbol", "isinactive"] },
    Table { name: "term", types: &["term"], columns: &["id", "name", "isinactive"] },
    Table { name: "country", types: &["country"], columns: &["id", "name"] },
    Table { name: "state", types: &["state"], columns: &["id", "shortname", "fullname", "country"] },
];

type Row = Map<String, Value>;

impl Erp {
    /// Answers one page of a query.
    pub(super) fn suiteql(&self, call: &Call) -> Result<Answer, Refusal> {
        if call.method != Method::POST {
            return Err(Refusal::method(&call.method));
        }
        if !call.prefers("transient") {
            let detail =
                "The required request header 'Prefer' is missing or its value is invalid. Use 'Prefer: transient'.";
            return Err(Refusal::bad("INVALID_HEADER", detail).at("o:errorHeader", "Prefer"));
        }
        let page = Page::of(call)?;
        let body = body_of(call)?;
        let text = body.get("q").and_then(Value::as_str);
        let text = text.ok_or_else(|| {
            Refusal::bad("INVALID_CONTENT", "Missing mandatory parameter 'q'.").at("o:errorPath", "q")
        })?;
        let select = parse(text, Dialect::SuiteQl).map_err(|error| unsearchable(&at(&error)))?;
        let (items, total) = self.found(&select, &page)?;
        Ok(page.answer(&address(&call.base, "query/v1/suiteql"), items, total))
    }

    fn found(&self, select: &Select, page: &Page) -> Result<(Vec<Value>, usize), Refusal> {
        let table = TABLES.iter().find(|table| table.name.eq_ignore_ascii_case(&select.from.text));
        let table = table.ok_or_else(|| unsearchable(&format!("Record '{}' was not found.", select.from.text)))?;
        let external = select.condition.as_ref().and_then(|it| it.pinned(&|name: &str| column(name) == "externalid"));
        let mut rows = self.rows_of(table, external);
        check(select, table, &rows)?;
        let value = |row: &Row, name: &str| row.get(&column(name)).cloned().unwrap_or(Value::Null);
        if let Some(condition) = &select.condition {
            rows.retain(|row| holds(condition, Dialect::SuiteQl, &|name| value(row, name)));
        }
        rows.sort_by(|left, right| order(&select.order, &|name| value(left, name), &|name| value(right, name)));
        if select.columns == [Column::Count] {
            return Ok((vec![json!({"links": [], "expr1": rows.len().to_string()})], 1));
        }
        let shown = rows.iter().skip(page.offset).take(page.limit).map(|row| shown_row(select, row)).collect();
        Ok((shown, rows.len()))
    }

    /// The rows of a table; with an external id only those that an index gives for it.
    fn rows_of(&self, table: &Table, external: Option<&str>) -> Vec<Row> {
        if table.name == "deletedrecord" {
            return self.deletions.iter().map(deletion_row).collect();
        }
        let types = table.types.iter().filter_map(|name| RecordType::find(name));
        let records = types.flat_map(|record_type| -> Vec<(&RecordType, Arc<Fields>)> {
            let of_type = |fields| (record_type, fields);
            match external {
                Some(external) => {
                    let ids = self.tables.find(record_type.name, "externalId", external);
                    ids.iter().filter_map(|id| self.tables.get(record_type.name, id)).map(of_type).collect()
                }
                None => self.tables.rows(record_type.name).map(|(_, fields)| fields.clone()).map(of_type).collect(),
            }
        });
        if table.name == "transactionline" {
            return records.flat_map(|(record_type, fields)| line_rows(record_type, &fields)).collect();
        }
        records.map(|(record_type, fields)| row(record_type, &fields)).collect()
    }
}

fn row(record_type: &RecordType, fields: &Fields) -> Row {
    let mut row: Row = fields.iter().filter_map(|(name, value)| Some((name.to_lowercase(), flat(value)?))).collect();
    if record_type.sells() {
        let kind = if record_type.name == "invoice" { "CustInvc" } else { "SalesOrd" };
        row.insert("type".into(), kind.into());
        row.insert("recordtype".into(), record_type.name.to_lowercase().into());
        if let Some(total) = row.get("total").cloned() {
            row.insert("foreigntotal".into(), total);
        }
    }
    row
}

fn line_rows(record_type: &RecordType, fields: &Fields) -> Vec<Row> {
    let lines = record_type.sublists.iter().flat_map(|sublist| lines_of(fields, sublist));
    let id = fields.get("id").cloned().unwrap_or_default();
    lines
        .filter_map(Value::as_object)
        .map(|line| {
            let mut row: Row =
                line.iter().filter_map(|(name, value)| Some((name.to_lowercase(), flat(value)?))).collect();
            row.insert("transaction".into(), id.clone());
            for (from, to) in [("line", "linesequencenumber"), ("amount", "netamount"), ("description", "memo")] {
                if let Some(value) = row.remove(from) {
                    row.insert(to.into(), value);
                }
            }
            row
        })
        .collect()
}

/// What is left of a record: its type in words without spaces, such as `SalesOrder`.
fn deletion_row(deletion: &Deletion) -> Row {
    let (first, rest) = deletion.record_type.split_at(1);
    Row::from_iter([
        ("recordid".to_owned(), deletion.id.as_str().into()),
        ("type".to_owned(), format!("{}{rest}", first.to_uppercase()).into()),
        ("deleteddate".to_owned(), deletion.at.to_rfc3339().into()),
    ])
}

/// A field as a column; lists are none.
fn flat(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Object(reference) => reference.get("id").cloned(),
        other => Some(other.clone()),
    }
}

/// A column's name without the table before it.
fn column(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().to_lowercase()
}

fn check(select: &Select, table: &Table, rows: &[Row]) -> Result<(), Refusal> {
    let known = |name: &Name| {
        let name = column(&name.text);
        let custom = ["custentity", "custbody", "custitem", "custcol"].iter().any(|prefix| name.starts_with(prefix));
        custom || table.columns.contains(&name.as_str()) || rows.iter().any(|row| row.contains_key(&name))
    };
    let mut names: Vec<&Name> = select.order.iter().map(|order| &order.field).collect();
    for column in &select.columns {
        match column {
            Column::Field(name, _) | Column::Written(name, ..) => names.push(name),
            Column::All => {}
            Column::Count if select.columns.len() == 1 => {}
            Column::Count | Column::Children(_) => return Err(unsearchable("Invalid or unsupported search.")),
        }
    }
    let tests = select.condition.as_ref().map(|condition| condition.tests()).unwrap_or_default();
    names.extend(tests.iter().map(|test| &test.field));
    if let Some(name) = names.into_iter().find(|name| !known(name)) {
        return Err(unsearchable(&format!(
            "Field '{}' for record '{}' was not found.",
            column(&name.text),
            table.name
        )));
    }
    let texts = tests.iter().filter(|test| is_date(&column(&test.field.text))).flat_map(|test| &test.literals);
    let unreadable = texts.filter_map(|literal| match literal {
        Literal::Text(text) if read_date(text, ACCOUNT_FORMAT).is_none() => Some(text),
        _ => None,
    });
    match unreadable.into_iter().next() {
        None => Ok(()),
        // As a text a date has to be in the account's format; TO_DATE takes any.
        Some(text) => {
            Err(unsearchable(&format!("Parse of date/time \"{text}\" failed with date format \"d.M.yyyy\".")))
        }
    }
}

/// Whether a column holds dates.
fn is_date(name: &str) -> bool {
    name.ends_with("date") || name == "datecreated"
}

fn shown_row(select: &Select, row: &Row) -> Value {
    let mut view = Fields::from_iter([("links".to_owned(), json!([]))]);
    let mut unnamed = 0;
    for wanted in &select.columns {
        match wanted {
            Column::All => view.extend(row.iter().map(|(name, value)| (name.clone(), shown(name, value)))),
            Column::Field(name, alias) => {
                let name = column(&name.text);
                if let Some(value) = row.get(&name) {
                    let value = shown(&name, value);
                    view.insert(alias.as_ref().map_or(name, |alias| alias.to_lowercase()), value);
                }
            }
            Column::Written(name, format, alias) => {
                unnamed += usize::from(alias.is_none());
                let moment = row.get(&column(&name.text)).and_then(Value::as_str);
                if let Some(text) = moment.and_then(|moment| written(moment, format)) {
                    let name = alias.as_ref().map_or_else(|| format!("expr{unnamed}"), |alias| alias.to_lowercase());
                    view.insert(name, text.into());
                }
            }
            Column::Count | Column::Children(_) => {}
        }
    }
    Value::Object(view)
}

/// A column's value: dates in the account's format, whatever else as [`text`].
fn shown(name: &str, value: &Value) -> Value {
    let date = value.as_str().filter(|_| is_date(name)).and_then(|moment| written(moment, ACCOUNT_FORMAT));
    date.map_or_else(|| text(value), Value::from)
}

fn text(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => if *flag { "T" } else { "F" }.into(),
        Value::Number(number) => {
            let written = Decimal::of(value).map_or_else(|| number.to_string(), |decimal| decimal.to_string());
            written.strip_suffix(".0").unwrap_or(&written).into()
        }
        // Instants of custom fields are dates in the account's format too.
        Value::String(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(_) => written(text, ACCOUNT_FORMAT).map_or_else(|| value.clone(), Value::from),
            Err(_) => value.clone(),
        },
        other => other.clone(),
    }
}

fn at(error: &SyntaxError) -> String {
    format!("Unexpected '{}' at position {}.", error.token, error.at)
}

fn unsearchable(reason: &str) -> Refusal {
    let detail =
        format!("Invalid search query. Detailed unprocessed description follows. Search error occurred: {reason}");
    Refusal::bad("INVALID_PARAMETER", &detail).at("o:errorQueryParam", "q")
}
