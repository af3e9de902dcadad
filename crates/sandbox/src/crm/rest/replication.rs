//! `sobjects/T/deleted` and `sobjects/T/updated`: the records that changed in a period, for replication.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::crm::refusal::{JSON, Refusal};
use crate::crm::schema::SObject;
use crate::crm::write::instant;
use crate::crm::{Ask, Crm};
use crate::records::Deletion;

/// Salesforce knows the changes of the last 30 days.
const KNOWN: TimeDelta = TimeDelta::days(30);

impl Crm {
    pub(super) fn deleted(&self, ask: &Ask<'_>, object: &SObject) -> Result<Answer, Refusal> {
        let (start, end) = span(ask)?;
        let within =
            |deletion: &&Deletion| deletion.record_type == object.name && deletion.at >= start && deletion.at < end;
        let records: Vec<Value> = self
            .deletions
            .iter()
            .filter(within)
            .map(|deletion| json!({"id": deletion.id, "deletedDate": instant(deletion.at)}))
            .collect();
        let earliest = instant(ask.now - KNOWN);
        let body =
            json!({"deletedRecords": records, "earliestDateAvailable": earliest, "latestDateCovered": instant(end)});
        Ok(Answer::json(StatusCode::OK, JSON, body))
    }

    pub(super) fn updated(&self, ask: &Ask<'_>, object: &SObject) -> Result<Answer, Refusal> {
        let (start, end) = span(ask)?;
        let changed = self.tables.rows(object.name).filter(|(_, fields)| {
            let at = fields.get("LastModifiedDate").and_then(Value::as_str).and_then(read);
            at.is_some_and(|at| at >= start && at < end)
        });
        let ids: Vec<&str> = changed.map(|(id, _)| id).collect();
        Ok(Answer::json(StatusCode::OK, JSON, json!({"ids": ids, "latestDateCovered": instant(end)})))
    }
}

/// Reads the parameters `start` and `end`.
fn span(ask: &Ask<'_>) -> Result<(DateTime<Utc>, DateTime<Utc>), Refusal> {
    let time = |name: &str| {
        ask.parameter(name).and_then(read).ok_or_else(|| {
            Refusal::bad(
                "INVALID_REPLICATION_DATE",
                format!("{name} must be a date and time such as 2026-11-20T16:42:07Z"),
            )
        })
    };
    let (start, end) = (time("start")?, time("end")?);
    if start >= end {
        return Err(Refusal::bad("INVALID_REPLICATION_DATE", "startDate before endDate"));
    }
    if start < ask.now - KNOWN {
        return Err(Refusal::bad("INVALID_REPLICATION_DATE", "startDate must be within the last 30 days"));
    }
    Ok((start, end))
}

/// Parses a date and time with an offset. An unencoded plus sign arrives as a space.
fn read(text: &str) -> Option<DateTime<Utc>> {
    let text = text.replace(' ', "+");
    let read =
        DateTime::parse_from_rfc3339(&text).or_else(|_| DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z"));
    read.ok().map(|at| at.with_timezone(&Utc))
}
