//! Takes the secrets of an attempt out of what its target sent back.
//!
//! Some targets repeat credentials in their answers ("token abc is not valid"); nothing of that may reach the journal.

/// Shown in a secret's place.
const MASK: &str = "***";

/// Shorter values are not searched for: they would mask half of every answer.
const SECRET_BYTES_MIN: usize = 6;

/// The secret values that one attempt sent.
#[derive(Default)]
pub(super) struct Redactor {
    values: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

impl Redactor {
    pub(super) fn add(&mut self, value: &str) {
        if value.len() >= SECRET_BYTES_MIN {
            self.values.push(value.to_owned());
        }
    }

    /// The body without any of the values.
    pub(super) fn clean(&self, body: Vec<u8>) -> Vec<u8> {
        self.values.iter().fold(body, |body, value| replaced(body, value.as_bytes()))
    }

    /// The text without any of the values.
    pub(super) fn clean_text(&self, text: String) -> String {
        self.values.iter().fold(text, |text, value| if text.contains(value) { text.replace(value, MASK) } else { text })
    }
}

fn replaced(body: Vec<u8>, value: &[u8]) -> Vec<u8> {
    let Some(mut next) = find(&body, value) else { return body };
    let (mut clean, mut rest) = (Vec::with_capacity(body.len()), body.as_slice());
    loop {
        clean.extend_from_slice(&rest[..next]);
        clean.extend_from_slice(MASK.as_bytes());
        rest = &rest[next + value.len()..];
        match find(rest, value) {
            Some(at) => next = at,
            None => break,
        }
    }
    clean.extend_from_slice(rest);
    clean
}

fn find(body: &[u8], value: &[u8]) -> Option<usize> {
    let first = *value.first()?;
    let mut from = 0;
    while let Some(step) = body.get(from..)?.iter().position(|&byte| byte == first) {
        from += step;
        if body[from..].starts_with(value) {
            return Some(from);
        }
        from += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_occurrence_is_masked_also_in_bytes_that_are_no_text() {
        let mut redactor = Redactor::default();
        redactor.add("canary");
        redactor.add("short");
        assert_eq!(redactor.clean(b"\xffcanary cacanary\xff short".to_vec()), b"\xff*** ca***\xff short");
        assert_eq!(redactor.clean_text("a canary".to_owned()), "a ***");
        assert_eq!(redactor.clean(Vec::new()), b"");
    }
}
