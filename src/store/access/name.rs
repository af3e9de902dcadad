//! Names of users and tokens. Journals keep them forever, so they must be unambiguous: no colon, which separates the
//! kind of an actor from its name, no invisible characters, and no letters that look like others.

use crate::dsl::{USER_NAME_CHARS_MAX as CHARS_MAX, is_user_name};

/// A valid name of a user or token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// A text is not a valid name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} cannot be a name: use 1 to {CHARS_MAX} letters a to z, digits and . _ - @ +, beginning with a letter or digit"
)]
pub struct BadName(String);

impl Name {
    /// The name as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        if is_user_name(text) { Ok(Self(text.to_owned())) } else { Err(BadName(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_looks_like_nothing_else() {
        for sound in ["ada", "Ada.Lovelace", "ada+ci@example.com", "7", &"a".repeat(CHARS_MAX)] {
            assert_eq!(sound.parse::<Name>().unwrap().as_str(), sound);
        }
        let long = "a".repeat(CHARS_MAX + 1);
        for bad in [
            "",
            " ada",
            "ada ",
            "a b",
            "user:ada",
            "ada:",
            "ada\n",
            "ada\u{0}",
            "ada\u{202e}",
            "\u{430}da",
            "ada\u{301}",
            "ada\u{200b}",
            "-ada",
            "@ada",
            "ada/eve",
            "ada\"",
            &long,
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
    }
}
