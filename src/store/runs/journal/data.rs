//! The stored text of a record. Nothing is written that could not be read back.

use super::unreadable;
use crate::machine::Record;
use crate::store::StoreError;

/// Deepest nesting of a row's data. serde_json reads 127 levels, and messages wrap a run's output in a few more.
const DEPTH_MAX: usize = 120;

/// Returns the `data` part of `{"kind":K,"data":D}`, cut out without encoding it twice, with the record's note inside.
pub(super) fn of(record: &Record) -> Result<String, StoreError> {
    let kind = record.change.kind();
    let unwritable = |why: String| unreadable(format!("{kind} cannot be written: {why}"));
    let mut data = serde_json::to_string(&record.change).map_err(|e| unwritable(e.to_string()))?;
    data.pop();
    data.drain(..r#"{"kind":"","data":"#.len() + kind.len());
    if depth(&data) > DEPTH_MAX {
        return Err(unwritable(format!("its values are nested more than {DEPTH_MAX} levels deep")));
    }
    if let Some(note) = &record.note {
        data.pop();
        let comma = if data.ends_with('{') { "" } else { "," };
        data = format!("{data}{comma}{NOTE}{}}}", serde_json::Value::from(note.as_str()));
    }
    Ok(data)
}

/// Text that begins a note in a row's data.
const NOTE: &str = r#""note":"#;

/// Returns the note in a row's data.
pub(super) fn note(data: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Noted {
        note: Option<String>,
    }
    data.contains(NOTE).then(|| serde_json::from_str::<Noted>(data).ok()?.note)?
}

/// Returns the nesting depth of arrays and objects in a JSON text.
fn depth(json: &str) -> usize {
    let (mut level, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'[' | b'{' => {
                level += 1;
                deepest = deepest.max(level);
            }
            b']' | b'}' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use crate::machine::{Actor, Change, ChildOutcome, Message, Record, RunId, Time};
    use crate::store::nodes::formats::{ONE_DECISION, ONE_RECORD};
    use crate::store::runs::journal::row::tests::stored;
    use crate::store::runs::journal::{encode, genesis};

    #[test]
    fn values_nested_deeper_than_can_be_read_back_are_not_recorded() {
        let nested = |levels: usize| (0..levels).fold(Value::from("[{\\"), |inner, _| json!([inner]));
        let record = |levels: usize| Record {
            at: Time::UNIX_EPOCH,
            actor: Actor::engine(),
            task: None,
            attempt: None,
            change: Change::RunCompleted { output: Arc::new(nested(levels)) },
            note: Some("replaced".to_owned()),
        };
        let run = RunId::from_u128(7);
        for format in [ONE_RECORD, ONE_DECISION] {
            // The record itself is one level.
            let (rows, _) = encode(&[record(119)], 0, genesis(run), format).unwrap();
            let read = stored(&rows[0]).records().unwrap().remove(0).record().unwrap();
            assert_eq!(read.note.as_deref(), Some("replaced"));
            assert!(matches!(&read.change, Change::RunCompleted { output } if **output == nested(119)));
            let why = encode(&[record(120)], 0, genesis(run), format).unwrap_err().to_string();
            assert!(why.contains("more than 120 levels"), "{why}");
        }
        let told = Message::ChildEnded {
            child: run,
            outcome: ChildOutcome::Completed { output: Arc::new(nested(119)), undoable: false },
        };
        assert_eq!(serde_json::from_str::<Message>(&serde_json::to_string(&told).unwrap()).unwrap(), told);
    }
}
