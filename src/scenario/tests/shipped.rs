//! The scenarios that ship: each passes, and whatever goes wrong at any step, the invariants hold.

use std::path::Path;

use super::*;

fn reports(ask: &Ask) -> Vec<FileReport> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let files = dsl::scenario_files(&folder).expect("the folder can be read");
    let test = |file: &std::path::PathBuf| test_file(file, ask, &Evaluation::here).unwrap_or_else(|m| panic!("{m:?}"));
    files.iter().map(test).collect()
}

fn printed(files: Vec<FileReport>) -> (Report, String) {
    let report = Report { files };
    let mut out = Vec::new();
    report.print(&mut out).expect("a vector takes all");
    (report, String::from_utf8(out).expect("UTF-8"))
}

#[test]
fn the_shipped_scenarios_pass_whatever_fails_at_whatever_step() {
    let (report, shown) = printed(reports(&Ask { depth: Some(1), ..Ask::default() }));
    assert_eq!(report.failed(), 0, "{shown}");
    assert!(report.count() >= 6, "{shown}");
    let tried: usize =
        report.files.iter().flat_map(|f| &f.scenarios).filter_map(|s| s.faults.as_ref()).map(|f| f.tried).sum();
    assert!(tried > 150, "only {tried} schedules prove little");
}

#[test]
fn every_shipped_definition_has_scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let definitions = dsl::definition_files(&folder).expect("the folder can be read");
    assert_eq!(definitions.len(), dsl::scenario_files(&folder).expect("readable").len(), "{definitions:?}");
}

/// The answer is lost, then the order is refused: it is there all the same, and its customer must stay in use.
#[test]
fn the_customer_of_an_order_whose_answer_was_lost_is_kept() {
    let ask = Ask {
        scenario: Some("a won deal becomes an order".to_owned()),
        schedule: Some("createOrder#1:lost-reply,createOrder#2:permanent".parse().expect("a schedule")),
        ..Ask::default()
    };
    let (report, shown) = printed(reports(&ask));
    assert_eq!(report.failed(), 0, "{shown}");
    assert!(shown.contains("compensation.stuck") && shown.contains("NetSuite has the sales order"), "{shown}");
}

#[test]
fn a_schedule_that_never_comes_about_is_no_success() {
    let ask = Ask {
        scenario: Some("a won deal becomes an order".to_owned()),
        schedule: Some("createOrdr#1:transient".parse().expect("a schedule")),
        ..Ask::default()
    };
    let (report, shown) = printed(reports(&ask));
    assert_eq!(report.failed(), 1);
    assert!(shown.contains("never came about; the steps were: readDeal/read, lookForOrder"), "{shown}");
}

/// Without a sandbox of its own a connection can still be mocked, at whichever address it has.
#[test]
fn a_connection_that_knows_only_production_can_be_mocked() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("hub.yaml", "connections: { shop: { baseUrl: { production: 'https://shop.example' } } }");
    write(
        "n.yaml",
        "document: { dsl: '1.0.3', namespace: t, name: n, version: '1.0.0' }
do: [{ ask: { call: http, with: { method: get, endpoint: 'connection://shop/stock' } } }]",
    );
    write(
        "n.scenarios.yaml",
        "scenarios: [{ name: one, input: {}, calls: { ask: { body: 7 } }, expect: { output: 7 } }]",
    );
    let tested = test_file(&folder.path().join("n.scenarios.yaml"), &Ask::default(), &Evaluation::here);
    let tested = tested.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    assert!(tested.scenarios[0].passed(), "{:?}", tested.scenarios);
}

#[test]
fn scenarios_without_their_definition_say_which_one_they_look_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("n.scenarios.yaml");
    std::fs::write(&file, "scenarios: [{ name: one, input: {}, calls: {}, expect: {} }]").expect("written");
    let mistakes = test_file(&file, &Ask::default(), &Evaluation::here).expect_err("there is no definition");
    assert!(mistakes[0].message.contains("n.yaml: reading the file failed"), "{mistakes:?}");
    assert!(mistakes[0].hint.as_ref().is_some_and(|hint| hint.contains("definition:")), "{mistakes:?}");
}
