//! Learners who leave in the middle of a level and take their record to another school.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::enrolment::Enrolment;
use super::finding::Finding;
use super::person::Learner;
use super::row::RowReader;

/// The codes of [`LeavingReason`] for a message.
pub(super) const LEAVING_REASONS_TEXT: &str = "family-moved, changed-school, changed-programme, completed-level, \
    school-closed, displaced, emigrated, home-schooling, work, other, unknown";

/// Why a learner leaves. Health and discipline are no reasons that a shareable record may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeavingReason {
    /// `family-moved`.
    FamilyMoved,
    /// `changed-school`.
    ChangedSchool,
    /// `changed-programme`.
    ChangedProgramme,
    /// `completed-level`.
    CompletedLevel,
    /// `school-closed`.
    SchoolClosed,
    /// `displaced`: by war, flood, expulsion of the family.
    Displaced,
    /// `emigrated`.
    Emigrated,
    /// `home-schooling`.
    HomeSchooling,
    /// `work`.
    Work,
    /// `other`.
    Other,
    /// `unknown`.
    Unknown,
}

impl LeavingReason {
    const ALL: [Self; 11] = [
        Self::FamilyMoved,
        Self::ChangedSchool,
        Self::ChangedProgramme,
        Self::CompletedLevel,
        Self::SchoolClosed,
        Self::Displaced,
        Self::Emigrated,
        Self::HomeSchooling,
        Self::Work,
        Self::Other,
        Self::Unknown,
    ];

    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(Finding::LeavingReasonUnknown)
    }

    /// The code of the roster.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FamilyMoved => "family-moved",
            Self::ChangedSchool => "changed-school",
            Self::ChangedProgramme => "changed-programme",
            Self::CompletedLevel => "completed-level",
            Self::SchoolClosed => "school-closed",
            Self::Displaced => "displaced",
            Self::Emigrated => "emigrated",
            Self::HomeSchooling => "home-schooling",
            Self::Work => "work",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a learner goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    /// `known`: a school of this country that is known.
    Known,
    /// `unknown`.
    Unknown,
    /// `abroad`.
    Abroad,
    /// `home`: taught at home.
    Home,
    /// `work`.
    Work,
}

impl Destination {
    pub(super) fn parse(text: &str) -> Result<Self, Finding> {
        let all = [Self::Known, Self::Unknown, Self::Abroad, Self::Home, Self::Work];
        all.into_iter().find(|destination| destination.as_str() == text).ok_or(Finding::DestinationUnknown)
    }

    /// The code of the roster.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Unknown => "unknown",
            Self::Abroad => "abroad",
            Self::Home => "home",
            Self::Work => "work",
        }
    }
}

/// A row of a transfers' roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Which of the checked files the row is in, counted from 0.
    pub file: usize,
    /// The line of the file on which the row begins.
    pub line: u64,
    /// Who.
    pub learner: Learner,
    /// From what.
    pub enrolment: Enrolment,
    /// The last day attended; never after the day of the check, never before the admission.
    pub last_attended: Date,
    /// Why.
    pub leaving_reason: LeavingReason,
    /// Where to.
    pub destination: Destination,
    /// Cells of columns that are not used, by the column's name. They never go into a credential.
    pub unused: BTreeMap<String, String>,
}

/// Reads a row. `None`: the row has an error.
pub(super) fn read(row: &mut RowReader<'_>, file: usize, as_of: Date) -> Option<Transfer> {
    let learner = row.learner(as_of);
    let enrolment = row.enrolment(as_of);
    let decision = row.decision();
    let last_attended = row.required("last_attended", super::date::parse);
    let leaving_reason = row.required("leaving_reason", LeavingReason::parse);
    let destination = row.required("destination", Destination::parse);
    let last_attended = last_attended?;
    check_leaving(row, last_attended, enrolment.first_admission(), as_of);
    row.check_age(last_attended);
    Some(Transfer {
        file,
        line: row.line(),
        learner: learner?,
        enrolment: enrolment.complete(decision?)?,
        last_attended,
        leaving_reason: leaving_reason?,
        destination: destination?,
        unused: row.unused(),
    })
}

fn check_leaving(row: &mut RowReader<'_>, left: Date, admitted: Option<Date>, as_of: Date) {
    if left > as_of {
        row.report("last_attended", Finding::LeavingInFuture);
    } else if admitted.is_some_and(|admitted| left < admitted) {
        row.report("last_attended", Finding::LeavingBeforeAdmission);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip_and_the_message_lists_them_all() {
        for reason in LeavingReason::ALL {
            assert_eq!(LeavingReason::parse(reason.as_str()), Ok(reason));
            assert!(LEAVING_REASONS_TEXT.split(", ").any(|listed| listed == reason.as_str()));
        }
        assert_eq!(LeavingReason::parse("illness"), Err(Finding::LeavingReasonUnknown));
        assert_eq!(Destination::parse("abroad"), Ok(Destination::Abroad));
        assert_eq!(Destination::parse("Abroad"), Err(Finding::DestinationUnknown));
    }
}
