//! `matricula trust`: what verifiers need to know of an authority.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use matricula_issuer::trust_export::ExportTrust;
use matricula_verdict::{Fingerprint, TRUST_FILE_BYTES_MAX, Trust, TrustFile, TrustFileError, day};

use crate::command::authority::{DeskArgs, OpenDesk};
use crate::failure::Failure;
use crate::files::{self, read_text};
use crate::moment::now;
use crate::values::counted;

/// Half a year: schools and verifiers must work without a network for 180 days.
const VALID_DAYS_DEFAULT: u64 = 180;

/// Ten years: who has not heard of an authority for so long knows nothing of it.
const VALID_DAYS_MAX: u64 = 3_650;

/// Trust files.
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Make the authority's next trust file
    Export(ExportArgs),
    /// Take a trust file in, after comparing its fingerprint; never goes back to an older one
    Import(ImportArgs),
    /// Show what a trust file says
    Show(ShowArgs),
}

/// Arguments of `trust export`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula trust export --home authority --out honduras.trust.json")]
pub struct ExportArgs {
    /// Where to put a copy
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// For how many days a verifier may rely on it alone
    #[arg(long, default_value_t = VALID_DAYS_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=VALID_DAYS_MAX))]
    pub valid_days: u64,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `trust import`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula trust import honduras.trust.json \\\n    --fingerprint '1a2b 3c4d 5e6f 7081 92a3 b4c5 d6e7 f809' --store trust\n  \
    matricula verify records --trust trust\n\n\
    The fingerprint of an authority is needed once. Ask for it by another way than the file came: by telephone, \
    from a gazette."
)]
pub struct ImportArgs {
    /// The trust file
    pub file: PathBuf,
    /// The authority's fingerprint, the first time
    #[arg(long, value_parser = fingerprint)]
    pub fingerprint: Option<Fingerprint>,
    /// The folder of trust files that `matricula verify --trust` is given
    #[arg(long, value_name = "DIR", default_value = "trust")]
    pub store: PathBuf,
}

/// Arguments of `trust show`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula trust show honduras.trust.json")]
pub struct ShowArgs {
    /// The trust file
    pub file: PathBuf,
}

/// Runs the command.
pub fn run(command: &TrustCommand) -> Result<u8, Failure> {
    match command {
        TrustCommand::Export(args) => export(args),
        TrustCommand::Import(args) => import(args),
        TrustCommand::Show(args) => show(args),
    }
}

fn export(args: &ExportArgs) -> Result<u8, Failure> {
    if let Some(out) = &args.out {
        files::check_place(out)?;
    }
    let opened = OpenDesk::open(&args.desk)?;
    let options = ExportTrust { valid_for_s: args.valid_days * 86_400, policy: None, now: now() };
    let exported = opened.desk().export_trust(options)?;
    if let Some(out) = &args.out {
        fs::write(out, &exported.bytes).map_err(|error| Failure::io("write", out, &error))?;
    }
    let path = args.out.as_ref().unwrap_or(&exported.path);
    let done = if exported.created { "Made" } else { "Nothing changed since" };
    println!("{done} trust file number {}: {}.", exported.sequence, path.display());
    println!("Fingerprint of the authority: {}", exported.fingerprint);
    Ok(0)
}

fn import(args: &ImportArgs) -> Result<u8, Failure> {
    let (text, file) = read_one(&args.file)?;
    fs::create_dir_all(&args.store).map_err(|error| Failure::io("make", &args.store, &error))?;
    let kept = args.store.join(format!("{}.trust.json", file.fingerprint().to_string().replace(' ', "")));
    match known(&kept)? {
        Some(older) => file
            .may_replace(&older)
            .map_err(|error| Failure::new("trust_file_refused", error).about(&args.file))?,
        None => check_fingerprint(&file, args.fingerprint)?,
    }
    replace(&kept, text.as_bytes())?;
    println!("Trusting {} ({}), file number {}.", name(&file), file.fingerprint(), file.content().sequence);
    Ok(0)
}

fn known(kept: &Path) -> Result<Option<TrustFile>, Failure> {
    if !kept.exists() {
        return Ok(None);
    }
    read_one(kept).map(|(_, file)| Some(file))
}

fn check_fingerprint(file: &TrustFile, given: Option<Fingerprint>) -> Result<(), Failure> {
    let theirs = file.fingerprint();
    let remedy = "ask the authority for its fingerprint by another way than the file came, and give it with --fingerprint";
    match given {
        Some(given) if given == theirs => Ok(()),
        Some(given) => Err(Failure::new(
            "fingerprint_differs",
            format_args!("the file is of an authority with the fingerprint {theirs}, not {given}"),
        )),
        None => {
            let message =
                format!("{} is not known here yet; its file says the fingerprint is {theirs}", name(file));
            Err(Failure::new("fingerprint_needed", message).remedy(remedy))
        }
    }
}

/// Writes beside, syncs, then renames: a half-written trust file must not take the place of a good one.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let beside = path.with_extension("new");
    let write = || {
        let mut file = fs::File::create(&beside)?;
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|error| Failure::io("write", path, &error))
}

fn show(args: &ShowArgs) -> Result<u8, Failure> {
    let (_, file) = read_one(&args.file)?;
    let content = file.content();
    println!("{}  {}  {}", name(&file), content.authority.country, content.authority.did);
    println!("fingerprint  {}", file.fingerprint());
    println!("log          {}", content.log.origin);
    println!(
        "file         number {}, of {}, good until {}",
        content.sequence,
        day(file.issued()),
        day(file.expires())
    );
    println!("statements   {}", content.statements.len());
    println!("withdrawals  {}", file.registry().negative_events().len());
    for list in &content.status_lists {
        println!(
            "status list  {}, {}",
            list.credential["id"].as_str().unwrap_or_default(),
            counted(list.events.len(), "change")
        );
    }
    Ok(0)
}

/// The trust files behind paths on the command line: files, or folders of them.
pub fn read(paths: &[PathBuf]) -> Result<Trust, Failure> {
    let read = |path: &PathBuf| read_one(path).map(|(_, file)| file);
    let files = files::behind(paths)?.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Trust::new(files).map_err(|error| Failure::new("trust_files_conflict", error))
}

/// A trust file and its text.
fn read_one(path: &Path) -> Result<(String, TrustFile), Failure> {
    let text = read_text(path, TRUST_FILE_BYTES_MAX as u64)?;
    let file = TrustFile::parse(text.as_bytes()).map_err(|error| {
        let remedy = match error {
            TrustFileError::Shape(_) => {
                "look whether it is a trust file: `matricula trust export` makes one, and an authority's server gives it at /trust"
            }
            _ => "get the file again from the authority",
        };
        Failure::new("trust_file_unusable", format_args!("{}: {error}", path.display())).remedy(remedy)
    })?;
    Ok((text, file))
}

fn name(file: &TrustFile) -> &str {
    &file.content().authority.name
}

fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    Fingerprint::parse(text)
        .ok_or_else(|| format!("'{text}' is not a fingerprint: eight groups of four of 0-9 and a-f"))
}
