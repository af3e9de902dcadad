//! Formats a run as a tree for terminals. Pure: text from a view.

use std::fmt::Write;

use super::shown::{Run, Task};
use crate::cli::print;
use crate::words::{duration, millis_between};

/// Formats a run as a tree.
pub(in crate::cli) fn tree(run: &Run) -> String {
    let mut text = String::new();
    let key = run.key.as_ref().map(|k| format!("  key {k}")).unwrap_or_default();
    let took = run
        .finished_at
        .zip(run.started_at)
        .map(|(end, start)| format!("  in {}", duration(millis_between(start, end))));
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{} {}  {}{key}{}", sign(&run.status), run.workflow, run.status, took.unwrap_or_default());
    let _ = writeln!(text, "  run {}", run.id);
    if let Some(attention) = &run.attention {
        let _ = writeln!(text, "  needs attention: {}", attention.replace('_', " "));
    }
    if run.paused_ms > 0 {
        let _ = writeln!(text, "  paused for {}; timeouts do not count this time", duration(run.paused_ms));
    }
    if let Some(since) = run.paused_since {
        let _ = writeln!(text, "  paused since {}; timeouts are stopped", print::at(since));
    }
    if let Some(moved) = &run.moved {
        let _ = writeln!(text, "  moved from version {} at {}", moved.from, print::at(moved.at));
    }
    if let Some(continued) = &run.continued {
        let at = print::at(continued.at);
        let (tasks, records) = (continued.tasks, continued.records);
        let _ = writeln!(text, "  continued as new at {at}, after {tasks} tasks and {records} records");
    }
    for (index, task) in run.tasks.iter().enumerate() {
        let last = index + 1 == run.tasks.len();
        let _ = writeln!(text, "  {} {}", if last { "└─" } else { "├─" }, line(task, is_handled(&run.tasks, task)));
    }
    if !run.input.is_null() {
        let _ = writeln!(text, "  input {}", cut(&run.input.to_string(), 300));
    }
    if let Some(error) = &run.error {
        let _ = writeln!(
            text,
            "  error {} {}",
            error.status,
            error.detail.as_ref().or(error.title.as_ref()).unwrap_or(&error.r#type)
        );
    }
    if let Some(output) = &run.output {
        let _ = writeln!(text, "  output {}", cut(&output.to_string(), 300));
    }
    text
}

/// Whether the workflow handled a task's fault: an enclosing task completed.
fn is_handled(tasks: &[Task], task: &Task) -> bool {
    let is_inside = |outer: &Task| task.reference.strip_prefix(&outer.reference).is_some_and(|r| r.starts_with('/'));
    task.status == "faulted" && tasks.iter().any(|outer| outer.status == "completed" && is_inside(outer))
}

fn line(task: &Task, is_handled: bool) -> String {
    let depth = depth(&task.reference);
    let status = if is_handled { "handled" } else { task.status.as_str() };
    let mark = match status {
        "handled" => "·",
        "completed" => "✓",
        "skipped" => "○",
        "faulted" => "✗",
        "cancelled" => "–",
        _ => "…",
    };
    let name = match &task.compensates {
        Some(undone) => format!("undo {}", undone.rsplit('/').next().unwrap_or(undone)),
        None => task.name.clone(),
    };
    let attempts = if task.attempts > 1 { format!("  {} attempts", task.attempts) } else { String::new() };
    let took = task.finished_at.map(|end| duration(millis_between(task.started_at, end))).unwrap_or_default();
    let error = task.error.as_ref().filter(|_| task.status == "faulted").map(|e| {
        format!("  {} {}", e.status, cut(e.detail.as_deref().or(e.title.as_deref()).unwrap_or_default(), 120))
    });
    let iteration: String = task.iteration.iter().map(|index| format!("[{index}]")).collect();
    let indented = format!("{}{name}{iteration}", "  ".repeat(depth));
    format!("{mark} {indented:32} {:10} {took:>8}{attempts}{}", status, error.unwrap_or_default())
}

/// Nesting depth of a task.
fn depth(reference: &str) -> usize {
    let nested =
        reference.split('/').filter(|part| matches!(*part, "do" | "for" | "try" | "call" | "metadata")).count();
    nested.saturating_sub(1).min(6)
}

fn sign(status: &str) -> &'static str {
    match status {
        "completed" => "✓",
        "faulted" | "compensated" | "cancelled" => "✗",
        _ => "…",
    }
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Time;

    fn task(reference: &str, status: &str) -> Task {
        Task {
            reference: reference.to_owned(),
            name: reference.rsplit('/').next().unwrap_or_default().to_owned(),
            status: status.to_owned(),
            attempts: 1,
            iteration: Vec::new(),
            compensates: None,
            task: None,
            started_at: Time::UNIX_EPOCH,
            finished_at: None,
            error: None,
        }
    }

    #[test]
    fn a_fault_that_the_workflow_handles_is_not_shown_as_failed() {
        let tasks =
            [task("/do/0/find", "completed"), task("/do/0/find/try/0/read", "faulted"), task("/do/0/findX", "faulted")];
        let marks: Vec<String> = tasks.iter().map(|t| line(t, is_handled(&tasks, t))).collect();
        assert!(marks[1].starts_with("·") && marks[1].contains("handled"), "{}", marks[1]);
        assert!(marks[2].starts_with("✗"), "{}", marks[2]);
    }
}
