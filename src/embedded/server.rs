//! The server process of a cluster: whether it runs, and how to start and stop it.
//!
//! Postgres handles its own lock file, with one exception: after a reboot, the process id in it may belong to another
//! program of the same user, and Postgres would then refuse to start forever.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use tracing::warn;

use super::home::Home;
use super::user::command;

/// A running server of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Live {
    pub(super) pid: u32,
    pub(super) port: u16,
}

/// Returns the server named in the lock file, if it is alive and really belongs to this cluster.
pub(super) fn live(home: &Home) -> Option<Live> {
    let lock = read_lock(home)?;
    is_of(lock.pid, &home.data()).then_some(lock)
}

fn read_lock(home: &Home) -> Option<Live> {
    let text = std::fs::read_to_string(lock_file(home)).ok()?;
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok()?;
    let port = lines.nth(2)?.trim().parse().ok()?;
    Some(Live { pid, port })
}

fn lock_file(home: &Home) -> PathBuf {
    home.data().join("postmaster.pid")
}

/// Whether a process belongs to the cluster: its working directory is the data directory, or (without `/proc`) its
/// command line names it.
fn is_of(pid: u32, data: &Path) -> bool {
    if Path::new("/proc/self").exists() {
        return works_in(&PathBuf::from(format!("/proc/{pid}")), data);
    }
    let shown = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    shown.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains(&*data.to_string_lossy()))
}

fn works_in(process: &Path, data: &Path) -> bool {
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    std::fs::read_link(process.join("cwd")).is_ok_and(|folder| folder == data)
}

/// Removes a lock file whose process id now belongs to another program, if no process of the cluster is left.
fn clear_foreign_lock(home: &Home) {
    let Some(lock) = read_lock(home) else { return };
    let is_taken_by_another = Path::new(&format!("/proc/{}", lock.pid)).exists() && !is_of(lock.pid, &home.data());
    if !is_taken_by_another || any_process_of(home) {
        return;
    }
    warn!(pid = lock.pid, "removing the stale lock file of the private Postgres: it names another program");
    if let Err(error) = std::fs::remove_file(lock_file(home)) {
        warn!(%error, file = %lock_file(home).display(), "the stale lock file cannot be removed");
    }
}

fn any_process_of(home: &Home) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.map(|entry| entry.path()).any(|process| works_in(&process, &home.data()))
}

/// Starts the server on this port.
pub(super) fn launch(home: &Home, binaries: &Path, port: u16) -> anyhow::Result<Child> {
    clear_foreign_lock(home);
    let program = binaries.join("postgres");
    // Keep the previous log: a failed start must not hide why the server ended before.
    let _ = std::fs::rename(home.log(), home.log().with_extension("old"));
    let log = std::fs::File::create(home.log()).with_context(|| format!("writing {}", home.log().display()))?;
    command(&program, home.user.as_ref())
        .arg("-D")
        .arg(home.data())
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("writing the log of the private Postgres")?)
        .stderr(log)
        // Its own group: Ctrl-C in a terminal stops Stepwell, which then shuts Postgres down in order.
        .process_group(0)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))
}

/// Stops the server and waits for its end. Open transactions are rolled back.
pub(super) fn stop(home: &Home, binaries: &Path) -> bool {
    let stopped = command(&binaries.join("pg_ctl"), home.user.as_ref())
        .args(["stop", "--mode=fast", "--wait", "--silent", "--pgdata"])
        .arg(home.data())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    stopped.is_ok_and(|status| status.success())
}

/// Returns a free port, preferably the last one so that saved URLs keep working.
pub(super) fn free_port(last: Option<u16>) -> anyhow::Result<u16> {
    let listen = |port| std::net::TcpListener::bind(("127.0.0.1", port));
    let bound = last.and_then(|port| listen(port).ok()).map_or_else(|| listen(0), Ok);
    Ok(bound.and_then(|l| l.local_addr()).context("finding a free port for the private Postgres")?.port())
}
