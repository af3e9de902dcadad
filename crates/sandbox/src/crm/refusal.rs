//! Error answers of the CRM: an array of `{message, errorCode, fields?}`.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::call::Answer;

/// Content type of all JSON from the CRM.
pub const JSON: &str = "application/json;charset=UTF-8";

/// Why the CRM refuses a request.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: StatusCode,
    /// At least one mistake.
    pub mistakes: Vec<Mistake>,
}

#[derive(Debug, Clone)]
pub struct Mistake {
    message: String,
    code: &'static str,
    fields: Option<Vec<String>>,
    duplicates: Option<Box<Value>>,
}

impl Mistake {
    pub fn new(code: &'static str, message: impl Into<String>, fields: &[&str]) -> Self {
        Self {
            message: message.into(),
            code,
            fields: Some(fields.iter().map(|&name| name.to_owned()).collect()),
            duplicates: None,
        }
    }

    /// Whether the mistake has this code.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// Returns the mistake as collections show it, with `statusCode` instead of `errorCode`.
    pub fn in_collection(&self) -> Value {
        json!({"statusCode": self.code, "message": self.message, "fields": self.fields.clone().unwrap_or_default()})
    }

    /// Returns the mistake as bulk results show it: `CODE:message:fields --`.
    fn in_bulk(&self) -> String {
        format!("{}:{}:{} --", self.code, self.message, self.fields.as_deref().unwrap_or_default().join(","))
    }

    fn alone(&self) -> Value {
        if let Some(duplicates) = &self.duplicates {
            // The misspelling is Salesforce's own.
            return json!({"duplicateResut": duplicates, "errorCode": self.code, "message": self.message});
        }
        match &self.fields {
            None => json!({"message": self.message, "errorCode": self.code}),
            Some(fields) => json!({"message": self.message, "errorCode": self.code, "fields": fields}),
        }
    }
}

impl Refusal {
    /// Creates a refusal without `fields`.
    pub fn plain(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, mistakes: vec![Mistake { message: message.into(), code, fields: None, duplicates: None }] }
    }

    /// Creates a 400 without `fields`, for a malformed request.
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, code, message)
    }

    /// Creates a 400 with the mistakes of a record.
    pub const fn record(mistakes: Vec<Mistake>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, mistakes }
    }

    /// Creates the refusal of a duplicate rule that found another record.
    pub fn duplicate(found: Value) -> Self {
        let mut mistake = Mistake::new("DUPLICATES_DETECTED", "Use one of these records?", &[]);
        mistake.duplicates = Some(Box::new(found));
        Self::record(vec![mistake])
    }

    pub fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist")
    }

    /// Creates the refusal for a record that was deleted.
    pub fn deleted() -> Self {
        let mistakes = vec![Mistake::new("ENTITY_IS_DELETED", "entity is deleted", &[])];
        Self { status: StatusCode::NOT_FOUND, mistakes }
    }

    /// Creates the refusal for a role without the permission.
    pub fn forbidden() -> Self {
        let mistake = Mistake::new("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", &[]);
        Self { status: StatusCode::FORBIDDEN, mistakes: vec![mistake] }
    }

    /// Creates the refusal for a method that the resource does not support.
    pub fn method(method: &http::Method, allowed: &str) -> Self {
        let message = format!("HTTP Method '{method}' not allowed. Allowed are {allowed}");
        Self::plain(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    pub fn no_column(field: &str, object: &str) -> Self {
        Self::bad("INVALID_FIELD", format!("No such column '{field}' on sobject of type {object}"))
    }

    pub fn answer(&self) -> Answer {
        Answer::json(self.status, JSON, self.mistakes.iter().map(Mistake::alone).collect())
    }

    /// Returns the error column of a row in a bulk job.
    pub fn in_bulk(&self) -> String {
        self.mistakes.iter().map(Mistake::in_bulk).collect::<Vec<_>>().join(";")
    }

    /// Returns the result of one record in a collection.
    pub fn in_collection(&self) -> Value {
        let errors: Vec<Value> = self.mistakes.iter().map(Mistake::in_collection).collect();
        json!({"success": false, "errors": errors})
    }
}

/// Returns the CRM's usual answer for a status.
pub fn usual_answer(status: StatusCode) -> Answer {
    let (code, message) = match status.as_u16() {
        401 => ("INVALID_SESSION_ID", "Session expired or invalid"),
        403 => ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
        404 => return Refusal::not_found().answer(),
        413 => ("REQUEST_ENTITY_TOO_LARGE", "The request entity is larger than the server is willing to process."),
        429 => ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        400..500 => ("JSON_PARSER_ERROR", "The HTTP entity body could not be read."),
        503 => ("SERVER_UNAVAILABLE", "We are experiencing heavy load. Please try again later."),
        500.. => (
            "UNKNOWN_EXCEPTION",
            "An unexpected error occurred. Please include this ErrorId if you contact support: sandbox",
        ),
        _ => return Answer::empty(status),
    };
    Refusal::plain(status, code, message).answer()
}
