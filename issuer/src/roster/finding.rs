//! What a check can find in a roster, and the problem it becomes once it has a place.

use std::fmt;

use serde::Serialize;

use super::remedy;

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing to do; it is said so that nobody is surprised.
    Notice,
    /// Probably a mistake; the roster can be used all the same.
    Warning,
    /// The roster cannot be used before this is put right.
    Error,
}

impl Severity {
    /// `error`, `warning` or `notice`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One table for everything that belongs to a finding: the variant with its facts, the stable code and the
/// severity. A new finding without a code or a severity does not compile.
macro_rules! findings {
    ($( $(#[$doc:meta])* $name:ident $({ $($(#[$fdoc:meta])* $field:ident : $type:ty),+ $(,)? })? = $code:literal $severity:ident; )+) => {
        /// A finding with its facts. The place is added by [`Problem`].
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Finding { $( $(#[$doc])* $name $({ $($(#[$fdoc])* $field : $type),+ })? ),+ }

        impl Finding {
            /// The stable machine code, in snake case.
            pub fn code(&self) -> &'static str {
                match self { $( Self::$name $({ $($field: _),+ })? => $code ),+ }
            }

            /// How much it matters.
            pub fn severity(&self) -> Severity {
                match self { $( Self::$name $({ $($field: _),+ })? => Severity::$severity ),+ }
            }

            #[cfg(test)]
            pub(super) const CODES: &'static [&'static str] = &[$($code),+];
        }
    };
}

findings! {
    // ---- the file ----
    /// Nothing in the file.
    FileEmpty = "file_empty" Error;
    /// More bytes than a roster may have.
    FileTooLarge { /// Bytes found.
        bytes: usize, /// Bytes allowed.
        bytes_max: usize } = "file_too_large" Error;
    /// The bytes are a workbook (xlsx, ods, xls), not text.
    FileIsSpreadsheet = "file_is_spreadsheet" Error;
    /// UTF-16 or UTF-32 text, which spreadsheets call "Unicode text".
    EncodingUtf16 = "encoding_utf16" Error;
    /// Not UTF-8: usually Latin-1 or Windows-1252.
    EncodingNotUtf8 { /// The first byte that is not UTF-8.
        byte: u8, /// How many characters precede it in its line.
        characters_before: usize } = "encoding_not_utf8" Error;
    /// A quotation mark that is opened and never closed.
    QuoteUnclosed = "quote_unclosed" Error;
    /// More rows than a roster may have.
    RowsTooMany { /// Rows allowed.
        rows_max: usize } = "rows_too_many" Error;
    /// More columns than a roster may have.
    ColumnsTooMany { /// Columns found.
        columns: usize, /// Columns allowed.
        columns_max: usize } = "columns_too_many" Error;
    /// A header and no row.
    NoRows = "no_rows" Error;

    // ---- the header ----
    /// The header names no kind of roster.
    KindUnknown = "kind_unknown" Error;
    /// A column that this kind of roster needs is not there.
    ColumnMissing = "column_missing" Error;
    /// Two columns have the same name.
    ColumnDuplicate = "column_duplicate" Error;
    /// A column without a name.
    ColumnUnnamed = "column_unnamed" Notice;
    /// A column that is not used; its cells are kept.
    ColumnUnknown = "column_unknown" Notice;
    /// A column of a sort that no shareable record may carry: health, religion, ethnicity, discipline.
    ColumnSensitive = "column_sensitive" Warning;

    // ---- the row ----
    /// A row of empty cells.
    RowEmpty = "row_empty" Notice;
    /// A row with fewer cells than the header.
    CellsMissing { /// Cells found.
        cells: usize, /// Cells in the header.
        cells_wanted: usize } = "cells_missing" Error;
    /// A row with more cells than the header.
    CellsTooMany { /// Cells found.
        cells: usize, /// Cells in the header.
        cells_wanted: usize } = "cells_too_many" Error;

    // ---- any text ----
    /// An empty cell that must not be empty.
    RequiredMissing = "required_missing" Error;
    /// More characters than the column may have.
    TextTooLong { /// Characters found.
        characters: usize, /// Characters allowed.
        characters_max: usize } = "text_too_long" Error;
    /// A control character, a line break among them.
    TextHasControl { /// The character.
        character: char } = "text_has_control_character" Error;
    /// A character that turns the direction of the text around it.
    TextHasBidiControl { /// The character.
        character: char } = "text_has_bidi_control" Error;
    /// A character that nobody can see.
    TextHasInvisible { /// The character.
        character: char } = "text_has_invisible_character" Error;
    /// Text that went through the wrong encoding once (`TÃ­tulo`), or lost a character on the way.
    TextGarbled = "text_garbled" Error;
    /// Spaces before or after the text were taken away.
    SpacesTrimmed = "spaces_trimmed" Notice;
    /// The text was brought to Unicode normalisation form C.
    NormalisedNfc = "normalised_nfc" Notice;

    // ---- people ----
    /// A name without one letter.
    NameWithoutLetters = "name_without_letters" Error;
    /// A name with a digit in it.
    NameHasDigits = "name_has_digits" Warning;
    /// A learner with family names only.
    SingleName = "single_name" Warning;
    /// A learner number with characters that no register uses.
    LearnerNoUnreadable = "learner_no_unreadable" Error;
    /// Sex is none of the codes.
    SexUnknown = "sex_unknown" Error;
    /// The learner number was met before.
    DuplicateLearner { /// Where.
        first: String } = "duplicate_learner" Error;
    /// The admission number was met before.
    DuplicateAdmissionNo { /// Where.
        first: String } = "duplicate_admission_no" Warning;
    /// Same names and same date of birth under another learner number.
    PossibleDuplicate { /// Where.
        first: String } = "possible_duplicate_person" Warning;

    // ---- dates ----
    /// Not a day of the calendar, written as ISO 8601 `YYYY-MM-DD`.
    DateUnreadable = "date_unreadable" Error;
    /// Born after the day of the check.
    DateOfBirthInFuture = "date_of_birth_in_future" Error;
    /// Born after the admission.
    DateOfBirthAfterAdmission = "date_of_birth_after_admission" Error;
    /// So old or so young that it is probably a slip.
    DateOfBirthImplausible { /// Full years at the end of the enrolment.
        age_years: i32 } = "date_of_birth_implausible" Warning;
    /// Admitted after the day of the check.
    AdmissionInFuture = "admission_in_future" Error;
    /// Completed after the day of the check.
    CompletionInFuture = "completion_in_future" Error;
    /// Completed before the admission.
    CompletionBeforeAdmission = "completion_before_admission" Error;
    /// Left after the day of the check.
    LeavingInFuture = "leaving_in_future" Error;
    /// Left before the admission.
    LeavingBeforeAdmission = "leaving_before_admission" Error;

    // ---- the enrolment ----
    /// Not an ISCED 2011 level.
    IscedLevelUnknown = "isced_level_unknown" Error;
    /// Not a three-digit ISCED-P code.
    IscedPUnknown = "isced_p_unknown" Error;
    /// The first digit of ISCED-P is another level than the level's column.
    IscedPOtherLevel { /// The level's column.
        level: u8 } = "isced_p_other_level" Error;
    /// Not a four-digit field of the ISCED-F 2013 list.
    IscedFUnknown { /// The field that was probably meant, when a spreadsheet took the leading zeros.
        meant: Option<&'static str> } = "isced_f_unknown" Error;
    /// Not a known BCP 47 language tag.
    LanguageUnknown { /// The tag that was probably meant.
        meant: Option<String> } = "language_unknown" Error;
    /// Not a whole number of days.
    DaysUnreadable = "days_unreadable" Error;
    /// Only one of the two attendance columns is filled.
    AttendanceIncomplete = "attendance_incomplete" Error;
    /// Present on more days than there were.
    AttendanceExceedsPossible { /// Days there were.
        possible_days: u16 } = "attendance_exceeds_possible" Error;
    /// The promotion decision is none of the codes.
    DecisionUnknown = "decision_unknown" Error;
    /// An award for a learner who was not promoted.
    NotPromotedButAwarded = "not_promoted_but_awarded" Error;
    /// An award while the decision is open.
    DecisionNotFinal = "decision_not_final" Error;
    /// Neither promoted nor awarded: the row is left out.
    NotAwarded = "not_awarded" Warning;
    /// The reason of leaving is none of the codes.
    LeavingReasonUnknown = "leaving_reason_unknown" Error;
    /// The destination is none of the codes.
    DestinationUnknown = "destination_unknown_code" Error;

    // ---- results ----
    /// The scale is neither built in nor among the files.
    ScaleUnknown = "scale_unknown" Error;
    /// The score is not a plain decimal number.
    ScoreUnreadable { /// The number that was probably meant.
        meant: Option<String> } = "score_unreadable" Error;
    /// The score lies outside its scale.
    ScoreOutsideScale { /// What the scale allows, as text.
        allowed: String } = "score_outside_scale" Error;
    /// A score although the status says that there is none yet, or the other way round.
    ScoreMissing = "score_missing" Error;
    /// The status is none of the Open Badges result status codes.
    ResultStatusUnknown = "result_status_unknown" Error;
    /// Completed with a score that does not pass.
    CompletedBelowPass { /// The pass mark as written.
        pass_mark: String } = "completed_below_pass_mark" Warning;
    /// Failed with a score that passes.
    FailedAbovePass { /// The pass mark as written.
        pass_mark: String } = "failed_above_pass_mark" Warning;
    /// Hours are not a number of hours.
    HoursUnreadable = "hours_unreadable" Error;
    /// The same learner, subject and term twice.
    DuplicateResult { /// Where.
        first: String } = "duplicate_result" Error;
    /// A result of a learner who is on no roster of this check.
    ResultWithoutLearner = "result_without_learner" Error;
    /// A learner for whom the files with results have none.
    LearnerWithoutResults = "learner_without_results" Warning;

    // ---- the school's earlier batches, and its accreditation ----
    /// The learner has been issued this kind of record with this date.
    IssuedBefore { /// The batch.
        batch: String } = "issued_before" Error;
    /// The learner is in a batch of this kind, with this date, that is not issued yet.
    PreparedBefore { /// The batch.
        batch: String } = "prepared_before" Error;
    /// The learner number has this kind of record with this date, for somebody of another name or date of birth.
    NumberOfAnother { /// The batch.
        batch: String, /// The name and date of birth there.
        person: String } = "learner_no_of_another" Error;
    /// The school is not accredited for such a record, as far as it has read the log.
    OutsideAccreditation { /// Why, in a sentence.
        refusal: String } = "outside_accreditation" Error;

    // ---- grading scales ----
    /// The scale was met before.
    DuplicateScale { /// Where.
        first: String } = "duplicate_scale" Error;
    /// The direction is none of the codes.
    DirectionUnknown = "direction_unknown" Error;
    /// A bound or the pass mark is missing, not a number, or not on the scale.
    ScaleBoundsWrong = "scale_bounds_wrong" Error;
    /// The list of values is missing, too long, has duplicates, or a value off the scale.
    ScaleValuesWrong = "scale_values_wrong" Error;
}

/// A finding at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    line: u64,
    column: String,
    finding: Finding,
    value: Option<String>,
}

impl Problem {
    pub(crate) fn new(line: u64, column: &str, finding: Finding, value: Option<&str>) -> Self {
        Self { line, column: column.to_owned(), finding, value: value.map(remedy::shown) }
    }

    /// The line of the file on which the row begins; the header is usually line 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The column by its name in the documentation; empty when the whole row or file is meant.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// What was found.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// The stable code of the finding.
    pub fn code(&self) -> &'static str {
        self.finding.code()
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.finding.severity()
    }

    /// The cell as it stands in the file, cut to a bounded length, with control and direction characters
    /// made visible.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// What is wrong and what to do, in a sentence for a school secretary.
    pub fn remedy(&self) -> String {
        remedy::remedy(&self.finding, &self.column, self.value.as_deref().unwrap_or(""))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_in_snake_case() {
        let distinct: HashSet<&str> = Finding::CODES.iter().copied().collect();
        assert_eq!(distinct.len(), Finding::CODES.len());
        let snake = |code: &&str| {
            code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        assert!(Finding::CODES.iter().all(snake));
    }
}
