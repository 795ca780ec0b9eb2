//! `matricula ledger`: look after a log that does not run.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use matricula_issuer::authority::AuthorityHome;
use matricula_ledger::{Finding, FsckError};

use crate::failure::Failure;
use crate::log::LEDGER_FOLDER;

/// What can be done with a log that does not run.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Verify every byte of a log: entries, tiles, signatures, and every decision of its door
    Fsck(FsckArgs),
}

/// Arguments of `ledger fsck`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula ledger fsck --home authority\n  matricula ledger fsck --home authority --rebuild\n\n\
    Exit code 1 when anything is wrong. --rebuild writes indexes and tiles anew from the entries; it never changes an entry."
)]
pub struct FsckArgs {
    /// The authority's folder
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
    /// Write indexes and tiles anew
    #[arg(long)]
    pub rebuild: bool,
}

/// Runs the command.
pub fn run(command: &LedgerCommand) -> Result<u8, Failure> {
    let LedgerCommand::Fsck(args) = command;
    let home = AuthorityHome::open(&args.home)?;
    let folder = home.root().join(LEDGER_FOLDER);
    let report = matricula_ledger::fsck(&folder, args.rebuild).map_err(|error| {
        let (code, remedy) = match &error {
            FsckError::NoLog => (
                "log_missing",
                "if there was a log before, bring its folder back from a copy before a node starts: a node makes a new one",
            ),
            FsckError::Running => ("log_unusable", "stop the node that runs on the folder first"),
            FsckError::Disk(_) | FsckError::State(_) => {
                ("log_unusable", "look after the disk, and at who may write the folder; then run the command again")
            }
        };
        Failure::new(code, format_args!("{}: {error}", folder.display())).remedy(remedy)
    })?;
    print!("{report}");
    if !report.is_sound() && !args.rebuild {
        println!("`--rebuild` restores tiles and indexes from the entries.");
    }
    if report
        .findings
        .iter()
        .any(|finding| matches!(finding, Finding::Missing { path } if path == "checkpoint"))
    {
        println!("A missing checkpoint is signed anew when the node starts next.");
    }
    Ok(u8::from(!report.is_sound()))
}
