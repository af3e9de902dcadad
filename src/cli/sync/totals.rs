//! `stepwell totals`: compares won deals with orders, and signs off a period.

use std::collections::BTreeMap;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::cli::client::{self, Call, Client, Path};
use crate::cli::{print, when};
use crate::config::Settings;
use crate::memory::totals::State;

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
    /// First day, such as 2026-11-01, or how long ago, such as 7d (default: 30 days before the last).
    #[arg(long, value_name = "DAY", value_parser = when::day)]
    from: Option<NaiveDate>,
    /// Last day, or how long ago (default: today).
    #[arg(long, value_name = "DAY", value_parser = when::day)]
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
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// What is signed off, and why.
#[derive(Debug, clap::Args)]
struct Sign {
    /// First day.
    #[arg(long, value_name = "DAY", value_parser = when::day)]
    from: NaiveDate,
    /// Last day.
    #[arg(long, value_name = "DAY", value_parser = when::day)]
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
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The printed fields of a sum.
#[derive(Deserialize)]
struct Sum {
    day: Option<NaiveDate>,
    currency: String,
    company: Option<String>,
    deals: i64,
    orders: i64,
    deal_amount: String,
    order_amount: String,
    difference: String,
    states: BTreeMap<String, i64>,
    changed: i64,
    complete: bool,
    sign_off: Option<Uuid>,
}

/// The printed fields of a deal or order.
#[derive(Deserialize)]
struct Line {
    day: NaiveDate,
    currency: String,
    state: String,
    deal: Option<String>,
    order_number: Option<String>,
    deal_amount: Option<String>,
    order_amount: Option<String>,
    difference: Option<String>,
    note: Option<String>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    id: Uuid,
}

#[derive(Deserialize)]
struct SignOff {
    id: Uuid,
    actor: String,
}

/// Most rows printed.
const ROWS_MAX: usize = 100_000;

pub(in crate::cli) async fn run(args: Args, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match args.command {
        Some(Command::Sign(sign)) => signed(&client, sign).await?,
        None => listed(&client, args.list).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn listed(client: &Client, list: List) -> anyhow::Result<()> {
    let path = if list.lines { Path::of(["totals", "lines"]) } else { Path::of(["totals"]) };
    let path = path.with("from", list.from).with("until", list.until).with("currency", list.currency);
    let path = path.with("company", list.company).with("state", list.state);
    if list.csv {
        let file = client.send(Call::new(Method::GET, path.with("format", Some("csv")))).await?;
        print!("{}", file.into_text()?);
        return Ok(());
    }
    let pages = client.pages(path, ROWS_MAX);
    match list.lines {
        true => print::pages(pages, list.json, line_of).await?,
        false => print::pages(pages, list.json, sum_of).await?,
    }
    Ok(())
}

async fn signed(client: &Client, sign: Sign) -> anyhow::Result<()> {
    let Sign { from, until, currency, company, reason, json } = sign;
    let asked = json!({ "from": from, "until": until, "currency": currency, "company": company, "reason": reason });
    let done = client.post(Path::of(["totals", "sign-offs"]), &asked).await.map_err(|failure| {
        let needs_reason = failure.problem().and_then(|problem| problem.errors.iter().find(|e| e.pointer == "/reason"));
        match needs_reason {
            Some(place) => {
                anyhow::anyhow!("not signed off: a reason {}; give a --reason for signing off anyway", place.message)
            }
            None => failure.into(),
        }
    })?;
    if json {
        print::json(&done);
        return Ok(());
    }
    let SignOff { id, actor } = client::read(done)?;
    print::text(&format!("sign-off {id} of {from} to {until} by {actor}"));
    Ok(())
}

/// `2026-11-20  EUR  2  3 deals 24688.86, 2 orders 21088.86, difference -3600.00: 1 no_order`
fn sum_of(sum: &Sum) -> String {
    let Sum { deals, orders, deal_amount, order_amount, difference, .. } = sum;
    let day = sum.day.map(|day| day.to_string()).unwrap_or_default();
    let company = sum.company.as_ref().map(|id| format!("  {id:?}")).unwrap_or_default();
    let open = sum.states.iter().filter(|(state, lines)| *state != State::Agrees.as_str() && **lines > 0);
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

/// External text is quoted, so that it cannot control the terminal.
fn line_of(line: &Line) -> String {
    let id = |id: &Option<String>| id.as_ref().map_or_else(|| "none".to_owned(), |id| format!("{id:?}"));
    let amount = |amount: &Option<String>| amount.clone().unwrap_or_else(|| "none".to_owned());
    let note = line.note.as_ref().map(|note| format!("  {note:?}")).unwrap_or_default();
    let run = line.runs.first().map(|run| format!("  run {}", run.id)).unwrap_or_default();
    format!(
        "{}  {}  deal {} {}, order {} {}, difference {} {}{note}{run}",
        line.day,
        line.state,
        id(&line.deal),
        amount(&line.deal_amount),
        id(&line.order_number),
        amount(&line.order_amount),
        amount(&line.difference),
        line.currency,
    )
}
