//! `schedule`: the times and events that start a run.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::Scope;
use crate::dsl::definition::{DurationSpec, EventFilter, EventJoin, InputSpec, Take};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;
use crate::dsl::timing::{Misfire, Repeat, Timing, parse_cron, zone, zone_names};

/// What starts a run: single events or an event join, and optionally a timing.
#[derive(Default)]
pub(crate) struct Starts {
    pub(crate) triggers: Vec<EventFilter>,
    pub(crate) join: Option<EventJoin>,
    pub(crate) timing: Option<Timing>,
}

/// Shortest interval of a schedule.
const INTERVAL_MIN: std::time::Duration = std::time::Duration::from_secs(1);

impl<'s> Builder<'s> {
    /// Reads `schedule`. `own` is `document.metadata.schedule`, with Stepwell's additions.
    pub(crate) fn schedule(&mut self, node: Option<Node<'s>>, own: Option<Node<'s>>) -> Starts {
        let own = own.and_then(|n| self.closed(n, &["timeZone", "misfire"]));
        let Some(object) = node.and_then(|n| self.closed(n, &["on", "every", "cron", "after"])) else {
            if let Some(own) = own {
                self.report.error(Spot::key(own), "`metadata.schedule` describes a `schedule`, but there is none");
            }
            return Starts::default();
        };
        let times = ["every", "cron", "after"].iter().filter(|key| object.get(key).is_some()).count();
        if times > 1 || (times == 0 && object.get("on").is_none()) {
            self.report.error(object, "a schedule is one of `cron`, `every`, `after`, or events (`on`), or both");
            return Starts::default();
        }
        let starts = object.get("on").and_then(|on| self.events(on)).unwrap_or_default();
        if times == 0 {
            if let Some(own) = own {
                self.report.error(Spot::key(own), "events have no time zone and no misfires: leave this out");
            }
            return starts;
        }
        let repeat = self.repeat(object);
        let zone = own.and_then(|n| n.get("timeZone")).map(|n| self.zone(n));
        let words = [("skip", Misfire::Skip), ("once", Misfire::Once), ("all", Misfire::All)];
        let misfire = own.and_then(|n| n.get("misfire")).map(|n| self.word(n, &words));
        let timing = repeat.map(|repeat| Timing {
            repeat,
            zone: zone.flatten().unwrap_or(chrono_tz::Tz::UTC),
            misfire: misfire.flatten().unwrap_or_default(),
        });
        Starts { timing, ..starts }
    }

    fn repeat(&mut self, object: Node<'s>) -> Option<Repeat> {
        if let Some(node) = object.get("cron") {
            return match parse_cron(self.text(node)?) {
                Ok(cron) => Some(Repeat::Cron(Box::new(cron))),
                Err(why) => {
                    let hint = "for example `30 2 * * 1-5`: at half past two from Monday to Friday".to_owned();
                    self.report.error_with_hint(node, why, hint);
                    None
                }
            };
        }
        let (node, make): (_, fn(_) -> _) = match (object.get("every"), object.get("after")) {
            (Some(node), _) => (node, Repeat::Every),
            (None, node) => (node?, Repeat::After),
        };
        let DurationSpec::Fixed(interval) = self.duration(node, &Scope::default())? else {
            self.report.error(node, format!("`{}` cannot be an expression: there is no run yet", node.label()));
            return None;
        };
        if interval < INTERVAL_MIN {
            self.report.error(node, "a schedule cannot repeat more often than once a second");
            return None;
        }
        Some(make(interval))
    }

    /// Checks that the input schema accepts the input of a scheduled run, which is known beforehand.
    pub(crate) fn check_scheduled_input(&mut self, root: Node<'s>, input: &InputSpec) {
        let Some(node) = root.get("input").and_then(|n| n.get("schema")) else { return };
        let sample = serde_json::json!({ "scheduledFor": "2026-01-01T00:00:00.000Z" });
        let refused = input.schema.as_ref().and_then(|schema| schema.validator.iter_errors(&sample).next());
        if let Some(why) = refused.map(|error| error.to_string()) {
            let message = format!(
                "this schema rejects the input of every run that the schedule would start: {}",
                shortened(&why)
            );
            let hint = "their input is `{ scheduledFor: <date and time> }`: require nothing else".to_owned();
            self.report.warning(Spot::key(node), message, hint);
        }
    }

    fn zone(&mut self, node: Node<'s>) -> Option<chrono_tz::Tz> {
        let text = self.text(node)?;
        let found = zone(text);
        if found.is_none() {
            let hint = did_you_mean(text, zone_names()).unwrap_or_else(|| "for example `Europe/Zurich`".to_owned());
            self.report.error_with_hint(node, format!("`{}` is not a time zone", shortened(text)), hint);
        }
        found
    }

    /// Reads `schedule.on`: events that each start a run, or an event join that starts one run.
    fn events(&mut self, on: Node<'s>) -> Option<Starts> {
        let strategy = self.strategy(on, None)?;
        if strategy.take != Take::All && strategy.until.is_none() {
            return Some(Starts { triggers: strategy.filters, ..Starts::default() });
        }
        let all: Vec<&EventFilter> = strategy.filters.iter().chain(strategy.until_filters()).collect();
        let names: Vec<BTreeSet<&str>> = all.iter().map(|filter| filter.bindings()).collect();
        if names.windows(2).any(|pair| pair[0] != pair[1]) {
            let message = "either all events that start a run together are correlated by the same names, or none is";
            let hint =
                "give each filter the same names under `correlate`, so that each event belongs to one run".to_owned();
            self.report.error_with_hint(Spot::key(on), message, hint);
            return None;
        }
        let signature = hex::encode(Sha256::digest(on.to_value().to_string()));
        Some(Starts { join: Some(EventJoin { strategy, signature }), ..Starts::default() })
    }
}
