//! A seed inside an `age` file.

use age::{DecryptError, scrypt};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::{KeyName, KeyringError, Passphrase, WorkFactor};

/// What stands before the 32 bytes inside the encryption, so that another file is not taken for a key.
const SEED_HEADER: &[u8] = b"matricula ed25519 seed v1\n";

/// Encrypts a seed with a passphrase.
pub(super) fn lock(
    seed: &[u8; 32],
    passphrase: &Passphrase,
    work_factor: WorkFactor,
    name: &KeyName,
) -> Result<Vec<u8>, KeyringError> {
    let mut recipient = scrypt::Recipient::new(passphrase.to_secret());
    recipient.set_work_factor(work_factor.0);
    let mut plain = Zeroizing::new(Vec::with_capacity(SEED_HEADER.len() + seed.len()));
    plain.extend_from_slice(SEED_HEADER);
    plain.extend_from_slice(seed);
    age::encrypt(&recipient, &plain).map_err(|_| KeyringError::Damaged { name: name.0.clone() })
}

/// Decrypts a seed; the work a hostile file may ask for is bounded.
pub(super) fn unlock(
    locked: &[u8],
    passphrase: &Passphrase,
    name: &KeyName,
) -> Result<SigningKey, KeyringError> {
    let mut identity = scrypt::Identity::new(passphrase.to_secret());
    identity.set_max_work_factor(WorkFactor::MAX.0);
    let plain = age::decrypt(&identity, locked).map(Zeroizing::new).map_err(|error| match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => {
            KeyringError::WrongPassphrase { name: name.0.clone() }
        }
        DecryptError::ExcessiveWork { required, .. } => {
            KeyringError::TooMuchWork { name: name.0.clone(), asked: required, max: WorkFactor::MAX.0 }
        }
        _ => KeyringError::Damaged { name: name.0.clone() },
    })?;
    let seed: Option<Zeroizing<[u8; 32]>> =
        plain.strip_prefix(SEED_HEADER).and_then(|seed| <[u8; 32]>::try_from(seed).ok()).map(Zeroizing::new);
    match seed {
        Some(seed) => Ok(SigningKey::from_bytes(&seed)),
        None => Err(KeyringError::Damaged { name: name.0.clone() }),
    }
}
