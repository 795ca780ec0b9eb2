//! `matricula verify`: six questions, one word.

use std::path::PathBuf;

use clap::Args;
use indicatif::ProgressBar;
use matricula_verdict::{Options, STATUS_AGE_MAX_SECONDS_DEFAULT, Trust};
use matricula_verifier::{Checked, InputError, Sources, Summary, check_all};

use crate::command::trust;
use crate::failure::Failure;
use crate::moment::{Moment, as_of_or_now};

/// Fewer documents than this are done before a bar could be read.
const BAR_MIN: usize = 20;

/// Arguments of `verify`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    matricula verify diploma.json --trust honduras.trust.json\n  \
    matricula verify applications --trust trust --csv > verdicts.csv\n  \
    matricula verify presentation.json --trust trust \\\n    --challenge 7Hk2 --domain employer.example\n\n\
    Exit codes: 0 verified (with or without warnings), 3 refused, 4 unknown issuer, 5 could not check;\n\
    of several files the worst, in that order. 2 wrong usage, 1 anything else. Without --online no network is used.")]
pub struct VerifyArgs {
    /// Records, credentials, presentations; folders of them; - for standard input
    #[arg(required = true, value_name = "FILE|DIR|-")]
    pub paths: Vec<PathBuf>,
    /// Trust files of the authorities you trust, or folders of them
    #[arg(long, value_name = "FILE|DIR", required = true)]
    pub trust: Vec<PathBuf>,
    /// The moment to judge for
    #[arg(long, value_name = "DATE", value_parser = Moment::parse)]
    pub as_of: Option<Moment>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print one line a credential, for a spreadsheet
    #[arg(long)]
    pub csv: bool,
    /// The challenge that a presentation must answer
    #[arg(long)]
    pub challenge: Option<String>,
    /// The domain that a presentation must be made for
    #[arg(long)]
    pub domain: Option<String>,
    /// The oldest status list to rely on, in days
    #[arg(long, default_value_t = STATUS_AGE_MAX_SECONDS_DEFAULT / 86_400)]
    pub status_age_days: u64,
    /// Ask the authorities' servers for newer trust files first
    #[arg(long)]
    pub online: bool,
}

/// Runs the command.
pub fn run(args: &VerifyArgs) -> Result<u8, Failure> {
    let trust = trust::read(&args.trust)?;
    let trust = if args.online { crate::online::refreshed(trust)? } else { trust };
    let options = Options {
        as_of: as_of_or_now(args.as_of).seconds(),
        challenge: args.challenge.clone(),
        domain: args.domain.clone(),
        status_age_max_seconds: args.status_age_days.saturating_mul(86_400),
    };
    let checked = check(&args.paths, &trust, &options)?;
    print!("{}", render(args, &checked)?);
    Ok(Summary::of(&checked).exit_code())
}

/// Verifies everything behind the paths, on all cores.
pub fn check(paths: &[PathBuf], trust: &Trust, options: &Options) -> Result<Vec<Checked>, Failure> {
    let mut documents = Vec::new();
    for path in paths {
        let found = Sources::find(path).map_err(|error| unusable(&error))?;
        documents.extend(found.documents);
    }
    let bar = if documents.len() < BAR_MIN {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(documents.len() as u64)
    };
    let checked = check_all(&documents, trust, options, &|| bar.inc(1));
    bar.finish_and_clear();
    Ok(checked)
}

fn unusable(error: &InputError) -> Failure {
    let (code, remedy) = match error {
        InputError::NotFound { .. } => {
            ("file_unusable", "check the spelling, and the folder that you are in")
        }
        InputError::Unreadable { .. } => ("file_unusable", "ask the owner for the right to read it"),
        InputError::NotAFile { .. } => ("file_unusable", "name a file or a folder; - reads standard input"),
        InputError::TooLarge { .. } => (error.code(), "look whether it is the right file"),
        InputError::FolderTooLarge { .. } => (error.code(), "verify a part of it at a time"),
        InputError::FolderEmpty { .. } => (error.code(), "name another folder, or the files themselves"),
    };
    Failure::new(code, error).remedy(remedy)
}

fn render(args: &VerifyArgs, checked: &[Checked]) -> Result<String, Failure> {
    let unwritable = |error: &dyn std::fmt::Display| Failure::new("report_unwritable", error);
    if args.json {
        return matricula_verifier::json(checked).map(|json| json + "\n").map_err(|error| unwritable(&error));
    }
    if args.csv {
        return matricula_verifier::csv(checked).map_err(|error| unwritable(&error));
    }
    Ok(matricula_verifier::text(checked, terminal_columns()))
}

fn terminal_columns() -> usize {
    console::Term::stdout().size_checked().map_or(100, |(_, columns)| usize::from(columns))
}
