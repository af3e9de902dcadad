//! From the text of a mapping to [`Mapping`], with every mistake at its place.

use super::compile::expression;
use super::{Field, Mapping, Mistake, Records, Row, Sample, Side, Source, Way};
use super::{fits, lines};
use crate::dsl::mistake::{Report, Spot};
use crate::dsl::source::{self, Node};
use stepwell_expr::Expression;

const ROWS_MAX: usize = 1_000;
const MASTERS: [(&str, &str); 4] = [("crm", "crm"), ("erp", "erp"), ("newest", "newest"), ("manual", "manual")];
const FOREIGN: [(&str, &str); 2] = [("putBack", "putBack"), ("report", "report")];
const DIRECTIONS: [(&str, [bool; 2]); 3] = [("both", [true, true]), ("toErp", [false, true]), ("toCrm", [true, false])];
const SIDES: [(&str, Side); 2] = [("crm", Side::Crm), ("erp", Side::Erp)];

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
    let root = report.closed(root, &["mapping", "title", "note", "crm", "erp", "records", "rows", "samples"])?;
    let written = report.required(root, "mapping")?;
    if report.text(written)? != name {
        report.error(written, format!("the mapping's name is its file name: `{name}`"));
    }
    // What is missing was reported; the rows are looked at all the same.
    let unknown = |side: Side| (String::new(), side.title().to_owned());
    let sides = Side::BOTH.map(|side| record_type(root, side, report).unwrap_or_else(|| unknown(side)));
    let [(crm, of_crm), (erp, of_erp)] = sides;
    let systems = [of_crm, of_erp];
    let list = report.required(root, "rows")?;
    if !list.is_list() || list.items().count() == 0 || list.items().count() > ROWS_MAX {
        report.error(list, format!("`rows` must be a list of 1 to {ROWS_MAX} rows"));
    }
    let mut rows: Vec<(Row, Node<'s>)> = Vec::new();
    for (at, node) in list.items().take(ROWS_MAX).enumerate() {
        let Some(row) = row(name, &systems, at + 1, node, report) else { continue };
        for to in Side::BOTH {
            if let Some(other) = rows.iter().map(|(other, _)| other).find(|other| writes_the_same(&row, other, to)) {
                let message =
                    format!("row {} also writes {}'s `{}`", other.number, systems[to as usize], name_of(&row, to));
                report.error(node, message);
            }
        }
        rows.push((row, node));
    }
    lines::check(&rows, &systems, report);
    Some(Mapping {
        name: name.to_owned(),
        title: report.optional_text(root, "title"),
        note: report.optional_text(root, "note"),
        types: [crm, erp],
        systems,
        records: records(root.get("records"), report)?,
        samples: root.get("samples").map(|list| samples(list, report)).unwrap_or_default(),
        text: String::new(),
        rows: rows.into_iter().map(|(row, _)| row).collect(),
    })
}

/// What the record is called on a side, and what the system there is.
fn record_type<'s>(root: Node<'s>, side: Side, report: &mut Report<'s>) -> Option<(String, String)> {
    let node = report.required(root, side.as_str())?;
    let node = report.closed(node, &["type", "system"])?;
    let system = node.get("system").map_or(Some(side.title()), |system| report.text(system))?;
    let node = report.required(node, "type")?;
    Some((report.text(node)?.to_owned(), system.to_owned()))
}

fn records<'s>(node: Option<Node<'s>>, report: &mut Report<'s>) -> Option<Records> {
    let mut records = Records { created: "none", deleted: "report" };
    let Some(node) = node else { return Some(records) };
    let node = report.closed(node, &["created", "deleted"])?;
    if let Some(created) = node.get("created") {
        let words = [("both", "both"), ("toErp", "toErp"), ("toCrm", "toCrm"), ("none", "none")];
        records.created = report.word(created, &words)?;
    }
    if let Some(deleted) = node.get("deleted") {
        records.deleted = report.word(deleted, &[("report", "report"), ("apply", "apply"), ("ignore", "ignore")])?;
    }
    Some(records)
}

fn writes_the_same(row: &Row, other: &Row, to: Side) -> bool {
    let (Some(_), Some(_), Some(a), Some(b)) = (row.way(to), other.way(to), row.field(to), other.field(to)) else {
        return false;
    };
    a.collides_with(b)
}

fn name_of(row: &Row, side: Side) -> String {
    row.field(side).map(ToString::to_string).unwrap_or_default()
}

const ROW: [&str; 12] =
    ["crm", "erp", "value", "direction", "master", "foreign", "required", "default", "fits", "toErp", "toCrm", "note"];

/// What says nothing of a field that is always the same.
const IDLE_BESIDE_VALUE: [&str; 8] =
    ["direction", "master", "foreign", "required", "default", "fits", "toErp", "toCrm"];

fn row<'s>(
    mapping: &str,
    systems: &[String; 2],
    number: usize,
    node: Node<'s>,
    report: &mut Report<'s>,
) -> Option<Row> {
    let node = report.closed(node, &ROW)?;
    let fields = Side::BOTH.map(|side| node.get(side.as_str()).map(|node| field(node, report)));
    let [crm, erp] = fields;
    // A field that is none was reported; the row goes no further.
    let fields = [lifted(crm)?, lifted(erp)?];
    if fields.iter().all(Option::is_none) {
        report.error(node, "a row names a field of the `crm`, of the `erp`, or of both");
        return None;
    }
    let constant = node.get("value");
    let goes = directions(node, &fields, constant.is_some(), report)?;
    let mut row = Row { number, fields, ways: [None, None], master: "crm", foreign: "putBack", note: None };
    row.note = report.optional_text(node, "note");
    for to in Side::BOTH {
        let transform = node.get(to.function());
        if !goes[to as usize] {
            let default = node.get("default").and_then(|default| default.get(to.as_str()));
            let required = node.get("required").filter(|required| required.as_text() == Some(to.as_str()));
            let fits = node.get("fits").and_then(|fits| fits.get(to.as_str()));
            for idle in [transform, default, required, fits].into_iter().flatten() {
                report.error(idle, format!("no value of this row goes to {}", systems[to as usize]));
            }
            continue;
        }
        row.ways[to as usize] = Some(way((mapping, &systems[to as usize]), &row, to, node, transform, report)?);
    }
    masters(&mut row, node, report)?;
    lines::fits(&row, node, report).then_some(row)
}

fn lifted<T>(read: Option<Option<T>>) -> Option<Option<T>> {
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

/// Whether values go to the CRM and to the ERP.
fn directions<'s>(
    node: Node<'s>,
    fields: &[Option<Field>; 2],
    constant: bool,
    report: &mut Report<'s>,
) -> Option<[bool; 2]> {
    let pair = fields.iter().all(Option::is_some);
    match (pair, constant) {
        (true, true) => report.error(node, "a row with a `value` names one field, which always has this value"),
        (false, false) => {
            let hint = "`value: ...` for a field that is always the same".to_owned();
            report.error_with_hint(node, "the row names a field on one side only, and no `value`", hint);
        }
        (true, false) => {
            return node.get("direction").map_or(Some([true, true]), |direction| report.word(direction, &DIRECTIONS));
        }
        (false, true) => {
            for idle in IDLE_BESIDE_VALUE.iter().filter_map(|key| node.get(key)) {
                report.error(Spot::key(idle), format!("`{}` has no meaning together with a `value`", idle.label()));
            }
            return Some([fields[0].is_some(), fields[1].is_some()]);
        }
    }
    None
}

fn way<'s>(
    named: (&str, &str),
    row: &Row,
    to: Side,
    node: Node<'s>,
    transform: Option<Node<'s>>,
    report: &mut Report<'s>,
) -> Option<Way> {
    let required = match node.get("required") {
        None => false,
        Some(required) => {
            let words = [("crm", [true, false]), ("erp", [false, true]), ("both", [true, true])];
            report.word(required, &words)?[to as usize]
        }
    };
    let default = match node.get("default") {
        None => None,
        Some(default) => report.closed(default, &["crm", "erp"])?.get(to.as_str()).map(Node::to_value),
    };
    if let Some(constant) = node.get("value") {
        return Some(Way { value: Source::Constant(constant.to_value()), default, required, fits: None });
    }
    let fits = fits::read(node, to, report);
    let written = match transform {
        None => None,
        Some(transform) => {
            let text = report.text(transform)?;
            // Alone first: a mistake in it is shown where it stands.
            if let Err(why) = Expression::parse(&format!("null as $record | {text}"), &[]) {
                report.error_with_hint(
                    transform,
                    format!("`{}` is not valid jq: {}", to.function(), why.message),
                    why.hint,
                );
                return None;
            }
            Some(text.to_owned())
        }
    };
    let text = expression(named, row, to, written.as_deref(), (fits.as_ref(), default.as_ref(), required));
    match Expression::parse(&text, &[]) {
        Ok(parsed) => Some(Way { value: Source::Field(Box::new(parsed), written), default, required, fits }),
        Err(why) => {
            report.error(
                transform.unwrap_or(node),
                format!("the row cannot be compiled to an expression: {}", why.message),
            );
            None
        }
    }
}

fn masters<'s>(row: &mut Row, node: Node<'s>, report: &mut Report<'s>) -> Option<()> {
    let both_ways = row.ways.iter().all(Option::is_some);
    let master = node.get("master").map(|master| report.word(master, &MASTERS).map(|word| (master, word)));
    match (both_ways, lifted(master)?) {
        (true, Some((_, master))) => row.master = master,
        (true, None) => {
            let hint = "master: crm, erp, newest or manual".to_owned();
            report.error_with_hint(node, "a row that goes both ways must say which side is right if they differ", hint);
            return None;
        }
        (false, given) => {
            // The side that values come from.
            row.master = if row.ways[Side::Erp as usize].is_some() { "crm" } else { "erp" };
            if let Some((place, given)) = given.filter(|(_, given)| *given != row.master) {
                report.error(
                    place,
                    format!("values of this row come from the {}: its master cannot be {given}", row.master),
                );
            }
        }
    }
    if let Some(foreign) = node.get("foreign") {
        row.foreign = report.word(foreign, &FOREIGN)?;
    }
    Some(())
}

fn samples<'s>(list: Node<'s>, report: &mut Report<'s>) -> Vec<Sample> {
    if !list.is_list() {
        report.error(list, "`samples` must be a list");
    }
    let nodes: Vec<Node<'s>> = list.items().collect();
    nodes.into_iter().filter_map(|node| sample(node, report)).collect()
}

fn sample<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<Sample> {
    let node = report.closed(node, &["name", "from", "record", "gives", "fails"])?;
    let name = report.required(node, "name").and_then(|name| report.text(name))?;
    let from = report.required(node, "from").and_then(|from| report.word(from, &SIDES))?;
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
