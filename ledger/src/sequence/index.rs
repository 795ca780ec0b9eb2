//! Where entries lie in the segments: read from them when the log is opened, and never written.

use matricula_tlog::LeafIndex;

use super::record::Header;
use super::scan::{End, Progress, Scanned, damaged, read_header, scan};
use super::segment::{self, FOLDER, Opened, Segment, parse_name};
use super::{Epoch, Head, SegmentDefect, SequenceError};
use crate::disk::{Disk, join};

/// The index remembers one record in so many entries; a read walks over the headers in between.
const INDEX_STRIDE: u64 = 256;

/// What is durable, and where.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) head: Head,
    pub(super) first: u64,
    pub(super) segments: Vec<Segment>,
    pub(super) places: Vec<Place>,
}

/// A record of the index: the entry it starts with, and where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) start: u64,
    pub(super) segment: u64,
    pub(super) offset: u64,
}

/// All that was read of a log.
pub(super) struct Loaded {
    pub(super) index: Index,
    pub(super) epoch: Epoch,
    pub(super) last: Option<(Segment, Scanned)>,
    pub(super) unborn: Option<String>,
}

/// Reads all segments in order.
pub(super) fn load(disk: &dyn Disk) -> Result<Loaded, SequenceError> {
    let mut index = Index { head: Head::empty(), first: 0, segments: Vec::new(), places: Vec::new() };
    let mut progress = Progress { head: Head::empty(), epoch: Epoch::new(0) };
    let (segments, unborn) = open_segments(disk)?;
    index.first = segments.first().map_or(0, |segment| segment.first);
    let mut last: Option<(Segment, Scanned)> = None;
    for segment in segments {
        if let Some((before, Scanned { end: End::Cut, end_offset, .. })) = &last {
            return Err(damaged(before, *end_offset, SegmentDefect::CutInside));
        }
        let scanned = index.take_in(&segment, &mut progress)?;
        last = Some((segment, scanned));
    }
    index.head = progress.head;
    Ok(Loaded { index, epoch: progress.epoch, last, unborn })
}

/// Opens all segments in order; apart from them the last file, when it never got a header.
fn open_segments(disk: &dyn Disk) -> Result<(Vec<Segment>, Option<String>), SequenceError> {
    let names: Vec<String> =
        disk.list(FOLDER)?.into_iter().filter(|name| parse_name(name).is_some()).collect();
    let mut segments = Vec::with_capacity(names.len());
    for (position, name) in names.iter().enumerate() {
        let path = join(FOLDER, name);
        match Segment::open(disk, name)? {
            Opened::Segment(segment) => segments.push(segment),
            Opened::Unborn if position + 1 == names.len() => return Ok((segments, Some(path))),
            Opened::Unborn | Opened::Foreign => {
                return Err(SequenceError::Damaged { path, offset: 0, defect: SegmentDefect::Header });
            }
        }
    }
    Ok((segments, None))
}

impl Index {
    fn take_in(&mut self, segment: &Segment, progress: &mut Progress) -> Result<Scanned, SequenceError> {
        if segment.first != progress.head.size.get() && !self.segments.is_empty() {
            return Err(damaged(segment, 0, SegmentDefect::Gap));
        }
        self.segments.push(segment.clone());
        scan(segment, progress, |offset, header| {
            self.add(Place { start: header.start, segment: segment.first, offset }, header.head());
        })
    }

    pub(super) fn add(&mut self, place: Place, head: Head) {
        let far = |last: &Place| place.start - last.start >= INDEX_STRIDE || place.segment != last.segment;
        if self.places.last().is_none_or(far) {
            self.places.push(place);
        }
        self.head = head;
    }

    pub(super) fn cursor(&self, from: LeafIndex) -> Result<Cursor, SequenceError> {
        if from.get() < self.first {
            return Err(SequenceError::Trimmed { first: LeafIndex::new(self.first) });
        }
        let end = self.head.size.get();
        let at = self.places.partition_point(|place| place.start <= from.get());
        let Some(place) = at.checked_sub(1).map(|at| self.places[at]).filter(|_| from.get() < end) else {
            return Ok(Cursor { segments: Vec::new(), offset: 0, reached: end, end });
        };
        let first = self.segments.partition_point(|segment| segment.first < place.segment);
        let segments = self.segments[first..].iter().rev().cloned().collect();
        Ok(Cursor { segments, offset: place.offset, reached: place.start, end })
    }
}

/// Walks over durable records. Holds the segments still to read, the next one last.
pub(super) struct Cursor {
    segments: Vec<Segment>,
    offset: u64,
    /// The index after the last entry walked over.
    reached: u64,
    /// The durable size when the walk began: what lies behind may be half written.
    end: u64,
}

impl Cursor {
    pub(super) fn next(&mut self) -> Result<Option<(Segment, u64, Header)>, SequenceError> {
        if self.reached >= self.end {
            return Ok(None);
        }
        let next_first = self.segments.iter().rev().nth(1).map(|next| next.first);
        if next_first == Some(self.reached) {
            self.segments.pop();
            self.offset = segment::HEADER_BYTES as u64;
        }
        let Some(segment) = self.segments.last() else { return Ok(None) };
        let header = read_header(segment, self.offset)?;
        let found = (segment.clone(), self.offset, header);
        self.offset += header.record_bytes();
        self.reached = header.end();
        Ok(Some(found))
    }
}
