//! A run as bytes, so that waking one with a long journal does not fold all of it. A snapshot is a copy: whatever cannot be read of
//! it, the journal still says.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::{Run, Time, stored};
use stepwell_language::dsl::Definition;

/// Format of snapshots. Raised whenever [`Run`] changes: one of another format is not read.
pub const FORMAT: i16 = 1;

/// What is written. The run comes last: its values are places in `values`.
#[derive(Serialize, Deserialize)]
struct Written {
    numbering: String,
    last_at: Time,
    values: Vec<Arc<Value>>,
    run: Box<RawValue>,
}

/// A run and the time of its last record, as bytes.
///
/// # Errors
/// A value cannot be written as JSON.
pub fn write(definition: &Definition, run: &Run, last_at: Time) -> Result<Vec<u8>, serde_json::Error> {
    let (run, values) = stored::sharing(Vec::new(), || serde_json::value::to_raw_value(run));
    serde_json::to_vec(&Written { numbering: numbering(definition), last_at, values, run: run? })
}

/// What was written; none if this version, or this definition, reads it otherwise.
#[must_use]
pub fn read(definition: &Definition, bytes: &[u8]) -> Option<(Run, Time)> {
    let written: Written =
        serde_json::from_slice(bytes).ok().filter(|w: &Written| w.numbering == numbering(definition))?;
    let (run, _) = stored::sharing(written.values, || serde_json::from_str(written.run.get()));
    Some((run.ok()?, written.last_at))
}

/// How the tasks of a definition are numbered: runs name tasks by number, and another version might count otherwise.
fn numbering(definition: &Definition) -> String {
    let mut hash = Sha256::new();
    for task in &definition.tasks {
        hash.update(task.reference.as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}
