//! Converts XML to JSON by one rule: the root's name with its value. An element is a string if it has only text, else
//! an object: `@name` for attributes, names for elements (a list if repeated), `#text` for text beside them.
//! `xsi:nil="true"` becomes null. Namespace prefixes are dropped.
//!
//! Document types are refused, so only XML's five predefined entities exist, and nothing is ever fetched.

use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

use super::form::add;
use crate::hub::json::DEPTH_MAX;

/// Most elements, texts and comments in a document.
const NODES_MAX: u32 = 100_000;

/// Most attributes per element. The parser compares each with every other.
const ATTRIBUTES_MAX: usize = 256;

/// Most namespace declarations in a document. The parser searches them for each element.
const NAMESPACES_MAX: usize = 500;

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Parses a document.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let document = parse(text)?;
    let root = document.root_element();
    let mut object = Map::new();
    object.insert(root.tag_name().name().to_owned(), value(root, 1)?);
    Ok(Value::Object(object))
}

/// Parses XML and refuses document types.
pub(super) fn parse(text: &str) -> Result<Document<'_>, String> {
    check_names(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| format!("not acceptable XML: {error}"))
}

/// Rejects, before parsing, documents that take quadratic time. Overcounts rather than undercounts: a tag contains no
/// `<`, and each of its attributes contains a `=`.
fn check_names(text: &str) -> Result<(), String> {
    let tags = text.split('<').skip(1).filter(|piece| !piece.starts_with(['!', '?']));
    let attributes = tags.map(|piece| piece.rfind('>').map_or(piece, |end| &piece[..end]).matches('=').count());
    if attributes.max().unwrap_or_default() > ATTRIBUTES_MAX {
        return Err(format!("not acceptable XML: an element has more than {ATTRIBUTES_MAX} attributes"));
    }
    if text.matches("xmlns").count() > NAMESPACES_MAX {
        return Err(format!("not acceptable XML: more than {NAMESPACES_MAX} namespaces"));
    }
    Ok(())
}

/// Converts an element at this nesting level.
pub(super) fn value(element: Node<'_, '_>, level: usize) -> Result<Value, String> {
    if level > DEPTH_MAX {
        return Err(format!("not acceptable XML: more than {DEPTH_MAX} levels"));
    }
    if is_nil(element) {
        return Ok(Value::Null);
    }
    let mut object = Map::new();
    for attribute in element.attributes().filter(|attribute| attribute.namespace() != Some(INSTANCE)) {
        add(&mut object, format!("@{}", attribute.name()), attribute.value().into());
    }
    let mut text = String::new();
    for child in element.children() {
        if child.is_element() {
            add(&mut object, child.tag_name().name().to_owned(), value(child, level + 1)?);
        } else if child.is_text() {
            text.push_str(child.text().unwrap_or_default());
        }
    }
    if object.is_empty() {
        return Ok(Value::String(text));
    }
    if !text.trim().is_empty() {
        object.insert("#text".to_owned(), text.trim().into());
    }
    Ok(Value::Object(object))
}

fn is_nil(element: Node<'_, '_>) -> bool {
    matches!(element.attribute((INSTANCE, "nil")), Some("true" | "1"))
}
