//! Learners who complete a programme and get a diploma or a primary completion.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::enrolment::{Decision, Enrolment};
use super::finding::Finding;
use super::person::Learner;
use super::row::RowReader;
use super::text::Label;

/// What is awarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Award {
    /// The title of the award in the school's language.
    pub name: Label,
    /// The day of completion; never after the day of the check, never before the admission.
    pub completion_date: Date,
}

/// A row of a leavers' roster: promoted, and with an award.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaver {
    /// Which of the checked files the row is in, counted from 0.
    pub file: usize,
    /// The line of the file on which the row begins.
    pub line: u64,
    /// Who.
    pub learner: Learner,
    /// In what.
    pub enrolment: Enrolment,
    /// With which award.
    pub award: Award,
    /// Cells of columns that are not used, by the column's name. They never go into a credential.
    pub unused: BTreeMap<String, String>,
}

/// Reads a row. `None`: the row has an error, or is left out with a warning.
pub(super) fn read(row: &mut RowReader<'_>, file: usize, as_of: Date) -> Option<Leaver> {
    let learner = row.learner(as_of);
    let enrolment = row.enrolment(as_of);
    let decision = row.decision();
    if decision == Some(Decision::NotPromoted)
        && row.is_empty("award_name")
        && row.is_empty("completion_date")
    {
        row.report("decision", Finding::NotAwarded);
        return None;
    }
    let name = row.required("award_name", Label::parse);
    let completion_date = row.required("completion_date", super::date::parse);
    if let Some(decision) = decision {
        check_decision(row, decision);
    }
    let completion_date = completion_date?;
    check_completion(row, completion_date, enrolment.first_admission(), as_of);
    row.check_age(completion_date);
    let learner = learner?;
    let enrolment = enrolment.complete(decision?)?;
    Some(Leaver {
        file,
        line: row.line(),
        learner,
        enrolment,
        award: Award { name: name?, completion_date },
        unused: row.unused(),
    })
}

fn check_decision(row: &mut RowReader<'_>, decision: Decision) {
    match decision {
        Decision::Promoted => {}
        Decision::NotPromoted => row.report("decision", Finding::NotPromotedButAwarded),
        Decision::Conditional | Decision::Pending => row.report("decision", Finding::DecisionNotFinal),
    }
}

fn check_completion(row: &mut RowReader<'_>, completed: Date, admitted: Option<Date>, as_of: Date) {
    if completed > as_of {
        row.report("completion_date", Finding::CompletionInFuture);
    } else if admitted.is_some_and(|admitted| completed < admitted) {
        row.report("completion_date", Finding::CompletionBeforeAdmission);
    }
}
