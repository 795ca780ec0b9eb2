//! Reading an `add-entries` body piece by piece.

use super::{AddEntriesError, AddEntriesHeader, PackagePlace, take_sized};
use crate::merkle::PROOF_HASHES_MAX;
use crate::{Hash, LeafIndex};

/// One package as received: its entries, and the proof that they belong to the tree. Nothing of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPackage {
    place: PackagePlace,
    entries: Vec<Vec<u8>>,
    proof: Vec<Hash>,
}

impl EntryPackage {
    /// Reads the package of that place from the beginning of `bytes`, and tells how long it is; `Ok(None)` when more bytes
    /// are needed.
    ///
    /// # Errors
    /// [`AddEntriesError::TooManyHashes`].
    pub fn parse(bytes: &[u8], place: PackagePlace) -> Result<Option<(Self, usize)>, AddEntriesError> {
        let mut rest = bytes;
        let mut entries = Vec::with_capacity(place.entries());
        for _ in 0..place.entries() {
            let Some(entry) = take_sized(&mut rest) else { return Ok(None) };
            entries.push(entry);
        }
        let Some((count, after)) = rest.split_first() else { return Ok(None) };
        let count = usize::from(*count);
        if count > PROOF_HASHES_MAX {
            return Err(AddEntriesError::TooManyHashes { got: count });
        }
        let (Some(hashes), after) = (after.get(..32 * count), after.get(32 * count..).unwrap_or_default())
        else {
            return Ok(None);
        };
        let proof = hashes.as_chunks::<32>().0.iter().map(|hash| Hash::from_bytes(*hash)).collect();
        let entries = entries.into_iter().map(<[u8]>::to_vec).collect();
        Ok(Some((Self { place, entries, proof }, bytes.len() - after.len())))
    }

    /// Which leaves it has.
    pub fn place(&self) -> PackagePlace {
        self.place
    }

    /// The entries, from `place().start` on.
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.entries
    }

    /// The entries with their places in the log.
    pub fn indexed(&self) -> impl Iterator<Item = (LeafIndex, &[u8])> {
        (self.place.start.get()..).map(LeafIndex::new).zip(self.entries.iter().map(Vec::as_slice))
    }

    /// The subtree consistency proof.
    pub fn proof(&self) -> &[Hash] {
        &self.proof
    }
}

/// A body that is being received: feed it what arrives, and take out header and packages as they become complete.
///
/// Holds at most the bytes of one package that is not complete (16 MiB of the longest entries) beside what was fed last.
#[derive(Debug, Default)]
pub struct AddEntriesReader {
    buffer: Vec<u8>,
    header: Option<AddEntriesHeader>,
    /// How many packages have been taken out.
    taken: usize,
}

impl AddEntriesReader {
    /// A body of which nothing has arrived.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what arrived. Take out the packages that it completes before feeding more.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The header, once it is complete.
    ///
    /// # Errors
    /// [`AddEntriesError`] when it is malformed. The body is then of no use.
    pub fn header(&mut self) -> Result<Option<&AddEntriesHeader>, AddEntriesError> {
        if self.header.is_none()
            && let Some((header, length)) = AddEntriesHeader::parse(&self.buffer)?
        {
            self.buffer.drain(..length);
            self.header = Some(header);
        }
        Ok(self.header.as_ref())
    }

    /// The next package, once it is complete; `None` too when all have been taken out.
    ///
    /// # Errors
    /// [`AddEntriesError`] when it is malformed. The rest of the body is then of no use.
    pub fn package(&mut self) -> Result<Option<EntryPackage>, AddEntriesError> {
        let taken = self.taken;
        let Some(place) = self.header()?.and_then(|header| header.packages().nth(taken)) else {
            return Ok(None);
        };
        // A package that is not complete costs a walk over at most 256 lengths, however its bytes trickle in.
        let Some((package, length)) = EntryPackage::parse(&self.buffer, place)? else {
            return Ok(None);
        };
        self.buffer.drain(..length);
        self.taken += 1;
        Ok(Some(package))
    }

    /// Whether every package up to the upload's end has been taken out.
    pub fn is_complete(&self) -> bool {
        self.header.as_ref().is_some_and(|header| header.packages().nth(self.taken).is_none())
    }
}
