//! Circuit breaker of one connection: while its target is down, calls are turned away instead of sent, and told when to come
//! back. Pure: what happened and when goes in, what to do comes out.
//!
//! Closed: all calls pass. After so many failures in a row it opens. When its time is over one call passes, the canary; if
//! that fails it stays open for twice as long, if the target answers it closes. Calls that were turned away come back in
//! waves: each is given its own moment, so many a second, and not all the first one.

use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Failures in a row after which it opens.
    pub failures: u32,
    /// How long it is open first.
    pub wait: Duration,
    /// Doubled until it is this long.
    pub wait_max: Duration,
    /// Calls that come back in each second after that.
    pub wave: u32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures: 20, wait: Duration::from_secs(5), wait_max: Duration::from_mins(1), wave: 20 }
    }
}

/// What a call's end says about its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered, whatever it said.
    Up,
    /// No answer, or none but "not now" from the machines before it.
    Down,
    /// Nothing: the call was not sent, or was slowed down.
    Unknown,
}

/// Whether a call may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Yes.
    Sent,
    /// As the first after an outage: its end decides.
    HalfOpen,
    /// No; come back after this.
    TurnedAway(Duration),
}

/// What people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Calls pass.
    Closed,
    /// Calls are turned away.
    Open,
    /// One call is on its way to see.
    HalfOpen,
}

impl Phase {
    /// In one word.
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

/// A trial call that never came back, because its run was lost to another node, is given up after this long.
const HALF_OPEN_MAX: Duration = Duration::from_mins(2);

impl Breaker {
    /// A closed one.
    #[must_use]
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// Its state.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.state {
            State::Closed { .. } => Phase::Closed,
            State::Open { .. } => Phase::Open,
            State::HalfOpen { .. } => Phase::HalfOpen,
        }
    }

    /// A call wants to go out.
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

    /// A call that was sent has ended. Gives whether the breaker opened or closed by it.
    pub fn ended(&mut self, admission: Admission, health: Health, now: Instant) -> bool {
        let before = self.phase();
        self.state = match (&self.state, admission, health) {
            (State::HalfOpen { times, .. }, Admission::HalfOpen, Health::Down) => {
                self.open(times.saturating_add(1), now)
            }
            // The canary said nothing: the next call is one.
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
            // What was sent before it opened says nothing new.
            _ => return false,
        };
        self.phase() != before
    }

    fn open(&self, times: u32, now: Instant) -> State {
        let wait = self.settings.wait.saturating_mul(1_u32 << times.min(16)).min(self.settings.wait_max);
        State::Open { until: now + wait, times, turned_away: 0 }
    }
}

/// How long after the first one the `n`th call comes back.
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
