//! Forms: the fields that a person can set, and the call to the system's own API that submitting makes.

use bytes::Bytes;
use chrono::Utc;
use http::{HeaderMap, Method, header};
use serde_json::{Map, Value, json};

use super::pairs::text;
use crate::call::{Answer, Call, Payload, System, segments};
use crate::exchange::Entry;
use crate::{Sandbox, World};

/// The kind of a form field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Text,
    Number,
    Flag,
    Date,
}

/// The fields of a record type that its form shows.
struct Sheet {
    system: System,
    record_type: &'static str,
    inputs: &'static [(&'static str, Input)],
    /// Additional fields of a new record, as JSON.
    preset: &'static str,
    /// Whether people can create such records.
    creates: bool,
}

const fn sheet(system: System, record_type: &'static str, inputs: &'static [(&'static str, Input)]) -> Sheet {
    Sheet { system, record_type, inputs, preset: "{}", creates: true }
}

const ITEM: &[(&str, Input)] =
    &[("itemId", Input::Text), ("externalId", Input::Text), ("displayName", Input::Text), ("isInactive", Input::Flag)];

const SHEETS: [Sheet; 10] = [
    sheet(
        System::Crm,
        "Account",
        &[
            ("Name", Input::Text),
            ("Phone", Input::Text),
            ("BillingStreet", Input::Text),
            ("BillingPostalCode", Input::Text),
            ("BillingCity", Input::Text),
            ("BillingCountry", Input::Text),
            ("Credit_Limit__c", Input::Number),
            ("CurrencyIsoCode", Input::Text),
            ("NetSuite_Id__c", Input::Text),
        ],
    ),
    sheet(
        System::Crm,
        "Contact",
        &[
            ("FirstName", Input::Text),
            ("LastName", Input::Text),
            ("Email", Input::Text),
            ("Phone", Input::Text),
            ("AccountId", Input::Text),
        ],
    ),
    sheet(
        System::Crm,
        "Opportunity",
        &[
            ("Name", Input::Text),
            ("AccountId", Input::Text),
            ("StageName", Input::Text),
            ("CloseDate", Input::Date),
            ("Amount", Input::Number),
            ("CurrencyIsoCode", Input::Text),
            ("PO_Number__c", Input::Text),
        ],
    ),
    sheet(
        System::Crm,
        "Product2",
        &[
            ("Name", Input::Text),
            ("ProductCode", Input::Text),
            ("Family", Input::Text),
            ("IsActive", Input::Flag),
            ("NetSuite_Item_Id__c", Input::Text),
        ],
    ),
    Sheet {
        preset: r#"{"subsidiary": {"id": "2"}}"#,
        ..sheet(
            System::Erp,
            "customer",
            &[
                ("companyName", Input::Text),
                ("externalId", Input::Text),
                ("email", Input::Text),
                ("phone", Input::Text),
                ("creditLimit", Input::Number),
                ("isInactive", Input::Flag),
            ],
        )
    },
    Sheet {
        preset: r#"{"subsidiary": {"id": "2"}}"#,
        ..sheet(
            System::Erp,
            "contact",
            &[("entityId", Input::Text), ("externalId", Input::Text), ("email", Input::Text)],
        )
    },
    Sheet {
        creates: false,
        ..sheet(
            System::Erp,
            "salesOrder",
            &[("memo", Input::Text), ("otherRefNum", Input::Text), ("tranDate", Input::Date)],
        )
    },
    sheet(System::Erp, "inventoryItem", ITEM),
    sheet(System::Erp, "serviceSaleItem", ITEM),
    sheet(System::Erp, "nonInventorySaleItem", ITEM),
];

/// A form, as the template shows it.
pub struct FormView {
    pub action: String,
    pub title: String,
    pub refusal: Option<String>,
    pub inputs: Vec<InputView>,
    sheet: &'static Sheet,
    id: Option<String>,
}

/// A field of a form.
pub struct InputView {
    pub name: &'static str,
    pub value: String,
    pub kind: &'static str,
}

impl InputView {
    /// Whether a checkbox is set.
    pub fn checked(&self) -> bool {
        self.value == "true"
    }
}

impl FormView {
    /// Returns the form for a record, or for a new one; `None` if the record or the form does not exist.
    pub fn of(world: &World, system: System, record_type: &str, id: Option<&str>) -> Option<Self> {
        let sheet = SHEETS.iter().find(|sheet| sheet.system == system && sheet.record_type == record_type)?;
        let record = match (id, system) {
            (None, _) => Some(Value::Null).filter(|_| sheet.creates),
            (Some(id), System::Crm) => world.crm.shown(sheet.record_type, "Id", id),
            (Some(id), System::Erp) => world.erp.shown(sheet.record_type, id),
        }?;
        let inputs = sheet.inputs.iter().map(|(name, kind)| {
            let kind = match kind {
                Input::Text => "text",
                Input::Number => "number",
                Input::Flag => "checkbox",
                Input::Date => "date",
            };
            InputView { name, value: text(record.get(*name)), kind }
        });
        let place =
            [Some(system.name()), Some(sheet.record_type), id].into_iter().flatten().collect::<Vec<_>>().join("/");
        Some(Self {
            action: format!("/form/{place}"),
            title: id.map_or_else(|| format!("New {record_type}"), |id| format!("{record_type} {id}")),
            refusal: None,
            inputs: inputs.collect(),
            sheet,
            id: id.map(str::to_owned),
        })
    }

    /// Sends the submitted fields to the system. The error is the system's message.
    pub fn send(&self, sandbox: &Sandbox, given: &[(String, String)]) -> Result<(), String> {
        let mut fields = if self.id.is_none() { preset(self.sheet) } else { Map::new() };
        for input in &self.inputs {
            let value = given.iter().find(|(name, _)| name == input.name).map(|(_, value)| value.trim());
            if value.unwrap_or_default() == input.value && (self.id.is_some() || input.value.is_empty()) {
                continue;
            }
            fields.insert(input.name.to_owned(), typed(input, value)?);
        }
        if fields.is_empty() {
            return Ok(());
        }
        let call = self.call(&Value::Object(fields));
        let entry = Entry::open(sandbox, &call);
        let answer = entry.apply_for_person(&call);
        let answer = entry.answered(answer);
        if answer.status.is_success() { Ok(()) } else { Err(refusal(&answer)) }
    }

    /// Prepares the form to be shown again with the submitted values and the error.
    pub fn refused(&mut self, refusal: String, given: &[(String, String)]) {
        self.refusal = Some(refusal);
        for input in &mut self.inputs {
            let value = given.iter().find(|(name, _)| name == input.name);
            input.value = value.map(|(_, value)| value.clone()).unwrap_or_default();
        }
    }

    fn call(&self, body: &Value) -> Call {
        let Sheet { system, record_type, .. } = self.sheet;
        let (base, token) = match system {
            System::Crm => ("/services/data/v62.0/sobjects", crate::crm::STATIC_TOKEN),
            System::Erp => ("/services/rest/record/v1", crate::erp::STATIC_TOKEN),
        };
        let path =
            [Some(base), Some(*record_type), self.id.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, header::HeaderValue::from_static("a person on the sandbox's page"));
        if let Ok(value) = format!("Bearer {token}").parse() {
            headers.insert(header::AUTHORIZATION, value);
        }
        Call {
            system: *system,
            method: if self.id.is_some() { Method::PATCH } else { Method::POST },
            segments: segments(&path),
            path: format!("/{}{path}", system.name()),
            query_text: String::new(),
            query: Vec::new(),
            headers,
            body: Bytes::from(body.to_string()),
            base: format!("/{}", system.name()),
            now: Utc::now(),
        }
    }
}

fn preset(sheet: &Sheet) -> Map<String, Value> {
    serde_json::from_str(sheet.preset).unwrap_or_default()
}

fn typed(input: &InputView, value: Option<&str>) -> Result<Value, String> {
    match (input.kind, value) {
        // Browsers do not send an unchecked checkbox.
        ("checkbox", value) => Ok(json!(value == Some("true"))),
        (_, None | Some("")) => Ok(Value::Null),
        ("number", Some(text)) => serde_json::from_str::<serde_json::Number>(text)
            .map(Value::Number)
            .map_err(|_| format!("{}: {text} is not a number", input.name)),
        (_, Some(text)) => Ok(text.into()),
    }
}

/// Returns the system's own error message.
fn refusal(answer: &Answer) -> String {
    let Payload::Json(_, body) = &answer.payload else { return answer.status.to_string() };
    let said = [body.pointer("/0/message"), body.pointer("/o:errorDetails/0/detail")];
    said.into_iter().flatten().find_map(Value::as_str).map_or_else(|| answer.status.to_string(), str::to_owned)
}
