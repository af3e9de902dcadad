//! Renders JSON for reading: indented, colored, and cut if it is too long. The result is safe HTML.

use std::cell::Cell;

use serde_json::Value;

use crate::words;

/// Length in bytes at which pages cut a value; the API returns all of it.
pub const BYTES_MAX: usize = 64 * 1024;

/// Bytes of values in the steps of a page, after which only the beginning of each is shown.
const PAGE_BYTES_MAX: usize = 2 << 20;

/// Length in bytes of that beginning.
const BEGINNING_BYTES: usize = 1024;

/// Bytes of values shown so far. Bounds the page of a run with many steps and large bodies.
#[derive(Debug, Default)]
pub struct Shown(Cell<usize>);

impl Shown {
    /// Renders a value within the budget of the page.
    #[must_use]
    pub fn json(&self, value: &Value) -> Pretty {
        let bytes_max = if self.0.get() < PAGE_BYTES_MAX { BYTES_MAX } else { BEGINNING_BYTES };
        let pretty = json_within(value, bytes_max);
        self.0.set(self.0.get() + pretty.html.len());
        pretty
    }
}

/// A rendered value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pretty {
    /// Escaped HTML with `<span>`s around names and scalars.
    pub html: String,
    /// Whether the end is cut off.
    pub cut: bool,
    /// Size of the whole value, for people.
    pub size: String,
}

/// Renders a value.
#[must_use]
pub fn json(value: &Value) -> Pretty {
    json_within(value, BYTES_MAX)
}

/// Renders a value in at most `bytes_max` bytes. A string is shown as is, because that is what was sent or received.
#[must_use]
pub fn json_within(value: &Value, bytes_max: usize) -> Pretty {
    match value {
        Value::String(text) => made(text, bytes_max, escaped),
        _ => {
            let text = serde_json::to_string_pretty(value).expect("a value is always writable");
            made(&text, bytes_max, colored)
        }
    }
}

fn made(text: &str, bytes_max: usize, markup: impl Fn(&str) -> String) -> Pretty {
    let shown = &text[..text.floor_char_boundary(bytes_max)];
    Pretty { html: markup(shown), cut: shown.len() < text.len(), size: size(text.len()) }
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    escape(text, &mut html);
    html
}

fn size(bytes: usize) -> String {
    match bytes {
        ..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1_048_576)),
    }
}

/// Wraps strings, names and other scalars of indented JSON in `<span>`s. Also accepts a text that is cut off.
fn colored(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, class) = match first {
            '"' => string(rest),
            '-' | '0'..='9' => (run(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')), "num"),
            't' | 'f' | 'n' => (run(rest, |c| c.is_ascii_alphabetic()), "lit"),
            _ => (first.len_utf8(), ""),
        };
        if class.is_empty() {
            escape(&rest[..length], &mut html);
        } else {
            html.push_str("<span class=\"");
            html.push_str(class);
            html.push_str("\">");
            escape(&rest[..length], &mut html);
            html.push_str("</span>");
        }
        rest = &rest[length..];
    }
    html
}

/// Returns the length of the string at the start and its CSS class, which distinguishes names from values.
fn string(text: &str) -> (usize, &'static str) {
    let mut escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return (place + 1, if text[place + 1..].starts_with(':') { "key" } else { "str" }),
            _ => {}
        }
    }
    (text.len(), "str")
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => words::write_out(c, html),
        }
    }
}

/// Returns names and values from an object or from a list of pairs.
pub fn pairs(headers: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match headers {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
        Value::Array(list) => list.iter().filter_map(|pair| Some((text(pair.get(0)?), text(pair.get(1)?)))).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text_of(html: &str) -> String {
        let mut text = String::new();
        let mut inside = false;
        for c in html.chars() {
            match c {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => text.push(c),
                _ => {}
            }
        }
        text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    }

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let hostile =
            json!({"<script>alert(1)</script>": "</pre><img src=x onerror='alert(1)'>", "n": [1.50, true, null]});
        let html = json(&hostile).html;
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("</pre"), "{html}");
        assert_eq!(text_of(&html), serde_json::to_string_pretty(&hostile).unwrap());
    }

    #[test]
    fn a_mark_that_turns_the_writing_is_shown_as_json_writes_it() {
        let html = json(&json!({"file": "\u{202e}gpj.exe"})).html;
        assert!(html.contains(r"\u202egpj.exe") && !html.contains('\u{202e}'), "{html}");
        let shown: serde_json::Value = serde_json::from_str(&text_of(&html)).unwrap();
        assert_eq!(shown["file"], "\u{202e}gpj.exe");
    }

    #[test]
    fn names_and_values_are_told_apart() {
        let html = json(&json!({"a\":": "b:", "n": -1.5e-7})).html;
        assert!(
            html.contains(r#"<span class="key">&quot;a\&quot;:&quot;</span>: <span class="str">&quot;b:&quot;</span>"#)
        );
        assert!(html.contains(r#"<span class="num">-1.5e-7</span>"#), "{html}");
    }

    #[test]
    fn a_page_of_many_long_values_stays_bounded() {
        let (shown, value) = (Shown::default(), json!(["x".repeat(BYTES_MAX)]));
        let total: usize = (0..500).map(|_| shown.json(&value).html.len()).sum();
        assert!(total < PAGE_BYTES_MAX + BYTES_MAX + 500 * 2 * BEGINNING_BYTES, "{total}");
        assert!(!shown.json(&json!({"a": 1})).cut);
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let long = json(&json!(["ü".repeat(BYTES_MAX)]));
        assert!(long.cut && long.size == "129 KiB", "{}", long.size);
        assert!(text_of(&long.html).len() <= BYTES_MAX);
    }
}
