//! `ledger restore` and `ledger import`: a log brought back from copies.

use std::fs;
use std::path::{Path, PathBuf};

use matricula_issuer::authority::{AuthorityCard, AuthorityHome, PeerService};
use matricula_issuer::keyring::Passphrase;
use matricula_ledger::{
    BelieveError, HttpAnchors, LogSource, OpenError, RestoreError, RestoreOrder, Restored, SequenceError,
};
use matricula_tlog::{Evidence, POLICY_BYTES_MAX, Policy, VerifierKey};
use sha2::{Digest, Sha256};

use super::arguments::{HomeArgs, ImportArgs, RestoreArgs};
use super::copies::{bar, entries, log_key, source, told};
use crate::failure::Failure;
use crate::files::read_bounded;
use crate::log::{LEDGER_FOLDER, node_keys};
use crate::moment::now;
use crate::passphrase::PassphraseArgs;

/// The folder of an authority's home for what proves that somebody broke their word.
const EVIDENCE_FOLDER: &str = "evidence";

/// Rebuilds a log.
pub fn restore(args: &RestoreArgs) -> Result<u8, Failure> {
    let policy = match &args.policy {
        Some(path) => Some(read_policy(path)?),
        None => None,
    };
    if !args.from.is_empty() {
        return bring_back(&args.home, &args.passphrase, &args.from, &args.ask, policy);
    }
    let (from, mut ask) = peers(&AuthorityHome::open(&args.home.home)?)?;
    ask.extend(args.ask.iter().cloned());
    bring_back(&args.home, &args.passphrase, &from, &ask, policy)
}

/// The mirrors of this log, and everybody who cosigns it, as this node's peers have it.
fn peers(home: &AuthorityHome) -> Result<(Vec<String>, Vec<String>), Failure> {
    let (mut mirrors, mut all) = (Vec::new(), Vec::new());
    for peer in home.peers()? {
        for service in peer.ask {
            let address = format!("{}/{}", peer.card.profile.base_url.as_str(), service.as_str());
            if service == PeerService::Mirror {
                mirrors.push(address.clone());
            }
            all.push(address);
        }
    }
    if mirrors.is_empty() {
        let failure = Failure::new("restore_no_source", "no peer of this node mirrors its log");
        return Err(failure.remedy("name who has a copy with --from"));
    }
    Ok((mirrors, all))
}

/// Takes a log over from a folder.
pub fn import(args: &ImportArgs) -> Result<u8, Failure> {
    let from = [args.folder.display().to_string()];
    bring_back(&args.home, &args.passphrase, &from, &[], None)
}

fn bring_back(
    home: &HomeArgs,
    passphrase: &PassphraseArgs,
    from: &[String],
    ask: &[String],
    policy: Option<Policy>,
) -> Result<u8, Failure> {
    let home = AuthorityHome::open(&home.home)?;
    let folder = home.root().join(LEDGER_FOLDER);
    let card = home.card();
    let keys = node_keys(&home, &Passphrase::new(passphrase.read("the log's keys")?))?;
    let policy = match policy {
        Some(policy) => policy,
        None if home.policy_text()?.is_some() => home.policy()?,
        None => own_policy(card)?,
    };
    let sources = from.iter().map(|place| source(place, card)).collect::<Result<Vec<_>, _>>()?;
    let sources: Vec<&dyn LogSource> = sources.iter().map(AsRef::as_ref).collect();
    let ask: Vec<&str> = ask.iter().map(String::as_str).collect();
    let order = RestoreOrder {
        keys: &keys,
        founder: card.key,
        policy: &policy,
        sources: &sources,
        ask: &ask,
        anchors: &HttpAnchors::new(),
        now: now(),
    };
    let bar = bar("restoring");
    let restored = matricula_ledger::restore(&folder, &order, &mut |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    report(&restored.map_err(|error| failure(&home, error))?, &folder);
    Ok(0)
}

fn report(restored: &Restored, folder: &Path) {
    report_sources(restored);
    if restored.resumed.get() > 0 {
        println!("An earlier attempt had left {}.", entries(restored.resumed.get()));
    }
    let size = restored.checkpoint.unverified().size().get();
    println!("Restored {} into {}. The node can start.", entries(size), folder.display());
}

/// What each source had, and what was wrong with it.
pub fn report_sources(restored: &Restored) {
    for source in &restored.sources {
        let cosigners = match source.cosigners.as_slice() {
            [] => "cosigned by nobody that the policy knows".to_owned(),
            names => format!("cosigned by {}", names.join(", ")),
        };
        println!("{}: {}, {cosigners}", source.source, entries(source.size.get()));
    }
    for finding in &restored.findings {
        println!("Wrong in {finding}");
    }
}

/// Where none was ever set: the log's own signature, and what its own witness says of the time.
pub fn own_policy(card: &AuthorityCard) -> Result<Policy, Failure> {
    let unusable = |error: &dyn std::fmt::Display| Failure::new("authority_card", error);
    let mut policy = Policy::builder();
    policy.log(log_key(card)?, None).map_err(|error| unusable(&error))?;
    let witness = VerifierKey::parse(&card.witness_vkey).map_err(|error| unusable(&error))?;
    policy.witness("own", witness, None).map_err(|error| unusable(&error))?;
    policy.quorum("none").map_err(|error| unusable(&error))
}

/// Reads a policy file.
pub fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let bytes = read_bounded(path, POLICY_BYTES_MAX as u64)?;
    Policy::parse(&bytes).map_err(|error| {
        let failure = Failure::new("policy_unreadable", format_args!("{}: {error}", path.display()));
        failure.remedy("give a policy file as C2SP tlog-policy describes it")
    })
}

/// What went wrong, with what can be done; the proof of two histories is kept in the home.
pub fn failure(home: &AuthorityHome, error: RestoreError) -> Failure {
    let words = error.to_string();
    let more = match &error {
        RestoreError::Believe(BelieveError::Nothing { findings })
        | RestoreError::Bundle { findings, .. }
        | RestoreError::RootMismatch { findings, .. } => told(findings),
        RestoreError::Believe(BelieveError::Forked { evidence, .. }) => match keep(home, evidence) {
            Ok(path) => format!("\n  the proof is in {}", path.display()),
            Err(failure) => return failure,
        },
        _ => String::new(),
    };
    let (code, remedy) = advice(&error);
    Failure::new(code, format_args!("{words}{more}")).remedy(remedy)
}

fn advice(error: &RestoreError) -> (&'static str, &'static str) {
    const COPIES: &str = "name further copies with --from, then run the command again";
    match error {
        RestoreError::NotEmpty => (
            "log_exists",
            "a log is never replaced: look at it with `matricula ledger fsck`; if it is the wrong one, move its folder away",
        ),
        RestoreError::Believe(BelieveError::Nothing { .. }) => (
            "restore_no_source",
            "name further copies with --from; if too many mirrors are gone for the policy, give one with --policy that asks for less",
        ),
        RestoreError::Believe(BelieveError::Forked { .. } | BelieveError::Disagreement { .. }) => (
            "log_forked",
            "start no node: keep the proof and the copies, and tell the other ministries. Somebody signed with the log's key twice",
        ),
        RestoreError::Believe(BelieveError::Behind { .. }) => (
            "restore_behind",
            "find a copy with more entries and name it with --from: restored to less, the log would sign a second history",
        ),
        RestoreError::Believe(BelieveError::Silent { .. }) => {
            ("peer_silent", "wait until it answers; leave its --ask out only if it is gone for good")
        }
        RestoreError::Bundle { .. } => ("restore_incomplete", COPIES),
        RestoreError::RootMismatch { .. } => ("restore_root_mismatch", COPIES),
        RestoreError::Refused { .. } => (
            "log_entry_refused",
            "the log took what its rules forbid, or is of another authority: check the card and tell the other ministries",
        ),
        RestoreError::Open(OpenError::Sequence(SequenceError::Locked)) => {
            ("log_unusable", "another restore is running on this folder: wait until it has ended")
        }
        _ => {
            ("restore_failed", "look after the disk; then run the command again: it goes on where it stopped")
        }
    }
}

/// Keeps what proves two histories, under a name of its own.
fn keep(home: &AuthorityHome, evidence: &Evidence) -> Result<PathBuf, Failure> {
    let text = evidence.encode();
    let name: String = Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let folder = home.root().join(EVIDENCE_FOLDER);
    let path = folder.join(format!("restore-{name}.evidence"));
    fs::create_dir_all(&folder).map_err(|error| Failure::io("make", &folder, &error))?;
    fs::write(&path, text).map_err(|error| Failure::io("write", &path, &error))?;
    Ok(path)
}
