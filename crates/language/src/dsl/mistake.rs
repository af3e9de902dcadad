//! Mistakes and how they are collected: all of a file, each once, each with its place and the likely fix.

use std::collections::HashSet;

pub use stepwell_text::suggest::did_you_mean;

use super::source::Node;
use super::{Mistake, Position, Severity};

/// Enough to fix a file by; more would be the same mistake again and again.
const MISTAKES_MAX: usize = 100;

/// A place that a mistake is about.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'s> {
    node: Node<'s>,
    position: Option<Position>,
}

impl<'s> Spot<'s> {
    /// The key that names the value.
    pub fn key(node: Node<'s>) -> Self {
        Self { node, position: node.key_place() }
    }

    /// A character inside a text.
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
    /// The calls being unfolded, outermost first.
    pub calls: Vec<Call<'s>>,
    /// Mistakes in other catalog functions are left to the check of their own files.
    pub own_text_only: bool,
}

/// A call whose function is being unfolded.
#[derive(Debug)]
pub struct Call<'s> {
    /// The function's name as written.
    pub name: String,
    /// The call's `call`.
    pub node: Node<'s>,
    /// Whether the function comes from a catalog folder.
    pub catalog: bool,
}

/// Where something stands for people: in the text that they wrote.
#[derive(Debug, Clone)]
pub struct Place {
    /// Line and column.
    pub position: Position,
    /// JSON pointer in the text.
    pub pointer: String,
    /// The catalog function that it really is in.
    pub within: Option<String>,
}

impl<'s> Report<'s> {
    /// No mistakes yet.
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            mistakes: Vec::new(),
            seen: HashSet::new(),
            calls: Vec::new(),
            own_text_only: false,
        }
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The place of a spot; a catalog function has no text here, so its call stands for it.
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

    /// Notes an error.
    pub fn error(&mut self, spot: impl Into<Spot<'s>>, message: impl Into<String>) {
        self.note(spot, Severity::Error, message.into(), None);
    }

    /// Notes an error whose likely fix is known.
    pub fn error_with_hint(
        &mut self,
        spot: impl Into<Spot<'s>>,
        message: impl Into<String>,
        hint: impl Into<Option<String>>,
    ) {
        self.note(spot, Severity::Error, message.into(), hint.into());
    }

    /// Notes something to think about.
    pub fn warning(&mut self, spot: impl Into<Spot<'s>>, message: impl Into<String>, hint: impl Into<Option<String>>) {
        self.note(spot, Severity::Warning, message.into(), hint.into());
    }

    fn note(&mut self, spot: impl Into<Spot<'s>>, severity: Severity, message: String, hint: Option<String>) {
        let place = self.place(spot);
        self.note_at(&place, severity, message, hint);
    }

    /// Notes a mistake at a place that was resolved before.
    pub fn note_at(&mut self, place: &Place, severity: Severity, message: String, hint: Option<String>) {
        if self.own_text_only && place.within.is_some() {
            return;
        }
        let message = match &place.within {
            Some(function) => format!("function `{function}`: {message}"),
            None => message,
        };
        let Position { line, column } = place.position;
        // A function is built at each of its calls; what is wrong in it is said once.
        if self.mistakes.len() >= MISTAKES_MAX || !self.seen.insert((line, column, message.clone())) {
            return;
        }
        let pointer = place.pointer.clone();
        self.mistakes.push(Mistake { file: self.file.clone(), line, column, pointer, message, hint, severity });
    }

    /// Whether anything prevents deployment.
    pub fn has_errors(&self) -> bool {
        self.mistakes.iter().any(|m| m.severity == Severity::Error)
    }

    /// All mistakes in the order of the text.
    pub fn finish(mut self) -> Vec<Mistake> {
        self.mistakes.sort_by_key(|m| (m.line, m.column));
        self.mistakes
    }
}

/// A mistake of the text itself, before there is any structure.
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

/// A name or message from the text, short enough to be shown.
pub fn shortened(text: &str) -> String {
    const SHOWN_MAX: usize = 120;
    let mut short: String = text.chars().take(SHOWN_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
