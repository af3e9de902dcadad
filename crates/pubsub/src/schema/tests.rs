//! Payloads as workflows see them, and invalid payloads.

use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::json;

use super::*;

fn header() -> Value {
    let texts = json!({ "type": "array", "items": "string" });
    json!({ "type": "record", "name": "ChangeEventHeader", "fields": [
        { "name": "entityName", "type": "string" },
        { "name": "recordIds", "type": texts },
        { "name": "changeType", "type": { "type": "enum", "name": "ChangeType", "symbols": ["CREATE", "UPDATE", "GAP_UPDATE"] } },
        { "name": "commitTimestamp", "type": "long" },
        { "name": "nulledFields", "type": texts },
        { "name": "changedFields", "type": texts },
    ] })
}

fn account() -> Schema {
    let schema = json!({ "type": "record", "name": "AccountChangeEvent", "namespace": "com.sforce.eventbus", "fields": [
        { "name": "ChangeEventHeader", "type": header() },
        { "name": "Name", "type": ["null", "string"], "doc": "Data:Text", "default": null },
        { "name": "Phone", "type": ["null", "string"], "doc": "Data:PhoneNumber", "default": null },
        { "name": "Credit_Limit__c", "type": ["null", "double"], "doc": "Data:Currency:00N1", "default": null },
        { "name": "Fax", "type": ["null", "string"], "doc": "Data:PhoneNumber", "default": null },
        { "name": "LastModifiedDate", "type": ["null", "long"], "doc": "Data:DateTime", "default": null },
        { "name": "Since__c", "type": ["null", "long"], "doc": "Data:DateOnly:00N2", "default": null },
        { "name": "Opens__c", "type": ["null", "long"], "doc": "Data:TimeOnly:00N3", "default": null },
        { "name": "BillingAddress", "type": ["null", { "type": "record", "name": "Address", "fields": [
            { "name": "Street", "type": ["null", "string"] },
            { "name": "City", "type": ["null", "string"] },
            { "name": "State", "type": ["null", "string"] },
        ] }] },
        { "name": "ShippingAddress", "type": ["null", "Address"] },
    ] });
    Schema::parse(&schema.to_string()).unwrap()
}

fn some(value: AvroValue) -> AvroValue {
    AvroValue::Union(1, Box::new(value))
}

fn nothing() -> AvroValue {
    AvroValue::Union(0, Box::new(AvroValue::Null))
}

fn record(members: Vec<(&str, AvroValue)>) -> AvroValue {
    AvroValue::Record(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn encode(schema: &Schema, value: AvroValue) -> Vec<u8> {
    GenericDatumWriter::builder(schema.avro()).build().unwrap().write_value_to_vec(value).unwrap()
}

fn change() -> AvroValue {
    let texts = |texts: &[&str]| AvroValue::Array(texts.iter().map(|text| AvroValue::String((*text).into())).collect());
    record(vec![
        (
            "ChangeEventHeader",
            record(vec![
                ("entityName", AvroValue::String("Account".into())),
                ("recordIds", texts(&["001Ws00000Kq3EaIAJ"])),
                ("changeType", AvroValue::Enum(1, "UPDATE".into())),
                ("commitTimestamp", AvroValue::Long(1_795_192_927_000)),
                ("nulledFields", texts(&["0x10", "8-0x04"])),
                ("changedFields", texts(&["0xFC", "8-0x05"])),
            ]),
        ),
        ("Name", nothing()),
        ("Phone", some(AvroValue::String("+49 711".into()))),
        ("Credit_Limit__c", some(AvroValue::Double(250_000.0))),
        ("Fax", nothing()),
        ("LastModifiedDate", some(AvroValue::Long(1_795_192_927_000))),
        ("Since__c", some(AvroValue::Long(1_795_132_800_000))),
        ("Opens__c", some(AvroValue::Long(37_845_000))),
        (
            "BillingAddress",
            some(record(vec![
                ("Street", some(AvroValue::String("Industriestraße 9".into()))),
                ("City", nothing()),
                ("State", nothing()),
            ])),
        ),
        ("ShippingAddress", some(record(vec![("Street", nothing()), ("City", nothing()), ("State", nothing())]))),
    ])
}

#[test]
fn a_change_event_reads_as_the_streaming_api_delivers_it() {
    let schema = account();
    let read = schema.decode(&encode(&schema, change())).unwrap();
    assert_eq!(
        read,
        json!({
            "ChangeEventHeader": {
                "entityName": "Account", "recordIds": ["001Ws00000Kq3EaIAJ"], "changeType": "UPDATE",
                "commitTimestamp": 1_795_192_927_000_i64, "nulledFields": ["Fax", "BillingAddress.State"],
                "changedFields": ["Phone", "Credit_Limit__c", "Fax", "LastModifiedDate", "Since__c", "Opens__c",
                "BillingAddress.Street", "BillingAddress.State"],
            },
            "Phone": "+49 711",
            "Credit_Limit__c": 250_000.0,
            "Fax": null,
            "LastModifiedDate": "2026-11-20T16:42:07.000Z",
            "Since__c": "2026-11-20",
            "Opens__c": "10:30:45.000Z",
            // The city did not change.
            "BillingAddress": { "Street": "Industriestraße 9", "State": null },
        })
    );
}

#[test]
fn a_platform_event_keeps_its_empty_fields() {
    let schema = Schema::parse(
        &json!({ "type": "record", "name": "Order__e", "fields": [
        { "name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime" },
        { "name": "Text__c", "type": ["null", "string"], "doc": "Data:Text:00N1", "default": null },
        { "name": "Odd__c", "type": ["null", "double"], "doc": "Data:Double:00N2", "default": null },
    ] })
        .to_string(),
    )
    .unwrap();
    let sent = record(vec![
        ("CreatedDate", AvroValue::Long(0)),
        ("Text__c", nothing()),
        ("Odd__c", some(AvroValue::Double(f64::NAN))),
    ]);
    let read = schema.decode(&encode(&schema, sent)).unwrap();
    assert_eq!(read, json!({ "CreatedDate": "1970-01-01T00:00:00.000Z", "Text__c": null, "Odd__c": "NaN" }));
}

#[test]
fn a_payload_that_does_not_match_its_schema_is_refused_and_nothing_panics() {
    let schema = account();
    let sound = encode(&schema, change());
    for cut in 0..sound.len() {
        assert!(schema.decode(&sound[..cut]).is_err(), "{cut} of {} bytes", sound.len());
    }
    assert!(schema.decode(&[&sound[..], b"x"].concat()).unwrap_err().to_string().contains("1 bytes are left"));
    // Replace each byte: decoding must return, with any result.
    for place in 0..sound.len() {
        for byte in [0x00, 0x7f, 0x80, 0xff] {
            let mut bytes = sound.clone();
            bytes[place] = byte;
            drop(schema.decode(&bytes));
        }
    }
    // An array that claims more items than any event has.
    assert!(
        schema.decode(&[14, b'A', b'c', b'c', b'o', b'u', b'n', b't', 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_err()
    );
    for bad in ["", "{}", "\"string\"", r#"{"type":"record","name":"x"}"#] {
        assert!(Schema::parse(bad).is_err(), "{bad}");
    }
}
