//! Lines of totals as rows of tables.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::decimal::Decimal;
use crate::memory::totals::{Line, Place, State};

/// Lines as one list per column.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) days: Vec<NaiveDate>,
    pub(super) currencies: Vec<String>,
    pub(super) companies: Vec<String>,
    pub(super) keys: Vec<String>,
    pub(super) deals: Vec<Option<String>>,
    pub(super) names: Vec<Option<String>>,
    pub(super) deal_amounts: Vec<Option<String>>,
    pub(super) orders: Vec<Option<String>>,
    pub(super) numbers: Vec<Option<String>>,
    pub(super) order_amounts: Vec<Option<String>>,
    pub(super) states: Vec<i16>,
    pub(super) notes: Vec<Option<String>>,
}

impl Columns {
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut columns = Self::default();
        for line in lines.iter().cloned() {
            columns.days.push(line.place.day);
            columns.currencies.push(line.place.currency);
            columns.companies.push(line.place.company);
            columns.keys.push(line.place.key);
            columns.deals.push(line.deal);
            columns.names.push(line.name);
            columns.deal_amounts.push(line.deal_amount.map(|amount| amount.to_string()));
            columns.orders.push(line.order);
            columns.numbers.push(line.number);
            columns.order_amounts.push(line.order_amount.map(|amount| amount.to_string()));
            columns.states.push(line.state.rank());
            columns.notes.push(line.note);
        }
        columns
    }
}

/// A line as stored.
#[derive(Debug)]
pub(super) struct LineRow {
    pub(super) day: NaiveDate,
    pub(super) currency: String,
    pub(super) company: String,
    pub(super) key: String,
    pub(super) deal_id: Option<String>,
    pub(super) deal_name: Option<String>,
    pub(super) deal_amount: Option<String>,
    pub(super) order_id: Option<String>,
    pub(super) order_number: Option<String>,
    pub(super) order_amount: Option<String>,
    pub(super) state: i16,
    pub(super) note: Option<String>,
}

impl From<LineRow> for Line {
    fn from(row: LineRow) -> Self {
        let LineRow { day, currency, company, key, .. } = row;
        Self {
            place: Place { day, currency, company, key },
            deal: row.deal_id,
            name: row.deal_name,
            deal_amount: amount(row.deal_amount.as_deref()),
            order: row.order_id,
            number: row.order_number,
            order_amount: amount(row.order_amount.as_deref()),
            state: state(row.state),
            note: row.note,
        }
    }
}

pub(super) fn by_place(rows: Vec<LineRow>) -> BTreeMap<Place, Line> {
    rows.into_iter().map(Line::from).map(|line| (line.place.clone(), line)).collect()
}

/// Parses an amount that [`Columns`] wrote.
pub(super) fn amount(text: Option<&str>) -> Option<Decimal> {
    text.and_then(Decimal::parse)
}

fn state(rank: i16) -> State {
    usize::try_from(rank).ok().and_then(|rank| State::ALL.get(rank).copied()).unwrap_or(State::Unknown)
}
