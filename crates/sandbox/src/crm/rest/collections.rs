//! `composite/sobjects`: up to 200 records in one request, each with its own result.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::sobjects::{Upserted, fields_of, key_field, view};
use crate::call::Answer;
use crate::crm::refusal::{JSON, Mistake, Refusal};
use crate::crm::schema::{Field, SObject};
use crate::crm::{Ask, Crm, ids};
use crate::records::{Action, Fields};

const RECORDS_MAX: usize = 200;

impl Crm {
    /// Handles `composite/sobjects` and everything below it.
    pub(in crate::crm) fn collection(&mut self, ask: &Ask<'_>, rest: &[&str]) -> Result<Answer, Refusal> {
        match (&ask.method, rest) {
            (&Method::POST, []) => self.each(ask, |crm, record| crm.create_one(ask, record)),
            (&Method::PATCH, []) => self.each(ask, |crm, record| crm.update_one(ask, record)),
            (&Method::DELETE, []) => self.delete_each(ask),
            (&Method::PATCH, [object, key]) => {
                let object = self.schema.find(object).ok_or_else(Refusal::not_found)?;
                let field = key_field(&self.schema, object, key)?;
                self.each(ask, |crm, record| crm.upsert_one(ask, object, field, record))
            }
            (&Method::GET | &Method::POST, [object]) => {
                self.retrieve(ask, self.schema.find(object).ok_or_else(Refusal::not_found)?)
            }
            _ => Err(Refusal::method(&ask.method, "GET,POST,PATCH,DELETE")),
        }
    }

    fn each(
        &mut self,
        ask: &Ask<'_>,
        write: impl Fn(&mut Self, &Fields) -> Result<Value, Refusal>,
    ) -> Result<Answer, Refusal> {
        let body = fields_of(ask.body()?)?;
        let Some(records) = body.get("records").and_then(Value::as_array) else {
            return Err(Refusal::bad(
                "JSON_PARSER_ERROR",
                "Unexpected or missing parameter at the request body: records",
            ));
        };
        within_limit(records.len())?;
        let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
        let savepoint = self.tables.savepoint();
        let results = records.iter().map(|record| fields_of(record).and_then(|record| write(self, record))).collect();
        Ok(self.settled(results, all_or_none, savepoint))
    }

    fn settled(&mut self, results: Vec<Result<Value, Refusal>>, all_or_none: bool, savepoint: usize) -> Answer {
        let undone = all_or_none && results.iter().any(Result::is_err);
        if undone {
            self.tables.undo_to(savepoint);
        }
        let result = |result: Result<Value, Refusal>| match result {
            Ok(_) if undone => rolled_back().in_collection(),
            Ok(result) => result,
            Err(refusal) => refusal.in_collection(),
        };
        Answer::json(StatusCode::OK, JSON, results.into_iter().map(result).collect())
    }

    fn create_one(&mut self, ask: &Ask<'_>, record: &Fields) -> Result<Value, Refusal> {
        let id = self.create(self.object_of(record)?, record, Action::Created, ask.now)?;
        Ok(json!({"id": id, "success": true, "errors": []}))
    }

    fn update_one(&mut self, ask: &Ask<'_>, record: &Fields) -> Result<Value, Refusal> {
        let object = self.object_of(record)?;
        let mut record = record.clone();
        let id = ["id", "Id"].iter().find_map(|name| record.remove(*name));
        let Some(id) = id.as_ref().and_then(Value::as_str).map(ids::full) else {
            return Err(mistake("MISSING_ARGUMENT", "Id not specified in an update call", &["Id"]));
        };
        self.update(object, &id, &record, Action::Updated, ask.now).map_err(as_record_mistake)?;
        Ok(json!({"id": id, "success": true, "errors": []}))
    }

    fn upsert_one(
        &mut self,
        ask: &Ask<'_>,
        object: &'static SObject,
        field: &Field,
        record: &Fields,
    ) -> Result<Value, Refusal> {
        let mut record = record.clone();
        let name = record.keys().find(|name| name.eq_ignore_ascii_case(field.name)).cloned();
        let value = name.and_then(|name| record.remove(&name)).and_then(|value| crate::records::key_text(&value));
        let Some(value) = value else {
            let message = format!("{} not specified", field.name);
            return Err(mistake("MISSING_ARGUMENT", &message, &[field.name]));
        };
        let result = |id: String, created: bool| json!({"id": id, "success": true, "errors": [], "created": created});
        match self.upsert(ask, object, field, &value, &record).map_err(as_record_mistake)? {
            Upserted::Created(id) => Ok(result(id, true)),
            Upserted::Changed(id) => Ok(result(id, false)),
            Upserted::Ambiguous(urls) => {
                let message = format!("{}: more than one record found for external id field: {urls:?}", field.name);
                Err(mistake("DUPLICATE_EXTERNAL_ID", &message, &[field.name]))
            }
        }
    }

    fn delete_each(&mut self, ask: &Ask<'_>) -> Result<Answer, Refusal> {
        let ids: Vec<String> = ask.parameter("ids").unwrap_or_default().split(',').map(ids::full).collect();
        within_limit(ids.len())?;
        let all_or_none = ask.parameter("allOrNone") == Some("true");
        let savepoint = self.tables.savepoint();
        let delete = |id: &String| {
            let object = self.object_by_id(id)?;
            self.delete(object, id).map_err(as_record_mistake)?;
            Ok(json!({"id": id, "success": true, "errors": []}))
        };
        let results = ids.iter().map(delete).collect();
        Ok(self.settled(results, all_or_none, savepoint))
    }

    fn object_of(&self, record: &Fields) -> Result<&'static SObject, Refusal> {
        let name = record.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Value::as_str);
        name.and_then(|name| self.schema.find(name)).ok_or_else(|| {
            let message = format!("sObject type '{}' is not supported.", name.unwrap_or_default());
            mistake("INVALID_TYPE", &message, &[])
        })
    }

    fn object_by_id(&self, id: &str) -> Result<&'static SObject, Refusal> {
        let object = self.schema.objects().find(|object| id.starts_with(object.prefix));
        object.ok_or_else(|| mistake("MALFORMED_ID", &format!("malformed id {id}"), &[]))
    }

    fn retrieve(&self, ask: &Ask<'_>, object: &SObject) -> Result<Answer, Refusal> {
        let ids: Vec<String> = match ask.parameter("ids") {
            Some(ids) => ids.split(',').map(ids::full).collect(),
            None => {
                let ids = fields_of(ask.body()?)?.get("ids").and_then(Value::as_array);
                ids.into_iter().flatten().filter_map(Value::as_str).map(ids::full).collect()
            }
        };
        within_limit(ids.len())?;
        let record = |id: &String| {
            self.tables
                .get(object.name, id)
                .map_or(Value::Null, |fields| view(&self.schema, object, &fields, ask.version))
        };
        Ok(Answer::json(StatusCode::OK, JSON, ids.iter().map(record).collect()))
    }
}

fn within_limit(count: usize) -> Result<(), Refusal> {
    if count <= RECORDS_MAX {
        return Ok(());
    }
    let message = format!("Can not process more than {RECORDS_MAX} records in one request");
    Err(Refusal::bad("EXCEEDED_MAX_SIZE_REQUEST", message))
}

fn mistake(code: &'static str, message: &str, fields: &[&str]) -> Refusal {
    Refusal::record(vec![Mistake::new(code, message, fields)])
}

/// Converts a refusal to a mistake of one record: collections describe a missing record differently from a missing
/// resource.
fn as_record_mistake(refusal: Refusal) -> Refusal {
    if refusal.status == StatusCode::NOT_FOUND && refusal.mistakes.iter().all(|m| !m.is("ENTITY_IS_DELETED")) {
        return mistake("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[]);
    }
    refusal
}

fn rolled_back() -> Refusal {
    let message = "Record rolled back because not all records were valid and the request was using AllOrNone header";
    mistake("ALL_OR_NONE_OPERATION_ROLLED_BACK", message, &[])
}
