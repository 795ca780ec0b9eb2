//! The command line as a person types it.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::command::{
    authority, batch, demo, import, ledger, node, offer, school, serve, simulate, status, trust, verify,
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
    /// Other authorities' nodes: who cosigns this log, whose logs this node follows, evidence
    #[command(subcommand)]
    Node(node::NodeCommand),
    /// Run the services: log, issuer, wallet and verifier in one process
    Serve(serve::ServeArgs),
    /// Compute what a country's log comes to: entries, traffic, proofs, work, cost
    Simulate(simulate::SimulateArgs),
}

/// Where a command finds the log it submits to.
#[derive(clap::Args, Clone, Debug)]
pub struct LogArgs {
    /// The log: the authority's folder on this machine, the URL of a running node, or a stick from `matricula ledger export`. Without it: the authority's own folder, or the address on its card
    #[arg(long, value_name = "DIR|URL")]
    pub log: Option<String>,
    /// The passphrase file of the log's keys, when the log is a folder. Without it: as for the command's own key
    #[arg(long, value_name = "FILE")]
    pub log_passphrase_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// A usual terminal. The help is wrapped at its width, and a command in two pieces cannot be pasted.
    const SCREEN_COLUMNS: usize = 80;

    /// The commands under `Example:` or `Examples:` in a help text, each on one line.
    fn examples(help: &str) -> Vec<String> {
        let lines = help.lines().skip_while(|line| !line.starts_with("Example"));
        let shown: Vec<&str> = lines.skip(1).take_while(|line| !line.is_empty()).collect();
        let joined = shown.join("\n").split("\\\n").map(str::trim).collect::<Vec<_>>().join(" ");
        joined.lines().flat_map(|line| line.split(" && ")).map(|line| line.trim().to_owned()).collect()
    }

    /// The words of a line as a shell reads them; what stands after a wide gap is a remark.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (position, part) in line.split('\'').enumerate() {
            if position % 2 == 1 {
                words.push(part.to_owned());
                continue;
            }
            let plain = part.split("    ").next().unwrap_or_default();
            words.extend(plain.split_whitespace().map(str::to_owned));
        }
        words
    }

    fn check(command: &clap::Command, path: &str, tried: &mut usize) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for line in
            help.lines().skip_while(|line| !line.starts_with("Example")).take_while(|line| !line.is_empty())
        {
            assert!(line.chars().count() <= SCREEN_COLUMNS, "{path}: it would be broken in two: {line}");
        }
        for example in examples(&help) {
            let parsed = Arguments::try_parse_from(words(&example));
            assert!(parsed.is_ok(), "{path}: {example}\n{}", parsed.unwrap_err());
            *tried += 1;
        }
        for sub in command.get_subcommands() {
            check(sub, &format!("{path} {}", sub.get_name()), tried);
        }
    }

    #[test]
    fn every_example_of_every_help_text_is_a_command_that_can_be_typed() {
        let mut tried = 0;
        check(&Arguments::command(), "matricula", &mut tried);
        assert!(tried >= 30, "{tried} examples");
    }

    #[test]
    fn a_wrong_example_would_be_found() {
        let line = examples("Example:\n  matricula school key --role \\\n    approver\n\nMore.");
        assert_eq!(line, ["matricula school key --role approver"]);
        assert!(Arguments::try_parse_from(words(&line[0])).is_err());
    }
}
