//! The promises of Stepwell, proved from outside: each test drives the built program over HTTP, with targets that fail on
//! demand. One program, so that the harness is built and linked once; one file per promise.

#![allow(clippy::unwrap_used, reason = "what goes wrong here fails a test, also in the harness")]

mod harness;

mod audit;
mod browser;
mod closed_won;
mod commands;
mod crash;
mod duplicates;
mod expressions;
mod fencing;
mod handover;
