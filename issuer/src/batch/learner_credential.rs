//! From a row of the roster to an unsigned credential.

use jiff::civil::Date;
use matricula_credential::commitment;
use matricula_credential::model::{self, Header, ModelError};
use matricula_credential::status::{StatusEntry, StatusPurpose};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use super::{BatchError, BatchKind};
use crate::entropy;
use crate::roster::{
    Decision, Direction, Enrolment, GradingScale, Learner, Leaver, ResultRow, ResultStatus, Roster,
    ScaleKind, Sex, Transfer,
};
use crate::school::{SchoolProfile, StatusSlot};

/// A learner for whom a credential is to be made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    Leaver(&'a Leaver),
    Transfer(&'a Transfer),
}

impl<'a> Subject<'a> {
    pub(super) fn learner(self) -> &'a Learner {
        match self {
            Self::Leaver(leaver) => &leaver.learner,
            Self::Transfer(transfer) => &transfer.learner,
        }
    }

    pub(super) fn enrolment(self) -> &'a Enrolment {
        match self {
            Self::Leaver(leaver) => &leaver.enrolment,
            Self::Transfer(transfer) => &transfer.enrolment,
        }
    }

    /// Which of the checked files the learner's row is in, counted from 0.
    pub(super) fn file(self) -> usize {
        match self {
            Self::Leaver(leaver) => leaver.file,
            Self::Transfer(transfer) => transfer.file,
        }
    }

    /// The line of the learner's row.
    pub(super) fn line(self) -> u64 {
        match self {
            Self::Leaver(leaver) => leaver.line,
            Self::Transfer(transfer) => transfer.line,
        }
    }

    /// The column of the day that the credential claims.
    pub(super) const fn date_column(self) -> &'static str {
        match self {
            Self::Leaver(_) => "completion_date",
            Self::Transfer(_) => "last_attended",
        }
    }

    /// The day that the credential claims.
    pub(super) fn awarded(self) -> Date {
        match self {
            Self::Leaver(leaver) => leaver.award.completion_date,
            Self::Transfer(transfer) => transfer.last_attended,
        }
    }
}

/// The learners of a roster that a kind of batch is for.
pub(super) fn subjects(kind: BatchKind, roster: &Roster) -> Vec<Subject<'_>> {
    match kind {
        BatchKind::Transfer => roster.transfers().iter().map(Subject::Transfer).collect(),
        BatchKind::Diploma | BatchKind::Transcript | BatchKind::Completion => {
            roster.leavers().iter().map(Subject::Leaver).collect()
        }
    }
}

/// A credential before any signature.
#[derive(Clone, Debug)]
pub(super) enum Draft {
    /// An Open Badge.
    Badge(Value),
    /// A transcript, whose courses are signed before it can be written.
    Transcript(Box<TranscriptDraft>),
}

/// The parts of a transcript.
#[derive(Clone, Debug)]
pub(super) struct TranscriptDraft {
    header: Header,
    programme: model::Programme,
    title: String,
    pub(super) courses: Vec<Value>,
}

impl TranscriptDraft {
    /// The transcript over its signed courses.
    pub(super) fn assemble(&self, signed_courses: Vec<Value>) -> Result<Value, ModelError> {
        model::transcript(&self.header, &self.programme, &self.title, signed_courses)
    }
}

/// What all credentials of a batch have in common, and where each gets its own.
pub(super) struct CredentialMaker<'a> {
    pub(super) kind: BatchKind,
    pub(super) school: &'a SchoolProfile,
    pub(super) roster: &'a Roster,
    pub(super) valid_from: UnixSeconds,
}

impl CredentialMaker<'_> {
    /// Makes the credential of one learner. `id` is fresh, or that of the credential it corrects;
    /// `awarded` is kept by a correction.
    pub(super) fn make(
        &self,
        subject: Subject<'_>,
        id: String,
        awarded: Date,
        slot: &StatusSlot,
    ) -> Result<Draft, BatchError> {
        let number = subject.learner().learner_no.as_str().to_owned();
        let credential = |source| BatchError::Credential { learner_no: number.clone(), source };
        let header = self.header(subject, id, awarded, status_entries(slot));
        let programme = self.programme(subject.enrolment());
        let results = self.results(subject)?;
        match subject {
            Subject::Transfer(transfer) => {
                let leaving = leaving(transfer);
                model::transfer_certificate(&header, &programme, &leaving, &results).map(Draft::Badge)
            }
            Subject::Leaver(leaver) => {
                let award = leaver.award.name.as_str();
                match self.kind {
                    BatchKind::Transcript => {
                        return self.transcript(header, programme, award, &results, &number);
                    }
                    BatchKind::Completion => model::primary_completion(&header, &programme, award, &results),
                    BatchKind::Diploma | BatchKind::Transfer => {
                        model::diploma(&header, &programme, award, &[])
                    }
                }
                .map(Draft::Badge)
            }
        }
        .map_err(credential)
    }

    fn transcript(
        &self,
        header: Header,
        programme: model::Programme,
        award: &str,
        results: &[model::SubjectResult],
        number: &str,
    ) -> Result<Draft, BatchError> {
        if results.is_empty() {
            return Err(BatchError::ResultsMissing { learner_no: number.to_owned() });
        }
        let course = |result: &model::SubjectResult| {
            // A course stands and falls with its transcript, so it has no status of its own.
            let own = Header { id: entropy::uuid_urn(), status: Vec::new(), ..header.clone() };
            model::course(&own, &programme, result)
        };
        let courses = results
            .iter()
            .map(course)
            .collect::<Result<_, _>>()
            .map_err(|source| BatchError::Credential { learner_no: number.to_owned(), source })?;
        Ok(Draft::Transcript(Box::new(TranscriptDraft {
            header,
            programme,
            title: award.to_owned(),
            courses,
        })))
    }

    fn header(&self, subject: Subject<'_>, id: String, awarded: Date, status: Vec<StatusEntry>) -> Header {
        Header {
            id,
            issuer: model::Institution {
                id: self.school.did.as_str().to_owned(),
                name: self.school.name.as_str().to_owned(),
            },
            learner: learner(subject.learner()),
            valid_from: self.valid_from,
            valid_until: None,
            awarded,
            status,
        }
    }

    fn programme(&self, enrolment: &Enrolment) -> model::Programme {
        let programme = &enrolment.programme;
        let code = programme.code.as_ref().unwrap_or(&programme.name);
        model::Programme {
            code: code.as_str().to_owned(),
            name: programme.name.as_str().to_owned(),
            isced_level: programme.isced_level.get(),
            isced_p: programme.isced_p.map(|code| code.to_string()),
            isced_f: programme.isced_f.as_str().to_owned(),
            language: Some(enrolment.language.as_str().to_owned()),
        }
    }

    fn results(&self, subject: Subject<'_>) -> Result<Vec<model::SubjectResult>, BatchError> {
        let rows = self.roster.results_of(&subject.learner().learner_no);
        rows.iter().map(|row| self.result(row)).collect()
    }

    fn result(&self, row: &ResultRow) -> Result<model::SubjectResult, BatchError> {
        let grade = match &row.score {
            None => None,
            Some(score) => {
                let name = score.scale().as_str();
                let scale = self.roster.scale(name).and_then(grading_scale);
                let scale = scale.ok_or_else(|| BatchError::ScaleUnsupported { scale: name.to_owned() })?;
                Some(model::Grade { value: score.as_str().to_owned(), scale })
            }
        };
        Ok(model::SubjectResult {
            code: row.subject_code.as_str().to_owned(),
            name: row.subject_name.as_str().to_owned(),
            term: Some(row.term.as_str().to_owned()),
            grade,
            status: result_status(row.status),
            hours: row.hours.as_ref().map(|hours| hours.as_str().to_owned()),
        })
    }
}

/// Sex as the summary counts it. ISO 5218 has no number for the `X` of travel documents, which says
/// neither: it is counted with those of whom it is not known.
pub(super) fn summary_sex(sex: Sex) -> commitment::Sex {
    match sex {
        Sex::Male => commitment::Sex::Male,
        Sex::Female => commitment::Sex::Female,
        Sex::NotApplicable => commitment::Sex::NotApplicable,
        Sex::NotKnown | Sex::Unspecified => commitment::Sex::NotKnown,
    }
}

fn status_entries(slot: &StatusSlot) -> Vec<StatusEntry> {
    [StatusPurpose::Revocation, StatusPurpose::Suspension]
        .into_iter()
        .map(|purpose| StatusEntry { purpose, index: u64::from(slot.index), list: slot.list.clone() })
        .collect()
}

/// A learner with one name only has it as given name in the credential: no name is ever made up.
fn learner(learner: &Learner) -> model::Learner {
    let (given_names, family_names) = match &learner.given_names {
        Some(given) => (given.as_str(), learner.family_names.as_str()),
        None => (learner.family_names.as_str(), ""),
    };
    model::Learner {
        number: learner.learner_no.as_str().to_owned(),
        given_names: given_names.to_owned(),
        family_names: family_names.to_owned(),
        date_of_birth: Some(learner.date_of_birth),
    }
}

fn leaving(transfer: &Transfer) -> model::Leaving {
    let enrolment = &transfer.enrolment;
    model::Leaving {
        admission_no: enrolment.admission_no.as_ref().map(|number| number.as_str().to_owned()),
        first_admission: enrolment.first_admission,
        last_attended: Some(transfer.last_attended),
        last_grade: enrolment.last_grade.as_ref().map(|grade| grade.as_str().to_owned()),
        attendance: enrolment.attendance.map(|attendance| model::Attendance {
            possible_days: attendance.possible_days(),
            present_days: attendance.present_days(),
        }),
        decision: match enrolment.decision {
            Decision::Promoted => model::PromotionDecision::Promoted,
            Decision::NotPromoted => model::PromotionDecision::NotPromoted,
            Decision::Conditional => model::PromotionDecision::Conditional,
            Decision::Pending => model::PromotionDecision::Pending,
        },
        reason: Some(transfer.leaving_reason.as_str().to_owned()),
        destination: Some(transfer.destination.as_str().to_owned()),
    }
}

fn result_status(status: ResultStatus) -> model::ResultStatus {
    match status {
        ResultStatus::Completed => model::ResultStatus::Completed,
        ResultStatus::Enrolled => model::ResultStatus::Enrolled,
        ResultStatus::Failed => model::ResultStatus::Failed,
        ResultStatus::InProgress => model::ResultStatus::InProgress,
        ResultStatus::OnHold => model::ResultStatus::OnHold,
        ResultStatus::Provisional => model::ResultStatus::Provisional,
        ResultStatus::Withdrew => model::ResultStatus::Withdrew,
    }
}

/// The scale as credentials write it. A scale on which less is better is written as the list of its
/// grades; without one it cannot be written so that nobody reads it the wrong way round.
fn grading_scale(scale: &GradingScale) -> Option<model::GradingScale> {
    let name = scale.name().as_str().to_owned();
    let pass_mark = scale.pass_mark().map(str::to_owned);
    match scale.kind() {
        ScaleKind::Ordered { values, .. } => {
            Some(model::GradingScale::Listed { name, values_worst_first: values.clone(), pass_mark })
        }
        ScaleKind::Numeric { min, max, direction: Direction::Ascending, .. } => {
            Some(model::GradingScale::Numeric {
                name,
                min: min.as_str().to_owned(),
                max: max.as_str().to_owned(),
                pass_mark,
            })
        }
        ScaleKind::Numeric { steps, direction: Direction::Descending, .. } => {
            let mut worst_first: Vec<_> = steps.iter().collect();
            worst_first.sort_by_key(|step| core::cmp::Reverse(step.value()));
            let values_worst_first: Vec<String> =
                worst_first.iter().map(|step| step.as_str().to_owned()).collect();
            (!values_worst_first.is_empty()).then_some(model::GradingScale::Listed {
                name,
                values_worst_first,
                pass_mark,
            })
        }
    }
}
