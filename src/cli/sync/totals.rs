//! `stepwell totals`: won deals against orders, and the sign-off of a period.

use std::process::ExitCode;

use chrono::{Days, NaiveDate, Utc};
use clap::Subcommand;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::Engine;
use crate::engine::sync::totals::{self, Signed, Signing, TotalsLine, TotalsSum, csv};
use crate::memory::totals::{Scope, State};
use crate::store::access;
use crate::store::sync::totals::shown::Filter;

/// Arguments of `stepwell totals`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign off a period. Your name, the time and the reason are recorded, and later changes in it are marked.
    Sign(Sign),
}

/// Filters and output format.
#[derive(Debug, clap::Args)]
struct List {
    /// First day (default: 30 days before the last).
    #[arg(long)]
    from: Option<NaiveDate>,
    /// Last day (default: today).
    #[arg(long)]
    until: Option<NaiveDate>,
    /// Only this currency.
    #[arg(long)]
    currency: Option<String>,
    /// Only this company, by its id in the ERP.
    #[arg(long)]
    company: Option<String>,
    /// Only lines in this state.
    #[arg(long, value_parser = State::ALL.map(State::as_str))]
    state: Option<String>,
    /// List the deals and orders instead of their sums.
    #[arg(long)]
    lines: bool,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
}

/// What is signed off, and why.
#[derive(Debug, clap::Args)]
struct Sign {
    /// First day.
    #[arg(long)]
    from: NaiveDate,
    /// Last day.
    #[arg(long)]
    until: NaiveDate,
    /// Only this currency.
    #[arg(long)]
    currency: Option<String>,
    /// Only this company, by its id in the ERP.
    #[arg(long)]
    company: Option<String>,
    /// The reason. Required if lines do not agree, or if no complete pass has covered all days.
    #[arg(long)]
    reason: Option<String>,
}

/// Days that are shown by default.
const DAYS_SHOWN: u64 = 31;

pub(in crate::cli) async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    match args.command {
        Some(Command::Sign(sign)) => signed(&engine, settings, sign).await?,
        None => listed(&engine, args.list).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn listed(engine: &Engine, list: List) -> anyhow::Result<()> {
    let until = list.until.unwrap_or_else(|| Utc::now().date_naive().max(list.from.unwrap_or_default()));
    let from = list.from.or_else(|| until.checked_sub_days(Days::new(DAYS_SHOWN - 1))).unwrap_or(until);
    totals::check_period(from, until).map_err(anyhow::Error::msg)?;
    let scope = Scope { from, until, currency: list.currency, company: list.company };
    let filter = Filter { scope, state: list.state.as_deref().and_then(State::named) };
    if list.lines {
        let found = totals::lines(engine.reader(), &filter, None, csv::ROWS_MAX + 1).await?;
        bounded(found.len())?;
        if list.csv {
            print!("{}", csv::of_lines(found.iter().map(|(_, line)| line)));
            return Ok(());
        }
        for (_, line) in found {
            println!("{}", if list.json { serde_json::to_string(&line)? } else { line_of(&line) });
        }
        return Ok(());
    }
    let sums = totals::by_day(engine.reader(), &filter, None, csv::ROWS_MAX + 1).await?;
    bounded(sums.len())?;
    if list.csv {
        print!("{}", csv::of_sums(&sums));
        return Ok(());
    }
    for sum in sums {
        println!("{}", if list.json { serde_json::to_string(&sum)? } else { sum_of(&sum) });
    }
    Ok(())
}

fn bounded(rows: usize) -> anyhow::Result<()> {
    anyhow::ensure!(
        i64::try_from(rows).is_ok_and(|rows| rows <= csv::ROWS_MAX),
        "there are more than {} rows: ask for fewer days",
        csv::ROWS_MAX
    );
    Ok(())
}

async fn signed(engine: &Engine, settings: &Settings, sign: Sign) -> anyhow::Result<()> {
    let by = context::identity(engine.reader(), settings, access::Scope::Operate).await?.actor();
    let Sign { from, until, currency, company, reason } = sign;
    let reason = reason.filter(|reason| !reason.trim().is_empty());
    let signing = Signing { scope: Scope { from, until, currency, company }, seen: None, reason };
    match engine.sign_totals(&signing, &by).await? {
        Signed::Done(done) => println!("sign-off {} of {from} to {until} by {}", done.id, done.actor),
        Signed::NeedsReason(why) => {
            anyhow::bail!("not signed off: {why}; give a --reason for signing off anyway")
        }
        Signed::Refused(why) | Signed::Stale(why) => anyhow::bail!("not signed off: {why}"),
    }
    Ok(())
}

/// `2026-11-20  EUR  2  3 deals 24688.86, 2 orders 21088.86, difference -3600.00: 1 no_order`
fn sum_of(sum: &TotalsSum) -> String {
    let TotalsSum { deals, orders, deal_amount, order_amount, difference, .. } = sum;
    let day = sum.day.map(|day| day.to_string()).unwrap_or_default();
    let company = sum.company.as_ref().map(|id| format!("  {id:?}")).unwrap_or_default();
    let open = sum.states.iter().filter(|(state, lines)| **state != State::Agrees.as_str() && **lines > 0);
    let open = open.map(|(state, lines)| format!("{lines} {state}")).collect::<Vec<_>>().join(", ");
    let mut marks = Vec::new();
    if !open.is_empty() {
        marks.push(open);
    }
    if sum.changed > 0 {
        marks.push(format!("{} changed since signed off", sum.changed));
    } else if sum.sign_off.is_some() {
        marks.push("signed off".to_owned());
    }
    if !sum.complete {
        marks.push("not complete".to_owned());
    }
    let marks = if marks.is_empty() { String::new() } else { format!(": {}", marks.join("; ")) };
    let currency = &sum.currency;
    format!(
        "{day}  {currency}{company}  {deals} deals {deal_amount}, {orders} orders {order_amount}, difference {difference}{marks}"
    )
}

/// What came from outside is quoted, so that it moves no cursor.
fn line_of(line: &TotalsLine) -> String {
    let id = |id: &Option<String>| id.as_ref().map_or_else(|| "none".to_owned(), |id| format!("{id:?}"));
    let amount = |amount: &Option<String>| amount.clone().unwrap_or_else(|| "none".to_owned());
    let note = line.note.as_ref().map(|note| format!("  {note:?}")).unwrap_or_default();
    let run = line.runs.first().map(|run| format!("  run {}", run.id)).unwrap_or_default();
    format!(
        "{}  {}  deal {} {}, order {} {}, difference {} {}{note}{run}",
        line.day,
        line.state.as_str(),
        id(&line.deal),
        amount(&line.deal_amount),
        id(&line.order_number),
        amount(&line.order_amount),
        amount(&line.difference),
        line.currency,
    )
}
