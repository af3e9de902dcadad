//! The objects that a Salesforce org can have and their fields, and which of them this org's caller sees.

use std::collections::BTreeMap;

use super::super::access::Access;
use super::objects::{OBJECTS, STAMPS, SYSTEM_FIELDS};

/// An object.
pub struct SObject {
    /// Its API name.
    pub name: &'static str,
    /// The first three characters of its ids.
    pub prefix: &'static str,
    /// Its own fields; id, owner and stamps come on top.
    pub fields: &'static [Field],
    /// Child relationships: name, child object, field of the child.
    pub children: &'static [(&'static str, &'static str, &'static str)],
}

/// A field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its API name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a record needs a value.
    pub required: bool,
    /// Whether callers may set it.
    pub writable: bool,
    /// Whether it stays as it was when the record was made.
    pub fixed: bool,
    /// Whether it is a key of another system.
    pub external: bool,
    /// Whether two records may not share a value.
    pub unique: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Id,
    Text(usize),
    Email,
    /// How many digits before and after the point.
    Number(u32, u32),
    Integer,
    Flag,
    Date,
    Moment,
    /// An object, and the name by which queries reach it.
    Reference(&'static str, &'static str),
}

impl Field {
    /// A field that callers may set.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, writable: true, fixed: false, external: false, unique: false }
    }

    /// A record needs a value.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Callers may not set it.
    pub const fn read_only(self) -> Self {
        Self { writable: false, ..self }
    }

    /// It stays as it was when the record was made.
    pub const fn fixed(self) -> Self {
        Self { fixed: true, ..self }
    }

    /// It is a key of another system.
    pub const fn external(self) -> Self {
        Self { external: true, ..self }
    }

    /// Two records may not share a value.
    pub const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
}

impl SObject {
    /// Whether its records belong to a user; others are the org's, or go with their parent.
    fn is_owned(&self) -> bool {
        matches!(self.name, "Account" | "Contact" | "Opportunity")
    }

    /// Whether its records are the org's own, which no caller makes or removes.
    pub fn is_fixed(&self) -> bool {
        matches!(self.name, "Organization" | "CurrencyType")
    }
}

/// The stages of an opportunity, and of those that close it whether it is won then. Any name may mean either: who asks must ask for
/// `IsWon` and `IsClosed`. An org with a sales process takes no other stage.
pub const STAGES: [(&str, Option<bool>); 12] = [
    ("Prospecting", None),
    ("Qualification", None),
    ("Needs Analysis", None),
    ("Value Proposition", None),
    ("Id. Decision Makers", None),
    ("Perception Analysis", None),
    ("Proposal/Price Quote", None),
    ("Negotiation/Review", None),
    ("Closed Won", Some(true)),
    ("Auftrag erteilt", Some(true)),
    ("Closed Lost", Some(false)),
    ("No Decision", Some(false)),
];

/// What a caller sees of the org: an object or field that is hidden does not exist for it.
#[derive(Debug, Default)]
pub struct Schema {
    features: Access,
    role: Access,
    access: Access,
    /// The values of restricted picklists, by `Object.Field`.
    pub picklists: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// With what the org does not have left out.
    pub fn of(features: Access) -> Self {
        let mut schema = Self { access: features.clone(), features, ..Self::default() };
        schema.restrict(BTreeMap::new());
        schema
    }

    /// Makes picklists of fields, which take no other values, beside those that each org has.
    pub fn restrict(&mut self, picklists: BTreeMap<String, Vec<String>>) {
        let stages = STAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.picklists = BTreeMap::from([("Opportunity.StageName".to_owned(), stages)]);
        self.picklists.extend(picklists);
    }

    /// What the caller's role lacks.
    pub fn role(&self) -> &Access {
        &self.role
    }

    /// Gives the caller another role.
    pub fn assume(&mut self, role: Access) {
        self.access = self.features.and(&role);
        self.role = role;
    }

    /// All objects.
    pub fn objects(&self) -> impl Iterator<Item = &'static SObject> {
        OBJECTS.iter().filter(|object| self.access.sees(object.name))
    }

    /// The object of this name, in any case.
    pub fn find(&self, name: &str) -> Option<&'static SObject> {
        self.objects().find(|object| object.name.eq_ignore_ascii_case(name))
    }

    /// All fields of an object.
    pub fn fields(&self, object: &SObject) -> impl Iterator<Item = &'static Field> {
        let owner = if object.is_owned() { SYSTEM_FIELDS } else { &SYSTEM_FIELDS[..1] };
        let all = owner[..1].iter().chain(object.fields).chain(&owner[1..]).chain(STAMPS);
        let name = object.name;
        all.filter(move |field| self.access.sees_field(name, field.name))
    }

    /// The field of this name, in any case.
    pub fn field(&self, object: &SObject, name: &str) -> Option<&'static Field> {
        self.fields(object).find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The reference that queries reach by this name: its field and the object it leads to.
    pub fn relation(&self, object: &SObject, name: &str) -> Option<(&'static Field, &'static str, &'static SObject)> {
        self.fields(object).find_map(|field| match field.kind {
            Kind::Reference(target, relation) if relation.eq_ignore_ascii_case(name) => {
                Some((field, relation, self.find(target)?))
            }
            _ => None,
        })
    }

    /// The children that queries reach by this name: the relationship's name, their object, and their field that leads back.
    pub fn children(&self, object: &SObject, name: &str) -> Option<(&'static str, &'static SObject, &'static str)> {
        let (relation, child, field) = object.children.iter().find(|child| child.0.eq_ignore_ascii_case(name))?;
        Some((relation, self.find(child)?, field))
    }

    /// The values that a restricted picklist takes; `None` for any other field.
    pub fn picklist(&self, object: &SObject, field: &Field) -> Option<&[String]> {
        let is_meant = |name: &str| {
            name.split_once('.').is_some_and(|(of, named)| {
                of.eq_ignore_ascii_case(object.name) && named.eq_ignore_ascii_case(field.name)
            })
        };
        self.picklists.iter().find(|(name, _)| is_meant(name)).map(|(_, values)| values.as_slice())
    }

    /// Whether the caller may make, change and remove records of an object.
    pub fn writes(&self, object: &SObject) -> bool {
        !object.is_fixed() && self.access.writes(object.name)
    }

    /// Whether the caller may set a field.
    pub fn writes_field(&self, object: &SObject, field: &Field) -> bool {
        field.writable && self.access.writes_field(object.name, field.name)
    }
}
