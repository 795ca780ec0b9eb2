//! How many attempts to bind a record are looked at.
//!
//! An attempt costs the reading of a record and the check of a signature, and may be a guess at a claim
//! code. So attempts are counted, for each record and for all together, in windows of a minute. A claim
//! code is 60 random bits: at this pace a guess takes longer than the universe has stood.

use std::collections::HashMap;

use matricula_tlog::UnixSeconds;
use sha2::{Digest, Sha256};

/// The length of a window.
const WINDOW_SECONDS: u64 = 60;

/// Attempts at one record in a window: a person who types a code wrong some times, and a page that asks again.
pub(super) const ATTEMPTS_OF_RECORD_MAX: u32 = 10;

/// Attempts in a window: ten a second, which a school of 3,000 on its last day needs five minutes for, and
/// at a millisecond each a hundredth of one core. It bounds the table too: 600 keys of 36 bytes.
pub(super) const ATTEMPTS_MAX: u32 = 600;

/// No more attempts for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limited {
    /// When to try again, in seconds.
    pub(super) retry_after_seconds: u64,
}

/// The attempts of the window that runs.
#[derive(Debug, Default)]
pub(super) struct Admission {
    ends: u64,
    attempts: u32,
    of_record: HashMap<[u8; 32], u32>,
}

impl Admission {
    /// Counts an attempt, or refuses it. An attempt counts before it is looked at, so that many at once
    /// gain nothing.
    pub(super) fn attempt(&mut self, credential_id: &str, now: UnixSeconds) -> Result<(), Limited> {
        let now = now.get();
        // A clock that was set back must not keep everybody out until it has caught up.
        if self.ends <= now || self.ends - now > WINDOW_SECONDS {
            *self = Self { ends: now.saturating_add(WINDOW_SECONDS), ..Self::default() };
        }
        let limited = Err(Limited { retry_after_seconds: self.ends - now });
        if self.attempts >= ATTEMPTS_MAX {
            return limited;
        }
        let of_record = self.of_record.entry(Sha256::digest(credential_id).into()).or_default();
        if *of_record >= ATTEMPTS_OF_RECORD_MAX {
            return limited;
        }
        *of_record += 1;
        self.attempts += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixSeconds {
        UnixSeconds::new(1_790_000_000 + seconds)
    }

    fn let_in(admission: &mut Admission, record: &str, times: u32, now: UnixSeconds) -> usize {
        (0..times).filter(|_| admission.attempt(record, now).is_ok()).count()
    }

    #[test]
    fn one_record_is_held_back_until_the_window_ends_and_others_are_not() {
        let mut admission = Admission::default();
        assert_eq!(let_in(&mut admission, "a", 50, at(0)), ATTEMPTS_OF_RECORD_MAX as usize);
        assert_eq!(admission.attempt("a", at(20)), Err(Limited { retry_after_seconds: 40 }));
        assert_eq!(admission.attempt("b", at(20)), Ok(()));
        assert_eq!(admission.attempt("a", at(60)), Ok(()));
    }

    #[test]
    fn all_records_together_are_held_back_and_take_bounded_room() {
        let mut admission = Admission::default();
        let admitted: usize =
            (0..5_000).map(|number| let_in(&mut admission, &number.to_string(), 1, at(0))).sum();
        assert_eq!(admitted, ATTEMPTS_MAX as usize);
        assert_eq!(admission.of_record.len(), ATTEMPTS_MAX as usize);
        assert_eq!(admission.attempt("another", at(59)), Err(Limited { retry_after_seconds: 1 }));
        assert_eq!(admission.attempt("another", at(60)), Ok(()));
        assert_eq!(admission.of_record.len(), 1);
    }

    #[test]
    fn refused_attempts_at_one_record_use_up_nobody_elses() {
        let mut admission = Admission::default();
        let_in(&mut admission, "a", 5_000, at(0));
        assert_eq!(admission.attempt("b", at(0)), Ok(()));
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out() {
        let mut admission = Admission::default();
        let_in(&mut admission, "a", 50, at(1_000));
        assert_eq!(admission.attempt("a", at(0)), Ok(()));
    }
}
