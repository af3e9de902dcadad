//! Counts the events of senders that number them, and starts what is to be done about those that are missing.
//!
//! A number is written in the transaction of its event and counted in one of its own, which also writes the event of a gap:
//! whatever node dies when, no number is lost, and each gap is reported once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;
use tracing::warn;
use uuid::Uuid;

use super::topics::TopicView;
use crate::engine::Engine;
use crate::engine::context::Context;
use crate::machine::Time;
use crate::memory::sequences::{Counted, Gap, Missing, Sequence, Stage, arrive};
use crate::store::StoreError;
use crate::store::events::outgoing::{self, NewOutgoing};
use crate::store::events::sequences::{self, Channel};
use crate::store::events::topics;

/// Type of the event that reports missing numbers.
pub const GAP_TYPE: &str = "dev.stepwell.gap";

/// Source of events about sources.
pub const SOURCES_SOURCE: &str = "/stepwell/sources";

/// Numbers counted in one transaction.
const NUMBERS_MAX: i64 = 2_000;

/// Channels of a source that are shown.
const CHANNELS_SHOWN: i64 = 100;

/// Topics that are shown, of all sources together.
const TOPICS_SHOWN: i64 = 1_000;

/// Channels that are looked at in one transaction because something is due.
const DUE_MAX: i64 = 200;

impl Engine {
    /// Notes numbers of events that nobody wants, so that they are not missing.
    ///
    /// # Errors
    /// The database is away.
    pub async fn pass_over(&self, source: &str, numbers: &[Counted]) -> Result<(), StoreError> {
        let mut connection = self.inner.context.pool.acquire().await?;
        let numbers: Vec<_> = numbers.iter().map(|counted| (source, counted)).collect();
        sequences::arrived(&mut connection, &numbers).await?;
        self.inner.context.signals.numbers.notify_one();
        Ok(())
    }

    /// These sources, by name and whether they count, with how far their channels have come.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sources(&self, declared: &BTreeMap<String, bool>) -> Result<Vec<SourceView>, StoreError> {
        let names: Vec<&str> = declared.keys().map(String::as_str).collect();
        let mut channels = sequences::list(&self.inner.context.reader, &names, CHANNELS_SHOWN + 1).await?;
        let shown = usize::try_from(CHANNELS_SHOWN).unwrap_or_default();
        let mut topics = topics::list(&self.inner.context.reader, &names, TOPICS_SHOWN).await?;
        let view = |(name, counts): (&String, &bool)| {
            let mut own: Vec<ChannelView> =
                channels.extract_if(.., |channel| channel.source == *name).filter_map(ChannelView::of).collect();
            let more = own.len() > shown;
            own.truncate(shown);
            let topics = topics.extract_if(.., |topic| topic.id.source == *name).map(TopicView::from).collect();
            SourceView { name: name.clone(), counts: *counts, channels: own, more, topics }
        };
        Ok(declared.iter().map(view).collect())
    }
}

/// A source of `hub.yaml`.
#[derive(Debug, Serialize)]
pub struct SourceView {
    /// Name, as in `/hooks/NAME`.
    pub name: String,
    /// Whether its events have numbers.
    pub counts: bool,
    /// What it counts in, those with gaps first.
    pub channels: Vec<ChannelView>,
    /// Whether there are more channels.
    pub more: bool,
    /// Topics that it subscribes to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<TopicView>,
}

/// The state of a channel.
#[derive(Debug, Serialize)]
pub struct ChannelView {
    /// Name of the channel; empty if the source has only one.
    pub channel: String,
    /// The highest number that arrived.
    pub last: i64,
    /// Time of the last change.
    pub changed_at: Time,
    /// What is missing, lowest first.
    pub gaps: Vec<GapView>,
}

/// Numbers that are missing.
#[derive(Debug, Serialize)]
pub struct GapView {
    /// The gap.
    #[serde(flatten)]
    pub gap: Gap,
    /// When it was noticed.
    pub since: Time,
    /// When its event goes out, unless they arrive before.
    pub due_at: Option<Time>,
    /// When its event went out.
    pub told_at: Option<Time>,
}

impl ChannelView {
    /// None of a channel in which no number has arrived.
    pub(crate) fn of(channel: Channel) -> Option<Self> {
        let sequence = channel.sequence?;
        let gaps = sequence.open.iter().map(GapView::of).collect();
        Some(Self { channel: channel.channel, last: sequence.highest, changed_at: channel.changed_at, gaps })
    }
}

impl GapView {
    fn of(missing: &Missing) -> Self {
        let (due_at, told_at) = match missing.stage {
            Stage::Awaited { until } => (Some(until), None),
            Stage::Told { at } => (None, Some(at)),
        };
        Self { gap: missing.gap(), since: missing.since, due_at, told_at }
    }
}

/// Counts until the process goes down.
pub(in crate::engine) async fn count(context: Arc<Context>) {
    loop {
        tokio::select! {
            () = context.membership.closing.cancelled() => return,
            () = context.signals.numbers.notified() => {}
            () = tokio::time::sleep(context.settings.sweep_interval) => {}
        }
        context.membership.health.note("sequences", count_all(&context).await);
    }
}

/// Counts what was written, then looks what is due.
pub(super) async fn count_all(context: &Context) -> Result<(), StoreError> {
    while count_some(context).await? > 0 {}
    settle_some(context).await
}

async fn count_some(context: &Context) -> Result<usize, StoreError> {
    let mut transaction = context.pool.begin().await?;
    let arrivals = sequences::take(&mut transaction, NUMBERS_MAX).await?;
    let mut numbers: BTreeMap<(String, String), Vec<(i64, Duration)>> = BTreeMap::new();
    let count = arrivals.len();
    for arrival in arrivals {
        let Counted { channel, number, grace } = arrival.counted;
        numbers.entry((arrival.source, channel)).or_default().push((number, grace));
    }
    let names: Vec<(&str, &str)> =
        numbers.keys().map(|(source, channel)| (source.as_str(), channel.as_str())).collect();
    let mut told = 0;
    if count > 0 {
        let channels = sequences::lock(&mut transaction, &names).await?;
        told = bring_up(context.now(), &mut transaction, channels, &numbers).await?;
    }
    transaction.commit().await?;
    deliver_now(context, told);
    Ok(count)
}

fn deliver_now(context: &Context, told: usize) {
    if told > 0 {
        context.signals.outgoing.notify_one();
    }
}

/// The next look continues where there is more.
async fn settle_some(context: &Context) -> Result<(), StoreError> {
    let mut transaction = context.pool.begin().await?;
    let channels = sequences::due(&mut transaction, DUE_MAX).await?;
    let mut told = 0;
    if !channels.is_empty() {
        told = bring_up(context.now(), &mut transaction, channels, &BTreeMap::new()).await?;
    }
    transaction.commit().await?;
    deliver_now(context, told);
    Ok(())
}

/// Brings locked channels up to these numbers and to this moment. Gives the number of gaps that were reported.
async fn bring_up(
    now: Time,
    conn: &mut PgConnection,
    channels: Vec<Channel>,
    numbers: &BTreeMap<(String, String), Vec<(i64, Duration)>>,
) -> Result<usize, StoreError> {
    let (mut changed, mut told): (Vec<(String, String, Sequence)>, Vec<NewOutgoing>) = (Vec::new(), Vec::new());
    for Channel { source, channel, sequence, .. } in channels {
        let key = (source, channel);
        let numbers = numbers.get(&key).map(Vec::as_slice).unwrap_or_default();
        let (sequence, gaps) = arrive(sequence, numbers, now);
        for gap in gaps {
            warn!(
                source = key.0,
                channel = key.1,
                gap.after,
                gap.before,
                gap.missing,
                "events of a source are missing"
            );
            told.push(tell(&key.0, &key.1, gap, now));
        }
        changed.extend(sequence.map(|sequence| (key.0, key.1, sequence)));
    }
    let rows: Vec<_> = changed.iter().map(|(source, channel, s)| (source.as_str(), channel.as_str(), s)).collect();
    sequences::put(conn, &rows).await?;
    if !told.is_empty() {
        outgoing::insert(conn, &told.iter().collect::<Vec<_>>()).await?;
    }
    Ok(told.len())
}

/// The event of a gap: to this hub itself, so that it starts workflows like any other.
fn tell(source: &str, channel: &str, gap: Gap, now: Time) -> NewOutgoing {
    let id = Uuid::now_v7();
    let event = json!({
        "specversion": "1.0",
        "id": id.to_string(),
        "source": SOURCES_SOURCE,
        "type": GAP_TYPE,
        "time": now.to_rfc3339_opts(SecondsFormat::Millis, true),
        "subject": source,
        "data": {
            "source": source,
            "channel": channel,
            "after": gap.after,
            "before": gap.before,
            "missing": gap.missing,
            "at": now.to_rfc3339_opts(SecondsFormat::Secs, true),
        },
    });
    NewOutgoing { id, event: event.to_string(), sink: None }
}

#[cfg(test)]
mod tests;
