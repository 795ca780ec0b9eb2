//! Learners of a roster for whom a batch cannot be prepared, each with its line.

use crate::roster::{Finding, Problem, Severity};

/// Listed problems. Nobody corrects more lines than this between two attempts.
const LISTED_MAX: usize = 1_000;

/// Problems of learners, by the line of the roster; bounded in number, counted in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnerProblems {
    listed: Vec<LearnerProblem>,
    count: usize,
}

/// A problem of one learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnerProblem {
    /// Which of the files that were checked the learner is in, counted from 0.
    pub file: usize,
    /// The line, the column, and what to do.
    pub problem: Problem,
}

impl LearnerProblems {
    /// The first thousand of them, in the order of the roster.
    pub fn listed(&self) -> &[LearnerProblem] {
        &self.listed
    }

    /// How many there are, listed or not.
    pub fn count(&self) -> usize {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn push(&mut self, file: usize, line: u64, column: &str, finding: Finding, value: &str) {
        debug_assert_eq!(finding.severity(), Severity::Error);
        self.count += 1;
        if self.listed.len() < LISTED_MAX {
            let problem = Problem::new(line, column, finding, Some(value));
            self.listed.push(LearnerProblem { file, problem });
        }
    }
}
