//! One row while it is read: cells by column name, and the problems found on the way.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::problems::Problems;
use super::table::{Header, RawRow};
use super::text::{self, CELL_CHARACTERS_MAX};

/// The cell was refused, and the problem is already reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reported;

pub(super) struct RowReader<'a> {
    header: &'a Header,
    row: &'a RawRow,
    problems: &'a mut Problems,
    refused: Vec<&'static str>,
}

impl<'a> RowReader<'a> {
    pub(super) fn new(header: &'a Header, row: &'a RawRow, problems: &'a mut Problems) -> Self {
        Self { header, row, problems, refused: Vec::new() }
    }

    pub(super) fn line(&self) -> u64 {
        self.row.line
    }

    /// Reports a finding about a cell of this row.
    pub(super) fn report(&mut self, column: &'static str, finding: Finding) {
        self.refused.push(column);
        let cell = self.cell(column).to_owned();
        self.problems.push(self.row.line, column, finding, Some(&cell));
    }

    /// Whether a finding about this cell was reported already: one slip should be told once.
    pub(super) fn is_reported(&self, column: &str) -> bool {
        self.refused.contains(&column)
    }

    pub(super) fn is_empty(&self, column: &str) -> bool {
        self.cell(column).trim().is_empty()
    }

    /// Parses a cell that must not be empty. `None`: refused and reported.
    pub(super) fn required<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Finding>,
    ) -> Option<T> {
        match self.optional(column, parse) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                self.report(column, Finding::RequiredMissing);
                None
            }
            Err(Reported) => None,
        }
    }

    /// Parses a cell that may be empty or whose column may be absent.
    pub(super) fn optional<T>(
        &mut self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Finding>,
    ) -> Result<Option<T>, Reported> {
        if self.is_empty(column) {
            return Ok(None);
        }
        let clean = match text::clean(self.cell(column)) {
            Ok(clean) => clean,
            Err(finding) => {
                self.report(column, finding);
                return Err(Reported);
            }
        };
        match parse(&clean.text) {
            Ok(value) => {
                let cell = self.cell(column).to_owned();
                for notice in clean.notices {
                    self.problems.push(self.row.line, column, notice, Some(&cell));
                }
                Ok(Some(value))
            }
            Err(finding) => {
                self.report(column, finding);
                Err(Reported)
            }
        }
    }

    /// Parses a cell without reporting anything; for comparisons between cells.
    pub(super) fn peek<T>(&self, column: &str, parse: impl FnOnce(&str) -> Result<T, Finding>) -> Option<T> {
        text::clean(self.cell(column)).ok().and_then(|clean| parse(&clean.text).ok())
    }

    /// The cells of columns that are not used, by the column's name.
    pub(super) fn unused(&mut self) -> BTreeMap<String, String> {
        let mut unused = BTreeMap::new();
        for (position, name) in self.header.unused() {
            let cell = self.row.cell(*position);
            if cell.len() > CELL_CHARACTERS_MAX {
                let finding = Finding::TextTooLong {
                    characters: cell.chars().count(),
                    characters_max: CELL_CHARACTERS_MAX,
                };
                self.problems.push(self.row.line, name, finding, Some(cell));
            } else {
                unused.insert(name.clone(), cell.to_owned());
            }
        }
        unused
    }

    fn cell(&self, column: &str) -> &'a str {
        self.header.position(column).map_or("", |position| self.row.cell(position))
    }
}
