//! The record types of the sandbox account, with the fields, lengths and lists of the vendor's public schema.

pub use super::items::{ITEM_KINDS, ITEMS, ItemKind};

pub struct RecordType {
    /// The name in paths.
    pub name: &'static str,
    /// The name in scripts.
    pub script: &'static str,
    /// The series that its internal ids come from; several types share one.
    pub series: &'static str,
    /// Required fields, with their labels.
    pub required: &'static [(&'static str, &'static str)],
    /// Reference fields, with the record types they may refer to.
    pub references: &'static [(&'static str, &'static [&'static str])],
    /// Fields with decimal numbers.
    pub decimals: &'static [&'static str],
    /// Text fields, with their longest length in characters.
    pub texts: &'static [(&'static str, usize)],
    /// All other fields.
    pub others: &'static [&'static str],
    /// Computed fields. Values that callers send for them are ignored.
    pub computed: &'static [&'static str],
    /// Lists within a record.
    pub sublists: &'static [Sublist],
    /// Prefix of its custom fields.
    pub custom: &'static str,
    pub kind: Kind,
}

/// A list within a record.
#[derive(Debug)]
pub struct Sublist {
    pub name: &'static str,
    /// The field that identifies a line.
    pub key: &'static str,
    /// The fields of a line, with the longest length of texts in characters.
    pub fields: &'static [(&'static str, usize)],
}

/// The category of a record type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Entity,
    Transaction,
    Item,
    /// Lists that the administrator maintains; callers can only read them.
    Fixed,
}

/// Fields with fixed values: field, id, name.
pub const ENUMERATIONS: &[(&str, &str, &str)] = &[
    ("creditHoldOverride", "AUTO", "Auto"),
    ("creditHoldOverride", "ON", "On"),
    ("creditHoldOverride", "OFF", "Off"),
    // Callers approve an order; its other states follow from its lines, fulfillments and invoices.
    ("orderStatus", "A", "Pending Approval"),
    ("orderStatus", "B", "Pending Fulfillment"),
    ("shipStatus", "A", "Picked"),
    ("shipStatus", "B", "Packed"),
    ("shipStatus", "C", "Shipped"),
];

/// The record types of transactions.
pub const TRANSACTIONS: &[&str] = &["salesOrder", "itemFulfillment", "invoice"];

/// A length for fields whose limit no public source states.
const LONG: usize = 4_000;

const LINE_FIELDS: &[(&str, usize)] = &[
    ("item", 0),
    ("quantity", 0),
    ("rate", 0),
    ("amount", 0),
    ("description", LONG),
    ("price", 0),
    ("units", 0),
    ("location", 0),
    ("department", 0),
    ("class", 0),
    ("isClosed", 0),
    ("taxCode", 0),
    ("grossAmt", 0),
    ("line", 0),
    ("lineUniqueKey", 0),
    ("orderLine", 0),
    ("startDate", 0),
    ("endDate", 0),
    ("quantityFulfilled", 0),
    ("quantityBilled", 0),
    ("itemType", 0),
    ("itemSubtype", 0),
];
/// The fields of an address, which is in `addressBookAddress` of a line.
pub const ADDRESS_FIELDS: &[(&str, usize)] = &[
    ("attention", 83),
    ("addressee", 83),
    ("addr1", 150),
    ("addr2", 150),
    ("addr3", 150),
    ("city", 50),
    ("state", 50),
    ("zip", 36),
    ("country", 0),
    ("addrPhone", 32),
    ("override", 0),
    ("addrText", LONG),
];
const ORDER_LINES: Sublist = Sublist { name: "item", key: "line", fields: LINE_FIELDS };
const ADDRESSES: Sublist = Sublist {
    name: "addressBook",
    key: "id",
    fields: &[
        ("id", 0),
        ("internalId", 0),
        ("addressId", 0),
        ("label", 50),
        ("defaultBilling", 0),
        ("defaultShipping", 0),
        ("isResidential", 0),
        ("addressBookAddress", 0),
    ],
};
const CONTACT_ROLES: Sublist =
    Sublist { name: "contactRoles", key: "id", fields: &[("id", 0), ("contact", 0), ("role", 0), ("email", 254)] };
const CURRENCIES: Sublist = Sublist { name: "currencyList", key: "id", fields: &[("id", 0), ("currency", 0)] };
const PRICES: Sublist = Sublist {
    name: "price",
    key: "",
    fields: &[("currencyPage", 0), ("priceLevel", 0), ("priceLevelName", LONG), ("quantity", 0), ("price", 0)],
};

const fn item(kind: &ItemKind) -> RecordType {
    RecordType {
        name: kind.name,
        script: kind.script,
        series: "item",
        required: &[("itemId", "Item Name/Number")],
        references: &[
            ("unitsType", &["unitsType"]),
            ("subsidiary", &["subsidiary"]),
            ("parent", ITEMS),
            ("department", &["department"]),
            ("class", &["classification"]),
            ("location", &["location"]),
        ],
        decimals: &["cost"],
        texts: &[
            ("itemId", LONG),
            ("displayName", LONG),
            ("salesDescription", LONG),
            ("purchaseDescription", LONG),
            ("storeDescription", LONG),
            ("upcCode", LONG),
        ],
        // The last field comes from the bundle in `senders/netsuite`.
        others: &["isInactive", "saleUnit", "isFulfillable", "incomeAccount", "taxSchedule", "custitem_salesforce_id"],
        computed: &["itemType", "subtype", "createdDate", "lastModifiedDate"],
        sublists: &[PRICES],
        custom: "custitem",
        kind: Kind::Item,
    }
}

const fn transaction(name: &'static str, script: &'static str) -> RecordType {
    RecordType {
        name,
        script,
        series: "transaction",
        required: &[("entity", "Customer")],
        references: &[
            ("entity", &["customer"]),
            ("subsidiary", &["subsidiary"]),
            ("currency", &["currency"]),
            ("terms", &["term"]),
            ("createdFrom", &["salesOrder"]),
            ("salesRep", &["employee"]),
            ("department", &["department"]),
            ("class", &["classification"]),
            ("location", &["location"]),
        ],
        decimals: &["exchangeRate", "shippingCost"],
        texts: &[("otherRefNum", 45), ("memo", 999), ("email", 254)],
        others: &[
            "tranDate",
            "orderStatus",
            "shipStatus",
            "shipMethod",
            "shipDate",
            "shipComplete",
            "startDate",
            "endDate",
            "dueDate",
            "billingAddress",
            "shippingAddress",
            "billAddressList",
            "shipAddressList",
            "opportunity",
            "discountItem",
            "discountRate",
            "customForm",
        ],
        computed: &[
            "tranId",
            "status",
            "subtotal",
            "discountTotal",
            "taxTotal",
            "total",
            "amountRemaining",
            "createdDate",
            "lastModifiedDate",
        ],
        sublists: &[ORDER_LINES],
        custom: "custbody",
        kind: Kind::Transaction,
    }
}

const fn fixed(name: &'static str) -> RecordType {
    RecordType {
        name,
        script: name,
        series: name,
        required: &[],
        references: &[],
        decimals: &[],
        texts: &[],
        others: &[],
        computed: &[],
        sublists: &[],
        custom: "cust",
        kind: Kind::Fixed,
    }
}

const CUSTOMER: RecordType = RecordType {
    name: "customer",
    script: "customer",
    series: "customer",
    required: &[("companyName", "Company Name"), ("subsidiary", "Primary Subsidiary")],
    references: &[
        ("subsidiary", &["subsidiary"]),
        ("currency", &["currency"]),
        ("terms", &["term"]),
        ("entityStatus", &["customerstatus"]),
        ("parent", &["customer"]),
        ("salesRep", &["employee"]),
        ("priceLevel", &["priceLevel"]),
    ],
    decimals: &["creditLimit"],
    texts: &[
        ("companyName", 83),
        ("entityId", 83),
        ("firstName", 32),
        ("lastName", 32),
        ("email", 254),
        ("phone", 32),
        ("altPhone", 32),
        ("mobilePhone", 32),
        ("homePhone", 32),
        ("fax", 32),
        ("salutation", LONG),
        ("title", LONG),
        ("url", LONG),
        ("comments", 4_000),
        ("vatRegNumber", LONG),
        ("accountNumber", LONG),
    ],
    others: &[
        "isPerson",
        "isInactive",
        "creditHoldOverride",
        "category",
        "defaultTaxReg",
        "taxRegistration",
        "emailPreference",
        "shipComplete",
        "customForm",
    ],
    computed: &["balance", "overdueBalance", "unbilledOrders", "daysOverdue", "dateCreated", "lastModifiedDate"],
    sublists: &[ADDRESSES, CONTACT_ROLES, CURRENCIES],
    custom: "custentity",
    kind: Kind::Entity,
};

const CONTACT: RecordType = RecordType {
    name: "contact",
    script: "contact",
    series: "contact",
    required: &[("entityId", "Contact"), ("subsidiary", "Subsidiary")],
    references: &[("company", &["customer"]), ("subsidiary", &["subsidiary"])],
    decimals: &[],
    texts: &[
        ("entityId", 83),
        ("firstName", 32),
        ("middleName", 32),
        ("lastName", 32),
        ("salutation", LONG),
        ("title", LONG),
        ("email", 254),
        ("phone", 32),
        ("mobilePhone", 32),
        ("officePhone", 32),
        ("homePhone", 32),
        ("fax", 32),
        ("comments", 4_000),
    ],
    others: &["isInactive", "isPrivate", "contactRole", "customForm"],
    computed: &["dateCreated", "lastModifiedDate"],
    sublists: &[ADDRESSES],
    custom: "custentity",
    kind: Kind::Entity,
};

/// All record types.
pub const TYPES: &[RecordType] = &[
    CUSTOMER,
    CONTACT,
    transaction("salesOrder", "salesorder"),
    transaction("itemFulfillment", "itemfulfillment"),
    transaction("invoice", "invoice"),
    item(&ITEM_KINDS[0]),
    item(&ITEM_KINDS[1]),
    item(&ITEM_KINDS[2]),
    item(&ITEM_KINDS[3]),
    item(&ITEM_KINDS[4]),
    item(&ITEM_KINDS[5]),
    item(&ITEM_KINDS[6]),
    item(&ITEM_KINDS[7]),
    item(&ITEM_KINDS[8]),
    item(&ITEM_KINDS[9]),
    item(&ITEM_KINDS[10]),
    item(&ITEM_KINDS[11]),
    item(&ITEM_KINDS[12]),
    item(&ITEM_KINDS[13]),
    fixed("subsidiary"),
    fixed("currency"),
    fixed("term"),
    fixed("customerstatus"),
    fixed("unitsType"),
    fixed("country"),
    fixed("state"),
    fixed("employee"),
    fixed("priceLevel"),
    fixed("department"),
    fixed("classification"),
    fixed("location"),
];

impl RecordType {
    /// Returns the type with this name, ignoring case.
    pub fn find(name: &str) -> Option<&'static Self> {
        TYPES.iter().find(|record_type| record_type.name.eq_ignore_ascii_case(name))
    }

    /// Returns the record types that a reference field may refer to.
    pub fn reference(&self, field: &str) -> Option<&'static [&'static str]> {
        self.references.iter().find(|(name, _)| *name == field).map(|(_, targets)| *targets)
    }

    pub fn sublist(&self, name: &str) -> Option<&'static Sublist> {
        self.sublists.iter().find(|sublist| sublist.name == name)
    }

    /// Whether its lines are sold and totalled.
    pub fn sells(&self) -> bool {
        self.kind == Kind::Transaction
    }

    /// Whether records of this type have a field. Every custom field exists.
    pub fn knows(&self, field: &str) -> bool {
        field == "externalId"
            || field.starts_with(self.custom)
            || self.required.iter().any(|(name, _)| *name == field)
            || self.reference(field).is_some()
            || self.decimals.contains(&field)
            || longest(self.texts, field).is_some()
            || self.others.contains(&field)
            || self.sublist(field).is_some()
    }

    /// Returns the kind of item; `None` if the type is not an item.
    pub fn item_kind(&self) -> Option<&'static ItemKind> {
        ITEM_KINDS.iter().find(|kind| kind.name == self.name)
    }
}

/// Returns the longest length of a text field, in characters; `None` if it does not exist or is not a text.
pub fn longest(fields: &[(&str, usize)], field: &str) -> Option<usize> {
    fields.iter().find(|(name, length)| *name == field && *length > 0).map(|(_, length)| *length)
}
