//! SuiteQL: column names in lower case, numbers and booleans as text, columns without a value omitted.

use chrono::DateTime;
use http::Method;
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::query::{
    ACCOUNT_FORMAT, Column, Dialect, Literal, Name, Select, SyntaxError, holds, order, parse, read_date, written,
};
use super::super::records::Fields;
use super::columns::{Row, Table};
use super::read::Page;
use super::refusal::Refusal;
use super::{Erp, address, body_of};
use stepwell_text::decimal::Decimal;

/// The pseudo-column in conditions such as `where rownum <= 10`.
const ROW_NUMBER: &str = "rownum";

impl Erp {
    /// Returns one page of a query.
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
        let table = self
            .account
            .table(&select.from.text)
            .ok_or_else(|| unsearchable(&format!("Record '{}' was not found.", select.from.text)))?;
        let external = select.condition.as_ref().and_then(|it| it.pinned(&|name: &str| column(name) == "externalid"));
        self.check(select, table)?;
        let above = select.condition.as_ref().and_then(|it| it.above(&|name: &str| column(name) == "id"));
        let above = above.filter(|_| table.name != "transactionline");
        let mut rows = self.rows_of(table, external, above);
        if select.columns.contains(&Column::All) {
            rows.iter_mut().for_each(|row| self.cut_row(table, row));
        }
        for (place, row) in rows.iter_mut().enumerate() {
            row.insert(ROW_NUMBER.to_owned(), (place + 1).into());
        }
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

    fn check(&self, select: &Select, table: &Table) -> Result<(), Refusal> {
        let known = |name: &Name| {
            let column = column(&name.text);
            column == ROW_NUMBER || self.account.has_column(table, &column)
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
            // A date text must be in the account's format; `TO_DATE` accepts any.
            Some(text) => {
                Err(unsearchable(&format!("Parse of date/time \"{text}\" failed with date format \"d.M.yyyy\".")))
            }
        }
    }
}

/// Returns a column's name in lower case, without its table.
fn column(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().to_lowercase()
}

/// Whether a column contains dates.
fn is_date(name: &str) -> bool {
    name.ends_with("date") || name == "datecreated"
}

fn shown_row(select: &Select, row: &Row) -> Value {
    let mut view = Fields::from_iter([("links".to_owned(), json!([]))]);
    let mut unnamed = 0;
    for wanted in &select.columns {
        match wanted {
            Column::All => view.extend(
                row.iter()
                    .filter(|(name, _)| *name != ROW_NUMBER)
                    .map(|(name, value)| (name.clone(), shown(name, value))),
            ),
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

/// Formats a column's value: dates in the account's format, others as [`text`].
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
        // Timestamps in custom fields are shown as dates as well.
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
