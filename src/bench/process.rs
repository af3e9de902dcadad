//! Process statistics from Linux `/proc`.

use std::time::Duration;

/// CPU time of a process, without its children.
pub(super) fn cpu(pid: u32) -> Duration {
    stat(pid).map_or(Duration::ZERO, |s| ticks(s.own))
}

/// CPU time of a Postgres server: the postmaster, and its live and ended backends.
pub(super) fn cpu_of_server(postmaster: u32) -> Duration {
    let Some(root) = stat(postmaster) else { return Duration::ZERO };
    let children: u64 = pids().filter_map(stat).filter(|s| s.parent == postmaster).map(|s| s.own).sum();
    ticks(root.own + root.ended_children + children)
}

/// Parent of a process.
pub(super) fn parent(pid: u32) -> Option<u32> {
    stat(pid).map(|s| s.parent)
}

/// Resident memory in bytes.
pub(super) fn resident_bytes(pid: u32) -> u64 {
    memory(pid, "VmRSS:")
}

/// Peak resident memory in bytes.
pub(super) fn peak_bytes(pid: u32) -> u64 {
    memory(pid, "VmHWM:")
}

fn memory(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix(line)).and_then(|v| v.trim().strip_suffix(" kB"));
    kib.and_then(|v| v.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Number of cores and processor model, for the report.
pub(super) fn machine() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpuinfo.lines().find_map(|l| l.strip_prefix("model name")).map(|l| l.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} cores, {}", model.unwrap_or("unknown processor"))
}

struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|e| e.file_name().to_str().and_then(|n| n.parse().ok()))
}

fn stat(pid: u32) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may contain anything; after the last parenthesis, fields are separated by spaces.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    Some(Stat {
        parent: u32::try_from(number(1)).unwrap_or(0),
        own: number(11) + number(12),
        ended_children: number(13) + number(14),
    })
}

/// Converts kernel ticks of a hundredth of a second.
fn ticks(n: u64) -> Duration {
    Duration::from_millis(n * 10)
}
