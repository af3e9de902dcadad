//! Parses tokens into a [`Select`].

use super::dates;
use super::lexer::{Placed, Token, words};
use super::{
    Column, Condition, DEPTH_MAX, Dialect, LetterCase, Literal, Name, Operator, Order, Select, SyntaxError,
    TEXT_BYTES_MAX, Test,
};

/// Parses a query.
///
/// # Errors
/// The first unexpected token.
pub fn parse(text: &str, dialect: Dialect) -> Result<Select, SyntaxError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(SyntaxError { at: 0, token: format!("a query of {} bytes", text.len()) });
    }
    let mut parser = Parser { words: words(text, dialect)?, next: 0, dialect };
    let select = parser.select(0)?;
    match parser.peek().token {
        Token::End => Ok(select),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    words: Vec<Placed>,
    next: usize,
    dialect: Dialect,
}

const CLAUSES: [&str; 8] = ["where", "order", "limit", "offset", "group", "having", "for", "with"];

impl Parser {
    fn peek(&self) -> &Placed {
        &self.words[self.next]
    }

    fn advance(&mut self) {
        if self.next + 1 < self.words.len() {
            self.next += 1;
        }
    }

    fn unexpected(&self) -> SyntaxError {
        let word = self.peek();
        SyntaxError { at: word.at, token: word.text.clone() }
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(&self.peek().token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        if found {
            self.advance();
        }
        found
    }

    fn keyword(&mut self, keyword: &str) -> Result<(), SyntaxError> {
        if self.take_keyword(keyword) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().token == Token::Symbol(match_symbol(symbol));
        if found {
            self.advance();
        }
        found
    }

    fn symbol(&mut self, symbol: &str) -> Result<(), SyntaxError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn name(&mut self) -> Result<Name, SyntaxError> {
        let word = self.peek();
        let Token::Word(text) = &word.token else { return Err(self.unexpected()) };
        let name = Name { text: text.clone(), at: word.at };
        self.advance();
        Ok(name)
    }

    fn select(&mut self, depth: usize) -> Result<Select, SyntaxError> {
        if depth > DEPTH_MAX {
            return Err(self.unexpected());
        }
        self.keyword("select")?;
        let mut columns = vec![self.column(depth)?];
        while self.take_symbol(",") {
            columns.push(self.column(depth)?);
        }
        self.keyword("from")?;
        let from = self.name()?;
        let alias = self.alias()?;
        let condition = if self.take_keyword("where") { Some(self.any(depth)?) } else { None };
        let order = if self.take_keyword("order") { self.order()? } else { Vec::new() };
        let limit = if self.take_keyword("limit") { Some(self.count()?) } else { None };
        let offset = if self.take_keyword("offset") { self.count()? } else { 0 };
        Ok(Select { columns, from, alias, condition, order, limit, offset })
    }

    fn alias(&mut self) -> Result<Option<String>, SyntaxError> {
        if self.take_keyword("as") {
            return self.name().map(|name| Some(name.text));
        }
        match &self.peek().token {
            Token::Word(word) if !CLAUSES.iter().any(|clause| clause.eq_ignore_ascii_case(word)) => {
                self.name().map(|name| Some(name.text))
            }
            _ => Ok(None),
        }
    }

    fn column(&mut self, depth: usize) -> Result<Column, SyntaxError> {
        if self.take_symbol("(") {
            let children = self.select(depth + 1)?;
            self.symbol(")")?;
            return Ok(Column::Children(Box::new(children)));
        }
        if self.dialect == Dialect::SuiteQl && self.take_symbol("*") {
            return Ok(Column::All);
        }
        let name = self.name()?;
        if name.text.eq_ignore_ascii_case("from") {
            self.next -= 1;
            return Err(self.unexpected());
        }
        if name.text.eq_ignore_ascii_case("count") && self.take_symbol("(") {
            let _ = self.take_symbol("*");
            self.symbol(")")?;
            let _ = if self.take_keyword("as") { Some(self.name()?) } else { None };
            return Ok(Column::Count);
        }
        if self.dialect == Dialect::SuiteQl && name.text.eq_ignore_ascii_case("to_char") && self.take_symbol("(") {
            return self.date_as_text();
        }
        let alias = match self.dialect {
            Dialect::SuiteQl if !self.is_keyword("from") => self.alias()?,
            _ => None,
        };
        Ok(Column::Field(name, alias))
    }

    fn any(&mut self, depth: usize) -> Result<Condition, SyntaxError> {
        let mut parts = vec![self.all(depth)?];
        while self.take_keyword("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Condition, SyntaxError> {
        let mut parts = vec![self.condition(depth)?];
        while self.take_keyword("and") {
            parts.push(self.condition(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::All(parts) })
    }

    fn condition(&mut self, depth: usize) -> Result<Condition, SyntaxError> {
        if depth >= DEPTH_MAX {
            return Err(self.unexpected());
        }
        if self.take_keyword("not") {
            return Ok(Condition::Not(Box::new(self.condition(depth + 1)?)));
        }
        if self.take_symbol("(") {
            let inner = self.any(depth + 1)?;
            self.symbol(")")?;
            return Ok(inner);
        }
        self.test()
    }

    fn test(&mut self) -> Result<Condition, SyntaxError> {
        let (field, case) = self.compared()?;
        let test = |operator, literals| Condition::Test(Test { field: field.clone(), operator, literals, case });
        if self.take_keyword("is") {
            let operator = if self.take_keyword("not") { Operator::NotEqual } else { Operator::Equal };
            self.keyword("null")?;
            return Ok(test(operator, vec![Literal::Nothing]));
        }
        let negated = self.take_keyword("not");
        if self.take_keyword("in") {
            let operator = if negated { Operator::NotIn } else { Operator::In };
            return Ok(test(operator, self.list()?));
        }
        if self.take_keyword("like") {
            let test = test(Operator::Like, vec![self.literal()?]);
            return Ok(if negated { Condition::Not(Box::new(test)) } else { test });
        }
        if negated {
            return Err(self.unexpected());
        }
        let operator = self.operator()?;
        Ok(test(operator, vec![self.literal()?]))
    }

    /// Parses the left side of a comparison: a field, or in SuiteQL `UPPER(field)` or `LOWER(field)`.
    fn compared(&mut self) -> Result<(Name, Option<LetterCase>), SyntaxError> {
        let field = self.name()?;
        let case = case(&field.text).filter(|_| self.dialect == Dialect::SuiteQl && self.take_symbol("("));
        if case.is_none() {
            return Ok((field, None));
        }
        let field = self.name()?;
        self.symbol(")")?;
        Ok((field, case))
    }

    fn operator(&mut self) -> Result<Operator, SyntaxError> {
        let operator = match self.peek().token {
            Token::Symbol("=") => Operator::Equal,
            Token::Symbol("!=" | "<>") => Operator::NotEqual,
            Token::Symbol("<") => Operator::Less,
            Token::Symbol("<=") => Operator::LessOrEqual,
            Token::Symbol(">") => Operator::Greater,
            Token::Symbol(">=") => Operator::GreaterOrEqual,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(operator)
    }

    fn list(&mut self) -> Result<Vec<Literal>, SyntaxError> {
        self.symbol("(")?;
        let mut literals = vec![self.literal()?];
        while self.take_symbol(",") {
            literals.push(self.literal()?);
        }
        self.symbol(")")?;
        Ok(literals)
    }

    fn literal(&mut self) -> Result<Literal, SyntaxError> {
        let literal = match &self.peek().token {
            Token::Literal(literal) => literal.clone(),
            Token::Word(word) if word.eq_ignore_ascii_case("null") => Literal::Nothing,
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Flag(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Flag(false),
            Token::Word(word) if self.dialect == Dialect::SuiteQl && is_date_function(word) => {
                return self.date_in_function();
            }
            Token::Word(word) if self.dialect == Dialect::SuiteQl && case(word).is_some() => {
                return self.text_in_letters();
            }
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(literal)
    }

    /// Parses `UPPER('Brückner')`.
    fn text_in_letters(&mut self) -> Result<Literal, SyntaxError> {
        let name = self.name()?;
        self.symbol("(")?;
        let unexpected = self.unexpected();
        let (Some(case), Literal::Text(text)) = (case(&name.text), self.literal()?) else {
            return Err(unexpected);
        };
        self.symbol(")")?;
        Ok(Literal::Text(case.of(&text)))
    }

    /// Parses `TO_DATE('2026-11-20', 'YYYY-MM-DD')`. The default format is the account's.
    fn date_in_function(&mut self) -> Result<Literal, SyntaxError> {
        self.advance();
        self.symbol("(")?;
        let unexpected = self.unexpected();
        let Literal::Text(date) = self.literal()? else { return Err(unexpected) };
        let format = if self.take_symbol(",") { self.format()? } else { dates::ACCOUNT_FORMAT.to_owned() };
        self.symbol(")")?;
        dates::read(&date, &format).map(Literal::Moment).ok_or(unexpected)
    }

    /// Parses the rest of `TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') as changed`.
    fn date_as_text(&mut self) -> Result<Column, SyntaxError> {
        let name = self.name()?;
        self.symbol(",")?;
        let format = self.format()?;
        self.symbol(")")?;
        let alias = if self.is_keyword("from") { None } else { self.alias()? };
        Ok(Column::Written(name, format, alias))
    }

    fn format(&mut self) -> Result<String, SyntaxError> {
        let unexpected = self.unexpected();
        match self.literal()? {
            Literal::Text(format) if dates::is_format(&format) => Ok(format),
            _ => Err(unexpected),
        }
    }

    fn order(&mut self) -> Result<Vec<Order>, SyntaxError> {
        self.keyword("by")?;
        let mut order = vec![self.order_key()?];
        while self.take_symbol(",") {
            order.push(self.order_key()?);
        }
        Ok(order)
    }

    fn order_key(&mut self) -> Result<Order, SyntaxError> {
        let field = self.name()?;
        let descending = self.take_keyword("desc");
        if !descending {
            self.take_keyword("asc");
        }
        if !self.take_keyword("nulls") {
            return Ok(Order { field, descending, nulls_last: None });
        }
        let last = self.take_keyword("last");
        if !last {
            self.keyword("first")?;
        }
        Ok(Order { field, descending, nulls_last: Some(last) })
    }

    fn count(&mut self) -> Result<usize, SyntaxError> {
        let Token::Literal(Literal::Number(_)) = self.peek().token else { return Err(self.unexpected()) };
        let count = self.peek().text.parse().map_err(|_| self.unexpected())?;
        self.advance();
        Ok(count)
    }
}

fn is_date_function(word: &str) -> bool {
    ["to_date", "to_timestamp"].iter().any(|name| name.eq_ignore_ascii_case(word))
}

fn case(word: &str) -> Option<LetterCase> {
    let known = [("upper", LetterCase::Upper), ("lower", LetterCase::Lower)];
    known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, case)| case)
}

/// Returns the static symbol. Symbols are compared as text, and the parser only asks for these.
fn match_symbol(symbol: &str) -> &'static str {
    ["(", ")", ",", "*"].into_iter().find(|known| *known == symbol).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (usize, String) {
        let error = parse(text, Dialect::Soql).expect_err("no query");
        (error.at, error.token)
    }

    #[test]
    fn and_binds_closer_than_or() {
        let select = parse("SELECT Id FROM A WHERE a = 1 OR b = 2 AND c IN ('x', 'y')", Dialect::Soql).expect("legal");
        let Some(Condition::Any(parts)) = select.condition else { panic!("an or at the top") };
        assert!(matches!(&parts[1], Condition::All(inner) if inner.len() == 2));
    }

    #[test]
    fn an_error_names_the_word_and_its_place() {
        assert_eq!(error("SELEKT Id FROM Account"), (0, "SELEKT".into()));
        assert_eq!(error("SELECT Id FROM Account WHERE"), (28, "<EOF>".into()));
        assert_eq!(error("SELECT Id FROM Account WHERE Name = 'x"), (36, "'x".into()));
        assert_eq!(error("SELECT FROM Account"), (7, "FROM".into()));
        assert_eq!(error("SELECT Id FROM Account LIMIT -"), (29, "-".into()));
    }

    #[test]
    fn endless_nesting_is_an_error_and_no_crash() {
        let text = format!("SELECT Id FROM A WHERE {} a = 1", "(".repeat(50_000));
        assert!(parse(&text, Dialect::Soql).is_err());
        let text = format!("SELECT Id FROM A WHERE {} a = 1", "NOT ".repeat(20_000));
        assert!(parse(&text, Dialect::Soql).is_err());
    }

    #[test]
    fn each_dialect_quotes_its_own_way() {
        let literal = |text: &str, dialect| {
            let select = parse(text, dialect).expect("legal").condition.expect("a condition");
            select.tests()[0].literals[0].clone()
        };
        let soql = literal(r"SELECT Id FROM A WHERE n = 'O\'Neill'", Dialect::Soql);
        let suiteql = literal("select id from a where n = 'O''Neill'", Dialect::SuiteQl);
        assert_eq!((soql, suiteql.clone()), (suiteql, Literal::Text("O'Neill".into())));
    }
}
