//! Reads records: references with links and names, sublists on request.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::call::{Answer, Call};
use super::super::records::Fields;
use super::refusal::Refusal;
use super::types::{RecordType, Sublist};
use super::{COLLECTION, Erp, SINGULAR, address, self_link};

const PAGE_MAX: usize = 1_000;
/// Most rows that pages can reach. For more, callers must query ids above the last one.
const ROWS_MAX: usize = 100_000;

/// Whether sublists include their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Only links to the sublists.
    Links,
    /// The lines of the sublists.
    Expanded,
}

/// The requested part of a list.
pub struct Page {
    pub limit: usize,
    pub offset: usize,
}

impl Erp {
    /// Returns a record.
    pub(super) fn read(&self, call: &Call, record_type: &RecordType, key: &str) -> Result<Answer, Refusal> {
        let id = self.find(record_type, key).ok_or_else(Refusal::no_record)?;
        let fields = self.tables.get(record_type.name, &id).ok_or_else(Refusal::no_record)?;
        let expanded = call.parameter("expandSubResources") == Some("true");
        let depth = if expanded { Depth::Expanded } else { Depth::Links };
        let mut view = self.view(&call.base, record_type, &fields, depth);
        if let (Some(names), Some(view)) = (call.parameter("fields"), view.as_object_mut()) {
            let names: Vec<&str> = names.split(',').map(str::trim).collect();
            view.retain(|name, _| ["links", "id"].contains(&name.as_str()) || names.contains(&name.as_str()));
        }
        Ok(Answer::json(StatusCode::OK, SINGULAR, view))
    }

    /// Returns a sublist, or one line of it.
    pub(super) fn read_sublist(
        &self,
        call: &Call,
        record_type: &RecordType,
        key: &str,
        name: &str,
        line: Option<&str>,
    ) -> Result<Answer, Refusal> {
        let id = self.find(record_type, key).ok_or_else(Refusal::no_record)?;
        let fields = self.tables.get(record_type.name, &id).ok_or_else(Refusal::no_record)?;
        let sublist = record_type.sublist(name).ok_or_else(|| Refusal::no_resource(&call.path))?;
        let href = address(&call.base, &format!("record/v1/{}/{id}/{name}", record_type.name));
        let Some(line) = line else {
            return Ok(Answer::json(
                StatusCode::OK,
                COLLECTION,
                self.sublist_view(&call.base, &href, sublist, &fields),
            ));
        };
        let found = lines_of(&fields, sublist).iter().find(|fields| line_key(sublist, fields) == line);
        let found = found.ok_or_else(Refusal::no_record)?;
        Ok(Answer::json(StatusCode::OK, SINGULAR, self.line_view(&call.base, &href, sublist, found)))
    }

    /// Returns a record as callers see it.
    pub(super) fn view(&self, base: &str, record_type: &RecordType, fields: &Fields, depth: Depth) -> Value {
        let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
        let href = address(base, &format!("record/v1/{}/{id}", record_type.name));
        let mut view = Fields::new();
        view.insert("links".into(), self_link(&href));
        let shown = fields.iter().filter(|(name, _)| self.account.sees(record_type.name, name));
        for (name, value) in shown.filter(|(name, _)| record_type.sublist(name).is_none()) {
            let shown = match record_type.reference(name) {
                Some(targets) => self.reference_view(base, targets, value),
                None => value.clone(),
            };
            view.insert(name.clone(), shown);
        }
        for sublist in record_type.sublists.iter().filter(|of| self.account.sees(record_type.name, of.name)) {
            let href = format!("{href}/{}", sublist.name);
            let shown = match depth {
                Depth::Links => json!({"links": self_link(&href)}),
                Depth::Expanded => self.sublist_view(base, &href, sublist, fields),
            };
            view.insert(sublist.name.to_owned(), shown);
        }
        Value::Object(view)
    }

    fn sublist_view(&self, base: &str, href: &str, sublist: &Sublist, fields: &Fields) -> Value {
        let lines = lines_of(fields, sublist);
        let items: Vec<Value> = lines.iter().map(|line| self.line_view(base, href, sublist, line)).collect();
        json!({"links": self_link(href), "count": items.len(), "hasMore": false, "offset": 0, "totalResults": items.len(), "items": items})
    }

    fn line_view(&self, base: &str, href: &str, sublist: &Sublist, line: &Value) -> Value {
        let mut view = Fields::new();
        view.insert("links".into(), self_link(&format!("{href}/{}", line_key(sublist, line))));
        for (name, value) in line.as_object().into_iter().flatten() {
            let shown =
                if name == "item" { self.reference_view(base, super::types::ITEMS, value) } else { value.clone() };
            view.insert(name.clone(), shown);
        }
        Value::Object(view)
    }

    fn reference_view(&self, base: &str, targets: &[&'static str], value: &Value) -> Value {
        let Some(id) = value.get("id").and_then(Value::as_str) else { return value.clone() };
        let target = targets.iter().find_map(|name| Some((*name, self.tables.get(name, id)?)));
        let Some((name, fields)) = target else { return value.clone() };
        let href = address(base, &format!("record/v1/{name}/{id}"));
        json!({"links": self_link(&href), "id": id, "refName": display_name(&fields)})
    }

    /// Returns all records of a type, as links.
    pub(super) fn collection(&self, call: &Call, record_type: &RecordType) -> Result<Answer, Refusal> {
        let page = Page::of(call)?;
        let wanted = call.parameter("q").map(conditions).transpose()?.unwrap_or_default();
        let meets = |fields: &Fields| wanted.iter().all(|condition| condition.holds(fields));
        let found: Vec<&str> =
            self.tables.rows(record_type.name).filter(|(_, fields)| meets(fields)).map(|(id, _)| id).collect();
        let path = format!("record/v1/{}", record_type.name);
        let item = |id: &&str| json!({"links": self_link(&address(&call.base, &format!("{path}/{id}"))), "id": id});
        let items = found.iter().skip(page.offset).take(page.limit).map(item).collect();
        Ok(page.answer(&address(&call.base, &path), items, found.len()))
    }
}

impl Page {
    /// Reads the page that a call requests.
    pub fn of(call: &Call) -> Result<Self, Refusal> {
        let number = |name: &str, default: usize| match call.parameter(name) {
            None => Ok(default),
            Some(text) => text.parse::<usize>().map_err(|_| invalid(name, text)),
        };
        let page = Self { limit: number("limit", PAGE_MAX)?, offset: number("offset", 0)? };
        if page.limit == 0 || page.limit > PAGE_MAX {
            return Err(invalid("limit", &page.limit.to_string()));
        }
        // The offset must be a multiple of the limit.
        if !page.offset.is_multiple_of(page.limit) || page.offset >= ROWS_MAX {
            return Err(invalid("offset", &page.offset.to_string()));
        }
        Ok(page)
    }

    /// Returns the answer with this page of a list.
    pub fn answer(&self, href: &str, items: Vec<Value>, total: usize) -> Answer {
        let has_more = self.offset.saturating_add(items.len()) < total.min(ROWS_MAX);
        let link = |rel: &str, offset: usize| json!({"rel": rel, "href": format!("{href}?limit={}&offset={offset}", self.limit)});
        let mut links = Vec::new();
        if self.offset > 0 {
            links.push(link("previous", self.offset.saturating_sub(self.limit)));
            links.push(link("first", 0));
        }
        if has_more {
            links.push(link("next", self.offset + self.limit));
            links.push(link("last", (total - 1) / self.limit * self.limit));
        }
        links.push(link("self", self.offset));
        let body = json!({
            "links": links,
            "count": items.len(),
            "hasMore": has_more,
            "items": items,
            "offset": self.offset,
            "totalResults": total,
        });
        Answer::json(StatusCode::OK, COLLECTION, body)
    }
}

fn invalid(name: &str, value: &str) -> Refusal {
    let detail = format!("The value {value} of the query parameter '{name}' is not valid.");
    Refusal::bad("INVALID_PARAMETER", &detail).at("o:errorQueryParam", name)
}

/// Returns the stored lines of a sublist.
pub fn lines_of<'a>(fields: &'a Fields, sublist: &Sublist) -> &'a [Value] {
    fields.get(sublist.name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the name of a record in references to it.
pub fn display_name(fields: &Fields) -> String {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    match (text("entityId"), text("companyName")) {
        (Some(number), Some(name)) => format!("{number} {name}"),
        (Some(name), None) => name.to_owned(),
        _ => ["itemId", "tranId", "name"].into_iter().find_map(text).unwrap_or_default().to_owned(),
    }
}

fn line_key(sublist: &Sublist, line: &Value) -> String {
    if sublist.name == "price" {
        let id = |name: &str| line[name]["id"].as_str().unwrap_or_default().to_owned();
        let quantity = line["quantity"]["value"].as_str().unwrap_or("0");
        return format!("quantity={quantity},currencypage={},pricelevel={}", id("currencyPage"), id("priceLevel"));
    }
    match line.get(sublist.key) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => String::new(),
    }
}

struct Condition {
    field: String,
    operator: String,
    value: String,
}

impl Condition {
    fn holds(&self, fields: &Fields) -> bool {
        let text = match fields.get(&self.field) {
            Some(Value::String(text)) => text.to_lowercase(),
            Some(Value::Object(reference)) => {
                reference.get("id").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
            Some(Value::Null) | None => String::new(),
            Some(value) => value.to_string(),
        };
        let value = self.value.to_lowercase();
        match self.operator.as_str() {
            "IS" | "EQUAL" | "ANY_OF" => text == value,
            "IS_NOT" | "EQUAL_NOT" => text != value,
            "CONTAIN" => text.contains(&value),
            _ => text.starts_with(&value),
        }
    }
}

/// Parses the parameter `q` of a record collection: `field OPERATOR value`, joined by `AND`.
fn conditions(text: &str) -> Result<Vec<Condition>, Refusal> {
    let condition = |part: &str| {
        let mut words = part.trim().splitn(3, ' ');
        let (field, operator, value) = (words.next()?, words.next()?, words.next()?);
        let known = ["IS", "EQUAL", "ANY_OF", "IS_NOT", "EQUAL_NOT", "CONTAIN", "START_WITH"];
        let value = value.trim().trim_matches(['"', '[', ']']).to_owned();
        known.contains(&operator).then(|| Condition { field: field.into(), operator: operator.into(), value })
    };
    let conditions: Option<Vec<Condition>> = text.split(" AND ").map(condition).collect();
    conditions.ok_or_else(|| invalid("q", text))
}
