//! `stepwell validate --compatible-with`: compares definitions with earlier versions and reports what changes for
//! callers.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::load;
use crate::cli::context;
use crate::cli::serving::server::refused;
use crate::config::Settings;
use crate::dsl::compatibility::{self, Change, Finding};
use crate::dsl::source::Source;
use crate::dsl::{Definition, Functions, Mistake, ProcessKind, Severity};

/// Loads the definitions to compare with: from a file or folder, or a deployed one.
pub(super) async fn older(old: &str, settings: &Settings) -> anyhow::Result<Vec<Arc<Definition>>> {
    let path = Path::new(old);
    if path.exists() {
        let mut found = Vec::new();
        for file in load::definitions(path)? {
            let functions = Functions::load(&load::folder(&file)).map_err(|mistakes| refused(&mistakes))?;
            // A definition that was valid once may use secrets that are no longer released.
            let functions = functions.with_processes(ProcessKind::ALL);
            found.push(load::rebuild(&file, &functions)?.map_err(|mistakes| refused(&mistakes))?.definition);
        }
        return Ok(found);
    }
    let (workflow, version) = old.split_once(':').map_or((old, None), |(workflow, version)| (workflow, Some(version)));
    let (namespace, name) = workflow
        .split_once('/')
        .with_context(|| format!("{old:?} is not a file or folder; give a path, or NAMESPACE/NAME[:VERSION]"))?;
    let engine = context::engine(settings).await?;
    let deployed = engine.deployed();
    let versions = deployed.definitions.get(&(namespace.to_owned(), name.to_owned()));
    let is_wanted = |d: &&Arc<Definition>| version.is_none_or(|v| v == "latest" || d.workflow.version == v);
    let found = versions.into_iter().flatten().find(is_wanted);
    Ok(vec![Arc::clone(found.with_context(|| format!("no file {old} exists, and no workflow {old} is deployed"))?)])
}

/// Finds the highest earlier version of the same workflow. If there is a single definition on either side, they are
/// compared whatever their names.
pub(super) fn earlier<'d>(old: &'d [Arc<Definition>], new: &Definition, is_only: bool) -> Option<&'d Arc<Definition>> {
    let is_same = |o: &&Arc<Definition>| {
        (&o.workflow.namespace, &o.workflow.name) == (&new.workflow.namespace, &new.workflow.name)
    };
    let version = |o: &&Arc<Definition>| semver::Version::parse(&o.workflow.version).ok();
    old.iter().filter(is_same).max_by_key(version).or_else(|| old.first().filter(|_| is_only && old.len() == 1))
}

/// The result of a comparison.
#[derive(Debug)]
pub(super) struct Compared {
    /// Each change with its position.
    pub(super) mistakes: Vec<Mistake>,
    /// Summary in one line.
    pub(super) verdict: String,
}

/// Returns what a definition changes for callers, with positions in its source.
pub(super) fn compare(old: &Definition, new: &Definition, file: &str, source: &Source) -> Compared {
    let (before, after) = (&old.workflow.version, &new.workflow.version);
    let mistake = |pointer: &str, severity, message: String, hint: Option<String>| {
        let node = source.nearest(pointer);
        let place = node.key_place().or_else(|| node.place()).unwrap_or_default();
        let file = file.to_owned();
        Mistake { file, line: place.line, column: place.column, pointer: pointer.to_owned(), message, hint, severity }
    };
    let mut mistakes = Vec::new();
    if !compatibility::is_later(before, after) && *old.document != *new.document {
        let message = format!("version {after} does not come after {before}");
        let hint = Some("a deployed version never changes: give this one a higher number".to_owned());
        mistakes.push(mistake("/document/version", Severity::Error, message, hint));
    }
    let announced = compatibility::announces_a_break(before, after);
    let findings = compatibility::compare(old, new);
    for finding in &findings {
        let (severity, message, hint) = told(finding, before, announced);
        mistakes.push(mistake(&finding.pointer, severity, message, hint));
    }
    mistakes.sort_by_key(|m| (m.line, m.column));
    let verdict = match findings.iter().map(|finding| finding.change).min() {
        Some(Change::Breaking) => format!("breaking: {} breaks callers of {}", new.workflow, old.workflow),
        Some(Change::Unclear) => {
            format!("compatible as far as can be determined: {} with {}", new.workflow, old.workflow)
        }
        None => format!("compatible: {} with {}", new.workflow, old.workflow),
    };
    Compared { mistakes, verdict }
}

fn told(finding: &Finding, before: &str, announced: bool) -> (Severity, String, Option<String>) {
    let message = &finding.message;
    match finding.change {
        Change::Unclear => (Severity::Warning, format!("may affect callers of {before}: {message}"), None),
        Change::Breaking => {
            let severity = if announced { Severity::Warning } else { Severity::Error };
            let hint = (!announced).then(|| advice(before));
            (severity, format!("breaks callers of {before}: {message}"), hint)
        }
    }
}

/// Advises which version would announce a breaking change.
fn advice(before: &str) -> String {
    let next = semver::Version::parse(before).map_or_else(
        |_| "another major version".to_owned(),
        |v| if v.major == 0 { format!("0.{}.0", v.minor + 1) } else { format!("{}.0.0", v.major + 1) },
    );
    format!("undo the change, or announce it: `version: '{next}'`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsl::{self, source};

    fn definition(name: &str, version: &str, schema: &str) -> (Arc<Definition>, String) {
        let text = format!(
            "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '{version}' }}\ninput:\n  schema:\n    document: {schema}\ndo:\n  - a: {{ set: {{ b: 1 }} }}\n"
        );
        (dsl::build("pay.yaml", &text, &Functions::default()).expect("sound").definition, text)
    }

    /// Line, column, severity, message and hint.
    type Told = (u32, u32, Severity, String, Option<String>);

    fn told(version: &str, schema: &str) -> (Vec<Told>, String) {
        let (old, _) = definition("pay", "1.2.0", "{ type: object, required: [id] }");
        let (new, text) = definition("pay", version, schema);
        let compared = compare(&old, &new, "pay.yaml", &source::read("pay.yaml", &text).expect("YAML"));
        let mistakes = compared.mistakes.into_iter();
        (mistakes.map(|m| (m.line, m.column, m.severity, m.message, m.hint)).collect(), compared.verdict)
    }

    #[test]
    fn a_break_is_shown_at_its_place_and_is_an_error_unless_the_version_announces_it() {
        let narrower = "{ type: object, required: [id, amount] }";
        let message = || "breaks callers of 1.2.0: `amount` is now required".to_owned();
        let hint = "undo the change, or announce it: `version: '2.0.0'`".to_owned();
        let (mistakes, verdict) = told("1.3.0", narrower);
        assert_eq!(mistakes, [(4, 31, Severity::Error, message(), Some(hint))]);
        assert_eq!(verdict, "breaking: test/pay:1.3.0 breaks callers of test/pay:1.2.0");
        assert_eq!(told("2.0.0", narrower).0, [(4, 31, Severity::Warning, message(), None)]);
        let (mistakes, verdict) = told("1.3.0", "{ type: object }");
        assert_eq!((mistakes.len(), verdict.as_str()), (0, "compatible: test/pay:1.3.0 with test/pay:1.2.0"));
        let (mistakes, verdict) = told("1.3.0", "{ type: object, oneOf: [{ type: object }] }");
        assert_eq!((mistakes.len(), mistakes[0].2), (1, Severity::Warning));
        assert!(verdict.starts_with("compatible as far as can be determined"), "{verdict}");
        let (mistakes, _) = told("1.1.0", "{ type: object }");
        assert_eq!(mistakes[0].3, "version 1.1.0 does not come after 1.2.0");
    }

    #[test]
    fn a_definition_is_compared_with_the_highest_version_of_its_workflow() {
        let made = |name: &str, version: &str| definition(name, version, "true").0;
        let old = [made("pay", "1.2.0"), made("other", "9.0.0"), made("pay", "1.10.0")];
        let new = made("pay", "2.0.0");
        let version = |found: Option<&Arc<Definition>>| found.map(|d| d.workflow.to_string());
        assert_eq!(version(earlier(&old, &new, true)).as_deref(), Some("test/pay:1.10.0"));
        // A renamed workflow is compared with the only other one; in a folder it counts as new.
        assert_eq!(version(earlier(&old[1..2], &new, true)).as_deref(), Some("test/other:9.0.0"));
        assert_eq!(version(earlier(&old[1..2], &new, false)), None);
    }
}
