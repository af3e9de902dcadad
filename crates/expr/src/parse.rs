//! Parses and compiles expressions. Hostile text is refused before jq's recursive parser sees it, and the parser runs
//! on a stack that the remaining texts cannot exhaust.

use jaq_core::load::parse::{Def, Term};
use jaq_core::load::{self, Arena, File, Lexer, Loader, Parser};

use crate::syntax::{self, Verdict};
use crate::{Expression, ParseError, library};

/// Longest text of an expression, in bytes.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// Deepest nesting of brackets.
const NESTING_MAX: usize = 100;

/// Enough for the longest text with the deepest recursion. Only used pages take memory.
const STACK_BYTES: usize = 128 << 20;

/// The interpreter's name for the expression. No expression can call it, because the check refuses unknown formats.
const MAIN: &str = "@main";

impl Expression {
    /// Parses jq text, without `${ }`. `variables` are the names, without `$`, that it may use.
    ///
    /// # Errors
    /// A syntax error, an unknown variable or function, or a name that does not exist here (`env`, `input`, ...).
    pub fn parse(text: &str, variables: &[&str]) -> Result<Self, ParseError> {
        on_a_large_stack(text, || parse_here(text, variables))
    }

    /// Parses a field that is always an expression: bare jq or `${ }`. Offsets refer to the whole text.
    ///
    /// # Errors
    /// See [`Self::parse`].
    pub fn parse_field(text: &str, variables: &[&str]) -> Result<Self, ParseError> {
        match super::template::inside(text) {
            None => Self::parse(text, variables),
            Some((start, inner)) => {
                Self::parse(inner, variables).map_err(|e| ParseError { offset: e.offset + start, ..e })
            }
        }
    }
}

/// Applies `look` to the parsed text; `None` if it does not parse.
pub(crate) fn look<T: Send>(text: &str, look: &(dyn Fn(&Term<&str>) -> T + Sync)) -> Option<T> {
    on_a_large_stack(text, || with_term(text, |_, term| Ok(look(&term)))).ok()
}

/// Runs a parser on a large stack. The text has limited length and nesting.
fn on_a_large_stack<T: Send>(
    text: &str,
    parse: impl FnOnce() -> Result<T, ParseError> + Send,
) -> Result<T, ParseError> {
    bounds(text)?;
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(STACK_BYTES);
        let parsed = parser.spawn_scoped(scope, parse);
        let parsed = parsed.map_err(|e| error(0, format!("no thread to parse on: {e}")))?;
        parsed.join().unwrap_or_else(|_| Err(error(0, "jq's parser failed on this text".to_owned())))
    })
}

fn error(offset: usize, message: String) -> ParseError {
    ParseError { message, offset, hint: None }
}

fn bounds(text: &str) -> Result<(), ParseError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(error(0, format!("the expression is longer than {TEXT_BYTES_MAX} bytes")));
    }
    let mut depth = 0_usize;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            0 => return Err(error(offset, "the expression contains NUL".to_owned())),
            _ => {}
        }
        if depth > NESTING_MAX {
            return Err(error(offset, format!("brackets are nested deeper than {NESTING_MAX} levels")));
        }
    }
    Ok(())
}

fn with_term<T>(
    original: &str,
    then: impl for<'s> FnOnce(&'s str, Term<&'s str>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    let text = &*with_characters(original);
    let place = |part: &str| if part.is_empty() { text.len() } else { load::span(text, part).start };
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        errors
            .first()
            .map_or_else(unreadable, |(expected, found)| error(place(found), format!("expected {}", expected.as_str())))
    })?;
    let tokens = syntax::adapt(text, tokens);
    let term = Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| {
        errors.first().map_or_else(unreadable, |(expected, found)| {
            let found = found.map(load::lex::Token::as_str);
            let shown = found.map_or_else(|| "the end".to_owned(), |found| format!("`{}`", cut(found)));
            error(offset(text, found.unwrap_or_default()), format!("expected {}, found {shown}", expected.as_str()))
        })
    })?;
    then(text, term)
}

fn parse_here(original: &str, allowed: &[&str]) -> Result<Expression, ParseError> {
    with_term(original, |text, term| compiled(original, text, term, allowed))
}

fn compiled(original: &str, text: &str, term: Term<&str>, allowed: &[&str]) -> Result<Expression, ParseError> {
    let Verdict { class, variables, defined } = syntax::judge(text, &term, allowed)?;
    let body = syntax::expression(term, defined);
    let needed = library::needed_by(&body);
    let main = Def { name: MAIN, args: Vec::new(), body };
    let globals: Vec<String> = variables.iter().map(|v| format!("${v}")).collect();
    let arena = Arena::default();
    let modules = Loader::new(library::definitions(&needed).into_iter().chain([main]))
        .load(&arena, File { code: MAIN, path: () })
        .map_err(|_| unreadable())?;
    let program = jaq_core::Compiler::default()
        .with_funs(library::functions(&needed))
        .with_global_vars(globals.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| {
            undefined(text, errors.into_iter().flat_map(|(_, e)| e).map(|(name, what)| (name, what.as_str())))
        })?;
    Ok(Expression { text: original.into(), variables: variables.into(), class, program: program.into() })
}

fn unreadable() -> ParseError {
    error(0, "this is not one jq expression (import, include and module do not exist here)".to_owned())
}

/// Replaces escaped surrogate pairs with their characters, because the lexer only reads single escapes.
fn with_characters(text: &str) -> std::borrow::Cow<'_, str> {
    let escape = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(digits, 16).ok()
    };
    let mut out = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices("\\u") {
        let escaped = text[..at].bytes().rev().take_while(|b| *b == b'\\').count() % 2 == 1;
        let (Some(high @ 0xD800..=0xDBFF), false) = (escape(at), escaped || at < copied) else { continue };
        let (character, length) = match escape(at + 6) {
            Some(low @ 0xDC00..=0xDFFF) => (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00), 12),
            _ => (0xFFFD, 6),
        };
        out.push_str(&text[copied..at]);
        out.extend(char::from_u32(character));
        copied = at + length;
    }
    if copied == 0 {
        return text.into();
    }
    out.push_str(&text[copied..]);
    out.into()
}

fn offset(text: &str, part: &str) -> usize {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    start.filter(|offset| *offset < text.len()).unwrap_or(if part.is_empty() { text.len() } else { 0 })
}

fn cut(text: &str) -> String {
    text.chars().take(20).collect()
}

fn undefined<'t>(text: &str, errors: impl Iterator<Item = (&'t str, &'static str)>) -> ParseError {
    let mut errors = errors;
    let Some((name, what)) = errors.next() else { return error(0, "this does not compile".to_owned()) };
    let hint = (what == "filter").then(|| syntax::similar_function(name)).flatten();
    ParseError { message: format!("there is no {what} `{name}`"), offset: offset(text, name), hint }
}
