//! Reading a segment from its start, and telling a cut tail from damage.
//!
//! Commits go to the disk one after another, each synced before the next is written. So power loss can leave at most
//! one incomplete record, the last of the last segment, and it was never acknowledged. Behind the last record the file may
//! have *room*: zeros up to its end, written beforehand, where the next records go. A segment that has only zeros
//! behind a record ends there: of a record that may have been on its way, nothing arrived. Otherwise a record is *cut* only
//! when that is what the bytes show:
//!
//! - no record follows it, and
//! - the file ends before the record does, or one of its *pieces* (its bytes, divided where sectors of 512 bytes end)
//!   is blank that was not blank when it was written. How many pieces were, the header says; the header itself has no
//!   blank piece, since it starts and ends with bytes that are not zero.
//!
//! This needs room that is blank: a cut record is removed together with all room behind it, so that no byte of it is ever
//! below another record.
//!
//! All else is damage, such as a flipped bit in a complete record: an acknowledged entry may be lost, and the store
//! refuses to open.

use super::record::{HEADER_BYTES, Header, MAGIC, RECORD_BYTES_MAX, blank_pieces};
use super::segment::{self, Segment};
use super::{Epoch, Head, SequenceError};

/// Blank room is read so many bytes at a time.
const BLANK_READ_BYTES: usize = 64 * 1024;

/// What is wrong with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentDefect {
    /// The file's header does not match its checksum.
    #[error("the file's header is damaged")]
    Header,
    /// The file belongs to another log.
    #[error("the file belongs to another log")]
    OtherLog,
    /// A record's header does not match its checksum.
    #[error("a record's header is damaged")]
    RecordHeader,
    /// A record's payload does not match its checksum.
    #[error("a record's payload is damaged")]
    Payload,
    /// A record does not follow the one before it.
    #[error("a record does not follow the one before it")]
    Order,
    /// The payload is not the entries that the header counts.
    #[error("a record's entries are malformed")]
    Entries,
    /// The segment ends within a record although the log goes on.
    #[error("the segment ends within a record, and the log goes on")]
    CutInside,
    /// A segment is missing before this one.
    #[error("a segment is missing before this one")]
    Gap,
}

/// Where a scan stands: what the next record must follow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) head: Head,
    pub(super) epoch: Epoch,
}

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With a whole record, or its header.
    Whole,
    /// With a record that was cut by power loss.
    Cut,
}

/// A scanned segment.
pub(super) struct Scanned {
    /// How long the file is.
    pub(super) length: u64,
    /// Where the records end.
    pub(super) end_offset: u64,
    /// Where the last whole record starts, if there is one.
    pub(super) last_record: Option<u64>,
    pub(super) end: End,
}

/// Reads all records in order, checks each, and tells `visit` the offset and header of each.
pub(super) fn scan(
    segment: &Segment,
    progress: &mut Progress,
    mut visit: impl FnMut(u64, &Header),
) -> Result<Scanned, SequenceError> {
    let length = segment.file.length()?;
    let mut offset = segment::HEADER_BYTES as u64;
    let mut last_record = None;
    while offset < length && !is_blank_from(segment, offset, length)? {
        let header = match read_record(segment, offset, length)? {
            Record::Whole(header) => header,
            Record::Cut => return Ok(Scanned { length, end_offset: offset, last_record, end: End::Cut }),
            Record::Damaged(defect) => return Err(damaged(segment, offset, defect)),
        };
        let follows = header.start == progress.head.size.get()
            && (header.entries > 0 && header.epoch == progress.epoch
                || header.entries == 0 && header.epoch > progress.epoch && header.root == progress.head.root);
        // The first segment that is left after a trim starts with what only its own record says.
        let starts = progress.epoch == Epoch::new(0) && header.start == segment.first;
        if !follows && !starts {
            return Err(damaged(segment, offset, SegmentDefect::Order));
        }
        *progress = Progress { head: header.head(), epoch: header.epoch };
        visit(offset, &header);
        last_record = Some(offset);
        offset += header.record_bytes();
    }
    Ok(Scanned { length, end_offset: offset, last_record, end: End::Whole })
}

pub(super) fn damaged(segment: &Segment, offset: u64, defect: SegmentDefect) -> SequenceError {
    SequenceError::Damaged { path: segment.path.clone(), offset, defect }
}

/// Reads the header of a record that the index knows, whose file cannot end within it.
pub(super) fn read_header(segment: &Segment, offset: u64) -> Result<Header, SequenceError> {
    let mut bytes = [0; HEADER_BYTES];
    segment.file.read_at(offset, &mut bytes)?;
    Header::parse(&bytes, &segment.salt).ok_or_else(|| damaged(segment, offset, SegmentDefect::RecordHeader))
}

/// Reads and checks the payload of a record.
pub(super) fn read_payload(
    segment: &Segment,
    offset: u64,
    header: &Header,
) -> Result<Vec<u8>, SequenceError> {
    let mut payload = vec![0; header.payload_bytes as usize];
    segment.file.read_at(offset + HEADER_BYTES as u64, &mut payload)?;
    if !header.matches(&payload) {
        return Err(damaged(segment, offset, SegmentDefect::Payload));
    }
    Ok(payload)
}

enum Record {
    Whole(Header),
    Cut,
    Damaged(SegmentDefect),
}

fn read_record(segment: &Segment, offset: u64, length: u64) -> Result<Record, SequenceError> {
    let mut bytes = vec![0; (length - offset).min(HEADER_BYTES as u64) as usize];
    segment.file.read_at(offset, &mut bytes)?;
    let header = bytes.first_chunk().and_then(|bytes| Header::parse(bytes, &segment.salt));
    let defect = match header {
        Some(header) if offset + header.record_bytes() <= length => {
            bytes.resize(header.record_bytes() as usize, 0);
            segment.file.read_at(offset, &mut bytes)?;
            if header.matches(&bytes[HEADER_BYTES..]) {
                return Ok(Record::Whole(header));
            }
            let blank_now = blank_pieces(&bytes, offset);
            if blank_now <= header.blank_pieces {
                return Ok(Record::Damaged(SegmentDefect::Payload));
            }
            SegmentDefect::Payload
        }
        Some(_) => SegmentDefect::CutInside,
        None if bytes.len() < HEADER_BYTES || blank_pieces(&bytes, offset) > 0 => SegmentDefect::RecordHeader,
        None => return Ok(Record::Damaged(SegmentDefect::RecordHeader)),
    };
    // The bytes look cut; nothing was written after a cut.
    if is_record_after(segment, offset, length)? {
        return Ok(Record::Damaged(defect));
    }
    Ok(Record::Cut)
}

/// Whether nothing was written from the offset on: the room that was made for more records. Most records are told from it by
/// their first bytes.
fn is_blank_from(segment: &Segment, offset: u64, length: u64) -> Result<bool, SequenceError> {
    let mut bytes = vec![0; (length - offset).min(HEADER_BYTES as u64) as usize];
    let mut at = offset;
    while at < length {
        let upto = (length - at).min(bytes.len() as u64) as usize;
        segment.file.read_at(at, &mut bytes[..upto])?;
        if bytes[..upto].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += upto as u64;
        bytes.resize(BLANK_READ_BYTES, 0);
    }
    Ok(true)
}

/// Whether a whole header lies anywhere after the offset.
fn is_record_after(segment: &Segment, offset: u64, length: u64) -> Result<bool, SequenceError> {
    let mut at = offset + 1;
    while at + HEADER_BYTES as u64 <= length {
        let mut bytes = vec![0; (length - at).min(RECORD_BYTES_MAX as u64) as usize];
        segment.file.read_at(at, &mut bytes)?;
        let found = bytes.windows(HEADER_BYTES).any(|window| {
            window.starts_with(&MAGIC)
                && window.first_chunk().is_some_and(|bytes| Header::parse(bytes, &segment.salt).is_some())
        });
        if found {
            return Ok(true);
        }
        at += (bytes.len() - HEADER_BYTES + 1) as u64;
    }
    Ok(false)
}
