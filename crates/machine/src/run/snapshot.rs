//! A run as bytes, so that claiming a run with a long journal does not fold all of it. A snapshot is a copy: if it
//! cannot be read, the journal has everything.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::{Run, Time, stored};
use stepwell_language::dsl::Definition;

/// Format of snapshots. Must be raised whenever [`Run`] changes: snapshots of other formats are ignored.
pub const FORMAT: i16 = 1;

/// The serialized form. The run comes last, because its values are indices into `values`.
#[derive(Serialize, Deserialize)]
struct Written {
    numbering: String,
    last_at: Time,
    values: Vec<Arc<Value>>,
    run: Box<RawValue>,
}

/// Serializes a run and the time of its last record.
///
/// # Errors
/// A value cannot be written as JSON.
pub fn write(definition: &Definition, run: &Run, last_at: Time) -> Result<Vec<u8>, serde_json::Error> {
    let (run, values) = stored::sharing(Vec::new(), || serde_json::value::to_raw_value(run));
    serde_json::to_vec(&Written { numbering: numbering(definition), last_at, values, run: run? })
}

/// Reads a snapshot; `None` if this version or this definition would read it differently.
#[must_use]
pub fn read(definition: &Definition, bytes: &[u8]) -> Option<(Run, Time)> {
    let written: Written =
        serde_json::from_slice(bytes).ok().filter(|w: &Written| w.numbering == numbering(definition))?;
    let (run, _) = stored::sharing(written.values, || serde_json::from_str(written.run.get()));
    Some((run.ok()?, written.last_at))
}

/// Returns a hash of how a definition numbers its tasks: runs refer to tasks by number, and another version might
/// number them differently.
fn numbering(definition: &Definition) -> String {
    let mut hash = Sha256::new();
    for task in &definition.tasks {
        hash.update(task.reference.as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}
