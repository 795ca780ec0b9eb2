//! Bitstring Status Lists: made, read, and the entries that point into them.
//!
//! SPEC: Bitstring Status List 1.0. Index 0 is the most significant bit of the first byte.

mod entry;
mod list_credential;

use std::io::{Read, Write};

use data_encoding::BASE64URL_NOPAD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

pub use entry::{StatusEntry, StatusEntryError, StatusPurpose, entries_of};
pub use list_credential::{ListCredential, ListCredentialError, PURPOSES_MAX};

/// Fewest entries of a list: fewer would show which learner is asked about (§6.1 asks for 16 kB).
pub const STATUS_ENTRIES_MIN: u64 = 131_072;

/// Most entries of a list that is read: 16 million, 2 MB of bits.
pub const STATUS_ENTRIES_MAX: u64 = 1 << 24;

/// Longest encoded list read. Random bits do not compress: 2 MB as base64, and a little for gzip.
const ENCODED_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Why a list was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// The number of entries is out of range or no multiple of 8.
    #[error("a list of {entries} entries")]
    Size {
        /// The number.
        entries: u64,
    },
    /// The text is longer than any list.
    #[error("the encoded list has {bytes} bytes")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not `u` and base64url.
    #[error("the encoded list is not multibase base64url")]
    NotBase64Url,
    /// Not GZIP, or cut short.
    #[error("the encoded list is not GZIP")]
    NotGzip,
    /// More data than any list has.
    #[error("the list unpacks to more than {STATUS_ENTRIES_MAX} entries")]
    TooLarge,
    /// An index beyond the list.
    #[error("index {index} is beyond the list of {entries} entries")]
    Index {
        /// The index.
        index: u64,
        /// The number of entries.
        entries: u64,
    },
}

/// A list of bits, one for each credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bytes: Vec<u8>,
}

impl StatusList {
    /// An empty list of `entries` bits, a multiple of 8 between [`STATUS_ENTRIES_MIN`] and [`STATUS_ENTRIES_MAX`].
    ///
    /// # Errors
    /// [`StatusListError::Size`].
    pub fn new(entries: u64) -> Result<Self, StatusListError> {
        let in_range = (STATUS_ENTRIES_MIN..=STATUS_ENTRIES_MAX).contains(&entries);
        match usize::try_from(entries / 8) {
            Ok(bytes) if in_range && entries.is_multiple_of(8) => Ok(Self { bytes: vec![0; bytes] }),
            _ => Err(StatusListError::Size { entries }),
        }
    }

    /// How many entries the list has.
    pub fn entries(&self) -> u64 {
        self.bytes.len() as u64 * 8
    }

    /// Reads the bit at an index.
    ///
    /// # Errors
    /// [`StatusListError::Index`].
    pub fn get(&self, index: u64) -> Result<bool, StatusListError> {
        let (byte, mask) = self.locate(index)?;
        Ok(self.bytes[byte] & mask != 0)
    }

    /// Sets or clears the bit at an index.
    ///
    /// # Errors
    /// [`StatusListError::Index`].
    pub fn set(&mut self, index: u64, value: bool) -> Result<(), StatusListError> {
        let (byte, mask) = self.locate(index)?;
        if value {
            self.bytes[byte] |= mask;
        } else {
            self.bytes[byte] &= !mask;
        }
        Ok(())
    }

    /// Writes the list as `u` and base64url of its GZIP form. The same list always gives the same text.
    pub fn encode(&self) -> String {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let packed = gzip.write_all(&self.bytes).and_then(|()| gzip.finish());
        let packed = packed.expect("invariant: writing into a Vec never fails");
        format!("u{}", BASE64URL_NOPAD.encode(&packed))
    }

    /// Reads an encoded list, never unpacking more than the largest list. A list that begins with `H` instead of
    /// `u` is read as well: drafts had no multibase prefix, and GZIP always begins so.
    ///
    /// # Errors
    /// [`StatusListError`].
    pub fn decode(text: &str) -> Result<Self, StatusListError> {
        if text.len() > ENCODED_BYTES_MAX {
            return Err(StatusListError::TooLong { bytes: text.len() });
        }
        let base64 = match text.strip_prefix('u') {
            Some(base64) => base64,
            None if text.starts_with("H4sI") => text,
            None => return Err(StatusListError::NotBase64Url),
        };
        let packed = BASE64URL_NOPAD.decode(base64.as_bytes()).map_err(|_| StatusListError::NotBase64Url)?;
        let bytes_max = STATUS_ENTRIES_MAX / 8;
        let mut bytes = Vec::new();
        let read = GzDecoder::new(packed.as_slice()).take(bytes_max + 1).read_to_end(&mut bytes);
        read.map_err(|_| StatusListError::NotGzip)?;
        if bytes.len() as u64 > bytes_max {
            return Err(StatusListError::TooLarge);
        }
        let list = Self { bytes };
        if list.entries() < STATUS_ENTRIES_MIN {
            return Err(StatusListError::Size { entries: list.entries() });
        }
        Ok(list)
    }

    fn locate(&self, index: u64) -> Result<(usize, u8), StatusListError> {
        let beyond = StatusListError::Index { index, entries: self.entries() };
        if index >= self.entries() {
            return Err(beyond);
        }
        let byte = usize::try_from(index / 8).map_err(|_| beyond)?;
        Ok((byte, 0b1000_0000 >> (index % 8)))
    }
}
