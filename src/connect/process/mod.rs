//! Programs that definitions may run if an operator allows it: a shell command, a script or a container.
//!
//! They run with the node's privileges; the limits below are the only sandbox. Each gets its own directory, an
//! environment without any of the node's variables, and a supervisor ([`supervisor`]): this executable again, which
//! sets the limits and kills the whole process group as soon as the node lets go of it or dies.

mod container;
pub mod supervisor;

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Semaphore;

use super::problem::Problem;
use super::wire::charset;
use crate::dsl::{ProcessKind, ProcessReturn};
use crate::machine::{
    CallOutcome, CallRequest, ErrorKind, ProcessRequest, ResponseSummary, TargetEffect, WorkflowError,
};
use crate::text::{Replaced, without_nul};
use supervisor::Order;

/// What programs may use.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessSettings {
    /// Kinds that may run at all.
    pub enable: BTreeSet<ProcessKind>,
    /// Time limit per program.
    pub time: Duration,
    /// Address space per program, in bytes.
    pub memory_bytes: u64,
    /// Limit for each of stdout and stderr, in bytes; a program that writes more is killed.
    pub output_bytes: usize,
    /// Programs running at the same time on this node.
    pub concurrency: usize,
    /// Container engine: `docker` or `podman`.
    pub container: String,
    /// Images that may run; `prefix*` matches every image that starts with the prefix. Empty: any image.
    pub container_images: Vec<String>,
    /// Container network to use.
    pub container_network: String,
    /// CPUs per container.
    pub container_cpus: f64,
    /// Processes per container.
    pub container_pids: u32,
}

impl Default for ProcessSettings {
    fn default() -> Self {
        Self {
            enable: BTreeSet::new(),
            time: Duration::from_mins(1),
            memory_bytes: 512 << 20,
            output_bytes: 1 << 20,
            concurrency: 4,
            container: "docker".to_owned(),
            container_images: Vec::new(),
            container_network: "none".to_owned(),
            container_cpus: 1.0,
            container_pids: 256,
        }
    }
}

/// The only `PATH`: used to find programs, and passed to them.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Variables that the node sets for each program; a definition cannot.
const NODE_VARIABLES: [&str; 2] = ["STEPWELL_IDEMPOTENCY_KEY", "TRACEPARENT"];

/// How much of the end of stderr goes into an error, in characters.
const COMPLAINT_MAX: usize = 2_000;

/// Runs programs.
#[derive(Debug)]
pub(super) struct Processes {
    settings: ProcessSettings,
    supervisor: PathBuf,
    slots: std::sync::Arc<Semaphore>,
}

/// How a program ended.
struct Ended {
    status: ExitStatus,
    stdout: String,
    stderr: String,
    /// Note on how the output was decoded, if anything was replaced.
    note: Option<String>,
    took: Duration,
}

/// A running program. Dropping it kills the program and everything that it started.
struct Running {
    child: Child,
    /// The supervisor kills the program when this closes.
    lifeline: ChildStdin,
    /// The program's directory, removed on drop.
    home: tempfile::TempDir,
}

impl Processes {
    pub(super) fn new(settings: ProcessSettings, supervisor: PathBuf) -> Self {
        let slots = std::sync::Arc::new(Semaphore::new(settings.concurrency.max(1)));
        Self { settings, supervisor, slots }
    }

    /// Runs a program to its end, or only starts it if the task does not wait.
    pub(super) async fn call(
        &self,
        request: &CallRequest,
        process: &ProcessRequest,
    ) -> Result<CallOutcome, Box<Problem>> {
        let slot = std::sync::Arc::clone(&self.slots).acquire_owned().await.expect("the semaphore is never closed");
        let mut running = self.start(request, process).await?;
        let (time, most) = (self.settings.time, self.settings.output_bytes);
        let name = described(process);
        if let Some(passes) = &process.passes {
            let passes = passes.clone();
            tokio::spawn(async move {
                let _slot = slot;
                match tokio::time::timeout(time, running.wait(most)).await {
                    Ok(Ok(ended)) if ended.status.success() => {}
                    Ok(Ok(ended)) => {
                        tracing::warn!(name, status = %ended.status, "a program that no run waits for failed")
                    }
                    Ok(Err(why)) => tracing::warn!(name, why, "a program that no run waits for was stopped"),
                    Err(_) => tracing::warn!(name, "a program that no run waits for took too long and was killed"),
                }
            });
            return Ok(succeeded(process, passes, 0, None, Duration::ZERO));
        }
        match tokio::time::timeout(time, running.wait(most)).await {
            Ok(Ok(ended)) => judge(process, &name, ended),
            Ok(Err(why)) => Err(stopped(ErrorKind::Runtime, "Program stopped", format!("{name} was stopped: {why}"))),
            Err(_) => {
                let detail = format!("{name} was killed after {time:?} (processes.time_seconds)");
                Err(stopped(ErrorKind::Timeout, "Program took too long", detail))
            }
        }
    }

    async fn start(&self, request: &CallRequest, process: &ProcessRequest) -> Result<Running, Box<Problem>> {
        if !self.settings.enable.contains(&process.kind) {
            let detail = format!(
                "programs of the kind {0} may not run here; an operator can allow them with processes.enable = [\"{0}\"]",
                process.kind.as_str()
            );
            return Err(Problem::configuration("Program not allowed", detail));
        }
        let failed = |what: &str, error: &std::io::Error| {
            Problem::configuration("Program cannot start", format!("{}: cannot {what}: {error}", described(process)))
        };
        let home =
            tempfile::Builder::new().prefix("stepwell-").tempdir().map_err(|e| failed("make a directory", &e))?;
        let order = self.order(request, process, home.path())?;
        if find(&order.program).is_none() {
            let detail = format!("{} needs the program {}, which is not in {PATH}", described(process), order.program);
            return Err(Problem::configuration("Program not found", detail));
        }
        let mut child = Command::new(&self.supervisor)
            .arg("process")
            .env_clear()
            .current_dir(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Its own group, so that an interrupt from the node's terminal does not stop a program halfway.
            .process_group(0)
            .spawn()
            .map_err(|e| failed("start its supervisor", &e))?;
        let mut lifeline = child.stdin.take().expect("it was asked for");
        lifeline.write_all(&order.to_frame()).await.map_err(|e| failed("tell its supervisor", &e))?;
        Ok(Running { child, lifeline, home })
    }

    fn order(&self, request: &CallRequest, process: &ProcessRequest, home: &Path) -> Result<Order, Box<Problem>> {
        let own = [&request.idempotency_key, &request.traceparent];
        let node_variables: Vec<(String, String)> =
            NODE_VARIABLES.into_iter().zip(own).map(|(name, value)| (name.to_owned(), value.clone())).collect();
        let mut environment = vec![
            ("PATH".to_owned(), PATH.to_owned()),
            ("HOME".to_owned(), home.display().to_string()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
        ];
        environment.extend(node_variables.iter().cloned());
        let script = |name: &str| -> Result<String, Box<Problem>> {
            let path = home.join(name);
            std::fs::write(&path, &process.code).map_err(|error| {
                let detail = format!("{}: cannot write the script: {error}", described(process));
                Problem::configuration("Program cannot start", detail)
            })?;
            Ok(path.display().to_string())
        };
        let (program, mut arguments, before) = match process.kind {
            // The word after the command becomes `$0`, then the arguments follow. Without `--`, a command that begins
            // with `-` would be an option.
            ProcessKind::Shell => ("sh".to_owned(), ["-c", "--", &process.code, "sh"].map(str::to_owned).into(), None),
            ProcessKind::JavaScript => ("node".to_owned(), vec![script("script.mjs")?], None),
            ProcessKind::Python => ("python3".to_owned(), vec![script("script.py")?], None),
            ProcessKind::Container => {
                let line = container::command_line(&self.settings, request, process, &node_variables)?;
                (self.settings.container.clone(), line.run, Some(line.remove))
            }
        };
        arguments.extend(process.arguments.iter().cloned());
        if process.kind != ProcessKind::Container {
            environment.extend(process.environment.iter().cloned());
        }
        // Neither Node.js nor a container client runs in so little address space.
        let limited = matches!(process.kind, ProcessKind::Shell | ProcessKind::Python);
        Ok(Order {
            program,
            arguments,
            environment,
            stdin: process.stdin.clone().unwrap_or_default(),
            memory_bytes: limited.then_some(self.settings.memory_bytes),
            before,
        })
    }
}

impl Running {
    /// Waits for the end of the program. Fails with the reason if it had to be stopped.
    async fn wait(&mut self, most: usize) -> Result<Ended, String> {
        let begin = Instant::now();
        let stdout = self.child.stdout.take().expect("it was asked for");
        let stderr = self.child.stderr.take().expect("it was asked for");
        let (stdout, stderr) = tokio::try_join!(read(stdout, most), read(stderr, most))?;
        let status = self.child.wait().await.map_err(|e| e.to_string())?;
        // Held until here, because dropping them kills the program.
        let _ = (&self.lifeline, &self.home);
        let (stdout, stderr) = (charset::decode(&stdout, ""), charset::decode(&stderr, ""));
        let malformed = stdout.replaced.malformed + stderr.replaced.malformed;
        let (stdout, nul_out) = without_nul(stdout.text.into_owned());
        let (stderr, nul_err) = without_nul(stderr.text.into_owned());
        let note = Replaced { malformed, nul: nul_out + nul_err, ..Replaced::default() }.note();
        Ok(Ended { status, stdout, stderr, note, took: begin.elapsed() })
    }
}

async fn read(mut output: impl AsyncRead + Unpin, most: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    (&mut output).take(limit).read_to_end(&mut bytes).await.map_err(|e| format!("its output cannot be read: {e}"))?;
    if bytes.len() > most {
        return Err(format!("it wrote more than {most} bytes (processes.output_kb)"));
    }
    Ok(bytes)
}

fn judge(process: &ProcessRequest, name: &str, ended: Ended) -> Result<CallOutcome, Box<Problem>> {
    let Ended { status, stdout, stderr, note, took } = ended;
    let Some(code) = status.code() else {
        let signal = status.signal().unwrap_or_default();
        let detail = format!("{name} was killed by signal {signal}{}", complaint(&stderr));
        return Err(stopped(ErrorKind::Runtime, "Program killed", detail));
    };
    let output = match process.returns {
        ProcessReturn::Code => code.into(),
        ProcessReturn::All => json!({ "code": code, "stdout": stdout, "stderr": stderr }),
        _ if code != 0 => {
            let detail = format!("{name} ended with exit code {code}{}", complaint(&stderr));
            return Err(stopped(ErrorKind::Runtime, "Program failed", detail));
        }
        ProcessReturn::Stdout => Value::String(stdout),
        ProcessReturn::Stderr => Value::String(stderr),
        ProcessReturn::None => Value::Null,
    };
    Ok(succeeded(process, output, code, note, took))
}

/// The end of stderr, where the cause usually is.
fn complaint(stderr: &str) -> String {
    let text = stderr.trim();
    let skipped = text.chars().count().saturating_sub(COMPLAINT_MAX);
    let end: String = text.chars().skip(skipped).collect();
    if end.is_empty() { String::new() } else { format!(": {end}") }
}

/// The program ran, so it may have had an effect; it is not retried automatically.
fn stopped(kind: ErrorKind, title: &str, detail: String) -> Box<Problem> {
    Problem::of_program(WorkflowError::standard(kind, title, detail), TargetEffect::Unknown)
}

fn succeeded(process: &ProcessRequest, output: Value, code: i32, note: Option<String>, took: Duration) -> CallOutcome {
    let response = ResponseSummary {
        url: process.kind.as_str().to_owned(),
        status: 0,
        headers: vec![("exit-code".to_owned(), code.to_string())],
        body: None,
        note,
        duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    };
    CallOutcome::Succeeded { output: output.into(), response }
}

/// Name for people: the kind and the start of the command.
fn described(process: &ProcessRequest) -> String {
    let first = process.code.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let short: String = first.trim().chars().take(60).collect();
    format!("{} `{short}`", process.kind.as_str())
}

/// Looks a program up in [`PATH`]; a path is used as it is.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    PATH.split(':').map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())
}
