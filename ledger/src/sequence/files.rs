//! The file adapter: append-only segments, one sync a commit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use matricula_tlog::{Hash, LeafIndex, empty_root, parse_entries};

use super::index::{Index, Loaded, Place, load};
use super::record::{Header, encode_commit, encode_epoch};
use super::scan::{End, Scanned, damaged, read_payload};
use super::segment::{self, FOLDER, SEGMENT_BYTES, Segment, origin_hash};
use super::{
    Commit, CommitError, ENTRIES_BYTES_MAX, Epoch, GROUP_ENTRIES_MAX, Head, Lease, SegmentDefect,
    SequenceError, SequenceStore, SequencedEntry, check_commit,
};
use crate::disk::{Disk, DiskError, DiskLock};

const LOCK: &str = "sequence.lock";

/// The room made behind a small segment's end: a dozen pages.
const ROOM_BYTES_MIN: u64 = 48 * 1024;
/// The room made behind a large segment's end: for thousands of statements, and written in a millisecond or two.
const ROOM_BYTES_MAX: u64 = 1024 * 1024;
/// Behind a larger record no room is made: the sync of so many bytes takes longer than that of a journal, and the room would
/// soon be full.
const LARGE_RECORD_BYTES: u64 = 16 * 1024;

/// A [`SequenceStore`] in segment files. Exclusive: one value a folder, in this process or another.
#[derive(Debug)]
pub struct FileSequence {
    disk: Arc<dyn Disk>,
    origin: Hash,
    writer: Mutex<Writer>,
    index: RwLock<Index>,
    stopped: AtomicBool,
    read_only: bool,
    segment_bytes: u64,
    _lock: Box<dyn DiskLock>,
}

#[derive(Debug)]
struct Writer {
    epoch: Epoch,
    /// Where the next record goes; `None` before the first segment.
    end: Option<Tail>,
}

/// The end of the last segment.
#[derive(Debug)]
struct Tail {
    segment: Segment,
    /// Where the next record goes.
    offset: u64,
    /// Up to where the file has been written: with zeros, behind the last record.
    prepared: u64,
}

/// A log that was only read.
pub(crate) struct Inspected {
    /// Entries and head; it takes no commits.
    pub(crate) sequence: FileSequence,
    /// Hash of the origin, `None` when there is no segment.
    pub(crate) origin: Option<Hash>,
    /// Where a record was cut by power loss, if one was.
    pub(crate) cut_at: Option<(String, u64)>,
}

impl Inspected {
    /// Removes a record that was cut, as opening the log does.
    pub(crate) fn settle(&self) -> Result<(), DiskError> {
        let Some((path, offset)) = &self.cut_at else { return Ok(()) };
        let Some(file) = self.sequence.disk.open(path)? else { return Ok(()) };
        file.truncate(*offset)?;
        file.sync()
    }
}

impl FileSequence {
    /// Opens or creates the log with this origin. Reads every record, cuts off a tail that power loss left, and
    /// writes the last record once more: after a failed sync, only the page cache may have had it.
    ///
    /// # Errors
    /// [`SequenceError::Locked`], [`SequenceError::Damaged`], or what the disk said.
    pub fn open(disk: Arc<dyn Disk>, origin: &str) -> Result<Self, SequenceError> {
        Self::open_with(disk, origin, SEGMENT_BYTES)
    }

    /// [`FileSequence::open`] with another size beyond which a segment is closed, in bytes.
    ///
    /// # Errors
    /// As [`FileSequence::open`].
    pub fn open_with(disk: Arc<dyn Disk>, origin: &str, segment_bytes: u64) -> Result<Self, SequenceError> {
        disk.create_folder(FOLDER)?;
        disk.sync_folder("")?;
        let lock = Self::lock(disk.as_ref())?;
        let loaded = load(disk.as_ref())?;
        let origin = origin_hash(origin);
        if let Some(foreign) = loaded.index.segments.iter().find(|segment| segment.origin != origin) {
            return Err(damaged(foreign, 0, SegmentDefect::OtherLog));
        }
        if let Some(unborn) = &loaded.unborn {
            disk.remove(unborn)?;
            disk.sync_folder(FOLDER)?;
        }
        if let Some((segment, scanned)) = &loaded.last {
            settle(segment, scanned)?;
            disk.sync_folder(FOLDER)?;
        }
        Ok(Self { segment_bytes, ..Self::from_loaded(disk, origin, loaded, lock) })
    }

    /// Takes the lock that a node holds while the log is open.
    pub(crate) fn lock(disk: &dyn Disk) -> Result<Box<dyn DiskLock>, SequenceError> {
        disk.lock(LOCK)?.ok_or(SequenceError::Locked)
    }

    /// Reads a log of whatever origin and changes nothing.
    pub(crate) fn inspect(disk: Arc<dyn Disk>) -> Result<Inspected, SequenceError> {
        let lock = Self::lock(disk.as_ref())?;
        let loaded = load(disk.as_ref())?;
        let origin = loaded.index.segments.first().map(|segment| segment.origin);
        if let Some(foreign) = loaded.index.segments.iter().find(|segment| Some(segment.origin) != origin) {
            return Err(damaged(foreign, 0, SegmentDefect::OtherLog));
        }
        let cut = loaded.last.as_ref().filter(|(_, scanned)| scanned.end == End::Cut);
        let cut_at = cut.map(|(segment, scanned)| (segment.path.clone(), scanned.end_offset));
        let mut sequence = Self::from_loaded(disk, origin.unwrap_or_else(empty_root), loaded, lock);
        sequence.read_only = true;
        Ok(Inspected { sequence, origin, cut_at })
    }

    fn from_loaded(disk: Arc<dyn Disk>, origin: Hash, loaded: Loaded, lock: Box<dyn DiskLock>) -> Self {
        let end = loaded.last.map(|(segment, Scanned { end_offset: offset, end, length, .. })| Tail {
            segment,
            offset,
            prepared: if end == End::Cut { offset } else { length },
        });
        Self {
            disk,
            origin,
            writer: Mutex::new(Writer { epoch: loaded.epoch, end }),
            index: RwLock::new(loaded.index),
            stopped: AtomicBool::new(false),
            read_only: false,
            segment_bytes: SEGMENT_BYTES,
            _lock: lock,
        }
    }

    fn refuse_if_read_only(&self) -> Result<(), SequenceError> {
        if self.read_only { Err(SequenceError::Stopped) } else { Ok(()) }
    }

    /// Writes a record behind the last, durably. Any failure stops the store: what lies there is unknown.
    fn append(
        &self,
        writer: &mut Writer,
        head: Head,
        encode: impl FnOnce(u64, &Segment) -> Vec<u8>,
    ) -> Result<Place, DiskError> {
        let appended = self.try_append(writer, head, encode);
        if appended.is_err() {
            self.stopped.store(true, Ordering::Release);
        }
        appended
    }

    fn try_append(
        &self,
        writer: &mut Writer,
        head: Head,
        encode: impl FnOnce(u64, &Segment) -> Vec<u8>,
    ) -> Result<Place, DiskError> {
        let Tail { segment, offset, prepared } = match writer.end.take() {
            Some(tail) if tail.offset < self.segment_bytes => tail,
            _ => self.next_segment(head)?,
        };
        let mut record = encode(offset, &segment);
        let end = offset + record.len() as u64;
        let prepared = if end > prepared {
            record.resize(record.len() + room_behind(offset, end, self.segment_bytes), 0);
            offset + record.len() as u64
        } else {
            prepared
        };
        segment.file.write_at(offset, &record)?;
        segment.file.sync()?;
        let place = Place { start: head.size.get(), segment: segment.first, offset };
        writer.end = Some(Tail { segment, offset: end, prepared });
        Ok(place)
    }

    fn next_segment(&self, head: Head) -> Result<Tail, DiskError> {
        let segment = Segment::create(self.disk.as_ref(), self.origin, head.size.get(), rand::random())?;
        if let Ok(mut index) = self.index.write() {
            index.segments.push(segment.clone());
        }
        let offset = segment::HEADER_BYTES as u64;
        Ok(Tail { segment, offset, prepared: offset })
    }

    fn refuse_if_stopped(&self) -> Result<(), SequenceError> {
        if self.stopped.load(Ordering::Acquire) { Err(SequenceError::Stopped) } else { Ok(()) }
    }
}

impl SequenceStore for FileSequence {
    fn head(&self) -> Result<Head, SequenceError> {
        self.refuse_if_stopped()?;
        Ok(self.index.read().map_err(|_| SequenceError::Stopped)?.head)
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        self.refuse_if_read_only()?;
        let mut writer = self.writer.lock().map_err(|_| SequenceError::Stopped)?;
        let head = self.head()?;
        let epoch = Epoch::new(writer.epoch.get() + 1);
        let place = self
            .append(&mut writer, head, |offset, segment| encode_epoch(epoch, head, offset, &segment.salt))?;
        writer.epoch = epoch;
        self.index.write().map_err(|_| SequenceError::Stopped)?.add(place, head);
        Ok(Lease { epoch, head })
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        check_commit(commit)?;
        self.refuse_if_read_only().map_err(|_| CommitError::Stopped)?;
        let mut writer = self.writer.lock().map_err(|_| CommitError::Stopped)?;
        let found = self.head().map_err(|_| CommitError::Stopped)?;
        if commit.epoch != writer.epoch {
            return Err(CommitError::Fenced { epoch: commit.epoch, latest: writer.epoch });
        }
        if commit.expected != found {
            return Err(CommitError::HeadMoved { expected: commit.expected, found });
        }
        let place = self
            .append(&mut writer, found, |offset, segment| encode_commit(commit, offset, &segment.salt))
            .map_err(CommitError::Indeterminate)?;
        self.index.write().map_err(|_| CommitError::Stopped)?.add(place, commit.next);
        Ok(())
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        self.refuse_if_stopped()?;
        let mut cursor = self.index.read().map_err(|_| SequenceError::Stopped)?.cursor(from)?;
        let mut entries = Vec::new();
        let mut bytes_left = ENTRIES_BYTES_MAX;
        while let Some((segment, offset, header)) = cursor.next()? {
            if header.end() <= from.get() {
                continue;
            }
            let payload = read_payload(&segment, offset, &header)?;
            for entry in parse_record(&segment, offset, &header, &payload)? {
                if entry.index < from {
                    continue;
                }
                let full = !entries.is_empty() && entry.bytes.len() > bytes_left;
                if entries.len() == limit || full {
                    return Ok(entries);
                }
                bytes_left = bytes_left.saturating_sub(entry.bytes.len());
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    /// Removes the segments whose entries all lie before the index.
    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        self.refuse_if_read_only()?;
        let _writer = self.writer.lock().map_err(|_| SequenceError::Stopped)?;
        self.refuse_if_stopped()?;
        let mut index = self.index.write().map_err(|_| SequenceError::Stopped)?;
        let keep = index.segments.partition_point(|segment| segment.first <= before.get()).saturating_sub(1);
        let gone: Vec<Segment> = index.segments.drain(..keep).collect();
        index.first = index.segments.first().map_or(0, |segment| segment.first);
        let first = index.first;
        index.places.retain(|place| place.segment >= first);
        // From the oldest on, each name durably gone before the next: what a crash leaves has no gap.
        for segment in gone {
            self.disk.remove(&segment.path)?;
            self.disk.sync_folder(FOLDER)?;
        }
        Ok(LeafIndex::new(first))
    }
}

/// How many zeros to write behind a record that reaches beyond what the file has. The records that come to lie there neither
/// change the file's length nor need new blocks, so their sync writes their bytes and nothing of the file system's journal.
/// As much again as the segment has, so that a small log stays small.
fn room_behind(offset: u64, end: u64, segment_bytes: u64) -> usize {
    if end - offset > LARGE_RECORD_BYTES {
        return 0;
    }
    end.clamp(ROOM_BYTES_MIN, ROOM_BYTES_MAX).min(segment_bytes.saturating_sub(end)) as usize
}

/// Cuts off a cut record, or writes the last whole one again, and syncs. With the name of the file synced, too, all that
/// was read is durable from here on: every earlier record was, before the next one was written.
fn settle(segment: &Segment, scanned: &Scanned) -> Result<(), SequenceError> {
    if scanned.end == End::Cut {
        segment.file.truncate(scanned.end_offset)?;
    }
    let start = scanned.last_record.unwrap_or(0);
    let mut record = vec![0; (scanned.end_offset - start) as usize];
    segment.file.read_at(start, &mut record)?;
    segment.file.write_at(start, &record)?;
    segment.file.sync()?;
    Ok(())
}

fn parse_record(
    segment: &Segment,
    offset: u64,
    header: &Header,
    payload: &[u8],
) -> Result<Vec<SequencedEntry>, SequenceError> {
    let malformed = || damaged(segment, offset, SegmentDefect::Entries);
    let entries = parse_entries(payload, GROUP_ENTRIES_MAX).map_err(|_| malformed())?;
    if entries.len() != usize::from(header.entries) {
        return Err(malformed());
    }
    let place = |(index, bytes): (u64, &[u8])| SequencedEntry {
        index: LeafIndex::new(index),
        accepted_at: header.accepted_at,
        bytes: bytes.to_vec(),
    };
    Ok((header.start..).zip(entries).map(place).collect())
}
