//! Splits a query into tokens with their positions.

use chrono::{DateTime, NaiveDate};

use super::{Decimal, Dialect, Literal, SyntaxError};

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A name or keyword, including the dots of a path.
    Word(String),
    /// A literal.
    Literal(Literal),
    /// An operator or punctuation.
    Symbol(&'static str),
    /// The end of the query.
    End,
}

/// A token with its position.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The token.
    pub token: Token,
    /// Character offset of its first character.
    pub at: usize,
    /// The text as written.
    pub text: String,
}

const SYMBOLS: [&str; 12] = ["!=", "<>", "<=", ">=", "=", "<", ">", "(", ")", ",", "*", "-"];

/// Splits a text into tokens. The last one is always [`Token::End`].
pub fn words(text: &str, dialect: Dialect) -> Result<Vec<Placed>, SyntaxError> {
    let characters: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        if characters[at].is_whitespace() {
            at += 1;
            continue;
        }
        let (token, end) = word(&characters, at, dialect)?;
        words.push(Placed { token, at, text: characters[at..end].iter().collect() });
        at = end;
    }
    words.push(Placed { token: Token::End, at, text: "<EOF>".into() });
    Ok(words)
}

fn word(characters: &[char], at: usize, dialect: Dialect) -> Result<(Token, usize), SyntaxError> {
    let first = characters[at];
    let while_in = |belongs: fn(char) -> bool| {
        at + characters[at..].iter().position(|character| !belongs(*character)).unwrap_or(characters.len() - at)
    };
    if first == '\'' {
        return quoted(characters, at, dialect);
    }
    if first.is_alphabetic() || first == '_' {
        let end = while_in(|character| character.is_alphanumeric() || matches!(character, '_' | '.' | '$'));
        return Ok((Token::Word(characters[at..end].iter().collect()), end));
    }
    let signed = matches!(first, '-' | '+') && characters.get(at + 1).is_some_and(char::is_ascii_digit);
    if first.is_ascii_digit() || signed {
        let end = while_in(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | ':' | '-' | '+'));
        let text: String = characters[at..end].iter().collect();
        return bare(&text).map(|literal| (Token::Literal(literal), end)).ok_or(SyntaxError { at, token: text });
    }
    let starts = |symbol: &&&str| symbol.chars().enumerate().all(|(i, c)| characters.get(at + i) == Some(&c));
    match SYMBOLS.iter().find(starts) {
        Some(symbol) => Ok((Token::Symbol(symbol), at + symbol.len())),
        None => Err(SyntaxError { at, token: first.to_string() }),
    }
}

fn bare(text: &str) -> Option<Literal> {
    let moment = NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
        || DateTime::parse_from_rfc3339(text).is_ok()
        || DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").is_ok();
    if moment { Some(Literal::Moment(text.to_owned())) } else { Decimal::parse(text).map(Literal::Number) }
}

fn quoted(characters: &[char], start: usize, dialect: Dialect) -> Result<(Token, usize), SyntaxError> {
    let mut text = String::new();
    let mut at = start + 1;
    while let Some(character) = characters.get(at) {
        let next = characters.get(at + 1).copied();
        match (*character, dialect) {
            ('\\', Dialect::Soql) => {
                text.push(unescaped(next.ok_or_else(|| unclosed(characters, start))?));
                at += 1;
            }
            ('\'', Dialect::SuiteQl) if next == Some('\'') => {
                text.push('\'');
                at += 1;
            }
            ('\'', _) => return Ok((Token::Literal(Literal::Text(text)), at + 1)),
            (other, _) => text.push(other),
        }
        at += 1;
    }
    Err(unclosed(characters, start))
}

fn unclosed(characters: &[char], start: usize) -> SyntaxError {
    SyntaxError { at: start, token: characters[start..].iter().collect() }
}

const fn unescaped(character: char) -> char {
    match character {
        'n' | 'N' => '\n',
        'r' | 'R' => '\r',
        't' | 'T' => '\t',
        other => other,
    }
}
