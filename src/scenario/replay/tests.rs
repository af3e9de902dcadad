//! Replays without a database.
