use super::*;

const DEFINITION: &str =
    "document: {dsl: '1.0.3', namespace: t, name: n, version: '1.0.0'}\ndo:\n  - greet:\n      seet: {a: 1}\n";

fn checked(paths: Vec<PathBuf>) -> (Checked, String) {
    let checked = check(&Args { paths, workflows: None, compatible_with: None, format: Format::Human }, None, &[]);
    let mut out = Vec::new();
    checked.print(&mut out).expect("a vector takes all");
    (checked, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn a_mistake_is_shown_under_its_line_with_a_hint() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, DEFINITION).expect("written");
    let (checked, out) = checked(vec![file.clone()]);
    assert_eq!(checked.errors(), 1);
    let expected = format!(
        "{}:4:7: error: task `greet` does nothing\n  4 |       seet: {{a: 1}}\n    |       ^\n  hint: did you mean `set`?\n1 definition, 1 error, 0 warnings\n",
        file.display()
    );
    assert_eq!(out, expected);
}

#[test]
fn a_folder_is_its_definitions_its_catalogs_and_its_hub() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("functions")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("a.yaml", &DEFINITION.replace("seet: {a: 1}", "call: x.y"));
    write("hub.yaml", "sources:\n  crm: { scheem: github }\n");
    write("functions/x.yaml", "functions:\n  y:\n    sat: {a: 1}\n");
    let (checked, out) = checked(vec![folder.path().to_owned()]);
    assert_eq!(checked.definitions, 1);
    assert!(out.contains("functions/x.yaml:3:5: error: task `x.y` does nothing"), "{out}");
    assert!(out.contains("hub.yaml:2:"), "{out}");
}

#[test]
fn an_openapi_document_is_not_a_definition_but_definitions_are_checked_against_it() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("openapi")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    let call = "call: openapi\n      with: { document: { endpoint: 'file://openapi/a.yaml' }, operationId: reed }";
    write("a.yaml", &DEFINITION.replace("seet: {a: 1}", call));
    write(
        "openapi/a.yaml",
        "openapi: 3.0.0\nservers: [{ url: 'https://a.example' }]\npaths: { /a: { get: { operationId: read } } }\n",
    );
    let (checked, out) = checked(vec![folder.path().to_owned()]);
    assert_eq!(checked.definitions, 1);
    assert!(out.contains("no operation with the id `reed`") && out.contains("did you mean `read`?"), "{out}");
    write("openapi/a.yaml", "openapi: 1.0.0\n");
    let (checked, out) = self::checked(vec![folder.path().join("openapi/a.yaml")]);
    assert_eq!(checked.definitions, 0);
    assert!(out.contains("openapi/a.yaml:1:10: error: version 1.0.0 of OpenAPI is not supported"), "{out}");
}

#[test]
fn what_cannot_be_read_is_a_mistake() {
    let (checked, out) = checked(vec![PathBuf::from("no/such/file.yaml")]);
    assert_eq!(checked.errors(), 1);
    assert!(out.contains("no/such/file.yaml:1:1: error: reading the file failed"), "{out}");
}

#[test]
fn mistakes_as_json_are_an_array() {
    let (checked, _) = checked(vec![PathBuf::from("no/such/file.yaml")]);
    let mut out = Vec::new();
    checked.print_json(&mut out).expect("a vector takes all");
    let array: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(array[0]["severity"], "error");
    assert_eq!(array[0]["line"], 1);
}

/// All mistakes in all files at once, each under its position.
#[test]
fn what_people_see_is_as_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let head = "document: {dsl: '1.0.3', namespace: t, name: n, version: '1.0.0'}\n";
    let long = "x".repeat(200);
    let first = write(
        "a.yaml",
        &format!(
            "{head}do:\n  - 注文: {{ set: {{ a: 1 }}, metadata: {{ titel: 注文 }} }}\n  - greet:\n      call: createOrdr\n      then: noWhere\nuse: {{ functions: {{ createOrder: {{ set: {{ a: 1 }} }} }} }}\n"
        ),
    );
    let second = write("b.yaml", &format!("{head}do:\n  - a: {{ set: {{ long: '{long}' }}, den: exit }}\n"));
    let (checked, out) = checked(vec![first, second]);
    assert_eq!(checked.errors(), 4, "{out}");
    let out = out.replace(&format!("{}/", folder.path().display()), "");
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/validate.expected");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&expected, &out).expect("written");
    }
    assert_eq!(out, std::fs::read_to_string(&expected).unwrap_or_default());
}

/// Definitions, catalogs, mappings, scenarios and `hub.yaml` share one reader.
#[test]
fn the_same_typo_gets_the_same_message_in_every_kind_of_document() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["functions", "mappings"] {
        std::fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("a.yaml", &DEFINITION.replace("seet: {a: 1}", "metadata: {titel: x}\n      set: {a: 1}"));
    write("functions/f.yaml", "functions:\n  g:\n    metadata: {titel: x}\n    set: {a: 1}\n");
    write(
        "mappings/m.yaml",
        "mapping: m\ntitel: x\ncrm: {type: A}\nerp: {type: b}\nrows: [{crm: A, erp: a, master: crm}]\n",
    );
    write("hub.yaml", "connections:\n  c:\n    titel: x\n    baseUrl: {sandbox: 'http://127.0.0.1:1'}\n");
    write(
        "a.scenarios.yaml",
        "scenarios:\n  - name: a\n    nam: x\n    input: {}\n    calls: {}\n    expect: {status: completed}\n",
    );
    let (checked, out) = checked(vec![folder.path().to_owned()]);
    assert_eq!(checked.errors(), 5, "{out}");
    for place in ["a.yaml:4:18", "functions/f.yaml:3:16", "mappings/m.yaml:2:1", "hub.yaml:3:5"] {
        let told = format!("{place}: error: unknown property `titel`\n");
        let at = out.find(&told).unwrap_or_else(|| panic!("{told}{out}"));
        let hint = out[at..].lines().find(|line| line.trim_start().starts_with("hint")).unwrap_or_default();
        assert_eq!(hint.trim(), "hint: did you mean `title`?", "{place}: {out}");
    }
    assert!(out.contains("a.scenarios.yaml:3:5: error: unknown property `nam`"), "{out}");
    assert!(out.contains("hint: did you mean `name`?"), "{out}");

    for name in ["a.yaml", "functions/f.yaml", "mappings/m.yaml", "hub.yaml", "a.scenarios.yaml"] {
        write(name, "a: 1\na: 2\n");
    }
    let (_, out) = self::checked(vec![folder.path().to_owned()]);
    assert_eq!(out.matches(":2:1: error: the key `a` occurs twice in the same object").count(), 5, "{out}");
}

#[test]
fn a_mapping_names_its_sides_and_what_is_wrong_with_the_names_is_told_where_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("mappings")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    const SOUND: &str = "mapping: m\nsides: [crm, billing]\ncrm: {type: Account}\nbilling: {type: customer}
records: {created: toBilling}\nrows:\n  - {crm: Name, billing: name, master: billing, required: billing, toBilling: ascii_downcase, fits: {billing: {max: 9}}}\n";
    let told = |mapping: &str| {
        write("mappings/m.yaml", mapping);
        self::checked(vec![folder.path().to_owned()]).1
    };
    write("hub.yaml", "identifiers: {links: {m: {billing: case-insensitive}}}\n");
    let out = told(SOUND);
    assert!(out.contains(" 0 errors"), "{out}");
    for (was, is, expected) in [
        ("[crm, billing]", "[crm]", "m.yaml:2:8: error: `sides` must be a list of two names"),
        ("[crm, billing]", "[crm, crm]", "m.yaml:2:14: error: both sides are named `crm`"),
        ("[crm, billing]", "[crm, value]", "m.yaml:2:14: error: `value` cannot name a side"),
        ("[crm, billing]", "[crm, toErp]", "m.yaml:2:14: error: `toErp` cannot name a side"),
        ("[crm, billing]", "[crm, B-2]", "m.yaml:2:14: error: `B-2` cannot name a side"),
        ("\nbilling: {", "\nbiling: {", "m.yaml:4:1: error: unknown property `biling`"),
        (
            "master: billing",
            "master: biling",
            "error: `master` must be one of `crm`, `billing`, `newest`, `manual`, not `biling`",
        ),
        ("toBilling: asc", "toErp: asc", "error: unknown property `toErp`"),
        (
            "created: toBilling",
            "created: toErp",
            "error: `created` must be one of `both`, `toBilling`, `toCrm`, `none`, not `toErp`",
        ),
    ] {
        assert!(SOUND.contains(was), "{was}");
        let out = told(&SOUND.replace(was, is));
        assert!(out.contains(expected), "{expected}: {out}");
    }
    write("hub.yaml", "identifiers: {links: {m: {erp: case-insensitive}}}\n");
    let out = told(SOUND);
    assert!(out.contains("hub.yaml:1:27: error: unknown property `erp`"), "{out}");
}

#[test]
fn a_missing_old_version_is_not_consent() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, DEFINITION.replace("seet", "set")).expect("written");
    let compatible_with = Some("old".to_owned());
    let args = |paths| Args { paths, workflows: None, compatible_with: compatible_with.clone(), format: Format::Human };
    let checked = check(&args(vec![file.clone()]), Some(&[]), &[]);
    assert_eq!(checked.errors(), 1, "{:?}", checked.mistakes);
    let same = dsl::build("old", &std::fs::read_to_string(&file).expect("text"), &Functions::default());
    let old = [same.expect("sound").definition];
    let checked = check(&args(vec![file]), Some(&old), &[]);
    assert_eq!((checked.errors(), checked.verdicts.len()), (0, 1), "{:?}", checked.mistakes);
}
