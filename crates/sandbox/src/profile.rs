//! Profiles: kinds of companies, with what their CRM and ERP have and require.
//!
//! The rules of both systems depend only on the profile, so each kind of account is one value here. According to the
//! vendors, an org with one currency lacks the field `CurrencyIsoCode` and the object `CurrencyType`; an account
//! without OneWorld has no subsidiaries and one without Multiple Currencies no currencies, including their SuiteQL
//! tables; *Make Departments (Classes, Locations) Mandatory* are accounting preferences; an account processes 5
//! concurrent requests on the Standard tier and 15 on Premium.

use serde_json::{Value, json};

/// A kind of company.
#[derive(Debug)]
pub struct Profile {
    /// Its name in `--profile` and in settings.
    pub name: &'static str,
    /// A description for people.
    pub summary: &'static str,
    /// Objects and fields that the CRM lacks, named as in `super::access::Access`.
    pub crm_lacks: &'static [&'static str],
    /// Record types, fields, tables and columns that the ERP lacks.
    pub erp_lacks: &'static [&'static str],
    /// Fields that the ERP's preferences make mandatory.
    pub mandatory: &'static [Mandatory],
    /// Most calls that the ERP processes concurrently.
    pub concurrency: usize,
    /// Whether items have prices by price level and by quantity.
    pub has_price_levels: bool,
}

/// A field that the account's preferences make mandatory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mandatory {
    /// Record type that requires the field.
    pub record: &'static str,
    /// Name of the field.
    pub field: &'static str,
    /// Label of the field for people.
    pub label: &'static str,
}

/// All profiles. The first is the default.
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

/// All combinations for [`Profile::like`].
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
    /// Returns a profile whose CRM has several currencies or one, and whose ERP has or lacks subsidiaries and several
    /// currencies.
    #[must_use]
    pub fn like(crm_currencies: bool, subsidiaries: bool, erp_currencies: bool) -> &'static Self {
        &MIXTURES[usize::from(!crm_currencies) + 2 * usize::from(!subsidiaries) + 4 * usize::from(!erp_currencies)]
    }

    /// Returns the profile with this name.
    ///
    /// # Errors
    /// No profile has this name. The message lists the names.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            format!("there is no profile {name:?}; the sandbox has {}", names.join(", "))
        })
    }

    /// Returns the profile as predicates of scenarios see it.
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
