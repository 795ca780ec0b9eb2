//! The command line as a person types it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::command::{
    authority, batch, demo, import, ledger, offer, school, serve, simulate, status, trust, verify,
};

/// Learner records signed by schools, logged by ministries, verified offline by anybody.
#[derive(Debug, Parser)]
#[command(
    name = "matricula",
    version,
    about,
    max_term_width = 100,
    after_help = "Start here:\n  matricula demo                     the whole line on sample data, in a fresh folder\n  matricula verify FILE --trust TRUST   is this record genuine?\n\n`matricula COMMAND --help` shows each command with examples."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order a record meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the whole line on sample data: accredit, import, approve, issue, claim, present, verify
    Demo(demo::DemoArgs),
    /// Run an authority: its log, the schools it accredits, their status lists
    #[command(subcommand)]
    Authority(authority::AuthorityCommand),
    /// Set up a school and its keys
    #[command(subcommand)]
    School(school::SchoolCommand),
    /// Check a roster before anything is signed
    #[command(subcommand)]
    Import(import::ImportCommand),
    /// Prepare, approve and issue a batch of records
    #[command(subcommand)]
    Batch(batch::BatchCommand),
    /// Revoke a record for good, with a reason and the date from which it counts
    Revoke(status::RevokeArgs),
    /// Suspend a record until it is reinstated
    Suspend(status::SuspendArgs),
    /// End a record's suspension
    Reinstate(status::ReinstateArgs),
    /// Issue a corrected version of a record; the old one becomes superseded
    Correct(status::CorrectArgs),
    /// Put issued records where learners can claim them with a one-time code
    Offer(offer::OfferArgs),
    /// Export, import or show the trust file that verifiers need
    #[command(subcommand)]
    Trust(trust::TrustCommand),
    /// Verify records, credentials and presentations: six questions, one word, no network
    Verify(verify::VerifyArgs),
    /// Look after a log: check every byte of it, rebuild its indexes
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Run the services: log, issuer, wallet and verifier in one process
    Serve(serve::ServeArgs),
    /// Compute what a country's log comes to: entries, traffic, proofs, work, cost
    Simulate(simulate::SimulateArgs),
}

/// Where a command finds the log it submits to.
#[derive(clap::Args, Clone, Debug)]
pub struct LogArgs {
    /// The log: the authority's folder on this machine, or the URL of a running node. Without it: the authority's own folder, or the address on its card
    #[arg(long, value_name = "DIR|URL")]
    pub log: Option<String>,
    /// The passphrase file of the log's keys, when the log is a folder. Without it: as for the command's own key
    #[arg(long, value_name = "FILE")]
    pub log_passphrase_file: Option<PathBuf>,
}
