//! The arguments of `matricula authority`.

use std::path::PathBuf;

use clap::Args;
use matricula_credential::did::parse_multikey;
use matricula_issuer::authority::BaseUrl;
use matricula_issuer::keyring::KeyName;
use matricula_registry::{Country, InstitutionId, LogOrigin, PublicKey, Text};
use matricula_tlog::UnixSeconds;

use crate::arguments::LogArgs;
use crate::moment::Moment;
use crate::passphrase::PassphraseArgs;
use crate::values::{self, RulingArgs, ScopeArgs};

/// The authority's folder, its key and its log.
#[derive(Args, Debug)]
pub struct DeskArgs {
    /// The authority's folder
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
    /// Which of the authority's keys signs, where it has made several: its name. Without it, the first one
    #[arg(long, value_name = "NAME", value_parser = values::key_name)]
    pub key: Option<KeyName>,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    #[command(flatten)]
    pub log: LogArgs,
}

/// Arguments of `authority init`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority init --name 'Secretaría de Educación' --country HN \\\n    --did did:web:educacion.example \\\n    \
    --origin log.educacion.example/1 --url https://educacion.example"
)]
pub struct InitArgs {
    /// The folder to make
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
    /// The authority's name
    #[arg(long, value_parser = values::text)]
    pub name: Text,
    /// ISO 3166-1 alpha-2 code of the country
    #[arg(long, value_parser = country)]
    pub country: Country,
    /// The authority's identifier, a did:web
    #[arg(long, value_parser = values::institution)]
    pub did: InstitutionId,
    /// The log's name, for ever: a host name and a path, without https://
    #[arg(long, value_parser = origin)]
    pub origin: LogOrigin,
    /// Where its services are reached
    #[arg(long, value_name = "URL", value_parser = base_url)]
    pub url: BaseUrl,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
    /// The passphrase file of the log's keys, which a server needs at every start. Without it: the same passphrase
    #[arg(long, value_name = "FILE")]
    pub log_passphrase_file: Option<PathBuf>,
}

/// Arguments of `authority accredit`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority accredit secretary.json --kinds diploma,transcript \\\n    --levels 3 --from 2015-02-01 \\\n    --decree-title 'Acuerdo 1234-SE-2015' --decree acuerdo.pdf\n\n\
    Run again with further keys of the same school, it adds the keys."
)]
pub struct AccreditArgs {
    /// The school's application: `matricula school apply` makes it
    pub application: PathBuf,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub ruling: RulingArgs,
    /// Why, in words
    #[arg(long, value_parser = values::text)]
    pub reason: Option<Text>,
    /// Replace what the school is accredited for now: from then on only what is named here counts
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority suspend` and `authority revoke`.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  matricula authority suspend did:web:educacion.example:schools:lempira \\\n    --from 2026-11-01 --reason 'premises unsafe' \\\n    --decree-title 'Acuerdo 76-2026' --decree acuerdo.pdf\n  \
    matricula authority revoke did:web:educacion.example:schools:lempira \\\n    --from 2026-11-15 --reason 'premises closed' \\\n    --decree-title 'Acuerdo 77-2026' --decree acuerdo.pdf\n\n\
    `authority restore` ends either. What was logged before stays good."
)]
pub struct WithdrawArgs {
    /// The school's identifier
    #[arg(value_parser = values::institution)]
    pub institution: InstitutionId,
    /// Why, in words: it goes into the public log
    #[arg(long, value_parser = values::text)]
    pub reason: Text,
    #[command(flatten)]
    pub ruling: RulingArgs,
    /// Who signs for its learners meanwhile
    #[arg(long, value_name = "DID", value_parser = values::institution)]
    pub custodian: Option<InstitutionId>,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority restore`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority restore did:web:educacion.example:schools:lempira \\\n    --from 2026-11-20 --decree-title 'Sentencia 12-2026' --decree acuerdo.pdf"
)]
pub struct RestoreArgs {
    /// The school's identifier
    #[arg(value_parser = values::institution)]
    pub institution: InstitutionId,
    /// Why, in words
    #[arg(long, value_parser = values::text)]
    pub reason: Option<Text>,
    #[command(flatten)]
    pub ruling: RulingArgs,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority compromise`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority compromise \\\n    z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi --since 2026-11-01\n\n\
    `authority list` shows the keys of all schools. What was logged before that day stays good; everything else the key \
    signed is refused. A key of the authority itself is ended with `authority amend end-key`."
)]
pub struct CompromiseArgs {
    /// The key, as `authority list` shows it: z6Mk…
    #[arg(value_name = "KEY", value_parser = key)]
    pub compromised: PublicKey,
    /// The first day on which it may have been in other hands
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub since: UnixSeconds,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority succeed`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority succeed did:web:educacion.example:schools:lempira \\\n    --from 2027-02-01 --successor did:web:educacion.example:schools:gracias \\\n    --decree-title 'Acuerdo 3-2027' --decree acuerdo.pdf\n\n\
    The school that takes over must be accredited by the same authority already."
)]
pub struct SucceedArgs {
    /// The school that closes
    #[arg(value_parser = values::institution)]
    pub institution: InstitutionId,
    /// Who takes over
    #[arg(long, value_name = "DID", value_parser = values::institution)]
    pub successor: InstitutionId,
    /// Who else may sign for its learners
    #[arg(long, value_name = "DID", value_parser = values::institution)]
    pub custodian: Option<InstitutionId>,
    /// The first day on which they may no longer sign for it
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub until: Option<UnixSeconds>,
    /// Why, in words
    #[arg(long, value_parser = values::text)]
    pub reason: Option<Text>,
    #[command(flatten)]
    pub ruling: RulingArgs,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority list`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula authority list --as-of 2026-11-20")]
pub struct ListArgs {
    /// The authority's folder
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
    #[command(flatten)]
    pub log: LogArgs,
    /// The day to show the standing of
    #[arg(long, value_name = "DATE", value_parser = Moment::parse)]
    pub as_of: Option<Moment>,
}

/// Arguments of `authority allot`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority allot did:web:educacion.example:schools:lempira \\\n    --count 1000 --out places.json\n\n\
    Each record takes one place. Run again, for the same school and as many, it gives the same places; --further gives \
    others. A file that is there already is not overwritten."
)]
pub struct AllotArgs {
    /// The school's identifier
    #[arg(value_parser = values::institution)]
    pub institution: InstitutionId,
    /// How many records it will issue, at most 8192 at a time
    #[arg(long, default_value_t = 1000)]
    pub count: u32,
    /// Where to write the file for the school
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Allot further places to a school that has been given as many before
    #[arg(long)]
    pub further: bool,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority publish`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority publish school/requests\n\nThen `matricula trust export`, so that verifiers hear of it."
)]
pub struct PublishArgs {
    /// Requests of schools, or folders of them: `matricula revoke` and its like make them
    pub requests: Vec<PathBuf>,
    /// Publish even where nothing changed, so that verifiers get a fresh date
    #[arg(long)]
    pub refresh: bool,
    #[command(flatten)]
    pub desk: DeskArgs,
}

fn country(text: &str) -> Result<Country, String> {
    Country::parse(text).map_err(|error| error.to_string())
}

/// The name of a log.
pub fn origin(text: &str) -> Result<LogOrigin, String> {
    LogOrigin::parse(text).map_err(|error| error.to_string())
}

fn base_url(text: &str) -> Result<BaseUrl, String> {
    BaseUrl::parse(text).ok_or_else(|| format!("'{text}' is not an address like https://educacion.example"))
}

/// A key as it is shown everywhere.
pub fn key(text: &str) -> Result<PublicKey, String> {
    parse_multikey(text).map(|key| PublicKey::from(&key)).map_err(|error| error.to_string())
}
