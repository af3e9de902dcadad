//! Pages of events. An index serves each filter in list order, and a page examines a bounded number of rows. If they do
//! not fill the page, it reports where it stopped and the next page continues there, so no filter is slow however few
//! events match it.

use sqlx::{PgConnection, PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{EventFilter, EventRow};
use crate::store::StoreError;
use crate::store::runs::listing::{ONE_MOMENT, Order};
use crate::store::uuids::{before, bounds, following};

/// Events that one page examines if list order is disk order.
const DENSE_MAX: i64 = 5_000;

/// Events that one page examines if each may be in a different place on disk.
const APART_MAX: i64 = 2_000;

/// Columns of a listed event other than its id.
const COLUMNS: &str = "e.source, e.event_id, e.type, e.received_at, e.outcome, e.runs, e.resumed";

/// Maximum number of sources in which a sender's id is looked up; no installation has more.
const SOURCES_MAX: i64 = 1_000;

/// A page of events.
#[derive(Debug, Default)]
pub struct EventsPage {
    /// The rows, in order.
    pub rows: Vec<EventRow>,
    /// Pass this as `after` to get the next page; `None` on the last one. It is the id of the last row, or of the last
    /// row examined.
    pub next: Option<Uuid>,
}

/// A matching row, or the last row that the page examined.
#[derive(sqlx::FromRow)]
struct Hit {
    #[sqlx(flatten)]
    row: EventRow,
    fits: bool,
    is_last: bool,
}

/// The index that serves a page.
#[derive(Clone)]
enum Index<'f> {
    /// The primary key, for these events.
    Ids(Vec<Uuid>),
    /// Events that need attention; they are few.
    Attention,
    /// Events of a source that need attention.
    AttentionOf(&'f str),
    /// By outcome, for events that started no run.
    Outcome(&'f str),
    /// By type, over all events.
    Type(&'f str),
    /// By source, over all events.
    Source(&'f str),
    /// By id, which is by time.
    All,
}

impl Index<'_> {
    /// The table to scan, with the condition of its partial index.
    fn relation(&self) -> &'static str {
        match self {
            Self::Ids(_) => "events e where e.id = any(arm.ids)",
            Self::Attention | Self::AttentionOf(_) => "event_attention e where true",
            Self::Outcome(_) => "events e where e.outcome <> 'run'",
            Self::Type(_) | Self::Source(_) | Self::All => "events e where true",
        }
    }

    /// The index column before the id.
    fn column(&self) -> Option<&'static str> {
        match self {
            Self::Outcome(_) => Some("e.outcome"),
            Self::Type(_) => Some("e.type"),
            Self::Source(_) => Some("e.source"),
            Self::AttentionOf(_) => Some("e.of_source"),
            Self::Ids(_) | Self::Attention | Self::All => None,
        }
    }

    fn id(&self) -> &'static str {
        if self.is_list_of_its_own() { "e.event" } else { "e.id" }
    }

    fn is_list_of_its_own(&self) -> bool {
        matches!(self, Self::Attention | Self::AttentionOf(_))
    }

    /// Number of rows that one page examines.
    fn looked(&self) -> i64 {
        match self {
            Self::All => DENSE_MAX,
            // Rare events are all examined.
            _ => APART_MAX + 1,
        }
    }

    fn push_arm(&self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Ids(ids) => drop(sql.push("(select ").push_bind(ids.clone()).push("::uuid[] as ids) as arm")),
            Self::Outcome(value) | Self::Type(value) | Self::Source(value) | Self::AttentionOf(value) => {
                sql.push("(select ").push_bind((*value).to_owned()).push("::text as value) as arm");
            }
            Self::Attention | Self::All => drop(sql.push("(values (1)) as arm (n)")),
        }
    }
}

/// Returns a page of matching events; `after` is `next` of the previous page.
///
/// # Errors
/// The database is unavailable.
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
    let mut moment = pool.begin_with(ONE_MOMENT).await?;
    let look = Look { filter, index: index(&mut moment, filter).await?, low, high };
    let hits = look.find(&mut moment, limit + 1).await?;
    moment.commit().await?;
    let end = hits.last().filter(|hit| hit.is_last).map(|hit| hit.row.id);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rows: Vec<EventRow> = hits.into_iter().filter(|hit| hit.fits).map(|hit| hit.row).collect();
    let next = if rows.len() > limit { rows.get(limit.saturating_sub(1)).map(|row| row.id) } else { end };
    rows.truncate(limit);
    Ok(EventsPage { rows, next })
}

/// Returns matching events in order, reading as many pages as needed; `after` is the id of the last one of the previous
/// list.
///
/// # Errors
/// The database is unavailable.
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

async fn index<'f>(conn: &mut PgConnection, filter: &'f EventFilter) -> Result<Index<'f>, StoreError> {
    if let Some(event_id) = &filter.event_id {
        return Ok(Index::Ids(by_sender_id(conn, filter.source.as_deref(), event_id).await?));
    }
    if filter.attention {
        return Ok(filter.source.as_deref().map_or(Index::Attention, Index::AttentionOf));
    }
    let mut indexes: Vec<Index<'f>> = Vec::new();
    indexes.extend(filter.r#type.as_deref().map(Index::Type));
    indexes.extend(filter.source.as_deref().map(Index::Source));
    indexes.extend(filter.outcome.as_deref().filter(|outcome| *outcome != "run").map(Index::Outcome));
    if indexes.len() > 1 {
        for (n, index) in indexes.iter().enumerate() {
            if is_rare(conn, index).await? {
                return Ok(indexes.swap_remove(n));
            }
        }
    }
    Ok(indexes.into_iter().next().unwrap_or(Index::All))
}

/// Whether an index returns so few events that a page can examine all of them.
async fn is_rare(conn: &mut PgConnection, index: &Index<'_>) -> Result<bool, StoreError> {
    let filter = EventFilter::default();
    let look = Look { filter: &filter, index: index.clone(), low: Uuid::nil(), high: Uuid::max() };
    let mut sql = QueryBuilder::new("select count(*) from ");
    index.push_arm(&mut sql);
    sql.push(" cross join lateral (select from ");
    look.push_looked(&mut sql);
    sql.push(" limit ").push_bind(APART_MAX + 1).push(") found");
    let count: i64 = sql.build_query_scalar().fetch_one(conn).await?;
    Ok(count <= APART_MAX)
}

/// Returns the events with a sender's id: of one source, or of every source, by a loose index scan over the sources.
async fn by_sender_id(conn: &mut PgConnection, source: Option<&str>, event_id: &str) -> Result<Vec<Uuid>, StoreError> {
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
    .fetch_all(conn)
    .await?)
}

/// The rows that a page scans.
struct Look<'f> {
    filter: &'f EventFilter,
    index: Index<'f>,
    low: Uuid,
    high: Uuid,
}

impl Look<'_> {
    /// Returns the matching rows among those that the page examines, and the last row if the page examined as many as
    /// it may.
    async fn find(&self, conn: &mut PgConnection, limit: i64) -> Result<Vec<Hit>, StoreError> {
        let mut sql = QueryBuilder::new(
            "select e.id, e.source, e.event_id, e.type, e.received_at, e.outcome, e.runs, e.resumed, e.fits, e.is_last,
                    exists (select from event_attention n where n.event = e.id) as attention from ",
        );
        self.index.push_arm(&mut sql);
        sql.push(" cross join lateral (select e.*, e.place = ").push_bind(self.index.looked());
        sql.push(" as is_last from (select e.*, row_number() over (");
        self.push_order(&mut sql);
        sql.push(") as place, coalesce(true");
        self.push_filter(&mut sql);
        sql.push(", false) as fits from ");
        self.push_rows(&mut sql);
        sql.push(") e where e.fits or e.place = ").push_bind(self.index.looked());
        // In scan order, so that the statement ends with the last row that the page needs.
        self.push_order(&mut sql);
        sql.push(" limit ").push_bind(limit).push(") e");
        Ok(sql.build_query_as().fetch_all(conn).await?)
    }

    fn push_order(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" order by ");
        if self.index.column().is_some() {
            sql.push("e.value ").push(self.direction()).push(", ");
        }
        sql.push("e.id ").push(self.direction());
    }

    /// Appends the events that the page examines, in order, with the index column as `value`.
    fn push_rows(&self, sql: &mut QueryBuilder<Postgres>) {
        let (column, id) = (self.index.column().unwrap_or("null::text"), self.index.id());
        if self.index.is_list_of_its_own() {
            sql.push(format!(
                "(select looked.id, looked.value, {COLUMNS} from (select {id} as id, {column} as value from "
            ));
        } else {
            sql.push(format!("(select {id}, {column} as value, {COLUMNS} from "));
        }
        self.push_looked(sql);
        sql.push(" limit ").push_bind(self.index.looked());
        if self.index.is_list_of_its_own() {
            // Joins each row by its key, so that the planner does not start from this table.
            sql.push(") looked cross join lateral (select * from events e where e.id = looked.id limit 1) e");
        }
        sql.push(") e");
    }

    fn direction(&self) -> &'static str {
        match self.filter.order {
            Order::Newest => "desc",
            Order::Oldest => "asc",
        }
    }

    /// Appends the scan. An array of one value instead of the value hides the constant from the planner, so that only
    /// the index with this column first provides the order.
    fn push_looked(&self, sql: &mut QueryBuilder<Postgres>) {
        let (column, id) = (self.index.column(), self.index.id());
        sql.push(self.index.relation());
        if let Some(column) = column {
            sql.push(format!(" and {column} = any(array[arm.value])"));
        }
        sql.push(format!(" and {id} >= ")).push_bind(self.low).push(format!(" and {id} <= ")).push_bind(self.high);
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
