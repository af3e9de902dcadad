//! UUIDv7s as bounds: ids sort by the time at which they were created.

use uuid::Uuid;

use crate::machine::Time;

/// Clock difference between a node and the database up to which `since` and `until` still find the node's rows.
const CLOCK_SLACK: chrono::Duration = chrono::Duration::minutes(5);

/// Returns the smallest and largest id that rows of this period may have.
pub(super) fn bounds(since: Option<Time>, until: Option<Time>) -> (Uuid, Uuid) {
    let low = since.map_or(Uuid::nil(), |t| floor(t - CLOCK_SLACK));
    (low, until.map_or(Uuid::max(), |t| floor(t + CLOCK_SLACK)))
}

/// Returns the smallest id of an instant.
fn floor(at: Time) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(millis) << 80)
}

/// Returns the largest id smaller than this one.
pub(super) fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

/// Returns the smallest id greater than this one.
pub(super) fn following(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

/// Returns the smallest and largest UUID that begin with a text; `None` if no UUID does.
pub(crate) fn beginning_with(text: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let is_hex = !digits.is_empty() && digits.len() <= 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let padded = |with: char| {
        let text: String = digits.chars().chain(std::iter::repeat(with)).take(32).collect();
        Uuid::parse_str(&text).expect("32 hexadecimal digits are a UUID")
    };
    is_hex.then(|| (padded('0'), padded('f')))
}
