//! Totals: checks that every deal won on a day is in the ERP as an order with the same net amount.
//!
//! A workflow calls `begin`, `lines` for each page, and `end`. The lines of a pass are kept apart until its end and
//! then replace the previous lines of its days all at once, so an incomplete pass changes nothing visible. A person can
//! sign off a period. Later changes in it are kept with their previous values until a person signs off again.

mod ask;
mod judge;
mod pass;
mod signing;
#[cfg(test)]
mod tests;

pub use ask::{Begin, Deal, End, Found, FoundLines, Operation, Order};
pub use judge::{State, judge};
pub use pass::bound;
pub use pass::{Pass, Rehearsed, ended, unknown};
pub use signing::{Change, ChangeKind, Changes, Problems, Scope, changes};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use stepwell_text::decimal::Decimal;

/// Most days of a pass or a query: a year and a month.
pub const DAYS_MAX: i64 = 400;
/// Most lines of a pass.
pub const LINES_MAX: usize = 100_000;

/// The key of a line. If the date, currency or company of a deal changes, the deal moves from one place to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The day on which the deal was won; for an order without a deal, the date of the order.
    pub day: NaiveDate,
    /// Currency, ISO 4217.
    pub currency: String,
    /// Id of the company in the ERP; empty if there is only one company or it is unknown.
    pub company: String,
    /// Id of the deal; for an order without a deal, `order:` and the id of the order.
    pub key: String,
}

/// A deal compared with its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The day, currency, company and key of the line.
    pub place: Place,
    /// Id of the deal in the CRM.
    pub deal: Option<String>,
    /// Name of the deal.
    pub name: Option<String>,
    /// Net amount of the deal.
    pub deal_amount: Option<Decimal>,
    /// Id of the order in the ERP.
    pub order: Option<String>,
    /// Number of the order, for people.
    pub number: Option<String>,
    /// Net amount of the order.
    pub order_amount: Option<Decimal>,
    /// The result of the comparison.
    pub state: State,
    /// An explanation for people.
    pub note: Option<String>,
}

impl Line {
    /// Returns the order's amount minus the deal's. A missing amount counts as zero.
    #[must_use]
    pub fn difference(&self) -> Option<Decimal> {
        difference(self.deal_amount, self.order_amount)
    }

    /// Returns the keys under which the deal or the order may be listed elsewhere, for example an order listed alone
    /// before its deal was won. Each is shown only once.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let order = self.order.as_ref().map(|order| order_key(order));
        [Some(self.place.key.clone()), order, self.deal.clone()].into_iter().flatten()
    }

    /// Returns the part of a line that is signed off. It leaves out the deal's name, so renaming a deal is not a
    /// change.
    #[must_use]
    pub fn told(&self) -> Value {
        let amount = |amount: Option<Decimal>| amount.map(|amount| written(amount, &self.place.currency));
        serde_json::json!({
            "order": self.order, "number": self.number, "deal_amount": amount(self.deal_amount),
            "order_amount": amount(self.order_amount), "state": self.state.as_str(),
        })
    }
}

/// Returns the key of an order without a deal.
fn order_key(order: &str) -> String {
    format!("order:{order}")
}

/// Returns the order's amount minus the deal's; `None` only on overflow.
#[must_use]
pub fn difference(deal: Option<Decimal>, order: Option<Decimal>) -> Option<Decimal> {
    order.unwrap_or(Decimal::ZERO).minus(deal.unwrap_or(Decimal::ZERO))
}

/// Formats an amount with the decimals of its currency: `24688.86`, `1200` yen, `0.125` dinars.
#[must_use]
pub fn written(amount: Decimal, currency: &str) -> String {
    amount.with_digits(digits(currency))
}

/// Returns the decimals of a currency in ISO 4217; two for an unknown currency.
fn digits(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}
