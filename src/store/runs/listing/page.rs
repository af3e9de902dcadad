//! One page of runs. A filter is split into parts, each of which an index serves in the order of the list: a workflow's versions one
//! by one, statuses one by one. A part looks at a bounded number of rows. Where that is not enough to fill the page, the page says
//! how far it looked, and the next one continues there; so no filter is slow, however many runs do not match it.

use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::part::{APART_MAX, Filtered, Part};
use super::rows::by_ids;
use super::{ONE_MOMENT, Order, RunFilter, RunRow};
use crate::machine::Status;
use crate::store::StoreError;
use crate::store::runs::unacknowledged;
use crate::store::uuids::{before, beginning_with, bounds, following};

/// More definitions than this are not gone through one by one.
const DEFINITIONS_MAX: usize = 200;

/// No installation has more.
const DEFINITIONS_KNOWN_MAX: i64 = 1_000_000;

/// Keys that begin with a text, found by the index of keys; where there are more, runs are looked through in order.
const KEYS_MAX: i64 = 10_000;

/// Runs that are known by their ids and that one page looks at.
#[expect(clippy::cast_possible_truncation, reason = "it is small")]
const IDS_MAX: usize = APART_MAX as usize;

/// A page of runs.
#[derive(Debug, Default)]
pub struct RunsPage {
    /// In order.
    pub rows: Vec<RunRow>,
    /// Set if there may be more: give it as `after` for the next page. It is the last row's id, or how far the page looked.
    pub next: Option<Uuid>,
}

/// A row that fits, or the last one that an arm looked at.
#[derive(sqlx::FromRow)]
struct Hit {
    id: Uuid,
    fits: bool,
    is_last: bool,
}

/// What every row of a page must fit.
struct Bounds<'f> {
    filter: &'f RunFilter,
    definitions: Option<Vec<i32>>,
    statuses: Option<Vec<String>>,
    /// `Some(true)`: any reason; `Some(false)`: none.
    attention: Option<bool>,
    reason: Option<&'f str>,
    low: Uuid,
    high: Uuid,
}

/// One page; `after` is what `next` of the page before held.
pub(super) async fn read(
    pool: &PgPool,
    filter: &RunFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<RunsPage, StoreError> {
    // All statements see the same moment: what comes or goes between them would be shown twice or never.
    let mut moment = pool.begin_with(ONE_MOMENT).await?;
    let Some(mut bounds) = Bounds::of(&mut moment, filter).await? else { return Ok(RunsPage::default()) };
    match (after, filter.order) {
        (Some(after), Order::Newest) => bounds.high = bounds.high.min(before(after)),
        (Some(after), Order::Oldest) => bounds.low = bounds.low.max(following(after)),
        (None, _) => {}
    }
    let oldest = filter.order == Order::Oldest;
    let further = |a: &Uuid, b: &Uuid| if oldest { a.cmp(b) } else { b.cmp(a) };
    let (mut ids, mut cut): (Vec<Uuid>, Option<Uuid>) = (Vec::new(), None);
    for part in bounds.parts(&mut moment).await? {
        let hits = bounds.find(&mut moment, &part, limit + 1).await?;
        ids.extend(hits.iter().filter(|hit| hit.fits).map(|hit| hit.id));
        // What one arm did not look at may come before what another found beyond.
        let cuts = hits.iter().filter(|hit| hit.is_last).map(|hit| hit.id);
        cut = cuts.chain(part.cut()).chain(cut).min_by(further);
    }
    moment.commit().await?;
    ids.sort_unstable_by(further);
    ids.dedup();
    if let Some(cut) = cut {
        ids.retain(|id| further(id, &cut).is_le());
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = if ids.len() > limit { ids.get(limit.saturating_sub(1)).copied() } else { cut };
    ids.truncate(limit);
    let mut rows: Vec<RunRow> = by_ids(pool, &ids).await?.into_iter().map(RunRow::from).collect();
    rows.sort_unstable_by(|a, b| further(&a.id, &b.id));
    Ok(RunsPage { rows, next })
}

impl<'f> Bounds<'f> {
    /// None where nothing can fit.
    async fn of(conn: &mut PgConnection, filter: &'f RunFilter) -> Result<Option<Self>, StoreError> {
        let definitions = match filter.workflow.is_some() || filter.version.is_some() {
            true => Some(definition_ids(conn, filter).await?),
            false => None,
        };
        if definitions.as_ref().is_some_and(Vec::is_empty) {
            return Ok(None);
        }
        let statuses = Some(&filter.status).filter(|s| !s.is_empty());
        let (attention, reason) = match filter.attention.as_deref() {
            None => (filter.fingerprint.as_ref().map(|_| true), None),
            Some("none") => (Some(false), None),
            Some("any") => (Some(true), None),
            Some(reason) => (Some(true), Some(reason)),
        };
        let (low, high) = bounds(filter.since, filter.until);
        Ok(Some(Self {
            filter,
            definitions,
            statuses: statuses.map(|s| s.iter().map(|s| s.as_str().to_owned()).collect()),
            attention,
            reason,
            low,
            high,
        }))
    }

    /// The parts whose union is all that can fit, each by the index that has the fewest other rows.
    async fn parts(&self, conn: &mut PgConnection) -> Result<Vec<Part>, StoreError> {
        let filter = self.filter;
        if let Some(event) = filter.event {
            return Ok(vec![self.nearest(runs_of_event(conn, event).await?)]);
        }
        if filter.unacknowledged {
            let oldest = filter.order == Order::Oldest;
            return Ok(vec![
                self.nearest(unacknowledged::between(conn, (self.low, self.high), oldest, APART_MAX + 1).await?),
            ]);
        }
        if let Some(key) = &filter.key {
            return Ok(vec![Part::Key(key.clone())]);
        }
        if let Some(q) = &filter.q
            && let Some(ids) = self.beginning_with(conn, q).await?
        {
            return Ok(vec![self.nearest(ids)]);
        }
        let is_about_more = self.statuses.is_some() || self.attention == Some(true);
        if let Some(definitions) = self.definitions.as_ref().filter(|_| is_about_more)
            && are_rare(conn, definitions).await?
        {
            return Ok(vec![Part::Rare(definitions.clone())]);
        }
        if let (Some(fingerprint), true) = (&filter.fingerprint, self.attention != Some(false)) {
            return Ok(vec![Part::Cause(fingerprint.clone())]);
        }
        if self.attention == Some(true) {
            return Ok(vec![Part::Attention]);
        }
        let Some(statuses) = &self.statuses else {
            return Ok(vec![self.by_definition()]);
        };
        let named = |wanted: fn(Status) -> bool| -> Vec<String> {
            filter.status.iter().filter(|s| wanted(**s)).map(|s| s.as_str().to_owned()).collect()
        };
        let (live, unhappy) = (named(is_live), named(is_unhappy));
        let mut parts = Vec::new();
        if statuses.iter().any(|s| s == Status::Completed.as_str()) {
            parts.push(self.by_definition());
        }
        if !live.is_empty() {
            parts.push(Part::Live(live));
        }
        if !unhappy.is_empty() {
            parts.push(match self.few_definitions() {
                Some(definitions) => Part::UnhappyOf(definitions, unhappy),
                None => Part::Unhappy(unhappy),
            });
        }
        Ok(parts)
    }

    fn by_definition(&self) -> Part {
        self.few_definitions().map_or(Part::All, Part::Definitions)
    }

    /// The definitions, if they are so few that they can be gone through one by one.
    fn few_definitions(&self) -> Option<Vec<i32>> {
        self.definitions.clone().filter(|definitions| definitions.len() <= DEFINITIONS_MAX)
    }

    /// Those of these runs that come first.
    fn nearest(&self, mut ids: Vec<Uuid>) -> Part {
        ids.retain(|id| (self.low..=self.high).contains(id));
        ids.sort_unstable();
        if self.filter.order == Order::Newest {
            ids.reverse();
        }
        let cut = (ids.len() > IDS_MAX).then(|| ids[IDS_MAX - 1]);
        ids.truncate(IDS_MAX);
        Part::Ids(ids, cut)
    }

    /// Those of the runs whose key or id begins with a text that come first on this page; none if there are very many.
    async fn beginning_with(&self, conn: &mut PgConnection, text: &str) -> Result<Option<Vec<Uuid>>, StoreError> {
        let q = Prefix::of(text);
        let (id_low, id_high) = q.ids.map_or((Uuid::max(), Uuid::nil()), |ids| ids);
        let found = sqlx::query!(
            r#"with found as materialized (
                   (select id from runs where key >= $1 and key <= $2 order by key limit $5)
                   union all
                   (select id from runs where id >= $3 and id <= $4 order by id limit $5))
               select (select count(*) from found) as "n!",
                      array(select id from found where id >= $6 and id <= $7
                            order by case when $8 then id end, id desc limit $9) as "ids!""#,
            q.key_low,
            q.key_high,
            id_low,
            id_high,
            KEYS_MAX + 1,
            self.low,
            self.high,
            self.filter.order == Order::Oldest,
            APART_MAX + 1
        )
        .fetch_one(conn)
        .await?;
        Ok((found.n <= KEYS_MAX).then_some(found.ids))
    }

    /// What fits of a part, at most so many of each arm, and how far each arm looked that looked at as many rows as it may.
    async fn find(&self, conn: &mut PgConnection, part: &Part, limit: i64) -> Result<Vec<Hit>, StoreError> {
        let columns = part.column().map_or("r.id".to_owned(), |(column, _)| format!("r.{column}, r.id"));
        let mut filter = QueryBuilder::new("");
        self.push_filter(&mut filter, part);
        let looked = part.looked(limit, filter.sql().as_str().is_empty());
        let mut sql = QueryBuilder::new("select hit.id, hit.fits, hit.is_last from ");
        part.push_arms(&mut sql);
        sql.push(" cross join lateral (select r.id, r.fits, r.place = ")
            .push_bind(looked)
            .push(" as is_last from (select ");
        sql.push(columns).push(", row_number() over (");
        self.push_order(&mut sql, part);
        sql.push(") as place, coalesce(true");
        self.push_filter(&mut sql, part);
        sql.push(", false) as fits from (select * from runs r where ");
        self.push_looked(&mut sql, part);
        sql.push(" limit ").push_bind(looked).push(") r) r where r.fits or r.place = ").push_bind(looked);
        // As the rows come, so that the statement ends with the last one that is wanted.
        self.push_order(&mut sql, part);
        sql.push(" limit ").push_bind(limit).push(") hit");
        Ok(sql.build_query_as().fetch_all(conn).await?)
    }

    fn direction(&self) -> &'static str {
        match self.filter.order {
            Order::Newest => "desc",
            Order::Oldest => "asc",
        }
    }

    /// The rows that an arm goes through, in order. An array of one value, and not the value itself: for the planner it is then no constant,
    /// and only the index that has this column first is in order.
    fn push_looked(&self, sql: &mut QueryBuilder<Postgres>, part: &Part) {
        sql.push(part.condition());
        if let Some((column, value)) = part.column() {
            sql.push(format!(" and r.{column} = any(array[{value}])"));
        }
        sql.push(" and r.id >= ").push_bind(self.low).push(" and r.id <= ").push_bind(self.high);
        self.push_order(sql, part);
    }

    fn push_order(&self, sql: &mut QueryBuilder<Postgres>, part: &Part) {
        sql.push(" order by ");
        if let Some((column, _)) = part.column() {
            sql.push(format!("r.{column} {}, ", self.direction()));
        }
        sql.push("r.id ").push(self.direction());
    }

    /// What the rows of the part do not all fit anyway.
    fn push_filter(&self, sql: &mut QueryBuilder<Postgres>, part: &Part) {
        if let Some(definitions) = self.definitions.as_ref().filter(|_| !part.settles(Filtered::Definition)) {
            sql.push(" and definition_id = any(").push_bind(definitions).push(")");
        }
        if let Some(statuses) = self.statuses.as_ref().filter(|_| !part.settles(Filtered::Status)) {
            sql.push(" and status = any(").push_bind(statuses).push(")");
        }
        match self.attention {
            Some(true) if !part.settles(Filtered::Attention) => drop(sql.push(" and attention is not null")),
            Some(false) => drop(sql.push(" and attention is null")),
            Some(true) | None => {}
        }
        for (condition, value) in [
            (" and attention = ", self.reason),
            (" and fingerprint = ", self.filter.fingerprint.as_deref().filter(|_| !part.settles(Filtered::Cause))),
            (" and key = ", self.filter.key.as_deref().filter(|_| !part.settles(Filtered::Key))),
        ] {
            if let Some(value) = value {
                sql.push(condition).push_bind(value);
            }
        }
        // Without an event, the part is made of them.
        if self.filter.unacknowledged && self.filter.event.is_some() {
            sql.push(
                " and exists (select from unacknowledged_runs u
                              where u.shard = r.shard and u.run_id = r.id and u.ended_at is not null)",
            );
        }
        if let Some(since) = self.filter.since {
            sql.push(" and created_at >= ").push_bind(since);
        }
        if let Some(until) = self.filter.until {
            sql.push(" and created_at < ").push_bind(until);
        }
        if let Some(q) = self.filter.q.as_deref().map(Prefix::of) {
            sql.push(" and ((key >= ").push_bind(q.key_low).push(" and key <= ").push_bind(q.key_high).push(")");
            if let Some((low, high)) = q.ids {
                sql.push(" or (id >= ").push_bind(low).push(" and id <= ").push_bind(high).push(")");
            }
            sql.push(")");
        }
    }
}

impl Prefix {
    fn of(text: &str) -> Self {
        Self { key_low: text.to_owned(), key_high: format!("{text}{}", char::MAX), ids: beginning_with(text) }
    }
}

/// What starts with a text, as ranges that an index can find.
struct Prefix {
    key_low: String,
    key_high: String,
    /// None where the text starts no UUID.
    ids: Option<(Uuid, Uuid)>,
}

/// Live as far as the status tells. A faulted run may be live too: it waits for a person.
fn is_live(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Running | Status::Waiting | Status::Suspended | Status::Compensating)
}

/// Ended, or stopped, otherwise than well.
fn is_unhappy(status: Status) -> bool {
    matches!(status, Status::Compensated | Status::Cancelled | Status::Faulted)
}

/// Versions that fit, those deployed last first.
async fn definition_ids(conn: &mut PgConnection, filter: &RunFilter) -> Result<Vec<i32>, StoreError> {
    let (namespace, name) = match filter.workflow.as_deref().map(|w| (w, w.split_once('/'))) {
        Some((_, Some((namespace, name)))) => (Some(namespace), Some(name)),
        Some((name, None)) => (None, Some(name)),
        None => (None, None),
    };
    Ok(sqlx::query_scalar!(
        "select id from definitions
         where ($1::text is null or namespace = $1) and ($2::text is null or name = $2)
           and ($3::text is null or version = $3)
         order by id desc limit $4",
        namespace,
        name,
        filter.version,
        DEFINITIONS_KNOWN_MAX,
    )
    .fetch_all(conn)
    .await?)
}

/// Whether these definitions have so few runs together that a page can look at all of them.
async fn are_rare(conn: &mut PgConnection, definitions: &[i32]) -> Result<bool, StoreError> {
    if definitions.len() > DEFINITIONS_MAX {
        return Ok(false);
    }
    let count = sqlx::query_scalar!(
        r#"select count(*) as "n!" from (
               select from unnest($1::integer[]) as d (id)
               cross join lateral (select from runs r
                                   where r.definition_id = d.id limit $2) found
               limit $2) counted"#,
        definitions,
        APART_MAX + 1
    )
    .fetch_one(conn)
    .await?;
    Ok(count <= APART_MAX)
}

/// The event's row names its runs, so `runs` needs no index on it.
async fn runs_of_event(conn: &mut PgConnection, event: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let runs = sqlx::query_scalar!("select runs from events where id = $1 limit 1", event).fetch_optional(conn).await?;
    Ok(runs.unwrap_or_default())
}
