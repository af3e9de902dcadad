//! One page of events. An index serves each filter in the order of the list, and a page looks at a bounded number of rows. Where that is
//! not enough to fill it, the page says how far it looked, and the next one goes on there; so no filter is slow, however many events do
//! not fit it.

use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{EventFilter, EventRow};
use crate::store::StoreError;
use crate::store::listing::{ONE_MOMENT, Order};
use crate::store::uuids::{before, bounds, following};

/// Rows that one page looks at.
const LOOKED_AT_MAX: i64 = 20_000;

/// Sources that a sender's id is looked for in. No installation has more.
const SOURCES_MAX: i64 = 1_000;

/// A page of events.
#[derive(Debug, Default)]
pub struct EventsPage {
    /// In order.
    pub rows: Vec<EventRow>,
    /// Set if there may be more: give it as `after` for the next page. It is the last row's id, or how far the page looked.
    pub next: Option<Uuid>,
}

/// The index that serves a page.
enum Way<'f> {
    /// These events.
    Ids(Vec<Uuid>),
    /// Those that wait for a person; they are few.
    Attention,
    /// By outcome, of those that started no run.
    Outcome(&'f str),
    /// By type.
    Type(&'f str),
    /// By source.
    Source(&'f str),
    /// By time.
    All,
}

impl Way<'_> {
    /// The table to scan, and the condition of its partial index.
    fn relation(&self) -> &'static str {
        match self {
            Self::Ids(_) => "events e where e.id = any(arm.ids)",
            Self::Attention => "event_attention e where true",
            Self::Outcome(_) => "events e where e.outcome <> 'run'",
            Self::Type(_) | Self::Source(_) | Self::All => "events e where true",
        }
    }

    /// The column of the index before the id.
    fn column(&self) -> Option<&'static str> {
        match self {
            Self::Outcome(_) => Some("e.outcome"),
            Self::Type(_) => Some("e.type"),
            Self::Source(_) => Some("e.source"),
            Self::Ids(_) | Self::Attention | Self::All => None,
        }
    }

    fn id(&self) -> &'static str {
        if matches!(self, Self::Attention) { "e.event" } else { "e.id" }
    }

    fn push_arm(&self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Ids(ids) => drop(sql.push("(select ").push_bind(ids.clone()).push("::uuid[] as ids) as arm")),
            Self::Outcome(value) | Self::Type(value) | Self::Source(value) => {
                sql.push("(select ").push_bind((*value).to_owned()).push("::text as value) as arm");
            }
            Self::Attention | Self::All => drop(sql.push("(values (1)) as arm (n)")),
        }
    }
}

/// One page of the events that fit; `after` is what `next` of the page before held.
///
/// # Errors
/// The database is away.
pub async fn page(
    pool: &PgPool,
    filter: &EventFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<EventsPage, StoreError> {
    let (mut low, mut high) = bounds(filter.since, filter.until);
    match (after, filter.order) {
        (Some(after), Order::Newest) => high = high.min(before(after)),
        (Some(after), Order::Oldest) => low = low.max(following(after)),
        (None, _) => {}
    }
    let look = Look { filter, way: way(pool, filter).await?, low, high };
    // Both statements see the same moment: what comes or goes between them would be shown twice or never.
    let mut moment = pool.begin_with(ONE_MOMENT).await?;
    let mut rows = look.find(&mut moment, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = match rows.get(limit) {
        Some(_) => rows.get(limit.saturating_sub(1)).map(|row| row.id),
        None => look.end(&mut moment).await?,
    };
    moment.commit().await?;
    rows.truncate(limit);
    Ok(EventsPage { rows, next })
}

/// Events that fit, in order, at most `limit`; `after` is the id of the last one of the list before. It reads as many pages as needed.
///
/// # Errors
/// The database is away.
pub async fn list(
    pool: &PgPool,
    filter: &EventFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    let (mut rows, mut after) = (Vec::new(), after);
    loop {
        let left = limit - i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let found = page(pool, filter, after, left).await?;
        rows.extend(found.rows);
        if found.next.is_none() || i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit {
            return Ok(rows);
        }
        after = found.next;
    }
}

async fn way<'f>(pool: &PgPool, filter: &'f EventFilter) -> Result<Way<'f>, StoreError> {
    if let Some(event_id) = &filter.event_id {
        return Ok(Way::Ids(by_sender_id(pool, filter.source.as_deref(), event_id).await?));
    }
    if filter.attention {
        return Ok(Way::Attention);
    }
    Ok(match (filter.outcome.as_deref(), filter.r#type.as_deref(), filter.source.as_deref()) {
        (Some(outcome @ ("rejected" | "gathered")), ..) => Way::Outcome(outcome),
        (_, Some(r#type), _) => Way::Type(r#type),
        (_, _, Some(source)) => Way::Source(source),
        (Some(outcome), ..) if outcome != "run" => Way::Outcome(outcome),
        _ => Way::All,
    })
}

/// Events of a sender's id: of one source, or of each, found one after the other at the beginnings of their keys.
async fn by_sender_id(pool: &PgPool, source: Option<&str>, event_id: &str) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"with recursive sources (source) as (
               (select coalesce($1, (select k.source from event_keys k order by k.source limit 1)))
               union all
               select (select k.source from event_keys k where k.source > s.source order by k.source limit 1)
               from sources s where s.source is not null and $1 is null
           )
           select k.event as "event!" from (select source from sources where source is not null limit $3) s
           cross join lateral (select event from event_keys k where k.source = s.source and k.event_id = $2 limit 1) k"#,
        source,
        event_id,
        SOURCES_MAX
    )
    .fetch_all(pool)
    .await?)
}

/// Rows that a page goes through.
struct Look<'f> {
    filter: &'f EventFilter,
    way: Way<'f>,
    low: Uuid,
    high: Uuid,
}

impl Look<'_> {
    /// The rows that fit among those that the page looks at.
    async fn find(&self, conn: &mut PgConnection, limit: i64) -> Result<Vec<EventRow>, StoreError> {
        let mut sql = QueryBuilder::new(
            "select e.id, e.source, e.event_id, e.type, e.received_at, e.outcome, e.runs, e.resumed,
                    exists (select from event_attention n where n.event = e.id) as attention from ",
        );
        self.way.push_arm(&mut sql);
        sql.push(" cross join lateral (select ").push(self.way.id()).push(" as id from ");
        self.push_looked(&mut sql);
        sql.push(" limit ").push_bind(LOOKED_AT_MAX).push(") looked");
        // Its own row, by its key, so that the planner does not start from this table.
        sql.push(" cross join lateral (select * from events e where e.id = looked.id limit 1) e where true");
        self.push_filter(&mut sql);
        sql.push(" order by looked.id ").push(self.direction()).push(" limit ").push_bind(limit);
        Ok(sql.build_query_as::<EventRow>().fetch_all(conn).await?)
    }

    /// The last row that the page looked at, where it looked at as many as it may.
    async fn end(&self, conn: &mut PgConnection) -> Result<Option<Uuid>, StoreError> {
        if matches!(self.way, Way::Ids(_)) {
            return Ok(None);
        }
        let mut sql = QueryBuilder::new("select looked.id from ");
        self.way.push_arm(&mut sql);
        sql.push(" cross join lateral (select ").push(self.way.id()).push(" as id from ");
        self.push_looked(&mut sql);
        sql.push(" offset ").push_bind(LOOKED_AT_MAX - 1).push(" limit 1) looked");
        Ok(sql.build_query_scalar().fetch_optional(conn).await?)
    }

    fn direction(&self) -> &'static str {
        match self.filter.order {
            Order::Newest => "desc",
            Order::Oldest => "asc",
        }
    }

    /// Both bounds and the order name all columns of the index, so that no other one will do.
    fn push_looked(&self, sql: &mut QueryBuilder<Postgres>) {
        let (column, id) = (self.way.column(), self.way.id());
        sql.push(self.way.relation());
        for (comparison, bound) in [(">=", self.low), ("<=", self.high)] {
            match column {
                Some(column) => {
                    sql.push(format!(" and ({column}, {id}) {comparison} (arm.value, ")).push_bind(bound).push(")");
                }
                None => drop(sql.push(format!(" and {id} {comparison} ")).push_bind(bound)),
            }
        }
        sql.push(" order by ");
        if let Some(column) = column {
            sql.push(column).push(" ").push(self.direction()).push(", ");
        }
        sql.push(id).push(" ").push(self.direction());
    }

    fn push_filter(&self, sql: &mut QueryBuilder<Postgres>) {
        let filter = self.filter;
        for (condition, value) in [
            (" and e.source = ", filter.source.as_deref()),
            (" and e.type = ", filter.r#type.as_deref()),
            (" and e.outcome = ", filter.outcome.as_deref()),
            (" and e.event_id = ", filter.event_id.as_deref()),
        ] {
            if let Some(value) = value {
                sql.push(condition).push_bind(value.to_owned());
            }
        }
        if filter.attention {
            sql.push(" and exists (select from event_attention n where n.event = e.id)");
        }
        if let Some(since) = filter.since {
            sql.push(" and e.received_at >= ").push_bind(since);
        }
        if let Some(until) = filter.until {
            sql.push(" and e.received_at < ").push_bind(until);
        }
    }
}
