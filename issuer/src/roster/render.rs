//! Reports for people, spreadsheets and programs.

use std::fmt::Write;

use serde::Serialize;

use super::check::FileReport;
use super::finding::{Problem, Severity};

/// One line a problem (`file:line: error: column "value": what to do [code]`), and one line for the file.
pub fn text(report: &FileReport) -> String {
    let mut text = String::new();
    for problem in report.problems() {
        text += &line(report.file(), problem);
    }
    // Writing to a string cannot fail.
    let _written = writeln!(
        text,
        "{}: {}, {}, {}, {}, {}",
        report.file(),
        report.kind().map_or("unknown kind of list", |kind| kind.as_str()),
        counted(report.row_count(), "row"),
        counted(report.count(Severity::Error), "error"),
        counted(report.count(Severity::Warning), "warning"),
        counted(report.count(Severity::Notice), "notice"),
    );
    text
}

/// One problem: `file:line: error: column "value": what to do [code]`, and the end of the line.
pub fn line(file: &str, problem: &Problem) -> String {
    format!(
        "{file}:{}: {}: {}{} [{}]\n",
        problem.line(),
        problem.severity(),
        subject(problem),
        problem.remedy(),
        problem.code()
    )
}

/// The header `line,column,code` and one row a problem, lines ended as RFC 4180 has it.
pub fn csv(report: &FileReport) -> String {
    let mut csv = String::from("line,column,code\r\n");
    for problem in report.problems() {
        let _written = write!(csv, "{},{},{}\r\n", problem.line(), quoted(problem.column()), problem.code());
    }
    csv
}

/// A JSON array with one object a file: `file`, `kind`, `rows`, `errors`, `warnings`, `notices` and `problems`,
/// each of them `line`, `column`, `code`, `severity`, `value` and `remedy`.
///
/// # Errors
/// None in practice: the values are numbers and strings.
pub fn json(reports: &[FileReport]) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&reports.iter().map(ReportJson::from).collect::<Vec<_>>())
}

#[derive(Serialize)]
struct ReportJson<'a> {
    file: &'a str,
    kind: Option<&'a str>,
    rows: usize,
    errors: usize,
    warnings: usize,
    notices: usize,
    problems: Vec<ProblemJson<'a>>,
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    line: u64,
    column: &'a str,
    code: &'static str,
    severity: Severity,
    value: Option<&'a str>,
    remedy: String,
}

impl<'a> From<&'a FileReport> for ReportJson<'a> {
    fn from(report: &'a FileReport) -> Self {
        Self {
            file: report.file(),
            kind: report.kind().map(|kind| kind.as_str()),
            rows: report.row_count(),
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notices: report.count(Severity::Notice),
            problems: report.problems().iter().map(ProblemJson::from).collect(),
        }
    }
}

impl<'a> From<&'a Problem> for ProblemJson<'a> {
    fn from(problem: &'a Problem) -> Self {
        Self {
            line: problem.line(),
            column: problem.column(),
            code: problem.code(),
            severity: problem.severity(),
            value: problem.value(),
            remedy: problem.remedy(),
        }
    }
}

/// The column and the cell. A cell with letters from right to left is isolated, so that it cannot turn the
/// numbers and the sentence around it.
fn subject(problem: &Problem) -> String {
    match (problem.column(), problem.value()) {
        ("", None) => String::new(),
        ("", Some(value)) => format!("\"{}\": ", isolated(value)),
        (column, None | Some("")) => format!("{}: ", isolated(column)),
        (column, Some(value)) => format!("{} \"{}\": ", isolated(column), isolated(value)),
    }
}

fn isolated(text: &str) -> String {
    let from_right = |character: char| matches!(character, '\u{0590}'..='\u{08FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}');
    if text.chars().any(from_right) { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}
