//! The arguments of `matricula batch`.

use std::path::PathBuf;

use clap::Args;
use matricula_issuer::batch::{BatchId, BatchKind};
use matricula_registry::InstitutionId;

use super::batch_id;
use crate::arguments::LogArgs;
use crate::moment::Moment;
use crate::passphrase::PassphraseArgs;
use crate::values;

/// The school's folder.
#[derive(Args, Clone, Debug)]
pub struct HomeArgs {
    /// The school's folder
    #[arg(long, value_name = "DIR", default_value = "school")]
    pub home: PathBuf,
}

/// What a batch consists of.
const KINDS: &[(&str, BatchKind, &str)] = &[
    ("diploma", BatchKind::Diploma, "Diplomas: one Open Badge a leaver"),
    ("transcript", BatchKind::Transcript, "Transcripts: one CLR a leaver with results"),
    ("completion", BatchKind::Completion, "Completions of primary school: one Open Badge a leaver"),
    (
        "transfer",
        BatchKind::Transfer,
        "Records of learners who leave for another school: one Open Badge each",
    ),
];

/// Arguments of `batch prepare`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula batch prepare --kind transcript leavers.csv results.csv\n\n\
    The files are checked as `matricula import check` does; with errors nothing is prepared. The same roster again \
    gives the batch that is there. A learner who has such a record of the same date in an earlier batch is refused, \
    with the line: `matricula correct` puts a record right, --again issues a second one.\n\n\
    A successor or custodian of a school that is no more, named by the authority:\n  \
    matricula batch prepare --kind diploma leavers.csv --on-behalf-of did:web:educacion.example:schools:morazan")]
pub struct PrepareArgs {
    /// The roster of learners, and further files: results, grading scales
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What to issue
    #[arg(long, value_parser = values::one_of(KINDS))]
    pub kind: BatchKind,
    /// Only learners of this ISCED 2011 level: a batch has one
    #[arg(long)]
    pub level: Option<u8>,
    /// Issue to learners again who have such a record of the same date already
    #[arg(long)]
    pub again: bool,
    /// The school on whose behalf to issue, as its successor or custodian
    #[arg(long, value_name = "DID", value_parser = values::institution)]
    pub on_behalf_of: Option<InstitutionId>,
    /// Sign the JSON form (eddsa-jcs-2022), not what it means (eddsa-rdfc-2022)
    #[arg(long)]
    pub jcs: bool,
    /// The day that counts as today when the roster is checked
    #[arg(long, value_name = "DATE", value_parser = Moment::parse)]
    pub as_of: Option<Moment>,
    #[command(flatten)]
    pub log: LogArgs,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `batch approve`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula batch show diploma-2026-11-21-7e87a0b9    compare with the register\n  \
    matricula batch approve diploma-2026-11-21-7e87a0b9\n\n\
    The approver is another person than the one who prepared it, with a key and a passphrase of their own."
)]
pub struct StepArgs {
    /// The batch, as `batch prepare` named it
    #[arg(value_parser = batch_id)]
    pub batch: BatchId,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `batch issue`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula batch issue diploma-2026-11-21-7e87a0b9 --log authority\n\n\
    Stopped half-way, the same command goes on where it was; it never issues twice. Offline, give a stick from \
    `matricula ledger export` as --log: the batch waits there (exit code 75) until `matricula ledger sync` at the \
    ministry has handed it in, and the same command completes it.")]
pub struct IssueArgs {
    #[command(flatten)]
    pub step: StepArgs,
    #[command(flatten)]
    pub log: LogArgs,
}

/// Arguments of `batch list`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula batch list --home lempira")]
pub struct ListArgs {
    #[command(flatten)]
    pub home: HomeArgs,
}

/// Arguments of `batch show` and `batch discard`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  matricula batch show diploma-2026-11-21-7e87a0b9 --home lempira\n  \
    matricula batch discard diploma-2026-11-21-7e87a0b9 --home lempira")]
pub struct ShowArgs {
    /// The batch
    #[arg(value_parser = batch_id)]
    pub batch: BatchId,
    #[command(flatten)]
    pub home: HomeArgs,
}
