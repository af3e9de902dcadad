//! What `audit verify` does not prove, column by column, and why. A test holds this list and what is covered against the schema.

use crate::store::audit::Sealed;

/// Tables and columns (`*`: all of them) of which a change is not found, each with the reason.
pub const UNCOVERED: [(&str, &str, &str); 56] = [
    ("runs", "owner", "which node drives it: changes with every takeover"),
    ("runs", "fence", "counts owners"),
    ("runs", "attempts", "counts deaths of nodes since the last progress"),
    ("runs", "wake_at", "when a node looks at it next; nodes correct it by its journal"),
    ("runs", "attention_at", "since when lists show it; that it is empty or not is checked"),
    ("runs", "format", "which nodes may drive it: the rows of its journal say their own"),
    ("snapshots", "format", "one of another format is not read; what is read is checked"),
    (
        "payloads",
        "*",
        "parts of journal rows: what a journal names is covered by the hash of its row, and nothing else is read",
    ),
    ("compatibility", "*", "which versions may use the database; nothing is decided by it"),
    ("events", "outcome", "changes while runs take it; contradictions with the runs that it names are found"),
    ("events", "routed", "whether waiting runs were told: a loop's place"),
    ("events", "resumed", "runs that were told of it; their journals say whether they took it"),
    ("events", "detail", "why a workflow did not take it"),
    ("event_attention", "*", "which events ask for a person: a list of work; `acts` says who ended the asking"),
    (
        "unacknowledged_runs",
        "*",
        "which runs somebody should look at: a list of work; `acts` says who acknowledged them or started them again",
    ),
    ("redeliveries", "*", "how later deliveries of an event differ; nothing is decided by it"),
    ("commands", "*", "what runs are told, until they are; what they did is in their journals, with who told them"),
    (
        "bulk_acts",
        "*",
        "what one act over many runs has still to do; `acts` says who asked for what, journals what was done",
    ),
    (
        "cause_rules",
        "*",
        "which causes are retried by themselves; `acts` says who set each rule, and bulk acts what it did",
    ),
    ("restarts", "*", "which run does the work of another again; both journals say so"),
    ("bulk_items", "*", "runs of bulk acts; what was done to each is in its journal"),
    (
        "tasks",
        "*",
        "what steps ask people: made from journals, which have every question and every answer, with who decided",
    ),
    ("listeners", "*", "which runs wait for which events; nodes make it from journals"),
    ("outgoing", "*", "events on their way out; removed once delivered"),
    ("lanes", "*", "queues of runs with one key"),
    ("turns", "*", "queues of runs with one key"),
    ("gatherings", "*", "events that are collected until they start a run; removed then"),
    ("gathering_keys", "*", "locks"),
    ("gathered", "*", "events that are collected until they start a run; removed then"),
    ("frozen", "*", "runs that wait for the end of a freeze; removed then"),
    ("nodes", "*", "which nodes live"),
    ("connection_limits", "*", "shared limits of calls"),
    ("connection_pauses", "*", "which connections wait now; `acts` says who paused and resumed them"),
    ("connection_slots", "*", "shared limits of calls"),
    ("watermarks", "*", "how far sweeps have read; the journals of their runs say what they read and wrote"),
    ("links", "*", "which records belong together, and what both sides last said: the next sync corrects it"),
    ("conflicts", "*", "what a person is asked; the run that carries a choice out has it in its journal"),
    ("batches", "*", "progress of passes; counted from reports in journals"),
    ("batch_reports", "*", "progress of passes"),
    ("batch_rows", "*", "rows that failed; the journals of their runs say so"),
    ("sequence_arrivals", "*", "numbers of events, until they are counted"),
    ("sequences", "*", "which numbers of a sender are missing: told of, not acted on"),
    ("topics", "*", "how far subscriptions have read"),
    ("oauth_tokens", "*", "encrypted and bound to their row, and replaced by providers at any time"),
    ("refusals", "*", "refused access: kept in bounded space, the oldest removed"),
    ("totals_passes", "*", "passes over the totals; the journals of their runs say what they found"),
    ("totals_lines", "*", "made anew by every pass; what was signed off is in totals_sign_offs"),
    ("totals_staged", "*", "what a pass has found so far"),
    ("totals_days", "*", "made anew by every pass"),
    ("totals_companies", "*", "names of companies, made anew by every pass"),
    ("node_roles", "*", "roles of the database; Postgres itself says what they may do"),
    ("removals", "*", "what is archived and not removed yet: nothing is removed that is not as it was archived"),
    ("retention_lease", "*", "which node archives"),
    ("audit_adoption", "*", "whether rows of before the chain were adopted: each of them is an entry of the chain"),
    ("audit_turn", "*", "which node writes the next anchor"),
    ("_sqlx_migrations", "*", "the schema; a node refuses a database whose migrations differ from its own"),
];

/// Why a column of `runs` is not covered; none if it is.
pub(super) fn of_run(column: &str) -> Option<&'static str> {
    UNCOVERED.iter().find(|(table, name, _)| *table == "runs" && *name == column).map(|(_, _, why)| *why)
}

/// Why a column is not covered; none if it is.
#[must_use]
pub fn reason(table: &str, column: &str) -> Option<&'static str> {
    let moving = Sealed::of(table).map(Sealed::moving).unwrap_or_default();
    let listed = UNCOVERED.iter().find(|(of, name, _)| *of == table && (*name == "*" || *name == column));
    let moving = moving.iter().find(|(name, _)| *name == column).map(|(_, why)| *why);
    moving.or(listed.map(|(_, _, why)| *why))
}

/// Tables of which changes are found, beside the sealed ones.
pub const COVERED: [&str; 7] = ["runs", "journal", "snapshots", "events", "event_keys", "audit_chain", "audit_anchors"];
