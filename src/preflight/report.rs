//! The findings of preflight, as text and as JSON.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::usage::{By, System};

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A run would fail.
    Error,
    /// A run may fail, or preflight cannot tell.
    Warning,
}

/// A mismatch between an account and the workflows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Severity.
    pub severity: Severity,
    /// What it concerns, such as `Account.NetSuite_Id__c`, a table or a limit.
    pub subject: String,
    /// The problem, in a sentence.
    pub problem: String,
    /// What to do about it.
    pub next: String,
    /// Workflows that are affected.
    pub needed_by: BTreeSet<String>,
}

/// The result for one connection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionReport {
    /// Name in `hub.yaml`.
    pub connection: String,
    /// System that it connects to.
    pub system: System,
    /// Base URL in this environment.
    pub base_url: Option<String>,
    /// Objects and tables that were checked.
    pub looked_at: BTreeSet<String>,
    /// Number of records translated by mappings, without being written.
    pub sampled: usize,
    /// Number of calls made.
    pub calls: usize,
    /// Most severe first.
    pub findings: Vec<Finding>,
}

/// The results for all connections.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Sorted by name.
    pub connections: Vec<ConnectionReport>,
    /// Connections used by workflows whose system preflight does not know.
    #[serde(rename = "notAsked")]
    pub not_asked: BTreeSet<String>,
}

impl Finding {
    /// Creates a finding because of which runs would fail.
    pub fn error(subject: impl Into<String>, problem: impl Into<String>, next: impl Into<String>, by: &By) -> Self {
        Self::new(Severity::Error, subject.into(), problem.into(), next.into(), by)
    }

    /// Creates a finding because of which runs may fail.
    pub fn warning(subject: impl Into<String>, problem: impl Into<String>, next: impl Into<String>, by: &By) -> Self {
        Self::new(Severity::Warning, subject.into(), problem.into(), next.into(), by)
    }

    fn new(severity: Severity, subject: String, problem: String, next: String, by: &By) -> Self {
        Self { severity, subject, problem, next, needed_by: by.clone() }
    }
}

impl Report {
    /// Whether any run would fail.
    #[must_use]
    pub fn would_fail(&self) -> bool {
        self.findings().any(|finding| finding.severity == Severity::Error)
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.connections.iter().flat_map(|connection| &connection.findings)
    }

    /// Writes the report as a JSON object.
    ///
    /// # Errors
    /// The writer's.
    pub fn print_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// Writes the report as text.
    ///
    /// # Errors
    /// The writer's.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for connection in &self.connections {
            let ConnectionReport { connection: name, base_url, looked_at, sampled, calls, findings, .. } = connection;
            writeln!(out, "{name}  {}", base_url.as_deref().unwrap_or("no base URL for this environment"))?;
            for finding in findings {
                print_finding(out, finding)?;
            }
            let verdict = if findings.is_empty() { "ok" } else { "found" };
            let looked_at = plural(looked_at.len(), "object or table", "objects and tables");
            writeln!(
                out,
                "  {verdict:9}  {looked_at}, {} translated, {}; nothing was written",
                plural(*sampled, "record", "records"),
                plural(*calls, "call", "calls")
            )?;
        }
        for name in &self.not_asked {
            writeln!(out, "{name}  not checked: preflight supports Salesforce and NetSuite")?;
        }
        let count = |severity| self.findings().filter(|finding| finding.severity == severity).count();
        let errors = plural(count(Severity::Error), "error", "errors");
        writeln!(out, "{errors}, {}", plural(count(Severity::Warning), "warning", "warnings"))
    }
}

fn print_finding(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    let Finding { severity, subject, problem, next, needed_by } = finding;
    let severity = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    writeln!(out, "  {severity:9}  {subject}: {problem}")?;
    writeln!(out, "             next: {next}")?;
    if !needed_by.is_empty() {
        let names: Vec<&str> = needed_by.iter().map(String::as_str).collect();
        writeln!(out, "             needed by: {}", names.join(", "))?;
    }
    Ok(())
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
