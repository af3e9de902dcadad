//! Deterministic identifiers: the same on every node, after every crash and for every attempt.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Coordinates, ExecutionId, RunId, Time};

/// Returns the idempotency key of a step: the same for all attempts and all rounds of `catch.retry`. Its undo has
/// another reference and so another key (PROFILE.md, "identity of a task execution").
#[must_use]
pub fn idempotency_key(run: RunId, reference: &str, coordinates: &Coordinates) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"stepwell idempotency key 1");
    hash.update(run.as_bytes());
    hash.update(reference.as_bytes());
    hash.update([0]);
    hash.update(coordinates.visit.to_be_bytes());
    for index in &coordinates.iteration {
        hash.update(index.to_be_bytes());
    }
    uuid::Builder::from_custom_bytes(first_bytes(&hash.finalize())).into_uuid()
}

/// Returns the id of the run that a task starts: a UUIDv7 of this time, so that its journal is stored with others of
/// the day; its other bits are derived from the parent. It is recorded before it is used.
#[must_use]
pub fn child_run(parent: RunId, execution: ExecutionId, attempt: u32, now: Time) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"stepwell child run 1");
    hash.update(parent.as_bytes());
    hash.update(execution.to_be_bytes());
    hash.update(attempt.to_be_bytes());
    let random: [u8; 10] = first_bytes(&hash.finalize());
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Returns the id of the question that a step asks a person: a UUIDv7 of this time. `seq` is the number of records
/// before it, so that a step retried by a person asks a new question.
#[must_use]
pub fn question(run: RunId, execution: ExecutionId, seq: u32, now: Time) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"stepwell question 1");
    hash.update(run.as_bytes());
    hash.update(execution.to_be_bytes());
    hash.update(seq.to_be_bytes());
    let random: [u8; 10] = first_bytes(&hash.finalize());
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Returns the W3C trace context of a step: the run is the trace, the execution the span.
#[must_use]
pub fn traceparent(run: RunId, execution: ExecutionId) -> String {
    let span = seed(run, execution, 0).max(1);
    format!("00-{}-{span:016x}-01", run.simple())
}

/// Returns a number that looks random but is the same on every node: jitter without a random number generator.
#[must_use]
pub fn seed(run: RunId, execution: ExecutionId, attempt: u32) -> u64 {
    let mut hash = Sha256::new();
    hash.update(run.as_bytes());
    hash.update(execution.to_be_bytes());
    hash.update(attempt.to_be_bytes());
    let bytes: [u8; 16] = first_bytes(&hash.finalize());
    u64::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}

fn first_bytes<const N: usize>(hash: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&hash[..N]);
    bytes
}
