//! The hub: who sends events (sources), which systems are called (connections), and how both are understood. All of it
//! is data in `workflows/hub.yaml`: supporting another system takes lines there, not code here.

pub mod body;
mod file;
pub mod json;
pub mod scheme;
pub mod source;
#[cfg(test)]
mod tests;

pub use source::counting::Counting;
pub(crate) use source::event::check_id;
pub use source::event::{Attribute, EVENT_ID_CHARS_MAX, EventPaths};
pub use source::pubsub::PubSubSource;
pub use source::{AnswerKind, EVENTS_MAX, ReceiveError, Received, Source};

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::connect::{Connection, Secrets};
use crate::dsl::{self, Mistake, Releases, Severity};
use crate::engine::Sink;
use crate::engine::audit::Keeper;
use crate::identifiers::Declared;
use crate::notify::Channel;
use crate::retention::Policy;
use file::load;

/// The contents of `hub.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Hub {
    /// Sources by name, ready to receive.
    pub sources: BTreeMap<String, Source>,
    /// Sources that the hub subscribes to.
    pub subscribed: Vec<PubSubSource>,
    /// Names of all sources, including refused ones, and whether their events are numbered.
    pub declared: BTreeMap<String, bool>,
    /// Identifiers to normalize, for all sources including refused ones.
    pub identifiers: Arc<Declared>,
    /// Connections by name.
    pub connections: BTreeMap<String, Connection>,
    /// Secrets that definitions may use, and where they may be sent.
    pub secrets: Releases,
    /// Where events emitted by runs are sent.
    pub sinks: Vec<Sink>,
    /// Who is told when something needs people.
    pub channels: Vec<Channel>,
    /// How long a source may send nothing before people are told, by source.
    pub silent_after: BTreeMap<String, Duration>,
    /// When and where audit anchors are written.
    pub anchors: Option<Keeper>,
    /// What is archived and deleted, and when.
    pub retention: Policy,
    /// Origins that may request webhook delivery here. `None` allows any, since each delivery must authenticate itself.
    pub origins: Option<Vec<String>>,
    /// URL of this server as senders see it, without a trailing slash.
    pub public_url: String,
    /// Sources whose secret is missing, empty or unusable on this machine. The file itself is valid, so the caller
    /// decides: a server does not start, a check of files warns.
    pub refused: Vec<Mistake>,
}

impl Hub {
    /// Returns the full URL of a request as its sender sees it.
    #[must_use]
    pub fn address(&self, uri: &http::Uri) -> String {
        let path = uri.path_and_query().map_or_else(|| uri.path(), http::uri::PathAndQuery::as_str);
        format!("{}{path}", self.public_url)
    }

    /// Reads the text of a `hub.yaml` without mappings beside it. `file` is its name in mistakes.
    ///
    /// # Errors
    /// All mistakes in the text.
    pub fn load(file: &str, text: &str, secrets: &Secrets) -> Result<Self, Vec<Mistake>> {
        load::load(file, text, secrets, &BTreeMap::new())
    }

    /// Reads the text of a file; the mappings in the folders beside it supply the side names.
    ///
    /// # Errors
    /// All mistakes in the text.
    pub fn load_beside(file: &Path, text: &str, secrets: &Secrets) -> Result<Self, Vec<Mistake>> {
        let sides = dsl::sides_of_mappings(file.parent().unwrap_or_else(|| Path::new("")));
        load::load(&file.display().to_string(), text, secrets, &sides)
    }

    /// Returns which secrets a folder's `hub.yaml` releases to definitions, as far as it can be read. Mistakes are left
    /// to the caller that loads the whole file.
    #[must_use]
    pub fn releases_in(folder: &Path) -> Releases {
        std::fs::read_to_string(folder.join("hub.yaml")).map(|text| load::releases(&text)).unwrap_or_default()
    }

    /// Reads `hub.yaml` in a folder. A folder without one has no sources and no connections.
    ///
    /// # Errors
    /// All mistakes in the file, or that it cannot be read.
    pub fn load_folder(folder: &Path, secrets: &Secrets) -> Result<Self, Vec<Mistake>> {
        let path = folder.join("hub.yaml");
        let file = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => load::load(&file, &text, secrets, &dsl::sides_of_mappings(folder)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(vec![Mistake {
                message: format!("cannot read {file}: {error}"),
                file,
                line: 1,
                column: 1,
                pointer: String::new(),
                hint: None,
                severity: Severity::Error,
            }]),
        }
    }
}
