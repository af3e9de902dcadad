//! The two sides of a mapping and their names: `sides: [crm, billing]`, by default `crm` and `erp`.

use super::{Direction, Master};
use crate::dsl::mistake::Report;
use crate::dsl::source::Node;

/// One of the two sides. [`Sides`] has their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The side that the mapping names first.
    First,
    /// The side that the mapping names second.
    Second,
}

impl Side {
    /// Both sides, in the order of the mapping.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// Returns the other side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// The names of the sides of a mapping, and what people call the systems there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    names: [String; 2],
    systems: [String; 2],
}

impl Default for Sides {
    fn default() -> Self {
        Self::named(["crm", "erp"])
    }
}

impl Sides {
    /// Creates sides with these names. As system names, a name of up to three letters is shown in capitals (`CRM`), a
    /// longer one capitalized (`Billing`).
    #[must_use]
    pub fn named(names: [&str; 2]) -> Self {
        let title = |name: &str| if name.len() <= 3 { name.to_uppercase() } else { capitalized(name) };
        Self { names: names.map(str::to_owned), systems: names.map(title) }
    }

    /// Replaces the system names, where given.
    #[must_use]
    pub fn with_systems(self, systems: [Option<&str>; 2]) -> Self {
        let [first, second] = systems;
        let [of_first, of_second] = self.systems;
        let systems = [(first, of_first), (second, of_second)];
        Self { systems: systems.map(|(given, default)| given.map_or(default, str::to_owned)), ..self }
    }

    /// Returns the name as in files: `crm`.
    #[must_use]
    pub fn name(&self, side: Side) -> &str {
        &self.names[side as usize]
    }

    /// Returns both names, in order.
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        Side::BOTH.map(|side| self.name(side))
    }

    /// Returns what people call the system on a side: `CRM`.
    #[must_use]
    pub fn system(&self, side: Side) -> &str {
        &self.systems[side as usize]
    }

    /// Returns the system's name for use within a sentence: `the CRM`, `Billing`.
    #[must_use]
    pub fn called(&self, side: Side) -> String {
        let system = self.system(side);
        let is_kind = system.chars().all(|c| c.is_ascii_uppercase());
        if is_kind { format!("the {system}") } else { system.to_owned() }
    }

    /// Returns the side with a name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| self.name(*side) == name)
    }

    /// Returns the name of the function that converts to a side: `toCrm`.
    #[must_use]
    pub fn to(&self, side: Side) -> String {
        format!("to{}", capitalized(self.name(side)))
    }

    /// Returns the name of the function that picks the mapped fields of a record of a side: `pickCrm`.
    #[must_use]
    pub fn pick(&self, side: Side) -> String {
        format!("pick{}", capitalized(self.name(side)))
    }

    /// Returns the side that a function converts to.
    #[must_use]
    pub fn find_to(&self, function: &str) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| self.to(*side) == function)
    }

    /// Returns the keyword of a direction: `both`, `toErp`.
    #[must_use]
    pub fn direction(&self, direction: Direction) -> String {
        match direction {
            Direction::Both => "both".to_owned(),
            Direction::To(side) => self.to(side),
        }
    }

    /// Returns the direction that a keyword means.
    #[must_use]
    pub fn find_direction(&self, word: &str) -> Option<Direction> {
        if word == "both" { Some(Direction::Both) } else { self.find_to(word).map(Direction::To) }
    }

    /// Returns the keyword of a master: `crm`, `newest`, `manual`.
    #[must_use]
    pub fn master(&self, master: Master) -> &str {
        match master {
            Master::Side(side) => self.name(side),
            Master::Newest => "newest",
            Master::Manual => "manual",
        }
    }

    /// Returns the master that a keyword means.
    #[must_use]
    pub fn find_master(&self, word: &str) -> Option<Master> {
        match word {
            "newest" => Some(Master::Newest),
            "manual" => Some(Master::Manual),
            other => self.find(other).map(Master::Side),
        }
    }
}

fn capitalized(name: &str) -> String {
    let mut rest = name.chars();
    rest.next().map(|first| first.to_ascii_uppercase().to_string() + rest.as_str()).unwrap_or_default()
}

const NAME_CHARS_MAX: usize = 30;

/// Names that a side cannot have: they appear beside the names of sides in mappings, in the results of functions, in
/// links, conflicts and events, or are keywords of jq.
const TAKEN: [&str; 58] = [
    "mapping",
    "title",
    "note",
    "sides",
    "records",
    "rows",
    "samples",
    "value",
    "direction",
    "master",
    "foreign",
    "required",
    "default",
    "fits",
    "both",
    "none",
    "newest",
    "manual",
    "compare",
    "record",
    "name",
    "number",
    "workflows",
    "entity",
    "run",
    "side",
    "id",
    "other",
    "fields",
    "at",
    "deleted",
    "verdict",
    "conflict",
    "conflicts",
    "held",
    "row",
    "kind",
    "state",
    "chosen",
    "reason",
    "seq",
    "found",
    "outcome",
    "wrote",
    "event",
    "and",
    "or",
    "if",
    "then",
    "elif",
    "else",
    "end",
    "as",
    "def",
    "reduce",
    "foreach",
    "try",
    "catch",
];

/// Reads `sides: [crm, billing]` of a mapping. Returns `None` if it has a mistake.
pub(super) fn read<'s>(root: Node<'s>, report: &mut Report<'s>) -> Option<Sides> {
    let Some(node) = root.get("sides") else { return Some(Sides::default()) };
    let nodes: Vec<Node<'s>> = node.items().collect();
    let [first, second] = nodes.as_slice() else {
        let hint = "as in `sides: [crm, billing]`".to_owned();
        report.error_with_hint(node, "`sides` must be a list of two names", hint);
        return None;
    };
    let names = [name(*first, report)?, name(*second, report)?];
    if names[0] == names[1] {
        report.error(*second, format!("both sides are named `{}`", names[0]));
        return None;
    }
    Some(Sides::named(names))
}

fn name<'s>(node: Node<'s>, report: &mut Report<'s>) -> Option<&'s str> {
    let text = report.text(node)?;
    let is_name = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
        && text.len() <= NAME_CHARS_MAX;
    if !is_name {
        let message = format!("`{text}` cannot name a side");
        let hint = format!(
            "a name begins with a small letter and has only letters and digits, at most {NAME_CHARS_MAX}: it becomes a part of names of functions"
        );
        report.error_with_hint(node, message, hint);
        return None;
    }
    let is_function = ["to", "pick"]
        .iter()
        .any(|verb| text.strip_prefix(verb).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase())));
    if TAKEN.contains(&text) || is_function {
        let message = format!(
            "`{text}` cannot name a side: the word has another meaning in mappings or in what their functions give"
        );
        report.error(node, message);
        return None;
    }
    Some(text)
}

/// Returns the names that the text gives the sides, even if the rest has mistakes; `None` if they cannot be read.
pub(super) fn of_text(text: &str) -> Option<Sides> {
    let source = crate::dsl::source::read("", text).ok()?;
    read(source.root(), &mut Report::new(""))
}
