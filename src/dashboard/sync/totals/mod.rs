//! Totals of won deals and orders: changes since a sign-off, sums of a period and its days, the lines behind them with
//! their runs, and the sign-off form.

mod rows;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{Days, NaiveDate, Utc};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::dashboard::Dashboard;
use crate::dashboard::parts::form::Form;
use crate::dashboard::parts::page::{Frame, NoPage, render};
use crate::dashboard::run::Flash;
use crate::dashboard::run::act;
use crate::dashboard::signed_in::{SignedIn, may_act};
use crate::engine::sync::totals::{self, Signed, Signing};
use crate::http::access::session::Caller;
use crate::memory::totals::{Scope, State as LineState};
use crate::store::sync::totals::shown::{self, After, Filter};
use crate::store::sync::totals::signing;
use rows::{Change, Choice, Line, Pass, Sign, Sum, change, date, in_words, label, line, sum};

/// Number of days shown by default.
const DAYS_SHOWN: u64 = 31;
/// Maximum number of sums on a page, one per day, currency and company.
const SUMS_SHOWN: i64 = 500;
/// Number of lines on a page.
const LINES_SHOWN: i64 = 100;
/// Number of changes since a sign-off on a page.
const CHANGES_SHOWN: i64 = 100;
/// Number of sign-offs on a page.
const SIGN_OFFS_SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "totals.html")]
struct TotalsPage {
    frame: Frame,
    flash: Option<Flash>,
    from: String,
    until: String,
    currency: String,
    company: String,
    /// The last pass whose results the page shows.
    seen: String,
    currencies: Vec<Choice>,
    companies: Vec<Choice>,
    states: Vec<Choice>,
    passes: Vec<Pass>,
    changes: Vec<Change>,
    changes_cut: bool,
    period: Vec<Sum>,
    days: Vec<Sum>,
    days_cut: bool,
    lines: Vec<Line>,
    /// URL of the first page of lines.
    first: String,
    more: Option<String>,
    paged: bool,
    /// Problems that a sign-off must acknowledge.
    problems: Option<String>,
    signs: Vec<Sign>,
    /// Query string, such as `from=2026-11-01&until=2026-11-30`.
    query: String,
    /// What is signed off, in words.
    signing: String,
}

/// Query parameters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    until: String,
    currency: String,
    company: String,
    state: String,
    after: Option<String>,
    signed: bool,
}

/// The form of a sign-off.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    from: String,
    until: String,
    currency: String,
    company: String,
    seen: String,
    reason: String,
}

/// `GET /totals`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let flash = asked.signed.then(|| Flash::done("Signed off.".to_owned()));
    page(&dashboard, &caller, &asked, flash).await
}

/// `POST /totals/sign-offs`
pub async fn sign(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let Filled { from, until, currency, company, .. } = form;
    let asked = Asked { from, until, currency, company, ..Asked::default() };
    let refused = |status, why: String| page(&dashboard, &caller, &asked, Some(Flash::refused(status, why)));
    let reason = match form.reason.trim() {
        "" => None,
        said => match act::reason(said) {
            Ok(reason) => Some(reason),
            Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
        },
    };
    let scope = match asked.scope() {
        Ok(scope) => scope,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, format!("Not done: {why}.")).await,
    };
    // A person who saw no pass saw no totals.
    let signing = Signing { scope, seen: Some(form.seen.parse().unwrap_or_default()), reason };
    match dashboard.engine.sign_totals(&signing, &caller.actor()).await? {
        Signed::Done(_) => Ok(Redirect::to(&format!("/totals?{}&signed=true", asked.query(None))).into_response()),
        Signed::NeedsReason(why) => {
            let why = format!("Not done: {why}. Give a reason for signing off anyway.");
            refused(StatusCode::UNPROCESSABLE_ENTITY, why).await
        }
        Signed::Refused(why) => refused(StatusCode::UNPROCESSABLE_ENTITY, format!("Not done: {why}.")).await,
        Signed::Stale(why) => refused(StatusCode::CONFLICT, format!("Not done: {why}.")).await,
    }
}

impl Asked {
    /// Returns days, currency and company; by default the last [`DAYS_SHOWN`] days.
    fn scope(&self) -> Result<Scope, String> {
        let date = |text: &str, what: &str| match text {
            "" => Ok(None),
            text => text.parse::<NaiveDate>().map(Some).map_err(|_| format!("{what} {text:?} is not a date")),
        };
        let (from, until) = (date(&self.from, "the first day")?, date(&self.until, "the last day")?);
        let until = until.unwrap_or_else(|| Utc::now().date_naive().max(from.unwrap_or_default()));
        let from = from.or_else(|| until.checked_sub_days(Days::new(DAYS_SHOWN - 1))).unwrap_or(until);
        totals::check_period(from, until)?;
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Ok(Scope { from, until, currency: text(&self.currency), company: text(&self.company) })
    }

    /// Returns the query string of this page, optionally for other days.
    pub(super) fn query(&self, days: Option<(NaiveDate, NaiveDate)>) -> String {
        let (from, until) = days.map_or_else(
            || (self.from.clone(), self.until.clone()),
            |(from, until)| (from.to_string(), until.to_string()),
        );
        let parts = [
            ("from", &from),
            ("until", &until),
            ("currency", &self.currency),
            ("company", &self.company),
            ("state", &self.state),
        ];
        let set = parts.into_iter().filter(|(_, value)| !value.is_empty());
        set.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn page(dashboard: &Dashboard, caller: &Caller, asked: &Asked, flash: Option<Flash>) -> Result<Response, NoPage> {
    // An invalid period is replaced by the default one, with a message.
    let (scope, flash) = match asked.scope() {
        Ok(scope) => (scope, flash),
        Err(why) => {
            let flash = flash.unwrap_or_else(|| Flash::refused(StatusCode::BAD_REQUEST, format!("Not shown: {why}.")));
            (Asked::default().scope().map_err(NoPage::not_found)?, Some(flash))
        }
    };
    let pool = &dashboard.pool;
    let days = (scope.from, scope.until);
    let filter = Filter { scope: scope.clone(), state: LineState::named(&asked.state) };
    let every = Filter { scope: Scope { currency: None, company: None, ..scope.clone() }, state: None };
    // Read before the sums: if a pass ends in between, the sign-off is refused as stale.
    let seen = signing::as_of(pool, scope.from, scope.until).await?.map(|id| id.to_string()).unwrap_or_default();
    let names = totals::companies(pool).await?;
    let after = asked.after.as_deref().and_then(After::of_token);
    let mut lines = totals::lines(pool, &filter, after.as_ref(), LINES_SHOWN + 1).await?;
    let more = lines.len() > usize::try_from(LINES_SHOWN).unwrap_or_default();
    lines.truncate(usize::try_from(LINES_SHOWN).unwrap_or_default());
    let sums = totals::by_day(pool, &filter, None, SUMS_SHOWN + 1).await?;
    let mut changes = signing::changes(pool, days, true, None, CHANGES_SHOWN + 1).await?;
    let changes_cut = changes.len() > usize::try_from(CHANGES_SHOWN).unwrap_or_default();
    changes.truncate(usize::try_from(CHANGES_SHOWN).unwrap_or_default());
    let asked = Asked { from: scope.from.to_string(), until: scope.until.to_string(), after: None, ..asked.clone() };
    let of_all = totals::by_period(pool, &every).await?;
    let company = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let page = TotalsPage {
        frame: Frame::of(caller, "totals"),
        flash,
        seen,
        currencies: choices(of_all.iter().map(|sum| (sum.currency.clone(), sum.currency.clone())), &asked.currency),
        companies: choices(
            of_all.iter().filter_map(|sum| sum.company.clone()).map(|id| (id.clone(), company(&id))),
            &asked.company,
        ),
        states: choices(LineState::ALL.into_iter().map(|s| (s.as_str().to_owned(), label(s).to_owned())), &asked.state),
        passes: passes(dashboard, days).await?,
        changes: changes.into_iter().map(|row| change(row, &company)).collect(),
        changes_cut,
        period: totals::by_period(pool, &filter).await?.into_iter().map(|s| sum(s, &asked, days)).collect(),
        days_cut: sums.len() > usize::try_from(SUMS_SHOWN).unwrap_or_default(),
        days: sums
            .into_iter()
            .take(usize::try_from(SUMS_SHOWN).unwrap_or_default())
            .map(|s| sum(s, &asked, days))
            .collect(),
        more: lines
            .last()
            .filter(|_| more)
            .map(|(after, _)| format!("/totals?{}&after={}#lines", asked.query(None), encoded(&after.to_token()))),
        lines: lines.into_iter().map(|(_, found)| line(found)).collect(),
        paged: after.is_some(),
        problems: signing::problems(pool, &scope).await?.told(),
        signs: signs(dashboard, days, &company).await?,
        first: format!("/totals?{}#lines", asked.query(None)),
        query: asked.query(None),
        signing: in_words(&scope, &company),
        from: asked.from,
        until: asked.until,
        currency: asked.currency,
        company: asked.company,
    };
    Ok(render(status, &page))
}

fn choices(entries: impl Iterator<Item = (String, String)>, chosen: &str) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for (value, label) in entries {
        if !choices.iter().any(|known| known.value == value) {
            choices.push(Choice { chosen: value == chosen, value, label });
        }
    }
    choices
}

async fn passes(dashboard: &Dashboard, days: (NaiveDate, NaiveDate)) -> Result<Vec<Pass>, NoPage> {
    let found = shown::passes(&dashboard.pool, days, 3).await?;
    let told = |pass: shown::PassRow| {
        let (text, at) = match (pass.ended_at, pass.stopped) {
            (Some(at), _) => ("Complete", at),
            (None, true) => ("Stopped halfway; its results are not shown", pass.began_at),
            (None, false) => ("Running since", pass.began_at),
        };
        let text = format!("{} to {}: {text}", date(pass.from), date(pass.until));
        Pass { run: pass.run, text, at: at.into() }
    };
    Ok(found.into_iter().map(told).collect())
}

async fn signs(
    dashboard: &Dashboard,
    days: (NaiveDate, NaiveDate),
    company: &impl Fn(&str) -> String,
) -> Result<Vec<Sign>, NoPage> {
    let found = signing::list(&dashboard.pool, days, None, SIGN_OFFS_SHOWN).await?;
    let told = |sign: signing::SignOff| {
        let scope = Scope { from: sign.from, until: sign.until, currency: sign.currency, company: sign.company };
        Sign { at: sign.at.into(), what: in_words(&scope, company), by: sign.actor, reason: sign.reason }
    };
    Ok(found.into_iter().map(told).collect())
}
