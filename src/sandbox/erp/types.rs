//! The record types of the sandbox account.

/// A record type.
pub struct RecordType {
    /// Its name in paths.
    pub name: &'static str,
    /// Types that share one series of ids.
    pub series: &'static str,
    /// Fields that a record needs, with their labels.
    pub required: &'static [(&'static str, &'static str)],
    /// Fields that lead to records, with the types that these may have.
    pub references: &'static [(&'static str, &'static [&'static str])],
    /// Fields that hold decimal numbers.
    pub decimals: &'static [&'static str],
    /// Fields that the account computes; what callers send for them is ignored.
    pub computed: &'static [&'static str],
    /// Lists within a record.
    pub sublists: &'static [Sublist],
    /// What it is in errors: an entity or a record.
    pub kind: Kind,
}

/// A list within a record.
#[derive(Debug)]
pub struct Sublist {
    /// Its name.
    pub name: &'static str,
    /// The field that tells its lines apart.
    pub key: &'static str,
}

/// What sort of thing a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Entity,
    Transaction,
    Item,
    /// Lists that the account's administrator keeps; callers only read them.
    Fixed,
}

/// Fields with a fixed set of values: field, id, name.
pub const ENUMERATIONS: &[(&str, &str, &str)] = &[
    ("creditHoldOverride", "AUTO", "Auto"),
    ("creditHoldOverride", "ON", "On"),
    ("creditHoldOverride", "OFF", "Off"),
    ("orderStatus", "A", "Pending Approval"),
    ("orderStatus", "B", "Pending Fulfillment"),
    ("orderStatus", "C", "Cancelled"),
    ("orderStatus", "D", "Partially Fulfilled"),
    ("orderStatus", "F", "Pending Billing"),
    ("orderStatus", "G", "Billed"),
    ("orderStatus", "H", "Closed"),
    ("itemType", "InvtPart", "Inventory Item"),
    ("itemType", "Service", "Service"),
    ("itemType", "NonInvtPart", "Non-inventory Item"),
];

/// All types that lines may sell.
pub const ITEMS: &[&str] = &["inventoryItem", "serviceSaleItem", "nonInventorySaleItem"];

const ORDER_LINES: Sublist = Sublist { name: "item", key: "line" };
const ADDRESSES: Sublist = Sublist { name: "addressBook", key: "id" };
const CONTACT_ROLES: Sublist = Sublist { name: "contactRoles", key: "id" };
const PRICES: Sublist = Sublist { name: "price", key: "" };

const fn item(name: &'static str) -> RecordType {
    RecordType {
        name,
        series: "item",
        required: &[("itemId", "Item Name/Number")],
        references: &[("unitsType", &["unitsType"]), ("subsidiary", &["subsidiary"])],
        decimals: &["cost"],
        computed: &["itemType", "createdDate", "lastModifiedDate"],
        sublists: &[PRICES],
        kind: Kind::Item,
    }
}

const fn transaction(name: &'static str) -> RecordType {
    RecordType {
        name,
        series: "transaction",
        required: &[("entity", "Customer")],
        references: &[
            ("entity", &["customer"]),
            ("subsidiary", &["subsidiary"]),
            ("currency", &["currency"]),
            ("terms", &["term"]),
            ("createdFrom", &["salesOrder"]),
        ],
        decimals: &["exchangeRate"],
        computed: &[
            "tranId",
            "status",
            "subtotal",
            "discountTotal",
            "taxTotal",
            "total",
            "createdDate",
            "lastModifiedDate",
        ],
        sublists: &[ORDER_LINES],
        kind: Kind::Transaction,
    }
}

const fn fixed(name: &'static str) -> RecordType {
    RecordType {
        name,
        series: name,
        required: &[],
        references: &[],
        decimals: &[],
        computed: &[],
        sublists: &[],
        kind: Kind::Fixed,
    }
}

/// All record types.
pub const TYPES: &[RecordType] = &[
    RecordType {
        name: "customer",
        series: "customer",
        required: &[("companyName", "Company Name"), ("subsidiary", "Primary Subsidiary")],
        references: &[
            ("subsidiary", &["subsidiary"]),
            ("currency", &["currency"]),
            ("terms", &["term"]),
            ("entityStatus", &["customerstatus"]),
            ("parent", &["customer"]),
        ],
        decimals: &["creditLimit"],
        computed: &["balance", "overdueBalance", "unbilledOrders", "dateCreated", "lastModifiedDate"],
        sublists: &[ADDRESSES, CONTACT_ROLES],
        kind: Kind::Entity,
    },
    RecordType {
        name: "contact",
        series: "contact",
        required: &[("entityId", "Contact"), ("subsidiary", "Subsidiary")],
        references: &[("company", &["customer"]), ("subsidiary", &["subsidiary"])],
        decimals: &[],
        computed: &["dateCreated", "lastModifiedDate"],
        sublists: &[],
        kind: Kind::Entity,
    },
    transaction("salesOrder"),
    transaction("invoice"),
    item("inventoryItem"),
    item("serviceSaleItem"),
    item("nonInventorySaleItem"),
    fixed("subsidiary"),
    fixed("currency"),
    fixed("term"),
    fixed("customerstatus"),
    fixed("unitsType"),
    fixed("country"),
    fixed("state"),
];

impl RecordType {
    /// The type of this name, in any case. `serviceItem` is what many call a service for sale.
    pub fn find(name: &str) -> Option<&'static Self> {
        let name = if name.eq_ignore_ascii_case("serviceItem") { "serviceSaleItem" } else { name };
        TYPES.iter().find(|record_type| record_type.name.eq_ignore_ascii_case(name))
    }

    /// The types that a reference field leads to.
    pub fn reference(&self, field: &str) -> Option<&'static [&'static str]> {
        self.references.iter().find(|(name, _)| *name == field).map(|(_, targets)| *targets)
    }

    /// Its sublist of this name.
    pub fn sublist(&self, name: &str) -> Option<&'static Sublist> {
        self.sublists.iter().find(|sublist| sublist.name == name)
    }

    /// Whether its lines are sold and added up.
    pub fn sells(&self) -> bool {
        self.kind == Kind::Transaction
    }
}
