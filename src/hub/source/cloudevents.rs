//! CloudEvents 1.0 over HTTP: binary, structured and batched mode.
//!
//! An event is identified by its `source` and `id`, whatever the mode.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::event::check_id;
use super::headers::recorded;
use crate::canonical;
use crate::engine::{IncomingEvent, OtherBytes};
use crate::hub::json;

/// Most events in a batch.
const BATCH_MAX: usize = 1_000;

/// Longest attribute value.
const ATTRIBUTE_CHARS_MAX: usize = 1_024;

/// Why a request contains no CloudEvents. The texts are safe to show to the sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// A format other than JSON: 415.
    #[error("{0}")]
    Unsupported(String),
    /// Not a CloudEvent: 400.
    #[error("{0}")]
    Malformed(String),
}

fn malformed(why: impl Into<String>) -> BadEvent {
    BadEvent::Malformed(why.into())
}

/// Where a request carries its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The attributes are headers and the body is the data.
    Binary,
    /// The body is one event.
    Structured,
    /// The body is a list of events.
    Batched,
}

impl Mode {
    /// Returns the mode that the content type declares.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        match content_type(headers).ok().flatten().as_deref().map(essence).as_deref() {
            Some("application/cloudevents+json") => Self::Structured,
            Some("application/cloudevents-batch+json") => Self::Batched,
            _ => Self::Binary,
        }
    }
}

fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads the events of a request, in the mode that its content type declares.
///
/// # Errors
/// See [`BadEvent`]; one bad event refuses its whole batch.
pub fn read(headers: &HeaderMap, body: &Bytes) -> Result<Vec<IncomingEvent>, BadEvent> {
    let content_type = content_type(headers)?.unwrap_or_default();
    match essence(&content_type).as_str() {
        "application/cloudevents+json" => {
            let (event, note) = parse(body)?;
            Ok(vec![noted(structured(event, recorded(headers), body.clone())?, &note)])
        }
        "application/cloudevents-batch+json" => batch(parse(body)?, headers),
        other if other.starts_with("application/cloudevents") => Err(BadEvent::Unsupported(format!(
            "content type {other} is not supported; send application/cloudevents+json or application/cloudevents-batch+json"
        ))),
        essence => Ok(vec![binary(headers, essence, &content_type, body)?]),
    }
}

fn content_type(headers: &HeaderMap) -> Result<Option<String>, BadEvent> {
    let value = headers.get(CONTENT_TYPE).map(http::HeaderValue::to_str).transpose();
    Ok(value.map_err(|_| malformed("header content-type is not text"))?.map(str::to_owned))
}

/// Parses JSON, and returns a note about replaced characters.
fn parse(body: &[u8]) -> Result<(Value, Option<String>), BadEvent> {
    let text = std::str::from_utf8(body)
        .map_err(|e| malformed(format!("the body is not UTF-8: invalid byte at offset {}", e.valid_up_to())))?;
    let (value, replaced) = json::read_event(text).map_err(|bad| malformed(bad.to_string()))?;
    Ok((value, replaced.note()))
}

fn noted(event: IncomingEvent, note: &Option<String>) -> IncomingEvent {
    IncomingEvent { note: note.clone().or(event.note), ..event }
}

fn batch((body, note): (Value, Option<String>), headers: &HeaderMap) -> Result<Vec<IncomingEvent>, BadEvent> {
    let Value::Array(events) = body else { return Err(malformed("a batch must be a JSON array of events")) };
    if events.len() > BATCH_MAX {
        return Err(malformed(format!("a batch has at most {BATCH_MAX} events, but this one has {}", events.len())));
    }
    let recorded = recorded(headers);
    let read = |(index, event): (usize, Value)| {
        // Stored on its own, so that the same event in two batches has the same bytes.
        let alone = Bytes::from(event.to_string());
        structured(event, recorded.clone(), alone)
            .map(|event| noted(event, &note))
            .map_err(|bad| malformed(format!("event {index} of the batch: {bad}")))
    };
    events.into_iter().enumerate().map(read).collect()
}

fn structured(event: Value, headers: Vec<(String, String)>, body: Bytes) -> Result<IncomingEvent, BadEvent> {
    let Value::Object(mut members) = event else { return Err(malformed("an event must be a JSON object")) };
    let data = (members.remove("data"), members.remove("data_base64"));
    let attributes = attributes(members)?;
    let data_type = attributes.iter().find(|(name, _)| name == "datacontenttype").map(|(_, value)| value.as_str());
    let (data, note) = match data {
        (Some(_), Some(_)) => return Err(malformed("an event has either data or data_base64")),
        (Some(data), None) => (data, None),
        (None, Some(Value::String(encoded))) => decoded(&encoded, data_type)?,
        (None, Some(_)) => return Err(malformed("data_base64 must be a string")),
        (None, None) => (Value::Null, None),
    };
    Ok(noted(event_of(attributes, data, headers, body)?, &note))
}

fn attributes(members: Map<String, Value>) -> Result<Vec<(String, String)>, BadEvent> {
    let text = |(name, value)| match value {
        Value::String(text) => Some(Ok((name, text))),
        Value::Bool(flag) => Some(Ok((name, flag.to_string()))),
        Value::Number(number) => Some(Ok((name, canonical::number(&number)))),
        Value::Null => None,
        Value::Array(_) | Value::Object(_) => Some(Err(malformed(format!("attribute {name:?} must be a plain value")))),
    };
    members.into_iter().filter_map(text).collect()
}

/// Decodes `data_base64`: JSON is parsed, anything else stays base64, which JSON cannot express otherwise.
fn decoded(encoded: &str, data_type: Option<&str>) -> Result<(Value, Option<String>), BadEvent> {
    let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| malformed("data_base64 is not base64"))?;
    if data_type.is_some_and(is_json) {
        return parse(&bytes).map_err(|bad| malformed(format!("data_base64: {bad}")));
    }
    Ok((Value::String(encoded.to_owned()), None))
}

fn binary(headers: &HeaderMap, essence: &str, content_type: &str, body: &Bytes) -> Result<IncomingEvent, BadEvent> {
    let mut attributes = Vec::new();
    for name in headers.keys() {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
        let mut values = headers.get_all(name).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(malformed(format!("header {name} occurs more than once")));
        };
        attributes.push((attribute.to_owned(), header_text(name.as_str(), value.as_bytes())?));
    }
    if attributes.is_empty() {
        return Err(malformed(
            "not a CloudEvent: it has neither ce- headers nor the content type application/cloudevents+json",
        ));
    }
    if !content_type.is_empty() {
        attributes.push(("datacontenttype".to_owned(), content_type.to_owned()));
    }
    let (data, note) = match std::str::from_utf8(body) {
        _ if body.is_empty() => (Value::Null, None),
        _ if essence.is_empty() || is_json(essence) => parse(body)?,
        Ok(text) if !text.contains('\0') => (Value::String(text.to_owned()), None),
        _ => (Value::String(BASE64_STANDARD.encode(body)), None),
    };
    Ok(noted(event_of(attributes, data, recorded(headers), body.clone())?, &note))
}

/// Decodes a header value: percent-encoded UTF-8, which old senders put in quotes.
fn header_text(name: &str, value: &[u8]) -> Result<String, BadEvent> {
    let bad = || malformed(format!("header {name} is not percent-encoded UTF-8"));
    let text = std::str::from_utf8(value).map_err(|_| bad())?;
    let text = match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => unquoted(quoted),
        None => text.to_owned(),
    };
    percent_decode_str(&text).decode_utf8().map(std::borrow::Cow::into_owned).map_err(|_| bad())
}

fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.extend(if c == '\\' { characters.next() } else { Some(c) });
    }
    plain
}

fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence == "application/json" || essence == "text/json" || essence.ends_with("+json")
}

fn event_of(
    attributes: Vec<(String, String)>,
    data: Value,
    headers: Vec<(String, String)>,
    body: Bytes,
) -> Result<IncomingEvent, BadEvent> {
    for (name, value) in &attributes {
        check_attribute(name, value)?;
    }
    let find = |name: &str| {
        let found = attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        found
            .filter(|value| !value.is_empty())
            .ok_or_else(|| malformed(format!("attribute {name} is missing or empty")))
    };
    let version = find("specversion")?;
    if version != "1.0" {
        return Err(malformed(format!("specversion {version:?} is not supported, only \"1.0\"")));
    }
    let (event_id, source, r#type) = (find("id")?, find("source")?, find("type")?);
    check_id(&event_id).map_err(BadEvent::Malformed)?;
    if find("time").is_ok_and(|time| chrono::DateTime::parse_from_rfc3339(&time).is_err()) {
        return Err(malformed("attribute time is not an RFC 3339 time"));
    }
    Ok(IncomingEvent {
        source,
        event_id,
        r#type,
        attributes,
        data,
        data_is_body: false,
        body,
        headers,
        counted: None,
        note: None,
        other_bytes: OtherBytes::Conflict,
    })
}

fn check_attribute(name: &str, value: &str) -> Result<(), BadEvent> {
    let sound = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if !sound {
        return Err(malformed(format!("attribute name {name:?} is not lower-case letters and digits")));
    }
    if value.chars().count() > ATTRIBUTE_CHARS_MAX || value.chars().any(char::is_control) {
        return Err(malformed(format!(
            "attribute {name} has control characters or more than {ATTRIBUTE_CHARS_MAX} characters"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("value"))).collect()
    }

    fn of_type(content_type: &str, body: &'static [u8]) -> Result<Vec<IncomingEvent>, BadEvent> {
        read(&headers(&[("content-type", content_type)]), &Bytes::from_static(body))
    }

    /// The sample file is a complete HTTP request.
    fn binary_sample() -> (HeaderMap, Bytes) {
        let text = include_str!("../../../tests/data/hub/cloudevent_binary.http").replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").expect("a body");
        let pairs = head.lines().skip(1).map(|line| line.split_once(": ").expect("a header"));
        let headers = pairs.map(|(name, value)| {
            (http::HeaderName::from_bytes(name.as_bytes()).expect("name"), value.parse().expect("value"))
        });
        (headers.collect(), Bytes::from(body.trim().to_owned()))
    }

    #[test]
    fn the_three_modes_give_the_same_event() {
        let (binary_headers, body) = binary_sample();
        let binary = read(&binary_headers, &body).expect("binary").remove(0);
        let structured = of_type(
            "Application/CloudEvents+JSON; charset=utf-8",
            include_bytes!("../../../tests/data/hub/cloudevent_structured.json"),
        );
        let structured = structured.expect("structured").remove(0);
        let batch = of_type(
            "application/cloudevents-batch+json",
            include_bytes!("../../../tests/data/hub/cloudevent_batch.json"),
        );
        let batch = batch.expect("batch");
        for event in [&binary, &structured, &batch[0]] {
            assert_eq!(event.event_id, "7c0c9a1e-6a0e-4f0b-9a53-0a8f6f1d2b11");
            assert_eq!(event.source, "/salesforce/00DWs000003aBcDMAU");
            assert_eq!(event.r#type, "com.example.opportunity.closed_won");
            assert_eq!(event.data["Amount"].to_string(), "24688.86");
        }
        assert_eq!(batch.len(), 3);
        assert_eq!((&batch[0].event_id, &batch[0].body), (&batch[2].event_id, &batch[2].body));
        assert!(binary.attributes.contains(&("customername".to_owned(), "Brückner & Söhne".to_owned())));
    }

    #[test]
    fn formats_other_than_json_are_unsupported() {
        for other in ["application/cloudevents+avro", "application/cloudevents-batch+xml", "application/cloudevents"] {
            assert!(matches!(of_type(other, b"{}"), Err(BadEvent::Unsupported(_))), "{other}");
        }
    }

    #[test]
    fn an_event_without_what_it_needs_is_malformed() {
        let sound = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {}});
        let read_one = |event: &Value| structured(event.clone(), Vec::new(), Bytes::new());
        assert!(read_one(&sound).is_ok());
        let changes = [
            ("specversion", json!("0.3")),
            ("specversion", Value::Null),
            ("id", json!("")),
            ("id", json!("a\nb")),
            ("id", json!("x".repeat(257))),
            ("source", Value::Null),
            ("type", json!({})),
            ("time", json!("yesterday")),
            ("data_base64", json!("eA==")),
            ("Bad-Name", json!("x")),
        ];
        for (name, value) in changes {
            let mut event = sound.clone();
            event[name] = value;
            assert!(read_one(&event).is_err(), "{event}");
        }
        for body in ["[]", "7", "[1]", "{\"id\":1,\"id\":2}", ""] {
            assert!(read(&headers(&[("content-type", "application/cloudevents+json")]), &Bytes::from(body)).is_err());
        }
    }

    #[test]
    fn header_values_are_decoded_once_and_must_be_utf_8() {
        assert_eq!(header_text("ce-a", b"a%20%2520").expect("text"), "a %20");
        assert_eq!(header_text("ce-a", br#""quoted \"x\"""#).expect("text"), "quoted \"x\"");
        assert!(header_text("ce-a", b"%ff").is_err());
        assert!(header_text("ce-a", b"\xff").is_err());
        let twice = headers(&[("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t"), ("ce-specversion", "1.0")]);
        let mut doubled = twice.clone();
        doubled.append("ce-id", "2".parse().expect("value"));
        assert!(read(&twice, &Bytes::new()).is_ok());
        assert!(read(&doubled, &Bytes::new()).is_err());
        assert!(read(&HeaderMap::new(), &Bytes::from_static(b"{}")).is_err());
    }

    #[test]
    fn binary_data_is_read_where_it_is_json() {
        let event = json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "datacontenttype": "application/json", "data_base64": "eyJhIjoxfQ=="});
        assert_eq!(structured(event, Vec::new(), Bytes::new()).expect("read").data, json!({"a": 1}));
    }
}
