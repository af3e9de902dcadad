//! The strict JSON reader for everything from people and programs: webhooks, CloudEvents, API bodies, forms, files.
//!
//! UTF-8 only, with an optional byte order mark; at most 64 levels; numbers keep every digit; nothing may follow the
//! value. Repeated keys are refused everywhere, so that signature, deduplication and mapping never see different
//! values. U+0000 in strings is refused. Unpaired surrogates are refused too, except in events: a system that cut a
//! text in the middle of an emoji cannot correct it, and would repeat the delivery for days.

use serde_json::Value;

use crate::connect::answer::json::{Duplicates, Rules, Unkept, read as read_by, read_text};
use crate::text::Replaced;

pub use crate::connect::answer::json::BadJson;

/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 64;

const STRICT: Rules =
    Rules { depth_max: DEPTH_MAX, duplicates: Duplicates::Refuse, nul: Unkept::Refuse, surrogates: Unkept::Refuse };

/// Reads JSON written by a person or an API client.
///
/// # Errors
/// The reason, with line and column or a JSON pointer; safe to show to the sender.
pub fn read(body: &[u8]) -> Result<Value, BadJson> {
    read_by(body, STRICT)
}

/// Reads an event, and returns what was replaced in it.
pub(crate) fn read_event(text: &str) -> Result<(Value, Replaced), BadJson> {
    read_text(text, Rules { surrogates: Unkept::Replace, ..STRICT })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_malformed_sample_is_refused_with_its_reason() {
        let cases: [(&[u8], &str); 7] = [
            (include_bytes!("../../tests/data/hub/malformed_deep_nesting.json"), "more than 64 levels"),
            (include_bytes!("../../tests/data/hub/malformed_duplicate_keys.json"), "\"eventId\" appears twice"),
            (include_bytes!("../../tests/data/hub/malformed_invalid_utf8.json"), "not UTF-8"),
            (include_bytes!("../../tests/data/hub/malformed_truncated.json"), "EOF"),
            (include_bytes!("../../tests/data/hub/malformed_trailing_garbage.json"), "trailing"),
            (include_bytes!("../../tests/data/hub/malformed_nul_and_surrogate.json"), "U+0000"),
            (include_bytes!("../../tests/data/hub/malformed_numbers.json"), "line 1"),
        ];
        for (body, reason) in cases {
            let error = match std::str::from_utf8(body) {
                Ok(text) => read_event(text).expect_err(reason).to_string(),
                Err(_) => read(body).expect_err(reason).to_string(),
            };
            assert!(error.contains(reason), "{error}");
            read(body).expect_err("nor is it read where half a surrogate pair is refused");
        }
    }

    #[test]
    fn samples_that_are_json_are_read_and_left_to_schemas() {
        for body in [
            include_bytes!("../../tests/data/hub/malformed_bom.json").as_slice(),
            include_bytes!("../../tests/data/hub/malformed_huge.json"),
            include_bytes!("../../tests/data/hub/malformed_missing_required.json"),
            include_bytes!("../../tests/data/hub/malformed_wrong_types.json"),
            include_bytes!("../../tests/data/hub/malformed_not_an_object.json"),
        ] {
            read(body).expect("JSON");
        }
    }

    #[test]
    fn numbers_come_out_as_they_went_in() {
        let sample = include_str!("../../tests/data/hub/malformed_numbers.json").replace("NaN", "100.0");
        let value = read(sample.as_bytes()).expect("without NaN it is JSON");
        assert_eq!(value["data"]["Quantity"].to_string(), "9007199254740993");
        assert_eq!(value["data"]["UnitPrice"].to_string(), "0.1000000000000000055511151231257827");
        assert_eq!(value["data"]["Amount"].to_string(), "1e+400");
    }
}
