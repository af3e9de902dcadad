//! Sends the runs of a bulk act their commands, in one transaction with the marks on its items, and records the
//! answers.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::NextItem;
use crate::machine::{Act, RunId};
use crate::store::acts::By;
use crate::store::runs::freezes;
use crate::store::runs::proposals::{self, NewProposal};
use crate::store::{StoreError, shard};

/// What to do about an item.
#[derive(Debug)]
pub enum Telling<'a> {
    /// Send the run the command.
    Command,
    /// Propose the act, because it needs a second person.
    Proposal(NewProposal<'a>),
    /// Mark it as done: the run is already in the desired state.
    Done,
    /// Do nothing, for this reason.
    Refused(String),
}

/// Runs that are processed in one transaction.
#[derive(Debug)]
pub struct Page<'a> {
    /// Id of the bulk act.
    pub bulk: Uuid,
    /// Number of runs processed before. If another node has processed more since, nothing happens.
    pub told: i32,
    /// The act for each run.
    pub act: &'a Act,
    /// The act, as JSON text.
    pub text: &'a str,
    /// Who acts, and why.
    pub by: By<'a>,
    /// The runs, in order of their positions.
    pub items: Vec<(NextItem, Telling<'a>)>,
}

const MOVED_ON: &str = "it has moved on since it was chosen, or is gone";

/// Processes runs, in one transaction with the marks on their items. Returns false if the bulk act was paused or
/// another node processed them.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn tell(pool: &PgPool, page: &Page<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    if !take_turn(&mut transaction, page).await? {
        return Ok(false);
    }
    let commanded: Vec<&NextItem> = page.items.iter().filter_map(commanded).collect();
    if *page.act == Act::Suspend {
        // They stay suspended even after the freeze that held them ends.
        let runs: Vec<RunId> = commanded.iter().map(|item| item.run).collect();
        freezes::let_go(&mut transaction, &runs).await?;
    }
    let (mut marks, mut made) = (Vec::new(), Vec::new());
    for (item, telling) in &page.items {
        match telling {
            Telling::Command => {}
            Telling::Done => marks.push(Mark::done(item.place)),
            Telling::Refused(why) => marks.push(Mark::refused(item.place, why)),
            Telling::Proposal(new) => {
                let (id, told) = proposals::propose_in(&mut transaction, new, page.by).await?;
                made.push(told);
                marks.push(id.map_or(Mark::refused(item.place, MOVED_ON), |id| Mark::proposed(item.place, id)));
            }
        }
    }
    let told = command(&mut transaction, page, &commanded).await?;
    marks.extend(commanded.iter().map(|item| match told.contains(&item.id) {
        true => Mark::told(item.place),
        false => Mark::refused(item.place, MOVED_ON),
    }));
    mark(&mut transaction, page.bulk, &marks).await?;
    let number = |result| i32::try_from(marks.iter().filter(|m| m.result == Some(result)).count()).unwrap_or(i32::MAX);
    count(&mut transaction, page.bulk, [number("done"), number("refused"), number("proposed")]).await?;
    for told in made {
        proposals::tell_made(&mut transaction, told, page.by).await?;
    }
    transaction.commit().await?;
    Ok(true)
}

fn commanded<'i>((item, telling): &'i (NextItem, Telling<'_>)) -> Option<&'i NextItem> {
    matches!(telling, Telling::Command).then_some(item)
}

/// Advances the bulk act by the runs of a page. Returns false if another node has done so, or it may not continue.
async fn take_turn(conn: &mut PgConnection, page: &Page<'_>) -> Result<bool, StoreError> {
    let moved = sqlx::query!(
        "update bulk_acts set told = told + $3,
                next_at = case when rate is null then next_at
                               else greatest(next_at, now() - interval '1 second') + make_interval(secs => $3 / rate) end,
                status = case when trial = told + $3 and told + $3 < total then 'trial' else status end,
                changed_at = case when trial = told + $3 and told + $3 < total then now() else changed_at end
         where id = $1 and told = $2 and status = 'running'",
        page.bulk,
        page.told,
        i32::try_from(page.items.len()).unwrap_or(i32::MAX)
    )
    .execute(conn)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Writes the commands of runs that are unchanged since they were chosen. Returns their ids.
async fn command(conn: &mut PgConnection, page: &Page<'_>, items: &[&NextItem]) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        "insert into commands (id, shard, run_id, act, actor, reason)
         select u.id, r.shard, r.id, $5::text::json, $6, $7
         from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::integer[]) as u (id, shard, run_id, seq)
         join runs r on r.shard = u.shard and r.id = u.run_id where u.seq is null or r.seq = u.seq
         returning id",
        &items.iter().map(|item| item.id).collect::<Vec<_>>(),
        &items.iter().map(|item| shard(item.run)).collect::<Vec<_>>(),
        &items.iter().map(|item| item.run).collect::<Vec<_>>(),
        &items.iter().map(|item| item.seq).collect::<Vec<_>>() as &[Option<i32>],
        page.text,
        page.by.actor.0,
        page.by.reason
    )
    .fetch_all(conn)
    .await?)
}

/// The result to record for an item.
struct Mark<'a> {
    place: i32,
    result: Option<&'static str>,
    detail: Option<&'a str>,
    proposal: Option<Uuid>,
}

impl<'a> Mark<'a> {
    fn told(place: i32) -> Self {
        Self { place, result: None, detail: None, proposal: None }
    }

    fn done(place: i32) -> Self {
        Self { result: Some("done"), ..Self::told(place) }
    }

    fn refused(place: i32, why: &'a str) -> Self {
        Self { result: Some("refused"), detail: Some(why), ..Self::told(place) }
    }

    fn proposed(place: i32, proposal: Uuid) -> Self {
        Self { result: Some("proposed"), proposal: Some(proposal), ..Self::told(place) }
    }
}

async fn mark(conn: &mut PgConnection, bulk: Uuid, marks: &[Mark<'_>]) -> Result<(), StoreError> {
    sqlx::query!(
        "update bulk_items i set told_at = now(), result = u.result, detail = u.detail, proposal = u.proposal
         from unnest($2::integer[], $3::text[], $4::text[], $5::uuid[]) as u (place, result, detail, proposal)
         where i.bulk_id = $1 and i.place = u.place",
        bulk,
        &marks.iter().map(|mark| mark.place).collect::<Vec<_>>(),
        &marks.iter().map(|mark| mark.result).collect::<Vec<_>>() as &[Option<&str>],
        &marks.iter().map(|mark| mark.detail).collect::<Vec<_>>() as &[Option<&str>],
        &marks.iter().map(|mark| mark.proposal).collect::<Vec<_>>() as &[Option<Uuid>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds to the counts of results, and ends the bulk act once every run has one.
async fn count(conn: &mut PgConnection, bulk: Uuid, [done, refused, proposed]: [i32; 3]) -> Result<(), StoreError> {
    sqlx::query!(
        "update bulk_acts set done = done + $2, refused = refused + $3, proposed = proposed + $4,
                finished_at = case when done + refused + proposed + $2 + $3 + $4 = total then coalesce(finished_at, now())
                                   else finished_at end,
                status = case when done + refused + proposed + $2 + $3 + $4 = total and finished_at is null then 'done' else status end
         where id = $1",
        bulk,
        done,
        refused,
        proposed
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records the answers of runs.
///
/// # Errors
/// The database is unavailable.
pub async fn settle(pool: &PgPool) -> Result<(), StoreError> {
    let open = sqlx::query_scalar!(
        r#"select b.id from (select distinct bulk_id from bulk_items where told_at is not null and result is null limit 100) as o
           join bulk_acts b on b.id = o.bulk_id order by b.id"#
    )
    .fetch_all(pool)
    .await?;
    for bulk in open {
        let mut transaction = pool.begin().await?;
        let free = sqlx::query_scalar!("select id from bulk_acts where id = $1 for update skip locked", bulk);
        if free.fetch_optional(&mut *transaction).await?.is_none() {
            continue;
        }
        let results = sqlx::query_scalar!(
            r#"with open as materialized (
                   select place, id from bulk_items where bulk_id = $1 and told_at is not null and result is null limit 1000),
               answered as materialized (
                   select o.place, case when c.id is null then $2 else c.refusal end as refusal
                   from open o left join commands c on c.id = o.id where c.id is null or c.answered_at is not null)
               update bulk_items i set result = case when a.refusal is null then 'done' else 'refused' end, detail = a.refusal
               from answered a where i.bulk_id = $1 and i.place = a.place returning i.result as "result!""#,
            bulk,
            "the run was archived and removed before it answered"
        )
        .fetch_all(&mut *transaction)
        .await?;
        if results.is_empty() {
            continue;
        }
        let number = |wanted| i32::try_from(results.iter().filter(|r| *r == wanted).count()).unwrap_or(i32::MAX);
        count(&mut transaction, bulk, [number("done"), number("refused"), 0]).await?;
        transaction.commit().await?;
    }
    Ok(())
}
