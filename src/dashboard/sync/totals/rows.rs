//! Rows of the totals page.

use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;

use super::Asked;
use crate::dashboard::parts::badge::{self, Badge};
use crate::engine::sync::totals::{TotalsLine, TotalsSum};
use crate::memory::totals::{Scope, State as LineState};
use crate::store::sync::totals::signing::ChangeRow;
use crate::words::Moment;

/// Sums of a day or of a period.
pub(super) struct Sum {
    /// Day, such as `20 Nov 2026`; empty for a period.
    pub(super) day: String,
    pub(super) currency: String,
    pub(super) company: String,
    pub(super) deals: String,
    pub(super) orders: String,
    pub(super) deal_amount: String,
    pub(super) order_amount: String,
    pub(super) difference: String,
    pub(super) is_even: bool,
    /// Lines that do not agree, such as `2 no order, 1 differs`.
    pub(super) open: String,
    pub(super) changed: i64,
    pub(super) complete: bool,
    pub(super) signed: bool,
    /// URL of the lines.
    pub(super) href: String,
}

/// A deal with its order.
pub(super) struct Line {
    pub(super) day: String,
    pub(super) company: String,
    pub(super) state: Badge,
    pub(super) deal: String,
    pub(super) name: Option<String>,
    pub(super) order: String,
    pub(super) deal_amount: String,
    pub(super) order_amount: String,
    pub(super) difference: String,
    pub(super) is_even: bool,
    pub(super) note: Option<String>,
    pub(super) changed: bool,
    pub(super) runs: Vec<(Uuid, String, String)>,
}

/// A change since a sign-off.
pub(super) struct Change {
    pub(super) day: String,
    pub(super) company: String,
    pub(super) key: String,
    pub(super) kind: &'static str,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) at: Moment,
    pub(super) run: Uuid,
}

/// A sign-off.
pub(super) struct Sign {
    pub(super) at: Moment,
    pub(super) what: String,
    pub(super) by: String,
    pub(super) reason: Option<String>,
}

/// An option of a selection list.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// The progress of a pass.
pub(super) struct Pass {
    pub(super) run: Uuid,
    pub(super) text: String,
    pub(super) at: Moment,
}

/// Describes a scope: `1 Nov 2026 to 30 Nov 2026, EUR, Helvetia GmbH`.
pub(super) fn in_words(scope: &Scope, company: &impl Fn(&str) -> String) -> String {
    let days = if scope.from == scope.until {
        date(scope.from)
    } else {
        format!("{} to {}", date(scope.from), date(scope.until))
    };
    let currency = scope.currency.clone().unwrap_or_else(|| "all currencies".to_owned());
    let company = scope.company.as_deref().map_or_else(|| "all companies".to_owned(), company);
    format!("{days}, {currency}, {company}")
}

pub(super) fn date(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

pub(super) fn sum(sum: TotalsSum, asked: &Asked, days: (NaiveDate, NaiveDate)) -> Sum {
    let open = LineState::ALL.into_iter().filter(|state| *state != LineState::Agrees);
    let open = open.filter_map(|state| {
        let lines = sum.states.get(state.as_str()).copied().filter(|lines| *lines > 0)?;
        Some(format!("{lines} {}", label(state).to_lowercase()))
    });
    let days = sum.day.map_or(days, |day| (day, day));
    let company = sum.company.clone().unwrap_or_default();
    let lines = Asked { currency: sum.currency.clone(), company: company.clone(), ..asked.clone() };
    Sum {
        day: sum.day.map(date).unwrap_or_default(),
        href: format!("/totals?{}#lines", lines.query(Some(days))),
        open: open.collect::<Vec<_>>().join(", "),
        company: sum.company_name.unwrap_or(company),
        deals: sum.deals.to_string(),
        orders: sum.orders.to_string(),
        is_even: is_zero(&sum.difference),
        deal_amount: grouped(&sum.deal_amount),
        order_amount: grouped(&sum.order_amount),
        difference: grouped(&sum.difference),
        currency: sum.currency,
        changed: sum.changed,
        complete: sum.complete,
        signed: sum.sign_off.is_some(),
    }
}

pub(super) fn line(line: TotalsLine) -> Line {
    let amount = |amount: &Option<String>| amount.as_deref().map_or_else(|| "none".to_owned(), grouped);
    let amount = |text: &Option<String>| match text {
        Some(_) => format!("{} {}", amount(text), line.currency),
        None => amount(text),
    };
    let told = |text: Option<String>| text.unwrap_or_else(|| "none".to_owned());
    Line {
        day: date(line.day),
        deal_amount: amount(&line.deal_amount),
        order_amount: amount(&line.order_amount),
        difference: line.difference.as_deref().map(grouped).unwrap_or_default(),
        is_even: line.difference.as_deref().is_none_or(is_zero),
        state: badge_of(line.state),
        company: line.company_name.or(line.company).unwrap_or_default(),
        order: told(line.order_number.or(line.order)),
        deal: told(line.deal),
        name: line.deal_name,
        note: line.note,
        changed: line.changed,
        runs: line.runs.into_iter().map(|run| (run.id, run.workflow, run.status)).collect(),
    }
}

pub(super) fn change(row: ChangeRow, company: &impl Fn(&str) -> String) -> Change {
    Change {
        day: date(row.day),
        company: company(&row.company),
        key: row.key,
        kind: match row.kind.as_str() {
            "new" => "New",
            "vanished" => "Vanished",
            _ => "Changed",
        },
        before: side(row.before.as_ref(), &row.currency),
        after: side(row.after.as_ref(), &row.currency),
        at: row.at.into(),
        run: row.run,
    }
}

/// Describes a line before or after a change: `deal 12.50, order SO1 12.00 EUR, Differs`.
fn side(told: Option<&Value>, currency: &str) -> String {
    let Some(told) = told else { return "nothing".to_owned() };
    let amount = |name: &str| told[name].as_str().map_or_else(|| "none".to_owned(), grouped);
    let order = told["number"].as_str().or(told["order"].as_str()).map(|order| format!("{order} ")).unwrap_or_default();
    let state = told["state"].as_str().and_then(LineState::named).map_or("", label);
    format!(
        "deal {}, order {order}{} {currency}, {}",
        amount("deal_amount"),
        amount("order_amount"),
        state.to_lowercase()
    )
}

pub(super) fn label(state: LineState) -> &'static str {
    match state {
        LineState::NoOrder => "No order",
        LineState::Cancelled => "Order cancelled",
        LineState::Differs => "Differs",
        LineState::OrderWithoutDeal => "Order without deal",
        LineState::Unknown => "Unknown",
        LineState::Agrees => "Agrees",
    }
}

fn badge_of(state: LineState) -> Badge {
    let like = match state {
        LineState::Agrees => "completed",
        LineState::Unknown => "waiting",
        LineState::OrderWithoutDeal | LineState::Cancelled => "compensated",
        LineState::NoOrder | LineState::Differs => "faulted",
    };
    Badge { label: label(state), ..badge::of_run(like) }
}

fn is_zero(amount: &str) -> bool {
    amount.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

/// Formats an amount for people: `-1234567.50` becomes `−1,234,567.50`.
fn grouped(amount: &str) -> String {
    let (sign, digits) = amount.strip_prefix('-').map_or(("", amount), |rest| ("\u{2212}", rest));
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut text = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    fraction.into_iter().for_each(|fraction| {
        text.push('.');
        text.push_str(fraction);
    });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_thousands_and_keep_every_digit() {
        for (amount, text) in [
            ("0.00", "0.00"),
            ("-13.005", "−13.005"),
            ("1234567.50", "1,234,567.50"),
            ("1200", "1,200"),
            ("-100", "−100"),
        ] {
            assert_eq!(grouped(amount), text);
        }
        assert!(is_zero("0.00") && is_zero("0") && !is_zero("-0.01"));
    }
}
