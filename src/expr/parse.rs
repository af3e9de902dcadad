//! From text to a compiled expression. Hostile text is refused before jq's recursive parser sees it, and the parser runs on a
//! stack that what is left cannot exhaust.

use jaq_core::load::{self, Arena, File, Loader};

use super::check::{self, Verdict};
use super::library;
use super::{Data, Expression, ParseError};

/// Longest text of an expression.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// Deepest nesting of brackets.
const NESTING_MAX: usize = 100;

/// Enough for the longest text at the deepest recursion; only touched pages cost memory.
const STACK_BYTES: usize = 128 << 20;

impl Expression {
    /// Parses jq text (without `${ }`). `variables` are the names, without `$`, that it may read.
    ///
    /// # Errors
    /// Syntax errors, unknown variables and functions, and names that do not exist here (`env`, `input`, ...).
    pub fn parse(text: &str, variables: &[&str]) -> Result<Self, ParseError> {
        bounds(text)?;
        std::thread::scope(|scope| {
            let parser = std::thread::Builder::new().stack_size(STACK_BYTES);
            let parsed = parser.spawn_scoped(scope, || parse_here(text, variables));
            let parsed = parsed.map_err(|e| error(0, format!("no thread to parse on: {e}")))?;
            parsed.join().unwrap_or_else(|_| Err(error(0, "jq's parser gave up on this text".to_owned())))
        })
    }

    /// Parses a field that is an expression by definition: bare jq or `${ }`. Offsets are into the whole text.
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
            0 => return Err(error(offset, "the expression holds a NUL".to_owned())),
            _ => {}
        }
        if depth > NESTING_MAX {
            return Err(error(offset, format!("brackets are nested deeper than {NESTING_MAX} levels")));
        }
    }
    Ok(())
}

/// With the part of jq's library that the text mentions; if that is not enough, which only a text can bring about that does
/// not compile at all, with all of it, so that the error says what is wrong.
fn parse_here(text: &str, allowed: &[&str]) -> Result<Expression, ParseError> {
    let needed = library::needed_by(text);
    parse_with(text, allowed, &|name| needed.contains(name)).or_else(|_| parse_with(text, allowed, &|_| true))
}

fn parse_with(text: &str, allowed: &[&str], wanted: &dyn Fn(&str) -> bool) -> Result<Expression, ParseError> {
    let syntax = |errors| syntax_error(text, errors);
    let arena = Arena::default();
    let modules = Loader::new(library::definitions(wanted))
        .load(&arena, File { code: text, path: () })
        .map_err(|mut errors| errors.pop().map_or_else(|| error(0, "this is no jq".to_owned()), |(_, e)| syntax(e)))?;
    let term = load::parse(text, |p| p.term()).ok_or_else(|| {
        error(0, "this is not one jq expression (import, include and module do not exist here)".to_owned())
    })?;
    let Verdict { class, variables } = check::judge(text, &term, allowed)?;
    let globals: Vec<String> = variables.iter().map(|v| format!("${v}")).collect();
    let functions = jaq_core::funs::<Data>().chain(jaq_std::funs()).chain(jaq_json::funs());
    let functions = functions.filter(|(name, ..)| library::is_internal(name) || wanted(name));
    let program = jaq_core::Compiler::default()
        .with_funs(functions)
        .with_global_vars(globals.iter().map(String::as_str))
        .compile(modules)
        .map_err(|errors| {
            undefined(text, errors.into_iter().flat_map(|(_, e)| e).map(|(name, what)| (name, what.as_str())))
        })?;
    Ok(Expression { text: text.into(), variables: variables.into(), class, program: program.into() })
}

fn syntax_error(text: &str, errors: load::Error<&str>) -> ParseError {
    let at = |part: &str| if part.is_empty() { text.len() } else { load::span(text, part).start };
    match errors {
        load::Error::Io(_) => error(0, "import and include do not exist here".to_owned()),
        load::Error::Lex(errors) => errors.first().map_or_else(
            || error(0, "this is no jq".to_owned()),
            |(expected, found)| error(at(found), format!("expected {}", expected.as_str())),
        ),
        load::Error::Parse(errors) => errors.first().map_or_else(
            || error(0, "this is no jq".to_owned()),
            |(expected, found)| {
                let found_text = if found.is_empty() { "the end".to_owned() } else { format!("`{}`", cut(found)) };
                error(at(found), format!("expected {}, found {found_text}", expected.as_str()))
            },
        ),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(20).collect()
}

fn undefined<'t>(text: &str, errors: impl Iterator<Item = (&'t str, &'static str)>) -> ParseError {
    let mut errors = errors;
    let Some((name, what)) = errors.next() else { return error(0, "this does not compile".to_owned()) };
    let offset = (name.as_ptr() as usize).checked_sub(text.as_ptr() as usize).filter(|o| *o < text.len()).unwrap_or(0);
    let hint = (what == "filter").then(|| check::similar_function(name)).flatten();
    ParseError { message: format!("there is no {what} `{name}`"), offset, hint }
}
