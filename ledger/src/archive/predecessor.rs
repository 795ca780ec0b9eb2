//! How a log says which one it follows, when that one's key was lost.

use matricula_tlog::{Hash, SignedCheckpoint, leaf_hash};

/// The label of the commitment statement that is the second entry of a log that follows another. The first one is always
/// the authority's own.
pub const PREDECESSOR_LABEL: &str = "predecessor";

/// What keeps the commitment apart from every other use of the hash.
const DOMAIN: &[u8] = b"matricula/predecessor/v1\0";

/// The root of that statement: RFC 6962 leaf hash over the domain and the text of the predecessor's last checkpoint, which
/// names its origin, size and root. Whoever has the checkpoint can compute it; nobody can find another one for it.
pub fn predecessor_root(last: &SignedCheckpoint) -> Hash {
    leaf_hash(&[DOMAIN, last.note().text().as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use matricula_tlog::{Checkpoint, KeyName, NoteSigner, Origin, TreeSize};

    use super::*;

    fn signed(origin: &str, size: u64, root: u8) -> SignedCheckpoint {
        let (name, origin) = (KeyName::new(origin).unwrap(), Origin::new(origin).unwrap());
        let checkpoint = Checkpoint::new(origin, TreeSize::new(size), Hash::from_bytes([root; 32])).unwrap();
        checkpoint.sign(&NoteSigner::new(name, &[1; 32])).unwrap()
    }

    #[test]
    fn commits_to_origin_size_and_root_and_to_no_signature() {
        let last = predecessor_root(&signed("log.example/1", 7, 1));
        assert_eq!(last.to_string(), "6iOSSmLtwMftvZt3/o0gsi0ByMSdnYmSrdleEpIrIQg=");
        for other in
            [signed("log.example/2", 7, 1), signed("log.example/1", 8, 1), signed("log.example/1", 7, 2)]
        {
            assert_ne!(predecessor_root(&other), last);
        }
        let mut cosigned = signed("log.example/1", 7, 1);
        let witness = matricula_tlog::Cosigner::new(KeyName::new("witness.example").unwrap(), &[2; 32]);
        let key = NoteSigner::new(KeyName::new("log.example/1").unwrap(), &[1; 32]).verifier().clone();
        let line =
            witness.cosign(&cosigned.verify(&key).unwrap(), matricula_tlog::UnixSeconds::new(1)).unwrap();
        cosigned.add_signature(line).unwrap();
        assert_eq!(predecessor_root(&cosigned), last);
    }
}
