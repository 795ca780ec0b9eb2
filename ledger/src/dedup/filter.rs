//! A Bloom filter over leaf hashes.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use matricula_tlog::Hash;

/// 2^27 bits, 16 MiB whatever the log: at ten million entries one question in 240 is answered "perhaps" in vain, at a
/// hundred million nearly each, and the store answers them all.
const BITS: u64 = 1 << 27;
/// Memory comes in pages of 4 KiB as entries come, so that the filter of a small log is small.
const PAGE_WORDS: usize = 512;
const PAGE_BITS: u64 = PAGE_WORDS as u64 * 64;

type Page = [AtomicU64; PAGE_WORDS];

/// Says of a leaf hash that it was certainly never inserted, or perhaps was.
pub(super) struct Filter {
    pages: Vec<OnceLock<Box<Page>>>,
}

impl Filter {
    pub(super) fn new() -> Self {
        Self { pages: (0..BITS / PAGE_BITS).map(|_| OnceLock::new()).collect() }
    }

    pub(super) fn insert(&self, leaf: &Hash) {
        for Place { page, word, mask } in places(leaf) {
            let page = self.pages[page].get_or_init(|| Box::new([const { AtomicU64::new(0) }; PAGE_WORDS]));
            page[word].fetch_or(mask, Ordering::Relaxed);
        }
    }

    pub(super) fn may_have(&self, leaf: &Hash) -> bool {
        places(leaf).all(|Place { page, word, mask }| {
            self.pages[page].get().is_some_and(|page| page[word].load(Ordering::Relaxed) & mask != 0)
        })
    }
}

impl core::fmt::Debug for Filter {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Filter").finish_non_exhaustive()
    }
}

struct Place {
    page: usize,
    word: usize,
    mask: u64,
}

/// A leaf hash is uniform already: its four words choose four bits.
fn places(leaf: &Hash) -> impl Iterator<Item = Place> {
    let (words, _) = leaf.as_bytes().as_chunks::<8>();
    words.iter().map(|word| {
        let bit = u64::from_be_bytes(*word) % BITS;
        let (page, bit) = (bit / PAGE_BITS, bit % PAGE_BITS);
        Place { page: page as usize, word: (bit / 64) as usize, mask: 1 << (bit % 64) }
    })
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
