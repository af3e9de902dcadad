//! Lists: rows such as `OpportunityLineItems.records[].Quantity` to `item.items[].quantity`. Each row is evaluated
//! alone and returns a column, the values of its field in all lines. This module assembles the columns into lines.

use serde_json::{Map, Value, json};

use super::compile::VALUE_CHARS_MAX;
use super::{Field, Mapping, Route, Row, Side, Sides};
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;

impl Mapping {
    /// Builds the record that the rows write on one side. Each list still contains columns;
    /// [`Self::list_expressions`] turns them into lines.
    pub(super) fn build_record<E>(
        &self,
        to: Side,
        mut value: impl FnMut(&Route) -> Result<Value, E>,
    ) -> Result<Value, E> {
        let mut record = Value::Object(Map::new());
        for row in &self.rows {
            let (Some(route), Some(field)) = (row.route(to), row.field(to)) else { continue };
            let Some((list, _)) = field.in_lines() else {
                field.put(&mut record, &value(route)?);
                continue;
            };
            if route.constant().is_some() {
                continue;
            }
            let place = list.place(&mut record);
            match place {
                Value::Array(columns) => columns.push(value(route)?),
                _ => *place = json!([value(route)?]),
            }
        }
        Ok(record)
    }

    /// Returns the lists of a side, each with the jq text that turns its columns into lines.
    pub(super) fn list_expressions(&self, to: Side) -> Vec<(Field, String)> {
        let mut lists: Vec<Field> = Vec::new();
        for (list, _) in
            self.rows.iter().filter(|row| row.route(to).is_some()).filter_map(|row| row.field(to)?.in_lines())
        {
            if !lists.contains(&list) {
                lists.push(list);
            }
        }
        lists.into_iter().map(|list| (list.clone(), self.list_expression(&list, to))).collect()
    }

    fn list_expression(&self, list: &Field, to: Side) -> String {
        let (mut line, mut columns) = (Value::Null, 0);
        for row in &self.rows {
            let (Some(route), Some((of, inner))) = (row.route(to), row.field(to).and_then(Field::in_lines)) else {
                continue;
            };
            if of != *list {
                continue;
            }
            let text = route.constant().map_or_else(|| format!("$columns[{columns}][$at]"), ToString::to_string);
            columns += usize::from(route.constant().is_none());
            inner.put(&mut line, &text.into());
        }
        format!(
            "{} as $columns | $columns[0] | if . == null then null else to_entries | map(.key as $at | {}) end",
            field_expression(".", list),
            constructed(&line),
        )
    }

    /// Returns the template that turns the columns in `written`, built by [`Self::build_record`], into lines; `None` if
    /// there is no list.
    pub(super) fn with_lines(&self, written: &Value, to: Side) -> Option<Value> {
        let lists = self.list_expressions(to);
        let mut record = copy_template(written, &Field(Vec::new()));
        for (list, text) in &lists {
            list.put(&mut record, &format!("${{ {text} }}").into());
        }
        (!lists.is_empty()).then_some(record)
    }
}

/// Returns a template that copies each field of a record.
fn copy_template(written: &Value, at: &Field) -> Value {
    match written {
        Value::Object(fields) => {
            let inside = |name: &String| Field(at.0.iter().chain([name]).cloned().collect());
            fields.iter().map(|(name, value)| (name.clone(), copy_template(value, &inside(name)))).collect()
        }
        _ => format!("${{ {} }}", field_expression(".", at)).into(),
    }
}

/// Returns jq for a field of a record.
fn field_expression(record: &str, field: &Field) -> String {
    let parts = field.0.iter().map(|part| format!("[{}]", json!(part)));
    format!("{record}{}", parts.collect::<String>())
}

/// Returns the jq text of a row's column: the field in each line of the list, transformed, with a replacement for null.
/// A line must give exactly one value, or the lines after it would shift. The error for a line is formatted outside the
/// iteration, which keeps the text small enough to be evaluated in the node's process.
pub(super) fn column([list, field]: [(&str, &Field); 2], transform: &str, in_place_of_null: Option<&str>) -> String {
    let [list, field] = [list, field].map(|(record, field)| field_expression(record, field));
    let instead = in_place_of_null.map(|text| format!("elif $values[0] == null then {text} ")).unwrap_or_default();
    format!(
        "{list} | if . == null then null elif type != \"array\" then error(\"value \\(tojson | .[0:{VALUE_CHARS_MAX}]): this is no list\") \
         else try (to_entries | map(.key as $at | .value as $record | try ([{field} | {transform}.] as $values \
         | if $values == [] then error(\"it produced no value\") {instead}else $values[0] end) catch error([$at, $record, .]))) \
         catch (. as [$at, $record, $why] | (try {field} catch $record) as $value \
         | error(\"line \\($at + 1), value \\($value | tojson | .[0:{VALUE_CHARS_MAX}]): \\($why)\")) end"
    )
}

/// Returns jq that constructs a line. The texts in `line` are jq.
fn constructed(line: &Value) -> String {
    match line {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{}: ({})", json!(name), constructed(value))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a row with a list has one on both sides and goes in one direction only. `to` are the arguments that lead to
/// each side.
pub(super) fn check_list_row<'s>(row: &Row, to: &[String; 2], node: Node<'s>, report: &mut Report<'s>) -> bool {
    let lists = row.fields.iter().flatten().filter(|field| field.in_lines().is_some()).count();
    if row.is_pair() && lists == 1 {
        report.error(node, "only one field has `[]`: lines can only become lines");
        return false;
    }
    let both_ways = row.routes.iter().all(Option::is_some);
    if lists > 0 && both_ways {
        let hint = format!("`direction: {}` or `direction: {}`", to[1], to[0]);
        report.error_with_hint(node, "a row with `[]` maps in only one direction", hint);
    }
    lists == 0 || !both_ways
}

/// Reports lists whose lines come from several lists, or from none.
pub(super) fn check<'s>(rows: &[(Row, Node<'s>)], sides: &Sides, report: &mut Report<'s>) {
    let ends = |row: &Row, to: Side| {
        row.route(to)?;
        let list = |side: Side| Some(row.field(side)?.in_lines()?.0);
        Some((list(to)?, list(to.other())))
    };
    for to in Side::BOTH {
        for (row, node) in rows {
            let Some((list, source)) = ends(row, to) else { continue };
            let sources: Vec<(usize, Field)> = rows
                .iter()
                .filter_map(|(other, _)| Some((other.number, ends(other, to).filter(|(of, _)| *of == list)?.1?)))
                .collect();
            let system = sides.system(to);
            match (sources.first(), source) {
                (None, _) => report.error(
                    *node,
                    format!("the number of lines in {system}'s `{list}` is unknown: one of its rows must take its values from the other side"),
                ),
                (Some((number, first)), Some(source)) if *first != source => report.error(
                    *node,
                    format!("row {number} creates the lines of {system}'s `{list}` from another list, `{first}`"),
                ),
                _ => {}
            }
        }
    }
}
