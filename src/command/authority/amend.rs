//! `matricula authority key` and `matricula authority amend`: the authority's own keys, whom abroad it
//! recognises, the rules its log follows.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use matricula_issuer::authority::{Amendment, AuthorityCard, AuthorityHome};
use matricula_issuer::keyring::{KeyName, Passphrase, WorkFactor};
use matricula_registry::{LogOrigin, Period, PublicKey, Recognition, day};
use matricula_tlog::UnixSeconds;

use super::{DeskArgs, OpenDesk, arguments, tell};
use crate::command::school::read_card;
use crate::failure::Failure;
use crate::moment::now;
use crate::passphrase::PassphraseArgs;
use crate::values::{self, ScopeArgs};

/// Arguments of `authority key`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula authority key --name ministry-2027\n\n\
    The key signs nothing until the log names it: `matricula authority amend add-key`. A second key in a safe is what \
    the first one is ended with when it is lost.")]
pub struct KeyArgs {
    /// Its name: 1 to 32 of a-z, 0-9 and -
    #[arg(long, value_parser = values::key_name)]
    pub name: KeyName,
    /// The authority's folder
    #[arg(long, value_name = "DIR", default_value = "authority")]
    pub home: PathBuf,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

/// What an authority amends of what the log says of itself.
#[derive(Debug, Subcommand)]
pub enum AmendCommand {
    /// Add a key: a second official's, a spare one, or the one that takes over
    AddKey(AddKeyArgs),
    /// End a key: retired from a day on, or in other hands since a day in the past
    EndKey(EndKeyArgs),
    /// Recognise the schools of a foreign authority, for a scope
    Recognise(RecogniseArgs),
    /// Recognise a foreign authority no longer
    EndRecognition(EndRecognitionArgs),
    /// Announce the version of the rules that the log follows from here on
    Rules(RulesArgs),
}

/// Arguments of `authority amend add-key`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula authority amend add-key ministry-2027 --from 2026-11-21\n\n\
    It is signed with a key that the log knows already. When the new key takes over, end the old one with it:\n  \
    matricula authority amend end-key authority --at 2027-01-01 --key ministry-2027")]
pub struct AddKeyArgs {
    /// The key: its name in the authority's folder, or z6Mk…
    #[arg(value_name = "KEY")]
    pub added: String,
    /// The first day on which it signs
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub from: UnixSeconds,
    /// The first day on which it no longer signs
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub to: Option<UnixSeconds>,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority amend end-key`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority amend end-key authority --at 2027-01-01 \\\n    --key ministry-2027\n\n\
    With a day in the past it says that the key has been in other hands since then. What was logged before stays good; \
    then publish the status lists anew, with the other key:\n  \
    matricula authority publish --refresh --key ministry-2027 && matricula trust export --key ministry-2027\n\n\
    An end can be dated further back and never be put off. The last key without an end cannot be ended."
)]
pub struct EndKeyArgs {
    /// The key: its name in the authority's folder, or z6Mk…
    #[arg(value_name = "KEY")]
    pub ended: String,
    /// The first day on which it no longer signs
    #[arg(long, value_name = "DATE", value_parser = values::day)]
    pub at: UnixSeconds,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority amend recognise`.
#[derive(Args, Debug)]
#[command(
    after_help = "Example:\n  matricula authority amend recognise senegal.card.toml \\\n    --kinds diploma,transcript --levels 3\n\n\
    senegal.card.toml is the other authority's card.toml; compare its key with what they tell you on the telephone. \
    Run again with another scope, that one counts from then on."
)]
pub struct RecogniseArgs {
    /// The foreign authority's card
    pub card: PathBuf,
    #[command(flatten)]
    pub scope: ScopeArgs,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority amend end-recognition`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula authority amend end-recognition log.education.example/1")]
pub struct EndRecognitionArgs {
    /// The name of the foreign authority's log, as `authority list` shows it
    #[arg(value_parser = arguments::origin)]
    pub origin: LogOrigin,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `authority amend rules`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  matricula authority amend rules 1\n\n\
    A version that this program does not know how to follow is refused, and so is going back.")]
pub struct RulesArgs {
    /// The version
    pub version: u64,
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Runs `authority key`.
pub fn key(args: &KeyArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home)?;
    let passphrase = Passphrase::new(args.passphrase.choose(&format!("the key {}", args.name.as_str()))?);
    let added = home.add_key(&args.name, &passphrase, WorkFactor::DEFAULT)?;
    let (name, done) = (args.name.as_str(), if added.created { "Made" } else { "Already there:" });
    println!("{done} the key {name}, {}.", added.key.public);
    println!("Next: matricula authority amend add-key {name} --from {}", day(now()));
    Ok(0)
}

/// Runs `authority amend`.
pub fn run(command: &AmendCommand) -> Result<u8, Failure> {
    match command {
        AmendCommand::AddKey(args) => {
            let key = named_key(&args.desk, &args.added)?;
            let valid = Period::new(args.from, args.to)
                .map_err(|_| Failure::usage("--to must be later than --from"))?;
            amend(&args.desk, &Amendment::AddKey { key, valid }, "added", &key)
        }
        AmendCommand::EndKey(args) => {
            let key = named_key(&args.desk, &args.ended)?;
            amend(&args.desk, &Amendment::EndKey { key, at: args.at }, "ended", &key)
        }
        AmendCommand::Recognise(args) => {
            let card: AuthorityCard = read_card(&args.card)?;
            let scope = args.scope.scope(card.profile.country.as_str())?;
            let recognition = Recognition { origin: card.profile.origin.clone(), key: card.key, scope };
            println!("The card names the key {}.", card.key);
            amend(&args.desk, &Amendment::Recognise(recognition), "recognised", &card.profile.name)
        }
        AmendCommand::EndRecognition(args) => {
            let amendment = Amendment::EndRecognition { origin: args.origin.clone() };
            amend(&args.desk, &amendment, "recognised no longer", &args.origin)
        }
        AmendCommand::Rules(args) => {
            let amendment = Amendment::FollowRules { version: args.version };
            amend(&args.desk, &amendment, "announced", &format_args!("Version {}", args.version))
        }
    }
}

fn amend(
    args: &DeskArgs,
    amendment: &Amendment,
    done: &str,
    what: &dyn std::fmt::Display,
) -> Result<u8, Failure> {
    tell(&OpenDesk::open(args)?.desk().amend(amendment)?, done, what)
}

/// A key by its name in the authority's folder, or as it is shown everywhere.
fn named_key(args: &DeskArgs, text: &str) -> Result<PublicKey, Failure> {
    if let Some(name) = KeyName::parse(text) {
        let home = AuthorityHome::open(&args.home)?;
        if home.keyring().contains(&name) {
            return Ok(home
                .keyring()
                .entry(&name)
                .map_err(|error| Failure::new(error.code(), error))?
                .public);
        }
    }
    arguments::key(text).map_err(|_| {
        let message = format!("'{text}' is neither a key in {} nor written like z6Mk…", args.home.display());
        Failure::usage(message)
    })
}
