//! Limits on schemas and payloads. Both are untrusted, and the Avro library follows them wherever they lead: into a
//! record that contains itself, through names that double at each step, to an array of a billion nulls. So a schema is
//! rebuilt from the few members that decoding needs and measured with its names expanded, and a payload is scanned
//! before the library decodes it.

use std::collections::HashMap;

use apache_avro::Schema as Avro;
use apache_avro::schema::{FixedSchema, InnerDecimalSchema, UuidSchema};
use serde_json::{Map, Value, json};

use super::Named;

/// Longest text of a schema, in bytes. An object with all the fields that an org may have takes about 300 kB.
const SCHEMA_BYTES_MAX: usize = 1 << 20;

/// Deepest nesting of types, with names expanded. Salesforce's schemas have four levels.
const DEPTH_MAX: usize = 24;

/// Most fields, variants and symbols, with names expanded. An object has at most a thousand fields of about four nodes
/// each.
const NODES_MAX: usize = 20_000;

/// Longest name of a record, field or symbol, in characters. Salesforce's have 80, plus a namespace.
const NAME_CHARS_MAX: usize = 255;

/// Longest `doc`, which describes the type of a field, in characters.
const DOC_CHARS_MAX: usize = 4_096;

/// Largest `fixed` type, in bytes.
const FIXED_BYTES_MAX: u64 = 1 << 16;

/// Memory for the values of one payload, approximately. An event has at most a megabyte.
const VALUES_BYTES_MAX: usize = 32 << 20;

/// Memory of a value in addition to its text, in bytes.
const VALUE_BYTES: usize = 64;

/// Most blocks of an array or a map. Salesforce writes one, and the library reallocates for each further block.
const BLOCKS_MAX: usize = 64;

/// Logical types that are decoded. Values with other logical types are decoded as their base type.
const LOGICAL_TYPES: [&str; 11] = [
    "date",
    "decimal",
    "duration",
    "local-timestamp-micros",
    "local-timestamp-millis",
    "time-micros",
    "time-millis",
    "timestamp-micros",
    "timestamp-millis",
    "timestamp-nanos",
    "uuid",
];

/// Rebuilds the schema from what decoding needs. Defaults, which the library would validate, and aliases are dropped.
pub(super) fn rebuilt(json: &str) -> Result<Value, String> {
    if json.len() > SCHEMA_BYTES_MAX {
        return Err(format!("it has more than {SCHEMA_BYTES_MAX} bytes"));
    }
    let schema: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    Rebuild { nodes: 0 }.schema(&schema, 0)
}

/// The state of rebuilding a schema.
struct Rebuild {
    nodes: usize,
}

impl Rebuild {
    fn schema(&mut self, schema: &Value, depth: usize) -> Result<Value, String> {
        self.count(1)?;
        if depth > DEPTH_MAX {
            return Err(too_deep());
        }
        match schema {
            Value::String(name) => Ok(named(name)?.into()),
            Value::Array(variants) => variants.iter().map(|variant| self.schema(variant, depth + 1)).collect(),
            Value::Object(members) => self.object(members, depth),
            _ => Err("a type in it is neither a name, a list nor an object".to_owned()),
        }
    }

    fn object(&mut self, members: &Map<String, Value>, depth: usize) -> Result<Value, String> {
        let mut kept = Map::new();
        for (member, value) in members {
            let value = match (member.as_str(), value) {
                ("type" | "items" | "values", value) => self.schema(value, depth + 1)?,
                ("name" | "namespace", Value::String(name)) => named(name)?.into(),
                ("fields", Value::Array(fields)) => {
                    fields.iter().map(|field| self.field(field, depth + 1)).collect::<Result<_, _>>()?
                }
                ("symbols", Value::Array(symbols)) => self.symbols(symbols)?,
                ("size", value) => size(value)?,
                ("logicalType", Value::String(name)) if LOGICAL_TYPES.contains(&name.as_str()) => name.as_str().into(),
                ("precision" | "scale", Value::Number(number)) => number.clone().into(),
                _ => continue,
            };
            kept.insert(member.clone(), value);
        }
        Ok(Value::Object(kept))
    }

    fn field(&mut self, field: &Value, depth: usize) -> Result<Value, String> {
        self.count(1)?;
        let name = field["name"].as_str().ok_or("a field in it has no name")?;
        let mut kept = json!({ "name": named(name)?, "type": self.schema(&field["type"], depth)? });
        if let Some(doc) = field["doc"].as_str() {
            if doc.chars().count() > DOC_CHARS_MAX {
                return Err(format!("the doc of field {name} has more than {DOC_CHARS_MAX} characters"));
            }
            kept["doc"] = doc.into();
        }
        Ok(kept)
    }

    fn symbols(&mut self, symbols: &[Value]) -> Result<Value, String> {
        self.count(symbols.len())?;
        let kept = symbols.iter().map(|symbol| match symbol {
            Value::String(symbol) => Ok(Value::from(named(symbol)?)),
            _ => Err("a symbol in it is no text".to_owned()),
        });
        kept.collect()
    }

    fn count(&mut self, nodes: usize) -> Result<(), String> {
        self.nodes += nodes;
        if self.nodes > NODES_MAX { Err(too_large()) } else { Ok(()) }
    }
}

fn named(name: &str) -> Result<&str, String> {
    if name.chars().count() > NAME_CHARS_MAX {
        return Err(format!("a name in it has more than {NAME_CHARS_MAX} characters"));
    }
    Ok(name)
}

fn size(value: &Value) -> Result<Value, String> {
    match value.as_u64() {
        Some(bytes) if bytes <= FIXED_BYTES_MAX => Ok(bytes.into()),
        _ => Err(format!("a fixed type in it has a size of {value}, and at most {FIXED_BYTES_MAX} bytes are read")),
    }
}

fn too_deep() -> String {
    format!("its types are nested more than {DEPTH_MAX} deep")
}

fn too_large() -> String {
    format!("it describes more than {NODES_MAX} fields, where each name is put in its place")
}

/// The size of a type with names expanded.
#[derive(Debug, Clone, Copy)]
struct Extent {
    nodes: usize,
    depth: usize,
}

/// Checks the size of a schema, with names expanded.
pub(super) fn measure(schema: &Avro) -> Result<(), String> {
    let mut measure = Measure::default();
    let whole = measure.schema(schema)?;
    // The library stores each named type a second time.
    let named = measure.0.values().flatten().fold(0_usize, |sum, extent| sum.saturating_add(extent.nodes));
    if named.saturating_sub(whole.nodes) > NODES_MAX { Err(too_large()) } else { Ok(()) }
}

/// The sizes of the named types; `None` while a type is being measured.
#[derive(Default)]
struct Measure(HashMap<String, Option<Extent>>);

impl Measure {
    fn schema(&mut self, schema: &Avro) -> Result<Extent, String> {
        let name = schema.name().map(ToString::to_string);
        let extent = match (schema, name) {
            (Avro::Ref { name }, _) => match self.0.get(&name.to_string()) {
                Some(Some(extent)) => *extent,
                Some(None) => return Err(format!("its type {name} contains itself")),
                None => return Err(format!("it names a type {name} that it does not describe")),
            },
            (_, Some(name)) => {
                self.0.insert(name.clone(), None);
                let extent = self.parts(schema)?;
                self.0.insert(name, Some(extent));
                extent
            }
            (_, None) => self.parts(schema)?,
        };
        match extent {
            Extent { depth, .. } if depth > DEPTH_MAX => Err(too_deep()),
            Extent { nodes, .. } if nodes > NODES_MAX => Err(too_large()),
            extent => Ok(extent),
        }
    }

    /// Measures a type with its parts.
    fn parts(&mut self, schema: &Avro) -> Result<Extent, String> {
        let mut whole = Extent { nodes: 1, depth: 0 };
        let mut add = |part: &Avro| {
            let part = self.schema(part)?;
            whole = Extent { nodes: whole.nodes.saturating_add(part.nodes), depth: whole.depth.max(part.depth) };
            // Checked at each step, because a long list of large types would overflow.
            if whole.nodes > NODES_MAX { Err(too_large()) } else { Ok(()) }
        };
        match schema {
            Avro::Record(record) => record.fields.iter().try_for_each(|field| add(&field.schema))?,
            Avro::Union(union) => union.variants().iter().try_for_each(add)?,
            Avro::Array(array) => add(&array.items)?,
            Avro::Map(map) => add(&map.types)?,
            _ => {}
        }
        Ok(Extent { depth: whole.depth + 1, ..whole })
    }
}

/// Scans a payload: it must have the length that its schema requires, and its values must fit the memory limit.
pub(super) fn walk(payload: &[u8], schema: &Avro, named: &Named) -> Result<(), String> {
    let mut walk = Walk { rest: payload, left: VALUES_BYTES_MAX, named };
    walk.value(schema)?;
    match walk.rest.len() {
        0 => Ok(()),
        more => Err(format!("{more} bytes are left behind it")),
    }
}

struct Walk<'p> {
    rest: &'p [u8],
    /// Memory left for values, in bytes.
    left: usize,
    named: &'p Named,
}

impl Walk<'_> {
    /// Recurses as deep as the schema, which is limited.
    fn value(&mut self, schema: &Avro) -> Result<(), String> {
        self.spend(VALUE_BYTES)?;
        match schema {
            Avro::Null => Ok(()),
            Avro::Boolean => self.skip(1),
            Avro::Float => self.skip(4),
            Avro::Double => self.skip(8),
            Avro::Int
            | Avro::Long
            | Avro::Enum(_)
            | Avro::Date
            | Avro::TimeMillis
            | Avro::TimeMicros
            | Avro::TimestampMillis
            | Avro::TimestampMicros
            | Avro::TimestampNanos
            | Avro::LocalTimestampMillis
            | Avro::LocalTimestampMicros
            | Avro::LocalTimestampNanos => self.number().map(drop),
            Avro::Bytes
            | Avro::String
            | Avro::BigDecimal
            | Avro::Decimal(apache_avro::schema::DecimalSchema { inner: InnerDecimalSchema::Bytes, .. })
            | Avro::Uuid(UuidSchema::Bytes | UuidSchema::String) => self.text(),
            Avro::Fixed(FixedSchema { size, .. })
            | Avro::Duration(FixedSchema { size, .. })
            | Avro::Uuid(UuidSchema::Fixed(FixedSchema { size, .. }))
            | Avro::Decimal(apache_avro::schema::DecimalSchema {
                inner: InnerDecimalSchema::Fixed(FixedSchema { size, .. }),
                ..
            }) => self.spend(*size).and_then(|()| self.skip(*size)),
            Avro::Array(array) => self.blocks(|walk| walk.value(&array.items)),
            Avro::Map(map) => self.blocks(|walk| walk.text().and_then(|()| walk.value(&map.types))),
            Avro::Union(union) => {
                let place = self.number()?;
                let variant = usize::try_from(place).ok().and_then(|place| union.variants().get(place));
                self.value(variant.ok_or_else(|| format!("it names variant {place} of a union that has no such"))?)
            }
            Avro::Record(record) => record.fields.iter().try_for_each(|field| {
                self.spend(field.name.len())?;
                self.value(&field.schema)
            }),
            Avro::Ref { name } => {
                let named = self.named;
                self.value(named.get(&name.to_string()).ok_or_else(|| format!("its schema has no type {name}"))?)
            }
        }
    }

    /// Scans the items of an array or a map. Each takes at least one byte.
    fn blocks(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        for _ in 0..BLOCKS_MAX {
            let said = self.number()?;
            if said == 0 {
                return Ok(());
            }
            if said < 0 {
                self.number()?;
            }
            let count = usize::try_from(said.unsigned_abs()).ok().filter(|count| *count <= self.rest.len());
            let count = count.ok_or_else(|| {
                format!(
                    "a list in it says that it has {} items, and {} bytes follow",
                    said.unsigned_abs(),
                    self.rest.len()
                )
            })?;
            for _ in 0..count {
                item(self)?;
            }
        }
        Err(format!("a list in it comes in more than {BLOCKS_MAX} parts"))
    }

    fn text(&mut self) -> Result<(), String> {
        let said = self.number()?;
        let length = usize::try_from(said).map_err(|_| format!("a text in it says that it has {said} bytes"))?;
        self.spend(length.min(self.rest.len()))?;
        self.skip(length)
    }

    fn number(&mut self) -> Result<i64, String> {
        let mut value = 0_u64;
        for place in 0..10 {
            let (first, rest) = self.rest.split_first().ok_or_else(cut)?;
            self.rest = rest;
            value |= u64::from(first & 0x7f) << (7 * place);
            if first & 0x80 == 0 {
                // Zigzag encoding: the sign is the lowest bit.
                return Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()));
            }
        }
        Err("a number in it has more than ten bytes".to_owned())
    }

    fn skip(&mut self, bytes: usize) -> Result<(), String> {
        self.rest = self.rest.get(bytes..).ok_or_else(cut)?;
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or_else(|| format!("its values would take more than {VALUES_BYTES_MAX} bytes"))?;
        Ok(())
    }
}

fn cut() -> String {
    "it ends before its last field".to_owned()
}
