//! `match`, `test` and the functions built on them. Patterns that a linear-time engine supports run on it. Look-around
//! and back references need a backtracking engine, which has a limit and runs only if the meter allows it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{Row, values};
use crate::meter::{Exhausted, backtracking, charge, charge_bytes, stop};
use crate::value::{Error, Kind, Val, ValR};

/// Compiled patterns that each thread caches.
const KEPT_MAX: usize = 64;

/// Size limit of a compiled pattern, in bytes.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 4 << 10;

pub(super) fn rows() -> Vec<Row> {
    vec![("_match", values(3), |mut cv| {
        let (only_test, flags, pattern) = (cv.0.pop_var(), cv.0.pop_var(), cv.0.pop_var());
        jaq_core::native::bome(matches(&cv.1, &pattern, &flags, matches!(only_test, Val::Bool(true))))
    })]
}

/// jq's regular expression flags. `s` needs no field: without it `^` and `$` already match only the ends of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Flags {
    global: bool,
    ignore_case: bool,
    extended: bool,
    dot_matches_newline: bool,
    longest: bool,
    not_empty: bool,
}

enum Compiled {
    Linear(regex::Regex),
    Backtracking(fancy_regex::Regex),
}

/// Byte ranges of a match and its groups.
type Spans = Vec<Option<(usize, usize)>>;

thread_local! {
    static KEPT: RefCell<HashMap<(String, Flags, usize), Rc<Compiled>>> = RefCell::default();
}

fn flags(value: &Val) -> Result<Flags, Error> {
    let mut flags = Flags::default();
    let text = match value.kind() {
        Kind::Null => return Ok(flags),
        Kind::String => value.as_str().unwrap_or_default(),
        _ => return Err(value.error("is not a string")),
    };
    for flag in text.chars() {
        match flag {
            'g' => flags.global = true,
            'i' => flags.ignore_case = true,
            'x' => flags.extended = true,
            'm' | 'p' => flags.dot_matches_newline = true,
            's' => {}
            'l' => flags.longest = true,
            'n' => flags.not_empty = true,
            _ => return Err(Error::str(format_args!("{text} is not a valid modifier string"))),
        }
    }
    Ok(flags)
}

fn compiled(pattern: &str, flags: Flags) -> Result<Rc<Compiled>, Error> {
    let key = (pattern.to_owned(), flags, backtracking());
    if let Some(known) = KEPT.with_borrow(|kept| kept.get(&key).cloned()) {
        return Ok(known);
    }
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(Error::str(format_args!("Regex failure: the pattern is longer than {PATTERN_BYTES_MAX} bytes")));
    }
    charge(1_000 + 20 * pattern.len() as u64);
    let fresh = Rc::new(compile(pattern, flags)?);
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(key, Rc::clone(&fresh));
    });
    Ok(fresh)
}

fn compile(pattern: &str, flags: Flags) -> Result<Compiled, Error> {
    let linear = regex::RegexBuilder::new(pattern)
        .case_insensitive(flags.ignore_case)
        .ignore_whitespace(flags.extended)
        .dot_matches_new_line(flags.dot_matches_newline)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build();
    match linear {
        Ok(linear) if !flags.longest && !flags.not_empty => return Ok(Compiled::Linear(linear)),
        Err(regex::Error::CompiledTooBig(_)) => return Err(Error::str("Regex failure: the pattern is too large")),
        _ => {}
    }
    let backtracking_engine = fancy_regex::RegexBuilder::new(pattern)
        .case_insensitive(flags.ignore_case)
        .verbose_mode(flags.extended)
        .dot_matches_new_line(flags.dot_matches_newline)
        .leftmost_longest(flags.longest)
        .find_not_empty(flags.not_empty)
        .backtrack_limit(backtracking())
        .delegate_size_limit(COMPILED_BYTES_MAX)
        .delegate_dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|why| Error::str(format_args!("Regex failure: {why}")))?;
    if backtracking() == 0 {
        stop(Exhausted::Backtracking(0));
    }
    Ok(Compiled::Backtracking(backtracking_engine))
}

impl Compiled {
    fn names(&self) -> Vec<Option<String>> {
        match self {
            Self::Linear(regex) => regex.capture_names().map(|name| name.map(str::to_owned)).collect(),
            Self::Backtracking(regex) => regex.capture_names().map(|name| name.map(str::to_owned)).collect(),
        }
    }

    fn is_match(&self, text: &str) -> Result<bool, Error> {
        match self {
            Self::Linear(regex) => {
                charge(1 + text.len() as u64 / 16);
                Ok(regex.is_match(text))
            }
            Self::Backtracking(regex) => regex.is_match(text).map_err(|why| stopped(&why)),
        }
    }

    fn find(&self, text: &str, from: usize) -> Result<Option<Spans>, Error> {
        match self {
            Self::Linear(regex) => {
                charge(1 + (text.len() - from) as u64 / 4);
                let found = regex.captures_at(text, from);
                Ok(found.map(|found| found.iter().map(|group| group.map(|g| (g.start(), g.end()))).collect()))
            }
            Self::Backtracking(regex) => {
                let found = regex.captures_from_pos(text, from).map_err(|why| stopped(&why))?;
                Ok(found.map(|found| found.iter().map(|group| group.map(|g| (g.start(), g.end()))).collect()))
            }
        }
    }
}

/// The error of a backtracking engine that gave up.
fn stopped(why: &fancy_regex::Error) -> Error {
    if let fancy_regex::Error::RuntimeError(_) = why {
        stop(Exhausted::Backtracking(backtracking()));
    }
    Error::str(format_args!("Regex failure: {why}"))
}

fn matches(value: &Val, pattern: &Val, modifiers: &Val, only_test: bool) -> ValR {
    let Some(text) = value.as_str() else { return Err(value.error("cannot be matched, as it is not a string")) };
    let Some(pattern_text) = pattern.as_str() else { return Err(pattern.error("is not a string")) };
    let flags = flags(modifiers)?;
    let regex = compiled(pattern_text, flags)?;
    if only_test {
        return regex.is_match(text).map(Val::Bool);
    }
    let names = regex.names();
    let mut found = Vec::new();
    let mut places = Places { text, byte: 0, characters: 0 };
    let mut from = 0;
    while from <= text.len() {
        let Some(spans) = regex.find(text, from)? else { break };
        let Some(Some((start, end))) = spans.first().copied() else { break };
        found.push(report(&mut places, &spans, &names));
        if !flags.global {
            break;
        }
        // After an empty match, continue one character later.
        from = if start == end { end + text[end..].chars().next().map_or(1, char::len_utf8) } else { end };
    }
    Ok(Val::array(found))
}

/// Converts byte positions to character positions. Fast if the positions mostly increase.
struct Places<'t> {
    text: &'t str,
    byte: usize,
    characters: usize,
}

impl Places<'_> {
    fn characters_before(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            charge(1 + byte as u64 / 64);
            return self.text[..byte].chars().count();
        }
        charge(1 + (byte - self.byte) as u64 / 64);
        self.characters += self.text[self.byte..byte].chars().count();
        self.byte = byte;
        self.characters
    }
}

fn report(places: &mut Places<'_>, spans: &Spans, names: &[Option<String>]) -> Val {
    let mut place = |span: Option<(usize, usize)>| match span {
        Some((start, end)) => {
            let matched = &places.text[start..end];
            charge_bytes(matched.len());
            let offset = Val::count(places.characters_before(start));
            (offset, Val::count(matched.chars().count()), Val::text(matched))
        }
        None => (Val::number(-1.0), Val::count(0), Val::Null),
    };
    let (offset, length, string) = place(spans.first().copied().flatten());
    let captures = spans.iter().zip(names).skip(1).map(|(span, name)| {
        let (offset, length, string) = place(*span);
        let name = name.as_ref().map_or(Val::Null, Val::text);
        Val::record([("offset", offset), ("length", length), ("string", string), ("name", name)])
    });
    let captures = Val::array(captures.collect());
    Val::record([("offset", offset), ("length", length), ("string", string), ("captures", captures)])
}
