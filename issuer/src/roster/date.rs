//! Dates of a roster: ISO 8601 calendar dates in the extended form, and nothing else.

use jiff::civil::Date;

use super::finding::Finding;

/// Reads `YYYY-MM-DD`. Other orders are refused rather than guessed: 03/04/2008 is two different days.
///
/// SPEC: ISO 8601-1:2019, 5.2.2.1 b) (extended format, four-digit years).
pub(super) fn parse(text: &str) -> Result<Date, Finding> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return Err(Finding::DateUnreadable);
    };
    let year = number(&[*y1, *y2, *y3, *y4])?;
    // Both fit: two digits are at most 99.
    let (month, day) = (number(&[*m1, *m2])? as i8, number(&[*d1, *d2])? as i8);
    Date::new(year, month, day).map_err(|_| Finding::DateUnreadable)
}

fn number(digits: &[u8]) -> Result<i16, Finding> {
    digits.iter().try_fold(0_i16, |number, digit| match digit {
        b'0'..=b'9' => Ok(number * 10 + i16::from(digit - b'0')),
        _ => Err(Finding::DateUnreadable),
    })
}

/// Full years between two days; negative when the second lies before the first.
pub(super) fn full_years(from: Date, to: Date) -> i32 {
    let years = i32::from(to.year()) - i32::from(from.year());
    if (to.month(), to.day()) < (from.month(), from.day()) { years - 1 } else { years }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn reads_calendar_dates() {
        assert_eq!(parse("2008-02-29"), Ok(date(2008, 2, 29)));
        assert_eq!(parse("1931-12-01"), Ok(date(1931, 12, 1)));
    }

    #[test]
    fn refuses_every_other_writing_of_a_date() {
        for text in [
            "31/02/2008",
            "2008-02-31",
            "2007-02-29",
            "20080229",
            "2008-2-9",
            "08-02-29",
            "2008-02-29T00:00",
            "+2008-2-9",
            "٢٠٠٨-٠٢",
            "2008-13-01",
            "2008-00-10",
            "",
        ] {
            assert_eq!(parse(text), Err(Finding::DateUnreadable), "{text}");
        }
    }

    #[test]
    fn counts_full_years() {
        assert_eq!(full_years(date(2008, 11, 26), date(2026, 11, 25)), 17);
        assert_eq!(full_years(date(2008, 11, 26), date(2026, 11, 26)), 18);
        assert_eq!(full_years(date(2026, 1, 2), date(2026, 1, 1)), -1);
    }
}
