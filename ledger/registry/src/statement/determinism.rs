//! One meaning, one encoding: a walk over CBOR that refuses every other way to write the same.
//!
//! SPEC: RFC 8949 §4.2.1 (core deterministic encoding). Floating point and simple values other than
//! false, true and null have no use in a statement and are refused too.

/// Deepest nesting of arrays, maps and tags: the deepest kind of statement has five levels.
const DEPTH_MAX: usize = 16;

/// Why bytes are not one deterministic CBOR item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CborDefect {
    /// The bytes end within an item.
    #[error("the bytes end within an item")]
    Truncated,
    /// There are bytes after the item.
    #[error("{bytes} bytes follow the item")]
    Trailing {
        /// How many there are.
        bytes: usize,
    },
    /// A number or length is written longer than needed.
    #[error("a number at byte {at} is not written in its shortest form")]
    NotShortest {
        /// The byte it starts at.
        at: usize,
    },
    /// A string, array or map of indefinite length.
    #[error("an item of indefinite length at byte {at}")]
    Indefinite {
        /// The byte it starts at.
        at: usize,
    },
    /// The keys of a map are not in ascending order of their encodings.
    #[error("the keys of a map are out of order at byte {at}")]
    MapOrder {
        /// The byte the key starts at.
        at: usize,
    },
    /// A map has the same key twice.
    #[error("a map has a key twice at byte {at}")]
    DuplicateKey {
        /// The byte the second key starts at.
        at: usize,
    },
    /// Text that is not UTF-8.
    #[error("text at byte {at} is not UTF-8")]
    NotUtf8 {
        /// The byte it starts at.
        at: usize,
    },
    /// Floating point, undefined, or another simple value without use here.
    #[error("an item at byte {at} has a type that statements do not use")]
    UnusedType {
        /// The byte it starts at.
        at: usize,
    },
    /// Deeper nesting than any statement has.
    #[error("the nesting is deeper than {max}")]
    TooDeep {
        /// The most allowed.
        max: usize,
    },
}

impl CborDefect {
    /// The stable code of the defect.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Truncated => "cbor_truncated",
            Self::Trailing { .. } => "cbor_trailing",
            Self::NotShortest { .. } => "cbor_not_shortest",
            Self::Indefinite { .. } => "cbor_indefinite",
            Self::MapOrder { .. } => "cbor_map_order",
            Self::DuplicateKey { .. } => "cbor_duplicate_key",
            Self::NotUtf8 { .. } => "cbor_not_utf8",
            Self::UnusedType { .. } => "cbor_unused_type",
            Self::TooDeep { .. } => "cbor_too_deep",
        }
    }
}

/// Checks that the bytes are exactly one deterministic item.
pub(super) fn check(bytes: &[u8]) -> Result<(), CborDefect> {
    let mut walk = Walk { bytes, at: 0 };
    walk.item(DEPTH_MAX)?;
    match bytes.len() - walk.at {
        0 => Ok(()),
        rest => Err(CborDefect::Trailing { bytes: rest }),
    }
}

struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Walk<'b> {
    fn item(&mut self, depth: usize) -> Result<(), CborDefect> {
        let at = self.at;
        let (major, argument) = self.head()?;
        let deeper = depth.checked_sub(1).ok_or(CborDefect::TooDeep { max: DEPTH_MAX });
        match major {
            0 | 1 => Ok(()),
            2 => self.take(argument).map(drop),
            3 => match core::str::from_utf8(self.take(argument)?) {
                Ok(_) => Ok(()),
                Err(_) => Err(CborDefect::NotUtf8 { at }),
            },
            4 => self.items(argument, deeper?),
            5 => self.entries(argument, deeper?),
            6 => self.item(deeper?),
            _ if (20..=22).contains(&argument) => Ok(()),
            _ => Err(CborDefect::UnusedType { at }),
        }
    }

    fn items(&mut self, count: u64, depth: usize) -> Result<(), CborDefect> {
        (0..count).try_for_each(|_| self.item(depth))
    }

    fn entries(&mut self, count: u64, depth: usize) -> Result<(), CborDefect> {
        let mut previous: &'b [u8] = &[];
        for _ in 0..count {
            let at = self.at;
            self.item(depth)?;
            let key = &self.bytes[at..self.at];
            match previous.cmp(key) {
                core::cmp::Ordering::Less => previous = key,
                core::cmp::Ordering::Equal => return Err(CborDefect::DuplicateKey { at }),
                core::cmp::Ordering::Greater => return Err(CborDefect::MapOrder { at }),
            }
            self.item(depth)?;
        }
        Ok(())
    }

    /// Reads the head of an item: its major type and its argument in shortest form.
    fn head(&mut self) -> Result<(u8, u64), CborDefect> {
        let at = self.at;
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 && info >= 24 {
            return Err(CborDefect::UnusedType { at });
        }
        let (argument, least) = match info {
            0..=23 => return Ok((major, u64::from(info))),
            24 => (self.number(1)?, 24),
            25 => (self.number(2)?, 1 << 8),
            26 => (self.number(4)?, 1 << 16),
            27 => (self.number(8)?, 1 << 32),
            31 if (2..=5).contains(&major) => return Err(CborDefect::Indefinite { at }),
            _ => return Err(CborDefect::UnusedType { at }),
        };
        if argument < least { Err(CborDefect::NotShortest { at }) } else { Ok((major, argument)) }
    }

    fn number(&mut self, bytes: u64) -> Result<u64, CborDefect> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, count: u64) -> Result<&'b [u8], CborDefect> {
        let rest = &self.bytes[self.at..];
        let count =
            usize::try_from(count).ok().filter(|count| *count <= rest.len()).ok_or(CborDefect::Truncated)?;
        self.at += count;
        Ok(&rest[..count])
    }
}
