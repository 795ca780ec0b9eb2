//! `matricula school`: set one up, make its keys, apply for accreditation.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use matricula_issuer::authority::AuthorityCard;
use matricula_issuer::keyring::{KeyName, KeyPurpose, Passphrase, WorkFactor};
use matricula_issuer::school::{self, InitSchool, SchoolHome, SchoolProfile};
use matricula_registry::{InstitutionId, Text};

use crate::failure::Failure;
use crate::files::read_text;
use crate::moment::now;
use crate::passphrase::PassphraseArgs;
use crate::values::{self, counted};

/// A card has under a kilobyte, an allotment up to 64 KiB of digits.
const FILE_BYTES_MAX: u64 = 256 << 10;

/// What a school does to get ready.
#[derive(Debug, Subcommand)]
pub enum SchoolCommand {
    /// Set a school up, with the key that issues its records
    Init(InitArgs),
    /// Make a further key: of the person who approves, or of the server that binds records to holders
    Key(KeyArgs),
    /// Write the application that the authority needs to accredit the school and its keys
    Apply(ApplyArgs),
    /// Take in the places in the status list that the authority allotted
    Allotment(AllotmentArgs),
}

/// Arguments of `school init`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula school init --name 'Instituto Lempira' \\\n    --did did:web:educacion.example:schools:lempira \\\n    \
    --authority authority/card.toml"
)]
pub struct InitArgs {
    /// The folder to make
    #[arg(long, value_name = "DIR", default_value = "school")]
    pub home: PathBuf,
    /// The school's name, as it stands on its diplomas
    #[arg(long, value_parser = values::text)]
    pub name: Text,
    /// The school's identifier, a did:web; the authority hosts it for schools without a domain
    #[arg(long, value_parser = values::institution)]
    pub did: InstitutionId,
    /// The authority's card
    #[arg(long, value_name = "FILE")]
    pub authority: PathBuf,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `school key`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula school key --role approve\n  matricula school key --role approve --name approve-2\n\n\
    The director's key belongs to another person than the secretary's: give it another passphrase."
)]
pub struct KeyArgs {
    /// The school's folder
    #[arg(long, value_name = "DIR", default_value = "school")]
    pub home: PathBuf,
    /// What the key is for
    #[arg(long, value_parser = values::one_of(ROLES))]
    pub role: KeyPurpose,
    /// A name for it, where there are several of one role
    #[arg(long, value_parser = values::key_name)]
    pub name: Option<KeyName>,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// What a school's key is for.
const ROLES: &[(&str, KeyPurpose, &str)] = &[
    ("issue", KeyPurpose::Issue, "Prepares and issues records"),
    ("approve", KeyPurpose::Approve, "Approves what was prepared"),
    ("bind", KeyPurpose::Bind, "Binds claimed records to the keys of their holders"),
];

/// Arguments of `school apply`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  matricula school apply --role issue --out secretary.json\n  \
    matricula school apply --role approve --out director.json\n\n\
    Each person makes the application for the own key: it shows that they hold it.")]
pub struct ApplyArgs {
    /// The school's folder
    #[arg(long, value_name = "DIR", default_value = "school")]
    pub home: PathBuf,
    /// The key to apply for
    #[arg(long, value_parser = values::one_of(ROLES))]
    pub role: KeyPurpose,
    /// Its name, where there are several of one role
    #[arg(long, value_parser = values::key_name)]
    pub name: Option<KeyName>,
    /// Where to write the application
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// Arguments of `school allotment`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula school allotment places.json --log authority\n\n\
    Without --log it asks the log at the authority's address.")]
pub struct AllotmentArgs {
    /// The file of `matricula authority allot`
    pub file: PathBuf,
    /// The school's folder
    #[arg(long, value_name = "DIR", default_value = "school")]
    pub home: PathBuf,
    #[command(flatten)]
    pub log: crate::arguments::LogArgs,
}

/// Runs the command.
pub fn run(command: &SchoolCommand) -> Result<u8, Failure> {
    match command {
        SchoolCommand::Init(args) => init(args),
        SchoolCommand::Key(args) => key(args),
        SchoolCommand::Apply(args) => apply(args),
        SchoolCommand::Allotment(args) => allotment(args),
    }
}

fn init(args: &InitArgs) -> Result<u8, Failure> {
    let authority = read_card(&args.authority)?;
    let passphrase = Passphrase::new(args.passphrase.choose("the school's issue key")?);
    let options = InitSchool {
        profile: SchoolProfile {
            did: args.did.clone(),
            name: args.name.clone(),
            country: authority.profile.country.clone(),
        },
        authority,
        passphrase: &passphrase,
        work_factor: WorkFactor::DEFAULT,
    };
    let founded = school::init(&args.home, &options)?;
    let done = if founded.created { "Set up" } else { "Already there:" };
    println!("{done} {} in {}.", args.name, args.home.display());
    println!(
        "Next: `matricula school key --role approve` for the director, then `matricula school apply` for each key."
    );
    Ok(0)
}

/// Reads an authority's card.
pub fn read_card(path: &Path) -> Result<AuthorityCard, Failure> {
    let card = read_text(path, FILE_BYTES_MAX)?;
    AuthorityCard::parse(&card).map_err(|error| Failure::from(error).about(path))
}

fn key(args: &KeyArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home)?;
    let purpose = args.role;
    let passphrase = Passphrase::new(args.passphrase.choose(&format!("the {} key", purpose.as_str()))?);
    let added = home.add_key(purpose, args.name.as_ref(), &passphrase, WorkFactor::DEFAULT)?;
    println!("{} the {} key.", if added.created { "Made" } else { "Already there:" }, purpose.as_str());
    Ok(0)
}

fn apply(args: &ApplyArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home)?;
    let purpose = args.role;
    let passphrase = Passphrase::new(args.passphrase.read(&format!("the {} key", purpose.as_str()))?);
    let key = home.unlock(purpose, args.name.as_ref(), &passphrase)?;
    let application = home.application(&[&key], now())?;
    fs::write(&args.out, application).map_err(|error| Failure::io("write", &args.out, &error))?;
    println!("Give {} to the authority.", args.out.display());
    Ok(0)
}

fn allotment(args: &AllotmentArgs) -> Result<u8, Failure> {
    let home = SchoolHome::open(&args.home)?;
    let file = read_text(&args.file, FILE_BYTES_MAX)?;
    let log = crate::log::open(&args.log, &crate::log::address_of(home.authority()))?;
    home.refresh_evidence(log.as_ref())?;
    let imported =
        home.import_allotment(file.as_bytes()).map_err(|error| Failure::from(error).about(&args.file))?;
    let known = if imported.new { "" } else { " (known already)" };
    println!(
        "{} in the status list{known}; left to use: {}.",
        counted(imported.indexes, "place"),
        home.status_indexes_left()?
    );
    Ok(0)
}
