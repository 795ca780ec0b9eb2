//! Records: how one commit lies in a segment file.
//!
//! A record is a header of 80 bytes and a payload: each entry with its length as a big-endian u16, exactly as in an
//! entry bundle. A record without entries opens an epoch.
//!
//! | bytes | field |
//! |---|---|
//! | 0–4 | `MGR1` |
//! | 4–8 | payload length, u32 |
//! | 8–10 | entries, u16 |
//! | 10–12 | blank pieces of the record (see `scan`), u16 |
//! | 12–16 | CRC-32C of the payload |
//! | 16–24 | epoch, u64 |
//! | 24–32 | index of the first entry, u64 |
//! | 32–40 | time of acceptance, u64 |
//! | 40–72 | root over everything up to and with this record |
//! | 72–76 | CRC-32C of the segment's salt and bytes 0–72 |
//! | 76–80 | `END1` |

use matricula_tlog::{Hash, TreeSize, UnixSeconds, append_entry};

use super::{Commit, Epoch, GROUP_BYTES_MAX, GROUP_ENTRIES_MAX, Head};

pub(super) const HEADER_BYTES: usize = 80;
pub(super) const RECORD_BYTES_MAX: usize = HEADER_BYTES + GROUP_BYTES_MAX;
pub(super) const MAGIC: [u8; 4] = *b"MGR1";
/// The unit in which a disk writes: a record cut by power loss lacks whole sectors.
const SECTOR_BYTES: u64 = 512;
const END_MARK: [u8; 4] = *b"END1";
const CHECKED_BYTES: usize = 72;

/// What a segment's checksums are salted with, so that an entry cannot contain what looks like a record.
pub(super) type Salt = [u8; 16];

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) payload_bytes: u32,
    pub(super) entries: u16,
    pub(super) blank_pieces: u16,
    pub(super) epoch: Epoch,
    pub(super) start: u64,
    pub(super) accepted_at: UnixSeconds,
    pub(super) root: Hash,
    payload_check: u32,
}

impl Header {
    /// Reads a header that carries its own checksum, `None` when it is damaged.
    pub(super) fn parse(bytes: &[u8; HEADER_BYTES], salt: &Salt) -> Option<Self> {
        let check = header_check(salt, &bytes[..CHECKED_BYTES]);
        if bytes[..4] != MAGIC || bytes[76..] != END_MARK || u32_at(bytes, CHECKED_BYTES) != check {
            return None;
        }
        let header = Self {
            payload_bytes: u32_at(bytes, 4),
            entries: u16::from_be_bytes([bytes[8], bytes[9]]),
            blank_pieces: u16::from_be_bytes([bytes[10], bytes[11]]),
            payload_check: u32_at(bytes, 12),
            epoch: Epoch::new(u64_at(bytes, 16)),
            start: u64_at(bytes, 24),
            accepted_at: UnixSeconds::new(u64_at(bytes, 32)),
            root: Hash::from_bytes(*bytes[40..].first_chunk()?),
        };
        let within_limits =
            header.payload_bytes as usize <= GROUP_BYTES_MAX && header.entries as usize <= GROUP_ENTRIES_MAX;
        within_limits.then_some(header)
    }

    /// The head after this record.
    pub(super) fn head(&self) -> Head {
        Head { size: TreeSize::new(self.end()), root: self.root }
    }

    /// The index after its last entry.
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(u64::from(self.entries))
    }

    /// Bytes of the whole record.
    pub(super) fn record_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.payload_bytes)
    }

    /// Whether the payload is the one that was written.
    pub(super) fn matches(&self, payload: &[u8]) -> bool {
        payload.len() == self.payload_bytes as usize && payload_check(payload) == self.payload_check
    }

    fn encode(&self, salt: &Salt) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.payload_bytes.to_be_bytes());
        bytes[8..10].copy_from_slice(&self.entries.to_be_bytes());
        bytes[10..12].copy_from_slice(&self.blank_pieces.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.payload_check.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.epoch.get().to_be_bytes());
        bytes[24..32].copy_from_slice(&self.start.to_be_bytes());
        bytes[32..40].copy_from_slice(&self.accepted_at.get().to_be_bytes());
        bytes[40..72].copy_from_slice(self.root.as_bytes());
        let check = header_check(salt, &bytes[..CHECKED_BYTES]);
        bytes[CHECKED_BYTES..76].copy_from_slice(&check.to_be_bytes());
        bytes[76..].copy_from_slice(&END_MARK);
        bytes
    }
}

/// The record of a commit, as it lies at `offset` of a segment.
pub(super) fn encode_commit(commit: &Commit<'_>, offset: u64, salt: &Salt) -> Vec<u8> {
    let payload_bytes: usize = commit.entries.iter().map(|entry| entry.len() + 2).sum();
    let mut record = Vec::with_capacity(HEADER_BYTES + payload_bytes);
    record.resize(HEADER_BYTES, 0);
    for entry in commit.entries {
        append_entry(&mut record, entry).expect("invariant: check_commit refuses longer entries");
    }
    let start = commit.expected.size.get();
    finish(
        record,
        commit.entries.len(),
        commit.epoch,
        start,
        commit.accepted_at,
        commit.next.root,
        (offset, salt),
    )
}

/// The record that opens an epoch, as it lies at `offset` of a segment.
pub(super) fn encode_epoch(epoch: Epoch, head: Head, offset: u64, salt: &Salt) -> Vec<u8> {
    let record = vec![0; HEADER_BYTES];
    finish(record, 0, epoch, head.size.get(), UnixSeconds::new(0), head.root, (offset, salt))
}

fn finish(
    mut record: Vec<u8>,
    entries: usize,
    epoch: Epoch,
    start: u64,
    accepted_at: UnixSeconds,
    root: Hash,
    (offset, salt): (u64, &Salt),
) -> Vec<u8> {
    let payload = &record[HEADER_BYTES..];
    let mut header = Header {
        payload_bytes: payload.len() as u32,
        entries: entries as u16,
        blank_pieces: 0,
        epoch,
        start,
        accepted_at,
        root,
        payload_check: payload_check(payload),
    };
    // The header itself is never blank in any piece: it starts and ends with bytes that are not zero.
    record[..HEADER_BYTES].copy_from_slice(&header.encode(salt));
    header.blank_pieces = blank_pieces(&record, offset);
    record[..HEADER_BYTES].copy_from_slice(&header.encode(salt));
    record
}

/// How many pieces of these bytes, cut where sectors end, are zeros throughout.
pub(super) fn blank_pieces(bytes: &[u8], offset: u64) -> u16 {
    let blank = pieces(bytes, offset).filter(|piece| piece.iter().all(|byte| *byte == 0)).count();
    u16::try_from(blank).unwrap_or(u16::MAX)
}

/// The pieces of bytes at an offset of a file, cut where sectors end.
fn pieces(bytes: &[u8], offset: u64) -> impl Iterator<Item = &[u8]> {
    let first = bytes.len().min((SECTOR_BYTES - offset % SECTOR_BYTES) as usize);
    let (first, rest) = bytes.split_at(first);
    core::iter::once(first).chain(rest.chunks(SECTOR_BYTES as usize)).filter(|piece| !piece.is_empty())
}

fn payload_check(payload: &[u8]) -> u32 {
    crc32c::crc32c(payload)
}

fn header_check(salt: &Salt, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(salt), bytes)
}

fn u32_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8; HEADER_BYTES], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) << 32 | u64::from(u32_at(bytes, at + 4))
}
