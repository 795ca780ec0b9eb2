//! `matricula revoke|suspend|reinstate|correct`: what a school does about records that are out.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use matricula_credential::proof::Cryptosuite;
use matricula_issuer::batch::RosterDigest;
use matricula_issuer::binding::revoke_replaced_bindings as revoke_replaced;
use matricula_issuer::correction::{self, ChangeStatus, CorrectRecord};
use matricula_issuer::school::SchoolHome;
use matricula_issuer::status::{StatusAction, StatusReason};
use matricula_tlog::UnixSeconds;
use matricula_verifier::DOCUMENT_BYTES_MAX;

use crate::command::batch::{Bar, HomeArgs, issue_key, learners_file};
use crate::command::import;
use crate::failure::Failure;
use crate::files::read_text;
use crate::moment::{Moment, as_of_or_now, now};
use crate::passphrase::PassphraseArgs;
use crate::values;

/// The record, the reason and the key.
#[derive(Args, Debug)]
pub struct ChangeArgs {
    /// The record's file
    pub record: PathBuf,
    /// Why
    #[arg(long, value_enum)]
    pub reason: Reason,
    /// From when it counts; without it, from now
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
    after_help = "Examples:\n  matricula revoke 0801-2007-10000.json --reason issued-in-error --effective 2026-11-20 --home lempira\n  \
    matricula revoke --replaced-bindings --home lempira\n\n\
    It writes a signed request; `matricula authority publish REQUEST` carries it out."
)]
pub struct RevokeArgs {
    /// The record's file
    #[arg(required_unless_present = "replaced_bindings")]
    pub record: Option<PathBuf>,
    /// Why
    #[arg(long, value_enum, required_unless_present = "replaced_bindings")]
    pub reason: Option<Reason>,
    /// Revoke the bindings of holders who have been replaced: lost phones, former guardians
    #[arg(long, conflicts_with_all = ["record", "reason", "effective"])]
    pub replaced_bindings: bool,
    /// From when it counts; without it, from now
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub effective: Option<UnixSeconds>,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `suspend`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula suspend 0801-2007-10000.json --reason court-order --home lempira"
)]
pub struct SuspendArgs {
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Arguments of `reinstate`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula reinstate 0801-2007-10000.json --reason court-order --home lempira\n\n\
    Only a suspension can be ended. What was revoked stays revoked: issue a corrected record."
)]
pub struct ReinstateArgs {
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Arguments of `correct`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula correct 0801-2007-10000.json corrected.csv results.csv --home lempira\n\n\
    It prepares a batch of one, to be approved and issued like any other. Issuing it also writes the request that \
    marks the old version as superseded."
)]
pub struct CorrectArgs {
    /// The record that is wrong
    pub record: PathBuf,
    /// The corrected roster, and further files: results, grading scales
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The day that counts as today when the roster is checked
    #[arg(long, value_name = "DATE", value_parser = Moment::parse)]
    pub as_of: Option<Moment>,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Reasons on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reason {
    /// It should never have been issued.
    IssuedInError,
    /// A corrected version replaces it.
    Superseded,
    /// The learner obtained it by deceit.
    FraudByLearner,
    /// Somebody of the staff issued it by deceit.
    FraudByStaff,
    /// The school was not entitled to issue it.
    IssuerNotAuthorised,
    /// The key that signed it was in other hands.
    KeyCompromise,
    /// A court ordered it.
    CourtOrder,
    /// The learner asked for it.
    LearnerRequest,
}

impl From<Reason> for StatusReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::IssuedInError => Self::IssuedInError,
            Reason::Superseded => Self::Superseded,
            Reason::FraudByLearner => Self::FraudByLearner,
            Reason::FraudByStaff => Self::FraudByStaff,
            Reason::IssuerNotAuthorised => Self::IssuerNotAuthorised,
            Reason::KeyCompromise => Self::KeyCompromise,
            Reason::CourtOrder => Self::CourtOrder,
            Reason::LearnerRequest => Self::LearnerRequest,
        }
    }
}

/// Runs `revoke`.
pub fn revoke(args: &RevokeArgs) -> Result<u8, Failure> {
    let (Some(record), Some(reason)) = (&args.record, args.reason) else {
        return revoke_replaced_bindings(args);
    };
    let change_args = ChangeArgs {
        record: record.clone(),
        reason,
        effective: args.effective,
        home: args.home.clone(),
        passphrase: args.passphrase.clone(),
    };
    change(&change_args, StatusAction::Revoke)
}

fn revoke_replaced_bindings(args: &RevokeArgs) -> Result<u8, Failure> {
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

/// Runs `suspend`.
pub fn suspend(args: &SuspendArgs) -> Result<u8, Failure> {
    change(&args.change, StatusAction::Suspend)
}

/// Runs `reinstate`.
pub fn reinstate(args: &ReinstateArgs) -> Result<u8, Failure> {
    change(&args.change, StatusAction::Reinstate)
}

fn change(args: &ChangeArgs, action: StatusAction) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let record = read_text(&args.record, DOCUMENT_BYTES_MAX as u64)?;
    let key = issue_key(&home, &args.passphrase)?;
    let now = now();
    let order = ChangeStatus {
        record: record.as_bytes(),
        action,
        reason: args.reason.into(),
        effective: args.effective.unwrap_or(now),
        key: &key,
        now,
    };
    let requested = correction::request_status(&home, &order)
        .map_err(|error| Failure::from(error).about(&args.record))?;
    let done = if requested.created { "Signed" } else { "Asked for already:" };
    println!("{done} the request {}.", requested.path.display());
    println!("Next, at the authority: matricula authority publish {}", requested.path.display());
    Ok(0)
}

/// Runs `correct`.
pub fn correct(args: &CorrectArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let record = read_text(&args.record, DOCUMENT_BYTES_MAX as u64)?;
    let checked = import::check(&args.files, as_of_or_now(args.as_of))?;
    let roster = import::usable(&checked)?;
    let key = issue_key(&home, &args.passphrase)?;
    let order = CorrectRecord {
        record: record.as_bytes(),
        roster,
        roster_digest: RosterDigest::of(&learners_file(&args.files, &checked)?),
        key: &key,
        cryptosuite: Cryptosuite::EddsaRdfc2022,
        now: now(),
    };
    let bar = Bar::new();
    let prepared = correction::correct(&home, &order, &mut |progress| bar.show(progress))
        .map_err(|error| Failure::from(error).about(&args.record))?;
    bar.finish();
    println!("Prepared the correction as batch {}.", prepared.id);
    println!(
        "Next, by another person: matricula batch approve {} --home {}",
        prepared.id,
        args.home.home.display()
    );
    Ok(0)
}
