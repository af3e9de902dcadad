//! What a changed mapping would have made of the records in past runs: `stepwell mapping diff`.
//!
//! A journal contains the input and output of each mapping function. So nothing is replayed: the new table is applied
//! to the same records, and the results are compared.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::calls::Fate;
use super::report::{cut, moment, plural, sides};
use crate::dsl::mapping::{EACH, Evaluate, Mapping, Row, Side, Sides};
use crate::dsl::{Definition, TaskKind};
use crate::machine::compare::{FieldChange, differences, holds_masks};
use crate::machine::masks::Masks;
use crate::machine::{Change, ExecutionId, Opening, Record, RunId, Time};
use crate::scenario::rehearsal::step;

/// A run that used the mapping.
#[derive(Debug)]
pub struct MappedRun<'r> {
    /// Id of the run.
    pub id: RunId,
    /// Business key.
    pub key: Option<String>,
    /// Definition that it ran.
    pub definition: &'r Definition,
    /// The run's journal.
    pub records: &'r [Record],
}

/// A record that was passed to the mapping.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappedRecord {
    /// Run that passed it.
    pub run: RunId,
    /// Version of the workflow.
    pub workflow: String,
    /// Business key of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Name of the step.
    pub step: String,
    /// Time of the step.
    pub at: Time,
    /// Function: `toCrm`, `toErp` and the like, or `compare`.
    pub function: String,
    /// How the new result compares.
    pub fate: Fate,
    /// Fields that would change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowChange>,
    /// Why the old table refused the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// Why the new table refuses the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fails: Option<String>,
    /// Note for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// A field that would change.
#[derive(Debug, Serialize)]
pub struct RowChange {
    /// Row of the new table that writes it; `None` if no row does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// Path of the field.
    pub field: String,
    /// Name of its side.
    pub part: String,
    /// Path as a JSON pointer; empty for the whole record.
    pub pointer: String,
    /// Old value; `None` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Value>,
    /// New value; `None` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
}

/// The results for all records.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingDiff {
    /// Name of the mapping.
    pub mapping: String,
    /// Includes runs accepted at or after this time.
    pub since: Time,
    /// Includes runs accepted before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// Records in order.
    pub records: Vec<MappedRecord>,
    /// If there are more runs than requested: when the first of them was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub further_since: Option<Time>,
}

/// Input of a mapping function.
enum Asked<'r> {
    /// `toCrm`, `toErp` and the like: the target side and the record.
    Converted(Side, &'r Value),
    /// `compare`: the records of both sides.
    Compared([&'r Value; 2]),
}

/// Resulting fields of each side.
type Fields = [Option<Value>; 2];

/// A record passed to a mapping function.
struct Given<'r> {
    execution: ExecutionId,
    asked: Asked<'r>,
    /// Index in a call with many records.
    place: Option<usize>,
    step: String,
    at: Time,
    /// The recorded result, or the error; `None` if the journal has neither.
    became: Option<Result<Fields, String>>,
}

/// Compares, for each record that a run passed to the mapping, the recorded result with that of the new table.
#[must_use]
pub fn mapped(mapping: &Mapping, run: &MappedRun<'_>, evaluate: &Evaluate<'_>) -> Vec<MappedRecord> {
    let masks = [Masks::of(run.definition)];
    let given = given(mapping, run).into_iter();
    given.filter_map(|given| compared(mapping, run, &given, &masks, evaluate)).collect()
}

fn given<'r>(mapping: &Mapping, run: &MappedRun<'r>) -> Vec<Given<'r>> {
    let mut found: Vec<Given<'r>> = Vec::new();
    for record in run.records {
        // The function's body is a single task, recorded when it ends.
        let (beginning, became) = match &record.change {
            Change::TaskStarted { execution, opening: Opening::Function(arguments), .. } => {
                let reference = record.task.as_deref().unwrap_or_default();
                for (place, asked) in asked(mapping, run.definition, reference, arguments) {
                    let (step, at) = (step::name(run.definition, reference), record.at);
                    found.push(Given { execution: *execution, asked, place, step, at, became: None });
                }
                continue;
            }
            Change::TaskCompleted { beginning: Some(beginning), output, .. } => (beginning, Ok(&**output)),
            Change::TaskFaulted { beginning: Some(beginning), error, .. } => (beginning, Err(error)),
            _ => continue,
        };
        for given in found.iter_mut().filter(|given| Some(given.execution) == beginning.parent) {
            given.became = Some(match (became, given.place) {
                (Ok(output), None) => Ok(given.asked.fields(output, &mapping.sides)),
                (Ok(output), Some(place)) => match &output[place] {
                    one if one["error"].is_null() => Ok(given.asked.fields(&one["record"], &mapping.sides)),
                    one => Err(one["error"].as_str().unwrap_or_default().to_owned()),
                },
                (Err(error), _) => Err(error.detail.clone().or(error.title.clone()).unwrap_or_default()),
            });
        }
    }
    found
}

/// Returns the inputs of this mapping in the task at a reference: one, or one per record of a batch.
fn asked<'r>(
    mapping: &Mapping,
    definition: &Definition,
    reference: &str,
    arguments: &'r Value,
) -> Vec<(Option<usize>, Asked<'r>)> {
    let task = definition.by_reference.get(reference).map(|id| definition.task(*id));
    let Some(TaskKind::Function { name, .. }) = task.map(|task| &task.kind) else { return Vec::new() };
    let Some(function) = name.strip_prefix(&mapping.name).and_then(|rest| rest.strip_prefix('.')) else {
        return Vec::new();
    };
    if function == COMPARE {
        let [first, second] = mapping.sides.names().map(|name| arguments.get(name));
        let records = first.zip(second);
        return records.map(|(first, second)| (None, Asked::Compared([first, second]))).into_iter().collect();
    }
    let side = |function: &str| mapping.sides.find_to(function);
    if let Some(to) = function.strip_suffix(EACH).and_then(side) {
        let records = arguments["records"].as_array().into_iter().flatten().enumerate();
        return records.map(|(place, record)| (Some(place), Asked::Converted(to, record))).collect();
    }
    let one = side(function).zip(arguments.get("record"));
    one.map(|(to, record)| (None, Asked::Converted(to, record))).into_iter().collect()
}

const COMPARE: &str = "compare";

impl Asked<'_> {
    fn function(&self, sides: &Sides) -> String {
        match self {
            Self::Converted(to, _) => sides.to(*to),
            Self::Compared(_) => COMPARE.to_owned(),
        }
    }

    /// Returns the fields in the function's output.
    fn fields(&self, output: &Value, sides: &Sides) -> Fields {
        match self {
            Self::Converted(to, _) => one_side(*to, output.clone()),
            Self::Compared(_) => Side::BOTH.map(|to| Some(Value::Object(beside(output, to, sides)))),
        }
    }

    fn convert(&self, mapping: &Mapping, evaluate: &Evaluate<'_>) -> Result<Fields, String> {
        match self {
            Self::Converted(to, record) => mapping.convert(record, *to, evaluate).map(|new| one_side(*to, new)),
            Self::Compared(records) => {
                mapping.beside(*records, evaluate).map(|found| found.map(|fields| Some(Value::Object(fields))))
            }
        }
        .map_err(|why| why.to_string())
    }

    fn holds_masks(&self) -> bool {
        match self {
            Self::Converted(_, record) => holds_masks(record),
            Self::Compared(records) => records.iter().any(|record| holds_masks(record)),
        }
    }
}

fn one_side(to: Side, fields: Value) -> Fields {
    let mut sides = [None, None];
    sides[to as usize] = Some(fields);
    sides
}

/// Returns a side's new fields in the output of `compare`, from rows that write to that side.
fn beside(output: &Value, to: Side, sides: &Sides) -> Map<String, Value> {
    let rows = output["rows"].as_array().into_iter().flatten();
    let leads = |row: &&Value| row["direction"] == "both" || row["direction"] == sides.to(to);
    let field = |row: &Value| {
        let field = row[sides.name(to)]["field"].as_str()?;
        Some((field.to_owned(), row[sides.name(to.other())]["other"].clone()))
    };
    rows.filter(leads).filter_map(field).collect()
}

fn compared(
    mapping: &Mapping,
    run: &MappedRun<'_>,
    given: &Given<'_>,
    masks: &[Masks],
    evaluate: &Evaluate<'_>,
) -> Option<MappedRecord> {
    let became = given.became.as_ref()?;
    let new = given.asked.convert(mapping, evaluate);
    let mut rows = Vec::new();
    if let (Ok(recorded), Ok(new)) = (became, &new) {
        for to in Side::BOTH {
            let [before, after] = [recorded, new].map(|sides| sides[to as usize].as_ref());
            let changes = differences("record", before, after, masks).into_iter();
            rows.extend(changes.map(|change| row_change(mapping, to, change)));
        }
    }
    let same = became.is_ok() == new.is_ok() && rows.is_empty();
    Some(MappedRecord {
        run: run.id,
        workflow: run.definition.workflow.to_string(),
        key: run.key.clone(),
        step: given.step.clone(),
        at: given.at,
        function: given.asked.function(&mapping.sides),
        fate: if same { Fate::Unchanged } else { Fate::Changed },
        rows,
        failed: became.as_ref().err().cloned(),
        fails: new.err(),
        note: given.asked.holds_masks().then_some("the record contains masked values (***)"),
    })
}

fn row_change(mapping: &Mapping, to: Side, change: FieldChange) -> RowChange {
    let FieldChange { pointer, recorded, new, .. } = change;
    let path = pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
    let path: Vec<String> = path.collect();
    let writes = |row: &&Row| row.route(to).is_some() && row.field(to).is_some_and(|own| own.holds(&path));
    let row = mapping.rows.iter().find(writes).map(|row| row.number);
    RowChange { row, field: path.join("."), part: mapping.sides.name(to).to_owned(), pointer, recorded, new }
}

impl MappingDiff {
    /// Whether anything would change.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.records.iter().any(|record| record.fate != Fate::Unchanged)
    }

    /// Writes the result as a JSON object.
    ///
    /// # Errors
    /// The writer's.
    pub fn print_json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// Writes the result as text: a line per record, followed by the fields that change.
    ///
    /// # Errors
    /// The writer's.
    pub fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let until = self.until.map(|until| format!(" until {}", moment(until))).unwrap_or_default();
        let since = moment(self.since);
        writeln!(out, "mapping {}  runs since {since}{until}; nothing is sent or written\n", self.mapping)?;
        for record in &self.records {
            print_record(out, record)?;
        }
        let changed = self.records.iter().filter(|record| record.fate != Fate::Unchanged).count();
        let records = plural(self.records.len(), "record");
        writeln!(out, "{records}: {} unchanged, {changed} changed", self.records.len() - changed)?;
        if let Some(since) = self.further_since {
            writeln!(out, "there are more runs: raise --limit, or continue with --since {}", since.to_rfc3339())?;
        }
        Ok(())
    }
}

fn print_record(out: &mut impl Write, record: &MappedRecord) -> io::Result<()> {
    let MappedRecord { run, workflow, key, step, at, function, fate, rows, failed, fails, note } = record;
    let sign = if *fate == Fate::Unchanged { '=' } else { '~' };
    let key = key.as_ref().map(|key| format!("  key {key}")).unwrap_or_default();
    writeln!(out, "{sign} {workflow}  {step} {function}  {}{key}  run {run}", moment(*at))?;
    for RowChange { row, field, part, recorded, new, .. } in rows {
        let row = row.map_or_else(|| "no row".to_owned(), |row| format!("row {row}"));
        let side = if function == COMPARE { format!("{part} ") } else { String::new() };
        writeln!(out, "    {row}  {side}{field}: {}", sides([recorded, new]))?;
    }
    match (failed, fails) {
        (None, Some(why)) => writeln!(out, "    would fail: {}", cut(why))?,
        (Some(why), None) => writeln!(out, "    would no longer fail: {}", cut(why))?,
        _ => {}
    }
    note.map_or(Ok(()), |note| writeln!(out, "    note: {note}"))
}
