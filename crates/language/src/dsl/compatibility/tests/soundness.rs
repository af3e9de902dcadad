//! If the comparison finds nothing, the new schema refuses nothing: generated pairs of schemas are checked with the
//! validator itself.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::found;
use crate::dsl::compatibility::schema::Side;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i32..6).prop_map(Value::from),
        (-3_i32..6).prop_map(|n| Value::from(f64::from(n) / 2.0)),
        "[ab]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 3, |inner| {
        let fields = prop::collection::btree_map("[abc]", inner.clone(), 0..3);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            fields.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn types() -> impl Strategy<Value = Value> {
    let known = ["null", "boolean", "object", "array", "string", "number", "integer"];
    prop::sample::subsequence(known.to_vec(), 1..4).prop_map(|names| json!(names))
}

fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        types().prop_map(|types| json!({ "type": types })),
        prop::collection::vec(any_value(), 1..4).prop_map(|values| json!({ "enum": values })),
        any_value().prop_map(|value| json!({ "const": value })),
        number_schema(),
        Just(json!({ "pattern": "^a" })),
        Just(json!({ "$ref": "#/$defs/d" })),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let properties = prop::collection::btree_map("[abc]", inner.clone(), 0..3).prop_map(|p| json!(p));
        let list = prop::collection::vec(inner.clone(), 1..3).prop_map(Value::from);
        let names = prop::sample::subsequence(vec!["a", "b", "c"], 0..3).prop_map(|names| json!(names));
        let parts: Vec<(&str, BoxedStrategy<Value>)> = vec![
            ("type", types().boxed()),
            ("properties", properties.boxed()),
            ("patternProperties", inner.clone().prop_map(|s| json!({ "^a": s })).boxed()),
            ("additionalProperties", inner.clone().boxed()),
            ("required", names.boxed()),
            ("items", inner.clone().boxed()),
            ("prefixItems", list.clone().boxed()),
            ("anyOf", list.boxed()),
            ("not", inner.boxed()),
            ("minItems", (0_u32..3).prop_map(Value::from).boxed()),
            ("maxLength", (0_u32..3).prop_map(Value::from).boxed()),
            ("maxProperties", (0_u32..3).prop_map(Value::from).boxed()),
            ("uniqueItems", any::<bool>().prop_map(Value::from).boxed()),
        ];
        let chosen = prop::sample::subsequence(parts, 1..4);
        chosen.prop_flat_map(|parts| {
            let (names, values): (Vec<&str>, Vec<_>) = parts.into_iter().unzip();
            values.prop_map(move |values| {
                Value::Object(names.iter().map(|name| (*name).to_owned()).zip(values).collect::<Map<_, _>>())
            })
        })
    })
}

fn number_schema() -> impl Strategy<Value = Value> {
    let bound = || (-4_i32..5).prop_map(|n| Value::from(f64::from(n) / 2.0));
    let step = prop_oneof![Just(json!(0.5)), Just(json!(1)), Just(json!(1.5)), Just(json!(2))];
    let parts: Vec<(&str, BoxedStrategy<Value>)> = vec![
        ("type", Just(json!("integer")).boxed()),
        ("minimum", bound().boxed()),
        ("maximum", bound().boxed()),
        ("exclusiveMinimum", bound().boxed()),
        ("exclusiveMaximum", bound().boxed()),
        ("multipleOf", step.boxed()),
    ];
    prop::sample::subsequence(parts, 1..4).prop_flat_map(|parts| {
        let (names, values): (Vec<&str>, Vec<_>) = parts.into_iter().unzip();
        values.prop_map(move |values| {
            Value::Object(names.iter().map(|name| (*name).to_owned()).zip(values).collect::<Map<_, _>>())
        })
    })
}

/// A schema and a variant that differs in one part, so that many pairs differ only slightly.
fn related() -> impl Strategy<Value = (Value, Value)> {
    (any_schema(), any_schema(), any_schema(), any_schema()).prop_flat_map(|(wide, narrow, one, other)| {
        let with = |mut schema: Value, part: &Value| {
            if let Some(object) = schema.as_object_mut() {
                object.insert("$defs".to_owned(), json!({ "d": part }));
            }
            schema
        };
        let mixed = match (&wide, &narrow) {
            (Value::Object(wide), Value::Object(narrow)) => {
                let mut mixed = wide.clone();
                mixed.extend(narrow.iter().take(1).map(|(name, value)| (name.clone(), value.clone())));
                Value::Object(mixed)
            }
            _ => narrow.clone(),
        };
        let pairs = vec![
            (with(wide.clone(), &one), with(narrow, &other)),
            (with(wide.clone(), &one), with(mixed.clone(), &one)),
            (with(mixed, &one), with(wide.clone(), &one)),
            (with(wide.clone(), &one), with(wide, &other)),
        ];
        prop::sample::select(pairs)
    })
}

fn validator(schema: &Value) -> Option<jsonschema::Validator> {
    crate::dsl::schema::validator(schema).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn where_nothing_is_found_nothing_is_refused(
        (wide, narrow) in related(),
        values in prop::collection::vec(any_value(), 40),
    ) {
        // A schema that only refers to itself is refused at deployment or allows everything.
        let (Some(takes), Some(still)) = (validator(&wide), validator(&narrow)) else { return Ok(()) };
        if found(&wide, &narrow, Side::Input).is_empty() {
            for value in values {
                prop_assert!(!takes.is_valid(&value) || still.is_valid(&value), "{wide} takes {value}, {narrow} does not");
            }
        }
    }

    #[test]
    fn a_schema_is_compatible_with_itself(schema in any_schema()) {
        prop_assert_eq!(found(&schema, &schema.clone(), Side::Input), Vec::<String>::new());
    }
}
