//! The suite that every `StateStore` adapter passes, and that the negative controls fail.
//!
//! It returns what it found instead of panicking, so that a control can show that it was caught, and by which check.

use core::fmt;

use crate::store::{StateError, StateStore};

mod crashes;
mod races;
mod reads;
mod writes;

/// A store under test, and a way to lose power under it.
pub trait Subject {
    /// The store.
    fn store(&self) -> &dyn StateStore;

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

/// A check: takes a fresh subject.
type Check = fn(&mut dyn Subject) -> Result<(), String>;

const CHECKS: &[(&str, Check)] = &[
    ("returns what was written", writes::returns_what_was_written),
    ("refuses under an unmet condition", writes::refuses_under_an_unmet_condition),
    ("writes all or nothing", writes::writes_all_or_nothing),
    ("never uses a version twice", writes::never_uses_a_version_twice),
    ("keeps values of every length", writes::keeps_values_of_every_length),
    ("refuses misuse", writes::refuses_misuse),
    ("scans in key order", reads::scans_in_key_order),
    ("keeps tables apart", reads::keeps_tables_apart),
    ("feeds changes in order", reads::feeds_changes_in_order),
    ("keeps what it acknowledged", crashes::keeps_what_it_acknowledged),
    ("keeps every acknowledged state in a row", crashes::keeps_every_state_in_a_row),
    ("keeps long values over a crash", crashes::keeps_long_values),
    ("keeps the feed over a crash", crashes::keeps_the_feed),
    ("has one winner of a race", races::has_one_winner),
    ("loses no increment", races::loses_no_increment),
    ("agrees with the model", reads::agrees_with_the_model),
];

/// Runs every check, each on a fresh subject.
///
/// # Errors
/// The first check that did not hold.
pub fn run(fresh: &mut dyn FnMut() -> Box<dyn Subject>) -> Result<(), Failure> {
    for (check, body) in CHECKS {
        body(fresh().as_mut()).map_err(|found| Failure { check, found })?;
    }
    Ok(())
}

/// Turns a store's error into the words of a failure.
fn told(error: StateError) -> String {
    format!("unexpected error: {error}")
}

/// Fails with the words when the fact does not hold.
fn ensure(fact: bool, words: impl FnOnce() -> String) -> Result<(), String> {
    if fact { Ok(()) } else { Err(words()) }
}
