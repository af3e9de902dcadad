//! A document with the place of every value, key and scalar in the text.
//!
//! Invariant: a [`Source`] is one tree of limited size and depth with unique keys and exact numbers, so code that walks
//! it may recurse. Catalog functions stored with a definition have no text, so their places are unknown and mistakes in
//! them are reported at the call.

mod locate;
mod scalar;
mod yaml;

use serde_json::{Map, Number, Value};

use super::Position;

pub use yaml::read;

/// Deepest nesting of lists and objects.
pub const DEPTH_MAX: usize = 64;
/// Largest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Most values in one document, counted after aliases are expanded.
pub const NODES_MAX: usize = 200_000;

/// A document with the places of its values.
#[derive(Debug)]
pub struct Source {
    text: String,
    line_starts: Vec<usize>,
    records: Vec<Record>,
}

#[derive(Debug)]
struct Record {
    data: Data,
    place: Option<Position>,
    key_place: Option<Position>,
    parent: u32,
    step: Step,
}

/// How a value is attached to its parent.
#[derive(Debug, Clone)]
enum Step {
    Root,
    Key(String),
    Index(usize),
}

#[derive(Debug, Clone)]
enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String, Style),
    List(Vec<u32>),
    Object(Vec<u32>),
}

/// The style of a scalar, which decides where its characters are in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

/// A value of a [`Source`].
#[derive(Debug, Clone, Copy)]
pub struct Node<'s> {
    source: &'s Source,
    id: u32,
}

impl Source {
    /// Creates a source without text from JSON that was validated before.
    #[must_use]
    pub fn from_value(value: &Value) -> Self {
        let mut source = Self { text: String::new(), line_starts: vec![0], records: Vec::new() };
        source.add_value(value, 0, Step::Root);
        source
    }

    /// Returns the root value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node { source: self, id: 0 }
    }

    /// Follows a JSON pointer as far as it leads.
    #[must_use]
    pub fn nearest(&self, pointer: &str) -> Node<'_> {
        let mut node = self.root();
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let next = match &self.records[node.id as usize].data {
                Data::List(_) => token.parse().ok().and_then(|index: usize| node.items().nth(index)),
                _ => node.get(&token),
            };
            let Some(next) = next else { break };
            node = next;
        }
        node
    }

    fn push(&mut self, record: Record) -> u32 {
        let id = u32::try_from(self.records.len()).expect("a source holds at most NODES_MAX values");
        self.records.push(record);
        id
    }

    fn add_value(&mut self, value: &Value, parent: u32, step: Step) -> u32 {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(truth) => Data::Bool(*truth),
            Value::Number(number) => Data::Number(number.clone()),
            Value::String(text) => Data::Text(text.clone(), Style::Plain),
            Value::Array(_) => Data::List(Vec::new()),
            Value::Object(_) => Data::Object(Vec::new()),
        };
        let id = self.push(Record { data, place: None, key_place: None, parent, step });
        let children: Vec<u32> = match value {
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| self.add_value(item, id, Step::Index(index))).collect()
            }
            Value::Object(entries) => {
                entries.iter().map(|(key, item)| self.add_value(item, id, Step::Key(key.clone()))).collect()
            }
            _ => return id,
        };
        if let Data::List(ids) | Data::Object(ids) = &mut self.records[id as usize].data {
            *ids = children;
        }
        id
    }
}

impl<'s> Node<'s> {
    fn record(self) -> &'s Record {
        &self.source.records[self.id as usize]
    }

    /// Returns where the value begins; `None` in a source without text.
    #[must_use]
    pub fn place(self) -> Option<Position> {
        self.record().place
    }

    /// Returns where the value's key begins, or the value if it has no key.
    #[must_use]
    pub fn key_place(self) -> Option<Position> {
        self.record().key_place.or(self.record().place)
    }

    /// Returns the place of a character in a text. `offset` is in bytes.
    #[must_use]
    pub fn place_at(self, offset: usize) -> Option<Position> {
        let Data::Text(text, style) = &self.record().data else { return self.place() };
        self.place().map(|start| locate::place_in_scalar(self.source, start, *style, text, offset))
    }

    /// Identifies the node among the nodes of all living sources.
    #[must_use]
    pub fn identity(self) -> (usize, u32) {
        (std::ptr::from_ref(self.source) as usize, self.id)
    }

    /// Returns the JSON pointer of the value.
    #[must_use]
    pub fn pointer(self) -> String {
        let mut steps = Vec::new();
        let mut record = self.record();
        loop {
            match &record.step {
                Step::Root => break,
                Step::Key(key) => steps.push(escaped(key)),
                Step::Index(index) => steps.push(index.to_string()),
            }
            record = &self.source.records[record.parent as usize];
        }
        steps.iter().rev().fold(String::new(), |pointer, step| pointer + "/" + step)
    }

    /// Returns the key or index of the value, for messages.
    #[must_use]
    pub fn label(self) -> String {
        match &self.record().step {
            Step::Root => "the document".to_owned(),
            Step::Key(key) => key.clone(),
            Step::Index(index) => index.to_string(),
        }
    }

    /// Returns the key of the value; `None` for the root and for items of a list.
    #[must_use]
    pub fn name(self) -> Option<&'s str> {
        match &self.record().step {
            Step::Key(key) => Some(key),
            Step::Root | Step::Index(_) => None,
        }
    }

    /// Returns the text; `None` for any other value.
    #[must_use]
    pub fn as_text(self) -> Option<&'s str> {
        match &self.record().data {
            Data::Text(text, _) => Some(text),
            _ => None,
        }
    }

    /// Returns the boolean; `None` for any other value.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.record().data {
            Data::Bool(truth) => Some(truth),
            _ => None,
        }
    }

    /// Returns the number; `None` for any other value.
    #[must_use]
    pub fn as_number(self) -> Option<&'s Number> {
        match &self.record().data {
            Data::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether the value is `null` or missing after its key.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        matches!(self.record().data, Data::Null)
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        matches!(self.record().data, Data::Object(_))
    }

    /// Whether the value is a list.
    #[must_use]
    pub fn is_list(self) -> bool {
        matches!(self.record().data, Data::List(_))
    }

    /// Returns the value under a key of an object.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'s>> {
        self.entries().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// Follows keys and indexes as far as they lead.
    #[must_use]
    pub fn within(self, path: &[String]) -> Node<'s> {
        path.iter().fold(self, |node, step| {
            let item = step.parse().ok().filter(|_| node.is_list()).and_then(|index| node.items().nth(index));
            item.or_else(|| node.get(step)).unwrap_or(node)
        })
    }

    /// Iterates over the keys and values of an object; over nothing for any other value.
    pub fn entries(self) -> impl Iterator<Item = (&'s str, Node<'s>)> {
        let ids: &[u32] = if let Data::Object(ids) = &self.record().data { ids } else { &[] };
        ids.iter().filter_map(move |id| {
            let node = Node { source: self.source, id: *id };
            if let Step::Key(key) = &node.record().step { Some((key.as_str(), node)) } else { None }
        })
    }

    /// Iterates over the items of a list; over nothing for any other value.
    pub fn items(self) -> impl Iterator<Item = Node<'s>> {
        let ids: &[u32] = if let Data::List(ids) = &self.record().data { ids } else { &[] };
        ids.iter().map(move |id| Node { source: self.source, id: *id })
    }

    /// Returns the value as JSON.
    #[must_use]
    pub fn to_value(self) -> Value {
        match &self.record().data {
            Data::Null => Value::Null,
            Data::Bool(truth) => Value::Bool(*truth),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text, _) => Value::String(text.clone()),
            Data::List(_) => Value::Array(self.items().map(Node::to_value).collect()),
            Data::Object(_) => Value::Object(
                self.entries().map(|(key, node)| (key.to_owned(), node.to_value())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// Returns the kind of the value, for messages: `a text`, `an object`, ...
    #[must_use]
    pub fn kind(self) -> &'static str {
        match &self.record().data {
            Data::Null => "nothing",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::Text(..) => "a text",
            Data::List(_) => "a list",
            Data::Object(_) => "an object",
        }
    }
}

/// Escapes a name as one token of a JSON pointer.
#[must_use]
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
