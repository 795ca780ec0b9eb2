//! Dates as credentials write them.
//!
//! SPEC: VCDM 2.0 §4.9 (`dateTimeStamp`: RFC 3339 with a time zone).

use jiff::Timestamp;
use matricula_tlog::UnixSeconds;

/// Why a text is no `dateTimeStamp`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a date and time with a time zone, such as 2026-11-20T00:00:00Z")]
pub struct DateTimeError {
    /// The text that was refused, shortened to `TEXT_CHARS_MAX` characters.
    pub text: String,
}

/// Longest text quoted in an error: a full date with nanoseconds and an offset has 35 characters.
pub const TEXT_CHARS_MAX: usize = 40;

/// Reads a `dateTimeStamp` to whole seconds, rounding down.
///
/// A date before 1970 is read as 1970-01-01T00:00:00Z: no registry existed then, so every question that is
/// asked of the result ("who was accredited at that time?") has the same answer.
///
/// # Errors
/// [`DateTimeError`] when the text is no RFC 3339 date with a time zone.
pub fn parse_date_time(text: &str) -> Result<UnixSeconds, DateTimeError> {
    let refuse = || DateTimeError { text: text.chars().take(TEXT_CHARS_MAX).collect() };
    if !has_rfc3339_shape(text) {
        return Err(refuse());
    }
    let timestamp: Timestamp = text.parse().map_err(|_| refuse())?;
    Ok(UnixSeconds::new(u64::try_from(timestamp.as_second()).unwrap_or(0)))
}

/// Writes seconds as `2026-11-20T08:15:30Z`.
///
/// # Errors
/// [`DateTimeError`] for a time after the year 9999.
pub fn format_date_time(seconds: UnixSeconds) -> Result<String, DateTimeError> {
    let refuse = || DateTimeError { text: seconds.to_string() };
    let second = i64::try_from(seconds.get()).map_err(|_| refuse())?;
    let timestamp = Timestamp::from_second(second).map_err(|_| refuse())?;
    Ok(timestamp.to_string())
}

/// `jiff` also reads forms that XML Schema does not know (a space for the `T`, bracketed zones, basic format).
fn has_rfc3339_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits =
        |range: core::ops::Range<usize>| range.clone().all(|i| bytes.get(i).is_some_and(u8::is_ascii_digit));
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    let body =
        digits(0..4) && digits(5..7) && digits(8..10) && digits(11..13) && digits(14..16) && digits(17..19);
    body && separators.iter().all(|(i, s)| bytes.get(*i) == Some(s)) && has_zone(&text.as_bytes()[19..])
}

fn has_zone(rest: &[u8]) -> bool {
    let zone = match rest.split_first() {
        Some((b'.', fraction)) => {
            let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        _ => rest,
    };
    match zone {
        [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|x| x.is_ascii_digit()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_offsets_and_fractions() {
        assert_eq!(parse_date_time("2022-11-10T07:38:00-08:00"), Ok(UnixSeconds::new(1_668_094_680)));
        assert_eq!(parse_date_time("2026-11-20T00:00:00.999Z"), Ok(UnixSeconds::new(1_795_132_800)));
        assert_eq!(format_date_time(UnixSeconds::new(1_795_132_800)).as_deref(), Ok("2026-11-20T00:00:00Z"));
    }

    #[test]
    fn reads_a_date_before_1970_as_the_epoch() {
        assert_eq!(parse_date_time("1965-06-01T00:00:00Z"), Ok(UnixSeconds::new(0)));
    }

    #[test]
    fn refuses_dates_without_zone_or_with_other_shapes() {
        for text in [
            "2026-11-20",
            "2026-11-20T00:00:00",
            "2026-11-20 00:00:00Z",
            "2026-13-20T00:00:00Z",
            "2026-11-20T00:00:00.Z",
            "20261120T000000Z",
            "2026-11-20T00:00:00Z[UTC]",
            "2026-11-20T00:00:00+0100",
            "",
        ] {
            assert!(parse_date_time(text).is_err(), "{text}");
        }
    }
}
