//! What of a system a caller sees and may change: what the account has by its features, less what the caller's role lacks.
//!
//! Both vendors answer alike for what is not there and what a role must not see, so one list serves for both.

use serde::{Deserialize, Serialize};

/// Names are `Object`, `Object.field`, or `*.field` for a field of every object, in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Access {
    /// What is not there.
    pub hidden: Vec<String>,
    /// What is there to be read, and not to be changed.
    pub read_only: Vec<String>,
}

impl Access {
    /// With these names hidden.
    #[must_use]
    pub fn without(hidden: &[&str]) -> Self {
        Self { hidden: hidden.iter().map(|&name| name.to_owned()).collect(), read_only: Vec::new() }
    }

    /// Both restrictions together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = |left: &[String], right: &[String]| left.iter().chain(right).cloned().collect();
        Self { hidden: both(&self.hidden, &other.hidden), read_only: both(&self.read_only, &other.read_only) }
    }

    /// Whether an object is there.
    #[must_use]
    pub fn sees(&self, object: &str) -> bool {
        !self.hidden.iter().any(|name| name.eq_ignore_ascii_case(object))
    }

    /// Whether a field of an object is there.
    #[must_use]
    pub fn sees_field(&self, object: &str, field: &str) -> bool {
        !self.hidden.iter().any(|name| is_of(name, object, field))
    }

    /// Whether records of an object may be made, changed and removed.
    #[must_use]
    pub fn writes(&self, object: &str) -> bool {
        !self.read_only.iter().any(|name| name.eq_ignore_ascii_case(object))
    }

    /// Whether a field of an object may be set.
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
