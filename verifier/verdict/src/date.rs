//! Moments as people and JSON write them.

use jiff::Timestamp;
use matricula_tlog::UnixSeconds;

pub use matricula_registry::day;

/// RFC 3339 in UTC, to the second; a moment beyond the calendar's end shows as seconds.
pub fn rfc3339(at: UnixSeconds) -> String {
    timestamp(at).map_or_else(|| at.to_string(), |at| at.to_string())
}

/// Reads an RFC 3339 moment; `None` where it is not one, or lies before 1970.
pub fn parse_rfc3339(text: &str) -> Option<UnixSeconds> {
    let at: Timestamp = text.parse().ok()?;
    u64::try_from(at.as_second()).ok().map(UnixSeconds::new)
}

fn timestamp(at: UnixSeconds) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(at.get()).ok()?).ok()
}
