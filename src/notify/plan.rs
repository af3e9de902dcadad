//! What a channel is told next, if anything.

use std::collections::{BTreeMap, BTreeSet};

use super::{Channel, ITEMS_MAX, Item, Matter, Message, State, Topic};
use crate::machine::Time;
use crate::words::plural;

/// What a channel was told of a matter that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// As [`Matter::subject`] gives it.
    pub subject: String,
    /// Its line in the message.
    pub title: String,
    /// How many there were.
    pub count: i64,
    /// When.
    pub at: Time,
}

/// A message, and what the channel knows once it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The message.
    pub message: Message,
    /// What it says that is new.
    pub told: Vec<Told>,
    /// Subjects that are over.
    pub over: Vec<String>,
}

/// Where the hub is, for links and for people who look after several.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// The dashboard's address, without a slash at its end.
    pub url: &'a str,
    /// Which systems the hub calls.
    pub environment: &'a str,
}

/// Compares what needs people with what the channel was told; `last` is its last message. `None` if nothing has changed, it was
/// told something less than [`Channel::every`] ago, or it is quiet now.
#[must_use]
pub fn plan(
    channel: &Channel,
    matters: &[Matter],
    told: &[Told],
    last: Option<Time>,
    now: Time,
    here: Here<'_>,
) -> Option<Planned> {
    let waits = |last: Time| (now - last).to_std().unwrap_or_default() < channel.every;
    if last.is_some_and(waits) {
        return None;
    }
    let quiet = channel.quiet.as_ref().filter(|quiet| quiet.holds(now));
    let is_told = |topic: Topic| channel.about.contains(&topic) && quiet.is_none_or(|q| q.except.contains(&topic));
    let known: BTreeMap<&str, &Told> = told.iter().map(|told| (told.subject.as_str(), told)).collect();
    let (mut items, mut news) = (Vec::new(), Vec::new());
    for matter in matters.iter().filter(|matter| is_told(matter.topic)) {
        let subject = matter.subject();
        let state = match known.get(subject.as_str()) {
            None => State::New,
            Some(told) if matter.count >= told.count.saturating_mul(2) => State::More,
            Some(_) => continue,
        };
        items.push(item(state, matter, here));
        news.push(Told { subject, title: matter.title.clone(), count: matter.count, at: now });
    }
    let open: BTreeSet<String> = matters.iter().map(Matter::subject).collect();
    let mut over = Vec::new();
    for told in told.iter().filter(|told| !open.contains(&told.subject)) {
        let topic = told.subject.split(':').next().and_then(Topic::named);
        match topic {
            // The channel is not told of it any more.
            None => over.push(told.subject.clone()),
            Some(topic) if !channel.about.contains(&topic) => over.push(told.subject.clone()),
            Some(topic) if is_told(topic) => {
                items.push(resolved(topic, told, here));
                over.push(told.subject.clone());
            }
            Some(_) => {}
        }
    }
    if items.is_empty() {
        return None;
    }
    let summary = summary(&items);
    let more = items.len().saturating_sub(ITEMS_MAX);
    items.truncate(ITEMS_MAX);
    let message = Message {
        channel: channel.name.clone(),
        environment: here.environment.to_owned(),
        summary,
        items,
        more,
        url: format!("{}/?attention=any", here.url),
    };
    Some(Planned { message, told: news, over })
}

fn item(state: State, matter: &Matter, here: Here<'_>) -> Item {
    Item {
        state,
        topic: matter.topic,
        title: matter.title.clone(),
        count: matter.count,
        since: matter.since,
        url: format!("{}{}", here.url, matter.path),
    }
}

fn resolved(topic: Topic, told: &Told, here: Here<'_>) -> Item {
    let url = format!("{}/?attention=any", here.url);
    Item { state: State::Resolved, topic, title: told.title.clone(), count: told.count, since: told.at, url }
}

/// `3 runs need attention, 1 connection is down`; what is over, if that is all.
fn summary(items: &[Item]) -> String {
    let of = |topic: Topic| items.iter().filter(move |item| item.topic == topic && item.state != State::Resolved);
    let sum = |topic| usize::try_from(of(topic).map(|item| item.count).sum::<i64>()).unwrap_or_default();
    let number = |topic| of(topic).count();
    let need = |n: usize| if n == 1 { "needs" } else { "need" };
    let mut parts = Vec::new();
    for topic in Topic::ALL.into_iter().filter(|topic| number(*topic) > 0) {
        let n = match topic {
            Topic::Runs | Topic::Events => sum(topic),
            _ => number(topic),
        };
        parts.push(match topic {
            Topic::Runs => format!("{} {} attention", plural(n, "run", "runs"), need(n)),
            Topic::Events => format!("{} {} attention", plural(n, "event", "events"), need(n)),
            Topic::Connections => plural(n, "connection is down", "connections are down"),
            Topic::Tasks => format!("{} for a decision", plural(n, "task waits", "tasks wait")),
            Topic::Sources => plural(n, "source is silent", "sources are silent"),
        });
    }
    match parts.is_empty() {
        true => format!("Resolved: {}", plural(items.len(), "problem", "problems")),
        false => parts.join(", "),
    }
}
