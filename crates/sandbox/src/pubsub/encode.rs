//! Encodes the JSON of an event as Avro.

use apache_avro::Schema as Avro;
use apache_avro::schema::RecordSchema;
use apache_avro::types::Value as AvroValue;
use apache_avro::writer::datum::GenericDatumWriter;
use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::Value;

use stepwell_pubsub::{Resolved, Schema};
use stepwell_sync::time;

/// Lists of field names that are encoded as bitmaps.
const LISTS: [&str; 3] = ["nulledFields", "diffFields", "changedFields"];

/// Encodes an event. Missing fields are null.
pub(super) fn encode(schema: &Schema, event: &Value) -> Result<Vec<u8>, String> {
    let record = schema.record().ok_or("the schema is not a record")?;
    let value = of_record(schema, record, event)?;
    let writer = GenericDatumWriter::builder(schema.avro()).build().map_err(|e| e.to_string())?;
    writer.write_value_to_vec(value).map_err(|e| e.to_string())
}

fn of_record(schema: &Schema, record: &RecordSchema, value: &Value) -> Result<AvroValue, String> {
    let of = |field: &apache_avro::schema::RecordField| {
        let member = &value[&field.name];
        let written = match member.as_array() {
            Some(names) if LISTS.contains(&field.name.as_str()) => bitmaps(schema, names),
            _ => of_schema(schema, &field.schema, field.doc.as_deref().unwrap_or_default(), member)?,
        };
        Ok((field.name.clone(), written))
    };
    record.fields.iter().map(of).collect::<Result<Vec<_>, String>>().map(AvroValue::Record)
}

fn bitmaps(schema: &Schema, names: &[Value]) -> AvroValue {
    let names = names.iter().filter_map(Value::as_str);
    let texts = schema.bitmaps().map(|bitmaps| bitmaps.of(names)).unwrap_or_default();
    AvroValue::Array(texts.into_iter().map(AvroValue::String).collect())
}

fn of_schema(schema: &Schema, of: &Avro, doc: &str, value: &Value) -> Result<AvroValue, String> {
    let unfit = || format!("{value} does not match {doc}");
    Ok(match (schema.resolved(of), value) {
        (Resolved::Record(record), value) => of_record(schema, record, value)?,
        (Resolved::Other(Avro::Union(_)), Value::Null) => AvroValue::Union(0, Box::new(AvroValue::Null)),
        (Resolved::Other(Avro::Union(union)), value) => {
            let inner = union.variants().get(1).ok_or_else(unfit)?;
            AvroValue::Union(1, Box::new(of_schema(schema, inner, doc, value)?))
        }
        (Resolved::Other(Avro::String), Value::String(text)) => AvroValue::String(text.clone()),
        (Resolved::Other(Avro::String), Value::Null) => AvroValue::String(String::new()),
        (Resolved::Other(Avro::Boolean), value) => AvroValue::Boolean(value.as_bool().ok_or_else(unfit)?),
        (Resolved::Other(Avro::Int), value) => {
            AvroValue::Int(value.as_i64().and_then(|n| i32::try_from(n).ok()).ok_or_else(unfit)?)
        }
        (Resolved::Other(Avro::Long), value) => AvroValue::Long(millis(value).ok_or_else(unfit)?),
        (Resolved::Other(Avro::Double), value) => AvroValue::Double(value.as_f64().ok_or_else(unfit)?),
        (Resolved::Other(Avro::Enum(symbols)), Value::String(text)) => {
            let place = symbols.symbols.iter().position(|symbol| symbol == text).ok_or_else(unfit)?;
            AvroValue::Enum(u32::try_from(place).unwrap_or_default(), text.clone())
        }
        (Resolved::Other(Avro::Array(array)), Value::Array(items)) => {
            let items = items.iter().map(|item| of_schema(schema, &array.items, doc, item));
            AvroValue::Array(items.collect::<Result<_, _>>()?)
        }
        _ => return Err(unfit()),
    })
}

/// Returns a number, or a time or date in milliseconds since 1970.
fn millis(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let text = value.as_str()?;
    let day = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    let at: DateTime<chrono::Utc> = time(text).or_else(|| text.parse().ok().map(day))?;
    Some(at.timestamp_millis())
}
