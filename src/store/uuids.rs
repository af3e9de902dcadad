//! UUIDv7s as bounds: ids are in the order of the time at which they were made.

use uuid::Uuid;

use crate::machine::Time;

/// How far the clock of a node that made an id may be from the database's without `since` and `until` missing the row.
const CLOCK_SLACK: chrono::Duration = chrono::Duration::minutes(5);

/// The smallest and largest ids that rows of this time may have.
pub(super) fn bounds(since: Option<Time>, until: Option<Time>) -> (Uuid, Uuid) {
    let low = since.map_or(Uuid::nil(), |t| floor(t - CLOCK_SLACK));
    (low, until.map_or(Uuid::max(), |t| floor(t + CLOCK_SLACK)))
}

/// The smallest id of an instant.
fn floor(at: Time) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(millis) << 80)
}

/// The largest id below one.
pub(super) fn before(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_sub(1))
}

/// The smallest id above one.
pub(super) fn following(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128().saturating_add(1))
}

/// The smallest and largest ids that begin with a text; none where it begins no UUID.
pub(crate) fn beginning_with(text: &str) -> Option<(Uuid, Uuid)> {
    let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let is_hex = !digits.is_empty() && digits.len() <= 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let padded = |with: char| {
        let text: String = digits.chars().chain(std::iter::repeat(with)).take(32).collect();
        Uuid::parse_str(&text).expect("32 hexadecimal digits are a UUID")
    };
    is_hex.then(|| (padded('0'), padded('f')))
}
