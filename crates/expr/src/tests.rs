//! Guarantees for expressions: jq's meaning, exact numbers, limited cost, and no access to the environment.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn parse(text: &str) -> Expression {
    Expression::parse(text, &["input", "context"]).unwrap_or_else(|e| panic!("{text}: {e} at {}", e.offset))
}

fn evaluate(text: &str, input: &Value) -> Result<Value, EvaluationError> {
    parse(text).evaluate(&Arc::new(input.clone()), &[])
}

fn class(text: &str) -> Class {
    parse(text).class()
}

/// Runs `f` on a stack like that of a worker thread.
fn on_a_small_stack<T: Send>(f: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn_scoped(scope, f).expect("a thread");
        thread.join().expect("the thread survives")
    })
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
    assert_eq!(evaluate("123456 | fabs | . % 100 + 100 | tostring", &Value::Null).unwrap(), json!("156"));
}

#[test]
fn the_first_value_counts_and_none_is_an_error() {
    assert_eq!(evaluate(".[]", &json!([7, 8])).unwrap(), json!(7));
    assert!(matches!(evaluate("empty", &json!(1)), Err(EvaluationError::Failed(_))));
    assert_eq!(evaluate(".missing", &json!({})).unwrap(), Value::Null);
}

#[test]
fn an_expression_sees_only_the_variables_that_it_was_given() {
    let expression = parse("$context.a + $input");
    assert_eq!(expression.variables(), ["context", "input"]);
    let given = [Arc::new(json!({"a": 1})), Arc::new(json!(2))];
    assert_eq!(expression.evaluate(&Arc::default(), &given).unwrap(), json!(3));
    let unknown = Expression::parse("1 + $contxt.a", &["input", "context"]).unwrap_err();
    assert_eq!((unknown.offset, unknown.hint.as_deref()), (4, Some("did you mean `$context`?")));
}

/// Programs, inputs and outputs: one group for each area in which jq implementations have differed.
const CASES: &[(&str, &str, &str)] = &[
    // Order of several outputs.
    ("[(1,2) + (10,20)]", "null", "[11,12,21,22]"),
    ("[\"\\(1,2)-\\(3,4)\"]", "null", r#"["1-3","2-3","1-4","2-4"]"#),
    ("[.[(0,1)][(0,1)]]", "[[1,2],[3,4]]", "[1,3,2,4]"),
    ("[pow(2,3; 1,2)]", "null", "[2,3,4,9]"),
    ("[(null,1,false,2) // 3]", "null", "[1,2]"),
    ("[path(.a[] // .b)]", r#"{"a":[1,null,2]}"#, r#"[["a",0],["a",2]]"#),
    // Folds whose steps have no output or several.
    ("[foreach (1,2) as $x (0; . + $x, . * 10)]", "null", "[1,0,2,0]"),
    ("[foreach (1,2,3) as $x (0; if $x == 2 then empty else . + $x end; [$x, .])]", "null", "[[1,1],[3,3]]"),
    ("reduce (1,2,3) as $x (0; if $x == 2 then empty else . + $x end)", "null", "3"),
    ("reduce .[] as [$a, $b] (0; . + $a * $b)", "[[1,2],[3,4]]", "14"),
    // Patterns.
    ("[.[] as [$a] ?// $a | $a]", "[[1],2]", "[1,2]"),
    ("[.[] | . as {$k, v: [$x]} ?// [$k, $x] | [$k, $x]]", r#"[{"k":1,"v":[2]},[3,4]]"#, "[[1,2],[3,4]]"),
    ("[.[] as [$a] ?// [$b] | if $a != null then error(\"no\") else [$a, $b] end]", "[[3]]", "[[null,3]]"),
    (". as {$a, $b: [$c]} | [$a, $b, $c]", r#"{"a":1,"b":[2]}"#, "[1,[2],2]"),
    ("[reduce .[] / .[] as $q (0; . + $q)]", "[1,2]", "[4.5]"),
    // Updates.
    ("del(.[0,2])", "[1,2,3]", "[2]"),
    ("del(.[1], .[-1], .[0:1])", "[1,2,3,4]", "[3]"),
    (".[3] = 1", "[0]", "[0,null,null,1]"),
    (".a[1].b = 5", "null", r#"{"a":[null,{"b":5}]}"#),
    ("(.[] | select(. > 2)) |= empty", "[1,2,3,4]", "[1,2]"),
    (".[2:4] = [\"x\"]", "[0,1,2,3,4]", r#"[0,1,"x",4]"#),
    (".[1.5:3.5] = [\"x\"]", "[0,1,2,3,4]", r#"[0,"x",4]"#),
    (".a //= 3 | .b += 1", r#"{"a":false}"#, r#"{"a":3,"b":1}"#),
    ("[.a //= (3,4) | .a]", "{}", "[3,4]"),
    ("map_values(empty)", "[1,2]", "[]"),
    (".[0] |= (., 9)", "[1,2]", "[1,2]"),
    ("pick(.a, .b[1])", r#"{"a":1,"b":[2,3],"c":4}"#, r#"{"a":1,"b":[null,3]}"#),
    ("pick(first)", "[1,2]", "[1]"),
    ("delpaths([[-9]])", "[1]", "[1]"),
    // Paths: a filter may leave the path if it is back when the next key is taken.
    ("path(.a | . as $x | [$x] | $x | .b)", r#"{"a":{"b":1}}"#, r#"["a","b"]"#),
    ("path(.a | [.] | getpath([0]) | .b)", r#"{"a":{"b":1}}"#, r#"["a","b"]"#),
    ("[path(.a | (sort | .[0])?, tostring)]", r#"{"a":"x"}"#, r#"[["a"]]"#),
    ("path(.a // .b | .c)", r#"{"b":{}}"#, r#"["b","c"]"#),
    ("path(try error catch .a)", "{}", r#"["a"]"#),
    ("[path(foreach .[] as $x (0; . + 1; select(. == 2) | $x))]", "[7,8,9]", "[[1]]"),
    ("[path(limit(2; .[]), skip(2; .[]), nth(0, 1; .[]), first(.[]))]", "[7,8,9]", "[[0],[1],[2],[0],[1],[0]]"),
    ("[path(. as {$a} ?// [$a] | .[0])]", "[7]", "[[0]]"),
    ("def firsts: limit(2; .[]); firsts |= 0", "[1,2,3]", "[0,0,3]"),
    ("def twice(f): f | f; twice(.a) = 1", "null", r#"{"a":{"a":1}}"#),
    ("def below(f): def go: f | (., go); go; [path(below(.a? // empty))]", r#"{"a":{"a":1}}"#, r#"[["a"],["a","a"]]"#),
    ("[path(until(type != \"array\"; .[0])), path(recurse(.[0]?; . != null))]", "[[7]]", "[[0,0],[],[0],[0,0]]"),
    ("[path(ltrimstr(\"a\"))]", "\"abc\"", r#"[[{"start":1,"end":null}]]"#),
    ("del(empty), (empty = 1), ((.a | empty) |= 1)", "5", "5"),
    ("[.[] | reverse]", r#"[[1,2],"",null,{}]"#, "[[2,1],[],[],[]]"),
    ("[-.[], -(0)] | tojson", "[0,2]", r#""[0,-2,0]""#),
    ("getpath([\"a\",0,\"b\"])", "null", "null"),
    ("to_entries | map(.key)", r#"{"b":1,"a":2}"#, r#"["b","a"]"#),
    // Numbers.
    ("[1, 1.000, 1e3] | map(tostring)", "null", r#"["1","1.000","1E+3"]"#),
    ("[.[] | try tonumber catch \"no\"]", r#"["1,234.50"," 4","+1.5",".5","12"]"#, r#"["no","no",1.5,0.5,12]"#),
    ("[5, -5, 5.9] | map(. % 3)", "null", "[2,-2,2]"),
    ("[nan] | tojson, (. < [1])", "null", r#""[null]""#),
    ("[.[1.7], .[1.2:3.5], .[nan]]", "[0,1,2,3,4]", "[1,[1,2,3],null]"),
    ("[1, 100000000000000000000, 0.00001] | map(. + 0 | tostring)", "null", r#"["1","1e+20","1e-05"]"#),
    ("[has(0), has(-1), has(1.5)]", "[1,2]", "[true,false,true]"),
    ("\"ab\" * 2, \"ab\" * 0.4, \"ab\" * -1", "null", r#""abab""#),
    ("[\"ab\" * (2, 0.4, -1)]", "null", r#"["abab","",null]"#),
    // Text.
    ("join(\",\")", "[null,1,true,\"x\"]", r#"",1,true,x""#),
    (
        "[\"abc\" | gsub(\"\";\"x\"), gsub(\"^\";\"x\"), gsub(\"(?<l>[a-z])\"; \"\\(.l)1\", \"\\(.l)2\")]",
        "null",
        r#"["xaxbxcx","xabc","a1b1c1","a2b2c2"]"#,
    ),
    ("capture(\"(?<a>t)(?<n>z)?\")", "\"test\"", r#"{"a":"t","n":null}"#),
    ("[match(\"\"; \"g\").offset]", "\"ab\"", "[0,1,2]"),
    ("[splits(\"x\"; \"i\")]", "\"aXbxc\"", r#"["a","b","c"]"#),
    ("[scan(\"[a-z](\\\\d)\")]", "\"a1b2\"", r#"[["1"],["2"]]"#),
    ("[.[] | trimstr(\"a\")]", r#"["aba","b"]"#, r#"["b","b"]"#),
    ("[indices(\"a\"), index(\"b\"), rindex(\"a\")]", "\"abaa\"", "[[0,2,3],1,3]"),
    ("[@csv, @tsv]", r#"[1,"a\"b",null,true]"#, r#"["1,\"a\"\"b\",,true","1\ta\"b\t\ttrue"]"#),
    (
        "[@uri, (@uri | @urid), @base64, (@base64 | @base64d), @base32, (@base32 | @base32d), @html, @sh]",
        "\"é<'\"",
        r#"["%C3%A9%3C%27","é<'","w6k8Jw==","é<'","YOUTYJY=","é<'","é&lt;&apos;","'é<'\\'''"]"#,
    ),
    ("[.[] | ascii_downcase, ascii_upcase]", r#"["aÄ"]"#, r#"["aÄ","AÄ"]"#),
    ("[-1, 65, 55296, 1114112] | implode", "null", "\"\u{fffd}A\u{fffd}\u{fffd}\""),
    ("\"\\ud83d\\ude00\" | length", "null", "1"),
    // Collections.
    (
        "from_entries",
        r#"[{"key":"a","value":1},{"Key":"b","Value":2},{"name":"c","value":false}]"#,
        r#"{"a":1,"b":2,"c":false}"#,
    ),
    ("[range(5;10) | IN(range(7))]", "null", "[true,true,false,false,false]"),
    ("INDEX(.id)", r#"[{"id":1},{"id":2}]"#, r#"{"1":{"id":1},"2":{"id":2}}"#),
    ("[JOIN({\"1\":\"a\"}; .[0] | tostring)]", "[[1],[2]]", r#"[[[[1],"a"],[[2],null]]]"#),
    (
        "[nth(0, 2; range(10)), first(range(5;9)), (try nth(-1; 1) catch .)]",
        "null",
        r#"[0,2,5,"nth doesn't support negative indices"]"#,
    ),
    (
        "[limit(2; .[]), skip(2; .[]), (try limit(-1; 1) catch .)]",
        "[1,2,3]",
        r#"[1,2,3,"limit doesn't support negative count"]"#,
    ),
    ("[tostream] | fromstream(.[])", r#"{"a":[1,{"b":2}]}"#, r#"{"a":[1,{"b":2}]}"#),
    ("[1 | truncate_stream([[0],1],[[1,0],2],[[1,0]],[[1]])]", "null", "[[[0],2],[[0]]]"),
    ("transpose", "[[1],[2,3]]", "[[1,2],[null,3]]"),
    ("[combinations]", "[[1,2],[3,4]]", "[[1,3],[1,4],[2,3],[2,4]]"),
    ("group_by(.a) | map(length)", r#"[{"a":2},{"a":1},{"a":2}]"#, "[1,2]"),
    ("[bsearch(2), bsearch(0)]", "[1,2,3]", "[1,-1]"),
    ("[.[] | toarray] | add, flatten(1)", "[1,[2]]", "[1,2]"),
    ("walk(if type == \"number\" then . + 1 else . end)", r#"[1,{"a":2}]"#, r#"[2,{"a":3}]"#),
    ("[paths(type == \"number\")]", r#"{"a":[1]}"#, r#"[["a",0]]"#),
    ("contains({a: [{b: \"ar\"}]})", r#"{"a":[{"b":"bar"},1]}"#, "true"),
    ("[.[] | abs]", "[-1, 0, 2.5]", "[1,0,2.5]"),
    // Dates.
    ("[todate, (strftime(\"%A %d %B %Y\"))]", "1425599621", r#"["2015-03-05T23:53:41Z","Thursday 05 March 2015"]"#),
    ("[2024,8,21] | mktime, strftime(\"%Y-%m-%d\")", "null", "1726876800"),
    ("strptime(\"%Y-%m-%dT%H:%M:%SZ\") | ., mktime", "\"2015-03-05T23:51:47Z\"", "[2015,2,5,23,51,47,4,63]"),
    ("gmtime", "1700000000.5", "[2023,10,14,22,13,20.5,2,317]"),
];

#[test]
fn expressions_mean_what_they_mean_in_jq() {
    for (program, input, output) in CASES.iter().copied() {
        let input: Value = serde_json::from_str(input).expect("input");
        let output: Value = serde_json::from_str(output).expect("output");
        let found =
            Evaluation { text: program.to_owned(), variables: Vec::new(), input: input.into(), arguments: Vec::new() };
        let found = on_a_small_stack(|| found.here()).unwrap_or_else(|why| panic!("{program}: {why}"));
        assert!(same(&found, &output), "{program}\n  gives {found}\n  not   {output}");
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        _ => a == b,
    }
}

#[test]
fn errors_say_what_they_say_in_jq() {
    for (program, message) in [
        ("{} + 1", "object ({}) and number (1) cannot be added"),
        ("\"a\" - 1", "string (\"a\") and number (1) cannot be subtracted"),
        ("1 / 0", "number (1) and number (0) cannot be divided because the divisor is zero"),
        ("1 % 0.5", "number (1) and number (0.5) cannot be divided (remainder) because the divisor is zero"),
        ("-\"very-long-long-long-long-string\"", "string (\"very-long-long-long-long...\") cannot be negated"),
        ("[1] | .a", "Cannot index array with string (\"a\")"),
        ("1 | .[]", "Cannot iterate over number (1)"),
        ("\"x\" | .[1.5]", "Cannot index string with number (1.5)"),
        ("{(1 + 1): 2}", "Cannot use number (2) as object key"),
        ("true | length", "boolean (true) has no length"),
        ("{} | implode", "implode input must be an array"),
        ("\"1,5\" | tonumber", "string (\"1,5\") cannot be parsed as a number"),
        ("\"[1,2\" | fromjson", "Unfinished JSON term at EOF at line 1, column 4 (while parsing '[1,2')"),
        ("\"tru\" | fromjson", "Invalid literal at EOF at line 1, column 3 (while parsing 'tru')"),
        ("[1] | .[-2] = 0", "Out of bounds negative array index"),
        ("[] | .[1e9] = 0", "Array index too large"),
        ("\"abc\" | .[1:2] = \"x\"", "Cannot update string slices"),
        ("path([1])", "Invalid path expression with result [1]"),
        ("{a: [3, 1]} | path(.a | sort | .[0])", "Invalid path expression near attempt to access element 0 of [1,3]"),
        ("{a: 1} | path(.a | [.] | .[])", "Invalid path expression near attempt to iterate through [1]"),
        ("[1, 2] | path(map(.) | .[]?)", "Invalid path expression near attempt to iterate through [1,2]"),
        ("[1] | path(tojson | ..)", "Invalid path expression with result \"[1]\""),
        ("[1] | path(map(.) | ..)", "Invalid path expression with result [1]"),
        (
            "[1, 2] | (map(. + 1) | .[1:]) = []",
            "Invalid path expression near attempt to access element {\"start\":1,\"end\":null} of [2,3]",
        ),
        ("{a: 5} | (.a | floor) = 3", "Invalid path expression with result 5"),
        ("{a: 5} | .a + 1 |= 3", "Invalid path expression with result 6"),
        (
            "def word: split(\" \") | .[1]; \"a b\" | word |= \"c\"",
            "Invalid path expression near attempt to access element 1 of [\"a\",\"b\"]",
        ),
        ("def both(f): f, f; {a: 1} | del(both(keys))", "Invalid path expression with result [\"a\"]"),
        (
            "def f(g): path(g); def h: [.]; 1 | f(h | .[0])",
            "Invalid path expression near attempt to access element 0 of [1]",
        ),
        ("{a: 1} | path(.a and .b)", "Invalid path expression near attempt to access element \"b\" of {\"a\":1}"),
        (
            "[[1]] | path(reduce (1, 2) as $x (.; .[0]))",
            "Invalid path expression near attempt to access element 0 of [1]",
        ),
        ("[1, 2] | path(last(.[]))", "Invalid path expression with result 2"),
        ("path(try error(\"x\") catch .)", "Invalid path expression with result \"x\""),
        ("path(.a |= 2)", "Invalid path expression near attempt to access element 0 of [{\"a\":2},[]]"),
        ("path([.] | [.[0]])", "Invalid path expression near attempt to access element 0 of [null]"),
        ("path(1 | select(.a))", "Cannot index number with string (\"a\")"),
        ("1 | [.a? == .b]", "Cannot index number with string (\"b\")"),
        ("1 | [empty[.b]]", "Cannot index number with string (\"b\")"),
        ("\"abc\" | reverse", "Cannot index string with number (2)"),
        ("\"a\" | test(\"(\")", "Regex failure"),
        ("\"a\" | test(\"a\"; \"q\")", "q is not a valid modifier string"),
        ("[\"a\"] | strftime(\"%Y\")", "strftime/1 requires parsed datetime inputs"),
        ("\"x\" | strptime(\"%Y\")", "date \"x\" does not match format \"%Y\""),
        ("error({a: 1})", "{\"a\":1}"),
    ] {
        let text = format!("try ({program}) catch (if type == \"string\" then . else tojson end)");
        let caught = evaluate(&text, &Value::Null).unwrap_or_else(|why| panic!("{program}: {why}"));
        assert!(caught.as_str().unwrap().starts_with(message), "{program} says {caught}");
        assert!(evaluate(program, &Value::Null).unwrap_err().to_string().contains(message), "{program}");
    }
}

#[test]
fn no_nesting_that_runs_in_the_process_exhausts_the_stack_of_a_worker() {
    for (before, after, times) in [
        ("path(1 | .[", "])", 49),
        ("[reverse | ", " | .[0]]", 98),
        ("path(reduce . as $x (.; ", "))", 48),
        ("path(first(", "))", 48),
        ("(.a |= (try (", ") catch .))", 32),
        ("path(if . then . else (", " | .[0]) end)", 48),
        ("path(. as [$a] ?// $a | ", ")", 48),
        ("path(. as [$a] ?// $a | ", ")", 16),
        (". as [$a] ?// $a | ", "", 98),
        (". as [$a] ?// [$b] ?// $a | ", "", 24),
    ] {
        let text = format!("path({}.{})", before.repeat(times), after.repeat(times));
        let expression = parse(&text);
        for input in [json!([]), json!([[1]])] {
            on_a_small_stack(|| _ = expression.evaluate_here(&Arc::new(input), &[]));
        }
    }
}

#[test]
fn names_that_read_the_world_do_not_exist() {
    for name in ABSENT {
        assert!(Expression::parse(name, &["input"]).is_err(), "{name} was accepted");
    }
    for text in [
        r#"import "a" as a; 1"#,
        r#"include "a"; 1"#,
        "try ({} as {(env|tojson|error): $x} | $x) catch .",
        ". as {(halt(9)): $x} | true",
        ". as {$a, (input): [$b]} ?// $a | 1",
        "reduce 1 as {(now | tostring): $x} (0; 1)",
        "@main",
        "_modify(.; env)",
    ] {
        assert!(Expression::parse(text, &[]).is_err(), "{text} was accepted");
    }
}

#[test]
fn mistakes_name_their_place() {
    let mistake = Expression::parse(".a | | .b", &[]).unwrap_err();
    assert_eq!(mistake.offset, 5);
    let mistake = Expression::parse(".a | lenght", &[]).unwrap_err();
    assert_eq!((mistake.offset, mistake.hint.as_deref()), (5, Some("did you mean `length`?")));
    let mistake = Expression::parse(".a | @cvs", &[]).unwrap_err();
    assert_eq!((mistake.offset, mistake.hint.as_deref()), (5, Some("did you mean `@csv`?")));
    let mistake = Expression::parse_field("  ${ .a | } ", &[]).unwrap_err();
    assert!(mistake.offset >= 5, "{mistake:?}");
}

#[test]
fn keys_of_objects_must_be_text() {
    for text in ["{(0): 1}", "{a: ., (null): 1}", ". as {(true): $x} | $x"] {
        assert!(Expression::parse(text, &[]).is_err(), "{text} was accepted");
    }
}

#[test]
fn what_recurses_goes_to_the_child_and_all_else_may_run_in_the_process() {
    for text in [
        "def f: f; f",
        "recurse(.a)",
        "[limit(3; repeat(1))]",
        "until(false; .)",
        "walk(.)",
        ". as {(def f: f; f): $x} | 1",
    ] {
        assert_eq!(class(text), Class::Unbounded, "{text}");
    }
    for text in [
        ".",
        ".a.b[0]",
        "{a: .b, c: [.d[] | .e]}",
        ".items | map({sku: .code, n: (.quantity | tonumber)})",
        "reduce .[] as $x (0; . + $x)",
        "gsub(\"a\"; \"b\")",
        "[.[] as $a | .[] as $b | [$a, $b]]",
        "[paths]",
        "range(10)",
    ] {
        assert_eq!(class(text), Class::Bounded, "{text}");
    }
}

/// Each program would otherwise take the process's time, memory or stack.
#[test]
fn whatever_runs_in_the_process_ends_by_the_meter() {
    let data = json!({
        "words": (0..4_000).map(|n| format!("word {n}")).collect::<Vec<_>>(),
        "others": (0..4_000).map(|n| format!("other {n}")).collect::<Vec<_>>(),
        "path": vec![0; 5_000],
        "brackets": format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)),
        "text": "a".repeat(200_000),
    });
    let data = Arc::new(data);
    let doubled = |part: &str, times: usize| vec![part; times].join(" | ");
    for text in [
        format!("\"\\\"\" | {} | length", doubled("tojson", 33)),
        format!("{} | tojson | length", doubled("[., .]", 40)),
        format!("[{}] | length", doubled("(., .)", 40)),
        format!("last({}, 1)", doubled("(., .)", 40)),
        ".words as $w | .others + $w | contains($w)".to_owned(),
        ".others - .words | length".to_owned(),
        "[.words[] as $w | .others | index($w)] | length".to_owned(),
        "[.words[] as $w | .others[] | select(. == $w)] | length".to_owned(),
        "[.words[] as $w | .others | indices([$w])] | length".to_owned(),
        "setpath(.path; 1)".to_owned(),
        ".brackets | fromjson".to_owned(),
        "reduce range(1e9) as $i ([]; [.])".to_owned(),
        "reduce range(1e9) as $i (0; . + 1)".to_owned(),
        "[range(1e9)] | length".to_owned(),
        "first(range(1e18) | select(. < 0))".to_owned(),
        ".text * 1000 | length".to_owned(),
        "[] | .[5e8] = 2 | length".to_owned(),
        ".text | test(\"(?<!b)(a|aa)+$\")".to_owned(),
        ".text | test(\"(a*)*\\\\1b\")".to_owned(),
        "[.text | match(\"a\"; \"g\")] | length".to_owned(),
        "[.text | explode[]] | combinations | 1".replace("combinations", "sort_by([.,.])"),
        "try error(reduce range(1e9) as $i (0; . + 1)) catch 1".to_owned(),
        "label $out | foreach range(1e9) as $i (0; . + 1; if . < 0 then break $out else empty end)".to_owned(),
    ] {
        let expression = parse(&text);
        let outcome = on_a_small_stack(|| expression.evaluate(&data, &[]));
        assert!(matches!(outcome, Err(EvaluationError::Limit(_))), "{text}: {outcome:?}");
        assert!(expression.class() == Class::Unbounded || expression.evaluate_here(&data, &[]).is_none(), "{text}");
    }
}

#[test]
fn a_limit_cannot_be_caught() {
    for text in [
        "try ([range(1e9)] | length) catch 1",
        "(([range(1e9)] | length)?) // 1",
        "[.[]?, (try range(1e9) catch 1)] | length",
    ] {
        assert!(matches!(evaluate(text, &Value::Null), Err(EvaluationError::Limit(_))), "{text}");
    }
}

#[test]
fn a_path_into_a_large_value_costs_the_path() {
    let input = Arc::new(json!({"items": vec![json!({"n": 1, "text": "x".repeat(100)}); 50_000], "a": {"b": 7}}));
    let few = Limits { steps: 60, bytes: 1_000, ..Limits::IN_PROCESS };
    for (text, output) in
        [(".a.b", json!(7)), (".items[49999].n", json!(1)), ("$context.items | length", json!(50_000))]
    {
        let given: Vec<Arc<Value>> = parse(text).variables().iter().map(|_| Arc::clone(&input)).collect();
        assert_eq!(parse(text).evaluate_within(few, &input, &given), Ok(output), "{text}");
    }
    assert_eq!(Arc::strong_count(&input), 1, "nothing holds on to it");
}

#[test]
fn what_is_given_stays_as_it_is() {
    let input = Arc::new(json!({"a": [1, 2], "b": {"c": 3}}));
    let changed = parse(".a[0] = 9 | .b.c += 1 | del(.a[1])").evaluate(&input, &[]).unwrap();
    assert_eq!(changed, json!({"a": [9], "b": {"c": 4}}));
    assert_eq!(*input, json!({"a": [1, 2], "b": {"c": 3}}));
}

#[test]
fn an_error_is_reported_in_its_own_words_and_under_the_name_that_a_comment_gives() {
    let expression = Expression::parse("# row 3: a to b\nerror(\"no \\(.)\")", &[]).expect("jq");
    let why = expression.evaluate(&Arc::new(json!("value")), &[]).expect_err("an error");
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
        "reduce ".repeat(2_000),
        "as ?// ".repeat(2_000),
    ] {
        assert!(Expression::parse(&text, &[]).is_err(), "{} was accepted", &text[..text.len().min(8)]);
    }
    for text in [
        "-".repeat(16_000) + "1",
        ".|".repeat(8_000) + ".",
        "1+".repeat(8_000) + "1",
        ". as [$a] ?// $a |".repeat(900) + "1",
    ] {
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

/// Functions of jq and its implementations that access the environment or end the process.
const ABSENT: [&str; 20] = [
    "env",
    "$ENV",
    "$__prog_args",
    "input",
    "inputs",
    "input_line_number",
    "input_filename",
    "debug",
    "debug(1)",
    "debug_empty",
    "stderr",
    "stderr_empty",
    "halt",
    "halt(1)",
    "halt_error",
    "halt_error(1)",
    "now",
    "localtime",
    "strflocaltime(\"\")",
    "get_search_list",
];

/// Programs over the whole grammar, each with one hole.
fn programs() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("HOLE".to_owned())];
    leaf.prop_recursive(6, 40, 2, |inner| {
        let other =
            prop_oneof![Just("."), Just(".a"), Just("1"), Just("\"x\""), Just("$v"), Just("[1]"), Just("empty")];
        let wrap = prop_oneof![
            Just("(@@)"),
            Just("[@@]"),
            // In parentheses, because a name after a comma would be a key: `{a: ., input}` is `{a: ., input: .input}`.
            Just("{a: (@@)}"),
            Just("{(@@ | tostring): 1}"),
            Just("-(@@)"),
            Just("@@ | O"),
            Just("O | @@"),
            Just("O, @@"),
            Just("(@@) + O"),
            Just("O == (@@)"),
            Just("(@@) // O"),
            Just("O // (@@)"),
            Just("(@@) and O"),
            Just("O or (@@)"),
            Just(".[@@]"),
            Just(".[(@@):]"),
            Just(".[:(@@)]"),
            Just("(O)[@@]"),
            Just("(@@).a?"),
            Just("(@@)[]?"),
            Just("try (@@) catch O"),
            Just("try O catch (@@)"),
            Just("(@@)?"),
            Just("if @@ then O else O end"),
            Just("if O then @@ else O end"),
            Just("if O then O elif O then O else @@ end"),
            Just("if O then @@ end"),
            Just("(@@) as $v | O"),
            Just("O as $v | @@"),
            Just("O as [$v] | @@"),
            Just("O as {(@@): $v} | O"),
            Just("O as {a: {(@@): [$v]}} | O"),
            Just("O as {$v, (@@): $w} | O"),
            Just("O as [$v] ?// {(@@): $v} | O"),
            Just("O as [$v] ?// $v | @@"),
            Just("reduce (@@) as $v (O; O)"),
            Just("reduce O as $v (@@; O)"),
            Just("reduce O as $v (O; @@)"),
            Just("reduce O as {(@@): $v} (O; O)"),
            Just("foreach (@@) as $v (O; O)"),
            Just("foreach O as $v (@@; O; O)"),
            Just("foreach O as $v (O; @@; O)"),
            Just("foreach O as $v (O; O; @@)"),
            Just("foreach O as {(@@): $v} (O; O)"),
            Just("label $l | @@"),
            Just("label $l | (@@ | break $l)"),
            Just("def f: @@; O"),
            Just("def f: O; @@"),
            Just("def f(g): g; f(@@)"),
            Just("def f($g): @@; f(O)"),
            Just("map(@@)"),
            Just("select(@@)"),
            Just("path(@@)"),
            Just("path(O | @@ | .[0])"),
            Just("path([@@] | .[])"),
            Just("path(O as $v | try (@@) catch $v)"),
            Just("path(reduce O as $v (@@; O))"),
            Just("path(foreach O as $v (O; @@; $v))"),
            Just("path(O and @@ // O)"),
            Just("pick(last(@@).a)"),
            Just("first(@@)"),
            Just("limit(1; @@)"),
            Just("sort_by(@@)"),
            Just("with_entries(@@)"),
            Just("sub(\"a\"; @@)"),
            Just("\"a\\(@@)b\""),
            Just("@json \"a\\(@@)\""),
            Just("(@@) = O"),
            Just(".a |= (@@)"),
            Just("(@@) |= O"),
            Just(".a += (@@)"),
            Just(".a //= (@@)"),
            Just("del(@@)"),
            Just("any(@@; O)"),
        ];
        (inner, other.clone(), wrap).prop_map(|(inner, other, wrap)| wrap.replace('O', other).replace("@@", &inner))
    })
}

proptest! {
    #[test]
    fn no_text_panics_the_parser(text in "[ -~]{0,60}") {
        let _ = Expression::parse(&text, &["input"]);
    }

    #[test]
    fn no_expression_can_name_what_reads_the_world(program in programs(), absent in 0..ABSENT.len()) {
        let with = |name: &str| Expression::parse(&program.replace("HOLE", name), &["v"]);
        prop_assert!(with("length").is_ok(), "{program}: {:?}", with("length").map(|_| ()));
        prop_assert!(with(ABSENT[absent]).is_err(), "{program} with {}", ABSENT[absent]);
    }

    /// Every text that parses ends within the limits, on a small stack.
    #[test]
    fn whatever_parses_ends_within_the_limits(program in programs(), hole in "(\\.|\\.\\.|\\[\\.,\\.\\]|range\\(1e9\\)|length|\\.a|\"x\"\\*9)") {
        let parsed = Expression::parse(&program.replace("HOLE", &hole), &["v"]);
        if let Ok(expression) = parsed {
            let input = Arc::new(json!({"a": [1, {"b": "x"}], "x": null}));
            let given: Vec<Arc<Value>> = expression.variables().iter().map(|_| Arc::clone(&input)).collect();
            if expression.class() == Class::Bounded {
                on_a_small_stack(|| drop(expression.evaluate(&input, &given)));
            }
        }
    }
}
