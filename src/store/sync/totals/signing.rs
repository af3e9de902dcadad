//! Sign-offs of periods, and changes in signed-off periods.

use chrono::NaiveDate;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::machine::Time;
use crate::memory::totals::{Change, Place, Problems, Scope};
use crate::store::StoreError;
use crate::store::audit::{self, RowKey, Sealed};

/// Returns what was signed off on any of these days.
///
/// # Errors
/// The database is unavailable.
pub async fn signed(conn: &mut PgConnection, from: NaiveDate, until: NaiveDate) -> Result<Vec<Scope>, StoreError> {
    Ok(sqlx::query_as!(
        Scope,
        r#"select from_day as "from", until_day as until, currency, company
           from totals_sign_offs where until_day >= $1 and from_day <= $2"#,
        from,
        until
    )
    .fetch_all(conn)
    .await?)
}

/// Records the changes that a pass made to signed-off periods.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn mark(conn: &mut PgConnection, run: Uuid, changes: &[Change]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = changes.iter().map(|_| Uuid::now_v7()).collect();
    let days: Vec<NaiveDate> = changes.iter().map(|change| change.place.day).collect();
    let texts = |of: fn(&Change) -> &str| changes.iter().map(|change| of(change).to_owned()).collect::<Vec<String>>();
    let values = |of: fn(&Change) -> &Option<Value>| -> Vec<Option<String>> {
        changes.iter().map(|change| of(change).as_ref().map(Value::to_string)).collect()
    };
    sqlx::query!(
        "insert into totals_changes (id, day, currency, company, key, kind, before, after, run_id)
         select u.id, u.day, u.currency, u.company, u.key, u.kind, u.before::json, u.after::json, $9
         from unnest($1::uuid[], $2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
              as u (id, day, currency, company, key, kind, before, after)",
        &ids,
        &days,
        &texts(|change| &change.place.currency),
        &texts(|change| &change.place.company),
        &texts(|change| &change.place.key),
        &texts(|change| change.kind.as_str()),
        &values(|change| &change.before) as &[Option<String>],
        &values(|change| &change.after) as &[Option<String>],
        run
    )
    .execute(&mut *conn)
    .await?;
    audit::seal(conn, &ids.iter().map(|id| (Sealed::TotalsChanges, id.to_string())).collect::<Vec<_>>()).await
}

/// Returns the problems that a person must acknowledge to sign off a period.
///
/// # Errors
/// The database is unavailable.
pub async fn problems(executor: impl PgExecutor<'_>, scope: &Scope) -> Result<Problems, StoreError> {
    Ok(sqlx::query_as!(
        Problems,
        r#"select ($2::date - $1::date + 1 - (select count(*) from totals_days where day between $1 and $2 and is_over)) as "open_days!",
                  (select count(*) from totals_lines
                   where day between $1 and $2 and state < 5 and ($3::text is null or currency = $3)
                     and ($4::text is null or company = $4)) as "not_agreeing!",
                  exists (select from totals_passes p
                          join runs r on r.shard = get_byte(uuid_send(p.run_id), 15)::smallint and r.id = p.run_id
                          where p.ended_at is null and r.finished_at is null and p.until_day >= $1 and p.from_day <= $2) as "under_way!""#,
        scope.from,
        scope.until,
        scope.currency,
        scope.company
    )
    .fetch_one(executor)
    .await?)
}

/// Returns the last pass that covered any of these days or changed their published lines: the state that a person has
/// seen.
///
/// # Errors
/// The database is unavailable.
pub async fn as_of(
    executor: impl PgExecutor<'_>,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Option<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select pass_id from totals_days where day between $1 and $2 order by pass_id desc limit 1",
        from,
        until
    )
    .fetch_optional(executor)
    .await?)
}

/// A sign-off to store.
#[derive(Debug)]
pub struct NewSignOff<'s> {
    /// The days, currency and company signed off.
    pub scope: &'s Scope,
    /// Who signs off.
    pub actor: &'s str,
    /// The reason given, if any.
    pub reason: Option<&'s str>,
    /// Counts, amounts and problems at this time.
    pub totals: &'s Value,
}

/// Stores a sign-off, and assigns it the marked changes of its period. Returns its id, their number, and the keys of
/// the changed rows, which the caller must seal with the act.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn sign(conn: &mut PgConnection, new: &NewSignOff<'_>) -> Result<(Uuid, Vec<RowKey>), StoreError> {
    let id = Uuid::now_v7();
    let Scope { from, until, currency, company } = new.scope;
    sqlx::query!(
        "insert into totals_sign_offs (id, from_day, until_day, currency, company, actor, reason, totals)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        from,
        until,
        currency.as_deref(),
        company.as_deref(),
        new.actor,
        new.reason,
        new.totals
    )
    .execute(&mut *conn)
    .await?;
    let taken = sqlx::query_scalar!(
        "update totals_changes set sign_off = $1
         where sign_off is null and day between $2 and $3 and ($4::text is null or currency = $4)
           and ($5::text is null or company = $5) returning id",
        id,
        from,
        until,
        currency.as_deref(),
        company.as_deref()
    )
    .fetch_all(conn)
    .await?;
    let mut changed = vec![(Sealed::SignOffs, id.to_string())];
    changed.extend(taken.into_iter().map(|change| (Sealed::TotalsChanges, change.to_string())));
    Ok((id, changed))
}

/// A sign-off as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SignOff {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub until: NaiveDate,
    /// Currency signed off; `None` for all.
    pub currency: Option<String>,
    /// Id of the company signed off; `None` for all.
    pub company: Option<String>,
    /// Time of the sign-off.
    pub at: Time,
    /// Who signed off.
    pub actor: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Counts, amounts and problems at that time.
    pub totals: Value,
}

/// Returns sign-offs of any of these days, newest first, before the sign-off `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn list(
    executor: impl PgExecutor<'_>,
    (from, until): (NaiveDate, NaiveDate),
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SignOff>, StoreError> {
    Ok(sqlx::query_as!(
        SignOff,
        r#"select id, from_day as "from", until_day as until, currency, company, at, actor, reason, totals
           from totals_sign_offs
           where until_day >= $1 and from_day <= $2 and ($3::uuid is null or id < $3) order by id desc limit $4"#,
        from,
        until,
        before,
        limit
    )
    .fetch_all(executor)
    .await?)
}

/// Returns a sign-off by its id.
///
/// # Errors
/// The database is unavailable.
pub async fn find(executor: impl PgExecutor<'_>, id: Uuid) -> Result<Option<SignOff>, StoreError> {
    Ok(sqlx::query_as!(
        SignOff,
        r#"select id, from_day as "from", until_day as until, currency, company, at, actor, reason, totals
           from totals_sign_offs where id = $1"#,
        id
    )
    .fetch_optional(executor)
    .await?)
}

/// Returns those of these places that have changed since they were signed off.
///
/// # Errors
/// The database is unavailable.
pub async fn marked(executor: impl PgExecutor<'_>, places: &[&Place]) -> Result<Vec<Place>, StoreError> {
    let days: Vec<NaiveDate> = places.iter().map(|place| place.day).collect();
    let texts = |of: fn(&Place) -> &String| places.iter().map(|place| of(place).clone()).collect::<Vec<String>>();
    Ok(sqlx::query_as!(
        Place,
        r#"select u.day as "day!", u.currency as "currency!", u.company as "company!", u.key as "key!"
           from unnest($1::date[], $2::text[], $3::text[], $4::text[]) as u (day, currency, company, key)
           where exists (select from totals_changes c where c.sign_off is null and c.day = u.day and c.currency = u.currency
                         and c.company = u.company and c.key = u.key)"#,
        &days,
        &texts(|place| &place.currency),
        &texts(|place| &place.company),
        &texts(|place| &place.key)
    )
    .fetch_all(executor)
    .await?)
}

/// A change in a signed-off period, as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ChangeRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Time at which it was found.
    pub at: Time,
    /// Day of the line.
    pub day: NaiveDate,
    /// Currency of the line.
    pub currency: String,
    /// Id of the company of the line; empty if there is only one.
    pub company: String,
    /// Id of the deal; for an order without a deal, `order:` and the order's id.
    pub key: String,
    /// Kind: `new`, `vanished` or `changed`.
    pub kind: String,
    /// The line before the change.
    pub before: Option<Value>,
    /// The line after the change.
    pub after: Option<Value>,
    /// The run that found it.
    pub run: Uuid,
    /// The later sign-off that includes it; `None` while it is marked.
    pub sign_off: Option<Uuid>,
}

/// Returns changes on these days, newest first, before the change `before`.
///
/// # Errors
/// The database is unavailable.
pub async fn changes(
    executor: impl PgExecutor<'_>,
    (from, until): (NaiveDate, NaiveDate),
    only_marked: bool,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ChangeRow>, StoreError> {
    Ok(sqlx::query_as!(
        ChangeRow,
        "select id, at, day, currency, company, key, kind, before, after, run_id as run, sign_off from totals_changes
         where day between $1 and $2 and (not $3 or sign_off is null) and ($4::uuid is null or id < $4) order by id desc limit $5",
        from,
        until,
        only_marked,
        before,
        limit
    )
    .fetch_all(executor)
    .await?)
}
