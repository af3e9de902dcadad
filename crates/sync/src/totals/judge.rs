//! What a deal and the orders found for it come to. Amounts are sums of exact decimals and are never rounded.

use serde::{Deserialize, Serialize};

use super::ask::{Found, Order};
use super::{Line, Place, order_key, written};
use stepwell_text::decimal::Decimal;

const NO_AMOUNT: &str = "the deal has no amount";

/// How a deal and its order stand to each other, those first that a person has to look at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The deal has no order.
    NoOrder,
    /// Its orders were cancelled.
    Cancelled,
    /// The amounts or currencies are not the same.
    Differs,
    /// An order of the CRM whose deal is not won, or is gone.
    OrderWithoutDeal,
    /// One of the amounts cannot be told.
    Unknown,
    /// Both have the same net amount.
    Agrees,
}

impl State {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::NoOrder, Self::Cancelled, Self::Differs, Self::OrderWithoutDeal, Self::Unknown, Self::Agrees];

    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoOrder => "no_order",
            Self::Cancelled => "cancelled",
            Self::Differs => "differs",
            Self::OrderWithoutDeal => "order_without_deal",
            Self::Unknown => "unknown",
            Self::Agrees => "agrees",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn rank(self) -> i16 {
        self as i16
    }
}

/// What a deal and its orders come to; none for a cancelled order without a deal, which stands for nothing.
///
/// # Errors
/// An amount is no number, or a sum is too large for one; says which.
pub fn judge(found: &Found) -> Result<Option<Line>, String> {
    let Found { day, currency, company, deal, orders, .. } = found;
    let standing: Vec<&Order> = orders.iter().filter(|order| !order.cancelled).collect();
    let Some(shown) = standing.first().copied().or(orders.first()) else {
        let Some(deal) = deal else { return Ok(None) };
        let line = line(found, deal.id.clone(), sum(deal.amounts.as_deref(), "the deal", &deal.id)?, State::NoOrder);
        return Ok(Some(line));
    };
    let alike = standing.iter().all(|order| order.currency == *currency);
    let ordered = if alike { together(&standing)? } else { None };
    let order_amount = ordered.filter(|_| !standing.is_empty());
    let (key, deal_amount, state) = match deal {
        None if standing.is_empty() => return Ok(None),
        None => (order_key(&shown.id), None, State::OrderWithoutDeal),
        Some(deal) => {
            let amount = sum(deal.amounts.as_deref(), "the deal", &deal.id)?;
            let state = match (amount, order_amount) {
                _ if standing.is_empty() => State::Cancelled,
                _ if !alike => State::Differs,
                (Some(deal), Some(order)) if deal == order => State::Agrees,
                (Some(_), Some(_)) => State::Differs,
                _ => State::Unknown,
            };
            (deal.id.clone(), amount, state)
        }
    };
    let name = deal.as_ref().and_then(|deal| deal.name.clone());
    let place = Place { day: *day, currency: currency.clone(), company: company.clone(), key };
    let deal_id = deal.as_ref().map(|deal| deal.id.clone()).or_else(|| shown.deal.clone());
    let note = note(found, &standing, deal_amount, order_amount)?;
    let (order, number) = (Some(shown.id.clone()), shown.number.clone());
    Ok(Some(Line { place, deal: deal_id, name, deal_amount, order, number, order_amount, state, note }))
}

/// A line of a deal alone.
fn line(found: &Found, key: String, deal_amount: Option<Decimal>, state: State) -> Line {
    let deal = found.deal.as_ref();
    Line {
        place: Place { day: found.day, currency: found.currency.clone(), company: found.company.clone(), key },
        deal: deal.map(|deal| deal.id.clone()),
        name: deal.and_then(|deal| deal.name.clone()),
        deal_amount,
        order: None,
        number: None,
        order_amount: None,
        state,
        note: together_told(found.note.clone().into_iter().chain(deal_amount.is_none().then(|| NO_AMOUNT.to_owned()))),
    }
}

/// What people have to know to understand a line.
fn note(
    found: &Found,
    standing: &[&Order],
    deal_amount: Option<Decimal>,
    order_amount: Option<Decimal>,
) -> Result<Option<String>, String> {
    let name = |order: &Order| order.number.clone().unwrap_or_else(|| format!("id {}", order.id));
    let mut notes: Vec<String> = Vec::new();
    for order in standing.iter().filter(|order| order.currency != found.currency) {
        let amount = sum(order.amounts.as_deref(), "order", &order.id)?;
        let amount = amount.map(|amount| format!(", {}", written(amount, &order.currency))).unwrap_or_default();
        notes.push(format!("order {} is in {}{amount}", name(order), order.currency));
    }
    if found.deal.is_some() && standing.len() > 1 {
        let names: Vec<String> = standing.iter().map(|order| name(order)).collect();
        notes.push(format!("{} orders claim the deal: {}", standing.len(), names.join(", ")));
    }
    if found.deal.is_some() && deal_amount.is_none() {
        notes.push(NO_AMOUNT.to_owned());
    }
    if !standing.is_empty() && notes.is_empty() && order_amount.is_none() {
        notes.push("the order's lines cannot be read".to_owned());
    }
    Ok(together_told(found.note.clone().into_iter().chain(notes)))
}

/// Notes as one; none if there are none.
fn together_told(notes: impl Iterator<Item = String>) -> Option<String> {
    let notes: Vec<String> = notes.collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// The sum of several orders; none if one of them cannot be told.
fn together(orders: &[&Order]) -> Result<Option<Decimal>, String> {
    let mut total = Decimal::ZERO;
    for order in orders {
        let Some(amount) = sum(order.amounts.as_deref(), "order", &order.id)? else { return Ok(None) };
        total = total
            .plus(amount)
            .ok_or_else(|| format!("the orders up to {} add up to more than a number can hold", order.id))?;
    }
    Ok(Some(total))
}

/// The sum of amounts; none where there are none to add.
fn sum(amounts: Option<&[serde_json::Value]>, what: &str, id: &str) -> Result<Option<Decimal>, String> {
    let Some(amounts) = amounts else { return Ok(None) };
    let mut total = Decimal::ZERO;
    for value in amounts {
        let amount =
            Decimal::of(value).ok_or_else(|| format!("{what} {id} has the amount {value}, which is not a number"))?;
        total = total
            .plus(amount)
            .ok_or_else(|| format!("the amounts of {what} {id} add up to more than a number can hold"))?;
    }
    Ok(Some(total))
}
