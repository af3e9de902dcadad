//! Which changes break callers, which do not, and which are unclear.

mod soundness;

use serde_json::{Value, json};

use super::*;
use crate::dsl::{Functions, build};

/// Returns the findings for two schemas: `!` before the pointer means breaking, `?` unclear.
fn found(wide: &Value, narrow: &Value, side: Side) -> Vec<String> {
    let mut findings = Findings::default();
    schema::compare(wide, narrow, "", side, &mut findings);
    findings.0.iter().map(marked).collect()
}

fn marked(finding: &Finding) -> String {
    let mark = if finding.change == Change::Breaking { '!' } else { '?' };
    format!("{mark}{}", finding.pointer)
}

#[test]
fn an_input_may_take_more_but_nothing_less() {
    let old = json!({ "type": "object", "required": ["id"], "properties": {
        "id": { "type": "string" }, "n": { "type": "integer", "maximum": 9 } } });
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({ "type": "object", "required": ["id"] }), &[]),
        (json!({ "type": ["object", "null"], "properties": { "id": { "type": ["string", "number"] } } }), &[]),
        (json!({ "type": "object", "required": ["id", "n"] }), &["!/required"]),
        (json!({ "type": "array" }), &["!/type"]),
        (json!({ "properties": { "id": { "type": "string", "maxLength": 3 } } }), &["!/properties/id/maxLength"]),
        (json!({ "properties": { "id": { "type": "string", "minLength": 0 } } }), &[]),
        (json!({ "properties": { "id": { "pattern": "^a" } } }), &["?/properties/id/pattern"]),
        (json!({ "properties": { "n": { "type": "integer", "maximum": 5 } } }), &["!/properties/n/maximum"]),
        (json!({ "properties": { "n": { "type": "number", "maximum": 10 } } }), &[]),
        (json!({ "properties": { "n": { "type": "integer", "exclusiveMaximum": 10 } } }), &[]),
        (
            json!({ "properties": { "n": { "type": "integer", "exclusiveMaximum": 9 } } }),
            &["!/properties/n/exclusiveMaximum"],
        ),
        (json!({ "properties": { "n": { "type": "integer", "multipleOf": 1 } } }), &[]),
        (json!({ "properties": { "n": { "type": "integer", "multipleOf": 2 } } }), &["!/properties/n/multipleOf"]),
        (json!({ "properties": { "id": {}, "n": {} }, "additionalProperties": false }), &["!/additionalProperties"]),
        (
            json!({ "properties": { "id": {} }, "additionalProperties": false }),
            &["!/additionalProperties", "!/additionalProperties"],
        ),
        // A new optional property breaks only callers that sent something else under its name.
        (json!({ "properties": { "new": { "type": "string" } } }), &["?/properties/new"]),
        (json!({ "properties": { "new": { "description": "anything" } } }), &[]),
        (json!({ "oneOf": [{}] }), &["?/oneOf"]),
        (json!(false), &["!"]),
        (json!(true), &[]),
        (json!({ "title": "another", "default": {} }), &[]),
    ];
    for (new, wanted) in cases {
        assert_eq!(found(&old, &new, Side::Input), wanted, "{new}");
    }
}

#[test]
fn keywords_are_seen_together_with_those_that_they_depend_on() {
    let cases: Vec<(Value, Value, &[&str])> = vec![
        // Only values that the wide schema accepts count.
        (json!({ "enum": ["a", "b"] }), json!({ "type": "string", "enum": ["b", "a", "c"] }), &[]),
        (json!({ "enum": ["a", "b", 3] }), json!({ "type": "string" }), &["!"]),
        (json!({ "const": "abc" }), json!({ "pattern": "^a", "maxLength": 3 }), &[]),
        (json!({ "const": "abc" }), json!({ "pattern": "^b" }), &["!"]),
        (json!({ "type": "string" }), json!({ "enum": ["a"] }), &["!"]),
        (json!({ "type": "boolean" }), json!({ "enum": [true, false] }), &[]),
        (json!({ "type": "boolean" }), json!({ "const": true }), &["!"]),
        (json!({ "type": "number" }), json!({ "type": "integer" }), &["!/type"]),
        (json!({ "type": "integer" }), json!({ "type": "number" }), &[]),
        (json!(false), json!({ "type": "string" }), &[]),
        // Keywords for kinds of value that the wide schema refuses anyway.
        (json!({ "type": "string" }), json!({ "required": ["a"], "minimum": 3, "minItems": 1 }), &[]),
        (
            json!({ "type": "array", "items": { "type": "string" } }),
            json!({ "items": { "type": ["string", "null"] } }),
            &[],
        ),
        (json!({ "type": "array" }), json!({ "items": { "type": "string" } }), &["!/items/type"]),
        (json!({ "type": "array" }), json!({ "uniqueItems": true }), &["!/uniqueItems"]),
        (json!({ "prefixItems": [{ "type": "string" }], "items": false }), json!({ "items": false }), &["?/items"]),
        (
            json!({ "patternProperties": { "^x": {} }, "additionalProperties": false }),
            json!({ "additionalProperties": false }),
            &["?/additionalProperties"],
        ),
        // `a` is now covered by `additionalProperties`.
        (
            json!({ "properties": { "a": { "type": "string" } }, "additionalProperties": { "type": "integer" } }),
            json!({ "additionalProperties": { "type": "integer" } }),
            &["!/additionalProperties/type"],
        ),
        (
            json!({ "additionalProperties": { "type": "integer" } }),
            json!({ "additionalProperties": { "type": "number" } }),
            &[],
        ),
        // A neighbouring keyword may already have refused the value, so the finding is unclear.
        (json!({ "anyOf": [{ "required": ["a"] }] }), json!({ "required": ["a"] }), &["?/required"]),
        (json!({ "anyOf": [{ "type": "string" }] }), json!({ "type": "string" }), &["?/type"]),
        (json!({ "format": "date" }), json!({ "format": "date", "minLength": 3 }), &["!/minLength"]),
        (json!({ "format": "date" }), json!({}), &[]),
        (json!({ "minimum": 1 }), json!({ "exclusiveMinimum": 1 }), &["!/exclusiveMinimum"]),
        (json!({ "multipleOf": 0.5 }), json!({ "multipleOf": 0.25 }), &[]),
        (json!({ "multipleOf": 0.25 }), json!({ "multipleOf": 0.5 }), &["!/multipleOf"]),
        (json!({ "minProperties": 1 }), json!({ "minProperties": 2 }), &["!/minProperties"]),
    ];
    for (wide, narrow, wanted) in cases {
        assert_eq!(found(&wide, &narrow, Side::Input), wanted, "{wide} -> {narrow}");
    }
}

#[test]
fn references_are_followed_and_end() {
    let schema = |length: u32| json!({ "properties": { "a": { "$ref": "#/$defs/text" } }, "$defs": { "text": { "type": "string", "maxLength": length } } });
    assert_eq!(found(&schema(5), &schema(4), Side::Input), ["!/properties/a/maxLength"]);
    assert_eq!(found(&schema(4), &schema(5), Side::Input), Vec::<String>::new());
    let tree = |length: u32| {
        json!({ "$ref": "#/$defs/tree", "$defs": { "tree": { "type": "object", "properties": {
            "name": { "type": "string", "maxLength": length }, "left": { "$ref": "#/$defs/tree" } } } } })
    };
    assert_eq!(found(&tree(5), &tree(4), Side::Input), ["!/properties/name/maxLength"]);
    let inlined = json!({ "properties": { "a": { "type": "string", "maxLength": 5 } } });
    assert_eq!(found(&schema(5), &inlined, Side::Input), Vec::<String>::new());
    let turning = json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } });
    assert_eq!(found(&turning, &json!({ "type": "string" }), Side::Input), ["?"]);
    let beside =
        |length: u32| json!({ "allOf": [{ "$ref": "#/$defs/text" }], "$defs": { "text": { "maxLength": length } } });
    assert_eq!(found(&beside(5), &beside(4), Side::Input), ["?/allOf"]);
}

#[test]
fn an_output_may_promise_more_but_nothing_less() {
    let old = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "state": { "enum": ["open", "done"] } } });
    let cases: Vec<(Value, &[&str])> = vec![
        (
            json!({ "type": "object", "required": ["id", "state"], "properties": { "id": { "type": "string", "maxLength": 9 }, "state": { "enum": ["done"] } } }),
            &[],
        ),
        (
            json!({ "type": "object", "properties": { "id": { "type": "string" }, "state": { "enum": ["open", "done"] } } }),
            &["!/required"],
        ),
        (
            json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } }),
            &["!/properties/state"],
        ),
        (
            json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": ["string", "null"] }, "state": { "enum": ["open", "done"] } } }),
            &["!/properties/id/type"],
        ),
        (
            json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" }, "state": { "enum": ["open", "done", "lost"] } } }),
            &["!/properties/state"],
        ),
    ];
    for (new, wanted) in cases {
        assert_eq!(found(&new, &old, Side::Output), wanted, "{new}");
    }
}

fn definition(head: &str, rest: &str) -> std::sync::Arc<Definition> {
    let text = format!("document: {{ dsl: '1.0.3', {head} }}\n{rest}\n");
    build("test", &text, &Functions::default()).unwrap_or_else(|m| panic!("{text}\n{m:?}")).definition
}

#[test]
fn what_starts_a_workflow_and_what_comes_out_of_it_count() {
    let head = "namespace: t, name: n, version: '1.0.0'";
    let on =
        |filters: &str| format!("schedule: {{ on: {{ any: [{filters}] }} }}\ndo: [{{ a: {{ set: {{ b: 1 }} }} }}]");
    let out = |output: &str, task: &str| format!("output: {{ {output} }}\ndo: [{{ a: {{ set: {{ b: {task} }} }} }}]");
    let won = "{ with: { type: won } }";
    let cases: Vec<(String, String, &[&str])> = vec![
        (on(won), on("{ with: { type: lost } }, { with: { type: won } }"), &[]),
        (on(won), on("{ with: { type: lost } }"), &["!/schedule/on"]),
        (on(won), out("as: '${ . }'", "1"), &["!/schedule/on", "?/output/as"]),
        // More attributes match fewer events, fewer attributes match more.
        (on(won), on("{ with: { type: won, subject: x } }"), &["!/schedule/on"]),
        (on("{ with: { type: won, subject: x } }"), on(won), &[]),
        (on(won), on("{ with: { type: won, data: '${ .a == 1 }' } }"), &["!/schedule/on"]),
        (
            on("{ with: { type: won, data: '${ .a == 1 }' } }"),
            on("{ with: { type: won, data: '${ .a >= 1 }' } }"),
            &["?/schedule/on"],
        ),
        (out("as: { x: '${ .b }', y: 1 }", "1"), out("as: { x: '${ .b }', y: 1, z: 2 }", "2"), &[]),
        (
            out("as: { x: '${ .b }', y: 1 }", "1"),
            out("as: { x: '${ .b + 1 }' }", "1"),
            &["!/output/as", "?/output/as/x"],
        ),
        (out("schema: { document: { type: object } }", "1"), out("as: '${ . }'", "1"), &["!/output"]),
        (on(won), on(won).replace("b: 1", "b: 2"), &["?/do"]),
    ];
    for (old, new, wanted) in cases {
        let findings = compare(&definition(head, &old), &definition(head, &new));
        assert_eq!(findings.iter().map(marked).collect::<Vec<_>>(), wanted, "{old}\n->\n{new}");
    }
}

#[test]
fn another_name_is_another_workflow_and_another_key_finds_other_runs() {
    let list = "do: [{ a: { set: { b: 1 } } }]";
    let old = definition("namespace: t, name: n, version: '1.0.0', metadata: { key: '${ .id }' }", list);
    let new = definition("namespace: u, name: m, version: '1.0.0'", list);
    let found: Vec<String> = compare(&old, &new).iter().map(marked).collect();
    assert_eq!(found, ["!/document/name", "!/document/namespace", "?/document/metadata/key"]);
}

#[test]
fn versions_say_what_they_announce() {
    for (old, new) in [
        ("1.4.0", "2.0.0"),
        ("0.3.0", "0.4.0"),
        ("0.3.0", "1.0.0"),
        ("2.0.0-rc.1", "2.0.0-rc.2"),
        ("2.0.0-rc.1", "2.0.0"),
    ] {
        assert!(announces_a_break(old, new), "{old} -> {new}");
    }
    for (old, new) in
        [("1.4.0", "1.5.0"), ("0.3.0", "0.3.1"), ("1.0.0", "1.0.0"), ("2.0.0", "1.0.0"), ("2.0.0-rc.2", "2.0.0-rc.1")]
    {
        assert!(!announces_a_break(old, new), "{old} -> {new}");
    }
    assert!(is_later("1.0.0-rc.1", "1.0.0") && !is_later("1.0.0", "1.0.0"));
}
