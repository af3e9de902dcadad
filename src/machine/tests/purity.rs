//! The machine is pure because its sources say so.

use std::path::{Path, PathBuf};

/// Names that bring IO, clocks, randomness or waiting.
const FORBIDDEN: [&str; 12] = [
    "tokio",
    "sqlx",
    "axum",
    "reqwest",
    "tracing",
    "std::fs",
    "std::net",
    "std::env",
    "Instant",
    "SystemTime",
    "Utc::now",
    "rand::",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_machine_names_no_clock_no_io_and_no_randomness() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/machine"), &mut files);
    assert!(files.len() > 15, "the sources of the machine were not found");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.lines().filter(|l| !l.trim_start().starts_with("//"));
        for (number, line) in code.enumerate() {
            for name in FORBIDDEN {
                assert!(!line.contains(name), "{} names {name} (code line {}): {line}", file.display(), number + 1);
            }
        }
    }
}
