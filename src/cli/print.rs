//! How commands print. With `--json`, a single thing is a JSON object and a list is a JSON array with one item per
//! line. Otherwise text, in which external text cannot control the terminal; on a terminal, rows of a list are cut to
//! its width.

use std::io::IsTerminal;

use chrono::SecondsFormat;
use serde::de::DeserializeOwned;
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::client::{self, Failure, Pages};
use crate::machine::Time;
use crate::output;

/// Prints a value as JSON.
pub(super) fn json(value: &Value) {
    println!("{value:#}");
}

/// Prints all pages of a list.
pub(super) async fn pages<T: DeserializeOwned>(
    mut pages: Pages<'_>,
    as_json: bool,
    text: impl Fn(&T) -> String,
) -> Result<(), Failure> {
    let mut list = List::begin(as_json);
    while let Some(items) = pages.next().await? {
        for item in items {
            list.item(item, &text)?;
        }
        if output::is_unread() {
            break;
        }
    }
    list.end();
    Ok(())
}

/// Prints a list that has been read already.
pub(super) fn items<T: DeserializeOwned>(
    items: Vec<Value>,
    as_json: bool,
    text: impl Fn(&T) -> String,
) -> Result<(), Failure> {
    let mut list = List::begin(as_json);
    items.into_iter().try_for_each(|item| list.item(item, &text))?;
    list.end();
    Ok(())
}

/// Prints a list while it is being read.
pub(super) struct List {
    as_json: bool,
    is_empty: bool,
}

impl List {
    pub(super) fn begin(as_json: bool) -> Self {
        Self { as_json, is_empty: true }
    }

    /// Prints an item: as received, or as text of one or more lines.
    pub(super) fn item<T: DeserializeOwned>(
        &mut self,
        item: Value,
        text: impl Fn(&T) -> String,
    ) -> Result<(), Failure> {
        if self.as_json {
            print!("{}{item}", if self.is_empty { "[\n" } else { ",\n" });
        } else {
            text(&client::read(item)?).lines().for_each(row);
        }
        self.is_empty = false;
        Ok(())
    }

    pub(super) fn end(self) {
        match (self.as_json, self.is_empty) {
            (false, _) => {}
            (true, true) => println!("[]"),
            (true, false) => println!("\n]"),
        }
    }
}

/// Prints a row of a list, cut to the terminal's width.
pub(super) fn row(text: &str) {
    let text = plain(text);
    match columns() {
        Some(columns) => println!("{}", cut(&text, columns)),
        None => println!("{text}"),
    }
}

/// Prints text that may contain external text.
pub(super) fn text(text: &str) {
    text.lines().for_each(|line| println!("{}", plain(line)));
}

/// Like [`text`], on standard error.
pub(super) fn complaint(text: &str) {
    text.lines().for_each(|line| eprintln!("{}", plain(line)));
}

/// Replaces characters that would control a terminal.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    crate::words::written_out(&shown)
}

/// Width of the terminal, if standard output is one.
fn columns() -> Option<usize> {
    let out = std::io::stdout();
    let size = out.is_terminal().then(|| rustix::termios::tcgetwinsize(&out).ok()).flatten()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Cuts a line to a width; the last column marks the cut.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken < columns
    };
    let mut shown: String = text.chars().take_while(fits).collect();
    shown.push('…');
    shown
}

/// `2026-11-20T16:42:07Z`, which flags accept.
pub(super) fn at(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The time to the microsecond, as the API expects it.
pub(super) fn exact(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_wide_as_the_terminal() {
        assert_eq!(cut("0123456789", 10), "0123456789");
        assert_eq!(cut("0123456789x", 10), "012345678…");
        assert_eq!(cut("東京東京東京", 6), "東京…");
        assert_eq!(cut("ab", 1), "…");
    }

    #[test]
    fn nothing_from_outside_moves_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\tc\r"), "a\\u{1b}[2Jb\\tc\\r");
        assert_eq!(plain("Müller 東京"), "Müller 東京");
    }
}
