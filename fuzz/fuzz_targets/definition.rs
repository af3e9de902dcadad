//! Any text is either a definition or a list of mistakes with places. Nothing panics or hangs, and every definition can
//! be drawn and built again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use stepwell::dsl::{Functions, build, graph};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match build("fuzz.yaml", text, &Functions::default()) {
        Ok(built) => {
            assert!(!graph::mermaid(&built.definition).is_empty());
            let again = build("fuzz.yaml", &built.source, &Functions::default());
            assert!(again.is_ok_and(|again| again.hash == built.hash));
        }
        Err(mistakes) => assert!(mistakes.iter().all(|m| m.line >= 1 && m.column >= 1)),
    }
});
