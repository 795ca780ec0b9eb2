//! Many verdicts in a few numbers, and the exit code of the command that asked.

use std::collections::BTreeMap;

use matricula_verdict::Overall;

use crate::check::{Checked, Outcome};

/// What came of several documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Credentials judged, by verdict, in the order [`Summary::ORDER`].
    counts: [usize; 5],
    /// Documents that could not be read.
    pub unreadable: usize,
    /// Issuers that no trusted authority vouches for, each with the number of its credentials: several under one name
    /// are one letter to write, not many.
    pub unknown_issuers: BTreeMap<String, usize>,
}

impl Summary {
    /// The verdicts from best to worst, as they are listed.
    pub const ORDER: [Overall; 5] = [
        Overall::Verified,
        Overall::VerifiedWithWarnings,
        Overall::CouldNotCheck,
        Overall::UnknownIssuer,
        Overall::Refused,
    ];

    /// Counts.
    pub fn of(checked: &[Checked]) -> Self {
        let mut summary = Self::default();
        for document in checked {
            match &document.outcome {
                Outcome::Unreadable(_) => summary.unreadable += 1,
                Outcome::Judged(verdicts) => {
                    for verdict in verdicts {
                        summary.count(verdict.overall);
                        if verdict.overall == Overall::UnknownIssuer {
                            let issuer = verdict.credential.issuer.clone().unwrap_or_default();
                            *summary.unknown_issuers.entry(issuer).or_default() += 1;
                        }
                    }
                }
            }
        }
        summary
    }

    fn count(&mut self, overall: Overall) {
        if let Some(at) = Self::ORDER.iter().position(|known| *known == overall) {
            self.counts[at] += 1;
        }
    }

    /// How many credentials got this verdict.
    pub fn with(&self, overall: Overall) -> usize {
        Self::ORDER.iter().position(|known| *known == overall).map_or(0, |at| self.counts[at])
    }

    /// How many credentials were judged.
    pub fn judged(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The exit code of the whole: 0 where everything verified, else the worst in the order 3 (refused), 4 (unknown
    /// issuer), 5 (could not check). A document that could not be read could not be checked; nothing at all is
    /// not a success either.
    ///
    /// SPEC: the root design, §1.
    pub fn exit_code(&self) -> u8 {
        for overall in [Overall::Refused, Overall::UnknownIssuer] {
            if self.with(overall) > 0 {
                return overall.exit_code();
            }
        }
        if self.with(Overall::CouldNotCheck) > 0 || self.unreadable > 0 || self.judged() == 0 {
            return Overall::CouldNotCheck.exit_code();
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use matricula_verdict::{Overall, Verdict};

    use super::Summary;
    use crate::check::{Checked, Outcome};
    use crate::input::InputError;
    use crate::sample;

    fn exit_code(verdicts: &[Verdict]) -> u8 {
        let checked: Vec<Checked> =
            verdicts.iter().map(|verdict| sample::judged("a.json", verdict.clone())).collect();
        Summary::of(&checked).exit_code()
    }

    #[test]
    fn the_worst_verdict_gives_the_exit_code() {
        let [good, refused, unknown, unchecked] =
            [sample::verified(), sample::refused(), sample::unknown_issuer(), sample::could_not_check()];
        assert_eq!(exit_code(std::slice::from_ref(&good)), 0);
        assert_eq!(exit_code(&[good.clone(), unchecked.clone()]), 5);
        assert_eq!(exit_code(&[unchecked.clone(), unknown.clone(), good]), 4);
        assert_eq!(exit_code(&[unchecked, unknown, refused]), 3);
    }

    #[test]
    fn nothing_judged_is_no_success() {
        assert_eq!(exit_code(&[]), 5);
        assert_eq!(
            Summary::of(&[Checked { name: "a".to_owned(), outcome: Outcome::Judged(vec![]) }]).exit_code(),
            5
        );
    }

    #[test]
    fn a_file_that_was_not_read_could_not_be_checked() {
        let unread = Checked {
            name: "a.json".to_owned(),
            outcome: Outcome::Unreadable(InputError::TooLarge { name: "a.json".to_owned() }),
        };
        let summary = Summary::of(&[sample::judged("b.json", sample::verified()), unread]);
        assert_eq!(summary.unreadable, 1);
        assert_eq!(summary.with(Overall::Verified), 1);
        assert_eq!(summary.exit_code(), 5);
    }

    #[test]
    fn unknown_issuers_are_counted_by_name() {
        let checked = ["a", "b"].map(|name| sample::judged(name, sample::unknown_issuer()));
        let summary = Summary::of(&checked);
        assert_eq!(summary.unknown_issuers, [("did:web:mill.example".to_owned(), 2)].into());
    }
}
