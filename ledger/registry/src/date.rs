//! Moments as people read them.

use jiff::Timestamp;
use matricula_tlog::UnixSeconds;

/// The day of a moment, in UTC: `2026-11-20`; beyond the calendar's end, its seconds.
pub fn day(at: UnixSeconds) -> String {
    let timestamp = i64::try_from(at.get()).ok().and_then(|second| Timestamp::from_second(second).ok());
    timestamp.map_or_else(|| at.to_string(), |at| at.strftime("%Y-%m-%d").to_string())
}
