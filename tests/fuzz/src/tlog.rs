//! Notes, checkpoints, keys, policies, log proofs, tiles, bundles, Merkle proofs.

use std::sync::LazyLock;

use matricula_tlog::{
    BundlePath, Hash, LeafIndex, LogProof, NodeId, Policy, SignedCheckpoint, SignedNote, Tile, TilePath,
    TreeSize, VerifierKey, append_entry, empty_root, leaf_hash, parse_bundle, parse_entries,
    verify_consistency, verify_inclusion,
};

/// Most entries the `bundle` target reads, like a request of many entries would.
const ENTRIES_MAX: usize = 1000;

/// A log and a witness whose signatures are in the seeds. Nobody who fuzzes has their keys.
const POLICY: &str = "\
log ledger.example/shard0+505ab3ec+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
witness w1 witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU
quorum w1
";

/// The checkpoint that both of them signed.
const SIGNED_ROOT: &str = "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=";
const SIGNED_SIZE: TreeSize = TreeSize::new(8);

/// One seed of the `log_proof` target has a checkpoint of a log with one entry.
const SEED_SIZE: TreeSize = TreeSize::new(1);

/// The entries under it; all that can ever be proven.
const ENTRIES: [&[u8]; 8] = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"];

static TRUST: LazyLock<(Policy, Vec<VerifierKey>)> = LazyLock::new(|| {
    let policy = Policy::parse(POLICY.as_bytes()).expect("the fixed policy");
    let keys = vec![policy.logs()[0].key().clone(), policy.witnesses()[0].key().clone()];
    (policy, keys)
});

/// A signed note is encoded to the bytes it came from, and verifies only with a text that the fixed keys signed.
pub fn note(bytes: &[u8]) {
    let Ok(note) = SignedNote::parse(bytes) else { return };
    assert_eq!(note.encode().as_bytes(), bytes);
    if note.verify(&TRUST.1).is_ok() {
        assert!(note.text().contains(SIGNED_ROOT) || note.text().starts_with("Ognuno"));
    }
}

/// A checkpoint is encoded to the bytes it came from, and is believed only if it is the one that was signed.
pub fn checkpoint(bytes: &[u8]) {
    let Ok(signed) = SignedCheckpoint::parse(bytes) else { return };
    assert_eq!(signed.encode().as_bytes(), bytes);
    assert_eq!(signed.unverified().encode(), signed.note().text());
    if let Ok(witnessed) = TRUST.0.verify(&signed) {
        assert_eq!(witnessed.checkpoint().size(), SIGNED_SIZE);
        assert_eq!(witnessed.checkpoint().root().to_string(), SIGNED_ROOT);
    }
}

/// A verifier key has one spelling.
pub fn verifier_key(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.encode(), text);
    }
}

/// A policy in its canonical form is the same policy, and believes nothing but what its logs signed.
pub fn policy(bytes: &[u8]) {
    let Ok(policy) = Policy::parse(bytes) else { return };
    let encoded = policy.encode();
    assert_eq!(Policy::parse(encoded.as_bytes()).as_ref(), Ok(&policy));
    let checkpoint = SignedCheckpoint::parse(include_bytes!("../seeds/checkpoint/log-and-witness"))
        .expect("the fixed checkpoint");
    let is_listed = policy.logs().iter().any(|log| *log.key() == TRUST.1[0]);
    assert!(is_listed || policy.verify(&checkpoint).is_err());
}

/// A log proof is encoded to the bytes it came from, and proves nothing but the entries that were logged.
pub fn log_proof(bytes: &[u8]) {
    let Ok(proof) = LogProof::parse(bytes) else { return };
    assert_eq!(proof.encode().as_bytes(), bytes);
    for (index, entry) in ENTRIES.iter().enumerate() {
        if let Ok(verified) = proof.verify(leaf_hash(entry), &TRUST.0) {
            assert_eq!(verified.index(), LeafIndex::new(index as u64));
            assert!([SIGNED_SIZE, SEED_SIZE].contains(&verified.size()));
        }
    }
    assert!(proof.verify(empty_root(), &TRUST.0).is_err());
}

/// The path of a tile or of a bundle has one spelling, and the tile answers for any node without a panic.
pub fn tile_path(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(path) = BundlePath::parse(text) {
        assert_eq!(path.encode(), text);
        assert!(TilePath::parse(text).is_err());
    }
    if let Ok(path) = TilePath::parse(text) {
        assert_eq!(path.encode(), text);
        let contents = vec![0x5a; usize::from(path.width()) * 32];
        let tile = Tile::parse(path, &contents).expect("as long as the path is wide");
        assert!(path.nodes().all(|node| tile.node(node).is_some()));
        for level in 0..64 {
            let index = u64::MAX >> level;
            let _ = NodeId::new(level, index).map(|node| tile.node(node));
        }
    }
}

/// Entries are encoded to the bytes they came from.
pub fn bundle(bytes: &[u8]) {
    let Ok(entries) = parse_entries(bytes, ENTRIES_MAX) else { return };
    let mut encoded = Vec::new();
    for entry in &entries {
        append_entry(&mut encoded, entry).expect("an entry that was parsed");
    }
    assert_eq!(encoded, bytes);
    for width in 1..=256u16 {
        let path = BundlePath::new(0, width).expect("a width of a bundle");
        assert_eq!(parse_bundle(path, bytes).is_ok(), usize::from(width) == entries.len());
    }
}

/// Two numbers and some hashes, as a proof: nothing proves that the neutral bytes are in the fixed tree.
pub fn merkle_proof(bytes: &[u8]) {
    let Some((numbers, rest)) = bytes.split_first_chunk::<16>() else { return };
    let [first, second] = [0, 8].map(|at| {
        let mut number = [0; 8];
        number.copy_from_slice(&numbers[at..at + 8]);
        u64::from_be_bytes(number)
    });
    let (hashes, _) = rest.as_chunks::<32>();
    let proof: Vec<Hash> = hashes.iter().map(|hash| Hash::from_bytes(*hash)).collect();
    let root = Hash::parse(SIGNED_ROOT).expect("the fixed root");
    let leaf = leaf_hash(b"never logged");
    let (index, size) = (LeafIndex::new(first), TreeSize::new(second));
    assert!(verify_inclusion(leaf, index, size, &proof, root).is_err());
    // A tree of the fixed root is a prefix of one with another root only if the proof shows how it grew.
    let grown = verify_consistency(TreeSize::new(first), size, &proof, root, leaf);
    assert!(grown.is_err());
}
