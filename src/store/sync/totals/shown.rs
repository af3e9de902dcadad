//! Published totals as people read them. Postgres adds up the exact numbers.

use chrono::NaiveDate;
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use super::rows::{LineRow, amount};
use crate::decimal::Decimal;
use crate::machine::RunId;
use crate::memory::totals::{Line, Place, Scope, State};
use crate::store::StoreError;

/// Selects lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// A range of days, optionally of one currency or company.
    pub scope: Scope,
    /// Only lines in this state.
    pub state: Option<State>,
}

impl Filter {
    fn state(&self) -> Option<i16> {
        self.state.map(State::rank)
    }
}

/// The sums of the lines of one day, currency and company, or over several days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// The day; `None` for a sum over several days.
    pub day: Option<NaiveDate>,
    /// ISO 4217 code.
    pub currency: String,
    /// Id of the company; empty if there is only one.
    pub company: String,
    /// Number of won deals.
    pub deals: i64,
    /// Number of orders that are not cancelled.
    pub orders: i64,
    /// Net total of the deals.
    pub deal_amount: Decimal,
    /// Net total of the orders.
    pub order_amount: Decimal,
    /// Number of lines in each state, in the order of [`State::ALL`].
    pub states: [i64; 6],
    /// Number of changes since a person signed off.
    pub changed: i64,
    /// Whether a complete pass has covered each day since it ended.
    pub complete: bool,
    /// The last sign-off; `None` for a sum over several days.
    pub signed: Option<Uuid>,
}

struct SumRow {
    day: Option<NaiveDate>,
    currency: String,
    company: String,
    deals: i64,
    orders: i64,
    deal_amount: String,
    order_amount: String,
    states: Vec<i64>,
    changed: i64,
    complete: bool,
    signed: Option<Uuid>,
}

impl From<SumRow> for Sum {
    fn from(row: SumRow) -> Self {
        let number = |text: &str| amount(Some(text)).unwrap_or(Decimal::ZERO);
        Self {
            day: row.day,
            deals: row.deals,
            orders: row.orders,
            deal_amount: number(&row.deal_amount),
            order_amount: number(&row.order_amount),
            states: row.states.try_into().unwrap_or_default(),
            changed: row.changed,
            complete: row.complete,
            signed: row.signed,
            currency: row.currency,
            company: row.company,
        }
    }
}

/// Returns sums by day, currency and company, newest day first, after `after`.
///
/// # Errors
/// The database is unavailable or the statement takes longer than a second.
pub async fn by_day(
    pool: &PgPool,
    filter: &Filter,
    after: Option<&(NaiveDate, String, String)>,
    limit: i64,
) -> Result<Vec<Sum>, StoreError> {
    let scope = &filter.scope;
    let rows = sqlx::query_as!(
        SumRow,
        r#"select g.day as "day?", g.currency as "currency!", g.company as "company!", g.deals as "deals!", g.orders as "orders!",
                  g.deal_amount as "deal_amount!", g.order_amount as "order_amount!", g.states as "states!",
                  (select count(*) from totals_changes c where c.sign_off is null and c.day = g.day and c.currency = g.currency
                   and c.company = g.company) as "changed!",
                  coalesce((select d.is_over from totals_days d where d.day = g.day), false) as "complete!",
                  (select s.id from totals_sign_offs s
                   where s.until_day >= g.day and s.from_day <= g.day and (s.currency is null or s.currency = g.currency)
                     and (s.company is null or s.company = g.company) order by s.id desc limit 1) as "signed?"
           from (select day, currency, company, count(*) filter (where state <> 3) as deals,
                        count(*) filter (where state not in (0, 1)) as orders,
                        coalesce(sum(deal_amount), 0)::text as deal_amount, coalesce(sum(order_amount), 0)::text as order_amount,
                        array[count(*) filter (where state = 0), count(*) filter (where state = 1), count(*) filter (where state = 2),
                              count(*) filter (where state = 3), count(*) filter (where state = 4), count(*) filter (where state = 5)]
                        as states
                 from totals_lines
                 where day between $1 and $2 and ($3::text is null or currency = $3) and ($4::text is null or company = $4)
                   and ($5::smallint is null or state = $5)
                   and ($6::date is null or day < $6 or (day = $6 and (currency, company) > ($7, $8)))
                 group by day, currency, company order by day desc, currency, company limit $9) g
           order by g.day desc, g.currency, g.company"#,
        scope.from,
        scope.until,
        scope.currency,
        scope.company,
        filter.state(),
        after.map(|(day, ..)| *day),
        after.map(|(_, currency, _)| currency.as_str()),
        after.map(|(.., company)| company.as_str()),
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Sum::from).collect())
}

/// Returns sums by currency and company over all days of a period.
///
/// # Errors
/// The database is unavailable or the statement takes longer than a second.
pub async fn by_period(executor: impl PgExecutor<'_>, filter: &Filter, limit: i64) -> Result<Vec<Sum>, StoreError> {
    let scope = &filter.scope;
    let rows = sqlx::query_as!(
        SumRow,
        r#"select null::date as "day?", g.currency as "currency!", g.company as "company!", g.deals as "deals!", g.orders as "orders!",
                  g.deal_amount as "deal_amount!", g.order_amount as "order_amount!", g.states as "states!",
                  (select count(*) from totals_changes c where c.sign_off is null and c.day between $1 and $2
                   and c.currency = g.currency and c.company = g.company) as "changed!",
                  (select count(*) from totals_days d where d.day between $1 and $2 and d.is_over) = $2::date - $1::date + 1
                  as "complete!",
                  null::uuid as "signed?"
           from (select currency, company, count(*) filter (where state <> 3) as deals,
                        count(*) filter (where state not in (0, 1)) as orders,
                        coalesce(sum(deal_amount), 0)::text as deal_amount, coalesce(sum(order_amount), 0)::text as order_amount,
                        array[count(*) filter (where state = 0), count(*) filter (where state = 1), count(*) filter (where state = 2),
                              count(*) filter (where state = 3), count(*) filter (where state = 4), count(*) filter (where state = 5)]
                        as states
                 from totals_lines
                 where day between $1 and $2 and ($3::text is null or currency = $3) and ($4::text is null or company = $4)
                   and ($5::smallint is null or state = $5)
                 group by currency, company order by currency, company limit $6) g
           order by g.currency, g.company"#,
        scope.from,
        scope.until,
        scope.currency,
        scope.company,
        filter.state(),
        limit
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(Sum::from).collect())
}

/// The last line of the previous page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    /// State of the line.
    pub state: State,
    /// Place of the line.
    pub place: Place,
}

impl After {
    /// Encodes it as a cursor: JSON, because ids may contain any character.
    #[must_use]
    pub fn to_token(&self) -> String {
        let Place { day, currency, company, key } = &self.place;
        serde_json::json!([self.state.rank(), day, currency, company, key]).to_string()
    }

    /// Parses what [`Self::to_token`] returned; `None` for anything else.
    #[must_use]
    pub fn of_token(token: &str) -> Option<Self> {
        let (rank, day, currency, company, key): (usize, _, _, _, _) = serde_json::from_str(token).ok()?;
        Some(Self { state: State::ALL.get(rank).copied()?, place: Place { day, currency, company, key } })
    }
}

/// Returns lines after `after`, those in most need of a person first.
///
/// # Errors
/// The database is unavailable or the statement takes longer than a second.
pub async fn lines(pool: &PgPool, filter: &Filter, after: Option<&After>, limit: i64) -> Result<Vec<Line>, StoreError> {
    let scope = &filter.scope;
    let place = after.map(|after| &after.place);
    let rows = sqlx::query_as!(
        LineRow,
        "select day, currency, company, key, deal_id, deal_name, deal_amount::text, order_id, order_number, order_amount::text, state,
                note
         from totals_lines
         where day between $1 and $2 and ($3::text is null or currency = $3) and ($4::text is null or company = $4)
           and ($5::smallint is null or state = $5)
           and ($6::smallint is null or (state, day, currency, company, key) > ($6, $7, $8, $9, $10))
         order by state, day, currency, company, key limit $11",
        scope.from,
        scope.until,
        scope.currency,
        scope.company,
        filter.state(),
        after.map(|after| after.state.rank()),
        place.map(|place| place.day),
        place.map(|place| place.currency.as_str()),
        place.map(|place| place.company.as_str()),
        place.map(|place| place.key.as_str()),
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Line::from).collect())
}

/// A run about a deal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOfDeal {
    /// Id of the deal, which is the run's business key.
    pub deal: String,
    /// Id of the run.
    pub run: RunId,
    /// `namespace/name`
    pub workflow: String,
    /// Status of the run.
    pub status: String,
    /// Why the run needs attention.
    pub attention: Option<String>,
}

/// Returns the newest runs with these business keys, up to `each` per key, newest first.
///
/// # Errors
/// The database is unavailable.
pub async fn runs(pool: &PgPool, deals: &[String], each: i64) -> Result<Vec<RunOfDeal>, StoreError> {
    Ok(sqlx::query_as!(
        RunOfDeal,
        r#"select t.deal as "deal!", r.id as "run!", d.namespace || '/' || d.name as "workflow!", r.status as "status!", r.attention
           from unnest($1::text[]) as t (deal)
           cross join lateral (select id, definition_id, status, attention from runs where key = t.deal order by id desc limit $2) r
           cross join lateral (select namespace, name from definitions where id = r.definition_id limit 1) d
           order by t.deal, r.id desc"#,
        deals,
        each
    )
    .fetch_all(pool)
    .await?)
}

/// Returns ids and names of companies, by name.
///
/// # Errors
/// The database is unavailable.
pub async fn companies(pool: &PgPool) -> Result<Vec<(String, String)>, StoreError> {
    let rows =
        sqlx::query!("select id, name from totals_companies order by name, id limit 1000").fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// A pass as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PassRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Run that performs it.
    pub run: Uuid,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
    /// Time at which it began.
    pub began_at: crate::machine::Time,
    /// Time at which it ended.
    pub ended_at: Option<crate::machine::Time>,
    /// Whether its run closed without ending the pass.
    pub stopped: bool,
}

/// Returns passes over any of these days, newest first.
///
/// # Errors
/// The database is unavailable.
pub async fn passes(
    pool: &PgPool,
    (from, until): (NaiveDate, NaiveDate),
    limit: i64,
) -> Result<Vec<PassRow>, StoreError> {
    Ok(sqlx::query_as!(
        PassRow,
        r#"select p.id, p.run_id as run, p.from_day as "from", p.until_day as until, p.began_at, p.ended_at,
                  p.ended_at is null and (r.id is null or r.finished_at is not null) as "stopped!"
           from totals_passes p
           left join runs r on r.shard = get_byte(uuid_send(p.run_id), 15)::smallint and r.id = p.run_id
           where p.until_day >= $1 and p.from_day <= $2 order by p.id desc limit $3"#,
        from,
        until,
        limit
    )
    .fetch_all(pool)
    .await?)
}
