//! The objects of an org and their fields: standard ones as the vendor documents them, custom ones from the package in
//! `senders/salesforce`.

use super::schema::{Field, Kind, SObject};

const fn text(name: &'static str, length: usize) -> Field {
    Field::new(name, Kind::Text(length))
}

/// A currency amount, or another number of the same precision.
const fn number(name: &'static str) -> Field {
    Field::new(name, Kind::Number(16, 2))
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

/// The id of a record, and its owner for objects that have one.
pub const SYSTEM_FIELDS: &[Field] = &[Field::new("Id", Kind::Id).read_only(), reference("OwnerId", "User", "Owner")];

/// Who created and last changed a record, and when.
pub const STAMPS: &[Field] = &[
    Field::new("CreatedDate", Kind::Moment).read_only(),
    reference("CreatedById", "User", "CreatedBy").read_only(),
    Field::new("LastModifiedDate", Kind::Moment).read_only(),
    reference("LastModifiedById", "User", "LastModifiedBy").read_only(),
    Field::new("SystemModstamp", Kind::Moment).read_only(),
    flag("IsDeleted").read_only(),
];

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
            Field::new("AnnualRevenue", Kind::Number(18, 0)),
            Field::new("NumberOfEmployees", Kind::Integer),
            reference("ParentId", "Account", "Parent"),
            reference("MasterRecordId", "Account", "MasterRecord").read_only(),
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
            text("Credit_Hold__c", 10),
            moment("Credit_Limit_As_Of__c"),
            text("Payment_Terms__c", 40),
            text("VAT_Number__c", 40),
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
            reference("MasterRecordId", "Contact", "MasterRecord").read_only(),
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
            Field::new("Probability", Kind::Number(3, 0)),
            number("Amount"),
            text("CurrencyIsoCode", 3),
            date("CloseDate").required(),
            text("Type", 255),
            text("NextStep", 255),
            text("LeadSource", 255),
            text("Description", 32_000),
            reference("Pricebook2Id", "Pricebook2", "Pricebook2"),
            reference("Primary_Contact__c", "Contact", "Primary_Contact__r"),
            text("PO_Number__c", 45),
            text("NetSuite_Sales_Order_Id__c", 40).external().unique(),
            text("NetSuite_Order_Status__c", 60),
            moment("NetSuite_Order_Status_As_Of__c"),
            text("NetSuite_Fulfillment_Status__c", 60),
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
            Field::new("Quantity", Kind::Number(10, 2)).required(),
            number("UnitPrice"),
            Field::new("Discount", Kind::Number(3, 2)),
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
    // Only orgs with several currencies have this object.
    SObject {
        name: "CurrencyType",
        prefix: "01L",
        fields: &[
            text("IsoCode", 3).read_only(),
            Field::new("ConversionRate", Kind::Number(12, 6)).read_only(),
            Field::new("DecimalPlaces", Kind::Integer).read_only(),
            flag("IsActive").read_only(),
            flag("IsCorporate").read_only(),
        ],
        children: &[],
    },
    // Clients read it to find out whether the org is a sandbox.
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
