//! Circuit breaker of one connection on one node. While the target is down, calls are rejected with a time to retry.
//! Pure: takes events with their time and returns decisions.
//!
//! Closed: all calls pass. After a number of consecutive failures, it opens. When the open time is over, one trial call
//! passes (half-open): if it fails, the breaker stays open twice as long; if the target answers, it closes. Rejected
//! calls come back in waves: each gets its own time, at a limited rate per second.

use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Consecutive failures after which it opens.
    pub failures: u32,
    /// How long it stays open the first time.
    pub wait: Duration,
    /// Upper bound for the open time, which doubles with each failed trial.
    pub wait_max: Duration,
    /// Rejected calls that may come back per second.
    pub wave: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 20, wait: Duration::from_secs(5), wait_max: Duration::from_mins(1), wave: 20 }
    }
}

/// What the end of a call says about the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// The target answered, with whatever status.
    Up,
    /// No answer, or only a proxy's "not now".
    Down,
    /// The call was not sent, or was throttled: nothing is known.
    Unknown,
}

/// Whether a call may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes.
    Sent,
    /// Yes, as the trial call that decides the state.
    HalfOpen,
    /// No; retry after this time.
    TurnedAway(Duration),
}

/// The state shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Calls pass.
    Closed,
    /// Calls are turned away.
    Open,
    /// A trial call is in flight.
    HalfOpen,
}

impl Phase {
    /// The name of the state, for output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, times: u32, turned_away: u32 },
    HalfOpen { times: u32, turned_away: u32, since: Instant },
}

/// The breaker of one connection on one node.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
}

/// A trial call whose end is never reported, because its run moved to another node, is given up after this long.
const HALF_OPEN_MAX: Duration = Duration::from_mins(2);

impl Breaker {
    /// Creates a closed breaker.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// Returns the current state.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.state {
            State::Closed { .. } => Phase::Closed,
            State::Open { .. } => Phase::Open,
            State::HalfOpen { .. } => Phase::HalfOpen,
        }
    }

    /// Decides whether a call may be sent.
    pub fn admit(&mut self, now: Instant) -> Admission {
        match &mut self.state {
            State::Closed { .. } => Admission::Sent,
            State::Open { until, turned_away, .. } if now < *until => {
                let away = (*until - now) + wave(&self.settings, *turned_away);
                *turned_away = turned_away.saturating_add(1);
                Admission::TurnedAway(away)
            }
            State::Open { times, turned_away, .. } => {
                self.state = State::HalfOpen { times: *times, turned_away: *turned_away, since: now };
                Admission::HalfOpen
            }
            State::HalfOpen { since, .. } if now.duration_since(*since) > HALF_OPEN_MAX => {
                *since = now;
                Admission::HalfOpen
            }
            State::HalfOpen { turned_away, .. } => {
                let away = Duration::from_secs(1) + wave(&self.settings, *turned_away);
                *turned_away = turned_away.saturating_add(1);
                Admission::TurnedAway(away)
            }
        }
    }

    /// Records the end of a call that was sent. Returns whether this opened or closed the breaker.
    pub fn ended(&mut self, admission: Admission, health: Health, now: Instant) -> bool {
        let before = self.phase();
        self.state = match (&self.state, admission, health) {
            (State::HalfOpen { times, .. }, Admission::HalfOpen, Health::Down) => {
                self.open(times.saturating_add(1), now)
            }
            // The trial call proved nothing: the next call becomes the trial.
            (State::HalfOpen { times, turned_away, .. }, Admission::HalfOpen, Health::Unknown) => {
                State::Open { until: now, times: *times, turned_away: *turned_away }
            }
            (State::HalfOpen { .. }, Admission::HalfOpen, Health::Up) | (State::Closed { .. }, _, Health::Up) => {
                State::Closed { failures: 0 }
            }
            (State::Closed { failures }, _, Health::Down) if failures + 1 >= self.settings.failures => {
                self.open(0, now)
            }
            (State::Closed { failures }, _, Health::Down) => State::Closed { failures: failures + 1 },
            // A call sent before the breaker opened proves nothing new.
            _ => return false,
        };
        self.phase() != before
    }

    fn open(&self, times: u32, now: Instant) -> State {
        let wait = self.settings.wait.saturating_mul(1_u32 << times.min(16)).min(self.settings.wait_max);
        State::Open { until: now + wait, times, turned_away: 0 }
    }
}

/// How long after the first call the `n`th rejected call comes back.
fn wave(settings: &BreakerSettings, n: u32) -> Duration {
    Duration::from_secs(1).saturating_mul(n) / settings.wave.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> BreakerSettings {
        BreakerSettings { failures: 3, wait: Duration::from_secs(10), wait_max: Duration::from_secs(30), wave: 10 }
    }

    fn opened(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(settings());
        for _ in 0..3 {
            let admission = breaker.admit(now);
            breaker.ended(admission, Health::Down, now);
        }
        assert_eq!(breaker.phase(), Phase::Open);
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let now = Instant::now();
        let mut breaker = Breaker::new(settings());
        for health in [Health::Down, Health::Down, Health::Up, Health::Down, Health::Unknown, Health::Down] {
            assert_eq!(breaker.admit(now), Admission::Sent);
            assert!(!breaker.ended(Admission::Sent, health, now));
        }
        assert!(breaker.ended(Admission::Sent, Health::Down, now), "the third in a row");
    }

    #[test]
    fn while_it_is_open_calls_are_delayed_in_waves() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let away: Vec<Admission> = (0..21).map(|_| breaker.admit(now)).collect();
        assert_eq!(away[0], Admission::TurnedAway(Duration::from_secs(10)));
        assert_eq!(away[1], Admission::TurnedAway(Duration::from_millis(10_100)));
        assert_eq!(away[20], Admission::TurnedAway(Duration::from_secs(12)), "ten a second");
    }

    #[test]
    fn one_canary_decides() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + Duration::from_secs(10);
        assert_eq!(breaker.admit(later), Admission::HalfOpen);
        assert!(matches!(breaker.admit(later), Admission::TurnedAway(_)), "one, and no more");
        assert!(breaker.ended(Admission::HalfOpen, Health::Down, later));
        assert!(matches!(breaker.admit(later + Duration::from_secs(19)), Admission::TurnedAway(_)), "twice as long");
        let later = later + Duration::from_secs(20);
        assert_eq!(breaker.admit(later), Admission::HalfOpen);
        assert!(breaker.ended(Admission::HalfOpen, Health::Up, later));
        assert_eq!(breaker.admit(later), Admission::Sent);
    }

    #[test]
    fn it_never_stays_open_longer_than_it_may() {
        let mut now = Instant::now();
        let mut breaker = opened(now);
        for _ in 0..50 {
            now += Duration::from_secs(30);
            assert_eq!(breaker.admit(now), Admission::HalfOpen, "thirty seconds are always enough");
            breaker.ended(Admission::HalfOpen, Health::Down, now);
        }
    }

    #[test]
    fn a_canary_that_never_comes_back_is_replaced() {
        let now = Instant::now();
        let mut breaker = opened(now);
        let later = now + Duration::from_secs(10);
        assert_eq!(breaker.admit(later), Admission::HalfOpen);
        assert!(matches!(breaker.admit(later + Duration::from_mins(1)), Admission::TurnedAway(_)));
        assert_eq!(breaker.admit(later + Duration::from_mins(3)), Admission::HalfOpen);
    }

    #[test]
    fn a_call_from_before_the_outage_neither_closes_nor_prolongs_it() {
        let now = Instant::now();
        let mut breaker = opened(now);
        for health in [Health::Up, Health::Down, Health::Unknown] {
            assert!(!breaker.ended(Admission::Sent, health, now));
            assert_eq!(breaker.phase(), Phase::Open);
        }
    }
}
