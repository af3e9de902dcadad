//! The documents tell the truth: their examples build, their commands exist, the tests that they name exist, their links
//! lead somewhere, and their tables are complete and right.

#![allow(clippy::unwrap_used, reason = "a document that cannot be read fails the test")]

#[path = "documentation/catalogs.rs"]
mod catalogs;
#[path = "documentation/commands.rs"]
mod commands;
#[path = "documentation/examples.rs"]
mod examples;
#[path = "third_system/guide.rs"]
mod guide;
#[path = "documentation/guides.rs"]
mod guides;
#[path = "documentation/phrases.rs"]
mod phrases;
#[path = "documentation/settings.rs"]
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

    /// The text without what stands in fences.
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

/// What stands in a fence.
struct Block {
    /// The words after the fence.
    info: String,
    text: String,
    /// File and line.
    place: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `docs/*.md`, those of the senders, the readme and the changelog.
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

/// The shipped catalogs and mappings, and those of the documents. A catalog says its file in its first line:
/// `# functions/billing.yaml`.
fn functions(blocks: &[Block]) -> Functions {
    let folder = tempfile::tempdir().unwrap();
    let [catalogs, mappings] = [dsl::CATALOG_FOLDER, dsl::mapping::FOLDER].map(|name| {
        let copies = folder.path().join(name);
        std::fs::create_dir(&copies).unwrap();
        for entry in std::fs::read_dir(root().join("workflows").join(name)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, copies.join(path.file_name().unwrap())).unwrap();
        }
        copies
    });
    for block in blocks.iter().filter(|b| kind(b) == Kind::Catalog) {
        let name = block.text.lines().next().and_then(|l| l.strip_prefix("# functions/")).unwrap_or_else(|| {
            panic!("{}: a catalog's first line names its file: `# functions/NAME.yaml`", block.place)
        });
        let path = catalogs.join(name.trim());
        assert!(!path.exists(), "{}: there is a catalog of that name already", block.place);
        std::fs::write(path, &block.text).unwrap();
    }
    for block in blocks.iter().filter(|b| kind(b) == Kind::Mapping) {
        let name = block.text.lines().find_map(|line| line.strip_prefix("mapping: ")).unwrap();
        let path = mappings.join(format!("{name}.yaml"));
        assert!(!path.exists(), "{}: there is a mapping of that name already", block.place);
        std::fs::write(path, &block.text).unwrap();
    }
    let functions = Functions::load(folder.path()).unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes)));
    let releases = blocks.iter().find(|b| kind(b) == Kind::Hub && b.text.contains("\nsecrets:"));
    let hub = releases.map(|b| Hub::load(&b.place, &b.text, &Secrets::fixed([])));
    functions.with_secrets(hub.expect("an example releases a secret").expect("it is sound").secrets)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Workflow,
    Catalog,
    Hub,
    Scenarios,
    Mapping,
    /// Of another program: compose files and the like.
    Foreign,
}

/// What a YAML block is, by its first key.
fn kind(block: &Block) -> Kind {
    let key = block.text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or_default();
    match key.split(':').next().unwrap_or_default() {
        "document" => Kind::Workflow,
        "functions" => Kind::Catalog,
        "mapping" => Kind::Mapping,
        "sources" | "connections" | "identifiers" | "secrets" | "audit" | "retention" => Kind::Hub,
        "definition" | "scenarios" | "invariants" => Kind::Scenarios,
        "services" | "apiVersion" | "jobs" | "scrape_configs" | "groups" => Kind::Foreign,
        other => panic!(
            "{}: a block of YAML is a whole workflow, catalog, hub.yaml or scenario file, so that it can be built; this one begins with {other:?}",
            block.place
        ),
    }
}

fn yaml_blocks() -> Vec<Block> {
    let found: Vec<Block> = pages().iter().flat_map(Page::blocks).filter(|b| b.info == "yaml").collect();
    assert!(found.len() > 10, "only {} examples: are they still marked as yaml?", found.len());
    found
}

#[test]
fn every_example_builds_without_a_mistake() {
    let blocks = yaml_blocks();
    let functions = functions(&blocks).with_processes(dsl::ProcessKind::ALL);
    let mut names = BTreeSet::new();
    for block in &blocks {
        match kind(block) {
            Kind::Workflow => {
                let built = dsl::build(&block.place, &block.text, &functions)
                    .unwrap_or_else(|mistakes| panic!("{}:\n{}", block.place, shown(&mistakes)));
                assert!(
                    names.insert(built.definition.workflow.to_string()),
                    "{}: two examples are {}",
                    block.place,
                    built.definition.workflow
                );
            }
            Kind::Hub => {
                // Whether the secrets are there is not the document's affair.
                let hub = Hub::load(&block.place, &block.text, &Secrets::fixed([]));
                hub.unwrap_or_else(|mistakes| panic!("{}:\n{}", block.place, shown(&mistakes)));
            }
            Kind::Scenarios => {
                let read = stepwell::scenario::file::read(&block.place, &block.text);
                read.unwrap_or_else(|mistakes| panic!("{}:\n{}", block.place, shown(&mistakes)));
            }
            Kind::Mapping => {
                let name = block.text.lines().find_map(|line| line.strip_prefix("mapping: ")).unwrap();
                let mapping = dsl::mapping::Mapping::read(&block.place, name, &block.text);
                let mapping = mapping.unwrap_or_else(|mistakes| panic!("{}:\n{}", block.place, shown(&mistakes)));
                let never = |asked: &stepwell::expr::Evaluation| panic!("{}: {} may not end", block.place, asked.text);
                assert_eq!(mapping.unfit(&never), [], "{}", block.place);
            }
            Kind::Catalog | Kind::Foreign => {}
        }
    }
}

/// What the guides show is not underlined in an editor.
#[test]
fn every_example_matches_the_schema_of_its_file() {
    let mut seen = BTreeSet::new();
    for block in yaml_blocks() {
        let editor = match kind(&block) {
            Kind::Workflow => Editor::Stepwell,
            Kind::Catalog => Editor::Functions,
            Kind::Hub => Editor::Hub,
            Kind::Scenarios => Editor::Scenarios,
            Kind::Mapping => Editor::Mapping,
            Kind::Foreign => continue,
        };
        let validator = jsonschema::options().offline().build(&editor.schema()).unwrap();
        let source = dsl::source::read(&block.place, &block.text);
        let value = source.unwrap_or_else(|mistakes| panic!("{}", shown(&mistakes))).root().to_value();
        let found: Vec<String> = validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(found.is_empty(), "{}: {}\n{}", block.place, editor.file(), found.join("\n"));
        seen.insert(editor.file());
    }
    assert_eq!(seen.len(), Editor::ALL.len(), "only {seen:?} are shown");
}

/// The files of the guide do what it shows: each is named in its first line, each command is followed by what it prints.
#[test]
fn the_guide_to_testing_shows_what_the_program_prints() {
    let folder = tempfile::tempdir().unwrap();
    let blocks = page("testing.md").blocks();
    let run = |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_stepwell"));
        let answer = program.args(arguments).env_clear().current_dir(folder.path()).output().unwrap();
        let failed = String::from_utf8_lossy(&answer.stdout).contains("FAILED");
        assert_eq!(answer.status.code(), Some(i32::from(failed)), "{arguments:?}");
        String::from_utf8(answer.stdout).unwrap() + &String::from_utf8(answer.stderr).unwrap()
    };
    for block in blocks.iter().filter(|b| b.info == "yaml") {
        let name = block.text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        assert!(name.ends_with(".yaml"), "{}: the first line names the file", block.place);
        std::fs::write(folder.path().join(name), &block.text).unwrap();
    }
    let mut seen = 0;
    for block in blocks.iter().filter(|b| b.info == "console") {
        seen += 1;
        let (command, expected) = block.text.split_once('\n').unwrap();
        let arguments: Vec<&str> = command.split_whitespace().skip(2).collect();
        assert_eq!(run(&arguments), expected, "{}: {command}", block.place);
    }
    assert!(seen > 1, "no command with its output was found");
    let all = run(&["test", "."]);
    assert!(all.ends_with("7 scenarios, 0 failed\n"), "{all}");
    for file in ["strict.scenarios.yaml", "payment.yaml"] {
        let strict = run(&["test", file, "--faults"]);
        assert!(strict.contains(" 0 failed, "), "{strict}");
    }
}

/// The example is played against the sandbox, whose account writes dates so that their order as texts is not their order in time.
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

/// An example of what is refused is followed by what `stepwell validate` prints about it, which names the example's file.
#[test]
fn every_refused_example_is_refused_with_the_words_that_follow_it() {
    let functions = functions(&yaml_blocks());
    let mut seen = 0;
    for page in pages() {
        let blocks = page.blocks();
        for (index, block) in blocks.iter().enumerate().filter(|(_, b)| b.info == "yaml refused") {
            seen += 1;
            let told = blocks.get(index + 1).filter(|b| b.info == "text");
            let told = told.unwrap_or_else(|| panic!("{}: what is said about it does not follow", block.place));
            let file = told.text.split(':').next().unwrap_or_default();
            let mistakes = dsl::build(file, &block.text, &functions).err();
            let mistakes = mistakes.unwrap_or_else(|| panic!("{}: it is not refused any more", block.place));
            let lines = mistakes.iter().filter(|m| m.severity == Severity::Error).map(line);
            let expected: Vec<String> = lines.collect();
            let found: Vec<&str> = told.text.lines().filter(|l| l.starts_with(&format!("{file}:"))).collect();
            assert_eq!(found, expected, "{}: expected\n{}", told.place, expected.join("\n"));
            for hint in told.text.lines().filter_map(|l| l.trim().strip_prefix("hint: ")) {
                assert!(
                    mistakes.iter().any(|m| m.hint.as_deref() == Some(hint)),
                    "{}: no such hint: {hint}",
                    told.place
                );
            }
        }
    }
    assert!(seen > 1, "no example of what is refused was found");
}

fn line(m: &Mistake) -> String {
    format!("{}:{}:{}: error: {}", m.file, m.line, m.column, m.message)
}

/// Lines of shell that call `stepwell`, continuation lines joined, and commands in the prose: `stepwell runs list`.
fn commands(page: &Page) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for block in page.blocks().iter().filter(|b| ["sh", "bash", "console"].contains(&b.info.as_str())) {
        let joined = block.text.replace("\\\n", " ");
        let lines = joined.lines().filter(|line| {
            // In a console block only what follows the prompt was typed.
            block.info != "console" || line.trim_start().starts_with("$ ")
        });
        for line in lines.filter(|line| !line.trim_start().starts_with('#')) {
            found.extend(calls(line).into_iter().map(|call| (block.place.clone(), call)));
        }
    }
    let prose = page.prose();
    for span in prose.split('`').skip(1).step_by(2).filter(|span| span.starts_with("stepwell ")) {
        found.push((page.name(), span.replace('\n', " ")));
    }
    found
}

/// The commands of one line of shell that are ours, from the word `stepwell` on.
fn calls(line: &str) -> Vec<String> {
    // What is substituted is a command too: `RUN=$(stepwell run ...)`.
    let line = line.replace("$(", ";");
    let parts = line.split(['|', ';', '&']);
    let ours = parts.filter_map(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        let at = words.iter().position(|w| *w == "stepwell" || w.ends_with("/stepwell"))?;
        // Only assignments, a prompt and wrappers stand before a command.
        let before = words[..at].iter().all(|w| w.contains('=') || ["$", "exec", "sudo", "timeout"].contains(w));
        before.then(|| format!("stepwell {}", words[at + 1..].join(" ")))
    });
    ours.collect()
}

/// What is wrong with a command: a subcommand or an option that does not exist.
fn wrong(call: &str) -> Option<String> {
    let mut command = stepwell::cli::Cli::command();
    command.build();
    let mut command = &command;
    for word in call.split_whitespace().skip(1) {
        let word = word.trim_matches(|c| c == '"' || c == '\'');
        if let Some(option) = word.strip_prefix("--") {
            let option = option.split('=').next().unwrap_or_default();
            let known =
                ["help", "version"].contains(&option) || command.get_arguments().any(|a| a.get_long() == Some(option));
            if !known {
                return Some(format!("`{}` has no option --{option}", command.get_name()));
            }
        } else if command.has_subcommands() {
            let plain = word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            match command.find_subcommand(word) {
                Some(found) => command = found,
                // `stepwell runs ...` in the prose stands for all of them.
                None if !plain => return None,
                None => return Some(format!("`{}` has no subcommand {word}", command.get_name())),
            }
        }
    }
    None
}

#[test]
fn every_command_shown_exists() {
    let mut seen = 0;
    let mut mistakes = Vec::new();
    for page in pages() {
        for (place, call) in commands(&page) {
            seen += 1;
            mistakes.extend(wrong(&call).map(|why| format!("{place}: {call}: {why}")));
        }
    }
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    assert!(seen > 20, "only {seen} commands were found: are they still marked as sh?");
    for bad in ["stepwell rnus list", "stepwell runs lst", "stepwell runs list --sttus x", "stepwell serve --fire"] {
        assert!(wrong(bad).is_some(), "{bad} passes");
    }
}

/// Rust files below a folder, except what is generated.
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

/// Names of all functions that an attribute makes a test.
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

/// The cells of the tables of a page under this head, rows in order.
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
    assert!(known.contains("every_guarantee_names_tests_that_exist"), "this test is not found by its own search");
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

/// Whatever reads like a sentence is the name of a test, also outside of the guarantees.
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

/// Anchors of a page's headings, as GitHub makes them.
fn headings(path: &Path) -> BTreeSet<String> {
    let prose = Page::read(path.to_owned()).prose();
    let titles = prose.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let slug = |title: &str| {
        let kept = title.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    titles.map(slug).collect()
}

/// `cargo` and Clippy keep the pure crates from the world outside; here is kept what they may depend on.
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

/// The table of metrics and the macros of the source name the same metrics.
#[test]
fn the_table_of_metrics_names_every_metric() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut real = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        // The first argument of `counter!(`, `describe_counter!(` and their like.
        for kind in ["counter!(", "gauge!(", "histogram!("] {
            let arguments = text.split(kind).skip(1).filter_map(|rest| rest.trim_start().strip_prefix("\"stepwell_"));
            real.extend(arguments.filter_map(|rest| Some(format!("stepwell_{}", rest.split('"').next()?))));
        }
    }
    let rows = rows(&page("operations.md"), "| metric |");
    let named: BTreeSet<String> =
        rows.iter().flat_map(|row| row[0].split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert!(real.len() > 10, "{real:?}");
    assert_eq!(named, real);
}

/// Addresses of the API in the documents are those that `openapi.json` describes.
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

/// Whether a path is one of a description's pattern; `{id}`, `$RUN` and real values all stand for a part.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).all(|(p, t)| p == t || (p.starts_with('{') && !t.is_empty()))
}
