//! Syntax of jq 1.8 that the interpreter's parser does not support: alternative patterns (`?//`), `{$a: PATTERN}`,
//! operators after `reduce` and `foreach`, numbers that begin with a point.

use jaq_core::load::lex::{StrPart, Tok, Token};

use super::ALTERNATIVES;

type Tokens<'s> = Vec<Token<&'s str>>;

/// Rewrites tokens so that the parser accepts them.
pub(crate) fn adapt<'s>(text: &'s str, tokens: Tokens<'s>) -> Tokens<'s> {
    let mut adapted = Tokens::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            Token(word @ ("reduce" | "foreach"), Tok::Word) => {
                adapted.push(Token(word, Tok::Word));
                let source = until_as(&mut rest);
                if source.iter().any(is_operator) {
                    adapted.push(in_parentheses(adapt(text, source)));
                } else {
                    adapted.extend(adapt(text, source));
                }
            }
            Token("as", Tok::Word) => {
                adapted.push(Token("as", Tok::Word));
                adapted.extend(patterns(text, &mut rest));
            }
            Token(".", Tok::Sym) => match rest.next_if(|next| is_fraction(text, ".", next)) {
                Some(Token(digits, _)) => adapted.push(Token(with_the_point(text, digits), Tok::Num)),
                None => adapted.push(Token(".", Tok::Sym)),
            },
            other => adapted.push(inside(text, other)),
        }
    }
    adapted
}

fn inside<'s>(text: &'s str, Token(full, token): Token<&'s str>) -> Token<&'s str> {
    let token = match token {
        Tok::Block(tokens) => Tok::Block(adapt(text, tokens)),
        Tok::Str(parts) => Tok::Str(
            parts
                .into_iter()
                .map(|part| match part {
                    StrPart::Term(term) => StrPart::Term(inside(text, term)),
                    other => other,
                })
                .collect(),
        ),
        other => other,
    };
    Token(full, token)
}

/// Returns the tokens between `reduce` and its `as`.
fn until_as<'s>(rest: &mut std::iter::Peekable<impl Iterator<Item = Token<&'s str>>>) -> Tokens<'s> {
    let mut source = Tokens::new();
    let mut open = 0_usize;
    while let Some(next) = rest.peek() {
        match next {
            Token("as", Tok::Word) if open == 0 => break,
            Token("as", Tok::Word) => open -= 1,
            Token("reduce" | "foreach", Tok::Word) => open += 1,
            _ => {}
        }
        source.extend(rest.next());
    }
    source
}

fn is_operator(token: &Token<&str>) -> bool {
    let Token(text, kind) = token;
    match kind {
        Tok::Sym => !text.starts_with('.') && !matches!(*text, "?" | "-" | ";" | ":"),
        Tok::Word => matches!(*text, "and" | "or"),
        _ => false,
    }
}

fn in_parentheses(mut tokens: Tokens<'_>) -> Token<&str> {
    tokens.push(Token(")", Tok::Sym));
    Token("(", Tok::Block(tokens))
}

/// Combines patterns separated by `?//` into one.
fn patterns<'s>(text: &'s str, rest: &mut std::iter::Peekable<impl Iterator<Item = Token<&'s str>>>) -> Tokens<'s> {
    let is_pattern = |token: &Token<&str>| match token {
        Token(_, Tok::Var) => true,
        Token(full, Tok::Block(_)) => full.starts_with(['[', '{']),
        _ => false,
    };
    let mut found = Tokens::new();
    while let Some(pattern) = rest.next_if(is_pattern) {
        found.push(in_pattern(text, pattern));
        let Some(question) = rest.next_if(|token| matches!(token, Token("?", Tok::Sym))) else { break };
        if rest.next_if(|token| matches!(token, Token("//", Tok::Sym))).is_none() {
            found.push(question);
            return found;
        }
    }
    if found.len() < 2 {
        return found;
    }
    let mut block = vec![Token(ALTERNATIVES, Tok::Var)];
    for pattern in found {
        block.push(Token(",", Tok::Sym));
        block.push(pattern);
    }
    block.push(Token("]", Tok::Sym));
    vec![Token("[", Tok::Block(block))]
}

/// Rewrites `$a: PATTERN` in an object to `$a, a: PATTERN`. Keys in parentheses are expressions.
fn in_pattern<'s>(text: &'s str, Token(full, token): Token<&'s str>) -> Token<&'s str> {
    let Tok::Block(tokens) = token else { return Token(full, token) };
    let mut adapted = Tokens::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            Token(name, Tok::Var) if matches!(rest.peek(), Some(Token(":", Tok::Sym))) => {
                adapted.extend([Token(name, Tok::Var), Token(",", Tok::Sym), Token(&name[1..], Tok::Word)]);
            }
            Token(key, Tok::Block(tokens)) if key.starts_with('(') => {
                adapted.push(Token(key, Tok::Block(adapt(text, tokens))));
            }
            Token(nested, Tok::Block(tokens)) => adapted.push(in_pattern(text, Token(nested, Tok::Block(tokens)))),
            other => adapted.push(inside(text, other)),
        }
    }
    Token(full, Tok::Block(adapted))
}

fn offset(text: &str, part: &str) -> Option<usize> {
    (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize).filter(|offset| *offset < text.len())
}

/// Whether `next` follows a point that begins a number.
fn is_fraction(text: &str, point: &str, next: &Token<&str>) -> bool {
    let Token(digits, Tok::Num) = next else { return false };
    offset(text, digits).is_some_and(|at| {
        let before = &text[..at];
        before.ends_with(point) && !before[..at - 1].trim_end().ends_with([')', ']', '}', '"'])
    })
}

fn with_the_point<'s>(text: &'s str, digits: &'s str) -> &'s str {
    offset(text, digits).map_or(digits, |at| &text[at - 1..at + digits.len()])
}
