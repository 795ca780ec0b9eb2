//! `matricula batch`: prepare, approve, issue.

mod arguments;
mod refusal;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use matricula_credential::proof::Cryptosuite;
use matricula_issuer::batch::{self, BatchId, PrepareBatch, Timing};
use matricula_issuer::keyring::{KeyPurpose, Passphrase, SecretKey};
use matricula_issuer::progress::{Progress, Step};
use matricula_issuer::school::SchoolHome;
use matricula_verdict::day;

use crate::command::import;
use crate::failure::Failure;
use crate::log;
use crate::moment::{as_of_or_now, now};
use crate::passphrase::PassphraseArgs;
use crate::values::counted;

pub use arguments::{HomeArgs, IssueArgs, ListArgs, PrepareArgs, ShowArgs, StepArgs};
pub use refusal::Refused;

/// A school that has not read the log for so long is told so: rulings are read out in weeks, not in years.
const EVIDENCE_OLD_AFTER_SECONDS: u64 = 30 * 86_400;

/// The three steps, by two people.
#[derive(Debug, Subcommand)]
pub enum BatchCommand {
    /// Prepare a batch from checked rosters (the secretary)
    Prepare(PrepareArgs),
    /// Approve a prepared batch with a second key (the director)
    Approve(StepArgs),
    /// Log an approved batch and write one portable record a learner (the secretary)
    Issue(IssueArgs),
    /// Show what a batch consists of, to compare with the register before approving
    Show(ShowArgs),
    /// List all batches and how far they are
    List(ListArgs),
    /// Throw a batch away that is not logged; its roster can be prepared again
    Discard(ShowArgs),
}

/// Runs the command.
pub fn run(command: &BatchCommand) -> Result<u8, Failure> {
    match command {
        BatchCommand::Prepare(args) => prepare(args),
        BatchCommand::Approve(args) => approve(args),
        BatchCommand::Issue(args) => issue(args),
        BatchCommand::Show(args) => show(args),
        BatchCommand::List(args) => list(&args.home),
        BatchCommand::Discard(args) => discard(args),
    }
}

fn prepare(args: &PrepareArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let rosters = import::check(&args.files, as_of_or_now(args.as_of))?;
    let roster = rosters.learners()?;
    let key = issue_key(&home, &args.passphrase)?;
    if args.log.log.is_some() {
        home.refresh_evidence(log::open(&args.log, &log::address_of(home.authority()))?.as_ref())?;
    }
    warn_of_old_evidence(&home);
    let order = PrepareBatch {
        kind: args.kind,
        roster,
        roster_digest: rosters.digest(),
        isced_level: args.level,
        key: &key,
        cryptosuite: if args.jcs { Cryptosuite::EddsaJcs2022 } else { Cryptosuite::EddsaRdfc2022 },
        on_behalf_of: args.on_behalf_of.as_ref(),
        again: args.again,
        now: now(),
    };
    let bar = Bar::new();
    let prepared = batch::prepare(&home, &order, &mut |progress| bar.show(progress));
    bar.finish();
    let prepared = prepared.map_err(|error| Refused { home: &home, files: &args.files }.explain(error))?;
    let done = if prepared.created { "Prepared" } else { "Already there:" };
    println!("{done} batch {} with {}.", prepared.id, counted(prepared.record_count, "record"));
    println!(
        "Next, by another person: matricula batch approve {} --home {}",
        prepared.id,
        args.home.home.display()
    );
    Ok(0)
}

/// Whether the school may issue is judged by the log as it was last read.
fn warn_of_old_evidence(home: &SchoolHome) {
    let Some(read_at) = home.evidence_read_at() else { return };
    if now().get().saturating_sub(read_at.get()) > EVIDENCE_OLD_AFTER_SECONDS {
        eprintln!(
            "warning[evidence_old]: this school has not read the log since {}: later rulings are not known here\n  \
             what to do: give --log with the authority's folder or the URL of its log, if there is a line",
            day(read_at)
        );
    }
}

/// Unlocks the key that issues the school's records.
pub fn issue_key(home: &SchoolHome, passphrase: &PassphraseArgs) -> Result<SecretKey, Failure> {
    let passphrase = Passphrase::new(passphrase.read("the issue key")?);
    Ok(home.unlock(KeyPurpose::Issue, None, &passphrase)?)
}

fn approve(args: &StepArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let key =
        home.unlock(KeyPurpose::Approve, None, &Passphrase::new(args.passphrase.read("the approve key")?))?;
    let bar = Bar::new();
    let approved = batch::approve(&home, &args.batch, &key, now(), &mut |progress| bar.show(progress));
    bar.finish();
    let approved = approved?;
    let done = if approved.created { "Approved" } else { "Was approved already:" };
    println!("{done} batch {} with {}.", approved.id, counted(approved.record_count, "record"));
    if let Some(institution) = &approved.on_behalf_of {
        println!("Its records are issued on behalf of {institution}.");
    }
    if approved.created {
        println!("{}", shares(&approved.timing));
    }
    println!("Next: matricula batch issue {} --home {}", approved.id, args.home.home.display());
    Ok(0)
}

fn issue(args: &IssueArgs) -> Result<u8, Failure> {
    let step = &args.step;
    let home = SchoolHome::open(&step.home.home)?;
    let key = issue_key(&home, &step.passphrase)?;
    let log = log::open(&args.log, &log::address_of(home.authority()))?;
    home.refresh_evidence(log.as_ref())?;
    let bar = Bar::new();
    let issued =
        batch::issue(&home, &step.batch, &key, log.as_ref(), now(), &mut |progress| bar.show(progress));
    bar.finish();
    let issued = issued?;
    let done = if issued.created { "Issued" } else { "Was issued already:" };
    let records = counted(issued.records.len(), "record");
    println!("{done} batch {}: {records}, logged at {}.", issued.id, issued.index);
    if let Some(first) = issued.records.first().and_then(|record| record.path.parent()) {
        println!("The records are in {}.", first.display());
    }
    if issued.created {
        println!("{}", shares(&issued.timing));
    }
    Ok(0)
}

fn show(args: &ShowArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let bar = Bar::new();
    let preview = batch::preview(&home, &args.batch, &mut |progress| bar.show(progress));
    bar.finish();
    let preview = preview?;
    if let Some(institution) = &preview.on_behalf_of {
        println!("On behalf of {institution}");
    }
    for row in &preview.rows {
        let or_blank = |text: &Option<String>| text.clone().unwrap_or_default();
        let (name, born, title) = (or_blank(&row.name), or_blank(&row.date_of_birth), or_blank(&row.title));
        println!("{:20}  {name}  {born}  {title}", row.learner_no);
    }
    Ok(0)
}

fn discard(args: &ShowArgs) -> Result<u8, Failure> {
    batch::discard(&SchoolHome::open(&args.home.home)?, &args.batch)?;
    println!("Threw batch {} away.", args.batch);
    Ok(0)
}

fn list(args: &HomeArgs) -> Result<u8, Failure> {
    for info in batch::list_batches(&SchoolHome::open(&args.home)?)? {
        let place = info.index.map_or_else(String::new, |index| format!(", logged at {index}"));
        println!(
            "{}  {}  {}  {}  of {}{place}",
            info.id,
            info.kind,
            counted(info.record_count, "record"),
            info.state.as_str(),
            day(info.prepared)
        );
    }
    Ok(0)
}

/// Where the time of a batch went, in one line.
pub fn shares(timing: &Timing) -> String {
    let total = timing.total().as_secs_f64().max(f64::MIN_POSITIVE);
    let share = |part: std::time::Duration| (part.as_secs_f64() / total * 100.0).round();
    format!(
        "{total:.1} s: canonicalising {} %, signing {} %, logging {} %, writing {} %, other {} %.",
        share(timing.canonicalising),
        share(timing.signing),
        share(timing.logging),
        share(timing.writing),
        share(timing.other)
    )
}

/// A progress bar that follows the steps of a batch.
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar at nothing; it shows only on a terminal.
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg:14} [{bar:40}] {pos}/{len}  {eta} left") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar)
    }

    /// Shows how far the work is.
    pub fn show(&self, progress: Progress) {
        self.0.set_message(match progress.step {
            Step::Building => "building",
            Step::Canonicalising => "canonicalising",
            Step::Signing => "signing",
            Step::Checking => "checking",
            Step::Logging => "logging",
            Step::Writing => "writing",
        });
        self.0.set_length(progress.total as u64);
        self.0.set_position(progress.done as u64);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// Reads a batch's name.
pub fn batch_id(text: &str) -> Result<BatchId, String> {
    BatchId::parse(text)
        .ok_or_else(|| format!("'{text}' is not the name of a batch; `matricula batch list` shows them"))
}
