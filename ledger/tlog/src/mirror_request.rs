//! What logs send to mirrors beside checkpoints, and what mirrors answer: entries in packages.
//!
//! SPEC: <https://c2sp.org/tlog-mirror>, `add-entries`. A request may be of any length, so it is read piece by piece:
//! [`AddEntriesReader`] keeps no more than the package under way.

use crate::checkpoint::{Origin, OriginError};
use crate::merkle::{PROOF_HASHES_MAX, Subtree};
use crate::{DecimalError, Hash, LeafIndex, TILE_WIDTH, TreeSize, base64};

mod reader;

pub use reader::{AddEntriesReader, EntryPackage};

/// The media type of a mirror's answer that tells how to go on.
pub const MIRROR_INFO_MEDIA_TYPE: &str = "text/x.tlog.mirror-info";

/// Longest ticket, in bytes: its length is a u16.
pub const TICKET_BYTES_MAX: usize = u16::MAX as usize;

/// Longest `text/x.tlog.mirror-info` answer: two numbers and the base64 of the longest ticket, each in its line.
pub const MIRROR_INFO_BYTES_MAX: usize = 2 * 21 + TICKET_BYTES_MAX.div_ceil(3) * 4 + 1;

/// Packages that a request should have at most: hosters limit the length of bodies.
pub const ADD_ENTRIES_PACKAGES_MAX: usize = 32;

/// Entries between two boundaries of packages: those of a full entry bundle.
pub const PACKAGE_ENTRIES_MAX: u64 = TILE_WIDTH as u64;

/// What an `add-entries` request says before its packages.
///
/// `u16 origin length ‖ origin ‖ u64 start ‖ u64 end ‖ u16 ticket length ‖ ticket`, all big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddEntriesHeader {
    origin: Origin,
    start: LeafIndex,
    end: TreeSize,
    ticket: Vec<u8>,
}

/// Why bytes are not an `add-entries` request, or none can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddEntriesError {
    /// The log's name is not UTF-8.
    #[error("the origin is not UTF-8")]
    OriginNotUtf8,
    /// The log's name is not an origin.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The upload ends before it starts.
    #[error("an upload from leaf {start} to {end} goes backwards")]
    Backwards {
        /// The first leaf.
        start: LeafIndex,
        /// One more than the last leaf.
        end: TreeSize,
    },
    /// The ticket is longer than its length can say.
    #[error("the ticket has {got} bytes, more than {TICKET_BYTES_MAX}")]
    TicketTooLong {
        /// Length in bytes.
        got: usize,
    },
    /// A proof has more hashes than one between any two trees.
    #[error("a package has {got} hashes, more than {PROOF_HASHES_MAX}")]
    TooManyHashes {
        /// Hashes it has.
        got: usize,
    },
    /// A package has exactly the entries of its interval.
    #[error("the package has {got} entries instead of {want}")]
    WrongEntryCount {
        /// Entries given.
        got: usize,
        /// Entries it must have.
        want: usize,
    },
    /// An entry is longer than its length can say.
    #[error("an entry has {got} bytes, more than {}", crate::ENTRY_BYTES_MAX)]
    EntryTooLong {
        /// Length in bytes.
        got: usize,
    },
}

/// The place of one package: which leaves it has, and which subtree its proof is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackagePlace {
    /// The first leaf in the package.
    pub start: LeafIndex,
    /// From the boundary before `start` up to the end of the package: what the proof is about.
    pub subtree: Subtree,
}

impl PackagePlace {
    /// How many entries the package has: 1 to 256.
    pub const fn entries(&self) -> usize {
        (self.subtree.end().get() - self.start.get()) as usize
    }

    /// How many entries of the subtree stand before the package, and must be there already.
    pub const fn entries_before(&self) -> usize {
        (self.start.get() - self.subtree.start().get()) as usize
    }
}

impl AddEntriesHeader {
    /// An upload of the entries from `start` to before `end`, the size of a pending checkpoint.
    pub fn new(
        origin: Origin,
        start: LeafIndex,
        end: TreeSize,
        ticket: Vec<u8>,
    ) -> Result<Self, AddEntriesError> {
        if start.get() > end.get() {
            return Err(AddEntriesError::Backwards { start, end });
        }
        if ticket.len() > TICKET_BYTES_MAX {
            return Err(AddEntriesError::TicketTooLong { got: ticket.len() });
        }
        Ok(Self { origin, start, end, ticket })
    }

    /// Reads a header from the beginning of a body, and tells how long it is; `Ok(None)` when more bytes are needed.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, AddEntriesError> {
        let mut rest = bytes;
        let Some(origin) = take_sized(&mut rest) else { return Ok(None) };
        let origin = core::str::from_utf8(origin).map_err(|_| AddEntriesError::OriginNotUtf8)?;
        let origin = Origin::new(origin)?;
        let (Some(start), Some(end)) = (take_u64(&mut rest), take_u64(&mut rest)) else { return Ok(None) };
        let (start, end) = (LeafIndex::new(start), TreeSize::new(end));
        if start.get() > end.get() {
            return Err(AddEntriesError::Backwards { start, end });
        }
        let Some(ticket) = take_sized(&mut rest) else { return Ok(None) };
        let header = Self { origin, start, end, ticket: ticket.to_vec() };
        Ok(Some((header, bytes.len() - rest.len())))
    }

    /// The header as bytes: what [`AddEntriesHeader::parse`] takes. Packages follow.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        append_sized(&mut bytes, self.origin.as_str().as_bytes());
        bytes.extend_from_slice(&self.start.get().to_be_bytes());
        bytes.extend_from_slice(&self.end.get().to_be_bytes());
        append_sized(&mut bytes, &self.ticket);
        bytes
    }

    /// The log.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The first leaf of the upload.
    pub fn start(&self) -> LeafIndex {
        self.start
    }

    /// One more than the last leaf: the size of a pending checkpoint.
    pub fn end(&self) -> TreeSize {
        self.end
    }

    /// What the mirror gave out last.
    pub fn ticket(&self) -> &[u8] {
        &self.ticket
    }

    /// The canonical sequence of packages: cut at multiples of 256. A request has a beginning of it.
    pub fn packages(&self) -> impl Iterator<Item = PackagePlace> + use<> {
        let (first, end) = (self.start.get(), self.end.get());
        let boundaries = (first / PACKAGE_ENTRIES_MAX..end.div_ceil(PACKAGE_ENTRIES_MAX))
            .map(|package| package * PACKAGE_ENTRIES_MAX)
            .take_while(move |_| first < end);
        boundaries.map(move |boundary| {
            let end = end.min(boundary.saturating_add(PACKAGE_ENTRIES_MAX));
            let subtree = Subtree::new(LeafIndex::new(boundary), TreeSize::new(end))
                .expect("invariant: 1 to 256 leaves from a multiple of 256 are a subtree");
            PackagePlace { start: LeafIndex::new(first.max(boundary)), subtree }
        })
    }
}

/// Appends a package to the body of a request: the entries of its place, and the proof that the place's subtree is part
/// of the tree at the upload's end ([`crate::prove_subtree`]).
pub fn append_package<E: AsRef<[u8]>>(
    body: &mut Vec<u8>,
    place: PackagePlace,
    entries: &[E],
    proof: &[Hash],
) -> Result<(), AddEntriesError> {
    if entries.len() != place.entries() {
        return Err(AddEntriesError::WrongEntryCount { got: entries.len(), want: place.entries() });
    }
    if proof.len() > PROOF_HASHES_MAX {
        return Err(AddEntriesError::TooManyHashes { got: proof.len() });
    }
    for entry in entries {
        let entry = entry.as_ref();
        crate::append_entry(body, entry).map_err(|_| AddEntriesError::EntryTooLong { got: entry.len() })?;
    }
    body.push(proof.len() as u8);
    proof.iter().for_each(|hash| body.extend_from_slice(hash.as_bytes()));
    Ok(())
}

/// How a client goes on with an upload: the answer of statuses 202 and 409.
///
/// SPEC: tlog-mirror, `text/x.tlog.mirror-info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorInfo {
    /// The size of a pending checkpoint: the end of the next upload.
    pub size: TreeSize,
    /// The first entry that the mirror has not: the start of the next upload.
    pub next: LeafIndex,
    /// To be sent along.
    pub ticket: Vec<u8>,
}

/// Why bytes do not tell how to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MirrorInfoError {
    /// It is longer than any honest one.
    #[error("the answer has {got} bytes, more than {MIRROR_INFO_BYTES_MAX}")]
    TooLong {
        /// Length in bytes.
        got: usize,
    },
    /// It is not three lines of text, each with its newline.
    #[error("the answer is not three lines")]
    NotThreeLines,
    /// The first line is not a tree size.
    #[error("tree size: {0}")]
    Size(#[source] DecimalError),
    /// The second line is not a leaf.
    #[error("next entry: {0}")]
    Next(#[source] DecimalError),
    /// The third line is not canonical base64 of at most [`TICKET_BYTES_MAX`] bytes.
    #[error("the ticket is not canonical base64, or too long")]
    Ticket,
}

impl MirrorInfo {
    /// Reads an answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, MirrorInfoError> {
        if bytes.len() > MIRROR_INFO_BYTES_MAX {
            return Err(MirrorInfoError::TooLong { got: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| MirrorInfoError::NotThreeLines)?;
        let lines = text.strip_suffix('\n').ok_or(MirrorInfoError::NotThreeLines)?;
        let mut lines = lines.split('\n');
        let (Some(size), Some(next), Some(ticket), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(MirrorInfoError::NotThreeLines);
        };
        let size = TreeSize::parse(size).map_err(MirrorInfoError::Size)?;
        let next = LeafIndex::parse(next).map_err(MirrorInfoError::Next)?;
        let ticket = base64::decode(ticket).filter(|ticket| ticket.len() <= TICKET_BYTES_MAX);
        Ok(Self { size, next, ticket: ticket.ok_or(MirrorInfoError::Ticket)? })
    }

    /// The answer: what [`MirrorInfo::parse`] takes.
    pub fn encode(&self) -> String {
        format!("{}\n{}\n{}\n", self.size, self.next, base64::encode(&self.ticket))
    }
}

/// Appends a u16 length and the bytes. What is given here was checked to be short enough.
fn append_sized(to: &mut Vec<u8>, bytes: &[u8]) {
    debug_assert!(bytes.len() <= usize::from(u16::MAX));
    to.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    to.extend_from_slice(bytes);
}

/// Takes a u16 length and as many bytes; `None` when they are not all there.
fn take_sized<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_first_chunk::<2>()?;
    let (bytes, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *rest = after;
    Some(bytes)
}

fn take_u64(rest: &mut &[u8]) -> Option<u64> {
    let (number, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(u64::from_be_bytes(*number))
}
