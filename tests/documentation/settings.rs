//! The table of settings is complete and right, and a variable without a setting is reported.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;
use stepwell::config::Settings;

use super::{page, rows};

/// Returns every setting by its full name, with its default.
fn settings() -> BTreeMap<String, Value> {
    fn flatten(prefix: &str, value: &Value, found: &mut BTreeMap<String, Value>) {
        for (name, value) in value.as_object().unwrap() {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                // One table per connection; the document writes NAME.
                Value::Object(_) if key == "connections" => {
                    found.insert("connections.NAME.base_url".to_owned(), Value::Null);
                }
                Value::Object(_) => flatten(&key, value, found),
                _ => drop(found.insert(key, value.clone())),
            }
        }
    }
    let mut found = BTreeMap::new();
    flatten("", &serde_json::to_value(Settings::default()).unwrap(), &mut found);
    found
}

fn as_shown(default: &Value) -> String {
    match default {
        Value::Null => "none".to_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::String(text) => format!("`{text}`"),
        Value::Number(number) => format!("`{}`", number.as_f64().unwrap()),
        other => format!("`{other}`"),
    }
}

#[test]
fn the_table_of_settings_names_every_setting_with_its_default_and_variable() {
    let known = settings();
    let rows = rows(&page("settings.md"), "| setting |");
    let mut named = BTreeSet::new();
    let mut program = Command::new(env!("CARGO_BIN_EXE_stepwell"));
    program.args(["config", "--check"]).env_clear().current_dir(std::env::temp_dir());
    for row in &rows {
        let [key, default, unit, variable, means] = row.as_slice() else { panic!("a setting has five cells: {row:?}") };
        let bare = |cell: &str| cell.trim_matches('`').to_owned();
        let (key, variable) = (bare(key), bare(variable));
        let real = known.get(&key).unwrap_or_else(|| panic!("there is no setting {key}"));
        assert_eq!(*default, as_shown(real), "the default of {key}");
        assert!(!unit.is_empty() && !means.is_empty(), "{key} lacks its unit or its meaning");
        assert_eq!(variable, format!("STEPWELL_{}", key.replace('.', "_").to_ascii_uppercase()));
        if default != "none" {
            program.env(&variable, bare(default));
        }
        named.insert(key);
    }
    let missing: Vec<&String> = known.keys().filter(|key| !named.contains(*key)).collect();
    assert!(missing.is_empty(), "the table lacks {missing:?}");
    // Every variable is accepted, and its default is a valid value.
    let answer = program.output().unwrap();
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let stranger = program.env("STEPWELL_NO_SUCH_SETTING", "1").output().unwrap();
    assert!(!stranger.status.success(), "an unknown variable is not refused, so this test proves nothing");
}

/// As in a pod next to Services whose names begin with `stepwell`.
#[test]
fn a_variable_that_sets_nothing_is_a_warning_and_with_check_an_error_unless_kubernetes_set_it() {
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        program.args(arguments).env_clear().current_dir(std::env::temp_dir()).envs(variables.iter().copied());
        let answer = program.output().unwrap();
        let said = String::from_utf8_lossy(&answer.stdout) + String::from_utf8_lossy(&answer.stderr);
        (answer.status.success(), said.into_owned())
    };
    let links = [
        ("STEPWELL_PORT", "tcp://10.43.7.12:8080"),
        ("STEPWELL_SERVICE_HOST", "10.43.7.12"),
        ("STEPWELL_SERVICE_PORT", "8080"),
        ("STEPWELL_SERVICE_PORT_HTTP", "8080"),
        ("STEPWELL_PORT_8080_TCP_PROTO", "tcp"),
        ("STEPWELL_DB_SERVICE_HOST", "10.43.7.13"),
        ("STEPWELL_DB_PORT_5432_TCP_ADDR", "10.43.7.13"),
        ("STEPWELL_LISTEN", "127.0.0.1:9000"),
    ];
    assert_eq!(run(&["config", "--check"], &links), (true, String::new()));
    let (fine, said) = run(&["config"], &links);
    assert!(fine && said.contains("127.0.0.1:9000") && !said.contains("sets nothing"), "{said}");
    let mistyped = [("STEPWELL_LISTN", "127.0.0.1:9000")];
    for (arguments, expected) in [(&["config"][..], true), (&["config", "--check"], false)] {
        let (fine, said) = run(arguments, &mistyped);
        assert!(fine == expected && said.contains("did you mean STEPWELL_LISTEN?"), "{arguments:?}: {said}");
    }
}
