//! Compiles a mapping to functions. They are `set` tasks with one expression per row, so that each is small enough to
//! be evaluated in the node's process and an error names its row.

use std::convert::Infallible;

use serde_json::{Map, Value, json};

use super::{EACH, Field, Fits, Mapping, Route, Row, Side, Source, lines};

/// Longest value that an error shows, in characters.
pub(super) const VALUE_CHARS_MAX: usize = 80;

/// Rows per expression over many records. More would exceed the size limit of an expression.
const ROWS_AT_ONCE: usize = 40;

/// Returns the jq text that computes a row's value for side `to`, named `system`, from `{record}`. It begins with a
/// comment line by which errors identify the row.
pub(super) fn expression(
    (mapping, system): (&str, &str),
    row: &Row,
    to: Side,
    transform: Option<&str>,
    route: (Option<&Fits>, Option<&Value>, bool),
) -> String {
    let (fits, default, required) = route;
    over(mapping, row, to, ".record", &Chain { transform, fits, default, required_by: required.then_some(system) })
}

/// Like [`expression`], but for comparing: no default is applied and nothing is required, so that a missing value does
/// not look like a change.
pub(super) fn beside(
    mapping: &str,
    row: &Row,
    to: Side,
    route: &Route,
    transform: Option<&str>,
    record: &str,
) -> String {
    over(mapping, row, to, record, &Chain { transform, fits: route.fits.as_ref(), default: None, required_by: None })
}

/// The conversions of a value between its two fields.
struct Chain<'r> {
    transform: Option<&'r str>,
    fits: Option<&'r Fits>,
    default: Option<&'r Value>,
    /// The system that requires a value.
    required_by: Option<&'r str>,
}

impl Chain<'_> {
    /// Returns the conversions as jq, from one field's value to the other's.
    fn steps(&self) -> String {
        let instead = |text: String| format!("if . == null then {text} else . end | ");
        let default = self.default.map(|value| instead(value.to_string())).unwrap_or_default();
        let required = self.refused().map(instead).unwrap_or_default();
        format!("{}{default}{required}.", self.transformed())
    }

    fn transformed(&self) -> String {
        let transform = self.transform.map(|text| format!("if . == null then null else ({text}\n) end | "));
        transform.unwrap_or_default() + &self.fits.map(Fits::steps).unwrap_or_default()
    }

    /// Returns jq that raises an error for a null, if a value is required.
    fn refused(&self) -> Option<String> {
        self.required_by.map(|by| format!("error({})", json!(format!("the {by} needs a value"))))
    }
}

/// Describes a row for error messages.
fn told(mapping: &str, row: &Row, to: Side) -> String {
    let [source, target] = [to.other(), to].map(|side| row.field(side).map(ToString::to_string).unwrap_or_default());
    format!("mapping {mapping}, row {}: {source} to {target}", row.number)
}

fn over(mapping: &str, row: &Row, to: Side, record: &str, chain: &Chain<'_>) -> String {
    let called = format!("# {}\n", told(mapping, row, to));
    if let Some((list, field)) = row.field(to.other()).and_then(Field::in_lines) {
        let instead = chain.default.filter(|value| !value.is_null()).map(Value::to_string).or_else(|| chain.refused());
        return called
            + &lines::column([(record, &list), ("$record", &field)], &chain.transformed(), instead.as_deref());
    }
    format!(
        "{called}{record} as $record | {} as $value \
         | try ($value | {}) catch error(\"value \\($value | tojson | .[0:{VALUE_CHARS_MAX}]): \\(.)\")",
        found("$record", row.field(to.other())),
        chain.steps(),
    )
}

/// Returns jq that reads a field of a record. If the record is not an object, its error shows the value.
fn found(record: &str, field: Option<&Field>) -> String {
    let path = field.map(|field| field.0.clone()).unwrap_or_default();
    match path.as_slice() {
        [] | [_] => format!("({record} | getpath({}))", json!(path)),
        [first, ..] => format!(
            "({record} | . as $from | try getpath({}) \
             catch error(\"value \\($from | getpath({}) | tojson | .[0:{VALUE_CHARS_MAX}]): \\(.)\"))",
            json!(path),
            json!([first]),
        ),
    }
}

impl Mapping {
    /// Returns the functions of the mapping: name and task.
    #[must_use]
    pub fn functions(&self) -> Vec<(String, Value)> {
        let named = |name: &str, task: Value| (format!("{}.{name}", self.name), task);
        let mut functions = Vec::new();
        for to in Side::BOTH {
            let Ok(written) = self.filled(to, |route| Ok::<_, Infallible>(written(route)));
            let lines = self.with_lines(&written, to);
            let mut converts = task(&self.summary(to), &["record"], written);
            if let Some(record) = lines {
                converts["output"] = json!({ "as": record });
            }
            functions.push(named(&self.sides.to(to), converts));
        }
        // A record with lists is large, so a batch of them has one step per record.
        for to in Side::BOTH.into_iter().filter(|to| self.gatherings(*to).is_empty()) {
            functions.push(named(&format!("{}{EACH}", self.sides.to(to)), self.each(to)));
        }
        for side in Side::BOTH {
            let summary = format!("The mapped fields that a part of a record of the {} holds", self.system(side));
            let mut picks = task(&summary, &["record"], self.picked(side));
            picks["output"] = json!({ "as": "with_entries(select(.value.there)) | map_values(.value)" });
            functions.push(named(&self.sides.pick(side), picks));
        }
        let summary = "Both records side by side, row by row, for links.plan";
        functions.push(named("compare", task(summary, &self.sides.names(), self.compared())));
        functions
    }

    /// Returns the task that converts many records in one step, so that a batch does not need one step per record. A
    /// record that cannot be converted gives an error entry instead of a fault.
    fn each(&self, to: Side) -> Value {
        let rows: Vec<(&Row, &Route, &Field)> =
            self.rows.iter().filter_map(|row| Some((row, row.route(to)?, row.field(to)?))).collect();
        let parts: Vec<Value> =
            rows.chunks(ROWS_AT_ONCE).map(|rows| format!("${{ {} }}", self.of_many(to, rows)).into()).collect();
        let summary = format!("{}, for many records: for each its record or its error", self.summary(to));
        json!({
            "metadata": { "summary": summary },
            "input": { "schema": { "format": "json", "document": {
                "type": "object", "required": ["records"], "additionalProperties": false,
                "properties": { "records": { "type": "array", "maxItems": 1000, "items": { "type": "object" } } },
            } } },
            "set": { "parts": parts },
            "output": { "as": "# several parts of a large table make one record\n.parts | transpose | map(\
                (map(.error | select(. != null)) | .[0]) as $error \
                | {record: (if $error then null else reduce .[].record as $part ({}; . * $part) end), $error})" },
        })
    }

    /// Returns jq that computes `[{record, error}]` for these rows.
    fn of_many(&self, to: Side, rows: &[(&Row, &Route, &Field)]) -> String {
        let row = |(row, route, field): &(&Row, &Route, &Field)| {
            // Merging creates the enclosing objects. Unlike `setpath` it does not fail if another value is in their
            // place.
            let put = |value: String| {
                let value = field.0.iter().rev().fold(value, |value, part| format!("{{{}: {value}}}", json!(part)));
                format!(" | . * {value}")
            };
            match &route.value {
                Source::Constant(value) => put(value.to_string()),
                Source::Field(_, transform) => {
                    let required_by = route.required.then(|| self.system(to));
                    let (transform, fits, default) =
                        (transform.as_deref(), route.fits.as_ref(), route.default.as_ref());
                    let chain = Chain { transform, fits, default, required_by };
                    let from = json!(row.field(to.other()).map(|field| field.0.clone()).unwrap_or_default());
                    put(format!("($record | way({}; {from}; {}))", json!(told(&self.name, row, to)), chain.steps()))
                }
            }
        };
        format!(
            "# mapping {}, {} of many\n\
             def way($row; $path; steps): try (. as $from | (try getpath($path) \
             catch error(\"value \\($from | getpath($path[0:1]) | tojson | .[0:{VALUE_CHARS_MAX}]): \\(.)\")) as $value | try ($value | steps) \
             catch error(\"value \\($value | tojson | .[0:{VALUE_CHARS_MAX}]): \\(.)\")) catch error(\"\\($row) failed: \\(.)\"); \
             [.records[] as $record | try {{record: ({{}}{}), error: null}} catch {{record: null, error: .}}]",
            self.name,
            self.sides.to(to),
            rows.iter().map(row).collect::<String>(),
        )
    }

    fn summary(&self, to: Side) -> String {
        let [of, becomes] = [to.other(), to].map(|side| {
            let kind = &self.types[side as usize];
            format!("a {kind} of the {}", self.system(side))
        });
        format!("What {of} is as {becomes}")
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
        json!({ "records": self.of_records(), "rows": rows })
    }

    /// Returns the rules for whole records, as in the mapping's file.
    pub(super) fn of_records(&self) -> Value {
        let created = self.records.created.map_or_else(|| "none".to_owned(), |to| self.sides.direction(to));
        json!({ "created": created, "deleted": self.records.deleted })
    }

    /// Returns the name of a row in conflicts, which is unique in the mapping.
    fn name_of(&self, row: &Row) -> String {
        let is_alone = self.rows.iter().filter(|other| other.is_compared() && other.name() == row.name()).count() == 1;
        let second = row.field(Side::Second).filter(|_| !is_alone);
        second.map_or_else(|| row.name(), |second| format!("{} to {second}", row.name()))
    }

    fn compared_row(&self, row: &Row) -> Value {
        let must = |side: &Side| row.route(*side).is_some_and(|route| route.required && route.default.is_none());
        let required: Vec<&str> = Side::BOTH.into_iter().filter(must).map(|side| self.sides.name(side)).collect();
        let mut compared = json!({
            "name": self.name_of(row),
            "direction": self.sides.direction(row.direction()),
            "master": self.sides.master(row.master),
            "foreign": row.foreign,
            "required": required,
        });
        for side in Side::BOTH {
            let record = format!(".{}", self.sides.name(side));
            let other = match row.route(side.other()).map(|route| (route, &route.value)) {
                Some((route, Source::Field(_, transform))) => {
                    let text = beside(&self.name, row, side.other(), route, transform.as_deref(), &record);
                    format!("${{ {text} }}").into()
                }
                _ => Value::Null,
            };
            compared[self.sides.name(side)] = json!({
                "field": row.field(side).map(ToString::to_string),
                "value": format!("${{ {} }}", found(&record, row.field(side))),
                "other": other,
            });
        }
        compared
    }
}

fn written(route: &Route) -> Value {
    match &route.value {
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
