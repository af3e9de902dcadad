//! Scenarios that pass, that fail, and that are no scenarios.
