//! The operations on totals: their bodies, and the limits on them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Refusal, body};

/// Most lines of one call.
const PAGE_MAX: usize = 1_000;
/// Most companies of a pass.
const COMPANIES_MAX: usize = 1_000;
/// Most amounts of one order.
const AMOUNTS_MAX: usize = 20_000;
/// Longest id, number, currency and company, in characters.
const ID_CHARS_MAX: usize = 200;
/// Longest name of a deal or company, in characters. A longer one is cut.
const NAME_CHARS_MAX: usize = 200;
/// Longest note of a line, in characters. A longer one is cut.
const NOTE_CHARS_MAX: usize = 500;

/// An operation on totals.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `begin`
    Begin(Begin),
    /// `lines`
    Lines(FoundLines),
    /// `end`
    End(End),
}

/// `{run, timeZone, from?, until?, days?}` returns `{id, from, until, today}`. A repeat by the same run returns the
/// same pass. `until` defaults to today, `from` to `days` days up to `until`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Begin {
    /// The run that makes the pass.
    pub run: Uuid,
    /// IANA name of the time zone in which the company's days begin and end.
    pub time_zone: String,
    /// First day of the period.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Last day of the period.
    #[serde(default)]
    pub until: Option<NaiveDate>,
    /// Length of the period in days, if `from` is absent.
    #[serde(default)]
    pub days: Option<u32>,
}

/// `{pass, lines}` returns `{lines}`, the number of lines of the pass so far. A repeated line replaces the earlier one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundLines {
    /// Id of the pass.
    pub pass: Uuid,
    /// The lines.
    pub lines: Vec<Found>,
}

/// A won deal with all orders found for it, or an order without a won deal.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The day on which the deal was won; without a deal, the date of the order.
    pub day: NaiveDate,
    /// Currency of the deal, ISO 4217.
    pub currency: String,
    /// Id of the company in the ERP; empty if there is only one company.
    #[serde(default)]
    pub company: String,
    /// The deal; `None`: the order has no won deal.
    pub deal: Option<Deal>,
    /// All orders found.
    pub orders: Vec<Order>,
    /// A note for people about anything that the amounts do not show.
    #[serde(default)]
    pub note: Option<String>,
}

/// A won deal.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deal {
    /// Id of the deal in the CRM.
    pub id: String,
    /// Name of the deal, for people.
    #[serde(default)]
    pub name: Option<String>,
    /// Amounts that add up to its net amount, as numbers or texts; `None`: unknown.
    pub amounts: Option<Vec<Value>>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Id of the order in the ERP.
    pub id: String,
    /// Number of the order, for people.
    #[serde(default)]
    pub number: Option<String>,
    /// Id of the deal that the order refers to.
    #[serde(default)]
    pub deal: Option<String>,
    /// Currency of the order, ISO 4217.
    pub currency: String,
    /// Whether the order is cancelled.
    pub cancelled: bool,
    /// Net amounts of its lines; `None`: unknown.
    pub amounts: Option<Vec<Value>>,
}

/// `{pass, companies?}` returns `{lines, states, changed}`: the number of lines, the number of lines per state, and the
/// number of changes in signed-off periods.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Id of the pass.
    pub pass: Uuid,
    /// Names of companies by id.
    #[serde(default)]
    pub companies: BTreeMap<String, String>,
}

impl Operation {
    /// Parses the operation `name` from its body.
    ///
    /// # Errors
    /// The operation does not exist, or its body is invalid.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        match name {
            "begin" => Ok(Self::Begin(body("totals/begin", bytes)?)),
            "lines" => {
                let mut found: FoundLines = body("totals/lines", bytes)?;
                found.check()?;
                Ok(Self::Lines(found))
            }
            "end" => {
                let mut end: End = body("totals/end", bytes)?;
                if end.companies.len() > COMPANIES_MAX {
                    return Err(bad(format!(
                        "a pass has at most {COMPANIES_MAX} companies, not {}",
                        end.companies.len()
                    )));
                }
                for (id, name) in &mut end.companies {
                    short("companies", id)?;
                    *name = cut("a name", name, NAME_CHARS_MAX)?;
                }
                Ok(Self::End(end))
            }
            other => Err(Refusal::unknown(&format!("totals/{other}"))),
        }
    }
}

impl FoundLines {
    fn check(&mut self) -> Result<(), Refusal> {
        if self.lines.len() > PAGE_MAX {
            return Err(bad(format!("a call reports at most {PAGE_MAX} lines, not {}", self.lines.len())));
        }
        self.lines.iter_mut().try_for_each(Found::check)
    }
}

impl Found {
    fn check(&mut self) -> Result<(), Refusal> {
        currency(&self.currency)?;
        if !self.company.is_empty() {
            short("company", &self.company)?;
        }
        if let Some(deal) = &mut self.deal {
            short("deal.id", &deal.id)?;
            deal.name = deal.name.as_deref().map(|name| cut("a name", name, NAME_CHARS_MAX)).transpose()?;
            few(&deal.id, deal.amounts.as_deref())?;
        }
        self.note = self.note.as_deref().map(|note| cut("a note", note, NOTE_CHARS_MAX)).transpose()?;
        if self.deal.is_none() && self.orders.len() != 1 {
            let how_many = self.orders.len();
            return Err(bad(format!("a line without a deal has one order, not {how_many}")));
        }
        for order in &self.orders {
            short("order.id", &order.id)?;
            currency(&order.currency)?;
            for (what, text) in [("order.number", &order.number), ("order.deal", &order.deal)] {
                text.as_deref().map_or(Ok(()), |text| short(what, text))?;
            }
            few(&order.id, order.amounts.as_deref())?;
        }
        Ok(())
    }
}

pub(super) fn bad(why: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, why)
}

fn short(what: &str, text: &str) -> Result<(), Refusal> {
    if text.is_empty() || text.chars().count() > ID_CHARS_MAX || text.contains('\0') {
        let why = format!("`{what}` of totals has 1 to {ID_CHARS_MAX} characters, without NUL, not {text:?}");
        return Err(bad(why));
    }
    Ok(())
}

fn currency(code: &str) -> Result<(), Refusal> {
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(bad(format!("a currency is a code of ISO 4217 such as EUR, not {code:?}")))
}

fn few(id: &str, amounts: Option<&[Value]>) -> Result<(), Refusal> {
    match amounts.map_or(0, <[Value]>::len) {
        many if many > AMOUNTS_MAX => Err(bad(format!("{id} may have {AMOUNTS_MAX} amounts, not {many}"))),
        _ => Ok(()),
    }
}

fn cut(what: &str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    if text.contains('\0') {
        return Err(bad(format!("{what} must not contain NUL, but is {text:?}")));
    }
    Ok(text.chars().take(chars_max).collect())
}
