//! A billing system that follows the guide's OpenAPI document, and checks callers and itself against it.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde_json::{Value, json};

use super::guide;

/// Required value of `X-Api-Key`.
pub const KEY: &str = "key-of-the-tests";

/// What goes wrong with the next call of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Does nothing and gives this answer.
    Answer(u16),
    /// Acts, but the answer breaks off.
    LoseReply,
}

#[derive(Debug, Default)]
struct Books {
    /// Operations and idempotency keys, in order of arrival.
    calls: Vec<(String, String)>,
    customers: Vec<Value>,
    invoices: Vec<Value>,
    /// Request, status and answer by key.
    answered: HashMap<String, (String, u16, Value)>,
    faults: VecDeque<(&'static str, Fault)>,
}

#[derive(Clone)]
pub struct Billing {
    pub address: SocketAddr,
    document: Arc<Value>,
    books: Arc<Mutex<Books>>,
}

/// A call of a known operation.
struct Asked<'d> {
    operation: &'d Value,
    id: &'d str,
    /// Value of the path parameter, if there is one.
    parameter: String,
    key: String,
    body: Value,
}

impl Billing {
    pub async fn start() -> Self {
        let file = format!("{}/openapi/billing.yaml", guide::FOLDER);
        let source = stepwell::dsl::source::read(&file, &guide::text(&file)).unwrap();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let billing = Self { address, document: Arc::new(source.root().to_value()), books: Arc::default() };
        let router = Router::new().fallback(answer).with_state(billing.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        billing
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes the next call of an operation fail; calling it again affects the call after that.
    pub fn fail(&self, operation: &'static str, fault: Fault) {
        self.books.lock().unwrap().faults.push_back((operation, fault));
    }

    pub fn invoices(&self) -> Vec<Value> {
        self.books.lock().unwrap().invoices.clone()
    }

    pub fn customers(&self) -> Vec<Value> {
        self.books.lock().unwrap().customers.clone()
    }

    /// Returns the idempotency keys of an operation's calls, in order.
    pub fn keys(&self, operation: &str) -> Vec<String> {
        let books = self.books.lock().unwrap();
        books.calls.iter().filter(|(called, _)| called == operation).map(|(_, key)| key.clone()).collect()
    }

    /// Marks an invoice as paid. Returns the body of the webhook about it.
    pub fn pay(&self, number: &str, at: &str) -> Value {
        let mut books = self.books.lock().unwrap();
        let invoice = books.invoices.iter_mut().find(|invoice| invoice["number"] == number).unwrap();
        invoice["status"] = "paid".into();
        invoice["paidAt"] = at.into();
        let message = json!({ "type": "invoice.paid", "timestamp": at, "data": invoice });
        let schema = &self.document["webhooks"]["invoice.paid"]["post"]["requestBody"]["content"]["application/json"];
        assert_eq!(self.unfit(&schema["schema"], &message), None, "billing's webhook matches its document");
        message
    }

    /// Returns operation and path parameter of a request.
    fn operation(&self, method: &Method, path: &str) -> Option<(&Value, String)> {
        let given: Vec<&str> = path.split('/').collect();
        self.document["paths"].as_object()?.iter().find_map(|(pattern, operations)| {
            let wanted: Vec<&str> = pattern.split('/').collect();
            let fits = |(w, g): (&&str, &&str)| w == g || (w.starts_with('{') && !g.is_empty());
            let operation = operations.get(method.as_str().to_lowercase())?;
            let parameter = wanted.iter().position(|w| w.starts_with('{')).and_then(|at| given.get(at));
            let all = wanted.len() == given.len() && wanted.iter().zip(&given).all(fits);
            all.then(|| (operation, parameter.map(|p| (*p).to_owned()).unwrap_or_default()))
        })
    }

    /// Returns the first violation of a schema of the document: its place and reason.
    fn unfit(&self, schema: &Value, value: &Value) -> Option<(String, String)> {
        let mut schema = schema.clone();
        schema["components"] = self.document["components"].clone();
        let validator = jsonschema::options().offline().build(&schema).unwrap();
        validator.iter_errors(value).next().map(|e| (e.instance_path().to_string(), e.to_string()))
    }

    fn asks_for_key(&self, operation: &Value) -> bool {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.filter_map(|p| p["$ref"].as_str()).any(|r| r.ends_with("/IdempotencyKey"))
    }

    fn handle(&self, method: &Method, uri: &Uri, headers: &HeaderMap, bytes: &[u8]) -> (u16, Value, Option<Fault>) {
        let refused = |status, code: &str, message: &str| (status, json!({ "code": code, "message": message }), None);
        let Some((operation, parameter)) = self.operation(method, uri.path()) else {
            return refused(404, "not_found", "there is no such operation");
        };
        let id = operation["operationId"].as_str().unwrap();
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let key = header("idempotency-key");
        self.books.lock().unwrap().calls.push((id.to_owned(), key.clone()));
        if header("x-api-key") != KEY {
            return refused(401, "unauthorized", "give a key in X-Api-Key");
        }
        if key.is_empty() && self.asks_for_key(operation) {
            return refused(422, "invalid", "give an Idempotency-Key");
        }
        let body: Value =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(bytes).unwrap_or_default() };
        if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema")
            && let Some((field, message)) = self.unfit(schema, &body)
        {
            return (422, json!({ "code": "invalid", "message": message, "field": field }), None);
        }
        let asked = Asked { operation, id, parameter, key, body };
        let mut books = self.books.lock().unwrap();
        let fault = books.faults.iter().position(|(of, _)| *of == asked.id).and_then(|at| books.faults.remove(at));
        if let Some((_, Fault::Answer(status))) = fault {
            let code = if status < 500 { "invalid" } else { "unavailable" };
            return refused(status, code, "not now");
        }
        let (status, answer) = books.once(&asked, uri.query().unwrap_or_default());
        (status, answer, fault.map(|(_, fault)| fault))
    }

    /// Returns the schema that the document has for a response.
    fn promised(&self, operation: &Value, status: u16) -> Value {
        let responses = &operation["responses"];
        let response = responses.get(status.to_string()).unwrap_or(&responses["default"]);
        let response = match response["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => response,
        };
        response["content"]["application/json"]["schema"].clone()
    }
}

impl Books {
    /// Performs a request unless its key has been answered.
    fn once(&mut self, asked: &Asked<'_>, query: &str) -> (u16, Value) {
        let question = format!("{} {} {}", asked.id, asked.parameter, asked.body);
        if let Some((before, status, answer)) = self.answered.get(&asked.key).filter(|_| !asked.key.is_empty()) {
            let reused = (409, json!({ "code": "key_reused", "message": "this key was for another request" }));
            return if *before == question { (*status, answer.clone()) } else { reused };
        }
        let (status, answer) = self.perform(asked, query);
        if status < 400 && asked.operation.get("parameters").is_some() {
            self.answered.insert(asked.key.clone(), (question, status, answer.clone()));
        }
        (status, answer)
    }

    fn perform(&mut self, asked: &Asked<'_>, query: &str) -> (u16, Value) {
        match asked.id {
            "putCustomer" => self.put_customer(&asked.parameter, &asked.body),
            "listInvoices" => {
                let reference = query.trim_start_matches("reference=");
                let found: Vec<&Value> = self.invoices.iter().rev().filter(|i| i["reference"] == reference).collect();
                (200, json!({ "invoices": found }))
            }
            "createInvoice" => self.create_invoice(&asked.body),
            "finalizeInvoice" => self.turn(&asked.parameter, ["draft", "open"], "open"),
            _ => self.turn(&asked.parameter, ["draft", "open"], "void"),
        }
    }

    fn put_customer(&mut self, reference: &str, fields: &Value) -> (u16, Value) {
        let number = self.customers.len() + 1;
        let at = self.customers.iter().position(|customer| customer["reference"] == reference);
        let id = at.map_or_else(|| json!(format!("cus_{number}")), |at| self.customers[at]["id"].clone());
        let mut customer = json!({ "id": id, "reference": reference });
        customer.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        match at {
            Some(at) => self.customers[at] = customer.clone(),
            None => self.customers.push(customer.clone()),
        }
        (if at.is_some() { 200 } else { 201 }, customer)
    }

    fn create_invoice(&mut self, asked: &Value) -> (u16, Value) {
        if !self.customers.iter().any(|customer| customer["id"] == asked["customer"]) {
            return (422, json!({ "code": "invalid", "message": "no such customer", "field": "/customer" }));
        }
        let lines = asked["lines"].as_array().unwrap();
        let invoice = json!({
            "id": format!("inv_{}", self.invoices.len() + 1), "number": null, "status": "draft",
            "reference": asked["reference"], "currency": asked["currency"], "customer": asked["customer"],
            "totalMinor": lines.iter().map(|line| line["amountMinor"].as_i64().unwrap()).sum::<i64>(),
        });
        self.invoices.push(invoice.clone());
        (201, invoice)
    }

    fn turn(&mut self, id: &str, from: [&str; 2], to: &str) -> (u16, Value) {
        let Some(at) = self.invoices.iter().position(|invoice| invoice["id"] == id) else {
            return (404, json!({ "code": "not_found", "message": "no such invoice" }));
        };
        let invoice = &mut self.invoices[at];
        if invoice["status"] != to && !from.iter().any(|status| invoice["status"] == *status) {
            return (409, json!({ "code": "wrong_state", "message": format!("it is {}", invoice["status"]) }));
        }
        invoice["status"] = to.into();
        if to == "open" {
            invoice["number"] = format!("B-{}", 1001 + at).into();
        }
        (200, invoice.clone())
    }
}

async fn answer(
    State(billing): State<Billing>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let (status, body, fault) = billing.handle(&method, &uri, &headers, &bytes);
    if let Some((operation, _)) = billing.operation(&method, uri.path()) {
        let unfit = billing.unfit(&billing.promised(operation, status), &body);
        assert_eq!(unfit, None, "billing's response matches its document");
    }
    let status = StatusCode::from_u16(status).unwrap();
    let json = [("content-type", "application/json")];
    if fault == Some(Fault::LoseReply) {
        let broken = stream::iter([Err::<Bytes, _>(std::io::Error::other("the connection is gone"))]);
        return (status, json, Body::from_stream(broken)).into_response();
    }
    (status, json, body.to_string()).into_response()
}
