//! Records refused requests: a counter, and one line per minute for each kind of attempt and peer.
//!
//! A refusal's response carries its [`Attempt`], and the layer [`note`] sees every response. The line goes to the log
//! (target `stepwell::audit`) and to the table `refusals` for administrators. It has the peer's address, method and
//! path (never the query) and a count, but no secret and no body. Strangers decide how often this happens, so
//! everything is bounded: the peers told apart, the rows waiting, the rows kept.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::warn;

use super::peer::Visitor;
use crate::store::acts::{self, NewRefusal};
use crate::telemetry;

/// At most one line per kind and peer in this time.
const WINDOW: Duration = Duration::from_mins(1);

/// Most combinations of kind and peer told apart; the rest share a line.
const WINDOWS_MAX: usize = 4_096;

/// Most rows waiting to be written; beyond it, attempts are only counted.
const QUEUE_MAX: usize = 256;

/// Longest path recorded.
const SUBJECT_CHARS_MAX: usize = 200;

/// A refused attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// A bearer token that is unknown, expired, revoked, or not one of ours.
    Token,
    /// An unknown or ended session.
    Session,
    /// An invalid login link, or an invalid token entered instead.
    Login,
    /// A webhook or event with a wrong signature.
    Signature,
    /// A webhook for an unknown source.
    Source,
    /// An action without the required scope.
    Scope(String),
}

impl Attempt {
    fn kind(&self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Login => "login",
            Self::Signature => "signature",
            Self::Source => "source",
            Self::Scope(_) => "scope",
        }
    }
}

/// The current window of a kind and peer, and the attempts not yet recorded.
struct Window {
    began_at: Instant,
    subject: String,
    untold: i64,
}

type Key = (&'static str, Option<IpAddr>);

/// Counts refused attempts and records them at intervals. Cheap to clone.
#[derive(Clone)]
pub struct Refusals {
    windows: Arc<Mutex<HashMap<Key, Window>>>,
    rows: mpsc::Sender<NewRefusal>,
}

impl Refusals {
    /// Starts the task that writes rows through this pool; it ends with the last clone.
    #[must_use]
    pub fn start(pool: PgPool) -> Self {
        let (rows, queue) = mpsc::channel(QUEUE_MAX);
        let refusals = Self { windows: Arc::default(), rows };
        let windows = Arc::downgrade(&refusals.windows);
        tokio::spawn(async move { write(&pool, queue, &windows).await });
        refusals
    }

    fn attempted(&self, attempt: &Attempt, peer: Option<IpAddr>, asked: &str) {
        telemetry::refused(attempt.kind());
        let mut subject: String = asked.chars().take(SUBJECT_CHARS_MAX).collect();
        if let Attempt::Scope(actor) = attempt {
            subject = format!("{actor} {subject}");
        }
        let told = {
            let mut windows = self.windows.lock().expect("nothing panics while it holds the windows");
            count(&mut windows, (attempt.kind(), peer), subject, Instant::now())
        };
        if let Some(row) = told {
            tell(&row);
            // A full queue drops the row but not the log line.
            let _ = self.rows.try_send(row);
        }
    }
}

/// Counts an attempt. Returns the refusal to record if it is the first in its window.
fn count(windows: &mut HashMap<Key, Window>, key: Key, subject: String, now: Instant) -> Option<NewRefusal> {
    let over = |window: &Window| now.duration_since(window.began_at) >= WINDOW;
    if windows.len() >= WINDOWS_MAX && !windows.contains_key(&key) {
        windows.retain(|_, window| window.untold > 0 || !over(window));
    }
    // With so many peers, this one shares a line with others.
    let key = if windows.len() >= WINDOWS_MAX && !windows.contains_key(&key) { (key.0, None) } else { key };
    match windows.get_mut(&key) {
        Some(window) if !over(window) => {
            window.untold = window.untold.saturating_add(1);
            None
        }
        found => {
            let untold = found.map_or(0, |window| window.untold);
            windows.insert(key, Window { began_at: now, subject: subject.clone(), untold: 0 });
            Some(row(key, subject, untold.saturating_add(1)))
        }
    }
}

/// Removes windows that are over, and returns their unrecorded attempts.
fn rest(windows: &mut HashMap<Key, Window>, now: Instant) -> Vec<NewRefusal> {
    let over = windows.extract_if(|_, window| now.duration_since(window.began_at) >= WINDOW);
    over.filter(|(_, window)| window.untold > 0).map(|(key, window)| row(key, window.subject, window.untold)).collect()
}

fn row((kind, peer): Key, subject: String, count: i64) -> NewRefusal {
    let peer = peer.map_or_else(|| "various".to_owned(), |peer| peer.to_string());
    NewRefusal { kind, peer, subject, count }
}

fn tell(NewRefusal { kind, peer, subject, count }: &NewRefusal) {
    warn!(target: "stepwell::audit", kind, peer, subject, count, "turned away");
}

async fn write(
    pool: &PgPool,
    mut queue: mpsc::Receiver<NewRefusal>,
    windows: &std::sync::Weak<Mutex<HashMap<Key, Window>>>,
) {
    let mut minutes = tokio::time::interval(WINDOW);
    loop {
        let rows = tokio::select! {
            row = queue.recv() => match row {
                Some(row) => vec![row],
                None => return,
            },
            _ = minutes.tick() => {
                let Some(windows) = windows.upgrade() else { return };
                let rows = rest(&mut windows.lock().expect("nothing panics while it holds the windows"), Instant::now());
                rows.iter().for_each(tell);
                rows
            }
        };
        for row in rows {
            if let Err(error) = acts::refused(pool, &row).await {
                warn!(%error, "a refusal could not be stored; it is only in the log");
            }
        }
    }
}

/// Records every response that refuses an attempt.
pub async fn note(State(refusals): State<Refusals>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Visitor>().map(|visitor| visitor.peer.address());
    let asked = format!("{} {}", request.method(), request.uri().path());
    let response = next.run(request).await;
    if let Some(attempt) = response.extensions().get::<Attempt>() {
        refusals.attempted(attempt, peer, &asked);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(n: u32) -> Key {
        ("token", Some(IpAddr::V4(n.into())))
    }

    #[tokio::test]
    async fn a_minute_of_attempts_of_a_peer_is_one_line_and_none_is_forgotten() {
        let (mut windows, begin) = (HashMap::new(), Instant::now());
        let told = |windows: &mut _, after| count(windows, peer(1), "GET /".into(), begin + after).map(|row| row.count);
        assert_eq!(told(&mut windows, Duration::ZERO), Some(1));
        for _ in 0..100 {
            assert_eq!(told(&mut windows, WINDOW / 2), None);
        }
        assert_eq!(count(&mut windows, ("login", peer(1).1), "POST /login".into(), begin).unwrap().count, 1);
        assert_eq!(told(&mut windows, WINDOW), Some(101), "and the hundred that were only counted");
        assert_eq!(told(&mut windows, WINDOW), None);
        let left = rest(&mut windows, begin + WINDOW * 3);
        assert_eq!(left.iter().map(|row| (row.kind, row.count)).collect::<Vec<_>>(), [("token", 1)]);
        assert!(windows.is_empty());
    }

    #[tokio::test]
    async fn any_number_of_peers_takes_bounded_space() {
        let (mut windows, now) = (HashMap::new(), Instant::now());
        let most = u32::try_from(WINDOWS_MAX).unwrap();
        let told = (0..most * 2).filter_map(|n| count(&mut windows, peer(n), "GET /".into(), now)).count();
        assert_eq!((windows.len(), told), (WINDOWS_MAX + 1, WINDOWS_MAX + 1));
        let others = rest(&mut windows, now + WINDOW);
        assert_eq!(others[0], row(("token", None), "GET /".into(), i64::from(most) - 1));
    }

    #[test]
    fn addresses_of_one_network_are_one_peer() {
        let of = |text: &str| crate::http::access::peer::Peer::of(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
