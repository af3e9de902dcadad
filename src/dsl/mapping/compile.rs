//! The functions that a mapping becomes: `set` tasks with an expression for each row, so that each is small enough for the node
//! itself to evaluate, and an error names its row.

use serde_json::{Map, Value, json};

use super::lines::{self, surely};
use super::{Field, Mapping, Row, Side, Source, Way};

/// Longest value that an error shows.
pub(super) const VALUE_CHARS_MAX: usize = 80;

/// The jq text that makes a row's value for `to`, which is called `system`, out of `{record}`. Its first line is a comment: errors
/// call it by that.
pub(super) fn expression(
    (mapping, system): (&str, &str),
    row: &Row,
    to: Side,
    transform: Option<&str>,
    default: Option<&Value>,
    required: bool,
) -> String {
    over(mapping, row, to, ".record", &Chain { transform, default, required_by: required.then_some(system) })
}

/// The same for `compare`, out of what `record` gives. No default and nothing required: what is not there must not look like a
/// change.
pub(super) fn beside(mapping: &str, row: &Row, to: Side, transform: Option<&str>, record: &str) -> String {
    over(mapping, row, to, record, &Chain { transform, default: None, required_by: None })
}

/// What happens to a value on its way.
struct Chain<'r> {
    transform: Option<&'r str>,
    default: Option<&'r Value>,
    /// The system that needs a value.
    required_by: Option<&'r str>,
}

fn over(mapping: &str, row: &Row, to: Side, record: &str, chain: &Chain<'_>) -> String {
    let from = to.other();
    let [source, target] = [from, to].map(|side| row.field(side).map(ToString::to_string).unwrap_or_default());
    let transform = chain.transform.map(|text| format!("if . == null then null else ({text}\n) end | "));
    let default = chain.default.map(|value| format!("if . == null then {value} else . end | "));
    let needs = |system: &str| json!(format!("the {system} needs a value"));
    let steps = [transform, default].into_iter().flatten().collect::<String>();
    let required = chain.required_by.map(needs);
    let called = format!("# mapping {mapping}, row {}: {source} to {target}\n", row.number);
    if let Some((list, field)) = row.field(from).and_then(Field::in_lines) {
        return called + &lines::column([(record, &list), ("$record", &field)], &steps, required.as_ref());
    }
    let required = required.map(|needs| format!("if . == null then error({needs}) else . end | ")).unwrap_or_default();
    format!(
        "{called}{record} as $record | {} as $value \
         | try ($value | {steps}{required}.) catch error(\"value \\($value | tojson | .[0:{VALUE_CHARS_MAX}]): \\(.)\")",
        found("$record", row.field(from)),
    )
}

/// The value of a field of a record.
fn found(record: &str, field: Option<&Field>) -> String {
    format!("({record} | getpath({}))", json!(field.map(|field| field.0.clone()).unwrap_or_default()))
}

impl Mapping {
    /// Names and tasks of its functions.
    #[must_use]
    pub fn functions(&self) -> Vec<(String, Value)> {
        let named = |name: &str, task: Value| (format!("{}.{name}", self.name), task);
        let [crm, erp] = &self.types;
        let [of_crm, of_erp] = &self.systems;
        let mut functions = Vec::new();
        for to in Side::BOTH {
            let summary = match to {
                Side::Crm => format!("What a {erp} of the {of_erp} is as a {crm} of the {of_crm}"),
                Side::Erp => format!("What a {crm} of the {of_crm} is as a {erp} of the {of_erp}"),
            };
            let written = surely(self.filled(to, |way| Ok(written(way))));
            let lines = self.with_lines(&written, to);
            let mut converts = task(&summary, &["record"], written);
            if let Some(record) = lines {
                converts["output"] = json!({ "as": record });
            }
            functions.push(named(to.function(), converts));
        }
        for (side, name) in [(Side::Crm, "pickCrm"), (Side::Erp, "pickErp")] {
            let summary = format!("The mapped fields that a part of a record of the {} holds", self.system(side));
            let mut picks = task(&summary, &["record"], self.picked(side));
            picks["output"] = json!({ "as": "with_entries(select(.value.there)) | map_values(.value)" });
            functions.push(named(name, picks));
        }
        let summary = "Both records side by side, row by row, for links.plan";
        functions.push(named("compare", task(summary, &["crm", "erp"], self.compared())));
        functions
    }

    fn picked(&self, side: Side) -> Value {
        let mut picked = Map::new();
        for field in self.rows.iter().filter(|row| row.is_compared()).filter_map(|row| row.field(side)) {
            let Some((last, before)) = field.0.split_last() else { continue };
            let there = format!("(try ($record | getpath({}) | has({})) catch false)", json!(before), json!(last));
            let value = format!(
                "${{ .record as $record | {there} as $there | {{there: $there, value: (if $there then {} else null end)}} }}",
                found("$record", Some(field))
            );
            picked.insert(field.to_string(), value.into());
        }
        Value::Object(picked)
    }

    fn compared(&self) -> Value {
        let rows: Vec<Value> =
            self.rows.iter().filter(|row| row.is_compared()).map(|row| self.compared_row(row)).collect();
        json!({ "records": { "created": self.records.created, "deleted": self.records.deleted }, "rows": rows })
    }

    /// What a row is called in conflicts: one name for one row.
    fn name_of(&self, row: &Row) -> String {
        let is_alone = self.rows.iter().filter(|other| other.is_compared() && other.name() == row.name()).count() == 1;
        let erp = row.field(Side::Erp).filter(|_| !is_alone);
        erp.map_or_else(|| row.name(), |erp| format!("{} to {erp}", row.name()))
    }

    fn compared_row(&self, row: &Row) -> Value {
        let must = |side: &Side| row.way(*side).is_some_and(|way| way.required && way.default.is_none());
        let required: Vec<&str> = Side::BOTH.into_iter().filter(must).map(Side::as_str).collect();
        let mut compared = json!({
            "name": self.name_of(row),
            "direction": row.direction(),
            "master": row.master,
            "foreign": row.foreign,
            "required": required,
        });
        for side in Side::BOTH {
            let record = format!(".{}", side.as_str());
            let other = match row.way(side.other()).map(|way| (way, &way.value)) {
                Some((_, Source::Field(_, transform))) => {
                    let text = beside(&self.name, row, side.other(), transform.as_deref(), &record);
                    format!("${{ {text} }}").into()
                }
                _ => Value::Null,
            };
            compared[side.as_str()] = json!({
                "field": row.field(side).map(ToString::to_string),
                "value": format!("${{ {} }}", found(&record, row.field(side))),
                "other": other,
            });
        }
        compared
    }
}

fn written(way: &Way) -> Value {
    match &way.value {
        Source::Constant(value) => value.clone(),
        Source::Field(expression, _) => format!("${{ {} }}", expression.text()).into(),
    }
}

fn task(summary: &str, takes: &[&str], set: Value) -> Value {
    let properties: Map<String, Value> =
        takes.iter().map(|name| ((*name).to_owned(), json!({ "type": ["object", "null"] }))).collect();
    json!({
        "metadata": { "summary": summary },
        "input": { "schema": { "format": "json", "document": {
            "type": "object", "required": takes, "additionalProperties": false, "properties": properties,
        } } },
        "set": set,
    })
}
