//! Evaluates conditions and orders records.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;

use super::{Condition, Decimal, Dialect, Literal, Operator, Order, Test};

/// Whether a record satisfies a condition. `field` returns the value at a path.
pub fn holds(condition: &Condition, dialect: Dialect, field: &dyn Fn(&str) -> Value) -> bool {
    match condition {
        Condition::All(parts) => parts.iter().all(|part| holds(part, dialect, field)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, dialect, field)),
        Condition::Not(inner) => !holds(inner, dialect, field),
        Condition::Test(test) => match (test.case, field(&test.field.text)) {
            (Some(case), Value::String(text)) => passes(test, dialect, &case.of(&text).into()),
            (_, value) => passes(test, dialect, &value),
        },
    }
}

fn passes(test: &Test, dialect: Dialect, value: &Value) -> bool {
    let equals = |literal: &Literal| compare(value, literal, dialect) == Some(Ordering::Equal);
    // In SOQL a record without a value differs from any value; in SQL it does not match.
    let differs = |literal: &Literal| !equals(literal) && (dialect == Dialect::Soql || known(value, literal));
    let one = test.literals.first().unwrap_or(&Literal::Nothing);
    // SOQL compares ids by character, upper case first, so paging by "id above the last one" misses none.
    let is_id = test.field.text.eq_ignore_ascii_case("id");
    let ordering = || match (value, one) {
        (Value::String(left), Literal::Text(right)) if is_id && dialect == Dialect::Soql => Some(left.cmp(right)),
        _ => compare(value, one, dialect).filter(|_| !value.is_null()),
    };
    match test.operator {
        Operator::Equal => equals(one),
        Operator::NotEqual => differs(one),
        Operator::In => test.literals.iter().any(equals),
        Operator::NotIn => test.literals.iter().all(differs),
        Operator::Less => ordering() == Some(Ordering::Less),
        Operator::LessOrEqual => ordering().is_some_and(Ordering::is_le),
        Operator::Greater => ordering() == Some(Ordering::Greater),
        Operator::GreaterOrEqual => ordering().is_some_and(Ordering::is_ge),
        Operator::Like => match (value, one) {
            (Value::String(text), Literal::Text(pattern)) => like(text, pattern),
            _ => false,
        },
    }
}

fn known(value: &Value, literal: &Literal) -> bool {
    !value.is_null() || *literal == Literal::Nothing
}

fn compare(value: &Value, literal: &Literal, dialect: Dialect) -> Option<Ordering> {
    match (value, literal) {
        (Value::Null, Literal::Nothing) => Some(Ordering::Equal),
        (Value::Bool(left), Literal::Flag(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Literal::Text(right)) => Some(if *left { "T" } else { "F" }.cmp(right.as_str())),
        (Value::Number(_), Literal::Number(right)) => Some(Decimal::of(value)?.cmp(right)),
        (Value::Number(_), Literal::Text(right)) => Some(Decimal::of(value)?.cmp(&Decimal::parse(right)?)),
        (Value::String(left), Literal::Number(right)) => Some(Decimal::parse(left)?.cmp(right)),
        (Value::String(left), Literal::Moment(right) | Literal::Text(right)) => Some(texts(left, right, dialect)),
        _ => None,
    }
}

fn texts(left: &str, right: &str, dialect: Dialect) -> Ordering {
    match (moment(left), moment(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ if dialect == Dialect::Soql => left.to_lowercase().cmp(&right.to_lowercase()),
        _ => left.cmp(right),
    }
}

/// Parses a time in the formats of both systems. A date becomes midnight.
fn moment(text: &str) -> Option<NaiveDateTime> {
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let instant = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|at| at.with_timezone(&Utc).naive_utc());
    let date = |format| NaiveDate::parse_from_str(text, format).ok().and_then(|date| date.and_hms_opt(0, 0, 0));
    instant
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S"))
        .ok()
        .or_else(|| date("%Y-%m-%d"))
        .or_else(|| date("%d.%m.%Y"))
        .or_else(|| date("%m/%d/%Y"))
}

/// SQL's `like`, ignoring case: `%` matches any characters, `_` one.
fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let (mut t, mut p) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'%') {
            retry = Some((p + 1, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '_' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after, from)) = retry {
            retry = Some((after, from + 1));
            (p, t) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|character| *character == '%')
}

/// Compares two records by the sort keys.
pub fn order(keys: &[Order], left: &dyn Fn(&str) -> Value, right: &dyn Fn(&str) -> Value) -> Ordering {
    for key in keys {
        let ordering = by_key(key, &left(&key.field.text), &right(&key.field.text));
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    Ordering::Equal
}

fn by_key(key: &Order, left: &Value, right: &Value) -> Ordering {
    let nulls_last = key.nulls_last.unwrap_or(false);
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) => {
            if nulls_last {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, true) => {
            if nulls_last {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, false) => {
            let ordering = values(left, right);
            if key.descending { ordering.reverse() } else { ordering }
        }
    }
}

fn values(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::String(left), Value::String(right)) => {
            // Internal ids of the ERP are numbers in strings.
            let numbers = left.parse::<u64>().ok().zip(right.parse::<u64>().ok());
            numbers.map_or_else(|| left.cmp(right), |(left, right)| left.cmp(&right))
        }
        _ => Decimal::of(left).cmp(&Decimal::of(right)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse;
    use super::*;

    fn matches(condition: &str, dialect: Dialect) -> bool {
        let select = parse(&format!("SELECT Id FROM T WHERE {condition}"), dialect).expect("legal");
        let record = json!({"id": "006b", "name": "Brückner", "amount": 24688.86, "empty": null, "won": true,
            "at": "2026-11-20T16:42:07.000+0000", "day": "2026-11-20"});
        let field = |name: &str| record[name].clone();
        holds(&select.condition.expect("a condition"), dialect, &field)
    }

    #[test]
    fn each_operator_compares_what_it_should() {
        for (condition, expected) in [
            ("name = 'brückner'", true),
            ("name LIKE 'brü%'", true),
            ("name LIKE '%ck_er'", true),
            ("name LIKE 'ck'", false),
            ("amount > 24688.85", true),
            ("amount = 24688.860", true),
            ("empty = null", true),
            ("empty != 'x'", true),
            ("empty < 5", false),
            ("won = true AND NOT amount < 1", true),
            ("name IN ('a', 'Brückner') OR won = false", true),
            ("name NOT IN ('a', 'Brückner')", false),
            ("at >= 2026-11-20T17:42:07+01:00", true),
            ("at > 2026-11-20T16:42:07Z", false),
            ("day >= 2026-11-20", true),
            ("id > '006a' AND id < '006c'", true),
            ("id > '006Z' AND NOT id > '006b'", true),
        ] {
            assert_eq!(matches(condition, Dialect::Soql), expected, "{condition}");
        }
    }

    #[test]
    fn sql_is_strict_about_case_and_unknown_values() {
        assert!(!matches("name = 'brückner'", Dialect::SuiteQl));
        assert!(matches("UPPER(name) = UPPER('brückner')", Dialect::SuiteQl));
        assert!(matches("lower(name) in ('brückner', lower('X')) and upper(name) like 'BR%'", Dialect::SuiteQl));
        assert!(!matches("UPPER(name) = 'Brückner'", Dialect::SuiteQl));
        assert!(!matches("empty != 'x'", Dialect::SuiteQl));
        assert!(matches("empty IS NULL AND name IS NOT NULL", Dialect::SuiteQl));
        assert!(matches("at >= TO_DATE('2026-11-20', 'YYYY-MM-DD') AND day = '20.11.2026'", Dialect::SuiteQl));
    }
}
