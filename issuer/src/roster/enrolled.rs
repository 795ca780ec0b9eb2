//! The cells that rosters of leavers and of transfers share.

use jiff::civil::Date;

use super::date;
use super::enrolment::{Attendance, Decision, Enrolment, Programme, parse_days};
use super::finding::Finding;
use super::isced::{IscedF, IscedLevel, IscedP};
use super::language::LanguageTag;
use super::person::{Learner, LearnerNo, Sex};
use super::row::{Reported, RowReader};
use super::text::{Label, PersonName};

/// Younger than this nobody finishes anything, older than that it is a slip of the century.
const PLAUSIBLE_AGES_YEARS: std::ops::RangeInclusive<i32> = 4..=100;

/// An enrolment while its cells are read; any of them may have been refused.
pub(super) struct EnrolmentCells {
    admission_no: Result<Option<Label>, Reported>,
    first_admission: Result<Option<Date>, Reported>,
    programme: Option<Programme>,
    last_grade: Result<Option<Label>, Reported>,
    attendance: Result<Option<Attendance>, Reported>,
    language: Option<LanguageTag>,
}

impl EnrolmentCells {
    pub(super) fn first_admission(&self) -> Option<Date> {
        self.first_admission.ok().flatten()
    }

    /// The enrolment, if no cell was refused.
    pub(super) fn complete(self, decision: Decision) -> Option<Enrolment> {
        Some(Enrolment {
            admission_no: self.admission_no.ok()?,
            first_admission: self.first_admission.ok()?,
            programme: self.programme?,
            last_grade: self.last_grade.ok()?,
            attendance: self.attendance.ok()?,
            decision,
            language: self.language?,
        })
    }
}

impl RowReader<'_> {
    pub(super) fn learner(&mut self, as_of: Date) -> Option<Learner> {
        let learner_no = self.required("learner_no", LearnerNo::parse);
        let given_names = self.optional("given_names", PersonName::parse);
        let family_names = self.required("family_names", PersonName::parse);
        self.check_names(given_names == Ok(None), family_names.is_some());
        let date_of_birth = self.required("date_of_birth", date::parse);
        if date_of_birth.is_some_and(|born| born > as_of) {
            self.report("date_of_birth", Finding::DateOfBirthInFuture);
        }
        let sex = self.required("sex", Sex::parse);
        Some(Learner {
            learner_no: learner_no?,
            given_names: given_names.ok()?,
            family_names: family_names?,
            date_of_birth: date_of_birth?,
            sex: sex?,
        })
    }

    fn check_names(&mut self, no_given_names: bool, has_family_names: bool) {
        if no_given_names && has_family_names {
            self.report("given_names", Finding::SingleName);
        }
        for column in ["given_names", "family_names"] {
            let has_digits = |name: PersonName| name.as_str().chars().any(char::is_numeric);
            if self.peek(column, PersonName::parse).is_some_and(has_digits) {
                self.report(column, Finding::NameHasDigits);
            }
        }
    }

    pub(super) fn decision(&mut self) -> Option<Decision> {
        self.required("decision", Decision::parse)
    }

    pub(super) fn enrolment(&mut self, as_of: Date) -> EnrolmentCells {
        let admission_no = self.optional("admission_no", Label::parse);
        let first_admission = self.optional("first_admission_date", date::parse);
        if let Ok(Some(admitted)) = first_admission {
            self.check_admission(admitted, as_of);
        }
        EnrolmentCells {
            admission_no,
            first_admission,
            programme: self.programme(),
            last_grade: self.optional("last_grade", Label::parse),
            attendance: self.attendance(),
            language: self.required("language", LanguageTag::parse),
        }
    }

    fn check_admission(&mut self, admitted: Date, as_of: Date) {
        if admitted > as_of {
            self.report("first_admission_date", Finding::AdmissionInFuture);
        }
        let born = self.peek("date_of_birth", date::parse);
        if born.is_some_and(|born| born > admitted) && !self.is_reported("date_of_birth") {
            self.report("date_of_birth", Finding::DateOfBirthAfterAdmission);
        }
    }

    fn programme(&mut self) -> Option<Programme> {
        let code = self.optional("programme_code", Label::parse);
        let name = self.required("programme_name", Label::parse);
        let isced_level = self.required("isced_level", IscedLevel::parse);
        let isced_p = self.optional("isced_p", |text| {
            let programme = IscedP::parse(text)?;
            match isced_level.filter(|level| *level != programme.level()) {
                Some(level) => Err(Finding::IscedPOtherLevel { level: level.get() }),
                None => Ok(programme),
            }
        });
        let isced_f = self.required("isced_f", IscedF::parse);
        Some(Programme {
            code: code.ok()?,
            name: name?,
            isced_level: isced_level?,
            isced_p: isced_p.ok()?,
            isced_f: isced_f?,
        })
    }

    fn attendance(&mut self) -> Result<Option<Attendance>, Reported> {
        let possible_days = self.optional("attendance_possible_days", parse_days)?;
        let present_days = self.optional("attendance_present_days", parse_days)?;
        let (column, finding) = match (possible_days, present_days) {
            (None, None) => return Ok(None),
            (None, Some(_)) => ("attendance_possible_days", Finding::AttendanceIncomplete),
            (Some(_), None) => ("attendance_present_days", Finding::AttendanceIncomplete),
            (Some(possible_days), Some(present_days)) => match Attendance::new(possible_days, present_days) {
                Some(attendance) => return Ok(Some(attendance)),
                None => ("attendance_present_days", Finding::AttendanceExceedsPossible { possible_days }),
            },
        };
        self.report(column, finding);
        Err(Reported)
    }

    /// Warns of an implausible age at the end of the enrolment, unless the date of birth has a problem already.
    pub(super) fn check_age(&mut self, end: Date) {
        let Some(born) = self.peek("date_of_birth", date::parse) else { return };
        let age_years = date::full_years(born, end);
        if !PLAUSIBLE_AGES_YEARS.contains(&age_years) && !self.is_reported("date_of_birth") {
            self.report("date_of_birth", Finding::DateOfBirthImplausible { age_years });
        }
    }
}
