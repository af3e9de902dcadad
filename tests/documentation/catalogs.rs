//! The documented table of functions matches the shipped catalogs.

use serde_json::Value;
use stepwell::dsl;

use super::{page, root, shown};

/// `UPDATE_EXPECTED=1` rewrites it.
#[test]
fn the_table_of_functions_is_that_of_the_catalogs() {
    const BEGIN: &str = "<!-- the table is written by the_table_of_functions_is_that_of_the_catalogs -->\n";
    const END: &str = "<!-- end of the table -->";
    let page = page("catalogs.md");
    let (before, rest) = page.text.split_once(BEGIN).unwrap();
    let (there, after) = rest.split_once(END).unwrap();
    let table: String = ["salesforce", "netsuite", "watermarks", "links", "batches", "runs", "totals"]
        .into_iter()
        .map(table_of_catalog)
        .collect();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&page.path, [before, BEGIN, &table, END, after].concat()).unwrap();
    } else {
        assert!(there == table, "docs/catalogs.md is not current: run this test with UPDATE_EXPECTED=1");
    }
    for row in after.lines().filter(|line| line.contains("| rule |") || line.contains("| function |")) {
        let name = row.split('`').nth(1).unwrap();
        assert!(
            catalog_text("hub.yaml").contains(&format!("errors/{name}")) || table.contains(name) || name == "locked",
            "{row}"
        );
    }
}

fn catalog_text(name: &str) -> String {
    std::fs::read_to_string(root().join("workflows").join(name)).unwrap()
}

/// Returns a table of a catalog's documented functions: name and summary, input, output, errors.
fn table_of_catalog(system: &str) -> String {
    let file = format!("functions/{system}.yaml");
    let source =
        dsl::source::read(&file, &catalog_text(&file)).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)));
    let catalog = source.root().to_value();
    let mut table = "| function | takes | gives | errors |\n| --- | --- | --- | --- |\n".to_owned();
    for (name, function) in catalog["functions"].as_object().unwrap() {
        let Some(summary) = function["metadata"]["summary"].as_str() else { continue };
        let takes = properties(&function["input"]["schema"]["document"]);
        let gives = properties(&function["output"]["schema"]["document"]);
        let gives = if gives.is_empty() { "the record".to_owned() } else { gives };
        let errors = function["metadata"]["errors"].as_array().into_iter().flatten();
        let errors: Vec<&str> =
            errors.filter_map(|e| e.as_str()?.strip_prefix("https://stepwell.dev/errors/")).collect();
        table += &format!("| `{system}.{name}`: {summary} | {takes} | {gives} | {} |\n", errors.join(", "));
    }
    table + "\n"
}

/// Returns the property names of a schema; optional ones end in a question mark.
fn properties(schema: &Value) -> String {
    let always: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut names = Vec::new();
    let choices: Vec<String> = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|choice| {
            choice["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" and ")
        })
        .collect();
    let chosen = |name: &str| choices.iter().any(|choice| choice.split(" and ").any(|one| one == name));
    for name in schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .filter(|name| !chosen(name))
    {
        names.push(if always.contains(&name) { name.to_owned() } else { format!("{name}?") });
    }
    if !choices.is_empty() {
        names.insert(1.min(names.len()), choices.join(" or "));
    }
    names.join(", ")
}
