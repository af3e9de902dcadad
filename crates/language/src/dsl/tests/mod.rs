//! The language by example: good definitions build, bad ones report where and why they fail.

mod closed_won;
mod mutation;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;

fn data() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/data/definitions")
}

fn workflows() -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("workflows")
}

fn definitions(folder: &Path) -> Vec<(String, String)> {
    let files = definition_files(folder).expect("the folder can be read");
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    files.iter().map(|path| (name(path), std::fs::read_to_string(path).expect("text"))).collect()
}

fn functions(folder: &Path) -> Functions {
    let functions = Functions::load(folder).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)));
    functions.with_secrets(released())
}

/// The secrets that a `hub.yaml` beside the test data would release.
fn released() -> Releases {
    let one = |name: &str, namespace: &str, host: &str| {
        let hosts = vec![HostPattern::parse(host).expect("a host")];
        (name.to_owned(), Release { namespaces: vec![namespace.to_owned()], hosts })
    };
    let all = [
        one("known", "t", "a.example"),
        one("s", "t", "a.example"),
        one("whole", "t", "a.example"),
        one("shelter", "t", "*.example.com"),
        one("shopToken", "shop", "shop.example"),
        one("shopPassword", "shop", "mail.example"),
    ];
    Releases::new(all.into())
}

/// Formats mistakes as in the `.expected` files.
fn shown(mistakes: &[Mistake]) -> String {
    let mut text = String::new();
    for m in mistakes {
        let warning = if m.severity == Severity::Warning { "warning: " } else { "" };
        text.push_str(&format!("{}:{}: {warning}{}\n", m.line, m.column, m.message));
        if let Some(hint) = &m.hint {
            text.push_str(&format!("    {hint}\n"));
        }
    }
    text
}

fn built(text: &str) -> Built {
    build("test.yaml", text, &functions(&data())).unwrap_or_else(|mistakes| panic!("{}\n{text}", shown(&mistakes)))
}

/// Returns a definition with this list of tasks.
fn with_tasks(tasks: &str) -> String {
    format!("document: {{dsl: '1.0.3', namespace: t, name: n, version: '1.0.0'}}\ndo:\n{tasks}")
}

fn refused(text: &str) -> String {
    shown(&build("test.yaml", text, &functions(&data())).expect_err("the text is refused"))
}

#[test]
fn good_definitions_build() {
    let functions = functions(&data());
    for (name, text) in definitions(&data().join("good")) {
        let built = build(&name, &text, &functions).unwrap_or_else(|m| panic!("{name}\n{}", shown(&m)));
        for (id, task) in built.definition.tasks.iter().enumerate() {
            let found = built.definition.by_reference[&task.reference];
            assert_eq!(found.0 as usize, id, "{name}: {} is one task", task.reference);
        }
    }
}

/// `UPDATE_EXPECTED=1` writes the files; review the difference before you commit it.
#[test]
fn bad_definitions_say_where_and_why() {
    let functions = functions(&data());
    let mut wrong = String::new();
    for (name, text) in definitions(&data().join("bad")) {
        let mistakes = match build(&name, &text, &functions) {
            Ok(built) => built.warnings,
            Err(mistakes) => mistakes,
        };
        let expected = data().join("bad").join(&name).with_extension("expected");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&expected, shown(&mistakes)).expect("written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if wanted != shown(&mistakes) || mistakes.is_empty() {
            wrong.push_str(&format!("--- {name}\nwanted:\n{wanted}found:\n{}", shown(&mistakes)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_text_that_is_compared_with_a_number_is_a_warning() {
    let head = "document: { dsl: '1.0.3', namespace: t, name: n, version: '1.0.0' }\n";
    let warnings = |rest: &str| shown(&built(&format!("{head}{rest}")).warnings);
    let listen = |from: &str, expect: &str| {
        format!(
            "do:\n  - pay:\n      listen: {{ to: {{ one: {{ with: {{ type: paid }}, correlate: {{ order: {{ from: '{from}', expect: {expect} }} }} }} }} }}\n"
        )
    };
    let found = warnings("do:\n  - a: { if: '(.order | tostring) == 1002', set: { x: 1 } }\n");
    assert!(found.contains("compares a text with a number"), "{found}");
    for (from, expect) in [
        (".order | tostring", "'${ 1002 }'"),
        (".order | tonumber", "'1002'"),
        (".order | tonumber", "'${ .order | tostring }'"),
    ] {
        let found = warnings(&listen(from, expect));
        assert!(found.contains("one of `from` and `expect` is a text"), "{from} {expect}: {found}");
    }
    for (from, expect) in
        [(".order", "'${ 1002 }'"), (".order | tostring", "'1002'"), (".order | tonumber", "'${ .order }'")]
    {
        assert_eq!(warnings(&listen(from, expect)), "", "{from} {expect}");
    }
}

#[test]
fn our_own_workflows_build_without_a_warning() {
    let functions = functions(&workflows());
    for (name, text) in definitions(&workflows()) {
        let built = build(&name, &text, &functions).unwrap_or_else(|m| panic!("{name}\n{}", shown(&m)));
        assert_eq!(shown(&built.warnings), "", "{name}");
    }
}

#[test]
fn a_function_of_one_call_is_a_layer_and_any_other_a_child() {
    let built = built(&with_tasks(
        "  - one: {call: shop.read, with: {id: '${ .id }'}}\n  - two: {call: shop.ensure, with: {id: a}, metadata: {compensate: none}}\n",
    ));
    let definition = &built.definition;
    let task = |reference: &str| definition.task(definition.by_reference[reference]);
    let TaskKind::Call(call) = &task("/do/0/one").kind else { panic!("a call") };
    assert_eq!(call.function.as_ref().map(|f| f.name.as_str()), Some("shop.read"));
    assert!(matches!(&task("/do/1/two").kind, TaskKind::Function { name, .. } if name == "shop.ensure"));
    assert!(matches!(task("/do/1/two/call").kind, TaskKind::Do(_)));
    assert!(matches!(task("/do/1/two/call/do/0/read").kind, TaskKind::Call(_)));
    assert_eq!(built.functions.by_name.keys().collect::<Vec<_>>(), ["shop.ensure", "shop.read", "shop.write"]);
}

#[test]
fn a_functions_own_metadata_counts_where_the_call_says_nothing() {
    let compensated = |tasks: &str| {
        let built = built(&with_tasks(tasks));
        let definition = built.definition;
        definition
            .tasks
            .iter()
            .filter_map(|t| t.metadata.compensate.map(|c| (t.reference.clone(), c == Compensate::None)))
            .collect::<Vec<_>>()
    };
    assert_eq!(compensated("  - a: {call: shop.reserve, with: {id: x}}\n"), [("/do/0/a/call".to_owned(), false)]);
    assert_eq!(
        compensated("  - a: {call: shop.reserve, with: {id: x}, metadata: {compensate: none}}\n"),
        [("/do/0/a".to_owned(), true)]
    );
    let once = built(&with_tasks("  - a: {call: shop.once}\n"));
    assert_eq!(once.definition.tasks[0].metadata.resend, Resend::Never);
    let again = built(&with_tasks("  - a: {call: shop.once, metadata: {idempotent: true}}\n"));
    assert_eq!(again.definition.tasks[0].metadata.resend, Resend::SameKey);
}

#[test]
fn references_escape_what_a_json_pointer_reserves() {
    let built = built(&with_tasks("  - a/b~c: {set: {x: 1}}\n"));
    assert_eq!(built.definition.tasks[0].reference, "/do/0/a~1b~0c");
}

#[test]
fn numbers_come_out_as_they_went_in() {
    let built = built(&with_tasks("  - a: {set: {big: 90071992547409931234, price: 1849.90}}\n"));
    let TaskKind::Set(stepwell_expr::Template::Literal(value)) = &built.definition.tasks[0].kind else {
        panic!("a literal")
    };
    assert_eq!(value.to_string(), r#"{"big":90071992547409931234,"price":1849.90}"#);
}

#[test]
fn json_is_read_with_places_too() {
    let text = "{\n\t\"document\": {\"dsl\": \"1.0.3\", \"namespace\": \"t\", \"name\": \"n\", \"version\": \"1.0.0\",\n\t\t\"title\": \"\\ud83d\\ude00 a\\/b\"},\n\t\"do\": [{\"a\": {\"sett\": {}}}]\n}";
    assert_eq!(refused(text), "4:16: task `a` does nothing\n    did you mean `set`?\n");
    let built = built(&text.replace("sett\": {}", "set\": {\"x\": 1}"));
    assert_eq!(built.definition.title.as_deref(), Some("\u{1f600} a/b"));
}

#[test]
fn the_same_text_has_the_same_hash_and_another_function_another() {
    let text = with_tasks("  - one: {call: shop.read, with: {id: a}}\n");
    let all = functions(&data());
    let first = build("a", &text, &all).expect("builds");
    assert_eq!(first.hash, build("b", &text, &first.functions).expect("builds").hash);
    let mut other = all.clone();
    other.by_name.get_mut("shop.read").expect("there")["with"]["method"] = json!("head");
    assert_ne!(first.hash, build("a", &text, &other).expect("builds").hash);
}

#[test]
fn an_expressions_mistake_points_at_its_own_character() {
    for (tasks, place) in [
        ("  - a: {set: {x: '${ $nope }'}}\n", "3:22"),
        ("  - a: {set: {x: \"${ \\\"é\\\" + $nope }\"}}\n", "3:30"),
        ("  - a:\n      if: $nope\n      set: {x: 1}\n", "4:11"),
        ("  - a:\n      set:\n        x: |\n          ${ 1 +\n             $nope }\n", "7:14"),
        ("  - a:\n      set:\n        x: >-\n          ${ 1 +\n          $nope }\n", "7:11"),
        ("  - a:\n      set:\n        x: ${ 1 +\n          $nope }\n", "6:11"),
    ] {
        let mistakes = refused(&with_tasks(tasks));
        assert!(mistakes.starts_with(&format!("{place}: ")), "{place} in {mistakes}{tasks}");
    }
}

#[test]
fn texts_beyond_the_bounds_are_mistakes() {
    for (text, why) in [
        (String::new(), "the document is empty"),
        ("[".repeat(10_000), "nested deeper than 64 levels"),
        ("- ".repeat(10_000), "nested deeper than 64 levels"),
        ("{a: ".repeat(10_000), "nested deeper than 64 levels"),
        (format!("a: {}", "x".repeat(1024 * 1024)), "bytes long"),
        ("a: b\0c".to_owned(), "U+0000"),
        ("a: \"\\0\"".to_owned(), "U+0000"),
        ("a: 1\n---\nb: 2".to_owned(), "several documents"),
        ("a: 1\na: 2".to_owned(), "the key `a` occurs twice"),
        ("a: &a [*a]".to_owned(), "does not refer to a complete earlier value"),
        ("a: *b".to_owned(), "unknown anchor"),
        ("? [a]\n: b".to_owned(), "a key must be a text"),
        ("a: !foo b".to_owned(), "is not supported"),
        ("a: .nan".to_owned(), "not a number in JSON"),
        ("a: 1e999".to_owned(), "too large"),
        ("a: b: c".to_owned(), ""),
        ("just text".to_owned(), "a workflow definition is an object, not a text"),
        (laughs(), "more than 200000 values"),
    ] {
        let found = refused(&text);
        assert!(found.contains(why), "{why} in {found}");
    }
}

/// Returns the YAML of a "billion laughs" attack.
fn laughs() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..10 {
        let before = format!("*a{}, ", n - 1).repeat(10);
        text.push_str(&format!("a{n}: &a{n} [{before}]\n"));
    }
    text
}

#[test]
fn functions_that_unfold_without_end_are_refused() {
    let mut exploding = Functions::default();
    for n in 0..20 {
        let next = format!("f.x{}", n + 1);
        let twice = json!({"do": [{"a": {"call": next}}, {"b": {"call": next}}]});
        exploding.by_name.insert(format!("f.x{n}"), twice);
    }
    exploding.by_name.insert("f.x20".to_owned(), json!({"set": {"a": 1}}));
    let text = with_tasks("  - a: {call: f.x0}\n");
    let mistakes = shown(&build("a", &text, &exploding).expect_err("refused"));
    assert!(mistakes.contains("more than 5000 tasks"), "{mistakes}");
}

#[test]
fn what_only_the_official_schema_refuses_is_refused() {
    // The builder treats an empty filter as one that catches everything; the schema requires at least one property.
    let text = with_tasks("  - a: {try: [{x: {set: {y: 1}}}], catch: {errors: {with: {}}}}\n");
    let mistakes = refused(&text);
    assert!(mistakes.starts_with("3:59: the language's official schema refuses this: "), "{mistakes}");
}

#[test]
fn an_openapi_document_in_a_file_is_stored_with_the_definition() {
    let text = std::fs::read_to_string(data().join("good/openapi.yaml")).expect("text");
    let built = build("openapi.yaml", &text, &functions(&data())).unwrap_or_else(|m| panic!("{}", shown(&m)));
    let used: Vec<&str> = built.functions.documents.keys().map(String::as_str).collect();
    assert_eq!(used, ["file://openapi/orders.yaml", "file://openapi/pets.swagger.json"]);
    let stored = serde_json::to_string(&built.functions.to_stored()).expect("JSON");
    let read = Functions::from_stored(serde_json::from_str(&stored).expect("JSON")).expect("documents");
    let read = read.with_secrets(released());
    let again = build("elsewhere", &text, &read).unwrap_or_else(|m| panic!("{}", shown(&m)));
    assert_eq!(again.hash, built.hash);
    let mut other = read.documents["file://openapi/orders.yaml"].value().clone();
    other["info"]["version"] = json!("2.4.0");
    let other = Arc::new(openapi::Document::new(other).expect("a document"));
    let documents = [("file://openapi/orders.yaml".to_owned(), other)];
    let mut changed = read;
    changed.documents.extend(documents);
    let changed = build("elsewhere", &text, &changed).unwrap_or_else(|m| panic!("{}", shown(&m)));
    assert_ne!(changed.hash, built.hash, "another document makes another definition");
}

/// The parts of a mapping that are for people are stored with the definition, but do not change its hash.
#[test]
fn a_mapping_is_stored_with_the_definition_that_uses_it() {
    let table = "mapping: partner\ncrm: { type: Account }\nerp: { type: customer }\nrows:\n  - { crm: Name, erp: name, direction: toErp, note: first }\n";
    let functions = |table: &str| {
        let mapping = mapping::Mapping::read("partner.yaml", "partner", table).expect("a mapping");
        let mut functions = Functions::default();
        functions.by_name.extend(mapping.functions());
        functions.mappings.insert("partner".to_owned(), Arc::new(mapping));
        functions
    };
    let text = with_tasks("  - a: {call: partner.toErp, with: {record: {Name: x}}}\n");
    let with = |functions: &Functions| build("a", &text, functions).unwrap_or_else(|m| panic!("{}", shown(&m)));
    let built = with(&functions(table));
    let mut stored = serde_json::to_value(built.functions.to_stored()).expect("JSON");
    assert_eq!(stored["mapping://partner"], table);
    let read = |stored: &serde_json::Value| {
        Functions::from_stored(serde_json::from_value(stored.clone()).expect("JSON")).expect("documents")
    };
    assert_eq!(with(&read(&stored)).definition.mappings[0].text, table);
    assert_eq!(with(&functions(&table.replace("first", "second"))).hash, built.hash, "a note is no other version");
    assert_ne!(with(&functions(&table.replace("erp: name", "erp: title"))).hash, built.hash, "another field is");
    stored["mapping://partner"] = json!("mapping: of a later Stepwell");
    assert!(with(&read(&stored)).definition.mappings.is_empty(), "a table that cannot be read stops no run");
    let unused = build("a", &with_tasks("  - a: {set: {b: 1}}\n"), &functions(table)).expect("a definition");
    assert!(unused.definition.mappings.is_empty() && unused.functions.mappings.is_empty());
}

#[test]
fn an_operation_that_only_reads_needs_no_compensation_if_its_document_is_known() {
    let saga = |document: &str| {
        with_tasks(&format!(
            "  - write: {{ call: shop.write, with: {{}}, metadata: {{ compensate: {{ set: {{ b: 1 }} }} }} }}\n  - read:\n      call: openapi\n      with: {{ document: {{ endpoint: '{document}' }}, operationId: getPetById, parameters: {{ petId: 1 }} }}\n"
        ))
    };
    built(&saga("file://openapi/pets.swagger.json"));
    let refused = refused(&saga("https://pets.example.com/openapi.json"));
    assert!(refused.contains("compensate"), "{refused}");
}

#[test]
fn a_broken_openapi_document_is_a_mistake_of_its_own_file() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("openapi")).expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join("openapi").join(name), text).expect("written");
    write("a.yaml", "info: { title: a }\n");
    write("b.yaml", "info: { title: b }\nopenapi: 2.5.0\n");
    write("c.yaml", "openapi: 3.0.0\npaths:\n  /a: { $ref: 'other.yaml' }\n");
    let (functions, mistakes) = Functions::read(folder.path());
    assert!(functions.documents.is_empty());
    let found = shown(&mistakes);
    for expected in [
        "1:1: this is not an OpenAPI document",
        "2:10: version 2.5.0",
        "3:7: the reference `other.yaml` points outside",
    ] {
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn every_kind_of_authentication_of_the_language_builds_inline_and_by_name() {
    let secret = "'${ $secrets.s }'";
    let client = format!("client: {{ id: us, secret: {secret} }}, scopes: [api], audiences: [runtime]");
    for policy in [
        format!("basic: {{ username: a, password: {secret} }}"),
        format!("digest: {{ username: a, password: {secret} }}"),
        format!("bearer: {{ token: {secret} }}"),
        "oauth2: { use: whole }".to_owned(),
        format!(
            "oauth2: {{ authority: 'https://a.example', endpoints: {{ token: /t }}, grant: client_credentials, {client} }}"
        ),
        format!(
            "oidc: {{ authority: 'https://a.example', grant: password, username: u, password: {secret}, {client} }}"
        ),
    ] {
        let call = |authentication: &str| {
            format!(
                "  - a: {{ call: http, with: {{ method: get, endpoint: {{ uri: 'https://a.example', authentication: {{ {authentication} }} }} }} }}\n"
            )
        };
        built(&with_tasks(&call(&policy)));
        let named = with_tasks(&call("use: named"));
        built(&named.replacen("do:", &format!("use: {{ authentications: {{ named: {{ {policy} }} }} }}\ndo:"), 1));
    }
}

#[test]
fn credentials_in_catalogs_and_openapi_documents_are_mistakes() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [CATALOG_FOLDER, DOCUMENT_FOLDER] {
        std::fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let function = "functions:\n  read:\n    call: http\n    with:\n      method: get\n      endpoint: 'https://u:s3cret@a.example/'\n      headers: { X-Api-Key: s3cret }\n";
    write("functions/shop.yaml", function);
    let head = "openapi: 3.0.0\nservers: [{ url: 'https://a.example/?apikey=s3cret' }]\n";
    let path = "paths:\n  /a:\n    get:\n      operationId: read\n      parameters:\n        - { name: X-Api-Key, in: header, example: an-example, schema: { type: string, default: s3cret } }\n";
    write("openapi/a.yaml", &format!("{head}{path}"));
    let (_, mistakes) = Functions::read(folder.path());
    let places: Vec<(u32, bool)> = mistakes.iter().map(|m| (m.line, m.file.ends_with("shop.yaml"))).collect();
    assert_eq!(places, [(2, false), (8, false), (6, true), (7, true)], "{}", shown(&mistakes));
    assert!(!shown(&mistakes).contains("s3cret"));
}
