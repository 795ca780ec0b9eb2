//! A Bloom filter over leaf hashes.

use std::sync::atomic::{AtomicU64, Ordering};

use matricula_tlog::Hash;

/// 2^27 bits, 16 MiB whatever the log: at ten million entries one question in 240 is answered "perhaps" in vain, at a
/// hundred million nearly each, and the store answers them all.
const BITS: u64 = 1 << 27;

/// Says of a leaf hash that it was certainly never inserted, or perhaps was.
pub(super) struct Filter {
    words: Vec<AtomicU64>,
}

impl Filter {
    pub(super) fn new() -> Self {
        Self { words: (0..BITS / 64).map(|_| AtomicU64::new(0)).collect() }
    }

    pub(super) fn insert(&self, leaf: &Hash) {
        for bit in bits(leaf) {
            self.words[(bit / 64) as usize].fetch_or(1 << (bit % 64), Ordering::Relaxed);
        }
    }

    pub(super) fn may_have(&self, leaf: &Hash) -> bool {
        bits(leaf).all(|bit| self.words[(bit / 64) as usize].load(Ordering::Relaxed) >> (bit % 64) & 1 == 1)
    }
}

impl core::fmt::Debug for Filter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}

/// A leaf hash is uniform already: four of its words choose four bits.
fn bits(leaf: &Hash) -> impl Iterator<Item = u64> {
    let (words, _) = leaf.as_bytes().as_chunks::<8>();
    words.iter().map(|word| u64::from_be_bytes(*word) % BITS)
}

#[cfg(test)]
mod tests {
    use matricula_tlog::leaf_hash;

    use super::*;

    #[test]
    fn knows_all_that_was_inserted_and_hardly_anything_else() {
        let filter = Filter::new();
        let leaf = |i: u32| leaf_hash(&i.to_be_bytes());
        (0..20_000).for_each(|i| filter.insert(&leaf(i)));
        assert!((0..20_000).all(|i| filter.may_have(&leaf(i))));
        assert!((20_000..40_000).filter(|i| filter.may_have(&leaf(*i))).count() < 5);
    }
}
