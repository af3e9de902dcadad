//! Totals: does every deal that was won on a day stand in the ERP as an order of the same net amount?
//!
//! A workflow goes `begin` → `lines` for each page → `end`. What a pass found is kept aside until its end and then takes the place of
//! what was known of its days, all at once: a pass that stops halfway changes nothing that anyone sees. A person signs a period off;
//! whatever changes in it afterwards is kept with what it was before, until a person signs again.

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

/// Days of one pass and of one question at most: a year and a month.
pub const DAYS_MAX: i64 = 400;
/// Lines of one pass at most.
pub const LINES_MAX: usize = 100_000;

/// Where a line stands. A deal whose date, currency or company changes leaves one place and comes to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The day on which the deal was won; of an order without a deal, the order's date.
    pub day: NaiveDate,
    /// ISO 4217.
    pub currency: String,
    /// The company's id in the ERP; empty where there is only one, or nobody knows.
    pub company: String,
    /// The deal's id; of an order without a deal `order:` and the order's id.
    pub key: String,
}

/// A deal against its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The day, currency and company that it counts for.
    pub place: Place,
    /// Id of the deal in the CRM.
    pub deal: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// What it was won for, net.
    pub deal_amount: Option<Decimal>,
    /// Id of the order in the ERP.
    pub order: Option<String>,
    /// Its number, as people know it.
    pub number: Option<String>,
    /// What it stands for, net.
    pub order_amount: Option<Decimal>,
    /// How both stand to each other.
    pub state: State,
    /// What there is to say beyond that.
    pub note: Option<String>,
}

impl Line {
    /// What the order has more than the deal. A side that has nothing counts as zero.
    #[must_use]
    pub fn difference(&self) -> Option<Decimal> {
        difference(self.deal_amount, self.order_amount)
    }

    /// Keys under which the deal or the order may be shown at other places: an order that stood alone before its deal was won, a deal that
    /// was won before it was lost. Each is shown once.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let order = self.order.as_ref().map(|order| order_key(order));
        [Some(self.place.key.clone()), order, self.deal.clone()].into_iter().flatten()
    }

    /// What of a line is signed off, in words that stay: another name of a deal is no change.
    #[must_use]
    pub fn told(&self) -> Value {
        let amount = |amount: Option<Decimal>| amount.map(|amount| written(amount, &self.place.currency));
        serde_json::json!({
            "order": self.order, "number": self.number, "deal_amount": amount(self.deal_amount),
            "order_amount": amount(self.order_amount), "state": self.state.as_str(),
        })
    }
}

/// Key of an order without a deal.
fn order_key(order: &str) -> String {
    format!("order:{order}")
}

/// What the order has more than the deal; none only where it is beyond all numbers.
#[must_use]
pub fn difference(deal: Option<Decimal>, order: Option<Decimal>) -> Option<Decimal> {
    order.unwrap_or(Decimal::ZERO).minus(deal.unwrap_or(Decimal::ZERO))
}

/// An amount with the digits of its currency: `24688.86`, `1200` yen, `0.125` dinars.
#[must_use]
pub fn written(amount: Decimal, currency: &str) -> String {
    amount.with_digits(digits(currency))
}

/// Digits after the point in ISO 4217; two for what it does not know.
fn digits(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}
