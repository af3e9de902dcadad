//! Normalizes identifiers that a system writes in several forms, so that equal ids give equal business keys,
//! correlations, external ids and links.
//!
//! Ids are normalized when an event or input arrives, in the fields that its source declares, and in the hub's memory,
//! where an expression may have made the id. `identifiers:` in `hub.yaml` declares which fields are ids; this module
//! defines the forms. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A normal form of identifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Salesforce ids with 18 characters. The first 15 are case-sensitive, and the last three encode which of them are
    /// upper case, so the whole is unique in systems that ignore case.
    Salesforce18,
    /// Lower case, for ids of a system that ignores case, such as external ids of NetSuite.
    CaseInsensitive,
}

/// All forms, by their names in `hub.yaml`.
pub const FORMS: [(&str, Form); 2] =
    [("salesforce-18", Form::Salesforce18), ("case-insensitive", Form::CaseInsensitive)];

/// The fields that contain ids: names of fields by form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identifiers(pub BTreeMap<Form, BTreeSet<String>>);

/// All identifiers that `hub.yaml` declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declared {
    /// By source: the fields of its events.
    pub sources: BTreeMap<String, Identifiers>,
    /// By entity and name of the side: the form of record ids in links.
    pub links: BTreeMap<String, BTreeMap<String, Form>>,
    /// By name of the batch: the form of its keys.
    pub batches: BTreeMap<String, Form>,
}

impl Declared {
    /// Normalizes the ids in a run's input like events of these sources, which start such runs.
    ///
    /// # Errors
    /// See [`Identifiers::apply`].
    pub fn shape_input<'s>(
        &self,
        sources: impl IntoIterator<Item = &'s str>,
        input: &mut Value,
    ) -> Result<(), BadIdentifier> {
        for identifiers in sources.into_iter().filter_map(|source| self.sources.get(source)) {
            identifiers.apply(input)?;
        }
        Ok(())
    }

    /// Normalizes the ids in an event as its source declares them, in its data and in attributes with these names.
    ///
    /// # Errors
    /// See [`Identifiers::apply`].
    pub fn shape_event(&self, event: &mut Value) -> Result<(), BadIdentifier> {
        let source = event.get("source").and_then(Value::as_str);
        match source.and_then(|source| self.sources.get(source)) {
            Some(identifiers) => identifiers.apply(event).map(drop),
            None => Ok(()),
        }
    }
}

/// A text that is not a valid identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer} is not a valid id: {why}")]
pub struct BadIdentifier {
    /// JSON pointer of the field.
    pub pointer: String,
    /// Why it is invalid, for people.
    pub why: String,
}

impl Identifiers {
    /// Whether no fields are declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Normalizes the ids in a value, at any depth. Returns whether anything changed.
    ///
    /// # Errors
    /// The first invalid id. The value may be partly changed then and must not be used.
    pub fn apply(&self, value: &mut Value) -> Result<bool, BadIdentifier> {
        if self.is_empty() { Ok(false) } else { self.apply_at(value, &mut String::new()) }
    }

    fn apply_at(&self, value: &mut Value, pointer: &mut String) -> Result<bool, BadIdentifier> {
        let length = pointer.len();
        let mut changed = false;
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    push(pointer, name);
                    changed |= match self.form_of(name) {
                        Some(form) => self.shape(form, member, pointer)?,
                        None => self.apply_at(member, pointer)?,
                    };
                    pointer.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    push(pointer, &index.to_string());
                    changed |= self.apply_at(item, pointer)?;
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
        Ok(changed)
    }

    fn form_of(&self, name: &str) -> Option<Form> {
        self.0.iter().find(|(_, fields)| fields.contains(name)).map(|(form, _)| *form)
    }

    /// Normalizes an id, or each id of a list.
    fn shape(&self, form: Form, value: &mut Value, pointer: &mut String) -> Result<bool, BadIdentifier> {
        match value {
            Value::String(text) => {
                let shaped = form.of(text).map_err(|why| BadIdentifier { pointer: pointer.clone(), why })?;
                let changed = shaped != *text;
                *text = shaped;
                Ok(changed)
            }
            Value::Array(items) => {
                let length = pointer.len();
                let mut changed = false;
                for (index, item) in items.iter_mut().enumerate() {
                    push(pointer, &index.to_string());
                    changed |= self.shape(form, item, pointer)?;
                    pointer.truncate(length);
                }
                Ok(changed)
            }
            other => self.apply_at(other, pointer),
        }
    }
}

fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

impl Form {
    /// Normalizes an id. A text that does not look like an id is unchanged.
    ///
    /// # Errors
    /// The text looks like an id but is not valid.
    pub fn of(self, text: &str) -> Result<String, String> {
        match self {
            Self::Salesforce18 => salesforce_18(text),
            Self::CaseInsensitive => Ok(text.to_lowercase()),
        }
    }
}

/// Each character encodes which of five letters are upper case: the first letter counts 1, the last 16.
const SUFFIX: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
/// Number of characters before the suffix.
const BODY_CHARS: usize = 15;

fn salesforce_18(text: &str) -> Result<String, String> {
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(text.to_owned());
    }
    match text.len() {
        15 => Ok(format!("{text}{}", suffix(text))),
        18 => Ok(repaired(text)),
        length @ 16..=17 => Err(format!(
            "{text:?} has {length} characters, and an id of Salesforce has 15 or 18; it may have been cut off"
        )),
        _ => Ok(text.to_owned()),
    }
}

fn suffix(body: &str) -> String {
    let worth = |five: &[u8]| {
        five.iter()
            .enumerate()
            .filter(|(_, byte)| byte.is_ascii_uppercase())
            .map(|(place, _)| 1 << place)
            .sum::<usize>()
    };
    body.as_bytes().chunks(5).map(|five| char::from(SUFFIX[worth(five)])).collect()
}

/// Restores the case of an id's letters from its suffix, if a system has changed all letters to one case.
fn repaired(text: &str) -> String {
    let (body, end) = text.split_at(BODY_CHARS);
    let end = end.to_ascii_uppercase();
    let has_both_cases =
        body.bytes().any(|byte| byte.is_ascii_lowercase()) && body.bytes().any(|byte| byte.is_ascii_uppercase());
    if has_both_cases {
        return text.to_owned();
    }
    let mut whole = String::with_capacity(text.len());
    for (five, sign) in body.as_bytes().chunks(5).zip(end.bytes()) {
        let Some(bits) = SUFFIX.iter().position(|known| *known == sign) else { return text.to_owned() };
        for (place, byte) in five.iter().enumerate() {
            let upper = bits & (1 << place) != 0;
            if upper && byte.is_ascii_digit() {
                return text.to_owned();
            }
            whole.push(char::from(if upper { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() }));
        }
    }
    whole + &end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn shaped(text: &str) -> Result<String, String> {
        Form::Salesforce18.of(text)
    }

    #[test]
    fn both_forms_of_a_salesforce_id_become_the_one_of_18_characters() {
        for (short, long) in [
            ("006Ws000200000V", "006Ws000200000VIAQ"),
            ("006Ws00000Hd9Xr", "006Ws00000Hd9XrIAJ"),
            ("00DWs000003aBcD", "00DWs000003aBcDMAU"),
            ("00kWs0002000010", "00kWs0002000010IAA"),
        ] {
            assert_eq!(shaped(short).as_deref(), Ok(long));
            assert_eq!(shaped(long).as_deref(), Ok(long));
            assert_eq!(shaped(&long.to_lowercase()).as_deref(), Ok(long));
            assert_eq!(shaped(&long.to_uppercase()).as_deref(), Ok(long));
        }
    }

    #[test]
    fn what_was_cut_off_is_refused_and_what_is_no_id_is_left_alone() {
        for cut in ["006Ws000200000VI", "006Ws000200000VIA"] {
            let why = shaped(cut).expect_err("cut off");
            assert!(why.contains("15 or 18") && why.contains(cut), "{why}");
        }
        for other in ["", "ITEM-CM-200-0001", "7c0c9a1e-6a0e-4f0b-9a53-00000000001f", "641", "0069876543210987654321"] {
            assert_eq!(shaped(other).as_deref(), Ok(other));
        }
    }

    #[test]
    fn named_fields_are_found_at_any_depth_and_nothing_else_is_touched() {
        let identifiers = Identifiers(BTreeMap::from([(
            Form::Salesforce18,
            ["Id", "AccountId", "recordIds"].map(str::to_owned).into(),
        )]));
        let mut data = json!({
            "Id": "006Ws000200000V", "Name": "006Ws000200000V", "AccountId": null,
            "lines": [{ "Id": "00kWs0002000010", "Quantity": 1.0 }],
            "header": { "recordIds": ["003Ws000200000V", "003Ws000200000VIAQ"] },
        });
        assert_eq!(identifiers.apply(&mut data), Ok(true));
        assert_eq!(
            data,
            json!({
                "Id": "006Ws000200000VIAQ", "Name": "006Ws000200000V", "AccountId": null,
                "lines": [{ "Id": "00kWs0002000010IAA", "Quantity": 1.0 }],
                "header": { "recordIds": ["003Ws000200000VIAQ", "003Ws000200000VIAQ"] },
            })
        );
        assert_eq!(identifiers.apply(&mut data), Ok(false));
        let refused =
            identifiers.apply(&mut json!({ "lines": [{ "Id": "00kWs00020000101" }] })).expect_err("16 characters");
        assert_eq!(refused.pointer, "/lines/0/Id");
    }

    #[test]
    fn an_id_without_regard_to_case_is_its_lower_case_and_others_keep_theirs() {
        assert_eq!(Form::CaseInsensitive.of("EID:Größe-ÄB1").as_deref(), Ok("eid:größe-äb1"));
        let identifiers =
            Identifiers(BTreeMap::from([(Form::CaseInsensitive, ["externalId"].map(str::to_owned).into())]));
        let mut data = json!({ "externalId": "ABC", "id": "ABC", "lines": [{ "externalId": "D" }] });
        assert_eq!(identifiers.apply(&mut data), Ok(true));
        assert_eq!(data, json!({ "externalId": "abc", "id": "ABC", "lines": [{ "externalId": "d" }] }));
    }

    proptest! {
        /// Ids that differ only by case remain different, even in systems that ignore case.
        #[test]
        fn different_ids_stay_different_without_regard_to_case(one in "[a-zA-Z0-9]{15}", other in "[a-zA-Z0-9]{15}", flip in any::<u16>()) {
            let flipped: String = one.chars().enumerate().map(|(place, c)| match flip >> place & 1 {
                1 if c.is_ascii_lowercase() => c.to_ascii_uppercase(),
                1 => c.to_ascii_lowercase(),
                _ => c,
            }).collect();
            let long = |id: &str| shaped(id).unwrap();
            for other in [other, flipped] {
                prop_assert_eq!(one == other, long(&one).eq_ignore_ascii_case(&long(&other)));
            }
            prop_assert_eq!(long(&long(&one)), long(&one));
            prop_assert_eq!(long(&long(&one).to_lowercase()), long(&one));
        }
    }
}
