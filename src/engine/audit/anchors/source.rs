//! Where anchors are read from: files of one anchor, and files of JSON lines, as a receiver of anchors keeps them. One anchor at a time is in
//! memory; of the others only their numbers and places are known.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use serde::Deserialize;

/// Places of anchors, and what is none.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// In the order of their numbers.
    pub(super) found: Vec<Source>,
    /// Name and mistake of what is not an anchor.
    pub(super) unreadable: Vec<(String, String)>,
}

/// The place of an anchor.
#[derive(Debug)]
pub(super) struct Source {
    /// For people.
    pub(super) name: String,
    seq: i64,
    text: Text,
}

#[derive(Debug)]
enum Text {
    Here(String),
    At { file: Arc<Path>, from: u64, bytes: u64 },
}

/// As much of an anchor as its order needs.
#[derive(Deserialize)]
struct Head {
    document: HeadOfDocument,
}

#[derive(Deserialize)]
struct HeadOfDocument {
    seq: i64,
}

impl Sources {
    /// The anchors of a file, or of all files in a folder.
    pub(super) fn of_path(path: &Path) -> anyhow::Result<Self> {
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
            let all = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<PathBuf>, _>>()?;
            files = all.into_iter().filter(|file| has_anchors(file)).collect();
        }
        files.sort_unstable();
        let mut sources = Self::default();
        for file in files {
            sources.add_file(&file).with_context(|| format!("reading {}", file.display()))?;
        }
        anyhow::ensure!(
            !sources.found.is_empty() || !sources.unreadable.is_empty(),
            "there is no anchor in {}",
            path.display()
        );
        sources.in_order();
        Ok(sources)
    }

    /// Anchors that are in memory, with their names.
    pub(super) fn of_texts(texts: &[(String, String)]) -> Self {
        let mut sources = Self::default();
        for (name, text) in texts {
            sources.add(name.clone(), text.as_bytes(), Text::Here(text.clone()));
        }
        sources.in_order();
        sources
    }

    fn in_order(&mut self) {
        self.found.sort_by_key(|source| source.seq);
    }

    fn add(&mut self, name: String, bytes: &[u8], text: Text) {
        match serde_json::from_slice::<Head>(bytes) {
            Ok(head) => self.found.push(Source { name, seq: head.document.seq, text }),
            Err(why) => self.unreadable.push((name, format!("it is not an anchor: {why}"))),
        }
    }

    /// A file whose first line is JSON by itself has an anchor on each line; any other is one anchor.
    fn add_file(&mut self, path: &Path) -> std::io::Result<()> {
        let (file, told) = (Arc::<Path>::from(path), path.display().to_string());
        let mut reader = BufReader::new(File::open(path)?);
        let (mut line, mut from, mut number) = (Vec::new(), 0, 0);
        loop {
            line.clear();
            let bytes = reader.read_until(b'\n', &mut line)? as u64;
            if bytes == 0 {
                return Ok(());
            }
            number += 1;
            if number == 1 && serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_err() {
                reader.read_to_end(&mut line)?;
                let bytes = line.len() as u64;
                self.add(told, &line, Text::At { file, from, bytes });
                return Ok(());
            }
            if !line.trim_ascii().is_empty() {
                let name = if number == 1 { told.clone() } else { format!("{told}, line {number}") };
                self.add(name, &line, Text::At { file: Arc::clone(&file), from, bytes });
            }
            from += bytes;
        }
    }
}

fn has_anchors(file: &Path) -> bool {
    file.extension().is_some_and(|extension| ["json", "jsonl", "ndjson"].iter().any(|known| extension == *known))
}

impl Source {
    /// The anchor as it was written.
    pub(super) fn text(&self) -> std::io::Result<String> {
        match &self.text {
            Text::Here(text) => Ok(text.clone()),
            Text::At { file, from, bytes } => {
                let mut file = File::open(file)?;
                file.seek(SeekFrom::Start(*from))?;
                let mut text = String::new();
                file.take(*bytes).read_to_string(&mut text)?;
                Ok(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(String, i64, String)>, usize) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.jsonl"), text).unwrap();
        std::fs::write(folder.path().join("readme.txt"), "no anchor").unwrap();
        let sources = Sources::of_path(folder.path()).unwrap();
        let place = format!("{}/", folder.path().display());
        let told = |source: &Source| (source.name.replace(&place, ""), source.seq, source.text().unwrap());
        (sources.found.iter().map(told).collect(), sources.unreadable.len())
    }

    #[test]
    fn anchors_are_found_in_the_order_of_their_numbers_one_a_line_or_one_a_file() {
        let (second, first) = (r#"{"document":{"seq":2}}"#, r#"{"document":{"seq":1}}"#);
        let (found, unreadable) = read(&format!("{second}\n\n{first}\nnot JSON\n{{}}\n"));
        assert_eq!(
            found,
            [("a.jsonl, line 3".into(), 1, format!("{first}\n")), ("a.jsonl".into(), 2, format!("{second}\n"))]
        );
        assert_eq!(unreadable, 2);
        let spread = "{\n  \"document\": { \"seq\": 7 }\n}\n";
        assert_eq!(read(spread), (vec![("a.jsonl".into(), 7, spread.into())], 0));
        let empty = tempfile::tempdir().unwrap();
        assert!(Sources::of_path(empty.path()).is_err());
    }
}
