//! `sobjects`: create, read, update, delete and upsert a single record.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::describe;
use crate::call::Answer;
use crate::crm::refusal::{JSON, Refusal};
use crate::crm::schema::{Field, SObject, Schema};
use crate::crm::{Ask, Crm, ids};
use crate::records::{Action, Fields};

/// The result of an upsert.
pub enum Upserted {
    /// The id of the new record.
    Created(String),
    /// The id of the changed record.
    Changed(String),
    /// Several records have the key: the URLs of all of them.
    Ambiguous(Vec<String>),
}

impl Crm {
    /// Handles `sobjects/T` and everything below it.
    pub(in crate::crm) fn sobject(
        &mut self,
        ask: &Ask<'_>,
        object: &'static SObject,
        rest: &[&str],
    ) -> Result<Answer, Refusal> {
        match (&ask.method, rest) {
            (&Method::GET | &Method::HEAD, []) => Ok(describe::basic(&self.schema, object, ask.version)),
            (&Method::POST, []) => self.post(ask, object),
            (_, []) => Err(Refusal::method(&ask.method, "HEAD,GET,POST")),
            (&Method::GET, ["describe"]) => Ok(describe::full(&self.schema, object, &self.currencies(), ask.version)),
            (&Method::GET, ["deleted"]) => self.deleted(ask, object),
            (&Method::GET, ["updated"]) => self.updated(ask, object),
            (_, [id]) => self.row(ask, object, &ids::full(id)),
            (_, [key, value]) => self.by_key(ask, object, key, value),
            _ => Err(Refusal::not_found()),
        }
    }

    fn post(&mut self, ask: &Ask<'_>, object: &'static SObject) -> Result<Answer, Refusal> {
        let id = self.create(object, fields_of(ask.body()?)?, Action::Created, ask.now)?;
        Ok(created(object, ask.version, &id, &json!({"id": id, "success": true, "errors": []})))
    }

    fn row(&mut self, ask: &Ask<'_>, object: &'static SObject, id: &str) -> Result<Answer, Refusal> {
        match ask.method {
            Method::GET | Method::HEAD => {
                let fields = self.existing(object, id)?;
                let body = match ask.parameter("fields") {
                    None => view(&self.schema, object, &fields, ask.version),
                    Some(names) => chosen(&self.schema, object, &fields, ask.version, names)?,
                };
                Ok(Answer::json(StatusCode::OK, JSON, body))
            }
            Method::PATCH => {
                self.update(object, id, fields_of(ask.body()?)?, Action::Updated, ask.now)?;
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            Method::DELETE => {
                self.delete(object, id)?;
                Ok(Answer::empty(StatusCode::NO_CONTENT))
            }
            _ => Err(Refusal::method(&ask.method, "GET,PATCH,DELETE,HEAD")),
        }
    }

    fn by_key(&mut self, ask: &Ask<'_>, object: &'static SObject, key: &str, value: &str) -> Result<Answer, Refusal> {
        let field = key_field(&self.schema, object, key)?;
        if ask.method == Method::PATCH {
            let update_only = ask.parameter("updateOnly") == Some("true");
            let input = fields_of(ask.body()?)?;
            if update_only && self.with_key(object, field, value).is_empty() {
                return Err(Refusal::not_found());
            }
            if input.keys().any(|name| name.eq_ignore_ascii_case(field.name)) {
                let message = format!("The {} field should not be specified in the sobject data.", field.name);
                return Err(Refusal::bad("INVALID_FIELD", message));
            }
            let upserted = self.upsert(ask, object, field, value, input)?;
            return Ok(upsert_answer(ask, object, upserted));
        }
        match self.with_key(object, field, value).as_slice() {
            [] => Err(Refusal::not_found()),
            [id] => self.row(ask, object, &id.clone()),
            several => Ok(choices(urls(object, ask.version, several))),
        }
    }

    /// Creates or changes the record with an external id.
    pub(in crate::crm) fn upsert(
        &mut self,
        ask: &Ask<'_>,
        object: &'static SObject,
        field: &Field,
        value: &str,
        input: &Fields,
    ) -> Result<Upserted, Refusal> {
        match self.with_key(object, field, value).as_slice() {
            [] if field.name == "Id" => Err(Refusal::not_found()),
            [] => {
                let mut input = input.clone();
                input.insert(field.name.to_owned(), value.into());
                self.create(object, &input, Action::Upserted, ask.now).map(Upserted::Created)
            }
            [id] => {
                let id = id.clone();
                self.update(object, &id, input, Action::Upserted, ask.now).map(|()| Upserted::Changed(id))
            }
            several => Ok(Upserted::Ambiguous(urls(object, ask.version, several))),
        }
    }

    fn with_key(&self, object: &SObject, field: &Field, value: &str) -> Vec<String> {
        if field.name == "Id" {
            let id = ids::full(value);
            return self.tables.get(object.name, &id).map(|_| id).into_iter().collect();
        }
        self.tables.find(object.name, field.name, value)
    }
}

/// Returns the external id field with this name.
pub(in crate::crm) fn key_field(schema: &Schema, object: &SObject, name: &str) -> Result<&'static Field, Refusal> {
    schema.field(object, name).filter(|field| field.external || field.name == "Id").ok_or_else(|| {
        let message = format!("Provided external ID field does not exist or is not accessible: {name}");
        Refusal::plain(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    })
}

fn upsert_answer(ask: &Ask<'_>, object: &SObject, upserted: Upserted) -> Answer {
    let body = |id: &str, created: bool| json!({"id": id, "success": true, "errors": [], "created": created});
    match upserted {
        Upserted::Created(id) => created(object, ask.version, &id, &body(&id, true)),
        Upserted::Changed(_) if ask.version_number() < 46 => Answer::empty(StatusCode::NO_CONTENT),
        Upserted::Changed(id) => Answer::json(StatusCode::OK, JSON, body(&id, false)),
        Upserted::Ambiguous(urls) => choices(urls),
    }
}

fn created(object: &SObject, version: &str, id: &str, body: &Value) -> Answer {
    Answer::json(StatusCode::CREATED, JSON, body.clone()).with_header(header::LOCATION, &url(object, version, id))
}

fn choices(urls: Vec<String>) -> Answer {
    Answer::json(StatusCode::MULTIPLE_CHOICES, JSON, urls.into())
}

fn urls(object: &SObject, version: &str, ids: &[String]) -> Vec<String> {
    ids.iter().map(|id| url(object, version, id)).collect()
}

/// Returns the input of a write, which must be an object.
pub(in crate::crm) fn fields_of(body: &Value) -> Result<&Fields, Refusal> {
    body.as_object().ok_or_else(|| {
        let message = "Can not deserialize SObject: the HTTP entity body must be a JSON object";
        Refusal::bad("JSON_PARSER_ERROR", message)
    })
}

/// Returns the path of a record.
pub(super) fn url(object: &SObject, version: &str, id: &str) -> String {
    format!("/services/data/{version}/sobjects/{}/{id}", object.name)
}

/// Returns the `attributes` with which each record begins.
pub(super) fn attributes(object: &SObject, fields: &Fields, version: &str) -> Value {
    let id = fields.get("Id").and_then(Value::as_str).unwrap_or_default();
    json!({"type": object.name, "url": url(object, version, id)})
}

/// Returns a record with all fields.
pub(in crate::crm) fn view(schema: &Schema, object: &SObject, fields: &Fields, version: &str) -> Value {
    let mut view = Fields::new();
    view.insert("attributes".into(), attributes(object, fields, version));
    for field in schema.fields(object) {
        view.insert(field.name.to_owned(), stored(field, fields));
    }
    Value::Object(view)
}

/// Returns the value of a field. A missing checkbox value is false, not null.
pub(super) fn stored(field: &Field, fields: &Fields) -> Value {
    let nothing = if field.kind == crate::crm::schema::Kind::Flag { Value::Bool(false) } else { Value::Null };
    fields.get(field.name).cloned().unwrap_or(nothing)
}

fn chosen(schema: &Schema, object: &SObject, fields: &Fields, version: &str, names: &str) -> Result<Value, Refusal> {
    let mut view = Fields::new();
    view.insert("attributes".into(), attributes(object, fields, version));
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()).chain(["Id"]) {
        let field = schema.field(object, name).ok_or_else(|| Refusal::no_column(name, object.name))?;
        view.insert(field.name.to_owned(), stored(field, fields));
    }
    Ok(Value::Object(view))
}
