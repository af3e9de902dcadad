//! What needs people now.

use std::time::Duration;

use chrono::TimeDelta;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::PgConnection;

use crate::engine::context::Context;
use crate::notify::{Matter, Topic};
use crate::store::events::attention;
use crate::store::runs::{listing, tasks};
use crate::store::{StoreError, notifications};
use crate::words::error_text;

/// Causes that are looked at. With more of them something else is wrong, and the channel knows by then.
const CAUSES_MAX: i64 = 500;

/// Open tasks that are looked at.
const TASKS_MAX: i64 = 500;

/// A connection is told of once it has been down for this long: breakers open for a moment, too.
const DOWN_FOR: Duration = Duration::from_secs(30);

/// A task is told of again when it is due within this time.
const DUE_SOON: TimeDelta = TimeDelta::hours(1);

/// Everything that needs people.
pub(super) async fn all(context: &Context, conn: &mut PgConnection) -> Result<Vec<Matter>, StoreError> {
    let mut found = runs(context).await?;
    found.extend(events(context).await?);
    found.extend(connections(context, conn).await?);
    found.extend(open_tasks(context).await?);
    found.extend(silent_sources(context, conn).await?);
    Ok(found)
}

/// The names of connections whose breaker is open on this node.
pub(super) fn connections_down(context: &Context) -> Vec<String> {
    let standings = context.connections.standings();
    standings.into_iter().filter(|s| s.breaker.is_some_and(|phase| phase != "closed")).map(|s| s.name).collect()
}

/// Causes that nobody muted.
async fn runs(context: &Context) -> Result<Vec<Matter>, StoreError> {
    let groups = listing::causes(&context.pool, CAUSES_MAX).await?;
    let open = groups.into_iter().filter(|group| group.muted.is_none());
    Ok(open
        .map(|group| {
            let why = group.error.as_ref().map_or_else(|| group.attention.clone(), error_text);
            let (namespace, name) = group.workflow;
            Matter {
                topic: Topic::Runs,
                path: format!("/?attention=any&fingerprint={}", encoded(&group.fingerprint)),
                key: group.fingerprint,
                title: format!("{namespace}/{name}: {why}"),
                count: group.count,
                since: group.first_at,
            }
        })
        .collect())
}

async fn events(context: &Context) -> Result<Vec<Matter>, StoreError> {
    let sources = attention::by_source(&context.pool).await?;
    let now = context.now();
    Ok(sources
        .into_iter()
        .map(|(source, count)| Matter {
            topic: Topic::Events,
            title: format!("events from {source} need attention"),
            path: format!("/events?attention=any&source={}", encoded(&source)),
            key: source,
            count,
            since: now,
        })
        .collect())
}

async fn connections(context: &Context, conn: &mut PgConnection) -> Result<Vec<Matter>, StoreError> {
    let matter = |key: String, title: String, since| Matter {
        topic: Topic::Connections,
        key,
        title,
        count: 1,
        since,
        path: "/connections".to_owned(),
    };
    let standings = context.connections.standings();
    let known = |name: &str| standings.iter().any(|standing| standing.name == name);
    let down = notifications::down(conn, DOWN_FOR.as_secs_f64()).await?;
    let mut found: Vec<Matter> = down
        .into_iter()
        .filter(|(name, _)| known(name))
        .map(|(name, since)| matter(name.clone(), format!("{name} is down: its calls wait"), since))
        .collect();
    for standing in standings.iter().filter(|standing| standing.authorized == Some(false)) {
        let name = &standing.name;
        let title = format!("{name} must be authorized again: the provider refuses its refresh token");
        found.push(matter(format!("{name}:authorization"), title, context.now()));
    }
    Ok(found)
}

/// Each open task, and once more when it is due soon.
async fn open_tasks(context: &Context) -> Result<Vec<Matter>, StoreError> {
    let open = tasks::list(&context.pool, &tasks::TaskFilter::default(), TASKS_MAX).await?;
    let now = context.now();
    let mut found = Vec::new();
    for task in open.rows {
        let matter = |key: String, title: String, since| Matter {
            topic: Topic::Tasks,
            key,
            title,
            count: 1,
            since,
            path: format!("/tasks/{}", task.id),
        };
        found.push(matter(task.id.to_string(), task.title.clone(), task.created_at));
        if let Some(due) = task.due_at.filter(|due| *due - now <= DUE_SOON && *due - task.created_at > DUE_SOON) {
            let title = format!("{} is due at {} UTC", task.title, due.format("%H:%M"));
            found.push(matter(format!("{}:due", task.id), title, task.created_at));
        }
    }
    Ok(found)
}

/// Sources that sent nothing for longer than `silentAfter`. One that never sent anything is not known to be one that should.
async fn silent_sources(context: &Context, conn: &mut PgConnection) -> Result<Vec<Matter>, StoreError> {
    let now = context.now();
    let mut found = Vec::new();
    for (source, after) in &context.settings.silent_after {
        let Some(last) = notifications::last_event_of(conn, source).await? else { continue };
        if (now - last).to_std().is_ok_and(|silence| silence >= *after) {
            found.push(Matter {
                topic: Topic::Sources,
                title: format!("{source} sent its last event at {} UTC", last.format("%-d %b, %H:%M")),
                path: format!("/events?source={}", encoded(source)),
                key: source.clone(),
                count: 1,
                since: last,
            });
        }
    }
    Ok(found)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
