//! The guides show what the program does: their files are written, their commands are run, and the output is compared.

use std::collections::BTreeSet;
use std::process::Command;

use super::commands::commands;
use super::examples::{Kind, kind};
use super::{guide, page, root};

/// A guide whose YAML blocks are files, with the name in the first line, and whose commands are followed by their
/// output.
struct Played {
    folder: tempfile::TempDir,
}

impl Played {
    /// Writes the files of a page and compares the output of its commands.
    fn page(name: &str) -> Self {
        let played = Self { folder: tempfile::tempdir().unwrap() };
        let blocks = page(name).blocks();
        for block in blocks.iter().filter(|b| b.info == "yaml") {
            let name = block.text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
            assert!(name.ends_with(".yaml"), "{}: the first line names the file", block.place);
            std::fs::write(played.folder.path().join(name), &block.text).unwrap();
        }
        let mut seen = 0;
        for block in blocks.iter().filter(|b| b.info == "console") {
            seen += 1;
            let (command, expected) = block.text.split_once('\n').unwrap();
            let arguments: Vec<&str> = command.split_whitespace().skip(2).collect();
            assert_eq!(played.run(&arguments), expected, "{}: {command}", block.place);
        }
        assert!(seen > 0, "no command with its output was found");
        played
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        let answer = program.args(arguments).env_clear().current_dir(self.folder.path()).output().unwrap();
        let failed = String::from_utf8_lossy(&answer.stdout).contains("FAILED");
        assert_eq!(answer.status.code(), Some(i32::from(failed)), "{arguments:?}");
        String::from_utf8(answer.stdout).unwrap() + &String::from_utf8(answer.stderr).unwrap()
    }
}

#[test]
fn the_guide_to_testing_shows_what_the_program_prints() {
    let played = Played::page("testing.md");
    let all = played.run(&["test", "."]);
    assert!(all.ends_with("9 scenarios, 0 failed\n"), "{all}");
    for file in ["strict.scenarios.yaml", "payment.yaml"] {
        let strict = played.run(&["test", file, "--faults"]);
        assert!(strict.contains(" 0 failed, "), "{strict}");
    }
}

/// A person's decision, its deadline and its escalation: the result is the same after every crash.
#[test]
fn the_guide_to_asking_a_person_shows_what_the_program_prints() {
    let played = Played::page("guides/ask-a-person.md");
    let faults = played.run(&["test", "large-order.yaml", "--faults"]);
    assert!(faults.contains(" 0 failed, "), "{faults}");
}

/// Runs the example against the sandbox, whose account writes dates in a format that does not sort by time.
#[test]
fn the_watermark_example_remembers_the_latest_change_and_finds_what_came_after() {
    let blocks = page("catalogs.md").blocks();
    let example = blocks.iter().find(|b| b.text.contains("call: watermarks.write")).expect("the example");
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("functions")).unwrap();
    for name in ["hub.yaml", "functions/netsuite.yaml", "functions/watermarks.yaml"] {
        std::fs::copy(root().join("workflows").join(name), folder.path().join(name)).unwrap();
    }
    let scenarios = r#"
scenarios:
  - name: the latest change is remembered
    now: '2026-12-01T09:00:00Z'
    input: {}
    sandbox:
      before:
        - { method: patch, path: /erp/services/rest/record/v1/inventoryItem/2212, body: { displayName: Light barrier } }
    expect:
      status: completed
      holds:
        - ${ .memory.watermarks.items | startswith("2026-12-01 09:00:0") }
  - name: only later changes are found
    now: '2026-12-01T09:00:00Z'
    input: {}
    memory: [{ watermarks/write: { name: items, value: '2026-11-18 11:00:01' } }]
    sandbox: {}
    expect:
      status: completed
      holds:
        - ${ .calls | map(select(.step | startswith("changed"))) | length == 1 }
        - ${ .memory.watermarks.items == "2026-11-20 09:12:00" }
  - name: nothing new moves nothing
    now: '2026-12-01T09:00:00Z'
    input: {}
    memory: [{ watermarks/write: { name: items, value: '2026-11-20 09:12:01' } }]
    sandbox: {}
    expect:
      status: completed
      holds: ${ .memory.watermarks.items == "2026-11-20 09:12:01" }
"#;
    std::fs::write(folder.path().join("watermark.yaml"), &example.text).unwrap();
    std::fs::write(folder.path().join("watermark.scenarios.yaml"), scenarios).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_stepwell"));
    program.args(["test", "watermark.yaml"]).env_clear().env("STEPWELL_WORKFLOWS", folder.path());
    let answer = program.current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&answer.stdout) + String::from_utf8_lossy(&answer.stderr);
    assert!(said.contains("3 scenarios, 0 failed"), "{}: {said}", example.place);
}

/// Runs the commands of the guide to mappings on its own example.
#[test]
fn the_guide_to_mappings_shows_what_the_program_does() {
    let folder = tempfile::tempdir().unwrap();
    let mappings = folder.path().join("workflows/mappings");
    std::fs::create_dir_all(&mappings).unwrap();
    let table =
        page("mappings.md").blocks().into_iter().find(|b| b.info == "yaml" && kind(b) == Kind::Mapping).unwrap();
    std::fs::write(mappings.join("partner.yaml"), &table.text).unwrap();
    std::fs::write(folder.path().join("record.json"), r#"{"Email__c": "A@B.example"}"#).unwrap();
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        let answer = program.args(arguments).env_clear().current_dir(folder.path()).output().unwrap();
        let [out, err] = [answer.stdout, answer.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (answer.status.code(), out, err)
    };
    assert_eq!(run(&["mapping", "check"]), (Some(0), "2 samples of 1 mappings, 0 failed\n".into(), String::new()));
    let (code, out, _) = run(&["mapping", "doc", "partner"]);
    assert!(code == Some(0) && out.contains("| 2 | `Email__c` | ↔ | `email` | newest |"), "{out}");
    let (code, _, err) = run(&["mapping", "apply", "partner", "--from", "crm", "--record", "record.json"]);
    let told = "mapping partner, row 1: Name to companyName failed: value null: the ERP needs a value";
    assert!(code == Some(1) && err.contains(told) && page("mappings.md").text.contains(told), "{err}");
    std::fs::write(
        mappings.join("partner.yaml"),
        table.text.replace("Norrland Timber AB\n      email", "Other\n      email"),
    )
    .unwrap();
    let (code, out, _) = run(&["mapping", "check"]);
    assert!(code == Some(1) && out.contains("a partner of the CRM: it gives {"), "{out}");

    let lines = page("mappings.md").blocks().into_iter().find(|b| b.text.starts_with("mapping: deal\n")).unwrap();
    std::fs::write(mappings.join("deal.yaml"), lines.text).unwrap();
    let deal =
        r#"{"OpportunityLineItems": {"records": [{"ProductCode": "CM-200", "TotalPrice": 3, "Quantity": 2}, {}]}}"#;
    std::fs::write(folder.path().join("record.json"), deal).unwrap();
    let (code, _, err) = run(&["mapping", "apply", "deal", "--from", "crm", "--record", "record.json"]);
    let told = "failed: line 2, value null: the ERP needs a value";
    assert!(code == Some(1) && page("mappings.md").text.contains(err.trim_start_matches("error: ").trim()), "{err}");
    assert!(err.contains(told), "{err}");
}

/// The guide to a third system shows its files line by line, and its commands work.
#[test]
fn the_guide_to_a_third_system_shows_its_own_files_and_its_commands_run() {
    let page = page("guides/add-a-third-system.md");
    let mut shown = BTreeSet::new();
    for block in page.blocks().iter().filter(|b| b.info.starts_with("yaml")) {
        let (first, rest) = block.text.split_once('\n').unwrap();
        let file = first.strip_prefix("# ").unwrap_or_else(|| panic!("{}: the first line names the file", block.place));
        let whole = guide::text(&format!("{}/{file}", guide::FOLDER));
        assert!(whole.contains(rest), "{}: {file} does not say so", block.place);
        assert!(block.info == "yaml excerpt" || whole == rest, "{}: this is not the whole of {file}", block.place);
        shown.insert(file.to_owned());
    }
    let missing: Vec<_> = guide::OWN.iter().filter(|name| !shown.contains(**name)).collect();
    assert_eq!(missing, [&"invoice-paid.scenarios.yaml"], "the guide shows a part of each new or changed file");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in guide::workflows() {
        let path = folder.path().join("workflows").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut seen = 0;
    for (place, call) in commands(&page) {
        let arguments: Vec<&str> = call.split_whitespace().skip(1).collect();
        if !["validate", "test", "mapping"].contains(&arguments[0]) {
            continue;
        }
        seen += 1;
        let mut program = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        let answer = program.args(&arguments).env_clear().current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&answer.stdout) + String::from_utf8_lossy(&answer.stderr);
        assert!(answer.status.success(), "{place}: {call}: {said}");
        assert!(
            arguments[0] != "test" || said.contains(" 0 failed, "),
            "{place}: {call}: no scenario was played: {said}"
        );
    }
    assert_eq!(seen, 4, "the commands that need no server");
}
