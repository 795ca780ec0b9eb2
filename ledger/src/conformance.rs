//! The suites that every adapter of [`SequenceStore`] and [`TileStore`] passes,
//! and that the negative controls fail.
//!
//! They return what they found instead of panicking, so that a control can show that it was caught, and by which check.

use core::fmt;

use crate::sequence::SequenceStore;
use crate::tiles::TileStore;

mod sequence;
mod sequence_crashes;
mod tiles;

/// A sequence store under test, and a way to lose power under it.
pub trait SequenceSubject {
    /// The store.
    fn store(&self) -> &dyn SequenceStore;

    /// Stops without a warning, loses all that is not durable, and opens again.
    fn crash(&mut self);
}

/// A tile store under test, and a way to lose power under it.
pub trait TileSubject {
    /// The store.
    fn store(&self) -> &dyn TileStore;

    /// Stops without a warning, loses all that is not durable, and opens again.
    fn crash(&mut self);
}

/// One check that did not hold.
#[derive(Debug)]
pub struct Failure {
    /// The name of the check.
    pub check: &'static str,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.found)
    }
}

/// Runs every check of sequence stores, each on a fresh subject.
///
/// # Errors
/// The first check that did not hold.
pub fn run_sequence(fresh: &mut dyn FnMut() -> Box<dyn SequenceSubject>) -> Result<(), Failure> {
    for (check, body) in sequence::CHECKS.iter().chain(sequence_crashes::CHECKS) {
        body(fresh().as_mut()).map_err(|found| Failure { check, found })?;
    }
    Ok(())
}

/// Runs every check of tile stores, each on a fresh subject.
///
/// # Errors
/// The first check that did not hold.
pub fn run_tiles(fresh: &mut dyn FnMut() -> Box<dyn TileSubject>) -> Result<(), Failure> {
    for (check, body) in tiles::CHECKS {
        body(fresh().as_mut()).map_err(|found| Failure { check, found })?;
    }
    Ok(())
}

/// Turns a store's error into the words of a failure.
fn told(error: impl fmt::Display) -> String {
    format!("unexpected error: {error}")
}

/// Fails with the words when the fact does not hold.
fn ensure(fact: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if fact { Ok(()) } else { Err(words()) }
}
