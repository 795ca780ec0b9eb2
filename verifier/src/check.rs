//! Verifying what was read, one document or many, on all cores.

use matricula_verdict::{Options, Trust, Verdict};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::foreign::verify;
use crate::input::{InputError, Source};

/// One document and what came of it.
#[derive(Debug)]
pub struct Checked {
    /// The document's name.
    pub name: String,
    /// The verdicts, or why there are none.
    pub outcome: Outcome,
}

/// What came of one document.
#[derive(Debug)]
pub enum Outcome {
    /// It was read and judged: one verdict a credential, never none.
    Judged(Vec<Verdict>),
    /// It could not be read, which says nothing about what is in it.
    Unreadable(InputError),
}

/// Reads and judges every document, on all cores, in the order given. `progress` is called after each.
pub fn check_all(
    sources: &[Source],
    trust: &Trust,
    options: &Options,
    progress: &(dyn Fn() + Sync),
) -> Vec<Checked> {
    sources
        .par_iter()
        .map(|source| {
            let outcome = match source.read() {
                Ok(document) => Outcome::Judged(verify(&document.bytes, trust, options)),
                Err(error) => Outcome::Unreadable(error),
            };
            progress();
            Checked { name: source.name(), outcome }
        })
        .collect()
}
