//! Received events, for API and dashboard.
