//! The documents are correct: their examples build, their commands exist, the tests they mention exist, their links
//! lead somewhere, and their tables are complete and right.

#![allow(clippy::unwrap_used, reason = "a document that cannot be read fails the test")]

mod catalogs;
mod commands;
mod examples;
#[path = "../third_system/guide.rs"]
mod guide;
mod guides;
mod phrases;
mod rooms;
mod settings;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stepwell::dsl::Mistake;

/// A document of the repository.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { path, text }
    }

    fn name(&self) -> String {
        self.path.strip_prefix(root()).unwrap().display().to_string()
    }

    /// Returns the text without code blocks.
    fn prose(&self) -> String {
        let mut inside = false;
        let keep = |line: &&str| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        };
        self.text.lines().filter(keep).collect::<Vec<_>>().join("\n")
    }

    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for (number, line) in self.text.lines().enumerate() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(info), None) => {
                    let place = format!("{}:{}", self.name(), number + 2);
                    open = Some(Block { info: info.trim().to_owned(), text: String::new(), place });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a fence is never closed", self.name());
        blocks
    }
}

/// A code block.
struct Block {
    /// The info string after the fence.
    info: String,
    text: String,
    /// File and line.
    place: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns `docs/*.md`, the documents of the senders, the readme and the changelog.
fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = ["docs", "docs/guides", "senders", "senders/netsuite", "senders/salesforce"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.extend(["README.md", "CHANGELOG.md"].map(|name| root().join(name)));
    paths.sort();
    paths.into_iter().map(Page::read).collect()
}

fn page(name: &str) -> Page {
    Page::read(root().join("docs").join(name))
}

fn shown(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|m| format!("{}:{}:{}: {}\n", m.file, m.line, m.column, m.message)).collect()
}

/// Collects the Rust files below a folder, except generated ones.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Returns the names of all test functions.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    sources(&root().join("tests"), &mut files);
    sources(&root().join("crates"), &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let mut marked = false;
        for line in text.lines().map(str::trim) {
            marked |= ["#[test]", "#[tokio::test", "#[sqlx::test"].iter().any(|mark| line.starts_with(mark));
            let name = line.split("fn ").nth(1).and_then(|rest| rest.split(['(', '<']).next());
            if let Some(name) = name.filter(|_| marked && !line.starts_with("//")) {
                names.insert(name.to_owned());
                marked = false;
            }
        }
    }
    names
}

/// Returns the cells of the tables with this head on a page, row by row.
fn rows(page: &Page, head: &str) -> Vec<Vec<String>> {
    let mut inside = false;
    let mut rows = Vec::new();
    for line in page.text.lines() {
        if line.starts_with(head) {
            inside = true;
        } else if !line.starts_with('|') {
            inside = false;
        } else if inside && !line.starts_with("| ---") {
            let cells = line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
            rows.push(cells.collect());
        }
    }
    rows
}

#[test]
fn every_guarantee_names_tests_that_exist() {
    let known = tests();
    assert!(known.contains("every_guarantee_names_tests_that_exist"), "the search does not find this test");
    let rows = rows(&page("guarantees.md"), "| promise |");
    assert!(rows.len() > 20, "only {} promises were found", rows.len());
    for row in rows {
        let [promise, refuted, proof] = row.as_slice() else { panic!("a promise has three cells: {row:?}") };
        assert!(!refuted.is_empty(), "nothing refutes {promise:?}");
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{promise:?} names no test");
        for name in named {
            assert!(known.contains(name), "{promise:?} rests on {name}, which is no test");
        }
    }
}

/// Anything that reads like a sentence must be the name of a test, also outside of the guarantees.
#[test]
fn every_test_that_a_document_names_exists() {
    let known = tests();
    let is_sentence = |span: &str| {
        let plain = span.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        plain && span.matches('_').count() >= 4
    };
    let mut seen = 0;
    for page in pages() {
        for name in page.prose().split('`').skip(1).step_by(2).filter(|span| is_sentence(span)) {
            seen += 1;
            assert!(known.contains(name), "{}: there is no test {name}", page.name());
        }
    }
    assert!(seen > 20, "only {seen} names were found");
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut seen = 0;
    let mut broken = Vec::new();
    for page in pages() {
        let prose = page.prose();
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            seen += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.path.clone() } else { page.path.parent().unwrap().join(file) };
            let leads = path.exists() && (heading.is_empty() || headings(&path).contains(heading));
            if !leads {
                broken.push(format!("{}: {target}", page.name()));
            }
        }
    }
    assert!(seen > 20, "only {seen} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Returns the anchors of a page's headings, as GitHub generates them.
fn headings(path: &Path) -> BTreeSet<String> {
    let prose = Page::read(path.to_owned()).prose();
    let titles = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let slug = |title: &str| {
        let kept = title.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    titles.map(slug).collect()
}

/// `cargo` and Clippy keep the pure crates free of side effects; this test guards their dependencies.
#[test]
fn pure_crates_depend_on_nothing_that_touches_the_world() {
    for name in ["expr", "text", "language", "machine", "sync", "pubsub"] {
        let manifest = std::fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        let (_, dependencies) = manifest.split_once("[dependencies]\n").unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for line in dependencies.lines() {
            let dependency = line.split(['.', ' ']).next().unwrap();
            let touches = ["tokio", "sqlx", "axum", "reqwest", "hyper", "tracing", "rand", "metrics", "futures"];
            assert!(!touches.contains(&dependency), "crates/{name} depends on {dependency}");
            assert!(!line.contains("clock") && !line.contains("v4") && !line.contains("v7"), "crates/{name}: {line}");
        }
    }
}

/// The table of metrics and the macros in the source list the same metrics.
#[test]
fn the_table_of_metrics_names_every_metric() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut real = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        // The first argument of `counter!(`, `describe_counter!(` and the like.
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            let arguments = text.split(kind).skip(1).filter_map(|rest| rest.trim_start().strip_prefix("\"stepwell_"));
            real.extend(arguments.filter_map(|rest| Some(format!("stepwell_{}", rest.split('"').next()?))));
        }
    }
    let rows = rows(&page("metrics.md"), "| metric |");
    let named: BTreeSet<String> =
        rows.iter().flat_map(|row| row[0].split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert!(real.len() > 10, "{real:?}");
    assert_eq!(named, real);
}

/// All API paths in the documents are in `openapi.json`.
#[test]
fn every_address_of_the_api_exists() {
    let description: Value = serde_json::from_str(stepwell::http::status::OPENAPI).unwrap();
    let known: Vec<&String> = description["paths"].as_object().unwrap().keys().collect();
    let mut seen = 0;
    for page in pages() {
        for rest in page.text.split("/api/v1/").skip(1) {
            let end = rest.find(|c: char| c.is_whitespace() || "`'\"?|)".contains(c)).unwrap_or(rest.len());
            let path = format!("/api/v1/{}", rest[..end].trim_end_matches(['.', ',']));
            seen += 1;
            assert!(known.iter().any(|k| fits(k, &path)), "{}: there is no {path}", page.name());
        }
    }
    assert!(seen > 0, "no address was found");
}

/// Whether a path matches a pattern of the description; `{id}`, `$RUN` and real values all match a parameter.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).all(|(p, t)| p == t || (p.starts_with('{') && !t.is_empty()))
}
