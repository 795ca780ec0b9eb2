//! `matricula revoke|suspend|reinstate|correct`: what a school does about records that are out.

use std::path::{Path, PathBuf};

use clap::Args;
use matricula_credential::proof::Cryptosuite;
use matricula_issuer::batch::BatchError;
use matricula_issuer::binding::revoke_replaced_bindings as revoke_replaced;
use matricula_issuer::correction::{self, ChangeStatus, CorrectRecord, CorrectionError};
use matricula_issuer::school::SchoolHome;
use matricula_issuer::status::{CorrectionReason, StatusAction, StatusReason};
use matricula_tlog::UnixSeconds;
use matricula_verifier::DOCUMENT_BYTES_MAX;

use crate::command::batch::{Bar, HomeArgs, Refused, issue_key};
use crate::command::import;
use crate::failure::Failure;
use crate::files::read_text;
use crate::moment::{Moment, as_of_or_now, now};
use crate::passphrase::PassphraseArgs;
use crate::values;

/// Why a record is revoked, suspended or reinstated.
pub const REASONS: &[(&str, StatusReason, &str)] = &[
    ("issued-in-error", StatusReason::IssuedInError, "It should never have been issued"),
    ("superseded", StatusReason::Superseded(None), "Another record replaces it"),
    ("fraud-by-learner", StatusReason::FraudByLearner, "The learner obtained it by deceit"),
    ("fraud-by-staff", StatusReason::FraudByStaff, "Somebody of the staff issued it by deceit"),
    ("issuer-not-authorised", StatusReason::IssuerNotAuthorised, "The school was not entitled to issue it"),
    ("key-compromise", StatusReason::KeyCompromise, "The key that signed it was in other hands"),
    ("court-order", StatusReason::CourtOrder, "A court ordered it"),
    ("learner-request", StatusReason::LearnerRequest, "The learner asked for it"),
];

/// Why a record is corrected.
const CORRECTIONS: &[(&str, CorrectionReason, &str)] = &[
    ("name-changed", CorrectionReason::NameChanged, "The learner has another name now"),
    ("typing-error", CorrectionReason::TypingError, "Something was misspelt or mistyped"),
    ("grade-corrected", CorrectionReason::GradeCorrected, "A grade was corrected, as after an appeal"),
    (
        "missing-information",
        CorrectionReason::MissingInformation,
        "Something that belongs into it was left out",
    ),
    ("court-order", CorrectionReason::CourtOrder, "A court ordered it"),
];

/// From when a change counts, and who asks for it.
#[derive(Args, Debug)]
pub struct RequestArgs {
    /// From when it counts, not before the record was awarded; without it, from now
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub effective: Option<UnixSeconds>,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `revoke`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula revoke \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2007-10000.json \\\n    \
    --reason issued-in-error --effective 2026-11-21\n  \
    matricula revoke --replaced-bindings\n\n\
    It writes a signed request; `matricula authority publish school/requests` carries it out."
)]
pub struct RevokeArgs {
    /// The record's file
    #[arg(required_unless_present = "replaced_bindings")]
    pub record: Option<PathBuf>,
    /// Why
    #[arg(long, value_parser = values::one_of(REASONS), required_unless_present = "replaced_bindings")]
    pub reason: Option<StatusReason>,
    /// Revoke the bindings of holders who have been replaced: lost phones, former guardians
    #[arg(long, conflicts_with_all = ["record", "reason", "effective"])]
    pub replaced_bindings: bool,
    #[command(flatten)]
    pub request: RequestArgs,
}

/// Arguments of `suspend`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula suspend \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2008-10001.json \\\n    \
    --reason court-order\n\n\
    It writes a signed request; `matricula authority publish school/requests` carries it out."
)]
pub struct SuspendArgs {
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Arguments of `reinstate`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula reinstate \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2008-10001.json \\\n    \
    --reason court-order\n\n\
    Only a suspension can be ended. What was revoked stays revoked: issue a corrected record."
)]
pub struct ReinstateArgs {
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// The record and the reason.
#[derive(Args, Debug)]
pub struct ChangeArgs {
    /// The record's file
    pub record: PathBuf,
    /// Why
    #[arg(long, value_parser = values::one_of(REASONS))]
    pub reason: StatusReason,
    #[command(flatten)]
    pub request: RequestArgs,
}

/// Arguments of `correct`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula correct \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2008-10002.json \\\n    corrected.csv --reason typing-error\n  \
    matricula correct \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2007-10003.json \\\n    corrected.csv --reason name-changed --effective 2026-11-21\n\n\
    corrected.csv is the roster as it should have been. It prepares a batch of one, to be approved and issued like any \
    other. Issuing it also writes the request that marks the old version as superseded, with this reason, from this \
    date: whoever verifies the old version reads both."
)]
pub struct CorrectArgs {
    /// The record that is wrong
    pub record: PathBuf,
    /// The corrected roster, and further files: results, grading scales
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Why
    #[arg(long, value_parser = values::one_of(CORRECTIONS))]
    pub reason: CorrectionReason,
    /// The day that counts as today when the roster is checked
    #[arg(long, value_name = "DATE", value_parser = Moment::parse)]
    pub as_of: Option<Moment>,
    #[command(flatten)]
    pub request: RequestArgs,
}

/// Runs `revoke`.
pub fn revoke(args: &RevokeArgs) -> Result<u8, Failure> {
    match (&args.record, args.reason) {
        (Some(record), Some(reason)) => change(StatusAction::Revoke, record, reason, &args.request),
        _ => revoke_replaced_bindings(&args.request),
    }
}

/// Runs `suspend`.
pub fn suspend(SuspendArgs { change: args }: &SuspendArgs) -> Result<u8, Failure> {
    change(StatusAction::Suspend, &args.record, args.reason, &args.request)
}

/// Runs `reinstate`.
pub fn reinstate(ReinstateArgs { change: args }: &ReinstateArgs) -> Result<u8, Failure> {
    change(StatusAction::Reinstate, &args.record, args.reason, &args.request)
}

fn change(
    action: StatusAction,
    path: &Path,
    reason: StatusReason,
    args: &RequestArgs,
) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let record = read_text(path, DOCUMENT_BYTES_MAX as u64)?;
    let key = issue_key(&home, &args.passphrase)?;
    let now = now();
    let effective = args.effective.unwrap_or(now);
    let order = ChangeStatus { record: record.as_bytes(), action, reason, effective, key: &key, now };
    let requested =
        correction::request_status(&home, &order).map_err(|error| Failure::from(error).about(path))?;
    let done = if requested.created { "Signed" } else { "Asked for already:" };
    println!("{done} the request {}.", requested.path.display());
    println!("Next, at the authority: matricula authority publish {}", requested.path.display());
    Ok(0)
}

fn revoke_replaced_bindings(args: &RequestArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let key = issue_key(&home, &args.passphrase)?;
    let requested = revoke_replaced(&home, &key, now())?;
    for request in &requested {
        println!("Asked for in {}.", request.path.display());
    }
    match requested.len() {
        0 => println!("No holder has been replaced."),
        count => println!(
            "{count} in all. Next, at the authority: matricula authority publish {}/requests",
            home.root().display()
        ),
    }
    Ok(0)
}

/// Runs `correct`.
pub fn correct(args: &CorrectArgs) -> Result<u8, Failure> {
    let home_args = &args.request.home;
    let home = SchoolHome::open(&home_args.home)?;
    let record = read_text(&args.record, DOCUMENT_BYTES_MAX as u64)?;
    let rosters = import::check(&args.files, as_of_or_now(args.as_of))?;
    let roster = rosters.learners()?;
    let key = issue_key(&home, &args.request.passphrase)?;
    let order = CorrectRecord {
        record: record.as_bytes(),
        roster,
        roster_digest: rosters.digest(),
        reason: args.reason,
        effective: args.request.effective,
        key: &key,
        cryptosuite: Cryptosuite::EddsaRdfc2022,
        now: now(),
    };
    let bar = Bar::new();
    let prepared = correction::correct(&home, &order, &mut |progress| bar.show(progress));
    bar.finish();
    let prepared = prepared.map_err(|error| match error {
        CorrectionError::Batch(error @ BatchError::School(_)) => {
            Refused { home: &home, files: &args.files }.explain(error)
        }
        error => Failure::from(error).about(&args.record),
    })?;
    println!("Prepared the correction as batch {}.", prepared.id);
    println!(
        "Next, by another person: matricula batch approve {} --home {}",
        prepared.id,
        home_args.home.display()
    );
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_word_of_its_own() {
        let code = |word: &str| word.replace('-', "_");
        for reason in StatusReason::ALL {
            let asked = match reason {
                StatusReason::Superseded(Some(why)) => CORRECTIONS
                    .iter()
                    .find(|(_, value, _)| *value == why)
                    .map(|(word, ..)| format!("superseded_{}", code(word))),
                _ => REASONS.iter().find(|(_, value, _)| *value == reason).map(|(word, ..)| code(word)),
            };
            assert_eq!(asked.as_deref(), Some(reason.as_str()));
        }
    }
}
