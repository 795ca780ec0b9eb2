//! `matricula ledger`: look after a log that does not run, copy it, bring it back.

mod arguments;
mod copies;
mod restore;
mod succeed;

use clap::Subcommand;
use matricula_issuer::authority::AuthorityHome;
use matricula_ledger::{Finding, FsckError};

use crate::failure::Failure;
use crate::log::LEDGER_FOLDER;

pub use arguments::{ExportArgs, FsckArgs, ImportArgs, RestoreArgs, SucceedArgs, SyncArgs};

/// What can be done with a log beside running it.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Verify every byte of a log: entries, tiles, signatures, and every decision of its door
    Fsck(FsckArgs),
    /// Write a log out as static files, for a web server or a stick
    Export(ExportArgs),
    /// Rebuild a destroyed log from mirrors and copies, after checking everything
    Restore(RestoreArgs),
    /// Take over a log from the folder of an export
    Import(ImportArgs),
    /// Commit a new log to the end of the one before, whose key is lost
    Succeed(SucceedArgs),
    /// Hand in what schools have left on a stick, and write the answers onto it
    Sync(SyncArgs),
}

/// Runs the command.
pub fn run(command: &LedgerCommand) -> Result<u8, Failure> {
    match command {
        LedgerCommand::Fsck(args) => fsck(args),
        LedgerCommand::Export(args) => copies::export(args),
        LedgerCommand::Restore(args) => restore::restore(args),
        LedgerCommand::Import(args) => restore::import(args),
        LedgerCommand::Succeed(args) => succeed::succeed(args),
        LedgerCommand::Sync(args) => copies::sync(args),
    }
}

fn fsck(args: &FsckArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home)?;
    let folder = home.root().join(LEDGER_FOLDER);
    let report = matricula_ledger::fsck(&folder, args.rebuild).map_err(|error| {
        let (code, remedy) = match &error {
            FsckError::NoLog => (
                "log_missing",
                "if there was a log before, bring it back with `matricula ledger restore` before a node starts: a node makes a new one",
            ),
            FsckError::Running => ("log_unusable", "stop the node that runs on the folder first"),
            FsckError::Disk(_) | FsckError::State(_) => {
                ("log_unusable", "look after the disk, and at who may write the folder; then run the command again")
            }
        };
        Failure::new(code, format_args!("{}: {error}", folder.display())).remedy(remedy)
    })?;
    print!("{report}");
    let lacks_entries = report.findings.iter().any(is_about_entries);
    if lacks_entries {
        println!(
            "Entries are damaged or missing, which nothing here can mend. Move the folder away and bring the log back \
             from a copy or a mirror: `matricula ledger restore --from …`."
        );
    } else if !report.is_sound() && !args.rebuild {
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

/// Whether a finding is about what everything else is made from.
fn is_about_entries(finding: &Finding) -> bool {
    matches!(
        finding,
        Finding::Entries(_)
            | Finding::OtherLog { .. }
            | Finding::MissingEntry { .. }
            | Finding::Refused { .. }
            | Finding::RootMismatch { .. }
            | Finding::Lost { .. }
    )
}
