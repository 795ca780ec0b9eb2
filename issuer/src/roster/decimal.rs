//! Decimal numbers that keep their writing: 14.60 stays 14.60, and no binary fraction ever comes between.

use std::fmt;

/// Digits before the point: scores and hours are small numbers.
const WHOLE_DIGITS_MAX: usize = 9;

/// Digits after the point; the arithmetic below is in millionths.
const FRACTION_DIGITS_MAX: usize = 6;

/// A decimal number as written, with its exact value beside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    text: String,
    millionths: i64,
}

impl Decimal {
    /// Reads an optional minus, 1 to 9 digits, and optionally a point and 1 to 6 digits. Anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        let digits = |part: &str, digits_max: usize| {
            (1..=digits_max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, WHOLE_DIGITS_MAX) || !digits(fraction, FRACTION_DIGITS_MAX) {
            return None;
        }
        // At most 15 digits, far below the range of i64.
        let magnitude: i64 = format!("{whole}{fraction:0<FRACTION_DIGITS_MAX$}").parse().ok()?;
        let millionths = if unsigned.len() == text.len() { magnitude } else { -magnitude };
        Some(Self { text: text.to_owned(), millionths })
    }

    /// The number exactly as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value in millionths, for comparisons: 14.6 and 14.60 are equal here and differ in writing.
    pub fn value(&self) -> i64 {
        self.millionths
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_the_writing_and_compares_the_value() {
        let (short, long) =
            (Decimal::parse("14.6").expect("number"), Decimal::parse("14.60").expect("number"));
        assert_eq!(short.value(), long.value());
        assert_eq!((short.as_str(), long.as_str()), ("14.6", "14.60"));
        assert_eq!(Decimal::parse("-0.000001").map(|number| number.value()), Some(-1));
    }

    #[test]
    fn refuses_other_writings_of_numbers() {
        for text in [
            "",
            "-",
            "+1",
            "1,5",
            ".5",
            "5.",
            "1e3",
            "1 000",
            "--1",
            "1.2.3",
            "٣",
            "0x1",
            "1234567890",
            "0.1234567",
            "NaN",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn orders_as_whole_numbers_of_millionths_do(left in -1_000_000_000_i64..1_000_000_000, right in -1_000_000_000_i64..1_000_000_000) {
            let written = |millionths: i64| {
                let sign = if millionths < 0 { "-" } else { "" };
                format!("{sign}{}.{:06}", millionths.abs() / 1_000_000, millionths.abs() % 1_000_000)
            };
            let (a, b) = (Decimal::parse(&written(left)), Decimal::parse(&written(right)));
            prop_assert_eq!(a.as_ref().map(Decimal::value), Some(left));
            prop_assert_eq!(a.map(|n| n.value()).cmp(&b.map(|n| n.value())), left.cmp(&right));
        }
    }
}
