//! Archives: every modification is detected, and a file is either complete or absent.

mod years;

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::json;

use super::rules::{EventFacts, LiveRun, asked_for_since, event_is_due};
use super::*;
use crate::machine::Time;
use years::{DAY, World, policy};

fn one_file(folder: &std::path::Path) -> PathBuf {
    let mut world = World::new();
    let run = world.start(None, None, 0);
    (0..4).for_each(|_| world.runs.get_mut(&run).unwrap().happens(world.now));
    let run = &world.runs[&run];
    let header = world.header(&BTreeSet::from([run.member.id]));
    let mut writer = Writer::create(folder, &format!("a{SUFFIX}"), &header).unwrap();
    let row = json!({ "id": run.member.id, "definition_id": 1, "parent_id": null, "seq": run.seq(),
                      "head": format!("\\x{}", hex::encode(run.head)), "created_at": run.created_at });
    writer.row("definitions", r#"{"id":1,"source":"do: nothing"}"#).unwrap();
    writer.run(&row.to_string()).unwrap();
    for row in &run.rows {
        writer.row("journal", &row.to_string()).unwrap();
    }
    writer.row("commands", r#"{"id":7,"actor":"user:ada"}"#).unwrap();
    writer.event(r#"{"id":"00000000-0000-0000-0000-000000000009","body":"\\x00"}"#).unwrap();
    writer.finish().unwrap().path
}

fn unpacked(path: &std::path::Path) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()), &mut text)
        .unwrap();
    text
}

fn pack(path: &std::path::Path, text: &str) {
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(path).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn every_kind_of_tampering_with_an_archive_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = one_file(folder.path());
    let text = unpacked(&path);
    let lines: Vec<&str> = text.lines().collect();
    let with = |lines: Vec<&str>| lines.join("\n") + "\n";
    let without = |n: usize| with(lines.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, line)| *line).collect());
    let swapped = {
        let mut lines = lines.clone();
        lines.swap(4, 5);
        with(lines)
    };
    let cut: String = with(lines[..lines.len() - 1].to_vec());
    let harms = [
        ("a value in a journal", text.replacen("\"output\"", "\"outpud\"", 1)),
        ("a row in the middle", without(4)),
        ("the last row of a journal", without(6)),
        ("a run", without(2)),
        (
            "a column of a run",
            text.replacen(r#""parent_id":null"#, r#""parent_id":"00000000-0000-0000-0000-000000000008""#, 1),
        ),
        ("a definition", text.replace("do: nothing", "do: something")),
        ("a definition left out", without(1)),
        ("a command", text.replace("user:ada", "user:eve")),
        ("the header", text.replacen(r#""stepwell":""#, r#""stepwell":"9"#, 1)),
        ("spaces in a row", text.replacen(r#"{"id":1,"#, r#"{"id": 1,"#, 1)),
        ("rows in another order", swapped),
        ("an event's body", text.replace(r#""body":"\\x00""#, r#""body":"\\x01""#)),
        ("an event left out", without(lines.len() - 2)),
        ("the last line", cut),
        ("something behind the end", text.clone() + "{\"table\":\"runs\",\"row\":{}}\n"),
    ];
    verify(&path).unwrap();
    for (what, harmed) in harms {
        assert_ne!(harmed, text, "{what}");
        pack(&path, &harmed);
        assert!(verify(&path).is_err(), "{what} was not found");
    }
    pack(&path, &text);
    verify(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(verify(&path).is_err(), "cut off after {length} bytes");
    }
}

#[test]
fn an_archive_is_for_its_owner_only_and_has_its_name_once_it_is_whole() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let header = World::new().header(&BTreeSet::new());
    let writer = Writer::create(folder.path(), &format!("a{SUFFIX}"), &header).unwrap();
    assert_eq!(files(folder.path()).unwrap(), Vec::<PathBuf>::new(), "what is being written is no archive");
    let written = writer.finish().unwrap();
    assert_eq!(std::fs::metadata(&written.path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((hash(&written.path).unwrap(), verify(&written.path).unwrap().sha256), (written.sha256, written.sha256));
    let begun = Writer::create(folder.path(), &format!("b{SUFFIX}"), &header).unwrap();
    drop(begun);
    Writer::discard(folder.path(), &format!("b{SUFFIX}")).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn events_stay_while_a_run_that_listens_may_ask_for_them() {
    let at = |day: i64| Time::UNIX_EPOCH + chrono::Duration::days(day);
    let run = |day, listens| LiveRun { created_at: at(day), listens };
    let since = |pages: &[(Vec<LiveRun>, bool)]| asked_for_since(pages, DAY);
    assert_eq!(since(&[(vec![run(5, false), run(9, true)], false)]), Some(at(8)));
    assert_eq!(since(&[(vec![run(5, false)], false), (vec![], false)]), None);
    assert_eq!(since(&[(vec![run(5, false), run(7, false)], true)]), Some(at(6)), "a user of the page may listen");
    let event = EventFacts { received_at: at(9), routed: true, waits: false, had_runs: false, has_runs: false };
    assert!(!event_is_due(&event, &policy(), Some(at(8)), at(900)));
    assert!(event_is_due(&event, &policy(), Some(at(10)), at(900)));
}
