//! What preflight found, for people and for programs.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde::Serialize;

use super::usage::{By, System};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Some run would fail.
    Error,
    /// Some run may fail, or nobody can tell from here.
    Warning,
}

/// One thing that is not as the workflows need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: `Account.NetSuite_Id__c`, a table, a limit.
    pub subject: String,
    /// What is wrong, in a sentence.
    pub problem: String,
    /// What to do next.
    pub next: String,
    /// The workflows that need it.
    pub needed_by: BTreeSet<String>,
}

/// The result of one connection.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionReport {
    /// Its name in `hub.yaml`.
    pub connection: String,
    /// What it leads to.
    pub system: System,
    /// Where.
    pub base_url: Option<String>,
    /// What was looked at: objects and tables.
    pub looked_at: BTreeSet<String>,
    /// Records that were translated by a mapping, without being written anywhere.
    pub sampled: usize,
    /// Calls that it took.
    pub calls: usize,
    /// The worst first.
    pub findings: Vec<Finding>,
}

/// The result of all connections.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// By name.
    pub connections: Vec<ConnectionReport>,
    /// Connections that workflows call and that preflight does not know how to ask.
    #[serde(rename = "notAsked")]
    pub not_asked: BTreeSet<String>,
}

impl Finding {
    /// A run would fail.
    pub fn error(subject: impl Into<String>, problem: impl Into<String>, next: impl Into<String>, by: &By) -> Self {
        Self::new(Severity::Error, subject.into(), problem.into(), next.into(), by)
    }

    /// A run may fail.
    pub fn warning(subject: impl Into<String>, problem: impl Into<String>, next: impl Into<String>, by: &By) -> Self {
        Self::new(Severity::Warning, subject.into(), problem.into(), next.into(), by)
    }

    fn new(severity: Severity, subject: String, problem: String, next: String, by: &By) -> Self {
        Self { severity, subject, problem, next, needed_by: by.clone() }
    }
}

impl Report {
    /// Whether some run would fail.
    #[must_use]
    pub fn would_fail(&self) -> bool {
        self.findings().any(|finding| finding.severity == Severity::Error)
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.connections.iter().flat_map(|connection| &connection.findings)
    }

    /// As one JSON object.
    ///
    /// # Errors
    /// The writer's.
    pub fn print_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// For people.
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
