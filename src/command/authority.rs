//! `matricula authority`: found one, accredit schools, withdraw rights, look after status lists.

mod allot;
mod amend;
mod arguments;
mod order;

use std::fs;
use std::path::PathBuf;

use clap::Subcommand;
use matricula_issuer::LogPort;
use matricula_issuer::authority::{
    self, Accredit, AuthorityDesk, AuthorityHome, AuthorityProfile, InitAuthority, ListedInstitution,
    Restore, Ruling, Succeed, Withdraw, list_institution, list_institutions,
};
use matricula_issuer::keyring::{KeyName, KeyPurpose, Passphrase, SecretKey, WorkFactor};
use matricula_issuer::school::{APPLICATION_BYTES_MAX, Application};
use matricula_issuer::status::{PublishOptions, REQUEST_BYTES_MAX};
use matricula_ledger::Clock;
use matricula_registry::{Authority, InstitutionId, KnownAt, Period, Scope, day};

use crate::failure::Failure;
use crate::files::{self, read_text};
use crate::log;
use crate::moment::{as_of_or_now, now};
use crate::passphrase::PassphraseArgs;
use crate::values::{self, counted};

pub use arguments::{
    AccreditArgs, AllotArgs, CompromiseArgs, DeskArgs, InitArgs, ListArgs, PublishArgs, RestoreArgs,
    SucceedArgs, WithdrawArgs,
};

/// What an authority does.
#[derive(Debug, Subcommand)]
pub enum AuthorityCommand {
    /// Found an authority: its keys, its log, and the card that schools and verifiers need
    Init(InitArgs),
    /// Accredit a school, and take in the keys of its application
    Accredit(AccreditArgs),
    /// Suspend a school's rights for a time
    Suspend(WithdrawArgs),
    /// Restore a suspended or revoked school's rights
    Restore(RestoreArgs),
    /// Revoke a school's rights from a date
    Revoke(WithdrawArgs),
    /// Declare that a key may have been in other hands since a date
    Compromise(CompromiseArgs),
    /// Name who takes over from a school that closes
    Succeed(SucceedArgs),
    /// List the authority's own keys, and the institutions with their history
    List(ListArgs),
    /// Make a further key of the authority
    Key(amend::KeyArgs),
    /// Amend what the log says of the authority itself: keys, recognition abroad, rules
    #[command(subcommand)]
    Amend(amend::AmendCommand),
    /// Order a record revoked, suspended or reinstated, whoever issued it
    #[command(subcommand)]
    Order(order::OrderCommand),
    /// Allot places in the status list to a school, so that its records can be revoked
    Allot(AllotArgs),
    /// Take in requests of schools, and publish the status lists
    Publish(PublishArgs),
}

/// An opened desk: home, key and log together.
pub struct OpenDesk {
    home: AuthorityHome,
    key: SecretKey,
    log: Box<dyn LogPort>,
}

impl OpenDesk {
    /// Opens what the arguments name.
    pub fn open(args: &DeskArgs) -> Result<Self, Failure> {
        let home = AuthorityHome::open(&args.home)?;
        let name = args.key.clone().unwrap_or_else(|| KeyName::from(KeyPurpose::Authority));
        let passphrase = Passphrase::new(args.passphrase.read(&format!("the key {}", name.as_str()))?);
        let key = home.unlock_named(&name, &passphrase)?;
        let log = log::open(&args.log, &args.home.to_string_lossy())?;
        Ok(Self { home, key, log })
    }

    /// The desk itself.
    pub fn desk(&self) -> AuthorityDesk<'_> {
        AuthorityDesk { home: &self.home, key: &self.key, log: self.log.as_ref() }
    }
}

/// Runs the command.
pub fn run(command: &AuthorityCommand) -> Result<u8, Failure> {
    match command {
        AuthorityCommand::Init(args) => init(args),
        AuthorityCommand::Accredit(args) => accredit(args),
        AuthorityCommand::Suspend(args) => {
            let order = withdraw(args)?;
            tell(&OpenDesk::open(&args.desk)?.desk().suspend(&order)?, "suspended", &args.institution)
        }
        AuthorityCommand::Revoke(args) => {
            let order = withdraw(args)?;
            tell(&OpenDesk::open(&args.desk)?.desk().revoke(&order)?, "revoked", &args.institution)
        }
        AuthorityCommand::Restore(args) => restore(args),
        AuthorityCommand::Compromise(args) => {
            let ruling = OpenDesk::open(&args.desk)?.desk().compromise(&args.compromised, args.since)?;
            tell(&ruling, "declared compromised", &args.compromised)
        }
        AuthorityCommand::Succeed(args) => succeed(args),
        AuthorityCommand::List(args) => list(args),
        AuthorityCommand::Key(args) => amend::key(args),
        AuthorityCommand::Amend(command) => amend::run(command),
        AuthorityCommand::Order(command) => order::run(command),
        AuthorityCommand::Allot(args) => allot::run(args),
        AuthorityCommand::Publish(args) => publish(args),
    }
}

fn init(args: &InitArgs) -> Result<u8, Failure> {
    let passphrase = args.passphrase.choose("the authority's key")?;
    let node_passphrase = match &args.log_passphrase_file {
        Some(path) => PassphraseArgs { passphrase_file: Some(path.clone()) }.choose("the log's keys")?,
        None => passphrase.clone(),
    };
    let node_passphrase = Passphrase::new(node_passphrase);
    let profile = AuthorityProfile {
        did: args.did.clone(),
        name: args.name.clone(),
        country: args.country.clone(),
        origin: args.origin.clone(),
        base_url: args.url.clone(),
    };
    let options = InitAuthority {
        profile,
        passphrase: &Passphrase::new(passphrase),
        node_passphrase: &node_passphrase,
        work_factor: WorkFactor::DEFAULT,
        now: now(),
    };
    let founded = authority::init(&args.home, &options)?;
    log::open_node(&founded.home, &node_passphrase, Clock::system())?;
    let card = args.home.join("card.toml");
    fs::write(&card, founded.home.card().encode()).map_err(|error| Failure::io("write", &card, &error))?;
    let done = if founded.created { "Founded" } else { "Already there:" };
    println!("{done} {} with the log {}.", args.name, args.origin);
    println!(
        "Give {} to your schools, and the trust file of `matricula trust export` to verifiers.",
        card.display()
    );
    Ok(0)
}

fn accredit(args: &AccreditArgs) -> Result<u8, Failure> {
    let application = read_text(&args.application, APPLICATION_BYTES_MAX as u64)?;
    let application = Application::parse(application.as_bytes())
        .map_err(|error| Failure::from(error).about(&args.application))?;
    let opened = OpenDesk::open(&args.desk)?;
    let scope = args.scope.scope(opened.home.profile().country.as_str())?;
    if !args.replace {
        refuse_other_scope(&opened, application.institution(), &scope)?;
    }
    let order = Accredit {
        scope,
        effective: args.ruling.period()?,
        keys_from: now(),
        reason: args.reason.clone(),
        legal: args.ruling.legal()?,
        application,
    };
    let ruling = opened.desk().accredit(&order)?;
    tell(&ruling, "accredited", order.application.institution())
}

/// A grant takes the place of the one before. Nobody should lose a right by being given another.
fn refuse_other_scope(opened: &OpenDesk, institution: &InstitutionId, asked: &Scope) -> Result<(), Failure> {
    let view = opened.desk().registry()?;
    let Some(there) = list_institution(view.registry(), institution, now()) else {
        return Ok(());
    };
    match there.scope {
        Some(scope) if scope != *asked => {
            let message = format!(
                "{} is accredited for something else already: {}",
                there.institution,
                scope_in_words(&scope)
            );
            let remedy =
                "name all that it is to be accredited for, and give --replace: from then on only that counts";
            Err(Failure::new("accredited_otherwise", message).remedy(remedy))
        }
        _ => Ok(()),
    }
}

fn scope_in_words(scope: &Scope) -> String {
    let listed = |items: Vec<String>| if items.is_empty() { "all".to_owned() } else { items.join(", ") };
    let kinds = scope.kinds().iter().map(ToString::to_string).collect();
    let levels = scope.levels().iter().map(ToString::to_string).collect();
    let fields = scope.fields().iter().map(ToString::to_string).collect();
    format!("{}; levels {}; fields {}", listed(kinds), listed(levels), listed(fields))
}

fn withdraw(args: &WithdrawArgs) -> Result<Withdraw, Failure> {
    Ok(Withdraw {
        institution: args.institution.clone(),
        effective: args.ruling.period()?,
        reason: args.reason.clone(),
        legal: args.ruling.legal()?,
        custodian: args.custodian.as_ref().map(|holder| values::mandate(holder, None)),
    })
}

fn restore(args: &RestoreArgs) -> Result<u8, Failure> {
    let order = Restore {
        institution: args.institution.clone(),
        scope: None,
        effective: args.ruling.period()?,
        reason: args.reason.clone(),
        legal: args.ruling.legal()?,
    };
    tell(&OpenDesk::open(&args.desk)?.desk().restore(&order)?, "restored", &args.institution)
}

fn succeed(args: &SucceedArgs) -> Result<u8, Failure> {
    let order = Succeed {
        institution: args.institution.clone(),
        successor: values::mandate(&args.successor, args.until),
        custodian: args.custodian.as_ref().map(|holder| values::mandate(holder, args.until)),
        effective: args.ruling.period()?,
        reason: args.reason.clone(),
        legal: args.ruling.legal()?,
    };
    tell(&OpenDesk::open(&args.desk)?.desk().succeed(&order)?, "succeeded", &args.institution)
}

fn list(args: &ListArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home)?;
    let log = log::open(&args.log, &args.home.to_string_lossy())?;
    let card = home.card();
    let view = matricula_issuer::RegistryView::read(card.profile.origin.clone(), card.key, log.as_ref())?;
    if let Some(authority) = view.registry().authority(KnownAt::Latest) {
        print!("{}", describe_authority(&authority.value));
    }
    for listed in list_institutions(view.registry(), as_of_or_now(args.as_of).seconds()) {
        print!("{}", describe(&listed));
    }
    Ok(0)
}

fn describe_authority(authority: &Authority) -> String {
    let mut text = format!("{} ({}), rules {}\n", authority.name, authority.country, authority.rules_version);
    for own in &authority.keys {
        text += &format!("            key {} {}\n", own.key, in_days(&own.valid));
    }
    for abroad in &authority.recognises {
        let scope = scope_in_words(&abroad.scope);
        text += &format!("            recognises {} with key {} for {scope}\n", abroad.origin, abroad.key);
    }
    text
}

fn in_days(period: &Period) -> String {
    let until = period.to().map_or_else(String::new, |to| format!(" until {}", day(to)));
    format!("from {}{until}", day(period.from()))
}

fn describe(listed: &ListedInstitution) -> String {
    let mut text = format!("{}  {}  [{}]\n", listed.institution, listed.name, listed.standing.as_str());
    if let Some(scope) = &listed.scope {
        text += &format!("            for {}\n", scope_in_words(scope));
    }
    for event in &listed.events {
        let until = event.to.map_or_else(String::new, |to| format!(" until {}", day(to)));
        text += &format!(
            "  {:>8}  {} from {}{until}, {}\n",
            event.index.get(),
            event.event,
            day(event.from),
            event.decree
        );
    }
    for key in &listed.keys {
        let fate = match (key.compromised, key.retired) {
            (Some(since), _) => format!(", compromised since {}", day(since)),
            (None, Some(at)) => format!(", retired {}", day(at)),
            (None, None) => String::new(),
        };
        text += &format!("            key {} {} from {}{fate}\n", key.role.word(), key.key, day(key.from));
    }
    text
}

fn publish(args: &PublishArgs) -> Result<u8, Failure> {
    let read = |path: PathBuf| read_text(&path, REQUEST_BYTES_MAX).map(|request| (path, request));
    let requests =
        files::behind(&args.requests)?.into_iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
    let opened = OpenDesk::open(&args.desk)?;
    let view = opened.desk().registry()?;
    // One request that is wrong must not keep those beside it from being carried out; where all are, nothing is done.
    let mut not_taken = Vec::new();
    for (path, request) in &requests {
        match opened.home.receive_status_request(view.registry(), request.as_bytes(), now()) {
            Ok(received) => {
                println!("{} {}", if received.new { "Received" } else { "Known already:" }, path.display());
            }
            Err(error) => {
                not_taken.push(Failure::from(error).about(path));
            }
        }
    }
    if not_taken.len() == requests.len()
        && let Some(failure) = not_taken.pop()
    {
        not_taken.iter().for_each(|failure| eprintln!("{failure}"));
        return Err(failure);
    }
    not_taken.iter().for_each(|failure| eprintln!("{failure}"));
    let published =
        opened.desk().publish_status(PublishOptions { refresh: args.refresh, valid_for_s: None }, now())?;
    for list in &published.lists {
        println!(
            "Status list {} version {}: {}, logged at {}.",
            list.number,
            list.version,
            counted(list.applied, "change"),
            list.index
        );
    }
    for (request, code) in &published.refused {
        println!("Refused request {request}: {code}");
    }
    if published.lists.is_empty() {
        println!("Nothing to publish.");
    }
    if !not_taken.is_empty() {
        println!("Not taken: {}; the others were.", counted(not_taken.len(), "request"));
    }
    Ok(u8::from(!not_taken.is_empty() || !published.refused.is_empty()))
}

fn tell(ruling: &Ruling, done: &str, whom: &dyn std::fmt::Display) -> Result<u8, Failure> {
    let places: Vec<String> = ruling.indexes.iter().map(ToString::to_string).collect();
    let places = places.join(", ");
    match ruling.changed {
        true => println!("{whom} {done}: logged at {places}."),
        false => println!("{whom} was {done} already: logged at {places}. Nothing changed."),
    }
    Ok(0)
}
