//! What channels are told, and when.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{TimeDelta, TimeZone, Utc};
use proptest::prelude::*;

use super::{Channel, Endpoint, Here, Matter, Message, Quiet, Recipient, State, Told, Topic, plan, shapes};
use crate::machine::Time;

const HERE: Here<'static> = Here { url: "https://hub.example", environment: "production" };

fn noon() -> Time {
    Utc.with_ymd_and_hms(2026, 12, 1, 12, 0, 0).unwrap()
}

fn channel() -> Channel {
    Channel {
        name: "oncall".to_owned(),
        to: Recipient::Webhook(Endpoint::Address("https://a.example".to_owned())),
        about: BTreeSet::from(Topic::ALL),
        every: Duration::from_mins(5),
        quiet: None,
    }
}

fn runs(key: &str, count: i64) -> Matter {
    Matter {
        topic: Topic::Runs,
        key: key.to_owned(),
        title: format!("crm-erp/closed-won: {key}"),
        count,
        since: noon() - TimeDelta::minutes(3),
        path: format!("/?attention=any&fingerprint={key}"),
    }
}

fn told(matter: &Matter, at: Time) -> Told {
    Told { subject: matter.subject(), title: matter.title.clone(), count: matter.count, at }
}

#[test]
fn a_new_cause_is_told_at_once_and_again_only_when_it_has_doubled() {
    let first = plan(&channel(), &[runs("a", 2)], &[], None, noon(), HERE).unwrap();
    assert_eq!(first.message.summary, "2 runs need attention");
    assert_eq!(first.message.items[0].url, "https://hub.example/?attention=any&fingerprint=a");
    let later = noon() + TimeDelta::hours(1);
    for (count, is_told) in [(2, false), (3, false), (4, true)] {
        let again = plan(&channel(), &[runs("a", count)], &first.told, Some(noon()), later, HERE);
        assert_eq!(again.map(|again| again.message.items[0].state), is_told.then_some(State::More), "{count}");
    }
}

#[test]
fn what_happens_soon_after_a_message_goes_into_the_next_one() {
    let known = [told(&runs("a", 1), noon())];
    let matters = [runs("a", 1), runs("b", 1), runs("c", 5)];
    let after = |minutes| noon() + TimeDelta::minutes(minutes);
    assert_eq!(plan(&channel(), &matters, &known, Some(noon()), after(4), HERE), None);
    let next = plan(&channel(), &matters, &known, Some(noon()), after(5), HERE).unwrap();
    assert_eq!((next.message.items.len(), next.message.summary.as_str()), (2, "6 runs need attention"));
}

#[test]
fn what_is_over_is_told_once_and_forgotten() {
    let known = [told(&runs("a", 3), noon())];
    let later = noon() + TimeDelta::hours(1);
    let over = plan(&channel(), &[], &known, Some(noon()), later, HERE).unwrap();
    assert_eq!((over.message.summary.as_str(), over.over.len()), ("Resolved: 1 problem", 1));
    assert_eq!(plan(&channel(), &[], &[], Some(later), later + TimeDelta::hours(1), HERE), None);
}

#[test]
fn quiet_hours_hold_back_all_but_their_exceptions_and_what_is_still_open_is_told_afterwards() {
    let at = |hour, minute| chrono::NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    let except = BTreeSet::from([Topic::Connections]);
    let quiet = Quiet { from: at(22, 0), until: at(7, 0), zone: chrono_tz::Europe::Zurich, except };
    let channel = Channel { quiet: Some(quiet), ..channel() };
    let down = Matter { topic: Topic::Connections, key: "netsuite".into(), ..runs("x", 1) };
    let matters = [runs("a", 1), down];
    // Zurich is an hour ahead of UTC in December.
    let night = Utc.with_ymd_and_hms(2026, 12, 1, 21, 30, 0).unwrap();
    let during = plan(&channel, &matters, &[], None, night, HERE).unwrap();
    assert_eq!(during.message.summary, "1 connection is down");
    let morning = Utc.with_ymd_and_hms(2026, 12, 2, 6, 0, 0).unwrap();
    let after = plan(&channel, &matters, &during.told, Some(night), morning, HERE).unwrap();
    assert_eq!(after.message.summary, "1 run needs attention");
    let before = Utc.with_ymd_and_hms(2026, 12, 2, 5, 59, 0).unwrap();
    assert_eq!(plan(&channel, &matters, &during.told, Some(night), before, HERE), None);
    assert_eq!(plan(&channel, &[], &[told(&runs("a", 1), noon())], None, before, HERE), None, "nor that it is over");
}

#[test]
fn a_message_lists_twenty_changes_and_counts_the_others() {
    let matters: Vec<Matter> = (0..50).map(|n| runs(&n.to_string(), 2)).collect();
    let message = plan(&channel(), &matters, &[], None, noon(), HERE).unwrap().message;
    assert_eq!((message.items.len(), message.more, message.summary.as_str()), (20, 30, "100 runs need attention"));
}

fn message(title: &str) -> Message {
    let matter = Matter { title: title.to_owned(), ..runs("a", 2) };
    plan(&channel(), &[matter], &[], None, noon(), HERE).unwrap().message
}

#[test]
fn each_receiver_gets_its_own_shape_and_what_came_from_outside_is_no_markup() {
    let hostile = message("<!channel> [click](https://evil.example) & more");
    let slack = shapes::slack(&hostile, Some("C012"), noon());
    assert_eq!(slack["channel"], "C012");
    let line = slack["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(line.contains("&lt;!channel&gt;") && line.contains("&amp; more> (2 runs, for 3 min)"), "{line}");
    let teams = shapes::teams(&hostile, noon());
    let card = &teams["attachments"][0]["content"];
    assert!(!card["body"][1]["text"].as_str().unwrap().contains("]("), "{card}");
    assert_eq!(card["actions"][0]["url"], "https://hub.example/?attention=any&fingerprint=a");
    let mail = shapes::text(&hostile, noon());
    assert!(mail.starts_with("Stepwell (production): 2 runs need attention\n\nNew: <!channel>"), "{mail}");
    let event = shapes::webhook(&hostile, uuid::Uuid::nil(), HERE.url, noon());
    assert_eq!((&event["type"], &event["data"]["items"][0]["state"]), (&shapes::TYPE.into(), &"new".into()));
}

proptest! {
    /// Whatever comes and goes, a channel that was told everything knows exactly what is open, and says nothing twice.
    #[test]
    fn a_channel_that_was_told_everything_knows_what_is_open(steps in prop::collection::vec(prop::collection::btree_map("[a-e]", 1_i64..9, 0..4), 1..12)) {
        let (mut known, mut last, mut now) = (Vec::<Told>::new(), None, noon());
        for step in steps {
            let matters: Vec<Matter> = step.iter().map(|(key, count)| runs(key, *count)).collect();
            now += TimeDelta::minutes(5);
            if let Some(planned) = plan(&channel(), &matters, &known, last, now, HERE) {
                known.retain(|told| !planned.over.contains(&told.subject));
                known.retain(|told| planned.told.iter().all(|new| new.subject != told.subject));
                known.extend(planned.told);
                last = Some(now);
            }
            let mut subjects: Vec<String> = known.iter().map(|told| told.subject.clone()).collect();
            subjects.sort();
            let open: Vec<String> = matters.iter().map(Matter::subject).collect();
            prop_assert_eq!(subjects, open);
            prop_assert_eq!(plan(&channel(), &matters, &known, last, now + TimeDelta::minutes(5), HERE), None);
        }
    }
}
