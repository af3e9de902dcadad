//! The objects of the sandbox company and their fields.

/// An object.
pub struct SObject {
    /// Its API name.
    pub name: &'static str,
    /// The first three characters of its ids.
    pub prefix: &'static str,
    /// Its own fields; [`SYSTEM_FIELDS`] come on top.
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
    Number,
    Integer,
    Flag,
    Date,
    Moment,
    /// An object, and the name by which queries reach it.
    Reference(&'static str, &'static str),
}

impl Field {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, writable: true, fixed: false, external: false, unique: false }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { writable: false, ..self }
    }

    const fn fixed(self) -> Self {
        Self { fixed: true, ..self }
    }

    const fn external(self) -> Self {
        Self { external: true, ..self }
    }

    const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }
}

impl SObject {
    /// The object of this name, in any case.
    pub fn find(name: &str) -> Option<&'static Self> {
        OBJECTS.iter().find(|object| object.name.eq_ignore_ascii_case(name))
    }

    /// Whether its records are the org's own, which no caller makes or removes.
    pub fn is_fixed(&self) -> bool {
        self.name == "Organization"
    }

    /// All fields.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        SYSTEM_FIELDS[..1].iter().chain(self.fields).chain(&SYSTEM_FIELDS[1..])
    }

    /// The field of this name, in any case.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.all_fields().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The reference that queries reach by this name: its field and the object it leads to.
    pub fn relation(&self, name: &str) -> Option<(&'static Field, &'static str, &'static Self)> {
        self.all_fields().find_map(|field| match field.kind {
            Kind::Reference(target, relation) if relation.eq_ignore_ascii_case(name) => {
                Some((field, relation, Self::find(target)?))
            }
            _ => None,
        })
    }
}

const fn text(name: &'static str, length: usize) -> Field {
    Field::new(name, Kind::Text(length))
}

const fn number(name: &'static str) -> Field {
    Field::new(name, Kind::Number)
}

const fn flag(name: &'static str) -> Field {
    Field::new(name, Kind::Flag)
}

const fn moment(name: &'static str) -> Field {
    Field::new(name, Kind::Moment)
}

const fn date(name: &'static str) -> Field {
    Field::new(name, Kind::Date)
}

const fn reference(name: &'static str, target: &'static str, relation: &'static str) -> Field {
    Field::new(name, Kind::Reference(target, relation))
}

/// Fields that every object has; the first one comes before its own.
pub const SYSTEM_FIELDS: &[Field] = &[
    Field::new("Id", Kind::Id).read_only(),
    reference("OwnerId", "User", "Owner"),
    Field::new("CreatedDate", Kind::Moment).read_only(),
    reference("CreatedById", "User", "CreatedBy").read_only(),
    Field::new("LastModifiedDate", Kind::Moment).read_only(),
    reference("LastModifiedById", "User", "LastModifiedBy").read_only(),
    Field::new("SystemModstamp", Kind::Moment).read_only(),
    flag("IsDeleted").read_only(),
];

/// All objects.
pub const OBJECTS: &[SObject] = &[
    SObject {
        name: "Account",
        prefix: "001",
        fields: &[
            text("Name", 255).required(),
            text("AccountNumber", 40),
            text("Type", 255),
            text("Industry", 255),
            text("Phone", 40),
            text("Fax", 40),
            text("Website", 255),
            text("Description", 32_000),
            number("AnnualRevenue"),
            Field::new("NumberOfEmployees", Kind::Integer),
            reference("ParentId", "Account", "Parent"),
            text("BillingStreet", 255),
            text("BillingCity", 40),
            text("BillingState", 80),
            text("BillingPostalCode", 20),
            text("BillingCountry", 80),
            text("ShippingStreet", 255),
            text("ShippingCity", 40),
            text("ShippingState", 80),
            text("ShippingPostalCode", 20),
            text("ShippingCountry", 80),
            text("CurrencyIsoCode", 3),
            number("Credit_Limit__c"),
            text("Credit_Currency__c", 3),
            text("Credit_Hold__c", 255),
            moment("Credit_Limit_As_Of__c"),
            text("Payment_Terms__c", 40),
            text("NetSuite_Id__c", 40).external().unique(),
            text("Legacy_Id__c", 40).external(),
        ],
        children: &[("Contacts", "Contact", "AccountId"), ("Opportunities", "Opportunity", "AccountId")],
    },
    SObject {
        name: "Contact",
        prefix: "003",
        fields: &[
            reference("AccountId", "Account", "Account"),
            text("FirstName", 40),
            text("LastName", 80).required(),
            text("Salutation", 40),
            Field::new("Email", Kind::Email),
            text("Phone", 40),
            text("MobilePhone", 40),
            text("Title", 128),
            text("Department", 80),
            text("MailingStreet", 255),
            text("MailingCity", 40),
            text("MailingState", 80),
            text("MailingPostalCode", 20),
            text("MailingCountry", 80),
            text("CurrencyIsoCode", 3),
            text("NetSuite_Contact_Id__c", 40).external().unique(),
        ],
        children: &[],
    },
    SObject {
        name: "Opportunity",
        prefix: "006",
        fields: &[
            text("Name", 120).required(),
            reference("AccountId", "Account", "Account"),
            text("StageName", 255).required(),
            flag("IsClosed").read_only(),
            flag("IsWon").read_only(),
            number("Probability"),
            number("Amount"),
            text("CurrencyIsoCode", 3),
            date("CloseDate").required(),
            text("Type", 255),
            text("NextStep", 255),
            text("LeadSource", 255),
            text("Description", 32_000),
            reference("Pricebook2Id", "Pricebook2", "Pricebook2"),
            reference("Primary_Contact__c", "Contact", "Primary_Contact__r"),
            text("PO_Number__c", 40),
            text("NetSuite_Sales_Order_Id__c", 40).external().unique(),
            text("NetSuite_Order_Status__c", 255),
            moment("NetSuite_Order_Status_As_Of__c"),
            text("NetSuite_Fulfillment_Status__c", 255),
            date("NetSuite_Last_Fulfilled_On__c"),
            text("NetSuite_Invoice_Numbers__c", 255),
            number("NetSuite_Invoiced_Amount__c"),
            number("NetSuite_Unpaid_Amount__c"),
            text("Billing_Invoice__c", 40).external().unique(),
            text("Payment_Status__c", 255),
            date("Paid_On__c"),
        ],
        children: &[
            ("OpportunityLineItems", "OpportunityLineItem", "OpportunityId"),
            ("OpportunityContactRoles", "OpportunityContactRole", "OpportunityId"),
        ],
    },
    SObject {
        name: "OpportunityContactRole",
        prefix: "00K",
        fields: &[
            reference("OpportunityId", "Opportunity", "Opportunity").required().fixed(),
            reference("ContactId", "Contact", "Contact").required(),
            text("Role", 255),
            flag("IsPrimary"),
        ],
        children: &[],
    },
    SObject {
        name: "OpportunityLineItem",
        prefix: "00k",
        fields: &[
            reference("OpportunityId", "Opportunity", "Opportunity").required(),
            Field::new("SortOrder", Kind::Integer),
            reference("PricebookEntryId", "PricebookEntry", "PricebookEntry"),
            reference("Product2Id", "Product2", "Product2"),
            text("ProductCode", 255),
            number("Quantity").required(),
            number("UnitPrice"),
            number("Discount"),
            number("TotalPrice"),
            date("ServiceDate"),
            text("Description", 255),
        ],
        children: &[],
    },
    SObject {
        name: "Product2",
        prefix: "01t",
        fields: &[
            text("Name", 255).required(),
            text("ProductCode", 255),
            text("Description", 4_000),
            text("Family", 255),
            flag("IsActive"),
            text("CurrencyIsoCode", 3),
            text("NetSuite_Item_Id__c", 80).external().unique(),
        ],
        children: &[("PricebookEntries", "PricebookEntry", "Product2Id")],
    },
    SObject {
        name: "Pricebook2",
        prefix: "01s",
        fields: &[
            text("Name", 255).required(),
            flag("IsActive"),
            flag("IsStandard").read_only(),
            text("Description", 255),
        ],
        children: &[("PricebookEntries", "PricebookEntry", "Pricebook2Id")],
    },
    SObject {
        name: "PricebookEntry",
        prefix: "01u",
        fields: &[
            text("Name", 255).read_only(),
            text("ProductCode", 255).read_only(),
            reference("Pricebook2Id", "Pricebook2", "Pricebook2").required().fixed(),
            reference("Product2Id", "Product2", "Product2").required().fixed(),
            number("UnitPrice").required(),
            text("CurrencyIsoCode", 3).fixed(),
            flag("IsActive"),
            flag("UseStandardPrice"),
        ],
        children: &[],
    },
    SObject {
        name: "User",
        prefix: "005",
        fields: &[
            text("Name", 121),
            text("Username", 80).required(),
            Field::new("Email", Kind::Email).required(),
            flag("IsActive"),
        ],
        children: &[],
    },
    // Clients ask it whether they speak with a sandbox.
    SObject {
        name: "Organization",
        prefix: "00D",
        fields: &[
            text("Name", 80).read_only(),
            flag("IsSandbox").read_only(),
            text("InstanceName", 5).read_only(),
            text("OrganizationType", 40).read_only(),
            text("NamespacePrefix", 15).read_only(),
            text("DefaultLocaleSidKey", 40).read_only(),
            text("LanguageLocaleKey", 40).read_only(),
            text("TimeZoneSidKey", 40).read_only(),
        ],
        children: &[],
    },
];
