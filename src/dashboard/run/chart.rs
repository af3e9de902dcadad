//! The chart of a run: the position of each attempt and wait on the time axis.
//!
//! Time is linear within a stretch of activity. Idle time, in which nothing was tried and nothing was due (the run
//! waited for a person or was suspended), would squeeze the rest. So long idle times are cut, and the axis shows the
//! cuts.

use super::timeline::{Step, Timeline};
use crate::machine::{Role, Time};
use crate::words::{duration, millis_between};

/// Idle time is cut if it is longer than this share of the active time.
const IDLE_SHARE: f64 = 0.2;

/// Idle time shorter than this is never cut.
const IDLE_MILLIS_MIN: i64 = 2_000;

/// Width of a cut, in percent.
const CUT_WIDTH: f64 = 3.0;

/// Minimum width of a bar, in percent, so that everything stays visible.
const BAR_WIDTH_MIN: f64 = 0.5;

/// Minimum distance between labels of the axis, in percent.
const TICK_DISTANCE: f64 = 13.0;

/// Maximum number of stretches of activity.
const STRETCHES_MAX: usize = 12;

/// A stretch of time drawn to scale.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stretch {
    from: Time,
    to: Time,
    /// Left end, in percent.
    x: f64,
}

/// The time axis of one run.
#[derive(Debug)]
pub struct Axis {
    stretches: Vec<Stretch>,
    percent_per_milli: f64,
}

/// A label on the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Position, such as `12.50%`.
    pub x: String,
    /// Time since the run began.
    pub label: String,
}

/// A cut in the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// Position, such as `12.50%`.
    pub x: String,
    /// Width, such as `3.00%`.
    pub width: String,
    /// Describes what was cut.
    pub label: String,
}

/// A bar in the row of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Position, such as `12.50%`.
    pub x: String,
    /// Width, such as `4.00%`.
    pub width: String,
    /// CSS class for the kind of bar.
    pub class: &'static str,
    /// Tooltip, also for screen readers.
    pub label: String,
}

impl Axis {
    /// Returns the axis of a run; if the run is open, it ends at `now`.
    #[must_use]
    pub fn of(timeline: &Timeline, now: Time) -> Self {
        let from = timeline.started_at.unwrap_or(now);
        let end = timeline.ended_at.unwrap_or(now).max(from);
        let mut busy: Vec<(Time, Time)> = vec![(from, from), (end, end)];
        busy.extend(timeline.notes.iter().map(|note| (note.at, note.at)));
        for step in &timeline.steps {
            busy.push((step.started_at, step.started_at));
            busy.extend(step.ended_at.map(|at| (at, at)));
            busy.extend(step.attempts.iter().map(|a| (a.started_at, a.ended_at.unwrap_or(end))));
            busy.extend(step.waits.iter().map(|w| (w.from, if w.open { end } else { w.until })));
        }
        Self::over(merged(busy))
    }

    fn over(busy: Vec<(Time, Time)>) -> Self {
        let active: i64 = busy.iter().map(|(from, to)| millis_between(*from, *to)).sum();
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "drawn, not counted")]
        let idle_max = ((active as f64 * IDLE_SHARE) as i64).max(IDLE_MILLIS_MIN);
        let mut stretches: Vec<Stretch> = Vec::new();
        for (from, to) in busy {
            let full = stretches.len() >= STRETCHES_MAX;
            match stretches.last_mut() {
                Some(last) if full || millis_between(last.to, from) <= idle_max => last.to = last.to.max(to),
                _ => stretches.push(Stretch { from, to, x: 0.0 }),
            }
        }
        Self::placed(stretches)
    }

    #[allow(clippy::cast_precision_loss, reason = "drawn, not counted")]
    fn placed(mut stretches: Vec<Stretch>) -> Self {
        let shown: i64 = stretches.iter().map(|s| millis_between(s.from, s.to)).sum();
        let cuts = stretches.len().saturating_sub(1) as f64;
        let percent_per_milli = (100.0 - cuts * CUT_WIDTH) / (shown.max(1) as f64);
        let mut x = 0.0;
        for stretch in &mut stretches {
            stretch.x = x;
            x += millis_between(stretch.from, stretch.to) as f64 * percent_per_milli + CUT_WIDTH;
        }
        Self { stretches, percent_per_milli }
    }

    /// Returns the position of a time, in percent from the left.
    #[must_use]
    pub fn place(&self, at: Time) -> f64 {
        let stretch = self.stretches.iter().rev().find(|s| s.from <= at).or(self.stretches.first());
        stretch.map_or(0.0, |s| s.x + self.length(s.from, at.min(s.to))).clamp(0.0, 100.0)
    }

    #[allow(clippy::cast_precision_loss, reason = "drawn, not counted")]
    fn length(&self, from: Time, to: Time) -> f64 {
        millis_between(from, to) as f64 * self.percent_per_milli
    }

    fn bar(&self, from: Time, to: Time, class: &'static str, what: &str) -> Bar {
        let width = (self.place(to) - self.place(from)).max(BAR_WIDTH_MIN);
        let x = self.place(from).min(100.0 - width);
        let label = format!("{what}, {}", duration(millis_between(from, to)));
        Bar { x: percent(x), width: percent(width), class, label }
    }

    /// Returns the cuts from left to right.
    #[must_use]
    pub fn cuts(&self) -> Vec<Cut> {
        let pairs = self.stretches.iter().zip(self.stretches.iter().skip(1));
        pairs
            .map(|(before, after)| Cut {
                x: percent(after.x - CUT_WIDTH),
                width: percent(CUT_WIDTH),
                label: format!("{} without activity", duration(millis_between(before.to, after.from))),
            })
            .collect()
    }

    /// Returns labels at round times since the run began, as many as fit.
    #[must_use]
    pub fn ticks(&self) -> Vec<Tick> {
        let Some(start) = self.stretches.first().map(|s| s.from) else { return Vec::new() };
        let step = self.tick_millis();
        let mut ticks: Vec<(f64, i64)> = Vec::new();
        for stretch in &self.stretches {
            let first = millis_between(start, stretch.from);
            let last = millis_between(start, stretch.to);
            let rounds = (0..).map(|n| (first / step + 1 + n) * step).take_while(|at| *at <= last).take(20);
            // After a cut one label says how much later it is; further labels would differ in invisible digits.
            let rounds = rounds.filter(|_| first == 0);
            for at in std::iter::once(first).chain(rounds) {
                let x = stretch.x + self.length(stretch.from, start + chrono::Duration::milliseconds(at));
                if x <= 100.0 - TICK_DISTANCE / 2.0 && ticks.last().is_none_or(|(left, _)| x - left >= TICK_DISTANCE) {
                    ticks.push((x, at));
                }
            }
        }
        ticks.into_iter().map(|(x, at)| Tick { x: percent(x), label: tick_label(at) }).collect()
    }

    /// Returns the smallest round interval that keeps labels apart.
    #[allow(clippy::cast_possible_truncation, reason = "a step is at most some days")]
    fn tick_millis(&self) -> i64 {
        const ROUND: [i64; 27] = [
            1,
            2,
            5,
            10,
            20,
            50,
            100,
            200,
            500,
            1_000,
            2_000,
            5_000,
            10_000,
            15_000,
            30_000,
            60_000,
            120_000,
            300_000,
            600_000,
            900_000,
            1_800_000,
            3_600_000,
            7_200_000,
            21_600_000,
            43_200_000,
            86_400_000,
            604_800_000,
        ];
        let least = (TICK_DISTANCE / self.percent_per_milli) as i64;
        ROUND.into_iter().find(|step| *step >= least).unwrap_or(least.max(1))
    }
}

/// Returns the bars of a step: its attempts and waits, or its whole span if it has neither.
#[must_use]
pub fn bars(axis: &Axis, step: &Step, has_children: bool, now: Time) -> Vec<Bar> {
    let end = step.ended_at.unwrap_or(now);
    let mut bars = Vec::new();
    if has_children {
        bars.push(axis.bar(step.started_at, end, "span", "from first to last"));
    } else if step.attempts.is_empty() && step.waits.is_empty() {
        bars.push(axis.bar(step.started_at, end, crate::dashboard::parts::badge::of_step(step.state).class, "took"));
    }
    for wait in &step.waits {
        let until = if wait.open { now.min(wait.until) } else { wait.until };
        bars.push(axis.bar(wait.from, until.max(wait.from), "wait", "waited"));
    }
    for attempt in &step.attempts {
        let class = match (&attempt.failure, attempt.ended_at) {
            (Some(_), _) => "failed",
            (None, None) => "running",
            (None, Some(_)) if attempt.response.is_none() => "cancelled",
            (None, Some(_)) if matches!(step.role, Role::Undo(_)) => "compensated",
            (None, Some(_)) => "completed",
        };
        let what = format!("attempt {}", attempt.number);
        bars.push(axis.bar(attempt.started_at, attempt.ended_at.unwrap_or(end), class, &what));
    }
    bars
}

/// Formats a time since the run began without meaningless decimals.
fn tick_label(millis: i64) -> String {
    if millis == 0 { "0".to_owned() } else { duration(millis) }
}

fn merged(mut times: Vec<(Time, Time)>) -> Vec<(Time, Time)> {
    times.sort_unstable();
    let mut merged: Vec<(Time, Time)> = Vec::new();
    for (from, to) in times {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

fn percent(x: f64) -> String {
    format!("{x:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Time {
        Time::UNIX_EPOCH + chrono::Duration::milliseconds(millis)
    }

    fn axis(busy: &[(i64, i64)]) -> Axis {
        Axis::over(merged(busy.iter().map(|(from, to)| (at(*from), at(*to))).collect()))
    }

    #[test]
    fn activity_is_drawn_to_scale() {
        let axis = axis(&[(0, 1_000), (1_000, 4_000)]);
        assert!(axis.cuts().is_empty());
        assert!((axis.place(at(1_000)) - 25.0).abs() < 0.01);
        assert_eq!(axis.bar(at(1_000), at(3_000), "wait", "waited").width, "50.00%");
    }

    #[test]
    fn a_night_without_anything_due_is_cut_out() {
        let axis = axis(&[(0, 10_000), (36_010_000, 36_020_000)]);
        let cuts = axis.cuts();
        assert_eq!(cuts.len(), 1);
        assert_eq!(cuts[0].label, "10 h without activity");
        assert!((axis.place(at(10_000)) - 48.5).abs() < 0.01, "{}", axis.place(at(10_000)));
        assert!((axis.place(at(36_020_000)) - 100.0).abs() < 0.01);
    }

    #[test]
    fn everything_stays_on_the_chart() {
        let axis = axis(&[(0, 1_000)]);
        for millis in [-5_000, 0, 500, 1_000, 99_000] {
            assert!((0.0..=100.0).contains(&axis.place(at(millis))), "{millis}");
        }
        assert_eq!(axis.bar(at(1_000), at(1_000), "set", "took").x, "99.50%");
    }

    #[test]
    fn labels_do_not_touch() {
        for length in [3, 70, 950, 12_345, 400_000, 90_000_000] {
            let ticks = axis(&[(0, length)]).ticks();
            assert!((2..=9).contains(&ticks.len()), "{length}: {ticks:?}");
            assert_eq!(ticks[0].label, "0");
        }
    }

    #[test]
    fn a_run_without_length_still_has_an_axis() {
        let axis = axis(&[(0, 0)]);
        assert_eq!(axis.ticks().len(), 1);
        assert!(axis.place(at(0)).abs() < 0.01);
    }
}
