//! Reads the text of a mapping and reports each mistake at its place.

use std::sync::Arc;

use super::compile::expression;
use super::{Direction, Field, Mapping, Master, Mistake, Records, Route, Row, Sample, Side, Sides, Source};
use super::{fits, lines, side};
use crate::dsl::mistake::{Report, Spot};
use crate::dsl::source::{self, Node};
use stepwell_expr::Expression;

const ROWS_MAX: usize = 1_000;
const FOREIGN: [(&str, &str); 2] = [("putBack", "putBack"), ("report", "report")];

pub(super) fn read(file: &str, name: &str, text: &str) -> Result<Mapping, Vec<Mistake>> {
    let source = source::read(file, text)?;
    let mut report = Report::new(file);
    let read = mapping(name, source.root(), &mut report).map(|mapping| Mapping { text: text.to_owned(), ..mapping });
    let failed = report.has_errors();
    match read.filter(|_| !failed) {
        Some(mapping) => Ok(mapping),
        None => Err(report.finish()),
    }
}

fn mapping<'s>(name: &str, root: Node<'s>, report: &mut Report<'s>) -> Option<Mapping> {
    let sides = side::read(root, report)?;
    let [first, second] = sides.names();
    let known = ["mapping", "title", "note", "sides", first, second, "records", "rows", "samples"];
    let root = report.closed(root, &known)?;
    let written = report.required(root, "mapping")?;
    if report.text(written)? != name {
        report.error(written, format!("the mapping's name is its file name: `{name}`"));
    }
    // Missing types were reported; the rows are still read for their mistakes.
    let of_sides = Side::BOTH.map(|side| record_type(root, sides.name(side), report).unwrap_or_default());
    let sides = sides.clone().with_systems(of_sides.each_ref().map(|(_, system)| *system));
    let list = report.required(root, "rows")?;
    if !list.is_list() || list.items().count() == 0 || list.items().count() > ROWS_MAX {
        report.error(list, format!("`rows` must be a list of 1 to {ROWS_MAX} rows"));
    }
    let rows = rows((name, &sides), list, report);
    Some(Mapping {
        name: name.to_owned(),
        title: report.optional_text(root, "title"),
        note: report.optional_text(root, "note"),
        types: of_sides.map(|(of_type, _)| of_type.to_owned()),
        records: records(root.get("records"), &sides, report)?,
        samples: root.get("samples").map(|list| samples(list, &sides, report)).unwrap_or_default(),
        text: String::new(),
        rows,
        sides: Arc::new(sides),
    })
}

fn rows<'s>(mapping: (&str, &Sides), list: Node<'s>, report: &mut Report<'s>) -> Vec<Row> {
    let mut rows: Vec<(Row, Node<'s>)> = Vec::new();
    for (at, node) in list.items().take(ROWS_MAX).enumerate() {
        let Some(row) = row(mapping, at + 1, node, report) else { continue };
        for to in Side::BOTH {
            if let Some(other) = rows.iter().map(|(other, _)| other).find(|other| writes_the_same(&row, other, to)) {
                let message =
                    format!("row {} also writes {}'s `{}`", other.number, mapping.1.system(to), name_of(&row, to));
                report.error(node, message);
            }
        }
        rows.push((row, node));
    }
    lines::check(&rows, mapping.1, report);
    rows.into_iter().map(|(row, _)| row).collect()
}

/// Returns the record type of a side, and the name of its system if the mapping gives one.
fn record_type<'s>(root: Node<'s>, side: &str, report: &mut Report<'s>) -> Option<(&'s str, Option<&'s str>)> {
    let node = report.required(root, side)?;
    let node = report.closed(node, &["type", "system"])?;
    let system = node.get("system").and_then(|system| report.text(system));
    let node = report.required(node, "type")?;
    Some((report.text(node)?, system))
}

fn records<'s>(node: Option<Node<'s>>, sides: &Sides, report: &mut Report<'s>) -> Option<Records> {
    let mut records = Records { created: None, deleted: "report" };
    let Some(node) = node else { return Some(records) };
    let node = report.closed(node, &["created", "deleted"])?;
    if let Some(created) = node.get("created") {
        let to = Side::BOTH.map(|side| sides.to(side));
        let [both, second, first] = directions(&to).map(|(word, direction)| (word, Some(direction)));
        records.created = report.word(created, &[both, second, first, ("none", None)])?;
    }
    if let Some(deleted) = node.get("deleted") {
        records.deleted = report.word(deleted, &[("report", "report"), ("apply", "apply"), ("ignore", "ignore")])?;
    }
    Some(records)
}

/// The keywords for directions. `to` are those that lead to each side.
fn directions(to: &[String; 2]) -> [(&str, Direction); 3] {
    let to = |side: Side| (to[side as usize].as_str(), Direction::To(side));
    [("both", Direction::Both), to(Side::Second), to(Side::First)]
}

fn writes_the_same(row: &Row, other: &Row, to: Side) -> bool {
    let (Some(_), Some(_), Some(a), Some(b)) = (row.route(to), other.route(to), row.field(to), other.field(to)) else {
        return false;
    };
    a.collides_with(b)
}

fn name_of(row: &Row, side: Side) -> String {
    row.field(side).map(ToString::to_string).unwrap_or_default()
}

/// Keys that describe how a value is copied, and so do not apply to a constant.
const CONVERSION_KEYS: [&str; 6] = ["direction", "master", "foreign", "required", "default", "fits"];

fn row<'s>(mapping: (&str, &Sides), number: usize, node: Node<'s>, report: &mut Report<'s>) -> Option<Row> {
    let sides = mapping.1;
    let to = Side::BOTH.map(|side| sides.to(side));
    let [first, second] = sides.names();
    let mut known = vec![first, second, "value"];
    known.extend(CONVERSION_KEYS.iter().copied().chain([to[1].as_str(), to[0].as_str(), "note"]));
    let node = report.closed(node, &known)?;
    let fields = Side::BOTH.map(|side| node.get(sides.name(side)).map(|node| field(node, report)));
    let [of_first, of_second] = fields;
    // A wrong field was reported; the row cannot be read further.
    let fields = [optional_part(of_first)?, optional_part(of_second)?];
    if fields.iter().all(Option::is_none) {
        report.error(node, format!("a row names a field of the `{first}`, of the `{second}`, or of both"));
        return None;
    }
    let written = written_sides(node, &fields, &to, report)?;
    let (master, foreign) = (Master::Side(Side::First), "putBack");
    let mut row = Row { number, fields, routes: [None, None], master, foreign, note: None };
    row.note = report.optional_text(node, "note");
    for side in Side::BOTH {
        let transform = node.get(&to[side as usize]);
        if !written[side as usize] {
            let name = sides.name(side);
            let default = node.get("default").and_then(|default| default.get(name));
            let required = node.get("required").filter(|required| required.as_text() == Some(name));
            let fits = node.get("fits").and_then(|fits| fits.get(name));
            for idle in [transform, default, required, fits].into_iter().flatten() {
                report.error(idle, format!("no value of this row goes to {}", sides.system(side)));
            }
            continue;
        }
        row.routes[side as usize] = Some(route(mapping, &row, side, node, transform, report)?);
    }
    masters(&mut row, sides, node, report)?;
    lines::check_list_row(&row, &to, node, report).then_some(row)
}

fn optional_part<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(None) => None,
        Some(Some(value)) => Some(Some(value)),
    }
}

fn field<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Field> {
    let text = report.text(node)?;
    let field = Field::of(text);
    if field.is_sound() {
        return Some(field);
    }
    report.error_with_hint(
        node,
        format!("`{text}` is not a field"),
        "as in Email, subsidiary.id or items[].rate".to_owned(),
    );
    None
}

/// Returns whether values are written to each side. `to` are the keywords that lead there.
fn written_sides<'s>(
    node: Node<'s>,
    fields: &[Option<Field>; 2],
    to: &[String; 2],
    report: &mut Report<'s>,
) -> Option<[bool; 2]> {
    let pair = fields.iter().all(Option::is_some);
    match (pair, node.get("value").is_some()) {
        (true, true) => report.error(node, "a row with a `value` names one field, which always has this value"),
        (false, false) => {
            let hint = "`value: ...` for a field that is always the same".to_owned();
            report.error_with_hint(node, "the row names a field on one side only, and no `value`", hint);
        }
        (true, false) => {
            let Some(direction) = node.get("direction") else { return Some([true, true]) };
            let direction = report.word(direction, &directions(to))?;
            return Some(
                Side::BOTH.map(|side| matches!(direction, Direction::Both) || direction == Direction::To(side)),
            );
        }
        (false, true) => {
            let idle = CONVERSION_KEYS.iter().copied().chain([to[1].as_str(), to[0].as_str()]);
            for idle in idle.filter_map(|key| node.get(key)) {
                report.error(Spot::key(idle), format!("`{}` has no meaning together with a `value`", idle.label()));
            }
            return Some([fields[0].is_some(), fields[1].is_some()]);
        }
    }
    None
}

fn route<'s>(
    (mapping, sides): (&str, &Sides),
    row: &Row,
    to: Side,
    node: Node<'s>,
    transform: Option<Node<'s>>,
    report: &mut Report<'s>,
) -> Option<Route> {
    let required = match node.get("required") {
        None => false,
        Some(required) => {
            let [first, second] = sides.names();
            let words = [(first, [true, false]), (second, [false, true]), ("both", [true, true])];
            report.word(required, &words)?[to as usize]
        }
    };
    let default = match node.get("default") {
        None => None,
        Some(default) => report.closed(default, &sides.names())?.get(sides.name(to)).map(Node::to_value),
    };
    if let Some(constant) = node.get("value") {
        return Some(Route { value: Source::Constant(constant.to_value()), default, required, fits: None });
    }
    let fits = fits::read(node, sides, to, report);
    let written = match transform {
        None => None,
        Some(transform) => {
            let text = report.text(transform)?;
            // Parse the transform alone first, so that a mistake is reported at its own position.
            if let Err(why) = Expression::parse(&format!("null as $record | {text}"), &[]) {
                report.error_with_hint(
                    transform,
                    format!("`{}` is not valid jq: {}", sides.to(to), why.message),
                    why.hint,
                );
                return None;
            }
            Some(text.to_owned())
        }
    };
    let text = expression(
        (mapping, sides.system(to)),
        row,
        to,
        written.as_deref(),
        (fits.as_ref(), default.as_ref(), required),
    );
    match Expression::parse(&text, &[]) {
        Ok(parsed) => Some(Route { value: Source::Field(Box::new(parsed), written), default, required, fits }),
        Err(why) => {
            report.error(
                transform.unwrap_or(node),
                format!("the row cannot be compiled to an expression: {}", why.message),
            );
            None
        }
    }
}

fn masters<'s>(row: &mut Row, sides: &Sides, node: Node<'s>, report: &mut Report<'s>) -> Option<()> {
    let [first, second] = sides.names();
    let words = [
        (first, Master::Side(Side::First)),
        (second, Master::Side(Side::Second)),
        ("newest", Master::Newest),
        ("manual", Master::Manual),
    ];
    let master = node.get("master").map(|master| report.word(master, &words).map(|word| (master, word)));
    match (row.direction(), optional_part(master)?) {
        (Direction::Both, Some((_, master))) => row.master = master,
        (Direction::Both, None) => {
            let hint = format!("master: {first}, {second}, newest or manual");
            report.error_with_hint(node, "a row that goes both ways must say which side is right if they differ", hint);
            return None;
        }
        (Direction::To(to), given) => {
            // The side that values come from.
            row.master = Master::Side(to.other());
            if let Some((place, given)) = given.filter(|(_, given)| *given != row.master) {
                let [from, given] = [row.master, given].map(|master| sides.master(master));
                report.error(place, format!("values of this row come from the {from}: its master cannot be {given}"));
            }
        }
    }
    if let Some(foreign) = node.get("foreign") {
        row.foreign = report.word(foreign, &FOREIGN)?;
    }
    Some(())
}

fn samples<'s>(list: Node<'s>, sides: &Sides, report: &mut Report<'s>) -> Vec<Sample> {
    report.list(list);
    let nodes: Vec<Node<'s>> = list.items().collect();
    nodes.into_iter().filter_map(|node| sample(node, sides, report)).collect()
}

fn sample<'s>(node: Node<'s>, sides: &Sides, report: &mut Report<'s>) -> Option<Sample> {
    let node = report.closed(node, &["name", "from", "record", "gives", "fails"])?;
    let name = report.required(node, "name").and_then(|name| report.text(name))?;
    let words = Side::BOTH.map(|side| (sides.name(side), side));
    let from = report.required(node, "from").and_then(|from| report.word(from, &words))?;
    let record = report.required(node, "record")?;
    let gives = match (node.get("gives"), node.get("fails")) {
        (Some(gives), None) => Ok(gives.to_value()),
        (None, Some(fails)) => Err(report.text(fails)?.to_owned()),
        _ => {
            report.error(node, "a sample says either what the record `gives` or how it `fails`");
            return None;
        }
    };
    let line = node.place().map_or(1, |place| place.line);
    Some(Sample { name: name.to_owned(), from, record: record.to_value(), gives, line })
}
