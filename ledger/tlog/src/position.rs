//! Positions, sizes and times: numbers that must not be mistaken for one another.

use core::fmt;

/// Why a text is not a decimal number the way the C2SP formats write them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Nothing is there.
    #[error("the number is empty")]
    Empty,
    /// A zero stands before other digits.
    #[error("the number has a leading zero")]
    LeadingZero,
    /// A character is not an ASCII digit; signs and spaces are not allowed either.
    #[error("the number has a character that is not a digit")]
    NotADigit,
    /// The number does not fit in 64 bits.
    #[error("the number does not fit in 64 bits")]
    TooLarge,
}

/// Reads an ASCII decimal without sign and without leading zero (`0` itself excepted).
pub(crate) fn parse_decimal(text: &str) -> Result<u64, DecimalError> {
    if text.is_empty() {
        return Err(DecimalError::Empty);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DecimalError::NotADigit);
    }
    if text.len() > 1 && text.starts_with('0') {
        return Err(DecimalError::LeadingZero);
    }
    text.parse().map_err(|_| DecimalError::TooLarge)
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// Wraps the number.
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Reads an ASCII decimal without sign and without leading zero; the inverse of `Display`.
            pub fn parse(text: &str) -> Result<Self, DecimalError> {
                parse_decimal(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// How many leaves a tree has.
    TreeSize
);
number!(
    /// The zero-based position of a leaf.
    LeafIndex
);
number!(
    /// Seconds since 1970-01-01T00:00:00Z.
    UnixSeconds
);
