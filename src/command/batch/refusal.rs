//! Why a batch is not prepared, and what the person at the desk can do about it.

use std::path::PathBuf;

use matricula_issuer::batch::{BatchError, LearnerProblems};
use matricula_issuer::roster;
use matricula_issuer::school::{SchoolError, SchoolHome};
use matricula_issuer::status::ALLOTMENT_INDEXES_MAX;
use matricula_verdict::day;

use crate::failure::Failure;

const READ_THE_LOG: &str =
    "give --log with the authority's folder or the URL of its log, so that the school reads the log first";

/// A command about rosters that was refused.
pub struct Refused<'a> {
    /// The school.
    pub home: &'a SchoolHome,
    /// The rosters as they were given.
    pub files: &'a [PathBuf],
}

impl Refused<'_> {
    /// The failure with its remedy; the lines that are the reason go to standard error.
    pub fn explain(&self, error: BatchError) -> Failure {
        let remedy = match &error {
            BatchError::LearnersIssuedBefore { doubles } => {
                self.list(doubles);
                "correct the lines listed above, and run the command again; or give --again, if all these learners are to get a second one"
                    .to_owned()
            }
            BatchError::IssuedBefore { .. } => {
                "`matricula correct` puts a record right; --again issues a second one to each learner"
                    .to_owned()
            }
            BatchError::NotEntitled { learners, .. } => {
                self.list(learners);
                match self.home.evidence_read_at() {
                    Some(read_at) => format!(
                        "ask the authority; if it has ruled otherwise since {}, {READ_THE_LOG}",
                        day(read_at)
                    ),
                    None => format!("ask the authority; or {READ_THE_LOG}"),
                }
            }
            BatchError::EvidenceMissing => READ_THE_LOG.to_owned(),
            BatchError::NotAccredited => {
                format!(
                    "send the authority the school's applications; when it has accredited the school, {READ_THE_LOG}"
                )
            }
            BatchError::School(SchoolError::StatusIndexesUsedUp { needed, left }) => {
                self.more_places(needed - left)
            }
            _ => return error.into(),
        };
        Failure::from(error).remedy(remedy)
    }

    fn list(&self, problems: &LearnerProblems) {
        for listed in problems.listed() {
            let file = self.files.get(listed.file).map(|path| path.display().to_string()).unwrap_or_default();
            eprint!("{}", roster::render::line(&file, &listed.problem));
        }
        if problems.count() > problems.listed().len() {
            eprintln!("… and {} more", problems.count() - problems.listed().len());
        }
    }

    fn more_places(&self, missing: usize) -> String {
        let count = missing.min(ALLOTMENT_INDEXES_MAX as usize);
        format!(
            "the authority allots more: matricula authority allot {} --count {count} --further --out places.json; \
             then take them in: matricula school allotment places.json --home {}",
            self.home.profile().did,
            self.home.root().display()
        )
    }
}
