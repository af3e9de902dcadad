//! The evaluator's child process: reads evaluations and writes answers. An evaluation may crash it.
//!
//! A frame is a length (4 bytes, big endian) followed by JSON. Memory limits are set before the first frame; the parent
//! enforces the time limit and kills a child that takes too long.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::process::ExitCode;

use serde_json::Value;

use crate::expr::{Evaluation, EvaluationError, Expression};

/// Address space of a child: the most that an expression can use up.
const MEMORY_BYTES_MAX: u64 = 1 << 30;

/// Stack of the evaluating thread.
const STACK_BYTES: usize = 64 << 20;

/// CPU seconds in a child's whole life, as a backstop for the parent's deadlines.
const CPU_SECONDS_MAX: u64 = 3_600;

/// Compiled expressions cached.
const COMPILED_MAX: usize = 256;

/// Longest frame.
pub(super) const FRAME_BYTES_MAX: usize = 64 << 20;

/// An answer on the wire.
pub(super) type Answer = Result<Value, EvaluationError>;

/// Implements the hidden subcommand `evaluator`.
#[must_use]
pub fn child_main() -> ExitCode {
    for (resource, limit) in [
        (rlimit::Resource::AS, MEMORY_BYTES_MAX),
        (rlimit::Resource::CPU, CPU_SECONDS_MAX),
        (rlimit::Resource::CORE, 0),
    ] {
        if rlimit::setrlimit(resource, limit, limit).is_err() {
            return ExitCode::FAILURE;
        }
    }
    let evaluating = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(serve);
    match evaluating.map(std::thread::JoinHandle::join) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn serve() -> std::io::Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut compiled: HashMap<(String, Vec<String>), Result<Expression, String>> = HashMap::new();
    while let Some(frame) = read_frame(&mut input)? {
        let answer = match serde_json::from_slice::<Evaluation>(&frame) {
            Ok(evaluation) => answer(evaluation, &mut compiled),
            Err(why) => Err(EvaluationError::Failed(format!("the evaluation cannot be read: {why}"))),
        };
        let bytes = serde_json::to_vec(&answer)?;
        output.write_all(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes())?;
        output.write_all(&bytes)?;
        output.flush()?;
    }
    Ok(())
}

fn read_frame(input: &mut impl Read) -> std::io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    if let Err(error) = input.read_exact(&mut length) {
        return if error.kind() == std::io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        return Err(std::io::Error::other("frame too long"));
    }
    let mut frame = vec![0; length];
    input.read_exact(&mut frame)?;
    Ok(Some(frame))
}

fn answer(evaluation: Evaluation, compiled: &mut HashMap<(String, Vec<String>), Result<Expression, String>>) -> Answer {
    if compiled.len() >= COMPILED_MAX {
        compiled.clear();
    }
    let key = (evaluation.text.clone(), evaluation.variables.clone());
    let expression = compiled.entry(key).or_insert_with(|| {
        let names: Vec<&str> = evaluation.variables.iter().map(String::as_str).collect();
        Expression::parse(&evaluation.text, &names).map_err(|e| e.message)
    });
    match expression {
        Err(message) => Err(EvaluationError::Failed(message.clone())),
        Ok(expression) => evaluation.with(expression),
    }
}
