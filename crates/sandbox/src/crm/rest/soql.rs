//! `query`: SOQL over the records, in pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::sobjects::{attributes, stored};
use crate::call::Answer;
use crate::crm::refusal::{JSON, Refusal};
use crate::crm::schema::{Field, Kind, SObject, Schema};
use crate::crm::seed::is_looked_up;
use crate::crm::{Ask, Crm, ids};
use crate::query::{Column, Condition, Dialect, Literal, Name, Select, SyntaxError, holds, order, parse};
use crate::records::Fields;

const CURSORS_MAX: usize = 100;
const PARENTS_MAX: usize = 5;

/// The ids of a query's result, kept for later pages.
pub struct Cursor {
    locator: String,
    object: &'static SObject,
    select: Arc<Select>,
    scope: Scope,
    ids: Arc<[String]>,
}

/// Which records a query covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Existing records: `query`.
    Present,
    /// Deleted records as well: `queryAll`.
    All,
}

impl Crm {
    /// Returns the first page of a query.
    pub(in crate::crm) fn query(&mut self, ask: &Ask<'_>) -> Result<Answer, Refusal> {
        if ask.method != Method::GET {
            return Err(Refusal::method(&ask.method, "HEAD,GET"));
        }
        let text = ask.parameter("q").filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| Refusal::bad("MALFORMED_QUERY", "SOQL query text is missing: parameter q"))?;
        let scope = if ask.path.first() == Some(&"queryAll") { Scope::All } else { Scope::Present };
        let (object, select, ids) = self.selected(text, scope)?;
        if select.columns == [Column::Count] {
            return Ok(Answer::json(
                StatusCode::OK,
                JSON,
                json!({"totalSize": ids.len(), "done": true, "records": []}),
            ));
        }
        self.cursors_opened += 1;
        let locator = ids::with_suffix(&format!("0r8Ws{:010}", self.cursors_opened));
        let cursor = Cursor { locator, object, select: Arc::new(select), scope, ids: ids.into() };
        let answer = self.page(ask, &cursor, 0);
        if cursor.ids.len() > self.page_rows(ask) {
            self.cursors.push_back(cursor);
        }
        if self.cursors.len() > CURSORS_MAX {
            self.cursors.pop_front();
        }
        Ok(answer)
    }

    /// Returns the object of a query, the parsed query, and the ids it finds.
    pub(in crate::crm) fn selected(
        &self,
        text: &str,
        scope: Scope,
    ) -> Result<(&'static SObject, Select, Vec<String>), Refusal> {
        let mut select = parse(text, Dialect::Soql).map_err(|error| malformed(text, &error))?;
        let object = known_object(&self.schema, text, &select.from)?;
        check(&self.schema, text, object, &mut select)?;
        let ids = self.matching(object, &select, scope, None);
        Ok((object, select, ids))
    }

    /// Returns a later page of a query.
    pub(in crate::crm) fn more(&self, ask: &Ask<'_>, locator: &str) -> Result<Answer, Refusal> {
        let found = locator.rsplit_once('-').and_then(|(name, offset)| {
            let cursor = self.cursors.iter().find(|cursor| cursor.locator == name)?;
            Some((cursor, offset.parse::<usize>().ok().filter(|offset| *offset < cursor.ids.len())?))
        });
        let (cursor, offset) = found.ok_or_else(|| Refusal::bad("INVALID_QUERY_LOCATOR", "invalid query locator"))?;
        Ok(self.page(ask, cursor, offset))
    }

    fn page_rows(&self, ask: &Ask<'_>) -> usize {
        self.settings.page_size.min(ask.batch_size.unwrap_or(usize::MAX))
    }

    fn page(&self, ask: &Ask<'_>, cursor: &Cursor, offset: usize) -> Answer {
        let end = cursor.ids.len().min(offset.saturating_add(self.page_rows(ask)));
        let records: Vec<Value> = cursor.ids[offset..end]
            .iter()
            .filter_map(|id| self.in_scope(cursor.object, id, cursor.scope))
            .map(|fields| self.row_view(ask.version, cursor.object, &cursor.select, &fields))
            .collect();
        let mut body = json!({"totalSize": cursor.ids.len(), "done": end == cursor.ids.len(), "records": records});
        if end < cursor.ids.len() {
            body["nextRecordsUrl"] = format!("/services/data/{}/query/{}-{end}", ask.version, cursor.locator).into();
        }
        Answer::json(StatusCode::OK, JSON, body)
    }

    /// Returns the ids of the records that a query finds, in its order. A subquery finds only the children of one
    /// parent.
    fn matching(&self, object: &SObject, select: &Select, scope: Scope, parent: Option<(&str, &str)>) -> Vec<String> {
        let of_parent =
            |fields: &Fields| parent.is_none_or(|(field, id)| fields.get(field).and_then(Value::as_str) == Some(id));
        let meets = |fields: &Fields| {
            let field = |path: &str| self.value_at(object, fields, path);
            select.condition.as_ref().is_none_or(|condition| holds(condition, Dialect::Soql, &field))
        };
        let mut found: Vec<(String, Arc<Fields>)> = match self.indexed(object, select) {
            Some(ids) => {
                ids.into_iter().filter_map(|id| self.tables.get(object.name, &id).map(|fields| (id, fields))).collect()
            }
            None => self.tables.rows(object.name).map(|(id, fields)| (id.to_owned(), fields.clone())).collect(),
        };
        if scope == Scope::All {
            let id = |fields: &Fields| fields.get("Id").and_then(Value::as_str).unwrap_or_default().to_owned();
            found.extend(self.bin.of(object.name).map(|fields| (id(fields), fields.clone())));
        }
        found.retain(|(_, fields)| of_parent(fields) && meets(fields));
        found.sort_by(|(_, left), (_, right)| {
            let left = |path: &str| self.value_at(object, left, path);
            let right = |path: &str| self.value_at(object, right, path);
            order(&select.order, &left, &right)
        });
        let limit = select.limit.unwrap_or(usize::MAX);
        found.into_iter().skip(select.offset).take(limit).map(|(id, _)| id).collect()
    }

    fn in_scope(&self, object: &SObject, id: &str, scope: Scope) -> Option<Arc<Fields>> {
        let deleted = || self.bin.get(object.name, id).filter(|_| scope == Scope::All).cloned();
        self.tables.get(object.name, id).or_else(deleted)
    }

    /// Returns the ids from an index for a query by id or by external id. Ids are case-sensitive.
    fn indexed(&self, object: &SObject, select: &Select) -> Option<Vec<String>> {
        let condition = select.condition.as_ref()?;
        let listed = |field: &Field| condition.listed(&|name: &str| name.eq_ignore_ascii_case(field.name));
        let is_key = |field: &&Field| field.kind == Kind::Id || is_looked_up(object, field);
        self.schema.fields(object).filter(is_key).find_map(|field| {
            let values = listed(field)?;
            let by_key = |value: &str| self.tables.find(object.name, field.name, value);
            let by_id = |value: &str| vec![value.to_owned()];
            let found = |value: &&str| if field.kind == Kind::Id { by_id(value) } else { by_key(value) };
            let ids: BTreeSet<String> = values.iter().flat_map(found).collect();
            Some(ids.into_iter().collect())
        })
    }

    /// Returns the value at a path of fields.
    pub(in crate::crm) fn value_at(&self, object: &SObject, fields: &Fields, path: &str) -> Value {
        match path.split_once('.') {
            None => self.schema.field(object, path).map_or(Value::Null, |field| stored(field, fields)),
            Some((relation, rest)) => match self.parent(object, fields, relation) {
                Some((_, parent, fields)) => self.value_at(parent, &fields, rest),
                None => Value::Null,
            },
        }
    }

    fn parent(
        &self,
        object: &SObject,
        fields: &Fields,
        name: &str,
    ) -> Option<(&'static str, &'static SObject, Arc<Fields>)> {
        let (field, relation, target) = self.schema.relation(object, name)?;
        let parent = self.tables.get(target.name, fields.get(field.name)?.as_str()?)?;
        Some((relation, target, parent))
    }

    fn row_view(&self, version: &str, object: &SObject, select: &Select, fields: &Fields) -> Value {
        let mut view = Fields::new();
        view.insert("attributes".into(), attributes(object, fields, version));
        for column in &select.columns {
            match column {
                Column::Field(name, _) => self.add_field(&mut view, version, object, fields, &name.text),
                Column::Children(children) => {
                    let (relation, rows) = self.children(version, object, fields, children);
                    view.insert(relation, rows);
                }
                Column::All | Column::Count | Column::Written(..) => {}
            }
        }
        Value::Object(view)
    }

    fn add_field(&self, view: &mut Fields, version: &str, object: &SObject, fields: &Fields, path: &str) {
        let Some((name, rest)) = path.split_once('.') else {
            if let Some(field) = self.schema.field(object, path) {
                view.insert(field.name.to_owned(), stored(field, fields));
            }
            return;
        };
        let Some((_, relation, _)) = self.schema.relation(object, name) else { return };
        match self.parent(object, fields, name) {
            None => drop(view.insert(relation.to_owned(), Value::Null)),
            Some((_, target, parent)) => {
                let start = || json!({"attributes": attributes(target, &parent, version)});
                let nested = view.entry(relation).or_insert_with(start);
                if let Some(nested) = nested.as_object_mut() {
                    self.add_field(nested, version, target, &parent, rest);
                }
            }
        }
    }

    fn children(&self, version: &str, object: &SObject, fields: &Fields, select: &Select) -> (String, Value) {
        let Some((relation, child, field)) = self.schema.children(object, &select.from.text) else {
            return (select.from.text.clone(), Value::Null);
        };
        let id = fields.get("Id").and_then(Value::as_str).unwrap_or_default();
        let ids = self.matching(child, select, Scope::Present, Some((field, id)));
        let rows = ids.iter().filter_map(|id| self.tables.get(child.name, id));
        let rows: Vec<Value> = rows.map(|fields| self.row_view(version, child, select, &fields)).collect();
        // Without children, Salesforce returns null and not an empty list.
        let value =
            if rows.is_empty() { Value::Null } else { json!({"totalSize": rows.len(), "done": true, "records": rows}) };
        (relation.to_owned(), value)
    }
}

/// Returns the page size requested by `Sforce-Query-Options`, limited to 200 to 2,000.
pub fn batch_size(header: &str) -> Option<usize> {
    let option = header.split(',').find_map(|option| option.trim().strip_prefix("batchSize="))?;
    option.trim().parse::<usize>().ok().map(|size| size.clamp(200, 2_000))
}

fn check(schema: &Schema, text: &str, object: &SObject, select: &mut Select) -> Result<(), Refusal> {
    for column in &mut select.columns {
        match column {
            Column::Field(name, _) => drop(known_field(schema, text, object, name)?),
            Column::Children(children) => {
                let known = schema.children(object, &children.from.text);
                let (_, child, _) = known.ok_or_else(|| no_relationship(text, &children.from))?;
                check(schema, text, child, children)?;
            }
            Column::All | Column::Count | Column::Written(..) => {}
        }
    }
    for key in &select.order {
        known_field(schema, text, object, &key.field)?;
    }
    match &mut select.condition {
        Some(condition) => check_condition(schema, text, object, condition),
        None => Ok(()),
    }
}

fn check_condition(schema: &Schema, text: &str, object: &SObject, condition: &mut Condition) -> Result<(), Refusal> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter_mut().try_for_each(|part| check_condition(schema, text, object, part))
        }
        Condition::Not(inner) => check_condition(schema, text, object, inner),
        Condition::Test(test) => {
            let kind = known_field(schema, text, object, &test.field)?;
            test.literals.iter_mut().try_for_each(|literal| check_literal(text, &test.field, kind, literal))
        }
    }
}

/// Checks that a literal fits the kind of its field. Expands ids to 18 characters.
fn check_literal(text: &str, name: &Name, kind: Kind, literal: &mut Literal) -> Result<(), Refusal> {
    let wanted = match (kind, &*literal) {
        (_, Literal::Nothing) => return Ok(()),
        (Kind::Id | Kind::Reference(..), Literal::Text(id)) => {
            *literal = Literal::Text(ids::full(id));
            return Ok(());
        }
        (Kind::Text(_) | Kind::Email, Literal::Text(_))
        | (Kind::Number(..) | Kind::Integer, Literal::Number(_))
        | (Kind::Flag, Literal::Flag(_))
        | (Kind::Date | Kind::Moment, Literal::Moment(_)) => return Ok(()),
        (Kind::Id | Kind::Text(_) | Kind::Email | Kind::Reference(..), _) => "string and should be enclosed in quotes",
        (Kind::Number(..) | Kind::Integer, _) => "double and should not be enclosed in quotes",
        (Kind::Flag, _) => "boolean and should not be enclosed in quotes",
        (Kind::Date, _) => "date and should not be enclosed in quotes",
        (Kind::Moment, _) => "dateTime and should not be enclosed in quotes",
    };
    let reason = format!("value of filter criterion for field '{}' must be of type {wanted}", name.text);
    Err(Refusal::bad("INVALID_FIELD", located(text, name.at, &reason)))
}

fn known_object(schema: &Schema, text: &str, name: &Name) -> Result<&'static SObject, Refusal> {
    schema.find(&name.text).ok_or_else(|| {
        let reason = format!(
            "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the \
             '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
            name.text
        );
        Refusal::bad("INVALID_TYPE", located(text, name.at, &reason))
    })
}

fn known_field(schema: &Schema, text: &str, object: &SObject, name: &Name) -> Result<Kind, Refusal> {
    let mut object = object;
    let mut parts: Vec<&str> = name.text.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    if parts.len() > PARENTS_MAX {
        return Err(no_relationship(text, name));
    }
    for part in parts {
        object = schema.relation(object, part).ok_or_else(|| no_relationship(text, name))?.2;
    }
    schema.field(object, last).map(|field| field.kind).ok_or_else(|| {
        let reason = format!(
            "No such column '{last}' on entity '{}'. If you are attempting to use a custom field, be sure to append the \
             '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
            object.name
        );
        Refusal::bad("INVALID_FIELD", located(text, name.at, &reason))
    })
}

fn no_relationship(text: &str, name: &Name) -> Refusal {
    let reason = format!("Didn't understand relationship '{}' in field path.", name.text);
    Refusal::bad("INVALID_FIELD", located(text, name.at, &reason))
}

fn malformed(text: &str, error: &SyntaxError) -> Refusal {
    Refusal::bad("MALFORMED_QUERY", located(text, error.at, &format!("unexpected token: {}", error.token)))
}

/// Formats a message with the line of the query and a caret under the position.
fn located(text: &str, at: usize, reason: &str) -> String {
    let before: String = text.chars().take(at).collect();
    let row = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
    let line = text.lines().nth(row - 1).unwrap_or_default();
    format!("\n{line}\n{}^\nERROR at Row:{row}:Column:{column}\n{reason}", " ".repeat(column - 1))
}
