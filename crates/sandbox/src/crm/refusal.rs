//! Error answers: an array of `{message, errorCode, fields?}`.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::call::Answer;

/// The content type of all JSON that the CRM sends.
pub const JSON: &str = "application/json;charset=UTF-8";

/// Why the CRM does not do what it was asked.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// One or more mistakes.
    pub mistakes: Vec<Mistake>,
}

/// One mistake.
#[derive(Debug, Clone)]
pub struct Mistake {
    message: String,
    code: &'static str,
    fields: Option<Vec<String>>,
    duplicates: Option<Box<Value>>,
}

impl Mistake {
    /// A mistake about these fields.
    pub fn new(code: &'static str, message: impl Into<String>, fields: &[&str]) -> Self {
        Self {
            message: message.into(),
            code,
            fields: Some(fields.iter().map(|&name| name.to_owned()).collect()),
            duplicates: None,
        }
    }

    /// Whether it is of this code.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// In the words of collections, which say `statusCode`.
    pub fn in_collection(&self) -> Value {
        json!({"statusCode": self.code, "message": self.message, "fields": self.fields.clone().unwrap_or_default()})
    }

    /// In the words of bulk results: `CODE:message:fields --`.
    fn in_bulk(&self) -> String {
        format!("{}:{}:{} --", self.code, self.message, self.fields.as_deref().unwrap_or_default().join(","))
    }

    fn alone(&self) -> Value {
        if let Some(duplicates) = &self.duplicates {
            // The name is Salesforce's own.
            return json!({"duplicateResut": duplicates, "errorCode": self.code, "message": self.message});
        }
        match &self.fields {
            None => json!({"message": self.message, "errorCode": self.code}),
            Some(fields) => json!({"message": self.message, "errorCode": self.code, "fields": fields}),
        }
    }
}

impl Refusal {
    /// A refusal without `fields`.
    pub fn plain(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, mistakes: vec![Mistake { message: message.into(), code, fields: None, duplicates: None }] }
    }

    /// A refused request: 400 without `fields`.
    pub fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, code, message)
    }

    /// A refused record: 400 with the mistakes in it.
    pub const fn record(mistakes: Vec<Mistake>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, mistakes }
    }

    /// A duplicate rule found a record like the one that was sent.
    pub fn duplicate(found: Value) -> Self {
        let mut mistake = Mistake::new("DUPLICATES_DETECTED", "Use one of these records?", &[]);
        mistake.duplicates = Some(Box::new(found));
        Self::record(vec![mistake])
    }

    /// No such resource.
    pub fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist")
    }

    /// The record was deleted.
    pub fn deleted() -> Self {
        let mistakes = vec![Mistake::new("ENTITY_IS_DELETED", "entity is deleted", &[])];
        Self { status: StatusCode::NOT_FOUND, mistakes }
    }

    /// The caller's role may not do that.
    pub fn forbidden() -> Self {
        let mistake = Mistake::new("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", &[]);
        Self { status: StatusCode::FORBIDDEN, mistakes: vec![mistake] }
    }

    /// The method is not for this resource.
    pub fn method(method: &http::Method, allowed: &str) -> Self {
        let message = format!("HTTP Method '{method}' not allowed. Allowed are {allowed}");
        Self::plain(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    /// The field is unknown.
    pub fn no_column(field: &str, object: &str) -> Self {
        Self::bad("INVALID_FIELD", format!("No such column '{field}' on sobject of type {object}"))
    }

    /// As an answer.
    pub fn answer(&self) -> Answer {
        Answer::json(self.status, JSON, self.mistakes.iter().map(Mistake::alone).collect())
    }

    /// As the error of one row of a bulk job.
    pub fn in_bulk(&self) -> String {
        self.mistakes.iter().map(Mistake::in_bulk).collect::<Vec<_>>().join(";")
    }

    /// As the result of one record of a collection.
    pub fn in_collection(&self) -> Value {
        let errors: Vec<Value> = self.mistakes.iter().map(Mistake::in_collection).collect();
        json!({"success": false, "errors": errors})
    }
}

/// What the CRM says with a status when nothing more is known.
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
