//! The moment a command works for: `--as-of`, or now.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use matricula_tlog::UnixSeconds;
use matricula_verdict::parse_rfc3339;

/// A day or a moment given on the command line.
#[derive(Clone, Copy, Debug)]
pub struct Moment(UnixSeconds);

impl Moment {
    /// Reads `2026-11-22` (its last second, UTC) or `2026-11-22T10:00:00Z`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(at) = parse_rfc3339(text) {
            return Ok(Self(at));
        }
        let day: Date = text.parse().map_err(|_| {
            format!("'{text}' is neither a date like 2026-11-22 nor a time like 2026-11-22T10:00:00Z")
        })?;
        end_of_day(day).map(Self).ok_or_else(|| format!("'{text}' lies before 1970"))
    }

    /// A moment known in seconds.
    pub fn at(seconds: UnixSeconds) -> Self {
        Self(seconds)
    }

    /// The moment in seconds.
    pub fn seconds(self) -> UnixSeconds {
        self.0
    }

    /// The day, UTC.
    pub fn date(self) -> Date {
        let second = i64::try_from(self.0.get()).unwrap_or(i64::MAX);
        jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX).to_zoned(TimeZone::UTC).date()
    }
}

/// The moment asked for, or now.
pub fn as_of_or_now(as_of: Option<Moment>) -> Moment {
    as_of.unwrap_or_else(|| Moment(now()))
}

/// The machine's clock. The only place in the command line that reads it.
pub fn now() -> UnixSeconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixSeconds::new(since.as_secs())
}

fn end_of_day(day: Date) -> Option<UnixSeconds> {
    let at = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok()?;
    u64::try_from(at.timestamp().as_second()).ok().map(UnixSeconds::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_means_its_last_second() {
        assert_eq!(Moment::parse("1970-01-02").unwrap().seconds().get(), 2 * 86_400 - 1);
        assert_eq!(Moment::parse("1970-01-01T00:01:00Z").unwrap().seconds().get(), 60);
        assert_eq!(Moment::parse("2026-11-22").unwrap().date().to_string(), "2026-11-22");
    }

    #[test]
    fn rejects_a_day_that_does_not_exist() {
        assert!(Moment::parse("2026-02-31").is_err());
        assert!(Moment::parse("1969-12-01").is_err());
        assert!(Moment::parse("yesterday").is_err());
    }
}
