//! The builder never panics, neither on arbitrary text nor on mutated definitions.

use proptest::prelude::*;

use super::*;

fn good_texts() -> Vec<String> {
    let mut texts: Vec<String> = definitions(&data().join("good")).into_iter().map(|(_, text)| text).collect();
    texts.extend(definitions(&workflows()).into_iter().map(|(_, text)| text));
    texts
}

/// A change of a text, as authors and fuzzers make it.
#[derive(Debug, Clone)]
enum Mutation {
    Cut(usize, usize),
    Insert(usize, String),
    Swap(usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let piece = prop_oneof![
        "[\\[\\]{}:,&*!|>'\"#%@`\\-\\n\\t \\\\$]{1,4}".prop_map(|s| s),
        Just("${ ".to_owned()),
        Just("}".to_owned()),
        Just("\u{0}".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("é\r\n".to_owned()),
        Just("- a: {call: http}\n".to_owned()),
        Just("null".to_owned()),
        Just("-1".to_owned()),
    ];
    prop_oneof![
        (any::<usize>(), 0_usize..40).prop_map(|(at, length)| Mutation::Cut(at, length)),
        (any::<usize>(), piece).prop_map(|(at, text)| Mutation::Insert(at, text)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Mutation::Swap(a, b)),
    ]
}

fn mutated(text: &str, mutations: &[Mutation]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for mutation in mutations {
        if characters.is_empty() {
            break;
        }
        let length = characters.len();
        match mutation {
            Mutation::Cut(at, count) => {
                let at = at % length;
                characters.drain(at..(at + count).min(length));
            }
            Mutation::Insert(at, text) => {
                let at = at % length;
                characters.splice(at..at, text.chars());
            }
            Mutation::Swap(a, b) => characters.swap(a % length, b % length),
        }
    }
    characters.into_iter().collect()
}

fn places_are_inside(text: &str, result: Result<Built, Vec<Mistake>>) {
    let mistakes = match result {
        Ok(built) => built.warnings,
        Err(mistakes) => {
            assert!(mistakes.iter().any(|m| m.severity == Severity::Error), "a refusal says why");
            mistakes
        }
    };
    let lines = text.split(['\n', '\r']).count();
    for mistake in mistakes {
        assert!(mistake.line >= 1 && mistake.line as usize <= lines + 1, "{mistake:?}");
        assert!(mistake.column >= 1 && mistake.column as usize <= text.len() + 2, "{mistake:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in "(\\PC|[\\n\\t\\r:\\-{}\\[\\]&*!|>'\"#$]){0,200}") {
        places_are_inside(&text, build("fuzz", &text, &Functions::default()));
    }

    #[test]
    fn mutated_good_definitions_never_panic(
        which in any::<proptest::sample::Index>(),
        mutations in prop::collection::vec(mutation(), 1..6),
    ) {
        static TEXTS: std::sync::LazyLock<(Vec<String>, Functions)> = std::sync::LazyLock::new(|| {
            let mut all = functions(&workflows());
            all.by_name.extend(functions(&data()).by_name);
            (good_texts(), all)
        });
        let original: &String = which.get(&TEXTS.0);
        let text = mutated(original, &mutations);
        places_are_inside(&text, build("fuzz", &text, &TEXTS.1));
    }
}
