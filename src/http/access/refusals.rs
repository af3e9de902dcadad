//! Who was turned away: a counter, and one line a minute for each kind of attempt and each peer.
//!
//! A response that turns someone away carries its [`Attempt`]; the layer [`note`] sees every response of every route. The line
//! goes to the log (target `stepwell::audit`) and to the table `refusals`, which administrators read. It holds who (the
//! address of the peer), what (method and path, never the query) and how often, but no secret and no body. Strangers decide how
//! often it happens, so everything here is bounded: the peers that are told apart, the rows that wait, the rows that stay.

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

/// One line for each kind and peer in this time.
const WINDOW: Duration = Duration::from_mins(1);

/// Peers and kinds that are told apart; the others share a line.
const WINDOWS_MAX: usize = 4_096;

/// Rows that wait to be written; more are only counted.
const QUEUE_MAX: usize = 256;

/// Longest path that is told.
const SUBJECT_CHARS_MAX: usize = 200;

/// What someone tried without the right to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// A bearer token that is unknown, expired, revoked, or not from here.
    Token,
    /// A session that is unknown or has ended.
    Session,
    /// A login link, or a token in its place, that does not let anyone in.
    Login,
    /// A webhook or event with a wrong signature.
    Signature,
    /// A webhook for a source that is not there.
    Source,
    /// Something that needs a scope which this actor does not have.
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

/// What was recorded for a kind and peer, and what has come since.
struct Window {
    began_at: Instant,
    subject: String,
    untold: i64,
}

type Key = (&'static str, Option<IpAddr>);

/// Counts, and tells now and then. Cheap to clone.
#[derive(Clone)]
pub struct Refusals {
    windows: Arc<Mutex<HashMap<Key, Window>>>,
    rows: mpsc::Sender<NewRefusal>,
}

impl Refusals {
    /// Writes what is told through this pool, until the last clone is gone.
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
            // A full queue loses the row, not the line in the log.
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
    // Among so many peers one more has no line of its own.
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

/// What came in windows that are over and was not told yet.
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

/// Notes every response that turns someone away.
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
