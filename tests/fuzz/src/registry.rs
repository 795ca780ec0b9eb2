//! Statements, and what the registry makes of them.

use ed25519_dalek::SigningKey;
use matricula_registry::{LogOrigin, PublicKey, Registry, Statement};
use matricula_tlog::{LeafIndex, UnixSeconds};

/// The log that the seeds are made for, and the key that signed them.
const ORIGIN: &str = "ledger.hn.example/registry";
const SEED_KEY: [u8; 32] = [1; 32];

/// Bytes before the 64 of a signature at the end of an entry.
const SIGNATURE_BYTES: usize = 64;

/// A statement keeps the bytes it came from; what it says has one encoding, so signing it again gives all but the signature
/// back; and neither the door nor sparse evidence panics on it.
pub fn statement(bytes: &[u8]) {
    let Ok(statement) = Statement::parse(bytes) else { return };
    assert_eq!(statement.entry(), bytes);
    let key = SigningKey::from_bytes(&SEED_KEY);
    let (header, signer) = (statement.header(), PublicKey::from(&key.verifying_key()));
    let again = Statement::sign(statement.body(), &header.origin, header.nonce, header.replaces, &key)
        .expect("what parses can be signed");
    assert_eq!(again.body(), statement.body());
    if header.signer == signer && statement.countersigners().len() == 0 {
        let (signed, _) = bytes.split_at(bytes.len() - SIGNATURE_BYTES);
        assert!(again.entry().starts_with(signed));
    }
    let origin = LogOrigin::parse(ORIGIN).expect("the fixed origin");
    let mut registry = Registry::new(origin, [signer]);
    let _ = registry.admit(LeafIndex::new(0), UnixSeconds::new(0), bytes);
    if registry.apply_evidence(LeafIndex::new(3), None, &statement).is_ok() {
        assert!(registry.apply_evidence(LeafIndex::new(3), None, &statement).is_ok());
        assert_eq!(registry.next_index(), LeafIndex::new(4));
    }
}
