//! `matricula import`: rosters, before anything is signed.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use matricula_issuer::batch::RosterDigest;
use matricula_issuer::roster::{self, Checked, Roster, RosterFile, RosterKind};

use crate::failure::Failure;
use crate::files::read_bounded;
use crate::moment::{Moment, as_of_or_now};

/// A roster of a whole country's leavers fits; a film does not.
const ROSTER_BYTES_MAX: u64 = 64 << 20;

/// What to do with rosters.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Check files that belong together and list their problems by line
    Check(CheckArgs),
}

/// Arguments of `import check`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    matricula import check leavers.csv\n  \
    matricula import check leavers.csv results.csv scales.csv\n  \
    matricula import check leavers.csv --format csv > problems.csv\n\n\
    Leavers or transfers, their results and the school's own grading scales are told apart by their headers.\n\
    Comma, semicolon or tab; UTF-8 with or without BOM; columns in any order. Exit code 1 when there are errors.")]
pub struct CheckArgs {
    /// The CSV files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to print the problems
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The day that counts as today
    #[arg(long, value_name = "DATE", value_parser = Moment::parse)]
    pub as_of: Option<Moment>,
}

/// Shapes of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line a problem, with what to do about it.
    Text,
    /// `line,column,code`, for a spreadsheet; one file only.
    Csv,
    /// Everything, for a program.
    Json,
}

/// Runs the command.
pub fn run(command: &ImportCommand) -> Result<u8, Failure> {
    let ImportCommand::Check(args) = command;
    let Rosters { checked, .. } = check(&args.files, as_of_or_now(args.as_of))?;
    print!("{}", render(&checked, args.format)?);
    Ok(u8::from(checked.roster().is_none()))
}

/// Rosters that belong together, read once and checked.
pub struct Rosters {
    checked: Checked,
    digest: RosterDigest,
}

impl Rosters {
    /// What they are recognised by.
    pub fn digest(&self) -> RosterDigest {
        self.digest
    }

    /// The roster, in which there are learners; or the lines to correct, on standard error.
    pub fn learners(&self) -> Result<&Roster, Failure> {
        let roster = usable(&self.checked)?;
        let is_learners = |kind| matches!(kind, Some(RosterKind::Leavers | RosterKind::Transfers));
        if self.checked.reports().iter().any(|report| is_learners(report.kind())) {
            return Ok(roster);
        }
        let failure = Failure::new("no_learners", "none of the files lists learners");
        Err(failure.remedy("give the file of leavers or transfers, too"))
    }
}

/// Reads and checks rosters that belong together.
pub fn check(files: &[PathBuf], as_of: Moment) -> Result<Rosters, Failure> {
    let read = files
        .iter()
        .map(|path| read_bounded(path, ROSTER_BYTES_MAX).map(|bytes| (path.display().to_string(), bytes)))
        .collect::<Result<Vec<_>, _>>()?;
    let files: Vec<_> = read.iter().map(|(name, bytes)| RosterFile { name, bytes }).collect();
    let digest = RosterDigest::of_files(files.iter().map(|file| file.bytes));
    Ok(Rosters { checked: roster::check(&files, as_of.date()), digest })
}

fn usable(checked: &Checked) -> Result<&Roster, Failure> {
    checked.roster().ok_or_else(|| {
        checked.reports().iter().for_each(|report| eprint!("{}", roster::render::text(report)));
        let failure =
            Failure::new("roster_has_errors", "nothing was prepared, because the files have errors");
        failure.remedy("correct the lines listed above, and run the command again")
    })
}

fn render(checked: &Checked, format: Format) -> Result<String, Failure> {
    match format {
        Format::Text => Ok(checked.reports().iter().map(roster::render::text).collect()),
        Format::Csv => match checked.reports() {
            [report] => Ok(roster::render::csv(report)),
            _ => Err(Failure::usage("--format csv takes one file at a time; use json for several")),
        },
        Format::Json => roster::render::json(checked.reports())
            .map(|json| json + "\n")
            .map_err(|error| Failure::new("report_unwritable", error)),
    }
}
