//! Converts a form to JSON: an object of strings. A repeated name gets a list.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

/// Most fields in a form.
const FIELDS_MAX: usize = 1_000;

/// Parses a form.
pub(super) fn read(body: &[u8]) -> Result<Value, String> {
    // Checked here, because the parser below would replace bytes that are not UTF-8.
    let text = percent_decode(body).decode_utf8().map_err(|_| "the form is not UTF-8")?;
    if text.contains('\0') {
        return Err("the form contains the character U+0000".to_owned());
    }
    let mut fields = Map::new();
    for (count, (name, value)) in url::form_urlencoded::parse(body).enumerate() {
        if count == FIELDS_MAX {
            return Err(format!("the form has more than {FIELDS_MAX} fields"));
        }
        add(&mut fields, name.into_owned(), Value::String(value.into_owned()));
    }
    Ok(Value::Object(fields))
}

/// Adds a field. A repeated name gets a list of its values.
pub(super) fn add(object: &mut Map<String, Value>, name: String, value: Value) {
    match object.get_mut(&name) {
        None => drop(object.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_is_an_object_of_texts() {
        let read = |text: &str| read(text.as_bytes());
        let expected = json!({ "id": "7", "tag": ["a", "b", "c"], "name": "Brückner & Söhne", "empty": "" });
        assert_eq!(read("id=7&tag=a&tag=b&name=Br%C3%BCckner+%26+S%C3%B6hne&empty=&tag=c"), Ok(expected));
        assert_eq!(read(""), Ok(json!({})));
        for bad in ["a=%FF", "a=%00", &"a=1&".repeat(1_001)] {
            assert!(read(bad).is_err(), "{bad:.20}");
        }
        assert!(super::read(b"a=\xff").is_err());
    }
}
