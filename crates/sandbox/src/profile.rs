//! Which company's systems the sandbox stands for: what their CRM and ERP have, and what they demand.
//!
//! The rules of both systems read a profile and nothing else, so a kind of account is one value here. What the vendors say of each:
//! an org with one currency has neither the field `CurrencyIsoCode` nor the object `CurrencyType`; an account without OneWorld has no
//! subsidiaries, one without Multiple Currencies no currencies, and SuiteQL has no such tables then; *Make Departments (Classes, Locations)
//! Mandatory* are accounting preferences; an account works on 5 requests at once on the Standard tier, on 15 on Premium.

use serde_json::{Value, json};

/// A kind of company.
#[derive(Debug)]
pub struct Profile {
    /// As `--profile` and settings name it.
    pub name: &'static str,
    /// What it is, for people.
    pub summary: &'static str,
    /// Objects and fields that the CRM does not have, as `super::access::Access` names them.
    pub crm_lacks: &'static [&'static str],
    /// Record types, fields, tables and columns that the ERP does not have.
    pub erp_lacks: &'static [&'static str],
    /// Fields that the ERP's preferences make mandatory.
    pub mandatory: &'static [Mandatory],
    /// How many calls the ERP works on at once.
    pub concurrency: usize,
    /// Whether items have prices of several levels and for several quantities.
    pub has_price_levels: bool,
}

/// A field that a record needs because the account wants it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mandatory {
    /// The record type.
    pub record: &'static str,
    /// The field.
    pub field: &'static str,
    /// What people call it.
    pub label: &'static str,
}

/// All profiles; the first is that of a sandbox that nobody tells anything else.
pub static PROFILES: [Profile; 3] = [
    Profile {
        name: "one-world",
        summary: "several currencies in the CRM, several companies and currencies in the ERP",
        crm_lacks: &[],
        erp_lacks: &[],
        mandatory: &[],
        concurrency: 5,
        has_price_levels: false,
    },
    Profile {
        name: "single-company",
        summary: "one currency in the CRM, one company and one currency in the ERP",
        crm_lacks: &["CurrencyType", "*.CurrencyIsoCode"],
        erp_lacks: &[
            "subsidiary",
            "*.subsidiary",
            "customersubsidiaryrelationship",
            "currency",
            "*.currency",
            "*.currencyList",
            "*.exchangeRate",
            "price.currencyPage",
            "priceLevel",
            "customer.priceLevel",
            "pricing.priceLevel",
        ],
        mandatory: &[],
        concurrency: 5,
        has_price_levels: false,
    },
    Profile {
        name: "large",
        summary: "as one-world, with department, class and location mandatory on orders, price levels, and 15 calls at once",
        crm_lacks: &[],
        erp_lacks: &[],
        mandatory: &[
            Mandatory { record: "salesOrder", field: "department", label: "Department" },
            Mandatory { record: "salesOrder", field: "class", label: "Class" },
            Mandatory { record: "salesOrder", field: "location", label: "Location" },
        ],
        concurrency: 15,
        has_price_levels: true,
    },
];

const ONE_CRM_CURRENCY: &[&str] = &["CurrencyType", "*.CurrencyIsoCode"];
const NO_SUBSIDIARIES: &[&str] = &["subsidiary", "*.subsidiary", "customersubsidiaryrelationship"];
const NO_CURRENCIES: &[&str] = &["currency", "*.currency", "*.currencyList", "*.exchangeRate", "price.currencyPage"];
const NEITHER: &[&str] = &[
    "subsidiary",
    "*.subsidiary",
    "customersubsidiaryrelationship",
    "currency",
    "*.currency",
    "*.currencyList",
    "*.exchangeRate",
    "price.currencyPage",
];

/// Every mixture of what accounts have or lack, for [`Profile::like`].
static MIXTURES: [Profile; 8] = [
    mixture(&[], &[]),
    mixture(ONE_CRM_CURRENCY, &[]),
    mixture(&[], NO_SUBSIDIARIES),
    mixture(ONE_CRM_CURRENCY, NO_SUBSIDIARIES),
    mixture(&[], NO_CURRENCIES),
    mixture(ONE_CRM_CURRENCY, NO_CURRENCIES),
    mixture(&[], NEITHER),
    mixture(ONE_CRM_CURRENCY, NEITHER),
];

const fn mixture(crm_lacks: &'static [&'static str], erp_lacks: &'static [&'static str]) -> Profile {
    Profile {
        name: "like the accounts",
        summary: "what the connected accounts have",
        crm_lacks,
        erp_lacks,
        mandatory: &[],
        concurrency: 5,
        has_price_levels: false,
    }
}

impl Profile {
    /// A company whose CRM has several currencies or one, and whose ERP has subsidiaries and several currencies or not.
    #[must_use]
    pub fn like(crm_currencies: bool, subsidiaries: bool, erp_currencies: bool) -> &'static Self {
        &MIXTURES[usize::from(!crm_currencies) + 2 * usize::from(!subsidiaries) + 4 * usize::from(!erp_currencies)]
    }

    /// The profile of this name.
    ///
    /// # Errors
    /// There is none; the names that there are.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            format!("there is no profile {name:?}; the sandbox has {}", names.join(", "))
        })
    }

    /// What predicates of scenarios see of it.
    #[must_use]
    pub fn view(&self) -> Value {
        let has = |list: &[&str], name: &str| !list.contains(&name);
        json!({
            "name": self.name,
            "crmCurrencies": has(self.crm_lacks, "CurrencyType"),
            "erpCurrencies": has(self.erp_lacks, "currency"),
            "subsidiaries": has(self.erp_lacks, "subsidiary"),
            "mandatory": self.mandatory.iter().map(|field| format!("{}.{}", field.record, field.field)).collect::<Vec<_>>(),
        })
    }
}

impl Default for &'static Profile {
    fn default() -> Self {
        &PROFILES[0]
    }
}

impl std::str::FromStr for &'static Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Profile::named(name)
    }
}
