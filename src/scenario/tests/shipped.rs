//! The shipped scenarios: each passes, and its invariants hold under faults at any step.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use super::*;

fn reports(ask: &Ask) -> Vec<FileReport> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let files = dsl::scenario_files(&folder).expect("the folder can be read");
    // The schedules of a scenario evaluate mostly the same expressions, so each result is cached.
    let known: RefCell<HashMap<String, _>> = RefCell::default();
    let evaluate = |asked: &Evaluation| {
        let question = serde_json::to_string(asked).expect("JSON");
        if let Some(answer) = known.borrow().get(&question) {
            return Result::clone(answer);
        }
        let answer = asked.here();
        known.borrow_mut().insert(question, answer.clone());
        answer
    };
    let test = |file: &std::path::PathBuf| test_file(file, ask, &evaluate).unwrap_or_else(|m| panic!("{m:?}"));
    files.iter().map(test).collect()
}

fn printed(files: Vec<FileReport>) -> (Report, String) {
    let report = Report { files };
    let mut out = Vec::new();
    report.print(&mut out).expect("a vector takes all");
    (report, String::from_utf8(out).expect("UTF-8"))
}

/// Runs all scenarios of a profile with every fault at every step.
fn passes_whatever_fails(profile: &str) {
    let profile = profile.parse().expect("a profile");
    let (report, shown) = printed(reports(&Ask { depth: Some(1), profile, ..Ask::default() }));
    assert_eq!(report.failed(), 0, "{shown}");
    assert!(report.count() > 150, "{shown}");
    let tried: usize =
        report.files.iter().flat_map(|f| &f.scenarios).filter_map(|s| s.faults.as_ref()).map(|f| f.tried).sum();
    assert!(tried > 4_000, "only {tried} schedules prove little");
}

#[test]
fn the_shipped_scenarios_pass_whatever_fails_at_whatever_step() {
    passes_whatever_fails("one-world");
}

#[test]
fn the_shipped_scenarios_pass_with_one_company_and_one_currency_whatever_fails_at_whatever_step() {
    passes_whatever_fails("single-company");
}

#[test]
fn the_shipped_scenarios_pass_with_mandatory_fields_and_price_levels_whatever_fails_at_whatever_step() {
    passes_whatever_fails("large");
}

#[test]
fn every_profile_of_the_sandbox_is_one_that_the_shipped_scenarios_are_played_on() {
    let names: Vec<&str> = crate::sandbox::PROFILES.iter().map(|profile| profile.name).collect();
    assert_eq!(names, ["one-world", "single-company", "large"], "a new profile needs a test above");
}

/// The rules of each kind of company are in its own functions, which replace the shipped ones.
#[test]
fn a_variant_takes_the_place_of_functions_that_are_there_and_of_no_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("functions/company.yaml", "functions: { team: { set: { team: sales } } }");
    write("profiles/large/company.yaml", "functions: { team: { set: { team: service } } }");
    write("profiles/single-company/company.yaml", "functions: { taem: { set: { team: service } } }");
    write(
        "n.yaml",
        "document: { dsl: '1.0.3', namespace: t, name: n, version: '1.0.0' }
do: [{ ask: { call: company.team, with: {} } }]",
    );
    write(
        "n.scenarios.yaml",
        "scenarios:
  - { name: both, input: {}, calls: {}, expect: { status: completed } }
  - { name: sales, profiles: [one-world], input: {}, calls: {}, expect: { output: { team: sales } } }
  - { name: service, profiles: [large], input: {}, calls: {}, expect: { output: { team: service } } }",
    );
    let test = |profile: &str| {
        let ask = Ask { profile: profile.parse().expect("a profile"), ..Ask::default() };
        test_file(&folder.path().join("n.scenarios.yaml"), &ask, &Evaluation::here)
    };
    for (profile, expected) in [("one-world", ["both", "sales"]), ("large", ["both", "service"])] {
        let report = test(profile).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let played: Vec<&str> = report.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
        assert_eq!(played, expected);
        assert!(report.scenarios.iter().all(ScenarioReport::passed), "{:?}", report.scenarios);
    }
    let mistakes = test("single-company").expect_err("a misspelt function");
    assert!(mistakes[0].message.contains("`company.taem` replaces no function"), "{mistakes:?}");
    assert!(mistakes[0].hint.as_ref().is_some_and(|hint| hint.contains("company.team")), "{mistakes:?}");
}

#[test]
fn every_shipped_definition_has_scenarios() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let definitions = dsl::definition_files(&folder).expect("the folder can be read");
    assert_eq!(definitions.len(), dsl::scenario_files(&folder).expect("readable").len(), "{definitions:?}");
}

/// The answer is lost and the retry is refused: the order exists nevertheless, so its customer must stay in use.
#[test]
fn an_order_whose_answer_was_lost_is_found_whatever_the_next_attempt_is_answered() {
    let ask = Ask {
        scenario: Some("a won deal becomes an order".to_owned()),
        schedule: Some("createOrder#1:lost-reply,createOrder#2:permanent".parse().expect("a schedule")),
        ..Ask::default()
    };
    let (report, shown) = printed(reports(&ask));
    assert_eq!(report.failed(), 0, "{shown}");
    assert!(shown.contains("reconcile:createOrder") && shown.contains("run.completed"), "{shown}");
}

#[test]
fn a_schedule_that_never_happens_is_not_a_success() {
    let ask = Ask {
        scenario: Some("a won deal becomes an order".to_owned()),
        schedule: Some("createOrdr#1:transient".parse().expect("a schedule")),
        ..Ask::default()
    };
    let (report, shown) = printed(reports(&ask));
    assert_eq!(report.failed(), 1);
    assert!(shown.contains("never happened; the steps were: readDeal/read, lookForOrder"), "{shown}");
}

/// A connection without a sandbox URL can still be mocked under any of its others.
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
