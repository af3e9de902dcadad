//! Collects the mistakes of a file, each once, with its place and the likely fix.

use std::collections::HashSet;

pub use stepwell_text::suggest::did_you_mean;

use super::source::Node;
use super::{Mistake, Position, Severity};

/// Most mistakes of a report. More would mostly repeat the same one.
const MISTAKES_MAX: usize = 100;

/// The place of a mistake.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'s> {
    node: Node<'s>,
    position: Option<Position>,
}

impl<'s> Spot<'s> {
    /// The key of a value.
    pub fn key(node: Node<'s>) -> Self {
        Self { node, position: node.key_place() }
    }

    /// A character inside a text. `offset` is in bytes.
    pub fn inside(node: Node<'s>, offset: usize) -> Self {
        Self { node, position: node.place_at(offset) }
    }
}

impl<'s> From<Node<'s>> for Spot<'s> {
    fn from(node: Node<'s>) -> Self {
        Self { node, position: node.place() }
    }
}

/// The mistakes of one document, collected while it is built.
#[derive(Debug)]
pub struct Report<'s> {
    file: String,
    mistakes: Vec<Mistake>,
    seen: HashSet<(u32, u32, String)>,
    /// The calls being expanded, outermost first.
    pub calls: Vec<Call<'s>>,
    /// Ignores mistakes in other catalog functions, which are reported for their own files.
    pub own_text_only: bool,
}

/// A call whose function is being expanded.
#[derive(Debug)]
pub struct Call<'s> {
    /// The function's name as written.
    pub name: String,
    /// The value of the call's `call`.
    pub node: Node<'s>,
    /// Whether the function comes from a catalog folder.
    pub catalog: bool,
}

/// A place in the text that the author wrote.
#[derive(Debug, Clone)]
pub struct Place {
    /// Line and column.
    pub position: Position,
    /// JSON pointer in the text.
    pub pointer: String,
    /// The catalog function that contains the mistake, if the place is only its call.
    pub within: Option<String>,
}

impl<'s> Report<'s> {
    /// Creates an empty report.
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            mistakes: Vec::new(),
            seen: HashSet::new(),
            calls: Vec::new(),
            own_text_only: false,
        }
    }

    /// Returns the name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the place of a spot. A catalog function has no text here, so the place is its outermost call.
    pub fn place(&self, spot: impl Into<Spot<'s>>) -> Place {
        let spot = spot.into();
        if let Some(position) = spot.position {
            return Place { position, pointer: spot.node.pointer(), within: None };
        }
        let outer = self.calls.iter().rev().find_map(|call| Some((call, call.node.place()?)));
        match outer {
            Some((call, position)) => Place { position, pointer: call.node.pointer(), within: Some(call.name.clone()) },
            None => Place { position: Position { line: 1, column: 1 }, pointer: spot.node.pointer(), within: None },
        }
    }

    /// Adds an error.
    pub fn error(&mut self, spot: impl Into<Spot<'s>>, message: impl Into<String>) {
        self.note(spot, Severity::Error, message.into(), None);
    }

    /// Adds an error with its likely fix.
    pub fn error_with_hint(
        &mut self,
        spot: impl Into<Spot<'s>>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.note(spot, Severity::Error, message.into(), hint.into());
    }

    /// Adds a warning.
    pub fn warning(&mut self, spot: impl Into<Spot<'s>>, message: impl Into<String>, hint: impl Into<Option<String>>) {
        self.note(spot, Severity::Warning, message.into(), hint.into());
    }

    fn note(&mut self, spot: impl Into<Spot<'s>>, severity: Severity, message: String, hint: Option<String>) {
        let place = self.place(spot);
        self.note_at(&place, severity, message, hint);
    }

    /// Adds a mistake at a place resolved earlier.
    pub fn note_at(&mut self, place: &Place, severity: Severity, message: String, hint: Option<String>) {
        if self.own_text_only && place.within.is_some() {
            return;
        }
        let message = match &place.within {
            Some(function) => format!("function `{function}`: {message}"),
            None => message,
        };
        let Position { line, column } = place.position;
        // A function is built once per call; its mistakes are reported once.
        if self.mistakes.len() >= MISTAKES_MAX || !self.seen.insert((line, column, message.clone())) {
            return;
        }
        let pointer = place.pointer.clone();
        self.mistakes.push(Mistake { file: self.file.clone(), line, column, pointer, message, hint, severity });
    }

    /// Whether any mistake prevents deployment.
    pub fn has_errors(&self) -> bool {
        self.mistakes.iter().any(|m| m.severity == Severity::Error)
    }

    /// Returns all mistakes, sorted by line and column.
    pub fn finish(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by_key(|m| (m.line, m.column));
        self.mistakes
    }
}

/// Returns a mistake of the text itself, found before there is any structure.
pub fn at(file: &str, position: Position, message: String) -> Mistake {
    Mistake {
        file: file.to_owned(),
        line: position.line,
        column: position.column,
        pointer: String::new(),
        message,
        hint: None,
        severity: Severity::Error,
    }
}

/// Shortens a name or message from the text for display, to 120 characters.
pub fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 120;
    let mut short: String = text.chars().take(SHOWN_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
