//! Error answers of the ERP: `{type, title, status, "o:errorDetails": [...]}`.

use http::{HeaderName, StatusCode};
use serde_json::json;

use super::super::call::Answer;

const ERROR: &str = "application/vnd.oracle.resource+json; type=error";
const REASONS: &str = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html";

/// Why the ERP refuses a request.
#[derive(Debug, Clone)]
pub struct Refusal {
    status: StatusCode,
    section: &'static str,
    title: &'static str,
    detail: String,
    code: &'static str,
    place: Option<(&'static str, String)>,
}

impl Refusal {
    fn new(status: StatusCode, section: &'static str, title: &'static str, code: &'static str, detail: &str) -> Self {
        Self { status, section, title, detail: detail.to_owned(), code, place: None }
    }

    /// Creates a 400.
    pub fn bad(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "#sec10.4.1", "Bad Request", code, detail)
    }

    /// Creates the refusal of a record by its application rules.
    pub fn user(detail: &str) -> Self {
        Self::bad("USER_ERROR", &format!("Error while accessing a resource. {detail}"))
    }

    /// Creates the refusal of a value that a field cannot have.
    pub fn value(value: &str, field: &str, path: &str) -> Self {
        let detail = format!(
            "Error while accessing resource: You have entered an Invalid Field Value {value} for the following field: {field}"
        );
        Self::bad("INVALID_CONTENT", &detail).at("o:errorPath", path)
    }

    /// Creates the refusal of a field that the record type does not have.
    pub fn property(name: &str, path: &str) -> Self {
        let detail = format!("Error while accessing a resource. The property '{name}' does not exist on the record.");
        Self::bad("INVALID_CONTENT", &detail).at("o:errorPath", path)
    }

    /// Creates the refusal of a field that the role may only read.
    pub fn read_only(name: &str) -> Self {
        let detail = format!(
            "You do not have permission to set a value for element {name} due to one of the following reasons: 1) The field is read-only; 2) An associated feature is disabled; 3) The field is available either when a record is created or updated, but not in both cases."
        );
        Self::user(&detail).at("o:errorPath", name)
    }

    /// Creates the refusal of a body that is not a JSON object.
    pub fn content(reason: &str) -> Self {
        Self::bad("INVALID_CONTENT", &format!("Invalid content in the request body. Parse error: {reason}."))
    }

    /// Adds the part of the request that the refusal concerns.
    pub fn at(mut self, kind: &'static str, place: &str) -> Self {
        self.place = Some((kind, place.to_owned()));
        self
    }

    /// Creates the refusal for a role without the permission.
    pub fn forbidden(record_type: &super::types::RecordType) -> Self {
        let permission = super::account::Account::permission(record_type);
        let detail = format!(
            "Permission Violation: You need the '{permission}' permission to access this page. Please contact your account \
             administrator."
        );
        Self::new(StatusCode::FORBIDDEN, "#sec10.4.4", "Forbidden", "INSUFFICIENT_PERMISSION", &detail)
    }

    pub fn no_record() -> Self {
        let detail = "The record instance does not exist. Provide a valid record instance ID.";
        Self::new(StatusCode::NOT_FOUND, "#sec10.4.5", "Not Found", "NONEXISTENT_ID", detail)
    }

    pub fn no_resource(path: &str) -> Self {
        let detail = format!("The requested resource '{path}' does not exist.");
        Self::new(StatusCode::NOT_FOUND, "#sec10.4.5", "Not Found", "NOT_FOUND", &detail).at("o:errorUrl", path)
    }

    /// Creates the refusal for a method that the resource does not support.
    pub fn method(method: &http::Method) -> Self {
        let detail = format!("The HTTP method {method} is not supported for this resource.");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "#sec10.4.6", "Method Not Allowed", "METHOD_NOT_ALLOWED", &detail)
    }

    /// Creates the refusal of an idempotency key that was used before.
    pub fn repeated_key() -> Self {
        let detail = "A request with the same idempotency key is already submitted. \
                      See the \"Location\" header for a link to the previously submitted job";
        Self::new(StatusCode::BAD_REQUEST, "#sec10.4.10", "Conflict", "IDEMPOTENCY_ERROR", detail)
    }

    pub fn answer(&self) -> Answer {
        let mut detail = json!({"detail": self.detail, "o:errorCode": self.code});
        if let Some((kind, place)) = &self.place {
            detail[*kind] = place.as_str().into();
        }
        let body = json!({
            "type": format!("{REASONS}{}", self.section),
            "title": self.title,
            "status": self.status.as_u16(),
            "o:errorDetails": [detail],
        });
        Answer::json(self.status, ERROR, body)
    }
}

/// Returns the answer to a call beyond the concurrency limit.
pub fn concurrency_exceeded() -> Answer {
    let detail = "Concurrent request limit exceeded. Request blocked.";
    // The mismatched title "Bad Request" and the missing section in the link are NetSuite's own.
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, "", "Bad Request", "CONCURRENCY_LIMIT_EXCEEDED", detail).answer()
}

/// Returns the ERP's usual answer for a status.
pub fn usual_answer(status: StatusCode) -> Answer {
    match status.as_u16() {
        401 => {
            let detail = "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at \
                          Setup > Users/Roles > User Management > View Login Audit Trail.";
            Refusal::new(status, "", "Unauthorized", "INVALID_LOGIN", detail).answer()
        }
        404 => Refusal::no_record().answer(),
        429 => concurrency_exceeded(),
        400..500 => {
            let title = status.canonical_reason().unwrap_or("Bad Request");
            let detail = "Error while accessing a resource. The request could not be read.";
            Refusal::new(status, "#sec10.4.1", title, "INVALID_REQUEST", detail).answer()
        }
        500.. => {
            let title = status.canonical_reason().unwrap_or("Internal Server Error");
            let detail = "An unexpected error occurred. Error ID: mi7x0o2q1k9v3w5y";
            Refusal::new(status, "#sec10.5.1", title, "UNEXPECTED_ERROR", detail).answer()
        }
        _ => Answer::empty(status),
    }
}

/// The header with the URL of a job or record.
pub const LOCATION: HeaderName = http::header::LOCATION;
