//! Reading mappings, applying them, and reporting their mistakes.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::dsl;
use crate::dsl::mapping::*;
use crate::expr::{Evaluation, EvaluationError};

const CONTACT: &str = r"
mapping: contact
title: Contacts
crm: { type: Contact }
erp: { type: contact }
records: { created: both, deleted: report }
rows:
  - { crm: LastName, erp: lastName, master: crm, required: both }
  - { crm: Email, erp: email, master: newest, toErp: ascii_downcase }
  - { crm: Account.Name, erp: company.refName, direction: toErp, default: { erp: unknown } }
  - { crm: Level, erp: custentity_level, master: erp, foreign: report, toErp: 'tonumber', toCrm: tostring }
  - { erp: subsidiary.id, value: '2' }
";

fn mapping(text: &str) -> Mapping {
    Mapping::read("contact.yaml", "contact", text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"))
}

fn nothing_runs_for_long(asked: &Evaluation) -> Result<Value, EvaluationError> {
    panic!("{} was not to leave the process", asked.text)
}

fn converted(record: &Value, to: Side) -> Result<Value, String> {
    mapping(CONTACT).convert(record, to, &nothing_runs_for_long).map_err(|why| why.to_string())
}

fn mistakes(text: &str) -> Vec<(u32, String)> {
    let mistakes = Mapping::read("contact.yaml", "contact", text).expect_err("mistakes");
    mistakes.into_iter().map(|mistake| (mistake.line, mistake.message)).collect()
}

#[test]
fn a_record_becomes_the_other_sides_field_by_field() {
    let record = json!({ "Id": "003", "LastName": "O'Neill", "Email": "A@B.example", "Account": { "Name": "Brückner" }, "Level": "7" });
    let erp = json!({
        "lastName": "O'Neill", "email": "a@b.example", "company": { "refName": "Brückner" }, "custentity_level": 7,
        "subsidiary": { "id": "2" }
    });
    assert_eq!(converted(&record, Side::Second), Ok(erp.clone()));
    let crm = json!({ "LastName": "O'Neill", "Email": "a@b.example", "Level": "7" });
    assert_eq!(converted(&erp, Side::First), Ok(crm));
}

/// A third system may take either side.
#[test]
fn tables_and_errors_call_a_system_by_its_own_name() {
    let text = CONTACT.replace("{ type: contact }", r#"{ type: payer, system: 'Billing "\(1)' }"#);
    let mapping = mapping(&text.replace("master: newest", "direction: toErp, required: erp"));
    let why =
        mapping.convert(&json!({ "LastName": "X" }), Side::Second, &nothing_runs_for_long).unwrap_err().to_string();
    assert!(why.contains(r#"row 2: Email to email failed: value null: the Billing "\(1) needs a value"#), "{why}");
    assert!(mapping.to_markdown().contains(r#"| | CRM: Contact | | Billing "\(1): payer | master |"#));
    let twice = text.replace("erp: email", "erp: lastName");
    assert_eq!(mistakes(&twice), [(9, r#"row 1 also writes Billing "\(1)'s `lastName`"#.to_owned())]);
}

#[test]
fn what_is_absent_or_null_is_null_or_the_default_and_no_transform_sees_it() {
    let record = json!({ "LastName": "X", "Email": null });
    let erp = json!({
        "lastName": "X", "email": null, "company": { "refName": "unknown" }, "custentity_level": null, "subsidiary": { "id": "2" }
    });
    assert_eq!(converted(&record, Side::Second), Ok(erp));
}

#[test]
fn a_row_that_cannot_be_applied_names_the_row_the_field_and_the_value() {
    let why = converted(&json!({ "LastName": "X", "Level": "seven" }), Side::Second).expect_err("no number");
    assert!(why.starts_with("mapping contact, row 4: Level to custentity_level failed: "), "{why}");
    assert!(why.contains(r#"value "seven""#), "{why}");
    let why = converted(&json!({ "LastName": "X", "Account": "Brückner" }), Side::Second).expect_err("no object");
    assert!(why.contains("row 3: Account.Name to company.refName failed: value \"Brückner\": Cannot index "), "{why}");
    assert!(why.contains("Brückner"), "{why}");
    let why = converted(&json!({ "Email": "a@b.example" }), Side::Second).expect_err("no name");
    assert!(why.contains("row 1: LastName to lastName") && why.contains("the ERP needs a value"), "{why}");
}

const FITTING: &str = r#"
mapping: contact
crm: { type: Contact }
erp: { type: contact }
rows:
  - { crm: Name, erp: name, direction: toErp, fits: { erp: { max: 5, otherwise: cut } } }
  - { crm: Email, erp: email, direction: toErp, fits: { erp: { format: email, otherwise: drop } }, default: { erp: none@b.example } }
  - { crm: Rating, erp: rating, direction: toErp, toErp: ascii_downcase, fits: { erp: { values: [hot, "warm\"", 3] } } }
  - { crm: Memo, erp: memo, direction: toErp, fits: { erp: { max: 4 } } }
  - { crm: 'Lines[].Text', erp: 'lines[].text', direction: toErp, fits: { erp: { max: 3, otherwise: cut } } }
  - { crm: Phone, erp: phone, master: crm, fits: { erp: { format: phone, max: 12 } } }
"#;

#[test]
fn a_value_that_exceeds_its_field_is_refused_cut_or_left_out_as_its_row_says() {
    let fitting = mapping(FITTING);
    let convert =
        |record: Value| fitting.convert(&record, Side::Second, &nothing_runs_for_long).map_err(|why| why.to_string());
    let fits = json!({
        "Name": "Kōbe!", "Email": "a@b.example", "Rating": "Warm\"", "Memo": "four", "Lines": [{ "Text": "abc" }],
        "Phone": "+81 78 555 1"
    });
    assert_eq!(
        convert(fits),
        Ok(json!({ "name": "Kōbe!", "email": "a@b.example", "rating": "warm\"", "memo": "four",
                   "lines": [{ "text": "abc" }], "phone": "+81 78 555 1" }))
    );
    let beyond = json!({ "Name": "Kōbe株式", "Email": "not one", "Rating": "HOT", "Lines": [{ "Text": "abcd" }, { "Text": "" }] });
    assert_eq!(
        convert(beyond),
        Ok(json!({ "name": "Kōbe…", "email": "none@b.example", "rating": "hot", "memo": null,
                   "lines": [{ "text": "ab…" }, { "text": "" }], "phone": null }))
    );
    let refused = |field: &str, value: Value| convert(json!({ field: value })).expect_err("it does not fit");
    let why = refused("Memo", "five!".into());
    assert!(why.contains("row 4: Memo to memo failed: value \"five!\": longer than 4 characters"), "{why}");
    let why = refused("Rating", "cold".into());
    assert!(why.contains("row 3: Rating to rating failed: value \"cold\": not one of hot, warm\", 3"), "{why}");
    let why = refused("Phone", "110".into());
    assert!(why.contains("value \"110\": not a phone number with seven digits or more"), "{why}");
    let why = refused("Phone", "+81 78 555 0117".into());
    assert!(why.contains("longer than 12 characters"), "{why}");
}

#[test]
fn a_cut_value_is_not_a_difference_between_the_sides() {
    let text = FITTING.replace("direction: toErp, fits: { erp: { max: 5", "master: crm, fits: { erp: { max: 5");
    let (crm, erp) = (json!({ "Name": "Kōbe株式" }), json!({ "name": "Kōbe…" }));
    let [_, for_erp] = mapping(&text).beside([&crm, &erp], &nothing_runs_for_long).expect("both can be compared");
    assert_eq!(for_erp["name"], erp["name"]);
}

#[test]
fn mistakes_in_what_a_field_holds_are_named() {
    let text = FITTING
        .replace("max: 4 }", "max: 0 }")
        .replace("otherwise: drop", "otherwise: throw")
        .replace("values: [hot, \"warm\\\"\", 3]", "otherwise: cut, values: []")
        .replace("erp: { format: phone, max: 12 }", "crm: {}, erp: { format: telephone }");
    let found = mistakes(&text);
    for (line, part) in [
        (7, "`otherwise` must be one of"),
        (8, "`values` is a list"),
        (8, "only a value that is too long can be cut"),
        (9, "`max` is a number of characters from 1 to 1000000"),
        (11, "`format` must be one of"),
        (11, "`fits` describes what the field can hold"),
    ] {
        assert!(found.iter().any(|(at, why)| *at == line && why.contains(part)), "{line} {part}: {found:#?}");
    }
}

#[test]
fn every_mistake_has_its_line_and_its_reason() {
    let text = r"
mapping: contacts
crm: { type: Contact }
erp: { type: contact }
rows:
  - { crm: Email, erp: email }
  - { crm: Phone, erp: phone, master: nobody }
  - { crm: A, erp: a, direction: toErp, master: erp }
  - { crm: B, erp: b, direction: toErp, toCrm: '.' }
  - { crm: C }
  - { crm: D, erp: d.e, master: crm }
  - { crm: E, erp: d, master: crm }
  - { crm: F, erp: f, master: crm, toErp: 'env' }
  - { crm: G, erp: g, mastr: crm }
  - { crm: 'a..b', erp: h, master: crm }
  - { erp: i, value: 1, toErp: '.' }
  - { crm: J, erp: j, direction: toErp, default: { crm: x } }
  - { crm: K, erp: k, direction: toErp, required: crm }
samples:
  - { name: neither, from: crm, record: {} }
";
    let found = mistakes(text);
    for (line, part) in [
        (2, "name is its file name: `contact`"),
        (6, "which side is right"),
        (7, "`master` must be one of"),
        (8, "its master cannot be erp"),
        (9, "no value of this row goes to CRM"),
        (10, "no `value`"),
        (12, "row 6 also writes ERP's `d`"),
        (13, "`toErp` is not valid jq"),
        (14, "unknown property `mastr`"),
        (15, "`a..b` is not a field"),
        (16, "`toErp` has no meaning together with a `value`"),
        (17, "no value of this row goes to CRM"),
        (18, "no value of this row goes to CRM"),
        (20, "either what the record `gives`"),
    ] {
        assert!(found.iter().any(|(at, message)| *at == line && message.contains(part)), "{line} {part}: {found:#?}");
    }
}

const ORDER: &str = r"
mapping: order
crm: { type: Opportunity }
erp: { type: salesOrder }
rows:
  - { crm: Name, erp: memo, direction: toErp }
  - { crm: 'Lines.records[].Code', erp: 'item.items[].item.id', direction: toErp, required: erp, toErp: ascii_downcase }
  - { crm: 'Lines.records[].Price', erp: 'item.items[].rate', direction: toErp, toErp: '. / $record.Count', default: { erp: 0 } }
  - { erp: 'item.items[].taxCode.id', value: '5' }
  - { crm: 'Tags__c[]', erp: 'tags[]', direction: toErp }
  - { crm: 'Back__c[].Id', erp: 'links.items[].id', direction: toCrm }
";

fn ordered(record: &Value) -> Result<Value, String> {
    let mapping = Mapping::read("order.yaml", "order", ORDER).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    mapping.convert(record, Side::Second, &nothing_runs_for_long).map_err(|why| why.to_string())
}

#[test]
fn each_line_of_a_list_becomes_a_line_in_its_order() {
    let record = json!({
        "Name": "Line 2", "Tags__c": ["a", "b"],
        "Lines": { "records": [{ "Code": "B", "Price": 6, "Count": 4 }, { "Code": "A", "Price": null }] },
    });
    let order = json!({
        "memo": "Line 2", "tags": ["a", "b"],
        "item": { "items": [
            { "item": { "id": "b" }, "rate": 1.5, "taxCode": { "id": "5" } },
            { "item": { "id": "a" }, "rate": 0, "taxCode": { "id": "5" } },
        ] },
    });
    assert_eq!(ordered(&record), Ok(order.clone()));
    assert_eq!(of(ORDER, "order.toErp", "{ record: '${ . }' }", &record), order, "a run does the same");
}

#[test]
fn a_list_that_is_absent_is_null_and_an_empty_one_is_empty() {
    let becomes = |items: Value, tags: Value| Ok(json!({ "memo": null, "item": { "items": items }, "tags": tags }));
    assert_eq!(ordered(&json!({ "Lines": null })), becomes(Value::Null, Value::Null));
    assert_eq!(ordered(&json!({ "Lines": { "records": [] }, "Tags__c": [] })), becomes(json!([]), json!([])));
}

#[test]
fn a_line_that_cannot_be_mapped_is_named_with_its_number_its_field_and_its_value() {
    let lines = |second: Value| json!({ "Lines": { "records": [{ "Code": "A" }, second] } });
    let row = "mapping order, row 2: Lines.records[].Code to item.items[].item.id failed: ";
    let failed = |record: &Value| ordered(record).expect_err("a line that fails").split_off(row.len());
    assert_eq!(failed(&lines(json!({ "Price": 1 }))), "line 2, value null: the ERP needs a value");
    let why = failed(&lines(json!({ "Code": 7 })));
    assert!(why.starts_with("line 2, value 7: "), "{why}");
    let why = failed(&lines(json!("text")));
    assert!(why.starts_with(r#"line 2, value "text": Cannot index"#), "{why}");
    assert_eq!(failed(&json!({ "Lines": { "records": { "Code": "A" } } })), r#"value {"Code":"A"}: this is no list"#);
    let why = ordered(&json!({ "Lines": { "records": [{ "Code": "A", "Price": 1 }] } })).expect_err("divided by null");
    assert!(why.contains("row 3: Lines.records[].Price to item.items[].rate failed: line 1, value 1: "), "{why}");
}

/// Otherwise the values of later lines would move up.
#[test]
fn a_line_gives_one_value_whatever_its_transform_does() {
    let text = ORDER.replace("toErp: ascii_downcase", "toErp: 'select(. != \"B\") | (., .)'");
    let mapping = Mapping::read("order.yaml", "order", &text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let given = |codes: [&str; 2]| {
        let lines = codes.map(|code| json!({ "Code": code }));
        mapping.convert(&json!({ "Lines": { "records": lines } }), Side::Second, &nothing_runs_for_long)
    };
    let order = given(["A", "C"]).expect("an order");
    let ids: Vec<&Value> = order["item"]["items"].as_array().expect("lines").iter().map(|l| &l["item"]["id"]).collect();
    assert_eq!(ids, ["A", "C"]);
    let why = given(["A", "B"]).expect_err("nothing for a line").to_string();
    assert!(why.ends_with(r#"failed: line 2, value "B": it produced no value"#), "{why}");
}

#[test]
fn lines_have_no_part_in_comparing_two_records() {
    let both = json!({ "crm": { "Name": "X", "Lines": { "records": [{ "Code": 7 }] } }, "erp": null });
    let compared = of(ORDER, "order.compare", "{ crm: '${ .crm }', erp: '${ .erp }' }", &both);
    let names: Vec<&Value> = compared["rows"].as_array().expect("rows").iter().map(|row| &row["name"]).collect();
    assert_eq!(names, ["Name"]);
    assert_eq!(of(ORDER, "order.pickCrm", "{ record: '${ .crm }' }", &both), json!({ "Name": "X" }));
}

#[test]
fn a_list_of_one_side_only_or_out_of_two_others_is_a_mistake_with_its_line() {
    let text = r"
mapping: contact
crm: { type: Opportunity }
erp: { type: salesOrder }
rows:
  - { crm: 'A[].B', erp: a, direction: toErp }
  - { crm: 'A[].B', erp: 'a[].b', master: crm }
  - { crm: 'A[].B[].C', erp: c, direction: toErp }
  - { crm: 'D[].A', erp: 'd[].a', direction: toErp }
  - { crm: 'E[].A', erp: 'd[].b', direction: toErp }
  - { crm: F, erp: d.c, direction: toErp }
  - { erp: 'g[].a', value: 1 }
";
    let found = mistakes(text);
    for (line, part) in [
        (6, "only one field has `[]`"),
        (7, "only one direction"),
        (8, "is not a field"),
        (10, "row 4 creates the lines of ERP's `d` from another list, `D`"),
        (11, "row 4 also writes ERP's `d.c`"),
        (12, "the number of lines in ERP's `g` is unknown"),
    ] {
        assert!(found.iter().any(|(at, message)| *at == line && message.contains(part)), "{line} {part}: {found:#?}");
    }
}

/// The output of a run that calls a function of the mapping `contact`.
fn lived(call: &str, with: &str, input: &Value) -> Value {
    of(CONTACT, call, with, input)
}

/// The output of a run with this `input` that calls a function of a mapping.
fn of(mapping: &str, call: &str, with: &str, input: &Value) -> Value {
    played(mapping, (call, with), input, &nothing_runs_for_long)
}

fn played(mapping: &str, (call, with): (&str, &str), input: &Value, evaluate: &Evaluate<'_>) -> Value {
    let name = call.split('.').next().unwrap_or_default();
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join(FOLDER)).expect("a folder in it");
    std::fs::write(folder.path().join(FOLDER).join(name).with_extension("yaml"), mapping).expect("written");
    let functions = dsl::Functions::load(folder.path()).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: maps, version: '1.0.0' }}\ndo:\n  - map: {{ call: {call}, with: {with} }}\n"
    );
    let built = dsl::build("maps.yaml", &text, &functions).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert!(built.functions.by_name.contains_key(call), "the function is not kept with the definition");
    let connections = crate::connect::Connections::default();
    let identifiers = Arc::default();
    let stage = crate::scenario::Stage {
        definition: &built.definition,
        connections: &connections,
        identifiers: &identifiers,
        evaluate,
        invariants: &[],
        profile: <&crate::sandbox::Profile>::default(),
    };
    let scenario = format!("scenarios: [{{ name: it, input: {input}, calls: {{}}, expect: {{}} }}]");
    let scenario = crate::scenario::read("maps.scenarios.yaml", &scenario).expect("a scenario").scenarios.remove(0);
    let trace = stage.rehearse(&scenario, &crate::scenario::Schedule::default());
    assert_eq!(trace.status(), "completed", "{:#?}", trace.run.error);
    trace.run.output.as_deref().cloned().expect("an output")
}

#[test]
fn a_run_maps_as_the_table_says_without_leaving_the_process() {
    let record = json!({ "LastName": "X", "Email": "A@B.example" });
    assert_eq!(
        lived("contact.toErp", "{ record: '${ . }' }", &record),
        converted(&record, Side::Second).expect("mapped")
    );
}

/// A failed record does not stop the batch.
#[test]
fn of_many_records_each_becomes_what_it_becomes_alone_or_says_why_not() {
    let many = [
        json!({ "LastName": "O'Neill", "Email": "A@B.example", "Account": { "Name": "Brückner" }, "Level": "7" }),
        json!({ "Email": "nobody@b.example" }),
        json!({ "LastName": "X", "Level": "high" }),
        json!({ "LastName": "Y", "Account": "no object" }),
        json!({ "LastName": "Z", "Email": null }),
    ];
    let call = ("contact.toErpEach", "{ records: '${ . }' }");
    let became = played(CONTACT, call, &json!(many), &Evaluation::here);
    for (record, became) in many.iter().zip(became.as_array().expect("a list")) {
        let alone = match converted(record, Side::Second) {
            Ok(record) => json!({ "record": record, "error": null }),
            Err(why) => json!({ "record": null, "error": why }),
        };
        assert_eq!(became, &alone, "{record}");
    }
    assert!(became[1]["error"].as_str().unwrap().starts_with("mapping contact, row 1: LastName to lastName failed:"));
    assert_eq!(became.as_array().map(Vec::len), Some(many.len()));
}

/// The length of an expression is limited, the length of a table is not.
#[test]
fn a_table_of_a_thousand_rows_maps_many_records_too() {
    let rows: String = (0..1_000)
        .map(|n| {
            format!(
                "  - {{ crm: Field_{n}__c, erp: group{}.field{n}, master: newest, toErp: ascii_downcase }}\n",
                n % 7
            )
        })
        .collect();
    let text = format!("mapping: contact\ncrm: {{ type: A }}\nerp: {{ type: b }}\nrows:\n{rows}");
    let many = json!([{ "Field_0__c": "A", "Field_999__c": "Z" }, { "Field_500__c": 1 }]);
    let became = played(&text, ("contact.toErpEach", "{ records: '${ . }' }"), &many, &Evaluation::here);
    assert_eq!(became[0]["record"]["group0"]["field0"], "a");
    assert_eq!(became[0]["record"]["group5"]["field999"], "z");
    assert!(became[1]["error"].as_str().unwrap().contains("row 501: Field_500__c to group3.field500"), "{became}");
}

#[test]
fn a_part_of_a_record_gives_the_mapped_fields_that_it_holds_null_too() {
    let part = json!({ "Email": null, "Account": { "Name": "B" }, "Unmapped": 1 });
    assert_eq!(lived("contact.pickCrm", "{ record: '${ . }' }", &part), json!({ "Email": null, "Account.Name": "B" }));
    assert_eq!(lived("contact.pickErp", "{ record: '${ . }' }", &json!({ "company": null })), json!({}));
}

#[test]
fn two_records_stand_side_by_side_with_what_each_would_be_on_the_other_side() {
    let both = json!({ "crm": { "LastName": "X", "Email": "A@B.example", "Level": "7" }, "erp": null });
    let compared = lived("contact.compare", "{ crm: '${ .crm }', erp: '${ .erp }' }", &both);
    assert_eq!(compared["records"], json!({ "created": "both", "deleted": "report" }));
    let rows = compared["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 4, "constants are no pairs");
    let email = json!({
        "name": "Email", "direction": "both", "master": "newest", "foreign": "putBack", "required": [],
        "crm": { "field": "Email", "value": "A@B.example", "other": "a@b.example" },
        "erp": { "field": "email", "value": null, "other": null },
    });
    assert_eq!(rows[0]["required"], json!(["crm", "erp"]));
    assert_eq!(rows[1], email);
    assert_eq!(rows[2]["crm"]["other"], Value::Null, "a default is no change");
    assert_eq!(rows[3]["crm"]["other"], 7);
}

#[test]
fn the_table_for_people_has_a_row_for_each_row() {
    let table = mapping(CONTACT).to_markdown();
    assert!(table.starts_with("# Contacts\n\nNew records on one side are created on the other.\n"), "{table}");
    assert!(table.contains("| 2 | `Email` | ↔ | `email` | newest | `ascii_downcase` | unchanged |  |\n"), "{table}");
    assert!(
        table.contains("| 3 | `Account.Name` | → | `company.refName` | crm | unchanged, else `\"unknown\"` |  |  |\n"),
        "{table}"
    );
    assert!(table.contains("| 5 |  | → | `subsidiary.id` |  | always `\"2\"` |  |  |\n"), "{table}");
}

#[test]
fn the_samples_of_the_mappings_that_ship_hold() {
    let (mappings, mistakes) = dsl::read_mappings(&Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows"));
    assert_eq!(mistakes, []);
    assert!(!mappings.is_empty());
    for (file, mapping) in mappings {
        assert!(!mapping.samples.is_empty(), "{file} has no samples");
        assert_eq!(mapping.unfit(&nothing_runs_for_long), [], "{file}");
    }
}

const NAMED: &str = "
mapping: invoice
title: Invoices
sides: [crm, billing]
crm: { type: Opportunity }
billing: { type: invoice }
records: { created: toCrm }
rows:
  - { crm: Invoice__c, billing: number, direction: toCrm, required: crm }
  - { crm: Email__c, billing: email, master: billing, toBilling: ascii_downcase, fits: { billing: { max: 9, otherwise: cut } } }
samples:
  - { name: an invoice, from: billing, record: { number: B-1, email: a@b.c }, gives: { Invoice__c: B-1, Email__c: a@b.c } }
  - { name: none yet, from: billing, record: {}, fails: 'the CRM needs a value' }
";

#[test]
fn a_mapping_names_its_sides_in_its_table_its_functions_and_its_samples() {
    let mapping = Mapping::read("invoice.yaml", "invoice", NAMED).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let names: Vec<String> = mapping.functions().into_iter().map(|(name, _)| name).collect();
    let expected = ["toCrm", "toBilling", "toCrmEach", "toBillingEach", "pickCrm", "pickBilling", "compare"];
    assert_eq!(names, expected.map(|name| format!("invoice.{name}")));
    assert_eq!(mapping.unfit(&nothing_runs_for_long), []);
    let table = mapping.to_markdown();
    assert!(table.contains("New records in Billing are created in CRM."), "{table}");
    assert!(
        table.contains("| | CRM: Opportunity | | Billing: invoice | master | to Billing | to CRM | note |"),
        "{table}"
    );
    assert!(table.contains("| 2 | `Email__c` | ↔ | `email` | billing | `ascii_downcase`, at most 9 characters, else cut | unchanged |  |"), "{table}");
    let told = mapping.to_json();
    assert_eq!(told["sides"], json!(["crm", "billing"]));
    assert_eq!(told["billing"], json!({ "type": "invoice", "system": "Billing" }));
    assert_eq!((&told["rows"][0]["direction"], &told["rows"][1]["billing"]), (&json!("toCrm"), &json!("email")));
    let compare = mapping.functions().into_iter().find(|(name, _)| name == "invoice.compare").expect("there").1;
    assert_eq!(compare["set"]["rows"][0]["master"], "billing", "values come from there");
    assert_eq!(compare["set"]["records"]["created"], "toCrm");
}

#[test]
fn a_mapping_that_does_not_name_its_sides_makes_the_same_functions_as_one_that_names_them_so() {
    let read = |text: &str| Mapping::read("m.yaml", "m", text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let text = "mapping: m\ncrm: { type: A }\nerp: { type: b }\nrows: [{ crm: A, erp: a, master: newest, toErp: ascii_downcase }]\n";
    let named = text.replace("mapping: m\n", "mapping: m\nsides: [crm, erp]\n");
    let functions = |mapping: Mapping| serde_json::to_string(&mapping.functions()).expect("JSON");
    assert_eq!(functions(read(text)), functions(read(&named)));
}
