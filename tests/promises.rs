//! The promises of Stepwell, proved from outside: each test drives the built program over HTTP, with targets that fail on
//! demand. One program, so that the harness is built and linked once; one file per promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by ending")]

mod harness;

mod access;
mod api;
mod attention;
mod audit;
mod batches;
mod bounds;
mod browser;
mod bulk;
mod calls;
mod causes;
mod client;
mod closed_won;
mod commands;
mod costs;
mod crash;
mod demo;
mod duplicates;
mod durability;
mod event_joins;
mod expressions;
mod fencing;
mod freezes;
mod gaps;
mod handover;
mod history;
mod hostile;
mod identity;
mod language;
mod limits;
mod links;
mod metrics;
mod moves;
mod oauth;
mod order;
mod outage;
mod outcomes;
mod pauses;
mod processes;
mod projects;
mod proposals;
mod pubsub;
mod replay;
mod retention;
mod roles;
mod schedules;
mod search;
mod secrets;
mod senders;
mod sides;
mod sources;
mod starts;
mod strangers;
mod sweeps;
mod tasks;
mod third_system;
mod two_way;
mod unacknowledged;
mod upgrade;
mod values;
mod versions;
