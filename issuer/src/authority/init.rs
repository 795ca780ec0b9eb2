//! Founding an authority: its keys, its log's first entry, its card.

use std::path::Path;

use ed25519_dalek::SigningKey;
use matricula_registry::{Authority, AuthorityKey, Body, LogOrigin, Period, Statement, Text};
use matricula_tlog::UnixSeconds;

use super::home::{self, AuthorityCard, AuthorityHome, AuthorityProfile, mirror_name, witness_name};
use super::{AuthorityError, RULES_VERSION};
use crate::entropy;
use crate::keyring::{KeyPurpose, Keyring, Passphrase, SecretKey, WorkFactor};
use crate::storage::{self, Access, HomeLock};

/// What is needed to found an authority.
pub struct InitAuthority<'a> {
    /// Who it is.
    pub profile: AuthorityProfile,
    /// Locks the authority's own key.
    pub passphrase: &'a Passphrase,
    /// Locks the keys of the log and of the witness, which the node needs at every start.
    pub node_passphrase: &'a Passphrase,
    /// How hard the passphrases are to try out.
    pub work_factor: WorkFactor,
    /// The moment the authority's key becomes valid.
    pub now: UnixSeconds,
}

/// A founded authority.
#[derive(Clone, Debug)]
pub struct AuthorityFounded {
    /// Its home.
    pub home: AuthorityHome,
    /// The first entry of its log, to be handed to the node that is created for it.
    pub genesis: Vec<u8>,
    /// Whether this command founded it; `false` where it was there already, the same.
    pub created: bool,
}

/// Founds an authority in a folder. Run again after a crash it goes on where it stopped, with the
/// same passphrases; run again after that it changes nothing.
///
/// # Errors
/// [`AuthorityError::ProfileDiffers`] where the folder holds another authority.
pub fn init(root: &Path, options: &InitAuthority<'_>) -> Result<AuthorityFounded, AuthorityError> {
    home::check_did(&options.profile.did)?;
    storage::make_folder(root)?;
    let _lock = HomeLock::take(root)?;
    match AuthorityHome::open(root) {
        Ok(home) => already_founded(home, &options.profile),
        Err(AuthorityError::NoHome { .. }) => found(root, options),
        Err(error) => Err(error),
    }
}

fn already_founded(
    home: AuthorityHome,
    asked: &AuthorityProfile,
) -> Result<AuthorityFounded, AuthorityError> {
    if home.profile() != asked {
        return Err(AuthorityError::ProfileDiffers { path: home.root().to_owned() });
    }
    let genesis = home.genesis()?;
    Ok(AuthorityFounded { home, genesis, created: false })
}

fn found(root: &Path, options: &InitAuthority<'_>) -> Result<AuthorityFounded, AuthorityError> {
    let keyring = home::keyring(root);
    let authority =
        create_or_unlock(&keyring, KeyPurpose::Authority, options.passphrase, options.work_factor)?;
    let log = create_or_unlock(&keyring, KeyPurpose::Log, options.node_passphrase, options.work_factor)?;
    let witness =
        create_or_unlock(&keyring, KeyPurpose::Witness, options.node_passphrase, options.work_factor)?;
    let mirror =
        create_or_unlock(&keyring, KeyPurpose::Mirror, options.node_passphrase, options.work_factor)?;
    let origin = &options.profile.origin;
    let log_vkey = home::log_vkey(origin, &log)?;
    let card = AuthorityCard {
        profile: options.profile.clone(),
        key: authority.public(),
        witness_vkey: home::cosigner_vkey(&witness_name(origin), &witness)?,
        mirror_vkey: home::cosigner_vkey(&mirror_name(origin), &mirror)?,
        log_vkey: log_vkey.clone(),
    };
    let genesis = founding_statement(&options.profile, &log_vkey, authority.signing(), options.now)?;
    // Not yet of any effect: without the profile beside it the next attempt writes another one.
    storage::write(&home::genesis_path(root), &genesis, Access::Shared)?;
    let home = AuthorityHome::found(root, card)?;
    Ok(AuthorityFounded { home, genesis, created: true })
}

/// The key of a purpose: a new one, or the one that an attempt before this made.
fn create_or_unlock(
    keyring: &Keyring,
    purpose: KeyPurpose,
    passphrase: &Passphrase,
    work_factor: WorkFactor,
) -> Result<SecretKey, AuthorityError> {
    let name = purpose.into();
    if !keyring.contains(&name) {
        keyring.create(&name, purpose, passphrase, work_factor)?;
    }
    Ok(keyring.unlock_for(purpose, &name, passphrase)?)
}

fn founding_statement(
    profile: &AuthorityProfile,
    log_vkey: &str,
    key: &SigningKey,
    now: UnixSeconds,
) -> Result<Vec<u8>, AuthorityError> {
    let body = Body::Authority(Authority {
        name: profile.name.clone(),
        country: profile.country.clone(),
        keys: vec![AuthorityKey { key: (&key.verifying_key()).into(), valid: Period::new(now, None)? }],
        log_key: Text::parse(log_vkey)?,
        rules_version: RULES_VERSION,
        recognises: Vec::new(),
    });
    sign(&body, &profile.origin, None, key)
}

/// Signs a statement with a fresh nonce.
pub(crate) fn sign(
    body: &Body,
    origin: &LogOrigin,
    replaces: Option<matricula_registry::StatementId>,
    key: &SigningKey,
) -> Result<Vec<u8>, AuthorityError> {
    Ok(Statement::sign(body, origin, entropy::bytes(), replaces, key)?.into_entry())
}
