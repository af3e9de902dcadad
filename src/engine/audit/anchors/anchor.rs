//! An anchor: a small signed document that says what the database held. It is kept where the owner of the database cannot write.
//!
//! What cannot change any more is one digest for each day, and for each hour of a day that is not over for long; what still can is listed
//! run by run. A day that was settled is taken over from the anchor before as it stands: what someone changed since stays visible.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::key::{AuditKey, is_signed};
use super::leaves::Hex;
use crate::machine::Time;

/// What an anchor says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    /// Of this form.
    pub format: u32,
    /// Place in the chain of anchors, from 1.
    pub seq: i64,
    /// Database time.
    pub at: Time,
    /// SHA-256 of the document before, in hexadecimal.
    pub before: Option<Hex>,
    /// Where the chain of acts ended.
    pub acts: Acts,
    /// By day, `2026-11-30`, or hour, `2026-11-30T09`. A span that is not here and older than `settled` was empty.
    pub spans: BTreeMap<String, Summary>,
    /// Runs of the time after all spans.
    pub recent: Vec<Alive>,
    /// Spans that ended before this are summed up.
    pub settled: Time,
    /// What was wrong when it was written.
    pub findings: Vec<String>,
}

/// Where the chain of acts ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acts {
    /// Number of entries.
    pub seq: i64,
    /// Hash of the last one.
    pub hash: Hex,
}

/// What a day or an hour held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Runs and events that were accepted until then are counted.
    pub cutoff: Time,
    /// Runs that had ended for good.
    pub runs: u64,
    /// SHA-256 over their ids and rows.
    pub digest: Hex,
    /// Columns of a run's row that the digest covers.
    pub columns: Vec<String>,
    /// Runs that had not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alive: Vec<Alive>,
    /// Events.
    pub events: u64,
    /// SHA-256 over their ids and what never changes of them.
    pub events_digest: Hex,
    /// How many runs and events of the span retention had removed by then. What is left is compared only while this is so.
    #[serde(default)]
    pub archived: i64,
}

/// A run that may still change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alive {
    /// The run.
    pub id: Uuid,
    /// Number of its records.
    pub seq: i32,
    /// Hash of the last one.
    pub head: Hex,
    /// SHA-256 over what never changes of its row.
    pub is: Hex,
}

/// An anchor as a file: the document byte for byte as it was signed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Anchor {
    /// What it says.
    pub document: Box<RawValue>,
    /// Ed25519, in base64; none without a key.
    pub signature: Option<String>,
    /// Whose signature it is, in base64.
    pub public_key: Option<String>,
}

/// The form that this version writes.
pub const FORMAT: u32 = 1;

/// Why a text is not an anchor.
#[derive(Debug, thiserror::Error)]
pub enum NotAnAnchor {
    /// It cannot be read.
    #[error("it is not an anchor: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A later version wrote it.
    #[error("it has format {0}, which this version of Stepwell does not support")]
    Later(u32),
    /// Someone changed it.
    #[error("its signature does not match its content: it was changed")]
    BadSignature,
}

impl Anchor {
    /// Makes an anchor of a document, signed if there is a key.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn of(document: &Document, key: Option<&AuditKey>) -> Result<Self, serde_json::Error> {
        let document = RawValue::from_string(serde_json::to_string(document)?)?;
        let message = message(document.get());
        Ok(Self { signature: key.map(|key| key.sign(&message)), public_key: key.map(AuditKey::public), document })
    }

    /// SHA-256 of the document, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> Hex {
        hex::encode(Sha256::digest(self.document.get()))
    }

    /// As a file.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// Reads a file; a signature is checked against the key that it names.
    ///
    /// # Errors
    /// It is not an anchor, or not as it was signed.
    pub fn read(text: &str) -> Result<(Self, Document), NotAnAnchor> {
        let anchor: Self = serde_json::from_str(text)?;
        let document: Document = serde_json::from_str(anchor.document.get())?;
        if document.format != FORMAT {
            return Err(NotAnAnchor::Later(document.format));
        }
        match (&anchor.signature, &anchor.public_key) {
            (None, None) => {}
            (Some(signature), Some(public)) if is_signed(public, &message(anchor.document.get()), signature) => {}
            _ => return Err(NotAnAnchor::BadSignature),
        }
        Ok((anchor, document))
    }

    /// Name of its file: files in order of their names are in order of time.
    #[must_use]
    pub fn file_name(document: &Document) -> String {
        format!("anchor-{:08}-{}.json", document.seq, document.at.format("%Y%m%dT%H%M%SZ"))
    }
}

fn message(document: &str) -> Vec<u8> {
    [b"stepwell anchor 1\n".as_slice(), document.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document {
            format: FORMAT,
            seq: 1,
            at: Time::UNIX_EPOCH,
            before: None,
            acts: Acts { seq: 0, hash: String::new() },
            spans: BTreeMap::new(),
            recent: Vec::new(),
            settled: Time::UNIX_EPOCH,
            findings: Vec::new(),
        }
    }

    #[test]
    fn a_changed_anchor_and_one_with_another_signature_are_refused() {
        let key = AuditKey::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let text = Anchor::of(&document(), Some(&key)).unwrap().to_text().unwrap();
        let (anchor, read) = Anchor::read(&text).unwrap();
        assert_eq!((read.seq, anchor.public_key), (1, Some(key.public())));
        let changed = text.replace("\"seq\":1", "\"seq\":2");
        assert!(changed != text && matches!(Anchor::read(&changed), Err(NotAnAnchor::BadSignature)));
        let stripped = Anchor { signature: None, ..Anchor::of(&document(), Some(&key)).unwrap() };
        assert!(matches!(Anchor::read(&stripped.to_text().unwrap()), Err(NotAnAnchor::BadSignature)));
        let unsigned = Anchor::of(&document(), None).unwrap().to_text().unwrap();
        assert!(Anchor::read(&unsigned).unwrap().0.signature.is_none());
        assert!(AuditKey::parse("c2hvcnQ=").is_err());
    }
}
