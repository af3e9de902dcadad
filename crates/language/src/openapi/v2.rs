//! Reads an operation of Swagger 2.0.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::body::{Body, Field, Kind, WHOLE, accept, chosen, concrete, properties};
use super::style::Style;
use super::{Operation, Parameter, Place, Refusal, Server, Site, is_true, text};

pub(super) fn operation(site: &Site<'_>) -> Result<Operation, Refusal> {
    let mut parameters = Vec::new();
    let mut body = None;
    let mut form = Vec::new();
    for (parameter, pointer) in site.parameters()? {
        match text(parameter, "in") {
            Some("body") => body = Some((parameter, pointer)),
            Some("formData") => form.push((parameter, pointer)),
            other => parameters.push(plain(parameter, pointer, other.unwrap_or_default())?),
        }
    }
    let body = match body {
        Some((parameter, pointer)) => Some(whole(site, parameter, pointer)?),
        None if form.is_empty() => None,
        None => Some(form_body(site, &form)?),
    };
    Ok(Operation {
        id: String::new(),
        method: String::new(),
        pointer: String::new(),
        path: String::new(),
        parameters,
        body,
        server: server(site),
        accept: accept(types(site, "produces")),
    })
}

/// Returns a list of content types: the operation's own, or else the document's.
fn types<'d>(site: &Site<'d>, key: &str) -> Vec<&'d str> {
    let own = site.operation[key].as_array();
    own.or_else(|| site.document.value[key].as_array()).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn plain(parameter: &Map<String, Value>, pointer: String, place: &str) -> Result<Parameter, Refusal> {
    let name = text(parameter, "name").unwrap_or_default().to_owned();
    let Some(place) = Place::of(place).filter(|place| *place != Place::Cookie) else {
        return Err(Refusal::new(&pointer, format!("the parameter `{name}` has no valid `in`")));
    };
    let collection = text(parameter, "collectionFormat").unwrap_or("csv");
    let style = match (collection, place) {
        ("ssv" | "tsv" | "pipes", Place::Header) => Style::Separated(separator(collection).unwrap_or(",")),
        ("ssv", _) => Style::Separated("%20"),
        ("tsv", _) => Style::Separated("%09"),
        ("pipes", _) => Style::Separated("%7C"),
        (_, Place::Query) => Style::Form,
        _ => Style::Simple,
    };
    Ok(Parameter {
        name,
        place,
        required: place == Place::Path || is_true(parameter.get("required")),
        pointer,
        style,
        explode: collection == "multi",
        reserved: false,
    })
}

/// Returns the separator of an array's items; `None` if the parameter is repeated.
fn separator(collection: &str) -> Option<&'static str> {
    match collection {
        "multi" => None,
        "ssv" => Some(" "),
        "tsv" => Some("\t"),
        "pipes" => Some("|"),
        _ => Some(","),
    }
}

fn whole(site: &Site<'_>, parameter: &Map<String, Value>, pointer: String) -> Result<Body, Refusal> {
    let types = types(site, "consumes");
    let (content_type, kind) = if types.is_empty() {
        ("application/json", Kind::Json)
    } else {
        chosen(types).ok_or_else(|| multipart(&pointer))?
    };
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    let (names, closed) = properties(site.document, schema, &format!("{pointer}/schema"));
    let name = text(parameter, "name").unwrap_or(WHOLE).to_owned();
    Ok(Body {
        required: is_true(parameter.get("required")),
        content_type: concrete(content_type).to_owned(),
        kind,
        whole: vec![name, WHOLE.to_owned()],
        fields: names.into_iter().map(|name| (name, Field::default())).collect(),
        closed,
        pointer,
    })
}

fn form_body(site: &Site<'_>, form: &[(&Map<String, Value>, String)]) -> Result<Body, Refusal> {
    if let Some((file, pointer)) = form.iter().find(|(parameter, _)| text(parameter, "type") == Some("file")) {
        let name = text(file, "name").unwrap_or_default();
        return Err(Refusal::new(pointer, format!("the parameter `{name}` is a file, and files cannot be sent")));
    }
    let types = types(site, "consumes");
    if !types.is_empty() && !types.iter().any(|name| name.contains("x-www-form-urlencoded")) {
        return Err(multipart(&site.pointer));
    }
    let fields: BTreeMap<String, Field> = form
        .iter()
        .map(|(parameter, pointer)| {
            let field = Field {
                required: is_true(parameter.get("required")),
                pointer: pointer.clone(),
                separator: separator(text(parameter, "collectionFormat").unwrap_or("csv")),
            };
            (text(parameter, "name").unwrap_or_default().to_owned(), field)
        })
        .collect();
    Ok(Body {
        required: false,
        pointer: site.pointer.clone(),
        content_type: "application/x-www-form-urlencoded".to_owned(),
        kind: Kind::Form,
        whole: Vec::new(),
        fields,
        closed: true,
    })
}

fn multipart(pointer: &str) -> Refusal {
    let message = "the operation takes only multipart bodies, which cannot be sent; supported: JSON, forms and texts";
    Refusal::new(pointer, message)
}

/// Reads `schemes`, `host` and `basePath`. Missing parts come from the document's URL.
fn server(site: &Site<'_>) -> Server {
    let document = &site.document.value;
    let schemes = site.operation["schemes"].as_array().or_else(|| document["schemes"].as_array());
    let schemes: Vec<&str> = schemes.into_iter().flatten().filter_map(Value::as_str).collect();
    let scheme = ["https", "http"].into_iter().find(|known| schemes.contains(known));
    let base = document["basePath"].as_str().unwrap_or_default();
    let url = match (scheme, document["host"].as_str()) {
        (Some(scheme), Some(host)) => format!("{scheme}://{host}{base}"),
        (None, Some(host)) => format!("//{host}{base}"),
        (_, None) if base.is_empty() => "/".to_owned(),
        (_, None) => base.to_owned(),
    };
    Server { url, variables: BTreeMap::new() }
}
