//! `ledger succeed`: a new log says which one it follows, whose key was lost.

use std::fs;

use matricula_issuer::LogPort;
use matricula_issuer::authority::{AuthorityCard, AuthorityHome};
use matricula_issuer::keyring::Passphrase;
use matricula_ledger::{Copies, HttpAnchors, LogSource, PREDECESSOR_LABEL, audit, predecessor_root};
use matricula_registry::{Body, Commitment, Statement, Text};
use matricula_tlog::{Hash, LeafIndex};

use super::arguments::SucceedArgs;
use super::copies::{bar, entries, log_key, source};
use super::restore::{failure, own_policy, read_policy, report_sources};
use crate::failure::Failure;
use crate::files::read_text;
use crate::log;
use crate::moment::now;

/// A card has under a kilobyte.
const CARD_BYTES_MAX: u64 = 64 << 10;

/// The new home's folder for what is known of the log before.
const PREDECESSOR_FOLDER: &str = "predecessor";

/// The place of the commitment: right behind the founding statement.
const PLACE: LeafIndex = LeafIndex::new(1);

/// Checks all of the old log, and commits to its end as the second entry of the new one.
pub fn succeed(args: &SucceedArgs) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&args.home.home)?;
    let card = AuthorityCard::parse(&read_text(&args.card, CARD_BYTES_MAX)?)
        .map_err(|error| Failure::from(error).about(&args.card))?;
    if card.profile.origin == home.profile().origin {
        let failure = Failure::new("successor_same_origin", "a log does not follow itself");
        return Err(failure.remedy(
            "--card is the old log's, --home a new authority's with another origin; with the log's key at hand, `matricula ledger restore` brings the old one back",
        ));
    }
    let key = home.unlock(&Passphrase::new(args.passphrase.read("the authority's key")?))?;
    let log = log::open(&args.log, &args.home.home.to_string_lossy())?;
    let restored = check(args, &home, &card)?;
    report_sources(&restored);
    let root = predecessor_root(&restored.checkpoint);
    let entry = statement(root, &home, key.signing())?;
    let created = commit(log.as_ref(), entry)?;
    let folder = home.root().join(PREDECESSOR_FOLDER);
    fs::create_dir_all(&folder).map_err(|error| Failure::io("make", &folder, &error))?;
    for (name, text) in [("checkpoint", restored.checkpoint.encode()), ("card.toml", card.encode())] {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error))?;
    }
    let (last, origin) = (restored.checkpoint.unverified(), &home.profile().origin);
    let done = if created { "now follows" } else { "follows already" };
    let size = entries(last.size().get());
    println!("{origin} {done} {}, which ended with {size} and the root {}.", last.origin(), last.root());
    println!("Keep {}: with it anybody can check the entry.", folder.display());
    Ok(0)
}

fn check(
    args: &SucceedArgs,
    home: &AuthorityHome,
    card: &AuthorityCard,
) -> Result<matricula_ledger::Restored, Failure> {
    let policy = match &args.policy {
        Some(path) => read_policy(path)?,
        None => own_policy(card)?,
    };
    let sources = args.from.iter().map(|place| source(place, card)).collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<&dyn LogSource> = sources.iter().map(AsRef::as_ref).collect();
    let ask: Vec<&str> = args.ask.iter().map(String::as_str).collect();
    let copies = Copies {
        log_key: &log_key(card)?,
        founder: card.key,
        policy: &policy,
        sources: &sources,
        ask: &ask,
        anchors: &HttpAnchors::new(),
        now: now(),
    };
    let bar = bar("checking");
    let checked = audit(&copies, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    checked.map_err(|error| failure(home, error))
}

/// The same bytes for the same end: the nonce follows from what is committed to.
fn statement(root: Hash, home: &AuthorityHome, key: &ed25519_dalek::SigningKey) -> Result<Vec<u8>, Failure> {
    let unusable = |error: matricula_registry::StatementError| Failure::new("statement_unmakable", error);
    let label = Text::parse(PREDECESSOR_LABEL).map_err(unusable)?;
    let mut nonce = [0; 16];
    nonce.copy_from_slice(&root.as_bytes()[..16]);
    let body = Body::Commitment(Commitment { label, root });
    let statement = Statement::sign(&body, &home.profile().origin, nonce, None, key).map_err(unusable)?;
    Ok(statement.into_entry())
}

/// Whether it was not there before.
fn commit(log: &dyn LogPort, entry: Vec<u8>) -> Result<bool, Failure> {
    if log.size()?.get() > PLACE.get() {
        return if log.entry(PLACE)? == entry { Ok(false) } else { Err(not_new()) };
    }
    match log.submit(&[entry])?.first() {
        Some(logged) if logged.index == PLACE => Ok(true),
        _ => Err(not_new()),
    }
}

fn not_new() -> Failure {
    let failure = Failure::new("successor_not_new", "the new log has other entries already");
    failure
        .remedy("a log says whom it follows before anything else: found a new authority, and run this first")
}
