//! Finds the place in the text of a character in a scalar's value.
//!
//! Folding, indentation and chomping only change white space, and quoting only adds escapes. So in every style of
//! scalar the nth visible character of the value is the nth visible character of the text.

use super::super::Position;
use super::{Source, Style};

/// Returns the place of the character at byte `offset` of a scalar's value.
pub(super) fn place_in_scalar(source: &Source, start: Position, style: Style, value: &str, offset: usize) -> Position {
    let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let mut boundary = offset.min(value.len());
    while !value.is_char_boundary(boundary) {
        boundary -= 1;
    }
    let (wanted, total) = (visible(&value[..boundary]), visible(value));
    let mut cursor = Cursor::at(source, start, style);
    let mut seen = 0;
    let mut end = cursor.position;
    while seen < total {
        let before = cursor.position;
        let Some(character) = cursor.next_character(style) else { break };
        if character.is_whitespace() {
            continue;
        }
        if seen == wanted {
            return before;
        }
        seen += 1;
        end = cursor.position;
    }
    end
}

struct Cursor<'t> {
    rest: &'t str,
    position: Position,
}

impl<'t> Cursor<'t> {
    /// Starts at the first character of a scalar's text. The place of a block scalar is that of its text, not of its
    /// indicator.
    fn at(source: &'t Source, start: Position, style: Style) -> Self {
        let line = start.line as usize;
        let from = source.line_starts.get(line - 1).copied().unwrap_or(source.text.len());
        let mut cursor = Self { rest: &source.text[from..], position: Position { line: start.line, column: 1 } };
        let quote = u32::from(matches!(style, Style::SingleQuoted | Style::DoubleQuoted));
        while cursor.position.column < start.column + quote && cursor.raw().is_some() {}
        cursor
    }

    fn raw(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        let broken = character == '\n' || (character == '\r' && !self.rest.starts_with('\n'));
        if broken {
            self.position = Position { line: self.position.line + 1, column: 1 };
        } else {
            self.position.column += 1;
        }
        Some(character)
    }

    /// Returns the next character of the value. An escape is one character; an escaped line break counts as white
    /// space.
    fn next_character(&mut self, style: Style) -> Option<char> {
        let character = self.raw()?;
        match (style, character) {
            (Style::SingleQuoted, '\'') => self.raw(),
            (Style::DoubleQuoted, '\\') => self.escape(),
            _ => Some(character),
        }
    }

    fn escape(&mut self) -> Option<char> {
        let digits = match self.raw()? {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            'n' | 't' | 'r' | 'v' | 'f' | ' ' | '\t' | '\n' | '\r' | 'N' | '_' | 'L' | 'P' => return Some(' '),
            other => return Some(other),
        };
        let mut code = 0;
        for _ in 0..digits {
            code = code * 16 + self.raw()?.to_digit(16)?;
        }
        char::from_u32(code).or(Some('?'))
    }
}
