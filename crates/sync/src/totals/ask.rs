//! What workflows ask of totals, and what of it is refused.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{Refusal, body};

/// Most lines in one call.
const PAGE_MAX: usize = 1_000;
/// Most companies of one pass.
const COMPANIES_MAX: usize = 1_000;
/// Most amounts of one order.
const AMOUNTS_MAX: usize = 20_000;
/// Longest id, number, currency and company.
const ID_CHARS_MAX: usize = 200;
/// Longest name of a deal or company: longer ones are cut.
const NAME_CHARS_MAX: usize = 200;
/// Longest note of a line: longer ones are cut.
const NOTE_CHARS_MAX: usize = 500;

/// What can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `begin`
    Begin(Begin),
    /// `lines`
    Lines(FoundLines),
    /// `end`
    End(End),
}

/// `{run, timeZone, from?, until?, days?}` gives `{id, from, until, today}`. The same pass to a run that asks again. Without `until` it goes
/// up to today, without `from` it takes `days` of them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Begin {
    /// Who does it.
    pub run: Uuid,
    /// IANA name of the zone in which the company's days begin and end.
    pub time_zone: String,
    /// First day.
    #[serde(default)]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(default)]
    pub until: Option<NaiveDate>,
    /// How many days up to the last.
    #[serde(default)]
    pub days: Option<u32>,
}

/// `{pass, lines}` gives `{lines}`, how many the pass has found. A line that is told again takes the place of what was told.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoundLines {
    /// Of which pass.
    pub pass: Uuid,
    /// What was found.
    pub lines: Vec<Found>,
}

/// A won deal with all orders found for it, or an order whose deal is not won.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The day on which the deal was won, or of the order without one.
    pub day: NaiveDate,
    /// ISO 4217, of the deal.
    pub currency: String,
    /// The company's id in the ERP; empty where there is only one.
    #[serde(default)]
    pub company: String,
    /// None for an order without a deal.
    pub deal: Option<Deal>,
    /// All that were found.
    pub orders: Vec<Order>,
    /// What people have to know about it beyond what follows from the amounts.
    #[serde(default)]
    pub note: Option<String>,
}

/// A won deal.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deal {
    /// Its id in the CRM.
    pub id: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// What adds up to its net amount, as numbers or as texts; null if nobody knows.
    pub amounts: Option<Vec<Value>>,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its id in the ERP.
    pub id: String,
    /// As people know it.
    #[serde(default)]
    pub number: Option<String>,
    /// The deal that it names.
    #[serde(default)]
    pub deal: Option<String>,
    /// ISO 4217.
    pub currency: String,
    /// Whether it stands for nothing any more.
    pub cancelled: bool,
    /// The net amounts of its lines; null if nobody knows.
    pub amounts: Option<Vec<Value>>,
}

/// `{pass, companies?}` gives `{lines, states, changed}`: how many lines there are, how many of each state, and how many changes of
/// periods that were signed off.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Which one.
    pub pass: Uuid,
    /// Names of companies by their ids.
    #[serde(default)]
    pub companies: BTreeMap<String, String>,
}

impl Operation {
    /// Reads the operation `name` with its body.
    ///
    /// # Errors
    /// There is none of this name, or the body is invalid.
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
