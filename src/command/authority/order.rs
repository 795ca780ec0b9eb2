//! `matricula authority order`: what the authority itself decides about a record, whoever issued it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use matricula_issuer::RecordStatus;
use matricula_issuer::status::{StatusAction, StatusReason};
use matricula_tlog::UnixSeconds;
use matricula_verifier::DOCUMENT_BYTES_MAX;

use super::{DeskArgs, OpenDesk};
use crate::command::status::REASONS;
use crate::failure::Failure;
use crate::files::read_bounded;
use crate::moment::now;
use crate::values;

/// What is to happen to a record.
#[derive(Debug, Subcommand)]
pub enum OrderCommand {
    /// Revoke a record for good
    Revoke(OrderArgs),
    /// Suspend a record until it is reinstated
    Suspend(OrderArgs),
    /// End a record's suspension
    Reinstate(OrderArgs),
}

/// Arguments of all three.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula authority order suspend \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2009-10004.json \\\n    \
    --reason court-order\n  \
    matricula authority order reinstate \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2009-10004.json \\\n    \
    --reason court-order\n  \
    matricula authority order revoke \\\n    school/batches/diploma-2026-11-21-7e87a0b9/records/0801-2009-10004.json \\\n    \
    --reason court-order --effective 2026-11-21\n\n\
    For a court's decision, and for schools that are no more; a school asks itself with `matricula revoke`. \
    `matricula authority publish` carries it out."
)]
pub struct OrderArgs {
    /// The record's file
    pub record: PathBuf,
    /// Why
    #[arg(long, value_parser = values::one_of(REASONS))]
    pub reason: StatusReason,
    /// From when it counts, not before the record was awarded; without it, from now
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub effective: Option<UnixSeconds>,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Runs the command.
pub fn run(command: &OrderCommand) -> Result<u8, Failure> {
    let (action, args) = match command {
        OrderCommand::Revoke(args) => (StatusAction::Revoke, args),
        OrderCommand::Suspend(args) => (StatusAction::Suspend, args),
        OrderCommand::Reinstate(args) => (StatusAction::Reinstate, args),
    };
    let record = read_bounded(&args.record, DOCUMENT_BYTES_MAX as u64)?;
    let opened = OpenDesk::open(&args.desk)?;
    let view = opened.desk().registry()?;
    let record = RecordStatus::parse_signed(&record, view.registry())
        .map_err(|error| Failure::from(error).about(&args.record))?;
    let now = now();
    let effective = args.effective.unwrap_or(now);
    let received = opened.desk().order_status(&record, action, args.reason, effective, now)?;
    println!("{} the order {}.", if received.new { "Signed" } else { "Signed already:" }, received.id);
    println!("Next: matricula authority publish --home {}", args.desk.home.display());
    Ok(0)
}
