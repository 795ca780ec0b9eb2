//! The sentence beside each finding: what is wrong, and what the secretary does about it.

use super::finding::Finding;
use super::text::{is_bidi_control, is_invisible};

/// A cell shown in a message is cut here: long enough to recognise it, short enough for one line.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// The cell for a message: cut, and with every character that would disturb the line made visible.
pub(super) fn shown(value: &str) -> String {
    let mut shown = String::new();
    for (count, character) in value.chars().enumerate() {
        if count == SHOWN_CHARACTERS_MAX {
            shown.push('…');
            break;
        }
        if character.is_control() || is_bidi_control(character) || is_invisible(character) {
            shown.push_str(&character_name(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// `<U+202E>` for a character that cannot be shown.
fn character_name(character: char) -> String {
    format!("<U+{:04X}>", u32::from(character))
}

pub(super) fn remedy(finding: &Finding, column: &str, value: &str) -> String {
    of_file(finding)
        .or_else(|| of_header(finding, column))
        .or_else(|| of_text(finding, column))
        .or_else(|| of_person(finding, value))
        .or_else(|| of_enrolment(finding, value))
        .or_else(|| of_result(finding, value))
        .or_else(|| of_school(finding))
        .unwrap_or_else(|| "Look at this cell again.".to_owned())
}

fn of_school(finding: &Finding) -> Option<String> {
    Some(match finding {
        Finding::IssuedBefore { batch } => format!(
            "This learner was issued such a record with this date in batch {batch}. Delete the row; \
             a record that is wrong is put right with `matricula correct`."
        ),
        Finding::PreparedBefore { batch } => format!(
            "This learner is in batch {batch} already, which is not issued yet. Go on with that batch, \
             or throw it away with `matricula batch discard {batch}`."
        ),
        Finding::NumberOfAnother { batch, person } => format!(
            "In batch {batch} this number is that of {person}, with the same date. A name or date of birth that \
             is wrong is put right with `matricula correct`; two learners need two numbers."
        ),
        Finding::OutsideAccreditation { refusal } => {
            format!("The log will refuse such a record: {refusal}. Correct the cell, or ask the authority.")
        }
        _ => return None,
    })
}

fn of_file(finding: &Finding) -> Option<String> {
    Some(match finding {
        Finding::FileEmpty => "The file is empty. Export the list again.".to_owned(),
        Finding::FileTooLarge { bytes, bytes_max } => {
            format!(
                "The file has {bytes} bytes; at most {bytes_max} are read. Split the list, for example by class."
            )
        }
        Finding::FileIsSpreadsheet => {
            "This is a spreadsheet document. Open it and save it as \"CSV UTF-8\".".to_owned()
        }
        Finding::EncodingUtf16 => {
            "The text is in UTF-16 (\"Unicode text\"). Save the list as \"CSV UTF-8\".".to_owned()
        }
        Finding::EncodingNotUtf8 { byte, characters_before } => format!(
            "The text is not UTF-8: byte {byte:02X} after {characters_before} characters of this line. \
             Save the list as \"CSV UTF-8\", or the accents in names are lost."
        ),
        Finding::QuoteUnclosed => {
            "A quotation mark is opened in this row and never closed. Close it, or delete it.".to_owned()
        }
        Finding::RowsTooMany { rows_max } => {
            format!("More than {rows_max} rows. Split the list, for example by class.")
        }
        Finding::ColumnsTooMany { columns, columns_max } => {
            format!(
                "{columns} columns; at most {columns_max} are read. Delete the columns that are not needed."
            )
        }
        Finding::NoRows => "There is a header and nothing below it. Export the list again.".to_owned(),
        _ => return None,
    })
}

fn of_header(finding: &Finding, column: &str) -> Option<String> {
    Some(match finding {
        Finding::KindUnknown => "The first line names no known list. It must hold column names such as \
             learner_no, family_names, completion_date (leavers), last_attended (transfers), \
             subject_code (results) or pass_mark (grading scales)."
            .to_owned(),
        Finding::ColumnMissing => format!("Add the column {column}: this list cannot be read without it."),
        Finding::ColumnDuplicate => format!("There are two columns named {column}. Delete or rename one."),
        Finding::ColumnUnnamed => "This column has no name. It is kept and not used.".to_owned(),
        Finding::ColumnUnknown => format!("The column {column} is not known. It is kept and not used."),
        Finding::ColumnSensitive => format!(
            "The column {column} seems to hold health, religion, origin or discipline. \
             It never goes into a record; delete it from the list."
        ),
        Finding::RowEmpty => "The row is empty and is skipped.".to_owned(),
        Finding::CellsMissing { cells, cells_wanted } => {
            format!("The row has {cells} cells, the header {cells_wanted}. A cell or a separator is missing.")
        }
        Finding::CellsTooMany { cells, cells_wanted } => format!(
            "The row has {cells} cells, the header {cells_wanted}. \
             Put text that contains the separator in quotation marks."
        ),
        _ => return None,
    })
}

fn of_text(finding: &Finding, column: &str) -> Option<String> {
    Some(match finding {
        Finding::RequiredMissing if column == "family_names" => {
            "Fill in the family names. A learner with one name only has it here, and no given names."
                .to_owned()
        }
        Finding::RequiredMissing => format!("Fill in {column}."),
        Finding::TextTooLong { characters, characters_max } => {
            format!("{characters} characters; at most {characters_max} fit. Shorten the text.")
        }
        Finding::TextHasControl { character: '\n' | '\r' } => {
            "There is a line break inside the cell. Write the text on one line.".to_owned()
        }
        Finding::TextHasControl { character } => {
            format!(
                "There is a control character {}. Delete the cell and type it again.",
                character_name(*character)
            )
        }
        Finding::TextHasBidiControl { character } => format!(
            "There is a hidden character {} that turns the direction of writing. \
             Delete the cell and type it again.",
            character_name(*character)
        ),
        Finding::TextHasInvisible { character } => {
            format!(
                "There is a hidden character {}. Delete the cell and type it again.",
                character_name(*character)
            )
        }
        Finding::TextGarbled => {
            "Letters were damaged by a wrong encoding. Export the list again as \"CSV UTF-8\".".to_owned()
        }
        Finding::SpacesTrimmed => "Spaces before or after the text were taken away.".to_owned(),
        Finding::NormalisedNfc => {
            "Accents were joined with their letters (Unicode form C). The text looks the same.".to_owned()
        }
        _ => return None,
    })
}

fn of_person(finding: &Finding, value: &str) -> Option<String> {
    Some(match finding {
        Finding::NameWithoutLetters => "A name needs at least one letter.".to_owned(),
        Finding::NameHasDigits => {
            "There is a digit in the name. Correct it unless the name is so.".to_owned()
        }
        Finding::SingleName => "No given names. Correct it unless this learner has one name only.".to_owned(),
        Finding::LearnerNoUnreadable => {
            "A learner number has letters, digits and the signs - _ . / only, and no spaces.".to_owned()
        }
        Finding::SexUnknown => {
            "Write F, M or X, or the ISO 5218 number: 0 not known, 1 male, 2 female, 9 not applicable."
                .to_owned()
        }
        Finding::DuplicateLearner { first } => {
            format!("The learner number {value} is already on {first}. One of the two is wrong or a copy.")
        }
        Finding::DuplicateAdmissionNo { first } => {
            format!("The admission number {value} is already on {first}.")
        }
        Finding::PossibleDuplicate { first } => {
            format!("Same names and date of birth as on {first}. Delete one unless they are two learners.")
        }
        Finding::DateUnreadable => {
            "Not a day of the calendar as year-month-day. Write it as 2008-02-29 is written.".to_owned()
        }
        Finding::DateOfBirthInFuture => "The date of birth lies in the future.".to_owned(),
        Finding::DateOfBirthAfterAdmission => {
            "The date of birth lies after the first admission. One of the two dates is wrong.".to_owned()
        }
        Finding::DateOfBirthImplausible { age_years } => {
            format!("The learner would be {age_years} years old at the end. Check the date of birth.")
        }
        Finding::AdmissionInFuture => "The first admission lies in the future.".to_owned(),
        Finding::CompletionInFuture => {
            "The completion lies in the future. Records are issued on or after that day.".to_owned()
        }
        Finding::CompletionBeforeAdmission => "The completion lies before the first admission.".to_owned(),
        Finding::LeavingInFuture => "The last day attended lies in the future.".to_owned(),
        Finding::LeavingBeforeAdmission => {
            "The last day attended lies before the first admission.".to_owned()
        }
        _ => return None,
    })
}

fn of_enrolment(finding: &Finding, value: &str) -> Option<String> {
    Some(match finding {
        Finding::IscedLevelUnknown => "ISCED 2011 levels are 0 to 8.".to_owned(),
        Finding::IscedPUnknown => "ISCED-P is three digits, the first of them the level: 344.".to_owned(),
        Finding::IscedPOtherLevel { level } => {
            format!("ISCED-P {value} belongs to another level than isced_level {level}.")
        }
        Finding::IscedFUnknown { meant: Some(meant) } => format!(
            "Write {meant}. The leading zeros were probably lost in a spreadsheet; format the column as text."
        ),
        Finding::IscedFUnknown { meant: None } => {
            format!("{value} is not in the list ISCED-F 2013. Write the four digits of the field: 0011.")
        }
        Finding::LanguageUnknown { meant: Some(meant) } => format!("Write the language as {meant}."),
        Finding::LanguageUnknown { meant: None } => {
            format!("{value} is not a known language code. Write es, fr, pt, ar, en or another BCP 47 tag.")
        }
        Finding::DaysUnreadable => "Write a whole number of days, 0 to 1000.".to_owned(),
        Finding::AttendanceIncomplete => {
            "Fill in both attendance_possible_days and attendance_present_days, or neither.".to_owned()
        }
        Finding::AttendanceExceedsPossible { possible_days } => {
            format!("Present on {value} days of {possible_days}. One of the two numbers is wrong.")
        }
        Finding::DecisionUnknown => "Write promoted, not_promoted, conditional or pending.".to_owned(),
        Finding::NotPromotedButAwarded => {
            "Not promoted, and yet there is an award. Correct the decision, or empty award_name and completion_date."
                .to_owned()
        }
        Finding::DecisionNotFinal => {
            "There is an award, but the decision is still open. Decide first, or take the row out.".to_owned()
        }
        Finding::NotAwarded => "Not promoted and no award: the row is left out.".to_owned(),
        Finding::LeavingReasonUnknown => format!("Write one of: {}.", super::transfer::LEAVING_REASONS_TEXT),
        Finding::DestinationUnknown => "Write known, unknown, abroad, home or work.".to_owned(),
        _ => return None,
    })
}

fn of_result(finding: &Finding, value: &str) -> Option<String> {
    Some(match finding {
        Finding::ScaleUnknown => {
            format!(
                "The scale {value} is not known. Check the spelling, or give a file with grading scales too."
            )
        }
        Finding::ScoreUnreadable { meant: Some(meant) } => format!("Write the score with a point: {meant}."),
        Finding::ScoreUnreadable { meant: None } => {
            "Write the score as digits, with a point before decimals: 14.5.".to_owned()
        }
        Finding::ScoreOutsideScale { allowed } => {
            format!("{value} is not on the scale, which has {allowed}.")
        }
        Finding::ScoreMissing => "This status needs a score. Fill it in, or correct the status.".to_owned(),
        Finding::ResultStatusUnknown => {
            "Write Completed, Enrolled, Failed, InProgress, OnHold, Provisional or Withdrew.".to_owned()
        }
        Finding::CompletedBelowPass { pass_mark } => {
            format!("Completed, but the score does not reach the pass mark {pass_mark}.")
        }
        Finding::FailedAbovePass { pass_mark } => {
            format!("Failed, but the score reaches the pass mark {pass_mark}.")
        }
        Finding::HoursUnreadable => "Write the hours as a number from 0 to 10000.".to_owned(),
        Finding::DuplicateResult { first } => format!("The same learner, subject and term are on {first}."),
        Finding::ResultWithoutLearner => {
            format!("The learner {value} is not on the roster. Correct the number.")
        }
        Finding::LearnerWithoutResults => format!("There are no results for the learner {value}."),
        Finding::DuplicateScale { first } => format!("The scale {value} is already on {first}."),
        Finding::DirectionUnknown => "Write ascending, descending or ordered.".to_owned(),
        Finding::ScaleBoundsWrong => {
            "min, max and pass_mark must be numbers, min below max, the pass mark between them; \
             an ordered scale has no min and max, and its pass mark is one of the values."
                .to_owned()
        }
        Finding::ScaleValuesWrong => {
            "values must be separated by semicolons, each once and each between min and max; \
             an ordered scale lists them from the worst to the best."
                .to_owned()
        }
        _ => return None,
    })
}
