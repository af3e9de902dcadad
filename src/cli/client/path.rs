//! API paths, encoded so that a value cannot be mistaken for another part of the URL.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything that a path segment cannot contain literally.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@').remove(b'+');

/// A path below `/api/v1`, with its query.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Path(String);

impl Path {
    /// Builds a path from segments such as `["runs", ID]`.
    pub(in crate::cli) fn of<'s>(segments: impl IntoIterator<Item = &'s str>) -> Self {
        let mut path = "/api/v1".to_owned();
        for segment in segments {
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        Self(path)
    }

    /// Adds a query parameter, if it has a value.
    pub(in crate::cli) fn with(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            let mut pair = url::form_urlencoded::Serializer::new(String::new());
            pair.append_pair(name, &value.to_string());
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.push_str(&pair.finish());
        }
        self
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_becomes_another_part_of_the_address() {
        let path = Path::of(["users", "ada/../x?y#z%"]).with("reason", Some("a&b=c d")).with("cursor", None::<&str>);
        assert_eq!(
            path.with("limit", Some(7)).as_str(),
            "/api/v1/users/ada%2F..%2Fx%3Fy%23z%25?reason=a%26b%3Dc+d&limit=7"
        );
        assert_eq!(Path::of(["runs:bulk"]).as_str(), "/api/v1/runs:bulk");
    }
}
