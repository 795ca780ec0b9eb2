//! What was measured: a number with its unit.

use std::fmt;
use std::time::Duration;

/// A measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// How often a second: more is better.
    PerSecond(f64),
    /// Bytes a second: more is better.
    BytesPerSecond(f64),
    /// How long: less is better.
    Took(Duration),
    /// How much memory or disk, in bytes: less is better.
    Bytes(u64),
    /// How many: less is better.
    Count(u64),
    /// Which share of what there is: less is better.
    Share(f64),
}

impl Quantity {
    /// How good this is beside the primitive: 1 is as good, 0.5 is half as good. `None` where the two are not
    /// of one unit, or the comparison divides by zero.
    pub fn ratio_to(self, raw: Quantity) -> Option<f64> {
        let ratio = match (self, raw) {
            (Quantity::PerSecond(ours), Quantity::PerSecond(raw))
            | (Quantity::BytesPerSecond(ours), Quantity::BytesPerSecond(raw)) => ours / raw,
            (Quantity::Took(ours), Quantity::Took(raw)) => raw.as_secs_f64() / ours.as_secs_f64(),
            (Quantity::Bytes(ours), Quantity::Bytes(raw)) | (Quantity::Count(ours), Quantity::Count(raw)) => {
                raw as f64 / ours as f64
            }
            (Quantity::Share(ours), Quantity::Share(raw)) => raw / ours,
            _ => return None,
        };
        ratio.is_finite().then_some(ratio)
    }

    /// A rate of bytes as such.
    pub fn in_bytes(self) -> Self {
        if let Self::PerSecond(rate) = self { Self::BytesPerSecond(rate) } else { self }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::PerSecond(rate) => write!(f, "{}/s", grouped(rate.round() as u64)),
            Quantity::BytesPerSecond(rate) => write!(f, "{:.1} MB/s", rate / 1e6),
            Quantity::Took(time) if time.as_millis() < 1 => {
                write!(f, "{:.1} µs", time.as_secs_f64() * 1e6)
            }
            Quantity::Took(time) if time.as_secs() < 1 => write!(f, "{:.2} ms", time.as_secs_f64() * 1e3),
            Quantity::Took(time) => write!(f, "{:.2} s", time.as_secs_f64()),
            Quantity::Bytes(bytes) => write!(f, "{} B", grouped(*bytes)),
            Quantity::Count(count) => write!(f, "{}", grouped(*count)),
            Quantity::Share(share) => write!(f, "{:.0} %", share * 100.0),
        }
    }
}

/// Thousands with commas: `12,345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Quantity, grouped};

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let texts = [0, 999, 1000, 12_345, 1_000_000].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "12,345", "1,000,000"]);
    }

    #[test]
    fn a_ratio_below_one_means_worse_than_the_primitive() {
        let ratio = Quantity::PerSecond(50.0).ratio_to(Quantity::PerSecond(100.0));
        assert_eq!(ratio, Some(0.5));
        let ms = |ms| Quantity::Took(Duration::from_millis(ms));
        assert_eq!(ms(4).ratio_to(ms(1)), Some(0.25));
    }

    #[test]
    fn values_of_two_units_have_no_ratio() {
        let took = Quantity::Took(Duration::from_millis(1));
        assert_eq!(took.ratio_to(Quantity::PerSecond(10.0)), None);
        assert_eq!(Quantity::PerSecond(10.0).ratio_to(Quantity::PerSecond(0.0)), None);
    }

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
        let texts = [900, 1_500_000, 2_000_000_000]
            .map(|nanos| Quantity::Took(Duration::from_nanos(nanos)).to_string());
        assert_eq!(texts, ["0.9 µs", "1.50 ms", "2.00 s"]);
    }
}
