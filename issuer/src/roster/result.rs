//! Results by subject, joined to their learners by learner number.

use std::collections::BTreeMap;

use super::decimal::Decimal;
use super::finding::Finding;
use super::person::LearnerNo;
use super::row::RowReader;
use super::scale::{GradingScale, GradingScales, Score};
use super::text::Label;

/// Ten thousand hours: more than a subject of several years has.
const HOURS_MAX_MILLIONTHS: i64 = 10_000 * 1_000_000;

/// How far a result is.
///
/// SPEC: Open Badges 3.0, ResultStatusType.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultStatus {
    /// `Completed`.
    Completed,
    /// `Enrolled`.
    Enrolled,
    /// `Failed`.
    Failed,
    /// `InProgress`.
    InProgress,
    /// `OnHold`.
    OnHold,
    /// `Provisional`.
    Provisional,
    /// `Withdrew`.
    Withdrew,
}

impl ResultStatus {
    const ALL: [Self; 7] = [
        Self::Completed,
        Self::Enrolled,
        Self::Failed,
        Self::InProgress,
        Self::OnHold,
        Self::Provisional,
        Self::Withdrew,
    ];

    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(Finding::ResultStatusUnknown)
    }

    /// The code of Open Badges.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Enrolled => "Enrolled",
            Self::Failed => "Failed",
            Self::InProgress => "InProgress",
            Self::OnHold => "OnHold",
            Self::Provisional => "Provisional",
            Self::Withdrew => "Withdrew",
        }
    }

    fn needs_score(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Provisional)
    }
}

/// A row of a results' roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultRow {
    /// The line of the file on which the row begins.
    pub line: u64,
    /// Whose result.
    pub learner_no: LearnerNo,
    /// The school's or the country's code of the subject.
    pub subject_code: Label,
    /// The title of the subject in the school's language.
    pub subject_name: Label,
    /// The year, semester or quarter, as the school calls it.
    pub term: Label,
    /// The score, which lies on its scale; absent only where the status allows it.
    pub score: Option<Score>,
    /// How far the result is.
    pub status: ResultStatus,
    /// Hours taught.
    pub hours: Option<Decimal>,
    /// Cells of columns that are not used, by the column's name. They never go into a credential.
    pub unused: BTreeMap<String, String>,
}

/// Reads a row. `None`: the row has an error.
pub(super) fn read(row: &mut RowReader<'_>, scales: &GradingScales) -> Option<ResultRow> {
    let learner_no = row.required("learner_no", LearnerNo::parse);
    let subject_code = row.required("subject_code", Label::parse);
    let subject_name = row.required("subject_name", Label::parse);
    let term = row.required("term", Label::parse);
    let status = row.required("status", ResultStatus::parse);
    let hours = row.optional("hours", parse_hours);
    let score = read_score(row, scales, status);
    Some(ResultRow {
        line: row.line(),
        learner_no: learner_no?,
        subject_code: subject_code?,
        subject_name: subject_name?,
        term: term?,
        score: score?,
        status: status?,
        hours: hours.ok()?,
        unused: row.unused(),
    })
}

/// The outer `None` says that there is an error, the inner one that there is no score yet.
fn read_score(
    row: &mut RowReader<'_>,
    scales: &GradingScales,
    status: Option<ResultStatus>,
) -> Option<Option<Score>> {
    if row.is_empty("score") {
        return match status {
            Some(status) if status.needs_score() => {
                row.report("score", Finding::ScoreMissing);
                None
            }
            _ => Some(None),
        };
    }
    let scale = row.required("scale", |text| scales.find(text).ok_or(Finding::ScaleUnknown))?;
    let score = row.required("score", |text| scale.score(text))?;
    if let Some(finding) = status.and_then(|status| status_contradicts(status, scale, &score)) {
        row.report("score", finding);
    }
    Some(Some(score))
}

fn status_contradicts(status: ResultStatus, scale: &GradingScale, score: &Score) -> Option<Finding> {
    let pass_mark = scale.pass_mark()?.to_owned();
    match (status, scale.passes(score)?) {
        (ResultStatus::Completed, false) => Some(Finding::CompletedBelowPass { pass_mark }),
        (ResultStatus::Failed, true) => Some(Finding::FailedAbovePass { pass_mark }),
        _ => None,
    }
}

fn parse_hours(text: &str) -> Result<Decimal, Finding> {
    let hours = Decimal::parse(text).ok_or(Finding::HoursUnreadable)?;
    if (0..=HOURS_MAX_MILLIONTHS).contains(&hours.value()) {
        Ok(hours)
    } else {
        Err(Finding::HoursUnreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_are_those_of_open_badges() {
        for status in ResultStatus::ALL {
            assert_eq!(ResultStatus::parse(status.as_str()), Ok(status));
        }
        assert_eq!(ResultStatus::parse("completed"), Err(Finding::ResultStatusUnknown));
    }

    #[test]
    fn hours_are_bounded_and_kept_as_written() {
        assert_eq!(parse_hours("160").as_ref().map(Decimal::as_str), Ok("160"));
        assert_eq!(parse_hours("37.50").as_ref().map(Decimal::as_str), Ok("37.50"));
        for text in ["-1", "10000.5", "1e3", "12h", ""] {
            assert_eq!(parse_hours(text), Err(Finding::HoursUnreadable), "{text}");
        }
    }
}
