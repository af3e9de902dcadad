//! Totals as people see them: sums by day, currency and company, the lines behind them with their runs, and what a person signs off.

pub mod csv;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgPool;
use tracing::info;
use uuid::Uuid;

use crate::engine::Engine;
use crate::machine::{Actor, RunId};
use crate::memory::totals::{DAYS_MAX, Line, Place, Problems, Scope, State, difference, written};
use crate::store::StoreError;
use crate::store::acts::{self, By};
use crate::store::sync::totals::shown::{self, After, Filter, Sum};
use crate::store::sync::totals::signing::{self, NewSignOff};

/// Runs shown with a line.
const RUNS_TOLD: i64 = 5;
/// Lines whose runs and changes one statement looks up: none may take longer than a second.
const ASKED_AT_ONCE: usize = 2_000;
/// Currencies and companies of a period.
const SLICES_MAX: i64 = 500;

/// What the lines of a day, currency and company come to; of a period without `day`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TotalsSum {
    /// The day; `None` for a sum over several days.
    pub day: Option<NaiveDate>,
    /// ISO 4217 code.
    pub currency: String,
    /// The company's id in the ERP; none where there is only one, or nobody knows.
    pub company: Option<String>,
    /// What it is called.
    pub company_name: Option<String>,
    /// Number of won deals.
    pub deals: i64,
    /// Number of orders that are not cancelled.
    pub orders: i64,
    /// Net total of the deals.
    pub deal_amount: String,
    /// Net total of the orders.
    pub order_amount: String,
    /// What the orders have more than the deals.
    pub difference: String,
    /// Lines of each state.
    pub states: BTreeMap<&'static str, i64>,
    /// Changes since someone signed off.
    pub changed: i64,
    /// Whether a complete pass has looked at all of it since its days were over.
    pub complete: bool,
    /// The last sign-off of it; none for several days.
    pub sign_off: Option<Uuid>,
}

/// A deal against its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TotalsLine {
    /// The day on which the deal was won; of an order without one, the order's date.
    pub day: NaiveDate,
    /// ISO 4217 code.
    pub currency: String,
    /// The company's id in the ERP; none where there is only one, or nobody knows.
    pub company: Option<String>,
    /// What it is called.
    pub company_name: Option<String>,
    /// How deal and order stand to each other.
    pub state: State,
    /// The deal's id in the CRM; of an order without one, the deal that the order names.
    pub deal: Option<String>,
    /// The deal's name.
    pub deal_name: Option<String>,
    /// The order's id in the ERP.
    pub order: Option<String>,
    /// The order's number.
    pub order_number: Option<String>,
    /// What the deal was won for, net.
    pub deal_amount: Option<String>,
    /// What the order stands for, net.
    pub order_amount: Option<String>,
    /// What the order has more than the deal.
    pub difference: Option<String>,
    /// An explanation for people.
    pub note: Option<String>,
    /// Whether it changed since someone signed it off.
    pub changed: bool,
    /// The latest runs about the deal, latest first.
    pub runs: Vec<TotalsRun>,
}

/// A run about a deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TotalsRun {
    /// Id of the run.
    pub id: RunId,
    /// Workflow as `namespace/name`.
    pub workflow: String,
    /// Status of the run.
    pub status: String,
    /// Why the run needs attention.
    pub attention: Option<String>,
}

/// Names of companies by id.
type Companies = BTreeMap<String, String>;

/// Sums by day, latest first, those behind `after`.
///
/// # Errors
/// The database is away, or a second is not enough.
pub async fn by_day(
    pool: &PgPool,
    filter: &Filter,
    after: Option<&(NaiveDate, String, String)>,
    limit: i64,
) -> Result<Vec<TotalsSum>, StoreError> {
    let companies = companies(pool).await?;
    Ok(shown::by_day(pool, filter, after, limit).await?.into_iter().map(|sum| told(sum, &companies)).collect())
}

/// Sums over all days of a period.
///
/// # Errors
/// The database is away, or a second is not enough.
pub async fn by_period(pool: &PgPool, filter: &Filter) -> Result<Vec<TotalsSum>, StoreError> {
    let companies = companies(pool).await?;
    Ok(shown::by_period(pool, filter, SLICES_MAX).await?.into_iter().map(|sum| told(sum, &companies)).collect())
}

/// Lines with their runs, those first that a person has to look at first, those behind `after`.
///
/// # Errors
/// The database is away, or a second is not enough.
pub async fn lines(
    pool: &PgPool,
    filter: &Filter,
    after: Option<&After>,
    limit: i64,
) -> Result<Vec<(After, TotalsLine)>, StoreError> {
    let companies = companies(pool).await?;
    let found = shown::lines(pool, filter, after, limit).await?;
    let deals: BTreeSet<String> = found.iter().filter_map(|line| line.deal.clone()).collect();
    let deals: Vec<String> = deals.into_iter().collect();
    let mut runs: BTreeMap<String, Vec<TotalsRun>> = BTreeMap::new();
    for deals in deals.chunks(ASKED_AT_ONCE) {
        for run in shown::runs(pool, deals, RUNS_TOLD).await? {
            let shown::RunOfDeal { deal, run: id, workflow, status, attention } = run;
            runs.entry(deal).or_default().push(TotalsRun { id, workflow, status, attention });
        }
    }
    let places: Vec<&Place> = found.iter().map(|line| &line.place).collect();
    let mut marked: BTreeSet<Place> = BTreeSet::new();
    for places in places.chunks(ASKED_AT_ONCE) {
        marked.extend(signing::marked(pool, places).await?);
    }
    let told = |line: Line| {
        let after = After { state: line.state, place: line.place.clone() };
        let runs = line.deal.as_ref().and_then(|deal| runs.get(deal)).cloned().unwrap_or_default();
        let changed = marked.contains(&line.place);
        (after, told_line(line, changed, runs, &companies))
    };
    Ok(found.into_iter().map(told).collect())
}

/// Returns ids and names of companies, by name.
///
/// # Errors
/// The database is unavailable.
pub async fn companies(pool: &PgPool) -> Result<Companies, StoreError> {
    Ok(shown::companies(pool).await?.into_iter().collect())
}

fn named(id: String, companies: &Companies) -> (Option<String>, Option<String>) {
    let name = companies.get(&id).cloned();
    (Some(id).filter(|id| !id.is_empty()), name)
}

fn told(sum: Sum, companies: &Companies) -> TotalsSum {
    let (company, company_name) = named(sum.company, companies);
    let amount = |amount| written(amount, &sum.currency);
    let states = State::ALL.into_iter().zip(sum.states).map(|(state, lines)| (state.as_str(), lines)).collect();
    let difference = difference(Some(sum.deal_amount), Some(sum.order_amount)).map(amount).unwrap_or_default();
    TotalsSum {
        day: sum.day,
        deals: sum.deals,
        orders: sum.orders,
        deal_amount: amount(sum.deal_amount),
        order_amount: amount(sum.order_amount),
        difference,
        states,
        changed: sum.changed,
        complete: sum.complete,
        sign_off: sum.signed,
        company,
        company_name,
        currency: sum.currency.clone(),
    }
}

fn told_line(line: Line, changed: bool, runs: Vec<TotalsRun>, companies: &Companies) -> TotalsLine {
    let (company, company_name) = named(line.place.company.clone(), companies);
    let amount = |amount| written(amount, &line.place.currency);
    TotalsLine {
        deal_amount: line.deal_amount.map(amount),
        order_amount: line.order_amount.map(amount),
        difference: line.difference().map(amount),
        day: line.place.day,
        currency: line.place.currency,
        company,
        company_name,
        state: line.state,
        deal: line.deal,
        deal_name: line.name,
        order: line.order,
        order_number: line.number,
        note: line.note,
        changed,
        runs,
    }
}

/// The outcome of an attempt to sign a period off.
#[derive(Debug)]
pub enum Signed {
    /// It is signed off.
    Done(Box<signing::SignOff>),
    /// The days make no period, or a program cannot sign.
    Refused(String),
    /// It takes a reason: this speaks against it.
    NeedsReason(String),
    /// The totals are not those that the person saw.
    Stale(String),
}

/// A wish to sign a period off.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The days, currency and company signed off.
    pub scope: Scope,
    /// The last pass that the person saw; none where they did not say.
    pub seen: Option<Uuid>,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// How many days a period has, if it is one.
///
/// # Errors
/// It ends before it begins, or is too long; says which.
pub fn check_period(from: NaiveDate, until: NaiveDate) -> Result<(), String> {
    match (until - from).num_days() + 1 {
        ..=0 => Err(format!("the period ends on {until}, before it begins on {from}")),
        days if days > DAYS_MAX => Err(format!("the period has {days} days, at most {DAYS_MAX} are allowed at once")),
        _ => Ok(()),
    }
}

impl Engine {
    /// Signs a period off, records the act, and takes in what changed since the last sign-off. Nothing is removed.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sign_totals(&self, signing: &Signing, by: &Actor) -> Result<Signed, StoreError> {
        let Signing { scope, seen, reason } = signing;
        if let Err(why) = check_period(scope.from, scope.until) {
            return Ok(Signed::Refused(why));
        }
        if by.0.starts_with("token:") {
            let why = "only a person can sign off: sign in as a user, or use a token that belongs to one".to_owned();
            return Ok(Signed::Refused(why));
        }
        let mut transaction = self.inner.context.pool.begin().await?;
        crate::store::sync::totals::lock(&mut transaction).await?;
        let as_of = signing::as_of(&mut *transaction, scope.from, scope.until).await?;
        if seen.is_some_and(|seen| Some(seen).filter(|id| !id.is_nil()) != as_of) {
            return Ok(Signed::Stale("a pass has ended in the meantime: check the totals again".to_owned()));
        }
        let problems = signing::problems(&mut *transaction, scope).await?;
        if let (Some(told), None) = (problems.told(), reason) {
            return Ok(Signed::NeedsReason(told));
        }
        let filter = Filter { scope: scope.clone(), state: None };
        let sums = shown::by_period(&mut *transaction, &filter, SLICES_MAX + 1).await?;
        if i64::try_from(sums.len()).is_ok_and(|slices| slices > SLICES_MAX) {
            let why =
                format!("the period has more than {SLICES_MAX} sums of a currency and company: choose one of them");
            return Ok(Signed::Refused(why));
        }
        let totals = snapshot(sums, problems, as_of);
        let new = NewSignOff { scope, actor: &by.0, reason: reason.as_deref(), totals: &totals };
        let (id, changed) = signing::sign(&mut transaction, &new).await?;
        // The sign-off itself is one of the rows.
        let detail = json!({ "sign_off": id, "totals": totals, "changes": changed.len() - 1 });
        let by_whom = By { actor: by, reason: reason.as_deref() };
        acts::record_change(&mut transaction, by_whom, "totals.sign", &subject(scope), Some(&detail), changed).await?;
        let done = signing::find(&mut *transaction, id).await?;
        transaction.commit().await?;
        info!(sign_off = %id, period = subject(scope), by = by.0, reason, "a period of the totals was signed off");
        Ok(done.map_or_else(
            || Signed::Refused("the sign-off was not stored".to_owned()),
            |done| Signed::Done(Box::new(done)),
        ))
    }
}

/// `2026-11-01/2026-11-30 EUR company 2`
fn subject(scope: &Scope) -> String {
    let currency = scope.currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
    let company = scope.company.as_ref().map(|company| format!(" company {company}")).unwrap_or_default();
    format!("{}/{}{currency}{company}", scope.from, scope.until)
}

/// What a sign-off keeps of the totals as they were.
fn snapshot(sums: Vec<Sum>, problems: Problems, as_of: Option<Uuid>) -> Value {
    let sums: Vec<TotalsSum> = sums.into_iter().map(|sum| told(sum, &Companies::new())).collect();
    let kept = |sum: &TotalsSum| {
        let TotalsSum { currency, company, deals, orders, deal_amount, order_amount, difference, states, .. } = sum;
        json!({
            "currency": currency, "company": company, "deals": deals, "orders": orders, "deal_amount": deal_amount,
            "order_amount": order_amount, "difference": difference, "states": states,
        })
    };
    json!({ "sums": sums.iter().map(kept).collect::<Vec<_>>(), "problems": problems, "as_of": as_of })
}
