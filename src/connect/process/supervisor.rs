//! The process between the node and a program: sets limits, passes input, and kills the program with everything that it
//! started as soon as the node lets go.
//!
//! Its standard input carries one frame, the order, and then stays open until the node closes it or dies. The program's
//! output goes to the node directly. The supervisor ends as the program did: with its exit code, or by the same signal.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Pid, Signal, getpid, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

/// What to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    pub(super) stdin: String,
    pub(super) memory_bytes: Option<u64>,
    /// Arguments of a cleanup command, run before the program and again if the program is killed. Its result is
    /// ignored.
    pub(super) before: Option<Vec<String>>,
}

/// Longest order, in bytes.
const FRAME_BYTES_MAX: usize = 64 << 20;

impl Order {
    pub(super) fn to_frame(&self) -> Vec<u8> {
        let body = serde_json::to_vec(self).expect("an order is plain data");
        let mut frame = u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
        frame.extend(body);
        frame
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value))).process_group(0);
        command
    }

    /// Runs the cleanup command silently.
    fn tidy_up(&self) {
        if let Some(arguments) = &self.before {
            let quiet = self
                .command()
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            // There was nothing to remove, or the real run will report the problem.
            drop(quiet);
        }
    }
}

/// Implements the hidden subcommand `process`.
#[must_use]
pub fn main() -> ExitCode {
    match supervise() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("stepwell: {error}");
            ExitCode::from(127)
        }
    }
}

fn supervise() -> std::io::Result<ExitCode> {
    let order = read_order(&mut std::io::stdin().lock())?;
    order.tidy_up();
    let mut command = order.command();
    command.args(&order.arguments).stdin(Stdio::piped());
    if let Some(bytes) = order.memory_bytes {
        rlimit::setrlimit(rlimit::Resource::AS, bytes, bytes)?;
    }
    rlimit::setrlimit(rlimit::Resource::CORE, 0, 0)?;
    let mut child =
        command.spawn().map_err(|e| std::io::Error::other(format!("cannot start {}: {e}", order.program)))?;
    let group = Pid::from_child(&child);
    let input = child.stdin.take();
    let text = order.stdin.clone();
    let threads = std::thread::Builder::new().stack_size(64 << 10);
    threads.spawn(move || {
        // A program need not read its input.
        input.map(|mut input| drop(input.write_all(text.as_bytes())))
    })?;
    let threads = std::thread::Builder::new().stack_size(64 << 10);
    threads.spawn(move || {
        // Nothing more arrives: the read returns when the node closes the pipe or dies.
        drop(std::io::stdin().lock().read(&mut [0]));
        kill(group);
        order.tidy_up();
        std::process::exit(1);
    })?;
    let status = child.wait()?;
    // Kill whatever the program left in the background.
    kill(group);
    match (status.code(), status.signal().and_then(Signal::from_named_raw)) {
        (Some(code), _) => Ok(ExitCode::from(u8::try_from(code).unwrap_or(1))),
        (None, signal) => {
            kill_process(getpid(), signal.unwrap_or(Signal::KILL))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Kills the whole group. An empty group is fine.
fn kill(group: Pid) {
    let _nobody_left = kill_process_group(group, Signal::KILL);
}

fn read_order(input: &mut impl Read) -> std::io::Result<Order> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(std::io::Error::other("the order is too long"));
    }
    let mut frame = vec![0; length];
    input.read_exact(&mut frame)?;
    serde_json::from_slice(&frame).map_err(std::io::Error::other)
}
