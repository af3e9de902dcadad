//! Totals: reconciliation passes, the lines they found, and their publication. [`shown`] is what people read,
//! [`signing`] what they sign off.

mod rows;
pub mod shown;
pub mod signing;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::memory::totals::{Line, Pass, Place, State};
use crate::store::StoreError;
use rows::{Columns, LineRow, by_place};

/// Number of passes kept.
const KEPT: i64 = 100;

/// Locks the totals until the transaction ends, so that nobody else begins or ends a pass or signs off a period.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('totals', 0))").execute(conn).await?;
    Ok(())
}

/// Returns the pass of a run.
///
/// # Errors
/// The database is unavailable.
pub async fn of_run(conn: &mut PgConnection, run: Uuid) -> Result<Option<Pass>, StoreError> {
    Ok(sqlx::query_as!(
        Pass,
        r#"select id, run_id as run, from_day as "from", until_day as until, today, began_at, ended_at, result
           from totals_passes where run_id = $1"#,
        run
    )
    .fetch_optional(conn)
    .await?)
}

/// Locks a pass until the transaction ends and returns it.
///
/// # Errors
/// The database is unavailable.
pub async fn lock_pass(conn: &mut PgConnection, id: Uuid) -> Result<Option<Pass>, StoreError> {
    Ok(sqlx::query_as!(
        Pass,
        r#"select id, run_id as run, from_day as "from", until_day as until, today, began_at, ended_at, result
           from totals_passes where id = $1 for update"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Returns the runs with an open pass: neither the pass nor the run has ended.
///
/// # Errors
/// The database is unavailable.
pub async fn under_way(conn: &mut PgConnection) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select h.run as "run!"
           from (select (select case when r.finished_at is null then r.id end from runs r
                         where r.shard = get_byte(uuid_send(p.run_id), 15)::smallint and r.id = p.run_id) as run
                 from totals_passes p where p.ended_at is null) h
           where h.run is not null"#
    )
    .fetch_all(conn)
    .await?)
}

/// Inserts a pass, and deletes those that never ended and the oldest ones.
///
/// # Errors
/// The database is unavailable.
pub async fn insert(conn: &mut PgConnection, pass: &Pass) -> Result<(), StoreError> {
    sqlx::query!("delete from totals_passes where ended_at is null").execute(&mut *conn).await?;
    sqlx::query!(
        "delete from totals_passes where id < (select id from totals_passes order by id desc offset $1 limit 1)",
        KEPT - 1
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into totals_passes (id, run_id, from_day, until_day, today, began_at) values ($1, $2, $3, $4, $5, $6)",
        pass.id,
        pass.run,
        pass.from,
        pass.until,
        pass.today,
        pass.began_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stages lines that a pass found, replacing what it reported about the same deals before. Returns the number of lines
/// staged so far.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn stage(conn: &mut PgConnection, pass: Uuid, lines: &[Line]) -> Result<i64, StoreError> {
    let columns = Columns::of(lines);
    sqlx::query!(
        "insert into totals_staged (pass_id, day, currency, company, key, deal_id, deal_name, deal_amount, order_id, order_number,
                                    order_amount, state, note)
         select $1, u.day, u.currency, u.company, u.key, u.deal_id, u.deal_name, u.deal_amount::numeric, u.order_id, u.order_number,
                u.order_amount::numeric, u.state, u.note
         from unnest($2::date[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                     $11::text[], $12::smallint[], $13::text[])
              as u (day, currency, company, key, deal_id, deal_name, deal_amount, order_id, order_number, order_amount, state, note)
         order by u.key
         on conflict (pass_id, key) do update
         set day = excluded.day, currency = excluded.currency, company = excluded.company, deal_id = excluded.deal_id,
             deal_name = excluded.deal_name, deal_amount = excluded.deal_amount, order_id = excluded.order_id,
             order_number = excluded.order_number, order_amount = excluded.order_amount, state = excluded.state, note = excluded.note",
        pass,
        &columns.days,
        &columns.currencies,
        &columns.companies,
        &columns.keys,
        &columns.deals as &[Option<String>],
        &columns.names as &[Option<String>],
        &columns.deal_amounts as &[Option<String>],
        &columns.orders as &[Option<String>],
        &columns.numbers as &[Option<String>],
        &columns.order_amounts as &[Option<String>],
        &columns.states,
        &columns.notes as &[Option<String>]
    )
    .execute(&mut *conn)
    .await?;
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from totals_staged where pass_id = $1"#, pass)
        .fetch_one(conn)
        .await?)
}

/// Counts the staged lines of a pass by state.
///
/// # Errors
/// The database is unavailable.
pub async fn states(conn: &mut PgConnection, pass: Uuid) -> Result<BTreeMap<State, i64>, StoreError> {
    let counts = sqlx::query_scalar!(
        r#"select array[count(*) filter (where state = 0), count(*) filter (where state = 1), count(*) filter (where state = 2),
                        count(*) filter (where state = 3), count(*) filter (where state = 4), count(*) filter (where state = 5)]
                  as "counts!"
           from totals_staged where pass_id = $1"#,
        pass
    )
    .fetch_one(conn)
    .await?;
    Ok(State::ALL.into_iter().zip(counts).collect())
}

/// Returns the staged lines of a pass for these days.
///
/// # Errors
/// The database is unavailable.
pub async fn staged(
    conn: &mut PgConnection,
    pass: Uuid,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<BTreeMap<Place, Line>, StoreError> {
    let rows = sqlx::query_as!(
        LineRow,
        "select day, currency, company, key, deal_id, deal_name, deal_amount::text, order_id, order_number, order_amount::text, state,
                note
         from totals_staged where pass_id = $1 and day between $2 and $3",
        pass,
        from,
        until
    )
    .fetch_all(conn)
    .await?;
    Ok(by_place(rows))
}

/// Returns the published lines of these days, and the published lines outside the pass that have a deal or order in
/// `found`.
///
/// # Errors
/// The database is unavailable.
pub async fn standing(
    conn: &mut PgConnection,
    pass: &Pass,
    (from, until): (NaiveDate, NaiveDate),
    found: &BTreeMap<Place, Line>,
) -> Result<BTreeMap<Place, Line>, StoreError> {
    let mut rows = sqlx::query_as!(
        LineRow,
        "select day, currency, company, key, deal_id, deal_name, deal_amount::text, order_id, order_number, order_amount::text, state,
                note
         from totals_lines where day between $1 and $2",
        from,
        until
    )
    .fetch_all(&mut *conn)
    .await?;
    let keys: BTreeSet<String> = found.values().flat_map(Line::keys).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let moved = sqlx::query_as!(
        LineRow,
        "select l.day, l.currency, l.company, l.key, l.deal_id, l.deal_name, l.deal_amount::text, l.order_id, l.order_number,
                l.order_amount::text, l.state, l.note
         from unnest($1::text[]) as u (key) join totals_lines l on l.key || '' = u.key where l.day < $2 or l.day > $3",
        &keys,
        pass.from,
        pass.until
    )
    .fetch_all(conn)
    .await?;
    rows.extend(moved);
    Ok(by_place(rows))
}

/// Publishes lines.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn put(conn: &mut PgConnection, lines: &[Line]) -> Result<(), StoreError> {
    let columns = Columns::of(lines);
    sqlx::query!(
        "insert into totals_lines (day, currency, company, key, deal_id, deal_name, deal_amount, order_id, order_number, order_amount,
                                   state, note)
         select u.day, u.currency, u.company, u.key, u.deal_id, u.deal_name, u.deal_amount::numeric, u.order_id, u.order_number,
                u.order_amount::numeric, u.state, u.note
         from unnest($1::date[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::smallint[], $12::text[])
              as u (day, currency, company, key, deal_id, deal_name, deal_amount, order_id, order_number, order_amount, state, note)
         on conflict (day, currency, company, key) do update
         set deal_id = excluded.deal_id, deal_name = excluded.deal_name, deal_amount = excluded.deal_amount,
             order_id = excluded.order_id, order_number = excluded.order_number, order_amount = excluded.order_amount,
             state = excluded.state, note = excluded.note",
        &columns.days,
        &columns.currencies,
        &columns.companies,
        &columns.keys,
        &columns.deals as &[Option<String>],
        &columns.names as &[Option<String>],
        &columns.deal_amounts as &[Option<String>],
        &columns.orders as &[Option<String>],
        &columns.numbers as &[Option<String>],
        &columns.order_amounts as &[Option<String>],
        &columns.states,
        &columns.notes as &[Option<String>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Removes published lines.
///
/// # Errors
/// The database is unavailable.
pub async fn remove(conn: &mut PgConnection, gone: &[Place]) -> Result<(), StoreError> {
    let days: Vec<NaiveDate> = gone.iter().map(|place| place.day).collect();
    let texts = |of: fn(&Place) -> &String| gone.iter().map(|place| of(place).clone()).collect::<Vec<String>>();
    sqlx::query!(
        "delete from totals_lines l using unnest($1::date[], $2::text[], $3::text[], $4::text[]) as u (day, currency, company, key)
         where l.day = u.day and l.currency = u.currency and l.company = u.company and l.key = u.key",
        &days,
        &texts(|place| &place.currency),
        &texts(|place| &place.company),
        &texts(|place| &place.key)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records that a pass changed published lines of days outside its period, so that a sign-off based on the earlier
/// lines is refused.
///
/// # Errors
/// The database is unavailable.
pub async fn touch(conn: &mut PgConnection, pass: Uuid, days: &[NaiveDate]) -> Result<(), StoreError> {
    sqlx::query!("update totals_days set pass_id = $1 where day = any($2)", pass, days).execute(conn).await?;
    Ok(())
}

/// Ends a pass: stores its result, the days it covered and the names of companies, and deletes its staged lines.
///
/// # Errors
/// The database is unavailable.
pub async fn end(
    conn: &mut PgConnection,
    pass: &Pass,
    result: &Value,
    companies: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    sqlx::query!("update totals_passes set ended_at = now(), result = $2 where id = $1", pass.id, result)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into totals_days (day, pass_id, is_over, looked_at)
         select g.day::date, $1, g.day::date < $4, $5 from generate_series($2::date, $3::date, interval '1 day') as g (day)
         on conflict (day) do update
         set pass_id = excluded.pass_id, is_over = excluded.is_over, looked_at = excluded.looked_at",
        pass.id,
        pass.from,
        pass.until,
        pass.today,
        pass.began_at
    )
    .execute(&mut *conn)
    .await?;
    let (ids, names): (Vec<String>, Vec<String>) = companies.clone().into_iter().unzip();
    sqlx::query!(
        "insert into totals_companies (id, name) select u.id, u.name from unnest($1::text[], $2::text[]) as u (id, name)
         on conflict (id) do update set name = excluded.name",
        &ids,
        &names
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from totals_staged where pass_id = $1", pass.id).execute(conn).await?;
    Ok(())
}
