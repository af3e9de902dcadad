//! YAML with the place of every node, and the list of mistakes that grows while it is read.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use serde_json::Value;

use crate::dsl::authentication::FlawPlace;
use crate::dsl::{Mistake, Position, Severity};

/// A node and where it stands.
#[derive(Debug, Clone)]
pub(in crate::hub) struct Node {
    pub(super) position: Position,
    /// JSON pointer.
    pub(in crate::hub) pointer: String,
    pub(in crate::hub) content: Content,
}

#[derive(Debug, Clone)]
pub(in crate::hub) enum Content {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(in crate::hub) struct Entry {
    pub(in crate::hub) key: String,
    pub(in crate::hub) position: Position,
    pub(in crate::hub) node: Node,
}

/// Mistakes of one file.
#[derive(Debug)]
pub(in crate::hub) struct Mistakes {
    file: String,
    pub(in crate::hub) found: Vec<Mistake>,
}

impl Mistakes {
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new() }
    }

    pub(in crate::hub) fn at(&mut self, node: &Node, message: impl Into<String>, hint: Option<String>) {
        let mistake = self.make(node.position, &node.pointer, message.into(), hint);
        self.found.push(mistake);
    }

    /// A mistake in a part of a node, which keys and indexes lead to.
    pub(super) fn within(
        &mut self,
        node: &Node,
        path: &[String],
        place: FlawPlace,
        message: String,
        hint: Option<String>,
    ) {
        let (mut at, mut key) = (node, node.position);
        for step in path {
            match &at.content {
                Content::Map(entries) => {
                    let Some(found) = entries.iter().find(|entry| entry.key == *step) else { break };
                    (at, key) = (&found.node, found.position);
                }
                Content::List(items) => {
                    let Some(found) = step.parse::<usize>().ok().and_then(|index| items.get(index)) else { break };
                    (at, key) = (found, found.position);
                }
                _ => break,
            }
        }
        let position = if place == FlawPlace::Key { key } else { at.position };
        let mistake = self.make(position, &at.pointer, message, hint);
        self.found.push(mistake);
    }

    pub(in crate::hub) fn make(&self, at: Position, pointer: &str, message: String, hint: Option<String>) -> Mistake {
        Mistake {
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            pointer: pointer.to_owned(),
            message,
            hint,
            severity: Severity::Error,
        }
    }

    /// The entries of a map with no keys but these.
    pub(in crate::hub) fn entries<'n>(&mut self, node: &'n Node, known: &[&str]) -> &'n [Entry] {
        let entries = self.map(node);
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("unknown key {:?}", entry.key);
            let mistake = self.make(entry.position, &entry.node.pointer, message, Some(suggestion(&entry.key, known)));
            self.found.push(mistake);
        }
        entries
    }

    /// The entries of a map with any keys.
    pub(in crate::hub) fn map<'n>(&mut self, node: &'n Node) -> &'n [Entry] {
        match &node.content {
            Content::Map(entries) => entries,
            Content::Null => &[],
            _ => {
                self.at(node, format!("{} where an object is expected", node.kind()), None);
                &[]
            }
        }
    }

    pub(in crate::hub) fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        if let Content::Text(text) = &node.content {
            return Some(text);
        }
        self.at(node, format!("{} where a text is expected", node.kind()), None);
        None
    }

    /// True or false.
    pub(in crate::hub) fn switch(&mut self, node: &Node) -> Option<bool> {
        if let Content::Bool(value) = node.content {
            return Some(value);
        }
        self.at(node, format!("true or false is expected, not {}", node.kind()), None);
        None
    }

    pub(in crate::hub) fn whole(&mut self, node: &Node, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
        match node.content {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be whole and in range"
            )]
            Content::Number(n)
                if n.fract() == 0.0 && n >= f64::from(*range.start()) && n <= f64::from(*range.end()) =>
            {
                Some(n as u32)
            }
            _ => {
                self.at(node, format!("a whole number from {} to {} is expected", range.start(), range.end()), None);
                None
            }
        }
    }
}

impl Node {
    /// The value, for readers that need no places. Of truth values and numbers only the kind is kept.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::from(*number),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Self::to_value).collect(),
            Content::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.node.to_value())).collect(),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "true or false",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "an object",
        }
    }
}

/// The entry of this name.
pub(in crate::hub) fn entry<'n>(entries: &'n [Entry], key: &str) -> Option<&'n Node> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
}

/// The known name that is most like this one, or all of them.
pub(super) fn suggestion(name: &str, known: &[&str]) -> String {
    let lower = name.to_lowercase();
    let close =
        known.iter().map(|k| (strsim::jaro_winkler(&lower, &k.to_lowercase()), k)).max_by(|a, b| a.0.total_cmp(&b.0));
    match close {
        Some((likeness, known)) if likeness > 0.8 => format!("did you mean `{known}`?"),
        _ => format!("known here: {}", known.join(", ")),
    }
}

/// Reads a file that is one YAML document. An empty one is an empty object.
pub(super) fn read(text: &str, mistakes: &mut Mistakes) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let documents = match MarkedYaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            let marker = error.marker();
            let mistake =
                mistakes.make(position(marker.line(), marker.col()), "", format!("not YAML: {}", error.info()), None);
            mistakes.found.push(mistake);
            return None;
        }
    };
    match documents.as_slice() {
        [] => Some(Node { position: Position::default(), pointer: String::new(), content: Content::Null }),
        [document] => Some(node(document, String::new(), mistakes)),
        [_, second, ..] => {
            let at = position(second.span.start.line(), second.span.start.col());
            let mistake = mistakes.make(at, "", "a second document where only one is expected".to_owned(), None);
            mistakes.found.push(mistake);
            None
        }
    }
}

fn position(line: usize, column: usize) -> Position {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: count(line), column: count(column).saturating_add(1) }
}

fn node(yaml: &MarkedYaml<'_>, pointer: String, mistakes: &mut Mistakes) -> Node {
    let position = position(yaml.span.start.line(), yaml.span.start.col());
    let content = match &yaml.data {
        YamlData::Value(Scalar::Null) => Content::Null,
        YamlData::Value(Scalar::Boolean(value)) => Content::Bool(*value),
        #[allow(clippy::cast_precision_loss, reason = "numbers here are counts and durations")]
        YamlData::Value(Scalar::Integer(value)) => Content::Number(*value as f64),
        YamlData::Value(Scalar::FloatingPoint(value)) => Content::Number(value.into_inner()),
        YamlData::Value(Scalar::String(text)) => Content::Text(text.to_string()),
        YamlData::Sequence(items) => Content::List(
            items.iter().enumerate().map(|(i, item)| node(item, format!("{pointer}/{i}"), mistakes)).collect(),
        ),
        YamlData::Mapping(entries) => {
            Content::Map(entries.iter().filter_map(|(key, value)| pair(key, value, &pointer, mistakes)).collect())
        }
        _ => {
            let mistake =
                mistakes.make(position, &pointer, "a YAML tag or alias, which is not allowed here".to_owned(), None);
            mistakes.found.push(mistake);
            Content::Null
        }
    };
    Node { position, pointer, content }
}

fn pair(key: &MarkedYaml<'_>, value: &MarkedYaml<'_>, pointer: &str, mistakes: &mut Mistakes) -> Option<Entry> {
    let key_node = node(key, pointer.to_owned(), mistakes);
    let name = match &key_node.content {
        Content::Text(text) => text.clone(),
        _ => {
            mistakes.at(&key_node, "a key must be a text", Some("put it in quotes".to_owned()));
            return None;
        }
    };
    let inner = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
    Some(Entry { key: name, position: key_node.position, node: node(value, inner, mistakes) })
}
