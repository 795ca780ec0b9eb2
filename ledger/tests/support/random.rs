//! Chance that follows from a seed.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

/// Whether there is time for everything.
pub fn is_full() -> bool {
    std::env::var_os("MATRICULA_FULL").is_some_and(|set| set == "1")
}

/// Runs a case for each seed, or for the one that the environment names, and tells which one failed.
pub fn for_seeds(seeds: impl IntoIterator<Item = u64>, mut case: impl FnMut(u64)) {
    let only: Option<u64> = std::env::var("MATRICULA_SEED").ok().map(|seed| seed.parse().unwrap());
    let seeds: Vec<u64> = only.map_or_else(|| seeds.into_iter().collect(), |seed| vec![seed]);
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(seed))) {
            eprintln!("failed with MATRICULA_SEED={seed}");
            resume_unwind(panic);
        }
    }
}
