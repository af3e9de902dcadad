//! Reads an operation of OpenAPI 3.0 or 3.1.

use serde_json::{Map, Value};

use super::body::{Body, Field, WHOLE, accept, chosen, concrete, properties};
use super::style::Style;
use super::{Operation, Parameter, Place, Refusal, Server, Site, Variable, is_true, text};

/// Headers that are ignored as parameters (OpenAPI 3.0, "Parameter Object").
const IGNORED: [&str; 3] = ["accept", "content-type", "authorization"];

pub(super) fn operation(site: &Site<'_>) -> Result<Operation, Refusal> {
    let mut parameters = Vec::new();
    for (parameter, pointer) in site.parameters()? {
        let parameter = plain(parameter, pointer)?;
        let ignored = |name: &str| IGNORED.iter().any(|known| known.eq_ignore_ascii_case(name));
        if parameter.place != Place::Header || !ignored(&parameter.name) {
            parameters.push(parameter);
        }
    }
    Ok(Operation {
        id: String::new(),
        method: String::new(),
        pointer: String::new(),
        path: String::new(),
        parameters,
        body: body(site)?,
        server: server(site),
        accept: accept(answers(site)?),
    })
}

fn plain(parameter: &Map<String, Value>, pointer: String) -> Result<Parameter, Refusal> {
    let name = text(parameter, "name").unwrap_or_default().to_owned();
    let Some(place) = text(parameter, "in").and_then(Place::of) else {
        return Err(Refusal::new(&pointer, format!("the parameter `{name}` has no valid `in`")));
    };
    let style = if parameter.contains_key("content") {
        Style::Json
    } else {
        match (text(parameter, "style"), place) {
            (None, Place::Path | Place::Header) | (Some("simple"), _) => Style::Simple,
            (None, Place::Query | Place::Cookie) | (Some("form"), _) => Style::Form,
            (Some("label"), _) => Style::Label,
            (Some("matrix"), _) => Style::Matrix,
            (Some("spaceDelimited"), _) => Style::Separated("%20"),
            (Some("pipeDelimited"), _) => Style::Separated("%7C"),
            (Some("deepObject"), _) => Style::DeepObject,
            (Some(_), _) => return Err(Refusal::new(&pointer, format!("the parameter `{name}` has an unknown style"))),
        }
    };
    Ok(Parameter {
        name,
        place,
        required: place == Place::Path || is_true(parameter.get("required")),
        explode: parameter.get("explode").and_then(Value::as_bool).unwrap_or(style == Style::Form),
        reserved: place == Place::Query && is_true(parameter.get("allowReserved")),
        pointer,
        style,
    })
}

fn body(site: &Site<'_>) -> Result<Option<Body>, Refusal> {
    let pointer = format!("{}/requestBody", site.pointer);
    let Some(body) = site.operation.get("requestBody") else { return Ok(None) };
    let body = site.document.followed(body, &pointer)?;
    let Some(content) = body["content"].as_object().filter(|content| !content.is_empty()) else { return Ok(None) };
    let Some((content_type, kind)) = chosen(content.keys().map(String::as_str)) else {
        let message =
            "the operation takes only multipart bodies, which cannot be sent; supported: JSON, forms and texts";
        return Err(Refusal::new(&pointer, message));
    };
    let (names, closed) = properties(site.document, &content[content_type]["schema"], &pointer);
    Ok(Some(Body {
        required: is_true(body.get("required")),
        content_type: concrete(content_type).to_owned(),
        kind,
        whole: vec![WHOLE.to_owned()],
        fields: names.into_iter().map(|name| (name, Field::default())).collect(),
        closed,
        pointer,
    }))
}

/// Returns the content types of the successful responses.
fn answers<'d>(site: &Site<'d>) -> Result<Vec<&'d str>, Refusal> {
    let mut types = Vec::new();
    for (status, answer) in site.operation["responses"].as_object().into_iter().flatten() {
        if status.starts_with('2') || status == "default" {
            let answer = site.document.followed(answer, &format!("{}/responses/{status}", site.pointer))?;
            types.extend(answer["content"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()));
        }
    }
    Ok(types)
}

/// Returns the first server of the operation, or else of the path, or else of the document.
fn server(site: &Site<'_>) -> Server {
    let first = |holder: &'_ Value| holder["servers"].as_array().and_then(|servers| servers.first()).cloned();
    let found = first(site.operation).or_else(|| first(site.item)).or_else(|| first(&site.document.value));
    let found = found.unwrap_or_default();
    let variables = found["variables"].as_object().into_iter().flatten().map(|(name, variable)| {
        let allowed = variable["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let default = variable["default"].as_str().unwrap_or_default().to_owned();
        (name.clone(), Variable { default, allowed: allowed.map(str::to_owned).collect() })
    });
    Server { url: found["url"].as_str().unwrap_or("/").to_owned(), variables: variables.collect() }
}
