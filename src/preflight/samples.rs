//! Applies mappings to real records, without writing the results.

use serde_json::Value;

use super::report::Finding;
use super::usage::By;
use crate::dsl::mapping::{Mapping, Side};
use crate::scenario::Evaluate;

/// Reports records that cannot be translated to the other side.
pub fn translate(mapping: &Mapping, to: Side, records: &[Value], evaluate: &Evaluate<'_>) -> Option<Finding> {
    if mapping.rows.iter().all(|row| row.route(to).is_none()) {
        return None;
    }
    let failed: Vec<(String, String)> = records
        .iter()
        .filter_map(|record| {
            let why = mapping.convert(record, to, evaluate).err()?;
            let id = record.get("Id").or_else(|| record.get("id")).and_then(Value::as_str).unwrap_or("without an id");
            Some((id.to_owned(), why.to_string()))
        })
        .collect();
    let (id, why) = failed.first()?;
    let kind = &mapping.types[to.other() as usize];
    let problem =
        format!("{} of {} records of {kind} cannot be translated, such as {id}: {why}", failed.len(), records.len());
    let next = format!("correct the records, or the named row of mappings/{}.yaml", mapping.name);
    let subject = format!("mapping {}", mapping.name);
    // If no record can be translated, the mapping is wrong; if only some fail, it may be right to refuse them.
    Some(if failed.len() == records.len() {
        Finding::error(subject, problem, next, &By::new())
    } else {
        Finding::warning(subject, problem, next, &By::new())
    })
}
