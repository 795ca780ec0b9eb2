//! Files that passed their check, joined.

use std::collections::BTreeMap;

use super::leaver::Leaver;
use super::person::LearnerNo;
use super::result::ResultRow;
use super::scale::{GradingScale, GradingScales};
use super::transfer::Transfer;

/// Learners with their results: only [`check`](super::check) builds one, and only when no file has an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    leavers: Vec<Leaver>,
    transfers: Vec<Transfer>,
    results: BTreeMap<LearnerNo, Vec<ResultRow>>,
    scales: GradingScales,
}

impl Roster {
    pub(super) fn new(
        leavers: Vec<Leaver>,
        transfers: Vec<Transfer>,
        results: BTreeMap<LearnerNo, Vec<ResultRow>>,
        scales: GradingScales,
    ) -> Self {
        Self { leavers, transfers, results, scales }
    }

    /// Learners who complete, in the order of the files.
    pub fn leavers(&self) -> &[Leaver] {
        &self.leavers
    }

    /// Learners who leave in the middle, in the order of the files.
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }

    /// The results of a learner in the order of the files; empty when there are none.
    pub fn results_of(&self, learner_no: &LearnerNo) -> &[ResultRow] {
        self.results.get(learner_no).map_or(&[], Vec::as_slice)
    }

    /// All results by learner number; also those of learners whose roster was not among the files.
    pub fn results(&self) -> &BTreeMap<LearnerNo, Vec<ResultRow>> {
        &self.results
    }

    /// The scale of this name; every score of the roster names one that is found.
    pub fn scale(&self, name: &str) -> Option<&GradingScale> {
        self.scales.find(name)
    }

    /// The built-in scales and those of the files.
    pub fn scales(&self) -> &GradingScales {
        &self.scales
    }
}
