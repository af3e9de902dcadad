//! Collects the secrets that one attempt sends, so that they can be masked in the answer.
//!
//! Some targets echo credentials ("token abc is not valid"); none of that may reach the journal.

use crate::redact::{Known, Redactor};

/// The secret values that one attempt sent.
#[derive(Default)]
pub(in crate::connect) struct Hidden(Vec<String>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hidden({} values)", self.0.len())
    }
}

impl Hidden {
    pub(in crate::connect) fn add(&mut self, value: &str) {
        self.0.push(value.to_owned());
    }

    /// Builds a redactor for these secrets and for every other known secret that is too long to occur by chance.
    pub(in crate::connect) fn redactor(&self, known: &Known) -> Redactor {
        let values: Vec<&str> = self.0.iter().map(String::as_str).collect();
        known.with(&values)
    }
}
