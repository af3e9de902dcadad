//! The bitmaps of change events: `changedFields`, `nulledFields` and `diffFields` identify fields by their position in
//! the schema.
//!
//! `0x650004E0` has one bit per field of the record; the lowest bit is the first field. `4-0x10` concerns the parts of
//! the compound field at position 4.

use apache_avro::Schema as Avro;
use apache_avro::schema::{RecordField, RecordSchema};
use serde_json::Value;

use super::schema::{Named, Resolved, resolve};

/// The members of a change event's header that contain bitmaps.
const MEMBERS: [&str; 3] = ["nulledFields", "diffFields", "changedFields"];

/// Most names of one list: more than an object has fields and parts. Further bitmaps are not expanded.
const NAMES_MAX: usize = 5_000;

/// Replaces bitmaps with names of fields, as Salesforce's other APIs deliver them: `Phone`, `BillingAddress.City`. A
/// text that is not a bitmap, or has bits beyond the fields, is unchanged.
pub(super) fn expand(header: &mut serde_json::Map<String, Value>, record: &RecordSchema, named: &Named) {
    for member in MEMBERS {
        let Some(Value::Array(items)) = header.get_mut(member) else { continue };
        let mut expanded = Vec::with_capacity(items.len());
        for item in items.iter() {
            let text = item.as_str().filter(|_| expanded.len() < NAMES_MAX);
            match text.and_then(|text| names(text, record, named)) {
                Some(names) => expanded.extend(names.into_iter().map(Value::String)),
                None => expanded.push(item.clone()),
            }
        }
        *items = expanded;
    }
}

/// Returns the fields of a bitmap; `None` if the text is not a bitmap of this record.
fn names(text: &str, record: &RecordSchema, named: &Named) -> Option<Vec<String>> {
    if let Some((place, bits)) = text.split_once('-') {
        let parent = record.fields.get(place.parse::<usize>().ok()?)?;
        let parts = parts(parent, named)?;
        let found = places(bits)?.into_iter().map(|place| Some(format!("{}.{}", parent.name, parts.get(place)?.name)));
        return found.collect();
    }
    places(text)?.into_iter().map(|place| Some(record.fields.get(place)?.name.clone())).collect()
}

/// Returns the parts of a compound field.
fn parts<'s>(field: &'s RecordField, named: &'s Named) -> Option<&'s [RecordField]> {
    let of = |schema| match resolve(schema, named) {
        Resolved::Record(record) => Some(record.fields.as_slice()),
        Resolved::Other(_) => None,
    };
    match &field.schema {
        Avro::Union(union) => union.variants().iter().find_map(of),
        schema => of(schema),
    }
}

/// Returns the positions of the bits that are set, lowest first.
fn places(text: &str) -> Option<Vec<usize>> {
    let digits = text.strip_prefix("0x")?;
    if digits.is_empty() || digits.len() > DIGITS_MAX {
        return None;
    }
    let mut places = Vec::new();
    for (index, digit) in digits.bytes().rev().enumerate() {
        let value = (digit as char).to_digit(16)?;
        places.extend((0..4).filter(|bit| value >> bit & 1 == 1).map(|bit| index * 4 + bit));
    }
    Some(places)
}

/// Longest bitmap, in digits. An object has at most 800 custom fields.
const DIGITS_MAX: usize = 1_024;

/// Encodes fields as bitmaps, as the Pub/Sub API does.
#[derive(Debug)]
pub struct Bitmaps<'s> {
    pub(super) record: &'s RecordSchema,
    pub(super) named: &'s Named,
}

impl Bitmaps<'_> {
    /// Returns the bitmaps of these fields. Names that the record does not have are ignored.
    #[must_use]
    pub fn of<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
        let mut top = Vec::new();
        let mut nested: Vec<(usize, Vec<usize>)> = Vec::new();
        for name in names {
            let (whole, part) = name.split_once('.').map_or((name, None), |(whole, part)| (whole, Some(part)));
            let Some(place) = self.record.fields.iter().position(|field| field.name == whole) else { continue };
            let Some(part) = part else {
                top.push(place);
                continue;
            };
            let inside = parts(&self.record.fields[place], self.named)
                .and_then(|parts| parts.iter().position(|field| field.name == part));
            match (inside, nested.iter_mut().find(|(of, _)| *of == place)) {
                (Some(inside), Some((_, places))) => places.push(inside),
                (Some(inside), None) => nested.push((place, vec![inside])),
                (None, _) => {}
            }
        }
        let mut written = Vec::new();
        if !top.is_empty() {
            written.push(hex(&top));
        }
        written.extend(nested.iter().map(|(place, places)| format!("{place}-{}", hex(places))));
        written
    }
}

fn hex(places: &[usize]) -> String {
    let longest = places.iter().max().copied().unwrap_or_default();
    // Whole bytes, as in Salesforce.
    let mut digits = vec![0_u8; (longest / 8 + 1) * 2];
    let last = digits.len() - 1;
    for place in places {
        digits[last - place / 4] |= 1 << (place % 4);
    }
    let text: String = digits.iter().filter_map(|digit| char::from_digit(u32::from(*digit), 16)).collect();
    format!("0x{}", text.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Schema;
    use super::*;

    fn schema() -> Schema {
        let field = |name: &str| json!({ "name": name, "type": ["null", "string"] });
        let address = json!({ "name": "BillingAddress", "type": ["null", {
            "type": "record", "name": "Address", "fields": [field("Street"), field("City"), field("State")] }] });
        let shipping = json!({ "name": "ShippingAddress", "type": ["null", "Address"] });
        let mut fields = vec![field("ChangeEventHeader"), field("Name"), address, field("Phone"), shipping];
        fields.extend((5..11).map(|n| field(&format!("F{n}"))));
        let schema = json!({ "type": "record", "name": "AccountChangeEvent", "fields": fields });
        Schema::parse(&schema.to_string()).unwrap()
    }

    fn names(text: &str, schema: &Schema) -> Option<Vec<String>> {
        let bitmaps = schema.bitmaps().unwrap();
        super::names(text, bitmaps.record, bitmaps.named)
    }

    #[test]
    fn bits_name_fields_by_their_place_and_parts_by_the_place_of_the_whole() {
        let record = schema();
        assert_eq!(names("0x0A", &record).unwrap(), ["Name", "Phone"]);
        assert_eq!(names("0x0402", &record).unwrap(), ["Name", "F10"]);
        assert_eq!(names("2-0x06", &record).unwrap(), ["BillingAddress.City", "BillingAddress.State"]);
        assert_eq!(names("4-0x01", &record).unwrap(), ["ShippingAddress.Street"], "named by another field");
        assert_eq!(names("0x00", &record).unwrap(), [""; 0]);
        for none in ["Phone", "0x", "0xZZ", "0x8000", "2-0x08", "1-0x01", "99-0x01", "x-0x01", "-0x01"] {
            assert_eq!(names(none, &record), None, "{none}");
        }
    }

    #[test]
    fn a_header_says_names_and_what_cannot_be_read_stays() {
        let mut header = json!({
            "entityName": "Account", "changedFields": ["0x08", "2-0x01", "0x8000"], "nulledFields": [], "diffFields": ["0x02"],
        });
        let schema = schema();
        let bitmaps = schema.bitmaps().unwrap();
        expand(header.as_object_mut().unwrap(), bitmaps.record, bitmaps.named);
        assert_eq!(header["changedFields"], json!(["Phone", "BillingAddress.Street", "0x8000"]));
        assert_eq!((&header["nulledFields"], &header["diffFields"]), (&json!([]), &json!(["Name"])));
    }

    #[test]
    fn what_is_written_as_bitmaps_is_read_as_the_same_fields() {
        let record = schema();
        let fields = ["Name", "BillingAddress.State", "F10", "BillingAddress.Street", "Phone"];
        let written = record.bitmaps().unwrap().of(fields.into_iter().chain(["Unknown", "BillingAddress.Unknown"]));
        assert_eq!(written, ["0x040A", "2-0x05"]);
        let read: Vec<String> = written.iter().flat_map(|text| names(text, &record).unwrap()).collect();
        assert_eq!(read, ["Name", "Phone", "F10", "BillingAddress.Street", "BillingAddress.State"]);
    }
}
