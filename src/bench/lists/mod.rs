//! `stepwell bench --lists N`: measures pages of N runs and N events, with each filter alone and every pair, in both
//! orders, at both ends and in between.

mod filters;

use std::fmt;
use std::time::Instant;

use anyhow::Context;
use serde::Serialize;
use sqlx::{Connection, PgConnection, PgPool};
use url::Url;
use uuid::Uuid;

use super::process;
use crate::store::events::{self, EventFilter};
use crate::store::history::{self, id};
use crate::store::runs::listing::{self, Order, RunFilter};
use crate::store::{self, StoreError};

/// Rows per page, as in the dashboard.
const PAGE: i64 = 50;

/// Longest acceptable time for a page, in milliseconds.
const MILLIS_MAX: f64 = 50.0;

/// Reads per page; the median counts.
const TIMES: usize = 3;

/// Pages reported, slowest first.
const TOLD: usize = 15;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Postgres server to measure on. A separate database is created there and dropped at the end.
    pub database_url: String,
    /// Number of runs, and of events.
    pub rows: i64,
}

/// How long pages take.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: String,
    rows: i64,
    fill_seconds: f64,
    database_bytes: i64,
    /// Time to read sixty runs by id: the least that any page can take.
    by_key_millis: f64,
    lists: Vec<List>,
    /// Number of pages over the limit.
    over: usize,
    slowest: Vec<Page>,
}

/// Statistics over the pages of one list.
#[derive(Debug, Serialize)]
struct List {
    list: &'static str,
    pages: usize,
    median_millis: f64,
    p99_millis: f64,
    max_millis: f64,
}

/// One page.
#[derive(Debug, Clone, Serialize)]
struct Page {
    list: &'static str,
    filter: String,
    order: &'static str,
    /// How much of the list precedes the page.
    behind: &'static str,
    rows: usize,
    millis: f64,
}

impl Report {
    /// Whether every page stays within the limit.
    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.over == 0
    }
}

/// Runs the measurement.
///
/// # Errors
/// The database cannot be reached, or a page takes longer than a second.
pub async fn run(plan: &Plan) -> anyhow::Result<Report> {
    let database = format!("stepwell_bench_lists_{}", std::process::id());
    let mut admin =
        PgConnection::connect(&plan.database_url).await.context("connecting to the Postgres to measure on")?;
    store::create_database(&mut admin, &database).await?;
    let mut url = Url::parse(&plan.database_url).context("the database's URL")?;
    url.set_path(&database);
    let measured = measure(url.as_str(), plan.rows).await;
    store::drop_database(&mut admin, &database).await?;
    measured
}

async fn measure(url: &str, rows: i64) -> anyhow::Result<Report> {
    let began = Instant::now();
    let pool = store::connect_engine(url, 2).await?;
    store::migrate(&pool).await?;
    pool.close().await;
    let mut filler = PgConnection::connect(url).await?;
    history::fill(&mut filler, rows).await.context("filling the database")?;
    let fill_seconds = began.elapsed().as_secs_f64();
    let pool = store::connect_reader(url, 1).await?;
    let by_key = RunFilter { event: Some(id(77)), ..RunFilter::default() };
    let (by_key_millis, _) = median(async || Ok(listing::page(&pool, &by_key, None, PAGE).await?.rows.len())).await?;
    let mut pages = of_runs(&pool, rows).await?;
    let runs = List::of("runs", &pages);
    let of_events = of_events(&pool, rows).await?;
    let lists = vec![runs, List::of("events", &of_events)];
    pages.extend(of_events);
    pages.sort_by(|a, b| b.millis.total_cmp(&a.millis));
    let over = pages.iter().filter(|page| page.millis > MILLIS_MAX).count();
    pages.truncate(TOLD.max(over));
    let database_bytes = history::database_bytes(&mut filler).await?;
    pool.close().await;
    Ok(Report {
        machine: process::machine(),
        rows,
        fill_seconds,
        database_bytes,
        by_key_millis,
        lists,
        over,
        slowest: pages,
    })
}

/// Where pages start, in each order.
fn places(rows: i64) -> [(&'static str, Order, &'static str, Option<Uuid>); 6] {
    [
        ("newest", Order::Newest, "nothing", None),
        ("newest", Order::Newest, "half", Some(id(rows / 2))),
        ("newest", Order::Newest, "nine tenths", Some(id(rows / 10))),
        ("oldest", Order::Oldest, "nothing", None),
        ("oldest", Order::Oldest, "half", Some(id(rows / 2))),
        ("oldest", Order::Oldest, "nine tenths", Some(id(rows / 10 * 9))),
    ]
}

async fn of_runs(pool: &PgPool, rows: i64) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for (name, filter) in filters::pairs(&filters::OF_RUNS, rows) {
        for (told, order, behind, after) in places(rows) {
            let filter = RunFilter { order, ..filter.clone() };
            let page = async || Ok(listing::page(pool, &filter, after, PAGE).await?.rows.len());
            let (millis, rows) = median(page).await.with_context(|| format!("runs, {name}, {told} first"))?;
            pages.push(Page { list: "runs", filter: name.clone(), order: told, behind, rows, millis });
        }
    }
    Ok(pages)
}

async fn of_events(pool: &PgPool, rows: i64) -> anyhow::Result<Vec<Page>> {
    let mut pages = Vec::new();
    for (name, filter) in filters::pairs(&filters::OF_EVENTS, rows) {
        for (told, order, behind, after) in places(rows) {
            let filter = EventFilter { order, ..filter.clone() };
            let page = async || Ok(events::page(pool, &filter, after, PAGE).await?.rows.len());
            let (millis, rows) = median(page).await.with_context(|| format!("events, {name}, {told} first"))?;
            pages.push(Page { list: "events", filter: name.clone(), order: told, behind, rows, millis });
        }
    }
    Ok(pages)
}

/// Returns the median time of a page and its number of rows.
async fn median(page: impl AsyncFn() -> Result<usize, StoreError>) -> Result<(f64, usize), StoreError> {
    let (mut millis, mut rows) = (Vec::with_capacity(TIMES), 0);
    for _ in 0..TIMES {
        let began = Instant::now();
        rows = page().await?;
        millis.push(began.elapsed().as_secs_f64() * 1e3);
    }
    millis.sort_by(f64::total_cmp);
    Ok((millis[TIMES / 2], rows))
}

impl List {
    fn of(list: &'static str, pages: &[Page]) -> Self {
        let mut millis: Vec<f64> = pages.iter().map(|page| page.millis).collect();
        millis.sort_by(f64::total_cmp);
        let at = |per_cent: usize| millis.get((millis.len() * per_cent / 100).min(millis.len().saturating_sub(1)));
        let at = |per_cent| at(per_cent).copied().unwrap_or(0.0);
        Self { list, pages: millis.len(), median_millis: at(50), p99_millis: at(99), max_millis: at(100) }
    }
}

impl fmt::Display for Report {
    #[expect(clippy::cast_precision_loss, reason = "gigabytes for people")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "machine                     {}", self.machine)?;
        writeln!(
            f,
            "rows                        {} runs and as many events, {:.1} GB, filled in {:.0} s",
            self.rows,
            self.database_bytes as f64 / 1e9,
            self.fill_seconds
        )?;
        writeln!(f, "60 runs by their ids        {:.2} ms", self.by_key_millis)?;
        for List { list, pages, median_millis, p99_millis, max_millis } in &self.lists {
            writeln!(
                f,
                "{:28}{pages} pages of {PAGE}: median {median_millis:.2} ms, p99 {p99_millis:.1} ms, at most {max_millis:.1} ms",
                format!("lists of {list}")
            )?;
        }
        writeln!(f, "over {MILLIS_MAX} ms                  {}", self.over)?;
        writeln!(f, "\n    ms  times by id  rows  list, order and place")?;
        for Page { list, filter, order, behind, rows, millis } in &self.slowest {
            let ratio = millis / self.by_key_millis;
            writeln!(f, "{millis:6.1}  {ratio:11.1}  {rows:4}  {list}, {order} first, behind {behind}: {filter}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
