//! The objects of a Salesforce org and their fields, and which of them the caller sees.

use std::collections::BTreeMap;

use super::super::access::Access;
use super::objects::{OBJECTS, STAMPS, SYSTEM_FIELDS};

pub struct SObject {
    /// The API name.
    pub name: &'static str,
    /// The first three characters of its ids.
    pub prefix: &'static str,
    /// Its own fields. Id, owner and audit fields are added to them.
    pub fields: &'static [Field],
    /// Child relationships: name, child object, field of the child.
    pub children: &'static [(&'static str, &'static str, &'static str)],
}

#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The API name.
    pub name: &'static str,
    pub kind: Kind,
    /// Whether a value is required.
    pub required: bool,
    /// Whether callers may set it.
    pub writable: bool,
    /// Whether callers may set it only when they create the record.
    pub fixed: bool,
    /// Whether it is an external id.
    pub external: bool,
    /// Whether its values must be unique.
    pub unique: bool,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Id,
    Text(usize),
    Email,
    /// Digits before and after the decimal point.
    Number(u32, u32),
    Integer,
    Flag,
    Date,
    Moment,
    /// The referenced object, and the relationship name in queries.
    Reference(&'static str, &'static str),
}

impl Field {
    /// Creates an optional field that callers may set.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, writable: true, fixed: false, external: false, unique: false }
    }

    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    pub const fn read_only(self) -> Self {
        Self { writable: false, ..self }
    }

    /// Makes it settable only on creation.
    pub const fn fixed(self) -> Self {
        Self { fixed: true, ..self }
    }

    /// Makes it an external id.
    pub const fn external(self) -> Self {
        Self { external: true, ..self }
    }

    pub const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
}

impl SObject {
    /// Whether its records have an owner. Others belong to the org or to their parent.
    fn is_owned(&self) -> bool {
        matches!(self.name, "Account" | "Contact" | "Opportunity")
    }

    /// Whether callers can neither create nor delete its records.
    pub fn is_fixed(&self) -> bool {
        matches!(self.name, "Organization" | "CurrencyType")
    }
}

/// The stages of an opportunity; for closed ones, whether it is won. An org may name its stages differently, so
/// integrations must query `IsWon` and `IsClosed`. An org with a sales process accepts no other stage.
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

/// The parts of the org that the caller sees. A hidden object or field does not exist for the caller.
#[derive(Debug, Default)]
pub struct Schema {
    features: Access,
    role: Access,
    access: Access,
    /// Values of restricted picklists, by `Object.Field`.
    pub picklists: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// Creates a schema without what the org lacks.
    pub fn of(features: Access) -> Self {
        let mut schema = Self { access: features.clone(), features, ..Self::default() };
        schema.restrict(BTreeMap::new());
        schema
    }

    /// Replaces the restricted picklists, keeping the one that every org has.
    pub fn restrict(&mut self, picklists: BTreeMap<String, Vec<String>>) {
        let stages = STAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.picklists = BTreeMap::from([("Opportunity.StageName".to_owned(), stages)]);
        self.picklists.extend(picklists);
    }

    /// Returns the restrictions of the caller's role.
    pub fn role(&self) -> &Access {
        &self.role
    }

    /// Replaces the restrictions of the caller's role.
    pub fn assume(&mut self, role: Access) {
        self.access = self.features.and(&role);
        self.role = role;
    }

    pub fn objects(&self) -> impl Iterator<Item = &'static SObject> {
        OBJECTS.iter().filter(|object| self.access.sees(object.name))
    }

    /// Returns the object with this name, ignoring case.
    pub fn find(&self, name: &str) -> Option<&'static SObject> {
        self.objects().find(|object| object.name.eq_ignore_ascii_case(name))
    }

    /// Returns the visible fields of an object.
    pub fn fields(&self, object: &SObject) -> impl Iterator<Item = &'static Field> {
        let owner = if object.is_owned() { SYSTEM_FIELDS } else { &SYSTEM_FIELDS[..1] };
        let all = owner[..1].iter().chain(object.fields).chain(&owner[1..]).chain(STAMPS);
        let name = object.name;
        all.filter(move |field| self.access.sees_field(name, field.name))
    }

    /// Returns the field with this name, ignoring case.
    pub fn field(&self, object: &SObject, name: &str) -> Option<&'static Field> {
        self.fields(object).find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Returns the reference with this relationship name: its field, the exact name, and the referenced object.
    pub fn relation(&self, object: &SObject, name: &str) -> Option<(&'static Field, &'static str, &'static SObject)> {
        self.fields(object).find_map(|field| match field.kind {
            Kind::Reference(target, relation) if relation.eq_ignore_ascii_case(name) => {
                Some((field, relation, self.find(target)?))
            }
            _ => None,
        })
    }

    /// Returns the child relationship with this name: the exact name, the child object, and its field that refers back.
    pub fn children(&self, object: &SObject, name: &str) -> Option<(&'static str, &'static SObject, &'static str)> {
        let (relation, child, field) = object.children.iter().find(|child| child.0.eq_ignore_ascii_case(name))?;
        Some((relation, self.find(child)?, field))
    }

    /// Returns the values of a restricted picklist; `None` for any other field.
    pub fn picklist(&self, object: &SObject, field: &Field) -> Option<&[String]> {
        let is_meant = |name: &str| {
            name.split_once('.').is_some_and(|(of, named)| {
                of.eq_ignore_ascii_case(object.name) && named.eq_ignore_ascii_case(field.name)
            })
        };
        self.picklists.iter().find(|(name, _)| is_meant(name)).map(|(_, values)| values.as_slice())
    }

    /// Whether the caller may create, change and delete records of an object.
    pub fn writes(&self, object: &SObject) -> bool {
        !object.is_fixed() && self.access.writes(object.name)
    }

    pub fn writes_field(&self, object: &SObject, field: &Field) -> bool {
        field.writable && self.access.writes_field(object.name, field.name)
    }
}
