//! Compares a deal with the orders found for it. Amounts are sums of exact decimals and are never rounded.

use serde::{Deserialize, Serialize};

use super::ask::{Found, Order};
use super::{Line, Place, order_key, written};
use stepwell_text::decimal::Decimal;

const NO_AMOUNT: &str = "the deal has no amount";

/// The result of comparing a deal with its order. Ordered by how urgently a person must look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The deal has no order.
    NoOrder,
    /// All orders of the deal were cancelled.
    Cancelled,
    /// The amounts or currencies differ.
    Differs,
    /// An order from the CRM without a won deal.
    OrderWithoutDeal,
    /// One of the amounts is unknown.
    Unknown,
    /// The net amounts are equal.
    Agrees,
}

impl State {
    /// All states, most urgent first.
    pub const ALL: [Self; 6] =
        [Self::NoOrder, Self::Cancelled, Self::Differs, Self::OrderWithoutDeal, Self::Unknown, Self::Agrees];

    /// Returns the name in the API.
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

    /// Returns the state with a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Returns the index in [`Self::ALL`].
    #[must_use]
    pub fn rank(self) -> i16 {
        self as i16
    }
}

/// Compares a deal with its orders. Returns `None` for a cancelled order without a deal, which is irrelevant.
///
/// # Errors
/// An amount is not a number, or a sum is too large. The message says which.
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

/// Creates the line of a deal without an order.
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

/// Explains a line for people.
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

/// Joins notes; `None` if there are none.
fn together_told(notes: impl Iterator<Item = String>) -> Option<String> {
    let notes: Vec<String> = notes.collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// Returns the sum of several orders; `None` if one of them is unknown.
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

/// Returns the sum of amounts; `None` if they are unknown.
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
