//! `matricula batch`: prepare, approve, issue.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use matricula_credential::proof::Cryptosuite;
use matricula_issuer::batch::{self, BatchId, BatchKind, PrepareBatch, RosterDigest, Timing};
use matricula_issuer::keyring::{KeyPurpose, Passphrase, SecretKey};
use matricula_issuer::progress::{Progress, Step};
use matricula_issuer::roster;
use matricula_issuer::school::SchoolHome;
use matricula_verdict::day;

use crate::arguments::LogArgs;
use crate::command::import;
use crate::failure::Failure;
use crate::files::read_bounded;
use crate::log;
use crate::moment::{Moment, as_of_or_now, now};
use crate::passphrase::PassphraseArgs;
use crate::values::counted;

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

/// The school's folder.
#[derive(Args, Clone, Debug)]
pub struct HomeArgs {
    /// The school's folder
    #[arg(long, value_name = "DIR", default_value = "school")]
    pub home: PathBuf,
}

/// Kinds of batches on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Diplomas: one Open Badge a leaver.
    Diploma,
    /// Transcripts: one CLR a leaver with results.
    Transcript,
    /// Completions of primary school: one Open Badge a leaver.
    Completion,
    /// Records of learners who leave for another school: one Open Badge each.
    Transfer,
}

impl From<Kind> for BatchKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Diploma => Self::Diploma,
            Kind::Transcript => Self::Transcript,
            Kind::Completion => Self::Completion,
            Kind::Transfer => Self::Transfer,
        }
    }
}

/// Arguments of `batch prepare`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula batch prepare --home lempira --kind transcript leavers.csv results.csv\n\n\
    The files are checked as `matricula import check` does; with errors nothing is prepared. The same roster again \
    gives the batch that is there."
)]
pub struct PrepareArgs {
    /// The roster of learners, and further files: results, grading scales
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What to issue
    #[arg(long, value_enum)]
    pub kind: Kind,
    /// Only learners of this ISCED 2011 level: a batch has one
    #[arg(long)]
    pub level: Option<u8>,
    /// Issue a roster again that has been issued before
    #[arg(long)]
    pub again: bool,
    /// Sign the JSON form (eddsa-jcs-2022), not what it means (eddsa-rdfc-2022)
    #[arg(long)]
    pub jcs: bool,
    /// The day that counts as today when the roster is checked
    #[arg(long, value_name = "DATE", value_parser = Moment::parse)]
    pub as_of: Option<Moment>,
    #[command(flatten)]
    pub home: HomeArgs,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `batch approve`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula batch show diploma-2026-11-21-7e87a0b9 --home lempira    compare with the register\n  \
    matricula batch approve diploma-2026-11-21-7e87a0b9 --home lempira --passphrase-file director.passphrase\n\n\
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
#[command(
    after_help = "Example:\n  matricula batch issue diploma-2026-11-21-7e87a0b9 --home lempira --log https://educacion.example/log\n\n\
    Stopped half-way, the same command goes on where it was; it never issues twice."
)]
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
    let checked = import::check(&args.files, as_of_or_now(args.as_of))?;
    let roster = import::usable(&checked)?;
    let key = issue_key(&home, &args.passphrase)?;
    let order = PrepareBatch {
        kind: args.kind.into(),
        roster,
        roster_digest: RosterDigest::of(&learners_file(&args.files, &checked)?),
        isced_level: args.level,
        key: &key,
        cryptosuite: if args.jcs { Cryptosuite::EddsaJcs2022 } else { Cryptosuite::EddsaRdfc2022 },
        again: args.again,
        now: now(),
    };
    let bar = Bar::new();
    let prepared = batch::prepare(&home, &order, &mut |progress| bar.show(progress))?;
    bar.finish();
    let done = if prepared.created { "Prepared" } else { "Already there:" };
    println!("{done} batch {} with {}.", prepared.id, counted(prepared.record_count, "record"));
    println!(
        "Next, by another person: matricula batch approve {} --home {}",
        prepared.id,
        args.home.home.display()
    );
    Ok(0)
}

/// Unlocks the key that issues the school's records.
pub fn issue_key(home: &SchoolHome, passphrase: &PassphraseArgs) -> Result<SecretKey, Failure> {
    let passphrase = Passphrase::new(passphrase.read("the issue key")?);
    Ok(home.unlock(KeyPurpose::Issue, None, &passphrase)?)
}

/// The file that tells one batch from another: that of the learners.
pub fn learners_file(files: &[PathBuf], checked: &roster::Checked) -> Result<Vec<u8>, Failure> {
    let is_learners =
        |kind| matches!(kind, Some(roster::RosterKind::Leavers | roster::RosterKind::Transfers));
    let position = checked.reports().iter().position(|report| is_learners(report.kind()));
    let path: &Path = position.and_then(|position| files.get(position)).ok_or_else(|| {
        Failure::new("no_learners", "none of the files lists learners: give the leavers or transfers, too")
    })?;
    read_bounded(path, import::ROSTER_BYTES_MAX)
}

fn approve(args: &StepArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home.home)?;
    let key =
        home.unlock(KeyPurpose::Approve, None, &Passphrase::new(args.passphrase.read("the approve key")?))?;
    let bar = Bar::new();
    let approved = batch::approve(&home, &args.batch, &key, now(), &mut |progress| bar.show(progress))?;
    bar.finish();
    let done = if approved.created { "Approved" } else { "Was approved already:" };
    println!("{done} batch {} with {}.", approved.id, counted(approved.record_count, "record"));
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
        batch::issue(&home, &step.batch, &key, log.as_ref(), now(), &mut |progress| bar.show(progress))?;
    bar.finish();
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
    let preview = batch::preview(&SchoolHome::open(&args.home.home)?, &args.batch)?;
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
        "{total:.1} s: canonicalising {} %, signing {} %, logging {} %, writing {} %.",
        share(timing.canonicalising),
        share(timing.signing),
        share(timing.logging),
        share(timing.writing)
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
