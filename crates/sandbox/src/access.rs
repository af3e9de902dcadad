//! The parts of a system that a caller sees and may change: what the account's features provide, minus what the
//! caller's role lacks.
//!
//! Both vendors give the same answer for something that does not exist and something the role must not see, so one list
//! serves both.

use serde::{Deserialize, Serialize};

/// Restrictions by name: `Object`, `Object.field`, or `*.field` for a field of every object. Case is ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Access {
    /// Names that do not exist for the caller.
    pub hidden: Vec<String>,
    /// Names that the caller may read but not change.
    pub read_only: Vec<String>,
}

impl Access {
    /// Hides these names.
    #[must_use]
    pub fn without(hidden: &[&str]) -> Self {
        Self { hidden: hidden.iter().map(|&name| name.to_owned()).collect(), read_only: Vec::new() }
    }

    /// Combines both restrictions.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = |left: &[String], right: &[String]| left.iter().chain(right).cloned().collect();
        Self { hidden: both(&self.hidden, &other.hidden), read_only: both(&self.read_only, &other.read_only) }
    }

    #[must_use]
    pub fn sees(&self, object: &str) -> bool {
        !self.hidden.iter().any(|name| name.eq_ignore_ascii_case(object))
    }

    #[must_use]
    pub fn sees_field(&self, object: &str, field: &str) -> bool {
        !self.hidden.iter().any(|name| is_of(name, object, field))
    }

    /// Whether the caller may create, change and delete records of an object.
    #[must_use]
    pub fn writes(&self, object: &str) -> bool {
        !self.read_only.iter().any(|name| name.eq_ignore_ascii_case(object))
    }

    #[must_use]
    pub fn writes_field(&self, object: &str, field: &str) -> bool {
        !self.read_only.iter().any(|name| is_of(name, object, field))
    }
}

fn is_of(name: &str, object: &str, field: &str) -> bool {
    let Some((of, named)) = name.split_once('.') else { return false };
    named.eq_ignore_ascii_case(field) && (of == "*" || of.eq_ignore_ascii_case(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_hides_an_object_a_field_of_it_or_a_field_of_all() {
        let access = Access::without(&["Pricebook2", "Account.Phone", "*.CurrencyIsoCode"]);
        assert!(!access.sees("pricebook2") && access.sees("Account") && access.sees("Phone"));
        assert!(!access.sees_field("account", "PHONE") && access.sees_field("Contact", "Phone"));
        assert!(!access.sees_field("Contact", "CurrencyIsoCode") && access.writes("Contact"));
    }
}
