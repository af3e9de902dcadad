//! Any bytes are either an expression or a mistake with a place. An accepted expression names nothing that accesses the
//! environment, and ends within the process's limits.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use stepwell::expr::{Class, Expression};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Expression::parse(text, &["input"]) {
        Ok(expression) if expression.class() == Class::Bounded => {
            let input = Arc::new(serde_json::json!({"a": [1, {"b": "x"}], "c": null}));
            let given: Vec<_> = expression.variables().iter().map(|_| Arc::clone(&input)).collect();
            let _ = expression.evaluate(&input, &given);
        }
        Ok(_) => {}
        Err(mistake) => assert!(mistake.offset <= text.len()),
    }
});
