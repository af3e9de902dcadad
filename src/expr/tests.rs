//! Promises of the expressions: exact, bounded, and without a view of the world.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn evaluate(text: &str, input: &Value) -> Result<Value, EvaluationError> {
    Expression::parse(text, &[]).unwrap_or_else(|e| panic!("{text}: {e} at {}", e.offset)).evaluate(input, &[])
}

fn class(text: &str) -> Class {
    Expression::parse(text, &["input", "context"]).unwrap_or_else(|e| panic!("{text}: {e}")).class()
}

#[test]
fn numbers_that_pass_through_keep_their_text() {
    let input: Value =
        serde_json::from_str(r#"{"id":9007199254740993123,"price":1849.90,"huge":1e400,"n":12.0}"#).unwrap();
    let output = evaluate("{id, price, huge, n}", &input).unwrap();
    assert_eq!(output.to_string(), input.to_string());
    assert!(output.to_string().contains("9007199254740993123") && output.to_string().contains("1849.90"));
}

#[test]
fn arithmetic_gives_what_jq_gives() {
    assert_eq!(evaluate("(.a | tonumber) * 2 + 1", &json!({"a": 20})).unwrap().to_string(), "41");
    assert_eq!(evaluate(".a / 4", &json!({"a": 10})).unwrap().to_string(), "2.5");
}

#[test]
fn the_first_value_counts_and_none_is_an_error() {
    assert_eq!(evaluate(".[]", &json!([7, 8])).unwrap(), json!(7));
    assert!(matches!(evaluate("empty", &json!(1)), Err(EvaluationError::Failed(_))));
    assert_eq!(evaluate(".missing", &json!({})).unwrap(), Value::Null);
}

#[test]
fn an_expression_sees_only_the_variables_that_it_was_given() {
    let expression = Expression::parse("$context.a + $input", &["input", "context"]).unwrap();
    assert_eq!(expression.variables(), ["context", "input"]);
    assert_eq!(expression.evaluate(&Value::Null, &[&json!({"a": 1}), &json!(2)]).unwrap(), json!(3));
    let unknown = Expression::parse("1 + $contxt.a", &["input", "context"]).unwrap_err();
    assert_eq!((unknown.offset, unknown.hint.as_deref()), (4, Some("did you mean `$context`?")));
}

#[test]
fn names_that_read_the_world_do_not_exist() {
    for text in [
        "env",
        "$ENV",
        "input",
        "[inputs]",
        "debug",
        "now",
        "halt",
        "input_line_number",
        "$__prog_args",
        "stderr",
        "localtime",
    ] {
        assert!(Expression::parse(text, &["input"]).is_err(), "{text} was accepted");
    }
    for text in [r#"import "a" as a; 1"#, r#"include "a"; 1"#] {
        assert!(Expression::parse(text, &[]).is_err(), "{text} was accepted");
    }
}

#[test]
fn mistakes_name_their_place() {
    let mistake = Expression::parse(".a | | .b", &[]).unwrap_err();
    assert_eq!(mistake.offset, 5);
    let mistake = Expression::parse(".a | lenght", &[]).unwrap_err();
    assert_eq!((mistake.offset, mistake.hint.as_deref()), (5, Some("did you mean `length`?")));
    let mistake = Expression::parse_field("  ${ .a | } ", &[]).unwrap_err();
    assert!(mistake.offset >= 5, "{mistake:?}");
}

#[test]
fn what_provably_ends_is_evaluated_in_the_process() {
    for text in [
        ".",
        ".a.b[0]",
        "$context.customer",
        ".[0]",
        "{a: .b, c: [.d[] | .e]}",
        "if .a then .b else .c end",
        ".a // \"none\"",
        ".items | map({sku: .code, n: (.quantity | tonumber)})",
        "[.records[] | select(.id == $input.id) | .name]",
        "$context + {id: .id}",
        "\"\\(.a) and \\(.b)\"",
        ".a | ascii_downcase | ltrimstr(\"x\")",
        ".records | length > 0",
        "{items: .lines | map({rate: (.total / .quantity * 100 | round / 100), item: (.code // (\"ITEM-\" + .sku))})}",
        "[.lines[] | (.rate | tonumber) * (.quantity | tonumber)] | add",
        ".status == 404",
        "(.name | split(\" \") | first)",
    ] {
        assert_eq!(class(text), Class::Bounded, "{text}");
    }
}

#[test]
fn what_may_not_end_or_may_explode_goes_to_the_child() {
    for text in [
        "def f: f; f",
        "reduce .[] as $x (0; . + $x)",
        "range(10)",
        "recurse",
        "..",
        "[limit(3; repeat(1))]",
        "until(false; .)",
        ". * 1000000000",
        "\"x\" * .n",
        "walk(.)",
        "gsub(\"a\"; \"b\")",
        "[.[] as $a | .[] as $b | [$a, $b]]",
        "[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]",
        "[.a[] | $input.b[] ]",
    ] {
        assert_eq!(class(text), Class::Unbounded, "{text}");
    }
}

#[test]
fn a_word_out_of_a_table_of_constants_is_as_small_as_it_is_written() {
    let entries: Vec<String> = (0..100).map(|n| format!("k{n}: \"word {n}\"")).collect();
    let table = format!("{{{}}}", entries.join(", "));
    assert_eq!(class(&format!("{table}[.]")), Class::Bounded);
    assert_eq!(class(&table), Class::Unbounded, "the whole of it is large");
    assert_eq!(
        class(&format!("{{{}, all: .}}[.k]", entries.join(", "))),
        Class::Unbounded,
        "one entry is not constant"
    );
}

#[test]
fn an_error_is_told_in_its_own_words_and_under_the_name_that_a_comment_gives() {
    let expression = Expression::parse("# row 3: a to b\nerror(\"no \\(.)\")", &[]).expect("jq");
    let why = expression.evaluate(&json!("value"), &[]).expect_err("an error");
    assert_eq!(why.to_string(), "row 3: a to b failed: no value");
}

#[test]
fn hostile_text_is_refused_and_nothing_aborts() {
    let many = |s: &str| s.repeat(100_000 / s.len());
    for text in [
        many("["),
        many("("),
        many("-"),
        many("..|"),
        many("def f:"),
        many("{\"a\":"),
        many("if "),
        "\0".into(),
        "\"\\(".repeat(3_000),
    ] {
        assert!(Expression::parse(&text, &[]).is_err(), "{} was accepted", &text[..text.len().min(8)]);
    }
    for text in ["-".repeat(16_000) + "1", ".|".repeat(8_000) + ".", "1+".repeat(8_000) + "1"] {
        if let Ok(expression) = Expression::parse(&text, &[]) {
            assert_eq!(expression.class(), Class::Unbounded, "{} is too long for the process", &text[..8]);
        }
    }
}

#[test]
fn a_result_over_the_limits_is_an_error() {
    let wide = json!(vec!["x".repeat(1 << 20); 3]);
    let outcome = evaluate("[., .]", &wide);
    assert!(matches!(outcome, Err(EvaluationError::Limit(_))), "{:?}", outcome.map(|v| v.to_string().len()));
}

#[test]
fn a_text_is_one_expression_or_none() {
    let mistakes = Template::parse(&json!({"a": {"b": "${ .x } and ${ .y }"}}), &[]).unwrap_err();
    assert_eq!(mistakes[0].0, "/a/b");
    assert!(mistakes[0].1.hint.as_ref().unwrap().contains("interpolation"), "{mistakes:?}");
    assert!(Template::parse(&json!(["say ${ .x }"]), &[]).is_err());
    assert!(matches!(Template::parse(&json!({"a": [1, "b"]}), &[]), Ok(Template::Literal(_))));
}

proptest! {
    #[test]
    fn no_text_panics_the_parser(text in "[ -~]{0,60}") {
        let _ = Expression::parse(&text, &["input"]);
    }
}
