//! The check of one or several files that belong together.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use jiff::civil::Date;

use super::encoding;
use super::finding::{Finding, Problem, Severity};
use super::joined::Roster;
use super::leaver::{self, Leaver};
use super::person::{Learner, LearnerNo};
use super::problems::Problems;
use super::result::{self, ResultRow};
use super::row::RowReader;
use super::scale::{self, GradingScales};
use super::schema::RosterKind;
use super::table::{self, Table};
use super::text::Label;
use super::transfer::{self, Transfer};

/// The built-in grading scales, in the format that a school's own file has.
const BUILT_IN_SCALES_CSV: &str = include_str!("../../codelists/grading-scales.csv");

/// A file to check.
#[derive(Debug, Clone, Copy)]
pub struct RosterFile<'a> {
    /// The name for messages.
    pub name: &'a str,
    /// The bytes as they are on disk.
    pub bytes: &'a [u8],
}

/// What the check of one file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    pub(super) file: String,
    pub(super) kind: Option<RosterKind>,
    pub(super) row_count: usize,
    pub(super) counts: [usize; 3],
    pub(super) problems: Vec<Problem>,
}

impl FileReport {
    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// What the file is; `None` when its header does not tell.
    pub fn kind(&self) -> Option<RosterKind> {
        self.kind
    }

    /// Rows below the header that are not empty and have the right number of cells.
    pub fn row_count(&self) -> usize {
        self.row_count
    }

    /// The problems, by line and column; at most 1,000 of each severity are listed.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// How many problems of a severity there are, listed or not.
    pub fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// Whether the file can be used.
    pub fn is_usable(&self) -> bool {
        self.count(Severity::Error) == 0
    }
}

/// The outcome of a check: a report for each file, and the roster if no file has an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    reports: Vec<FileReport>,
    roster: Option<Roster>,
}

impl Checked {
    /// A report for each file, in the order given.
    pub fn reports(&self) -> &[FileReport] {
        &self.reports
    }

    /// The roster; `None` when any file has an error.
    pub fn roster(&self) -> Option<&Roster> {
        self.roster.as_ref()
    }

    /// The roster, or the reports that say why there is none.
    ///
    /// # Errors
    /// The reports, when any file has an error.
    pub fn into_roster(self) -> Result<Roster, Vec<FileReport>> {
        self.roster.ok_or(self.reports)
    }
}

/// Checks files that belong together: leavers or transfers, their results, the school's own grading scales.
///
/// The kinds are told by the headers, so the order of the files does not matter. Results are joined to learners
/// by learner number; without a file of learners, that they have one is not checked. `as_of` is the day that
/// counts as today.
pub fn check(files: &[RosterFile<'_>], as_of: Date) -> Checked {
    let mut opened: Vec<Opened> = files.iter().map(Opened::new).collect();
    let mut checking = Checking::new(as_of);
    checking.read_scales(&mut opened);
    checking.read_learners(&mut opened);
    checking.read_results(&mut opened);
    checking.finish(opened)
}

/// A file whose rows are split and not yet read.
struct Opened {
    name: String,
    table: Option<Table>,
    problems: Problems,
}

impl Opened {
    fn new(file: &RosterFile<'_>) -> Self {
        let mut problems = Problems::default();
        let table = match encoding::decode(file.bytes) {
            Ok(text) => table::parse(text, &mut problems),
            Err((line, finding)) => {
                problems.push(line, "", finding, None);
                None
            }
        };
        Self { name: file.name.to_owned(), table, problems }
    }

    /// Reads every row of a file of this kind; the reader function gets the row's line too.
    fn read_rows(&mut self, kind: RosterKind, mut read: impl FnMut(&mut RowReader<'_>)) {
        let Some(table) = self.table.as_ref().filter(|table| table.kind == kind) else { return };
        for row in &table.rows {
            read(&mut RowReader::new(&table.header, row, &mut self.problems));
        }
    }

    fn into_report(self) -> FileReport {
        let kind = self.table.as_ref().map(|table| table.kind);
        FileReport {
            file: self.name,
            kind,
            row_count: self.table.map_or(0, |table| table.rows.len()),
            counts: [Severity::Notice, Severity::Warning, Severity::Error].map(|s| self.problems.count(s)),
            problems: self.problems.into_listed(kind),
        }
    }
}

/// Where something was met first.
#[derive(Clone)]
struct Place {
    file: usize,
    line: u64,
}

/// First places by key.
struct Seen<K>(HashMap<K, Place>);

impl<K: Eq + Hash> Seen<K> {
    fn new() -> Self {
        Self(HashMap::new())
    }

    /// Notes the key, or says where it was met before, in words for somebody who looks at `place.file`.
    fn note(&mut self, key: K, place: Place, file_names: &[String]) -> Option<String> {
        if let Some(first) = self.0.get(&key) {
            let line = format!("line {}", first.line);
            return Some(match file_names.get(first.file) {
                Some(name) if first.file != place.file => format!("{line} of {name}"),
                _ => line,
            });
        }
        self.0.insert(key, place);
        None
    }
}

/// The names and the day of birth, folded for matching.
type PersonKey = (String, String, Date);

/// Everything that is known across files.
struct Checking {
    as_of: Date,
    scales: GradingScales,
    leavers: Vec<Leaver>,
    transfers: Vec<Transfer>,
    results: BTreeMap<LearnerNo, Vec<ResultRow>>,
    learners: Seen<LearnerNo>,
    admissions: Seen<String>,
    people: Seen<PersonKey>,
    has_learner_files: bool,
}

impl Checking {
    fn new(as_of: Date) -> Self {
        Self {
            as_of,
            scales: built_in_scales(),
            leavers: Vec::new(),
            transfers: Vec::new(),
            results: BTreeMap::new(),
            learners: Seen::new(),
            admissions: Seen::new(),
            people: Seen::new(),
            has_learner_files: false,
        }
    }

    fn read_scales(&mut self, opened: &mut [Opened]) {
        let names = file_names(opened);
        let mut seen = Seen::new();
        for (file, opened) in opened.iter_mut().enumerate() {
            opened.read_rows(RosterKind::Scales, |row| {
                let Some(scale) = scale::read(row) else { return };
                let place = Place { file, line: row.line() };
                match seen.note(scale.name().clone(), place, &names) {
                    Some(first) => row.report("scale", Finding::DuplicateScale { first }),
                    None => self.scales.put(scale),
                }
            });
        }
    }

    fn read_learners(&mut self, opened: &mut [Opened]) {
        let names = file_names(opened);
        for (file, opened) in opened.iter_mut().enumerate() {
            let kind = opened.table.as_ref().map(|table| table.kind);
            self.has_learner_files |= matches!(kind, Some(RosterKind::Leavers | RosterKind::Transfers));
            opened.read_rows(RosterKind::Leavers, |row| {
                let leaver = leaver::read(row, file, self.as_of);
                self.note_learner(row, file, leaver.as_ref().map(|leaver| &leaver.learner), &names);
                self.leavers.extend(leaver);
            });
            opened.read_rows(RosterKind::Transfers, |row| {
                let transfer = transfer::read(row, file, self.as_of);
                self.note_learner(row, file, transfer.as_ref().map(|transfer| &transfer.learner), &names);
                self.transfers.extend(transfer);
            });
        }
    }

    /// Duplicates are looked for in rows with other errors too, so that one check tells them all.
    fn note_learner(
        &mut self,
        row: &mut RowReader<'_>,
        file: usize,
        learner: Option<&Learner>,
        names: &[String],
    ) {
        let place = Place { file, line: row.line() };
        let Some(learner_no) = row.peek("learner_no", LearnerNo::parse) else { return };
        if let Some(first) = self.learners.note(learner_no, place.clone(), names) {
            row.report("learner_no", Finding::DuplicateLearner { first });
            return;
        }
        if let Some(admission_no) =
            row.peek("admission_no", Label::parse).filter(|_| !row.is_empty("admission_no"))
        {
            let key = admission_no.as_str().to_owned();
            if let Some(first) = self.admissions.note(key, place.clone(), names) {
                row.report("admission_no", Finding::DuplicateAdmissionNo { first });
            }
        }
        if let Some(first) = learner.and_then(|learner| self.people.note(learner.folded(), place, names)) {
            row.report("family_names", Finding::PossibleDuplicate { first });
        }
    }

    fn read_results(&mut self, opened: &mut [Opened]) {
        let names = file_names(opened);
        let mut seen = Seen::new();
        for (file, opened) in opened.iter_mut().enumerate() {
            opened.read_rows(RosterKind::Results, |row| {
                let result = result::read(row, &self.scales);
                let Some(learner_no) = row.peek("learner_no", LearnerNo::parse) else { return };
                if self.has_learner_files && !self.learners.0.contains_key(&learner_no) {
                    row.report("learner_no", Finding::ResultWithoutLearner);
                }
                // A learner whose results have errors is not one without results.
                let results = self.results.entry(learner_no.clone()).or_default();
                let Some(result) = result else { return };
                let key = (learner_no, result.subject_code.clone(), result.term.clone());
                if let Some(first) = seen.note(key, Place { file, line: row.line() }, &names) {
                    row.report("subject_code", Finding::DuplicateResult { first });
                } else {
                    results.push(result);
                }
            });
        }
        if opened
            .iter()
            .any(|opened| opened.table.as_ref().is_some_and(|table| table.kind == RosterKind::Results))
        {
            self.report_learners_without_results(opened);
        }
    }

    fn report_learners_without_results(&self, opened: &mut [Opened]) {
        let mut without: Vec<(&LearnerNo, &Place)> = self.learners.0.iter().collect();
        without.retain(|(learner_no, _)| !self.results.contains_key(*learner_no));
        without.sort_by_key(|(_, place)| (place.file, place.line));
        for (learner_no, place) in without {
            let problems = &mut opened[place.file].problems;
            problems.push(
                place.line,
                "learner_no",
                Finding::LearnerWithoutResults,
                Some(learner_no.as_str()),
            );
        }
    }

    fn finish(self, opened: Vec<Opened>) -> Checked {
        let reports: Vec<FileReport> = opened.into_iter().map(Opened::into_report).collect();
        let usable = !reports.is_empty() && reports.iter().all(FileReport::is_usable);
        let roster = usable.then(|| Roster::new(self.leavers, self.transfers, self.results, self.scales));
        Checked { reports, roster }
    }
}

fn file_names(opened: &[Opened]) -> Vec<String> {
    opened.iter().map(|opened| opened.name.clone()).collect()
}

fn built_in_scales() -> GradingScales {
    let mut scales = GradingScales::default();
    let file = RosterFile { name: "built-in grading scales", bytes: BUILT_IN_SCALES_CSV.as_bytes() };
    Opened::new(&file).read_rows(RosterKind::Scales, |row| {
        if let Some(scale) = scale::read(row) {
            scales.put(scale);
        }
    });
    scales
}
