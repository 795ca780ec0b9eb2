//! The problems of one file: bounded in number, counted in full, in the order of the file.

use super::finding::{Finding, Problem, Severity};
use super::schema::RosterKind;

/// Listed problems of one severity. Nobody repairs more than this between two checks, and a file of the
/// wrong sort would otherwise give one for every cell. Errors never fall out because of notices.
pub(super) const LISTED_PER_SEVERITY_MAX: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Problems {
    listed: Vec<Problem>,
    counts: [usize; 3],
}

impl Problems {
    pub(super) fn push(&mut self, line: u64, column: &str, finding: Finding, value: Option<&str>) {
        let count = &mut self.counts[finding.severity() as usize];
        *count += 1;
        if *count <= LISTED_PER_SEVERITY_MAX {
            self.listed.push(Problem::new(line, column, finding, value));
        }
    }

    pub(super) fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// The problems by line, then by the column's place in the documentation, whatever the order in the file.
    pub(super) fn into_listed(mut self, kind: Option<RosterKind>) -> Vec<Problem> {
        let rank = |column: &str| match kind {
            _ if column.is_empty() => 0,
            Some(kind) => 1 + kind.rank(column),
            None => 1,
        };
        self.listed.sort_by(|a, b| {
            (a.line(), rank(a.column()), a.column()).cmp(&(b.line(), rank(b.column()), b.column()))
        });
        self.listed
    }
}
