//! Where the time of a batch goes.

use std::time::{Duration, Instant};

use super::prepared::Effort;

/// Wall-clock time by kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// Canonicalising and hashing credentials, when they are prepared and when they are checked.
    pub canonicalising: Duration,
    /// Signing, checking signatures, and committing to what was signed.
    pub signing: Duration,
    /// The log: submitting and waiting for proofs.
    pub logging: Duration,
    /// Writing files.
    pub writing: Duration,
    /// Everything else: reading, building credentials, looking for doubles.
    pub other: Duration,
}

impl Timing {
    /// All of it.
    pub fn total(&self) -> Duration {
        self.canonicalising + self.signing + self.logging + self.writing + self.other
    }
}

impl std::ops::Add for Timing {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            canonicalising: self.canonicalising + other.canonicalising,
            signing: self.signing + other.signing,
            logging: self.logging + other.logging,
            writing: self.writing + other.writing,
            other: self.other + other.other,
        }
    }
}

/// Adds the time that `work` takes to `spent`.
pub(super) fn timed<T>(spent: &mut Duration, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    *spent += started.elapsed();
    done
}

impl Timing {
    /// The times of work that began then and is done now: what no other share has is `other`.
    pub(super) fn of_all_since(self, started: Instant) -> Self {
        Self { other: self.other + started.elapsed().saturating_sub(self.total()), ..self }
    }

    /// Adds the wall-clock time of work that ran on several threads, shared out between canonicalising
    /// and signing as the threads' own times were.
    pub(super) fn add_shared(&mut self, wall: Duration, effort: Effort) {
        let Effort { canonicalising, signing } = effort;
        let total = canonicalising + signing;
        if total.is_zero() {
            return;
        }
        let share = canonicalising.as_secs_f64() / total.as_secs_f64();
        let canonicalising = wall.mul_f64(share);
        self.canonicalising += canonicalising;
        self.signing += wall.saturating_sub(canonicalising);
    }
}
