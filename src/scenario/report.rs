//! The result of scenario files, for people and for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::rehearsal::explore::Failing;
use super::rehearsal::schedule::Schedule;
use crate::sandbox::Profile;

/// The result of all files.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// In the order in which they were given.
    pub files: Vec<FileReport>,
}

/// The result of one file.
#[derive(Debug, Serialize)]
pub struct FileReport {
    /// Its name as given.
    pub file: String,
    /// The workflow that it is about.
    pub workflow: String,
    /// Which company's systems the sandbox stood for.
    pub profile: &'static str,
    /// In the order of the file.
    pub scenarios: Vec<ScenarioReport>,
}

/// The result of one scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// Its line in the file.
    pub line: u32,
    /// How the run ended.
    pub status: String,
    /// Calls that left the node.
    pub calls: usize,
    /// From begin to end in the run's own time.
    pub lasted_ms: u64,
    /// What went wrong on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// What is not as it should be.
    pub differences: Vec<String>,
    /// The run's last records, or all of them where a schedule was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub journal: Vec<String>,
    /// The result of all schedules, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<FaultsReport>,
}

/// The result of all schedules of one scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultsReport {
    /// How many were tried.
    pub tried: usize,
    /// How many failed.
    pub failed: usize,
    /// The shortest for each reason.
    pub failing: Vec<Failing>,
    /// Whether there were more than may be tried.
    pub cut_short: bool,
}

impl ScenarioReport {
    /// Whether all is as it should be.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.differences.is_empty() && self.faults.as_ref().is_none_or(|faults| faults.failed == 0)
    }
}

impl Report {
    fn scenarios(&self) -> impl Iterator<Item = &ScenarioReport> {
        self.files.iter().flat_map(|file| &file.scenarios)
    }

    /// How many scenarios failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.scenarios().filter(|scenario| !scenario.passed()).count()
    }

    /// How many scenarios there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.scenarios().count()
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

/// The profile, where it is not that which nobody asked for.
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

/// A time for people: 0.31 s, 4 min 32 s, 72 h 0 min.
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
