//! Shows the source line of a mistake with a mark under its position, shortened to the width of a terminal.

use unicode_width::UnicodeWidthChar;

/// Terminal columns used for the line.
const COLUMNS_MAX: usize = 120;
/// Replaces omitted text.
const LEFT_OUT: char = '…';

/// Returns the line and a mark under the column, both counted from 1 in characters. Long lines are shortened on both
/// sides.
pub(super) fn excerpt(text: &str, line: u32, column: u32) -> Option<String> {
    let found = text.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let shown: Vec<char> = found.trim_start_matches('\u{feff}').chars().map(visible).collect();
    let at = usize::try_from(column).ok()?.saturating_sub(1).min(shown.len());
    let from = start(&shown, at);
    let mut line_text = String::new();
    let mut used = 0;
    if from > 0 {
        line_text.push(LEFT_OUT);
        used += 1;
    }
    let mut mark = used;
    for (index, character) in shown.iter().enumerate().skip(from) {
        let wide = width(*character);
        if used + wide >= COLUMNS_MAX && index + 1 < shown.len() {
            line_text.push(LEFT_OUT);
            break;
        }
        mark += if index < at { wide } else { 0 };
        used += wide;
        line_text.push(*character);
    }
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    Some(format!("  {number} | {line_text}\n  {gutter} | {}^", " ".repeat(mark)))
}

/// Index of the first character shown, chosen so that the position is in the middle.
fn start(shown: &[char], at: usize) -> usize {
    let whole: usize = shown.iter().map(|c| width(*c)).sum();
    if whole <= COLUMNS_MAX {
        return 0;
    }
    let mut before = 0;
    let nearer = shown[..at].iter().rposition(|c| {
        before += width(*c);
        before > COLUMNS_MAX / 2
    });
    nearer.map_or(0, |index| index + 1)
}

/// Replaces a tab by one column, so that the mark is in the right place on every terminal, and characters that would
/// move or reverse the text.
fn visible(character: char) -> char {
    match character {
        '\t' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => '\u{fffd}',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

fn width(character: char) -> usize {
    character.width().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the character above the mark, as a terminal shows it.
    fn marked(excerpt: &str) -> Option<char> {
        let (line, mark) = excerpt.split_once('\n')?;
        let at = mark.chars().take_while(|c| *c != '^').count();
        let mut column = 0;
        line.chars().find(|c| {
            let here = column == at && width(*c) > 0;
            column += width(*c);
            here
        })
    }

    #[test]
    fn the_mark_is_under_its_character_whatever_comes_before_it() {
        let cases = [
            ("a: X", 4, "  1 | a: X\n    |    ^"),
            ("\ta:\tX", 5, "  1 |  a: X\n    |     ^"),
            // Each is two columns wide.
            ("注文: X", 5, "  1 | 注文: X\n    |       ^"),
            ("🦀: X", 4, "  1 | 🦀: X\n    |     ^"),
            // The accent is a separate character of zero width.
            ("e\u{301}: X", 5, "  1 | e\u{301}: X\n    |    ^"),
            ("a\u{202e}b: X", 6, "  1 | a\u{fffd}b: X\n    |      ^"),
            ("a\u{1b}[31m: X", 9, "  1 | a\u{fffd}[31m: X\n    |         ^"),
            ("\u{feff}X: 1", 1, "  1 | X: 1\n    | ^"),
            // Something is missing at the end of the line.
            ("a:", 3, "  1 | a:\n    |   ^"),
        ];
        for (text, column, expected) in cases {
            assert_eq!(excerpt(text, 1, column).as_deref(), Some(expected), "{text:?}");
        }
        assert_eq!(excerpt("a", 2, 1), None);
        assert_eq!(excerpt("a", 0, 0), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        for filler in ["a", "注", "e\u{301}"] {
            for before in [0, 1, 59, 60, 61, 119, 120, 121, 500] {
                for after in [0, 1, 60, 120, 500] {
                    let text = format!("{}X{}", filler.repeat(before), filler.repeat(after));
                    let column = u32::try_from(filler.chars().count() * before + 1).expect("a column");
                    let shown = excerpt(&text, 1, column).expect("a line");
                    let line = shown.lines().next().expect("a line");
                    assert_eq!(marked(&shown), Some('X'), "{filler} {before} {after}:\n{shown}");
                    let columns: usize = line.chars().map(width).sum();
                    assert!(columns <= COLUMNS_MAX + "  1 | ".len() + 1, "{columns} columns:\n{shown}");
                }
            }
        }
    }
}
