//! An event's Avro schema. Decodes payloads to the JSON of Salesforce's Streaming API: times as text, bitmaps as names,
//! and of a change event only the fields it concerns.

mod bounds;

use std::collections::{HashMap, HashSet};
use std::sync::Once;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::RecordSchema;
use apache_avro::types::Value as AvroValue;
use apache_avro::{Schema as Avro, util::max_allocation_bytes};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, NaiveTime, SecondsFormat};
use serde_json::{Map, Number, Value};

use super::bitmap::{Bitmaps, expand};

/// Most bytes that the library allocates for one value: more than `bounds` allows.
const VALUE_BYTES_MAX: usize = 64 << 20;

/// Longest error message, in characters: the library repeats parts of its input.
const REASON_CHARS_MAX: usize = 500;

/// The field that only change events have.
const HEADER: &str = "ChangeEventHeader";

/// A schema for decoding events.
#[derive(Debug)]
pub struct Schema {
    avro: Avro,
    named: Named,
}

/// Types that the schema refers to by name after their first use, such as the address type shared by two fields.
pub(super) type Named = HashMap<String, Avro>;

/// Why a text is not a schema of an event.
#[derive(Debug, thiserror::Error)]
#[error("the schema cannot be used: {0}")]
pub struct BadSchema(String);

/// Why a payload does not match its schema.
#[derive(Debug, thiserror::Error)]
#[error("the payload cannot be decoded: {0}")]
pub struct Undecodable(String);

impl Schema {
    /// Parses a schema.
    ///
    /// # Errors
    /// The text is not an Avro schema of a record, or exceeds the limits in `bounds`.
    pub fn parse(json: &str) -> Result<Self, BadSchema> {
        static BOUND: Once = Once::new();
        BOUND.call_once(|| {
            max_allocation_bytes(VALUE_BYTES_MAX);
        });
        let rebuilt = bounds::rebuilt(json).map_err(|why| BadSchema(shortened(why)))?;
        match Avro::parse(&rebuilt) {
            Ok(avro @ Avro::Record(_)) => {
                bounds::measure(&avro).map_err(|why| BadSchema(shortened(why)))?;
                let mut named = Named::new();
                note_parts(&avro, &mut named);
                Ok(Self { avro, named })
            }
            Ok(_) => Err(BadSchema("it is not a record".to_owned())),
            Err(error) => Err(BadSchema(shortened(error.to_string()))),
        }
    }

    /// Returns the record that it describes.
    pub fn record(&self) -> Option<&RecordSchema> {
        match &self.avro {
            Avro::Record(record) => Some(record),
            _ => None,
        }
    }

    /// Returns the whole schema.
    pub fn avro(&self) -> &Avro {
        &self.avro
    }

    /// Resolves a schema that may be a name.
    pub fn resolved<'s>(&'s self, schema: &'s Avro) -> Resolved<'s> {
        resolve(schema, &self.named)
    }

    /// Returns an encoder of this record's fields as bitmaps.
    pub fn bitmaps(&self) -> Option<Bitmaps<'_>> {
        Some(Bitmaps { record: self.record()?, named: &self.named })
    }

    /// Decodes a payload.
    ///
    /// # Errors
    /// The payload does not match the schema, or has trailing bytes.
    pub fn decode(&self, payload: &[u8]) -> Result<Value, Undecodable> {
        bounds::walk(payload, &self.avro, &self.named).map_err(Undecodable)?;
        let undecodable = |error: apache_avro::Error| Undecodable(shortened(error.to_string()));
        let reader = GenericDatumReader::builder(&self.avro).build().map_err(undecodable)?;
        let mut rest = payload;
        let value = reader.read_value(&mut rest).map_err(undecodable)?;
        let mut json = to_json(value, &self.avro, None, &self.named);
        if let (Value::Object(members), Some(record)) = (&mut json, self.record())
            && let Some(Value::Object(header)) = members.get_mut(HEADER)
        {
            expand(header, record, &self.named);
            keep_told(members);
        }
        Ok(json)
    }
}

fn shortened(why: String) -> String {
    match why.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why,
    }
}

/// Removes unchanged fields. The Pub/Sub API sends all fields of the object and all parts of a compound field, with
/// null if they did not change. Fields and parts with a value remain, and those listed as changed or nulled.
fn keep_told(members: &mut Map<String, Value>) {
    let mut told: HashSet<String> = HashSet::new();
    for list in ["changedFields", "nulledFields"] {
        let names = members[HEADER][list].as_array().into_iter().flatten().filter_map(Value::as_str);
        told.extend(names.map(str::to_owned));
    }
    members.retain(|name, value| {
        if let Value::Object(parts) = value
            && name != HEADER
        {
            parts.retain(|part, value| !value.is_null() || told.contains(&format!("{name}.{part}")));
            return !parts.is_empty();
        }
        !value.is_null() || told.contains(name)
    });
}

/// Returns the type in the `doc` of a field: `Data:DateTime:00N...` and similar.
fn kind(doc: Option<&str>) -> &str {
    doc.and_then(|doc| doc.split(':').nth(1)).unwrap_or_default()
}

/// A schema with its name resolved.
pub enum Resolved<'s> {
    /// A record, inline or by name.
    Record(&'s RecordSchema),
    /// Any other type.
    Other(&'s Avro),
}

pub(super) fn resolve<'s>(schema: &'s Avro, named: &'s Named) -> Resolved<'s> {
    match schema {
        Avro::Record(record) => Resolved::Record(record),
        Avro::Ref { name } => match named.get(&name.to_string()) {
            Some(Avro::Record(record)) => Resolved::Record(record),
            Some(other) => Resolved::Other(other),
            None => Resolved::Other(schema),
        },
        other => Resolved::Other(other),
    }
}

fn note_named(schema: &Avro, named: &mut Named) {
    if let Some(name) = schema.name().filter(|_| !matches!(schema, Avro::Ref { .. })) {
        named.insert(name.to_string(), schema.clone());
    }
    note_parts(schema, named);
}

fn note_parts(schema: &Avro, named: &mut Named) {
    match schema {
        Avro::Record(record) => record.fields.iter().for_each(|field| note_named(&field.schema, named)),
        Avro::Union(union) => union.variants().iter().for_each(|variant| note_named(variant, named)),
        Avro::Array(array) => note_named(&array.items, named),
        Avro::Map(map) => note_named(&map.types, named),
        _ => {}
    }
}

fn to_json(value: AvroValue, schema: &Avro, doc: Option<&str>, named: &Named) -> Value {
    match value {
        AvroValue::Null => Value::Null,
        AvroValue::Boolean(value) => value.into(),
        AvroValue::Int(value) | AvroValue::Date(value) | AvroValue::TimeMillis(value) => value.into(),
        AvroValue::Long(value) => long(value, kind(doc)),
        AvroValue::TimestampMillis(value) | AvroValue::LocalTimestampMillis(value) => long(value, "DateTime"),
        AvroValue::TimeMicros(value)
        | AvroValue::TimestampMicros(value)
        | AvroValue::TimestampNanos(value)
        | AvroValue::LocalTimestampMicros(value)
        | AvroValue::LocalTimestampNanos(value) => value.into(),
        AvroValue::Float(value) => double(f64::from(value)),
        AvroValue::Double(value) => double(value),
        AvroValue::String(value) | AvroValue::Enum(_, value) => value.into(),
        AvroValue::Bytes(value) | AvroValue::Fixed(_, value) => BASE64_STANDARD.encode(value).into(),
        AvroValue::Union(place, value) => {
            let variants = match schema {
                Avro::Union(union) => union.variants(),
                _ => &[],
            };
            let inner = usize::try_from(place).ok().and_then(|place| variants.get(place));
            to_json(*value, inner.unwrap_or(&Avro::Null), doc, named)
        }
        AvroValue::Array(items) => {
            let of = match schema {
                Avro::Array(array) => &array.items,
                _ => &Avro::Null,
            };
            items.into_iter().map(|item| to_json(item, of, None, named)).collect()
        }
        AvroValue::Map(entries) => {
            let of = match schema {
                Avro::Map(map) => &map.types,
                _ => &Avro::Null,
            };
            entries.into_iter().map(|(key, value)| (key, to_json(value, of, None, named))).collect()
        }
        AvroValue::Record(members) => {
            let fields = match resolve(schema, named) {
                Resolved::Record(record) => record.fields.as_slice(),
                Resolved::Other(_) => &[],
            };
            let of = |(place, (name, value)): (usize, (String, AvroValue))| {
                let field = fields.get(place);
                let (schema, doc) = field.map_or((&Avro::Null, None), |field| (&field.schema, field.doc.as_deref()));
                (name, to_json(value, schema, doc, named))
            };
            members.into_iter().enumerate().map(of).collect()
        }
        AvroValue::Uuid(value) => value.to_string().into(),
        AvroValue::Decimal(value) => {
            Vec::<u8>::try_from(&value).map_or(Value::Null, |b| BASE64_STANDARD.encode(b).into())
        }
        AvroValue::BigDecimal(value) => value.to_string().into(),
        AvroValue::Duration(value) => BASE64_STANDARD.encode(<[u8; 12]>::from(value)).into(),
    }
}

/// Formats milliseconds: since 1970 for times and dates, since midnight for times of day.
fn long(value: i64, kind: &str) -> Value {
    let text = match kind {
        "DateTime" => DateTime::from_timestamp_millis(value).map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true)),
        "DateOnly" => DateTime::from_timestamp_millis(value).map(|at| at.format("%Y-%m-%d").to_string()),
        "TimeOnly" => u32::try_from(value.div_euclid(1_000))
            .ok()
            .and_then(|seconds| {
                let nanos = u32::try_from(value.rem_euclid(1_000)).unwrap_or_default() * 1_000_000;
                NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos)
            })
            .map(|time| time.format("%H:%M:%S%.3fZ").to_string()),
        _ => None,
    };
    text.map_or_else(|| value.into(), Value::String)
}

/// Returns a number as JSON, `250000.0`. NaN and infinities become text, because JSON cannot represent them.
fn double(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| value.to_string().into(), Value::Number)
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
