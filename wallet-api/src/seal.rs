//! Encryption of what the wallet stores: XChaCha20-Poly1305 with random nonces.
//!
//! Every sealed value is bound to its place (table and row) as associated data, so that whoever can write to the
//! store cannot move one learner's record under another's name.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ports::Entropy;

/// XChaCha20: long enough to be drawn at random for every value.
const NONCE_BYTES: usize = 24;

/// A symmetric key. Wiped when dropped; it has no `Debug` and no `Clone`.
pub(crate) struct SealKey(Zeroizing<[u8; 32]>);

/// The value does not open: wrong key, wrong place, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotOpened;

impl SealKey {
    pub(crate) fn random(entropy: &dyn Entropy) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        entropy.fill(key.as_mut());
        Self(key)
    }

    /// A key from a secret that is already uniformly random; the purpose separates keys of one secret.
    pub(crate) fn derive(purpose: &str, secret: &[u8]) -> Self {
        Self(Zeroizing::new(digest(purpose, secret)))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, NotOpened> {
        bytes.try_into().map(|bytes: [u8; 32]| Self(Zeroizing::new(bytes))).map_err(|_| NotOpened)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts; the nonce goes before the ciphertext.
    pub(crate) fn seal(&self, entropy: &dyn Entropy, place: &Place<'_>, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let place = place.encode();
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &place })
            .expect("invariant: the cipher takes 256 GiB, and the store takes 4 MiB");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Decrypts.
    pub(crate) fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(NotOpened)?;
        let place = place.encode();
        let payload = Payload { msg: sealed, aad: &place };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| NotOpened)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.as_bytes().into())
    }
}

/// Where a sealed value lives.
pub(crate) struct Place<'a> {
    /// The table, and the member where a row has several.
    pub(crate) what: &'a str,
    /// The row's key.
    pub(crate) key: &'a [u8],
}

impl Place<'_> {
    fn encode(&self) -> Vec<u8> {
        [b"matricula/wallet/place/v1\0", self.what.as_bytes(), b"\0", self.key].concat()
    }
}

/// SHA-256 of a secret under a purpose: lookup keys and derived keys.
pub(crate) fn digest(purpose: &str, secret: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"matricula/wallet/v1\0");
    hasher.update(purpose.as_bytes());
    hasher.update(b"\0");
    hasher.update(secret);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::SystemEntropy;

    const HERE: Place<'_> = Place { what: "records", key: b"1" };

    #[test]
    fn opens_what_it_sealed() {
        let key = SealKey::random(&SystemEntropy);
        let sealed = key.seal(&SystemEntropy, &HERE, b"plain");
        assert_eq!(key.open(&HERE, &sealed).expect("opens").as_slice(), b"plain");
        assert!(!sealed.windows(5).any(|window| window == b"plain"));
    }

    #[test]
    fn refuses_another_key_another_place_and_every_flipped_bit() {
        let key = SealKey::random(&SystemEntropy);
        let sealed = key.seal(&SystemEntropy, &HERE, b"plain");
        assert!(SealKey::random(&SystemEntropy).open(&HERE, &sealed).is_err());
        assert!(key.open(&Place { what: "records", key: b"2" }, &sealed).is_err());
        assert!(key.open(&Place { what: "shares", key: b"1" }, &sealed).is_err());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(&HERE, &flipped).is_err(), "bit {bit}");
        }
        assert!(key.open(&HERE, &sealed[..20]).is_err());
    }

    #[test]
    fn purposes_separate_keys() {
        assert_ne!(digest("offer", b"secret"), digest("offer-key", b"secret"));
    }
}
