//! The Merkle tree over the commitments of one batch: shuffled, and padded with leaves that commit to nothing.

use matricula_tlog::{Hash, InclusionError, LeafIndex, TreeSize, leaf_hash, node_hash, verify_inclusion};
use rs_merkle::{Hasher, MerkleTree};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

/// Smallest tree: below this the padding would tell the size of a small school's class.
pub const BATCH_LEAVES_MIN: u64 = 64;

/// Largest tree: a million credentials, more than any country issues in one go, and a tree of 64 MB.
pub const BATCH_LEAVES_MAX: u64 = 1 << 20;

const SHUFFLE_DOMAIN: &[u8] = b"matricula/batch/shuffle/v1\0";
const DUMMY_DOMAIN: &[u8] = b"matricula/batch/dummy/v1\0";

/// The 32 random bytes from which a batch's order and padding follow. They go with the summary to the authority,
/// which can tell true leaves from dummies with them; nobody else sees them.
#[derive(Clone, PartialEq, Eq)]
pub struct BatchSeed([u8; 32]);

impl BatchSeed {
    /// Wraps 32 bytes, which must be fresh from a random generator.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The commitment that fills slot `number` (from 0, before shuffling, after the true ones).
    pub fn dummy(&self, number: u64) -> Hash {
        self.derive(DUMMY_DOMAIN, number)
    }

    /// Which position stands in each slot of a tree of `leaves` slots. Positions below the true count are credentials,
    /// in the order in which they were given; the others are [dummies](Self::dummy).
    pub fn order(&self, leaves: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..leaves.min(BATCH_LEAVES_MAX) as usize).collect();
        let mut draws = 0;
        // Fisher and Yates over a stream of hashes.
        for i in (1..order.len()).rev() {
            let j = draw_below(i as u64 + 1, self, &mut draws);
            order.swap(i, j as usize);
        }
        order
    }

    pub(super) fn derive(&self, domain: &[u8], number: u64) -> Hash {
        let hash = Sha256::new().chain_update(domain).chain_update(self.0).chain_update(number.to_be_bytes());
        Hash::from_bytes(hash.finalize().into())
    }
}

impl core::fmt::Debug for BatchSeed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("BatchSeed(..)")
    }
}

impl Drop for BatchSeed {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Why a batch tree was not built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchTreeError {
    /// There is nothing to commit to.
    #[error("a batch without credentials")]
    Empty,
    /// More commitments than [`BATCH_LEAVES_MAX`].
    #[error("{count} credentials in one batch, at most {BATCH_LEAVES_MAX} fit")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// The same commitment twice: a salt was used again, or a credential is listed twice.
    #[error("credential {position} has the same commitment as another")]
    Duplicate {
        /// Position of the second one.
        position: usize,
    },
}

/// A batch tree.
#[derive(Clone)]
pub struct BatchTree {
    tree: MerkleTree<Rfc6962>,
    root: Hash,
    leaves: u64,
    /// Where the commitment at each position went.
    slots: Vec<u64>,
}

impl BatchTree {
    /// Builds the tree over the commitments, in an order and with a padding that follow from the seed.
    ///
    /// # Errors
    /// [`BatchTreeError`].
    pub fn build(commitments: &[Hash], seed: &BatchSeed) -> Result<Self, BatchTreeError> {
        let count = commitments.len() as u64;
        if count == 0 {
            return Err(BatchTreeError::Empty);
        }
        if count > BATCH_LEAVES_MAX {
            return Err(BatchTreeError::TooMany { count: commitments.len() });
        }
        refuse_duplicates(commitments)?;
        let leaves = count.next_power_of_two().max(BATCH_LEAVES_MIN);
        let order = seed.order(leaves);
        let mut slots = vec![0; commitments.len()];
        let mut hashes = Vec::with_capacity(order.len());
        for (slot, position) in order.iter().enumerate() {
            let commitment = match commitments.get(*position) {
                Some(commitment) => {
                    slots[*position] = slot as u64;
                    *commitment
                }
                None => seed.dummy((*position - commitments.len()) as u64),
            };
            hashes.push(*leaf_hash(commitment.as_bytes()).as_bytes());
        }
        let tree = MerkleTree::<Rfc6962>::from_leaves(&hashes);
        let root = Hash::from_bytes(tree.root().expect("invariant: the tree has at least 64 leaves"));
        Ok(Self { tree, root, leaves, slots })
    }

    /// The root, as the batch statement carries it.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The number of leaves, padding included: a power of two, at least [`BATCH_LEAVES_MIN`].
    pub fn leaves(&self) -> TreeSize {
        TreeSize::new(self.leaves)
    }

    /// The path of the commitment that stood at `position` in the list given to [`BatchTree::build`]; `None` for a
    /// position beyond that list.
    pub fn path(&self, position: usize) -> Option<BatchPath> {
        let slot = *self.slots.get(position)?;
        let hashes = self.tree.proof(&[usize::try_from(slot).ok()?]);
        Some(BatchPath {
            leaf_index: LeafIndex::new(slot),
            leaves: self.leaves(),
            path: hashes.proof_hashes().iter().copied().map(Hash::from_bytes).collect(),
        })
    }
}

impl core::fmt::Debug for BatchTree {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BatchTree")
            .field("root", &self.root)
            .field("leaves", &self.leaves)
            .finish_non_exhaustive()
    }
}

/// Where a commitment stands in its batch, and the hashes that lead from it to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchPath {
    /// Position of the leaf.
    pub leaf_index: LeafIndex,
    /// Number of leaves of the tree.
    pub leaves: TreeSize,
    /// The inclusion proof, from the leaf up.
    pub path: Vec<Hash>,
}

/// Why a path does not lead from a commitment to a root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchPathError {
    /// No batch has this many leaves.
    #[error("no batch has {leaves} leaves")]
    Leaves {
        /// The number given.
        leaves: u64,
    },
    /// The inclusion proof fails.
    #[error(transparent)]
    Inclusion(#[from] InclusionError),
}

impl BatchPath {
    /// Checks that the commitment is in the batch with this root. The caller compares [`BatchPath::leaves`] with the
    /// batch statement.
    ///
    /// # Errors
    /// [`BatchPathError`].
    pub fn verify(&self, commitment: &Hash, root: &Hash) -> Result<(), BatchPathError> {
        let leaves = self.leaves.get();
        if !leaves.is_power_of_two() || !(BATCH_LEAVES_MIN..=BATCH_LEAVES_MAX).contains(&leaves) {
            return Err(BatchPathError::Leaves { leaves });
        }
        verify_inclusion(leaf_hash(commitment.as_bytes()), self.leaf_index, self.leaves, &self.path, *root)?;
        Ok(())
    }
}

/// RFC 6962 hashing for `rs_merkle`, whose own hasher does not tell leaves from nodes.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        *leaf_hash(data).as_bytes()
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        match right {
            Some(right) => *node_hash(&Hash::from_bytes(*left), &Hash::from_bytes(*right)).as_bytes(),
            None => *left,
        }
    }
}

fn refuse_duplicates(commitments: &[Hash]) -> Result<(), BatchTreeError> {
    let mut order: Vec<usize> = (0..commitments.len()).collect();
    order.sort_by_key(|position| (commitments[*position], *position));
    match order.windows(2).find(|pair| commitments[pair[0]] == commitments[pair[1]]) {
        Some(pair) => Err(BatchTreeError::Duplicate { position: pair[1] }),
        None => Ok(()),
    }
}

/// A uniform number below `bound`: draws that would favour small numbers are thrown away.
fn draw_below(bound: u64, seed: &BatchSeed, draws: &mut u64) -> u64 {
    let zone = u64::MAX - u64::MAX % bound;
    loop {
        let hash = seed.derive(SHUFFLE_DOMAIN, *draws);
        *draws += 1;
        let (first, _) = hash.as_bytes().split_first_chunk::<8>().expect("invariant: a hash has 32 bytes");
        let draw = u64::from_be_bytes(*first);
        if draw < zone {
            return draw % bound;
        }
    }
}
