//! Every example in the documents is valid: it builds, matches the schema of its file, or is refused with the message
//! that follows it.

use std::collections::BTreeSet;

use stepwell::connect::Secrets;
use stepwell::dsl::editor::Editor;
use stepwell::dsl::{self, Functions, Mistake, Severity};
use stepwell::hub::Hub;

use super::{Block, Page, pages, root, shown};

/// Returns the shipped catalogs and mappings with those of the documents. The first line of a catalog is the name of
/// its file: `# functions/billing.yaml`.
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
pub(super) enum Kind {
    Workflow,
    Catalog,
    Hub,
    Scenarios,
    Mapping,
    /// A file of another program, such as a compose file.
    Foreign,
}

/// Returns the kind of a YAML block, by its first key.
pub(super) fn kind(block: &Block) -> Kind {
    let key = block.text.lines().find(|l| !l.trim().is_empty() && !l.starts_with('#')).unwrap_or_default();
    match key.split(':').next().unwrap_or_default() {
        "document" => Kind::Workflow,
        "functions" => Kind::Catalog,
        "mapping" => Kind::Mapping,
        "sources" | "connections" | "identifiers" | "secrets" | "audit" | "retention" | "notify" => Kind::Hub,
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
                // The secrets need not exist here.
                let hub = Hub::load(&block.place, &block.text, &Secrets::fixed([]));
                hub.unwrap_or_else(|mistakes| panic!("{}:\n{}", block.place, shown(&mistakes)));
            }
            Kind::Scenarios => {
                let read = stepwell::scenario::read(&block.place, &block.text);
                read.unwrap_or_else(|mistakes| panic!("{}:\n{}", block.place, shown(&mistakes)));
            }
            Kind::Mapping => {
                let name = block.text.lines().find_map(|line| line.strip_prefix("mapping: ")).unwrap();
                let mapping = dsl::mapping::Mapping::read(&block.place, name, &block.text);
                let mapping = mapping.unwrap_or_else(|mistakes| panic!("{}:\n{}", block.place, shown(&mistakes)));
                let never = |asked: &stepwell::expr::Evaluation| panic!("{}: {} may not end", block.place, asked.text);
                assert_eq!(mapping.failed_samples(&never), [], "{}", block.place);
            }
            Kind::Catalog | Kind::Foreign => {}
        }
    }
}

/// An editor must not underline what the guides show.
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

/// An example that is refused is followed by the output of `stepwell validate`, which contains the name of the
/// example's file.
#[test]
fn every_refused_example_is_refused_with_the_words_that_follow_it() {
    let functions = functions(&yaml_blocks());
    let mut seen = 0;
    for page in pages() {
        let blocks = page.blocks();
        for (index, block) in blocks.iter().enumerate().filter(|(_, b)| b.info == "yaml refused") {
            seen += 1;
            let told = blocks.get(index + 1).filter(|b| b.info == "text");
            let told = told.unwrap_or_else(|| panic!("{}: the expected message does not follow", block.place));
            let file = told.text.split(':').next().unwrap_or_default();
            let mistakes = dsl::build(file, &block.text, &functions).err();
            let mistakes = mistakes.unwrap_or_else(|| panic!("{}: it is no longer refused", block.place));
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
    assert!(seen > 1, "no refused example was found");
}

fn line(m: &Mistake) -> String {
    format!("{}:{}:{}: error: {}", m.file, m.line, m.column, m.message)
}
