//! Suggestions for a misspelt name: the known name that is most similar to it.

/// Longest name that is compared, in bytes.
const COMPARED_MAX: usize = 64;

/// Returns the known name with the smallest edit distance to `written`, and the distance. Insertions, deletions,
/// substitutions and transpositions count 1; case is ignored.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<(usize, &'a str)> {
    if written.len() > COMPARED_MAX {
        return None;
    }
    let lower = written.to_lowercase();
    let known = known.into_iter().filter(|name| name.len() <= COMPARED_MAX);
    known.map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name)).min_by_key(|(slips, _)| *slips)
}

/// Returns the known name that was probably meant: at most one edit per three letters, and at least one allowed.
#[must_use]
pub fn meant<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (written.chars().count() / 3).max(1);
    nearest(written, known).filter(|(slips, _)| *slips <= allowed).map(|(_, name)| name)
}

/// Returns ``did you mean `x`?`` if a known name is similar.
#[must_use]
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    meant(written, known).map(|name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_seen_through_and_another_word_is_not() {
        let known = ["baseUrl", "timeout", "retry"];
        for (written, name) in [("baseurl", "baseUrl"), ("tiemout", "timeout"), ("rtry", "retry"), ("retrys", "retry")]
        {
            assert_eq!(meant(written, known), Some(name), "{written}");
        }
        for written in ["", "delay", "url", &"x".repeat(65)] {
            assert_eq!(meant(written, known), None, "{written}");
        }
        assert_eq!(did_you_mean("retri", known).as_deref(), Some("did you mean `retry`?"));
    }
}
