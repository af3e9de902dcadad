//! Writes an archive. Under its own name a file is whole and on disk, or not there at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::format::{Digest, End, Header};

/// Behind the name of a file that is not whole.
const PART: &str = ".part";

/// What an archive holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// Number of runs.
    pub runs: u64,
    /// Number of events.
    pub events: u64,
    /// Number of lines between the first and the last.
    pub rows: u64,
}

/// A file that is on disk.
#[derive(Debug, Clone)]
pub struct Written {
    /// Where.
    pub path: PathBuf,
    /// What it holds.
    pub contents: Contents,
    /// Of the file as it is on disk.
    pub sha256: [u8; 32],
    /// Of what it holds.
    pub digest: [u8; 32],
    /// Its size.
    pub bytes: u64,
}

/// An archive that is being written.
pub struct Writer {
    encoder: GzEncoder<Counted>,
    part: PathBuf,
    path: PathBuf,
    contents: Contents,
    digest: Digest,
}

/// Counts and hashes what goes to disk.
struct Counted {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Writer {
    /// Begins a file of this name. Only its owner may read it.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn create(folder: &Path, name: &str, header: &Header) -> io::Result<Self> {
        let (path, part) = (folder.join(name), folder.join(format!("{name}{PART}")));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
        let counted = Counted { file: BufWriter::with_capacity(1 << 18, file), hash: Sha256::new(), bytes: 0 };
        let encoder = GzEncoder::new(counted, Compression::default());
        let mut writer = Self { encoder, part, path, contents: Contents::default(), digest: Digest::default() };
        writer.line(&serde_json::to_string(header)?)?;
        Ok(writer)
    }

    /// Adds a run, whose journal follows.
    ///
    /// # Errors
    /// The disk is full, or another error of the file.
    pub fn run(&mut self, row: &str) -> io::Result<()> {
        self.contents.runs += 1;
        self.row("runs", row)
    }

    /// Adds an event.
    ///
    /// # Errors
    /// The disk is full, or another error of the file.
    pub fn event(&mut self, row: &str) -> io::Result<()> {
        self.contents.events += 1;
        self.row("events", row)
    }

    /// Adds a row of another table, as JSON text.
    ///
    /// # Errors
    /// The disk is full, or another error of the file.
    pub fn row(&mut self, table: &str, row: &str) -> io::Result<()> {
        self.contents.rows += 1;
        self.line(&format!(r#"{{"table":"{table}","row":{}}}"#, one_line(row)))
    }

    /// Bytes that are on disk or on their way.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.encoder.get_ref().bytes
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        for part in [text.as_bytes(), b"\n"] {
            self.digest.update(part);
            self.encoder.write_all(part)?;
        }
        Ok(())
    }

    /// Ends the file and gives it its name, once all of it is on disk.
    ///
    /// # Errors
    /// The disk is full, or another error of the file.
    pub fn finish(mut self) -> io::Result<Written> {
        let digest = self.digest.value();
        let Contents { runs, events, rows } = self.contents.clone();
        let end = End { runs, events, rows, digest: hex::encode(digest) };
        self.line(&format!(r#"{{"end":{}}}"#, serde_json::to_string(&end)?))?;
        let mut counted = self.encoder.finish()?;
        counted.flush()?;
        let file = counted.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&self.part, &self.path)?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))?;
        let sha256 = counted.hash.finalize().into();
        Ok(Written { path: self.path, contents: self.contents, sha256, digest, bytes: counted.bytes })
    }

    /// Deletes what a writer of this name left behind, whole or not.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn discard(folder: &Path, name: &str) -> io::Result<()> {
        for path in [folder.join(format!("{name}{PART}")), folder.join(name)] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A JSON text on one line. Line ends stand between its parts only, never inside a string.
fn one_line(json: &str) -> std::borrow::Cow<'_, str> {
    if json.contains(['\n', '\r']) { json.replace(['\n', '\r'], " ").into() } else { json.into() }
}

/// Makes sure that names in a folder are on disk.
///
/// # Errors
/// The folder cannot be opened or written.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Whether files can be made in a folder, found out by making one.
///
/// # Errors
/// Why not.
pub fn folder_is_writable(folder: &Path) -> io::Result<()> {
    tempfile::Builder::new().prefix(".stepwell-").suffix(PART).tempfile_in(folder).map(drop)
}
