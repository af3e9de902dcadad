//! The parent's side of the evaluator: a few child processes, each given one evaluation at a time and killed if it
//! takes too long.

mod child;

pub use child::child_main;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use child::{Answer, FRAME_BYTES_MAX};

use crate::expr::{Evaluation, EvaluationError};

/// Deadline of an evaluation.
const EVALUATION_MAX: Duration = Duration::from_secs(2);

/// Evaluates expressions that are not safe to evaluate in this process. Starts children on demand.
#[derive(Debug)]
pub struct Evaluator {
    program: PathBuf,
    arguments: Vec<String>,
    places: Semaphore,
    idle: Mutex<Vec<Process>>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Evaluator {
    /// An evaluator that uses this program's hidden subcommand.
    ///
    /// # Errors
    /// The path of this program cannot be determined.
    pub fn of_this_program(processes: usize) -> std::io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?, vec!["evaluator".to_owned()], processes))
    }

    /// An evaluator that uses `program`.
    #[must_use]
    pub fn new(program: PathBuf, arguments: Vec<String>, processes: usize) -> Self {
        Self { program, arguments, places: Semaphore::new(processes.max(1)), idle: Mutex::default() }
    }

    /// Evaluates in a child process. Waits if all are busy.
    ///
    /// # Errors
    /// jq's error; [`EvaluationError::Limit`] if the child took too long or crashed.
    pub async fn evaluate(&self, evaluation: Evaluation) -> Result<serde_json::Value, EvaluationError> {
        let about = |why: &str| {
            let text: String = evaluation.text.chars().take(120).collect();
            EvaluationError::Limit(format!("{text} was stopped: {why}"))
        };
        let _place = self.places.acquire().await.map_err(|_| about("the node is shutting down"))?;
        let frame = serde_json::to_vec(&evaluation).map_err(|e| EvaluationError::Failed(e.to_string()))?;
        if frame.len() > FRAME_BYTES_MAX {
            return Err(about("its input is too large"));
        }
        // A child that died while idle is replaced once. One that dies during this evaluation is not, since the
        // expression probably killed it.
        for fresh in [false, true] {
            let process = self.take(fresh).map_err(|e| about(&format!("no evaluator process: {e}")))?;
            let Some((mut process, reused)) = process else { continue };
            match tokio::time::timeout(EVALUATION_MAX, process.ask(&frame)).await {
                Ok(Ok(answer)) => {
                    self.put_back(process);
                    return answer;
                }
                Ok(Err(error)) if reused && is_gone(&error) && process.ended() => {
                    debug!(%error, "an idle evaluator had exited")
                }
                Ok(Err(error)) => {
                    warn!(%error, "an evaluator process died");
                    return Err(about("it used more memory or stack than allowed for an expression"));
                }
                Err(_) => {
                    warn!("an evaluator process took too long and was killed");
                    return Err(about("it took longer than 2 s"));
                }
            }
        }
        Err(about("no evaluator process answers"))
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Process>> {
        self.idle.lock().expect("the lock of idle evaluators is never poisoned")
    }

    fn put_back(&self, process: Process) {
        self.idle().push(process);
    }

    /// Returns an idle child unless `fresh`, else a new one; the flag says whether it was used before.
    fn take(&self, fresh: bool) -> std::io::Result<Option<(Process, bool)>> {
        if !fresh && let Some(process) = self.idle().pop() {
            return Ok(Some((process, true)));
        }
        Process::start(&self.program, &self.arguments).map(|process| Some((process, false)))
    }
}

/// Whether the child had exited before it could read the frame.
fn is_gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

impl Process {
    /// A child gets none of the node's environment, so no secret can leak through an expression.
    fn start(program: &PathBuf, arguments: &[String]) -> std::io::Result<Self> {
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("the child has no pipe");
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        Ok(Self { child, input, output })
    }

    fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    async fn ask(&mut self, frame: &[u8]) -> std::io::Result<Answer> {
        let length = u32::try_from(frame.len()).map_err(std::io::Error::other)?;
        self.input.write_all(&length.to_be_bytes()).await?;
        self.input.write_all(frame).await?;
        self.input.flush().await?;
        let mut length = [0; 4];
        self.output.read_exact(&mut length).await?;
        let length = u32::from_be_bytes(length) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(std::io::Error::other("the answer is too long"));
        }
        let mut answer = vec![0; length];
        self.output.read_exact(&mut answer).await?;
        serde_json::from_slice(&answer).map_err(std::io::Error::other)
    }
}
