//! Segment files: a header that ties the file to its log, then records.
//!
//! `segments/<index of the first entry, 20 digits>`. The header of 76 bytes: `MSEG0001`, index of the first entry
//! u64, salt, hash of the origin, four zero bytes, CRC-32C of all before, `HEAD`.

use std::sync::Arc;

use matricula_tlog::{Hash, leaf_hash};

use super::record::Salt;
use crate::disk::{Disk, DiskError, DiskFile, join};

pub(super) const FOLDER: &str = "segments";
pub(super) const HEADER_BYTES: usize = 76;
/// A segment is closed when it has grown beyond this: small enough to copy and re-read at leisure.
pub(super) const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;

const MAGIC: [u8; 8] = *b"MSEG0001";
const END_MARK: [u8; 4] = *b"HEAD";
const NAME_DIGITS: usize = 20;

/// An open segment.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) path: String,
    pub(super) salt: Salt,
    /// Hash of the origin of the log that it belongs to.
    pub(super) origin: Hash,
    pub(super) file: Arc<dyn DiskFile>,
}

/// What a file in the folder of segments turned out to be.
pub(super) enum Opened {
    /// A segment.
    Segment(Segment),
    /// A file whose header never became durable, so that no record was ever written into it.
    Unborn,
    /// A file with a damaged header.
    Foreign,
}

impl Segment {
    /// Makes a new segment, durable in content and name.
    pub(super) fn create(disk: &dyn Disk, origin: Hash, first: u64, salt: Salt) -> Result<Self, DiskError> {
        let path = join(FOLDER, &format!("{first:0width$}", width = NAME_DIGITS));
        let file = disk.create(&path)?;
        file.write_at(0, &encode_header(&origin, first, &salt))?;
        file.sync()?;
        disk.sync_folder(FOLDER)?;
        Ok(Self { first, path, salt, origin, file: file.into() })
    }

    /// Opens the segment with this file name.
    pub(super) fn open(disk: &dyn Disk, name: &str) -> Result<Opened, DiskError> {
        let path = join(FOLDER, name);
        let Some(first) = parse_name(name) else { return Ok(Opened::Foreign) };
        let Some(file) = disk.open(&path)? else { return Ok(Opened::Foreign) };
        let length = file.length()?;
        let mut bytes = [0; HEADER_BYTES];
        file.read_at(0, &mut bytes[..length.min(HEADER_BYTES as u64) as usize])?;
        // Records are written only after the header is durable: a file that has more than a header was born.
        let is_blank = bytes.iter().all(|byte| *byte == 0);
        if length < HEADER_BYTES as u64 || length == HEADER_BYTES as u64 && is_blank {
            return Ok(Opened::Unborn);
        }
        Ok(match parse_header(&bytes, first) {
            Some((origin, salt)) => Opened::Segment(Self { first, path, salt, origin, file: file.into() }),
            None => Opened::Foreign,
        })
    }
}

/// The index in a segment's name.
pub(super) fn parse_name(name: &str) -> Option<u64> {
    let digits = name.len() == NAME_DIGITS && name.bytes().all(|byte| byte.is_ascii_digit());
    if digits { name.parse().ok() } else { None }
}

/// What segments name their log by.
pub(crate) fn origin_hash(origin: &str) -> Hash {
    leaf_hash(origin.as_bytes())
}

fn encode_header(origin: &Hash, first: u64, salt: &Salt) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&first.to_be_bytes());
    bytes[16..32].copy_from_slice(salt);
    bytes[32..64].copy_from_slice(origin.as_bytes());
    let check = crc32c::crc32c(&bytes[..68]);
    bytes[68..72].copy_from_slice(&check.to_be_bytes());
    bytes[72..].copy_from_slice(&END_MARK);
    bytes
}

fn parse_header(bytes: &[u8; HEADER_BYTES], first: u64) -> Option<(Hash, Salt)> {
    let salt = *bytes[16..].first_chunk()?;
    let origin = Hash::from_bytes(*bytes[32..].first_chunk()?);
    (*bytes == encode_header(&origin, first, &salt)).then_some((origin, salt))
}
