//! The results of scenario files, as text and as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::rehearsal::explore::Failing;
use super::rehearsal::schedule::Schedule;
use crate::sandbox::Profile;

/// The results of all files.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Files in the order given.
    pub files: Vec<FileReport>,
}

/// The results of a file.
#[derive(Debug, Serialize)]
pub struct FileReport {
    /// File name as given.
    pub file: String,
    /// Workflow under test.
    pub workflow: String,
    /// Profile of the sandbox.
    pub profile: &'static str,
    /// Scenarios in file order.
    pub scenarios: Vec<ScenarioReport>,
}

/// The result of a scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioReport {
    /// Name of the scenario.
    pub name: String,
    /// Line in the file.
    pub line: u32,
    /// Final status of the run.
    pub status: String,
    /// Number of calls that left the node.
    pub calls: usize,
    /// Duration in simulated time.
    pub lasted_ms: u64,
    /// Schedule of faults, if one was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Differences from the expectation.
    pub differences: Vec<String>,
    /// The run's last records; all of them if a schedule was requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub journal: Vec<String>,
    /// The result of exploring schedules, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<FaultsReport>,
}

/// The result of exploring the schedules of a scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultsReport {
    /// Number of schedules tried.
    pub tried: usize,
    /// Number of schedules that failed.
    pub failed: usize,
    /// A shortest failing schedule per reason.
    pub failing: Vec<Failing>,
    /// Whether there were more schedules than the limit.
    pub cut_short: bool,
}

impl ScenarioReport {
    /// Whether the scenario passed under all schedules.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.differences.is_empty() && self.faults.as_ref().is_none_or(|faults| faults.failed == 0)
    }
}

impl Report {
    fn scenarios(&self) -> impl Iterator<Item = &ScenarioReport> {
        self.files.iter().flat_map(|file| &file.scenarios)
    }

    /// Number of failed scenarios.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.scenarios().filter(|scenario| !scenario.passed()).count()
    }

    /// Number of scenarios.
    #[must_use]
    pub fn count(&self) -> usize {
        self.scenarios().count()
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
        for file in &self.files {
            let profile = shown_profile(file.profile, |name| format!("  (profile {name})"));
            writeln!(out, "{}  {}{profile}", file.file, file.workflow)?;
            for scenario in &file.scenarios {
                print_scenario(out, file, scenario)?;
            }
        }
        let tried: usize = self.scenarios().filter_map(|scenario| scenario.faults.as_ref()).map(|f| f.tried).sum();
        let schedules = if tried > 0 { format!(", {}", plural(tried, "schedule")) } else { String::new() };
        writeln!(out, "{}, {} failed{schedules}", plural(self.count(), "scenario"), self.failed())
    }
}

fn print_scenario(out: &mut impl Write, file: &FileReport, scenario: &ScenarioReport) -> io::Result<()> {
    let verdict = if scenario.passed() { "ok    " } else { "FAILED" };
    let ScenarioReport { name, status, calls, lasted_ms, .. } = scenario;
    let schedules = match &scenario.faults {
        Some(faults) if faults.failed == 0 => format!(", {}", plural(faults.tried, "schedule")),
        Some(faults) => format!(", {} of {} fail", faults.failed, plural(faults.tried, "schedule")),
        None => String::new(),
    };
    let calls = plural(*calls, "call");
    writeln!(out, "  {verdict}  {name}  ({status}, {calls}, {}{schedules})", lasted(*lasted_ms))?;
    for difference in &scenario.differences {
        writeln!(out, "{}", indented(difference, 10))?;
    }
    for line in &scenario.journal {
        writeln!(out, "            {line}")?;
    }
    for failing in scenario.faults.iter().flat_map(|faults| &faults.failing) {
        print_failing(out, file, name, failing)?;
    }
    if scenario.faults.as_ref().is_some_and(|faults| faults.cut_short) {
        writeln!(out, "          there are more schedules than may be tried: lower --depth")?;
    }
    Ok(())
}

fn print_failing(out: &mut impl Write, file: &FileReport, name: &str, failing: &Failing) -> io::Result<()> {
    writeln!(out, "          {}", failing.schedule)?;
    for why in &failing.why {
        writeln!(out, "{}", indented(why, 12))?;
    }
    for line in &failing.journal {
        writeln!(out, "            {line}")?;
    }
    let name = name.replace('\'', "'\\''");
    let profile = shown_profile(file.profile, |name| format!(" --profile {name}"));
    let FileReport { file, .. } = file;
    writeln!(
        out,
        "            again: stepwell test {file}{profile} --scenario '{name}' --schedule '{}'",
        failing.schedule
    )
}

/// Formats the profile, unless it is the default one.
fn shown_profile(name: &str, shown: impl Fn(&str) -> String) -> String {
    if name == <&Profile>::default().name { String::new() } else { shown(name) }
}

fn indented(text: &str, by: usize) -> String {
    let space = " ".repeat(by);
    text.lines().map(|line| format!("{space}{line}")).collect::<Vec<_>>().join("\n")
}

fn plural(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Formats a duration: 0.31 s, 4 min 32 s, 72 h 0 min.
fn lasted(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0..60 => format!("{seconds}.{:02} s", milliseconds % 1_000 / 10),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_as_people_say_it() {
        let shown = [310, 59_999, 272_480, 259_200_000].map(lasted);
        assert_eq!(shown, ["0.31 s", "59.99 s", "4 min 32 s", "72 h 0 min"]);
    }
}
