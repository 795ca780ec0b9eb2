//! What is encoded is parsed to the same value, and what is parsed is encoded to the same bytes.

use proptest::collection::vec;
use proptest::prelude::*;

use matricula_tlog::{
    Checkpoint, Cosigner, Hash, KeyName, LeafIndex, LogProof, NoteSigner, Origin, Policy, PublicKey,
    SignedCheckpoint, SignedNote, Threshold, TreeSize, UnixSeconds, VerifierKey, append_entry, parse_entries,
};

fn key_name() -> impl Strategy<Value = KeyName> {
    "[a-zA-Z0-9./:_ñé\u{4e2d}—-]{1,40}".prop_map(|name| KeyName::new(&name).expect("no forbidden character"))
}

fn note_text() -> impl Strategy<Value = String> {
    "[ -~ñé\u{4e2d}—\n]{0,200}".prop_map(|text| text + "\n")
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::from_bytes)
}

prop_compose! {
    fn checkpoint()(name in key_name(), seed in any::<[u8; 32]>(), size in 1u64.., root in hash(),
        cosigners in vec((key_name(), any::<[u8; 32]>(), 0..=i64::MAX as u64), 0..4)) -> SignedCheckpoint
    {
        let log = NoteSigner::new(name.clone(), &seed);
        let mut checkpoint = Checkpoint::new(Origin::from(&name), TreeSize::new(size), root)
            .expect("not empty")
            .sign(&log)
            .expect("its own key");
        let verified = checkpoint.verify(log.verifier()).expect("signed just now");
        for (name, seed, at) in cosigners {
            let line = Cosigner::new(name, &seed).cosign(&verified, UnixSeconds::new(at)).expect("in range");
            checkpoint.add_signature(line).expect("room for it");
        }
        checkpoint
    }
}

/// A policy of `witnesses` witnesses, in groups of `width`, those in one group at the top.
fn policy(witnesses: usize, width: usize, threshold: Threshold, url: Option<&str>) -> Policy {
    let seed = |number: usize| {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        seed
    };
    let name = |number: usize| KeyName::new(&format!("key{number}.example")).expect("a key name");
    let mut builder = Policy::builder();
    builder.log(NoteSigner::new(name(0), &seed(0)).verifier().clone(), url).expect("one log");
    let names: Vec<String> = (1..=witnesses).map(|number| format!("W{number}")).collect();
    for (number, witness) in names.iter().enumerate() {
        let key = Cosigner::new(name(number + 1), &seed(number + 1)).verifier().clone();
        builder.witness(witness, key, url).expect("different keys and names");
    }
    let mut groups = Vec::new();
    for (number, members) in names.chunks(width).enumerate() {
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        builder.group(&format!("G{number}"), threshold, &members).expect("members in no other group");
        groups.push(format!("G{number}"));
    }
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    builder.group("top", Threshold::AtLeast(groups.len()), &groups).expect("groups in no other group");
    builder.quorum("top").expect("the top group")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hashes(hash in hash()) {
        prop_assert_eq!(Hash::parse(&hash.to_string()), Ok(hash));
    }

    #[test]
    fn numbers(number in any::<u64>()) {
        prop_assert_eq!(TreeSize::parse(&number.to_string()), Ok(TreeSize::new(number)));
        prop_assert_eq!(LeafIndex::parse(&number.to_string()), Ok(LeafIndex::new(number)));
        prop_assert_eq!(UnixSeconds::parse(&number.to_string()), Ok(UnixSeconds::new(number)));
    }

    #[test]
    fn verifier_keys(name in key_name(), seed in any::<[u8; 32]>(), other in vec(any::<u8>(), 0..200)) {
        let unknown = PublicKey::Unknown { signature_type: 0xff, key: other };
        let keys = [
            NoteSigner::new(name.clone(), &seed).verifier().clone(),
            Cosigner::new(name.clone(), &seed).verifier().clone(),
            VerifierKey::new(name, unknown),
        ];
        for key in keys {
            prop_assert_eq!(VerifierKey::parse(&key.encode()), Ok(key));
        }
    }

    #[test]
    fn notes(text in note_text(), signers in vec((key_name(), any::<[u8; 32]>()), 1..8)) {
        let lines: Vec<_> =
            signers.iter().map(|(name, seed)| NoteSigner::new(name.clone(), seed).sign(&text)).collect();
        let mut note = SignedNote::new(text, lines[0].clone()).expect("a text without control characters");
        for line in &lines[1..] {
            note.add_signature(line.clone()).expect("room for it");
        }
        prop_assert_eq!(SignedNote::parse(note.encode().as_bytes()), Ok(note));
    }

    #[test]
    fn checkpoints(checkpoint in checkpoint()) {
        prop_assert_eq!(SignedCheckpoint::parse(checkpoint.encode().as_bytes()), Ok(checkpoint.clone()));
        let inner = checkpoint.unverified();
        let parsed = Checkpoint::parse(&inner.encode());
        prop_assert_eq!(parsed.as_ref(), Ok(inner));
    }

    #[test]
    fn log_proofs(index in any::<u64>(), path in vec(hash(), 0..=63), checkpoint in checkpoint()) {
        let proof = LogProof::new(LeafIndex::new(index), path, checkpoint).expect("at most 63 hashes");
        prop_assert_eq!(LogProof::parse(proof.encode().as_bytes()), Ok(proof));
    }

    #[test]
    fn policies(witnesses in 1usize..20, width in 1usize..6, all in any::<bool>(), has_url in any::<bool>()) {
        let threshold = if all { Threshold::All } else { Threshold::Any };
        let policy = policy(witnesses, width, threshold, has_url.then_some("https://a.example/"));
        prop_assert_eq!(Policy::parse(policy.encode().as_bytes()), Ok(policy));
    }

    #[test]
    fn entries(entries in vec(vec(any::<u8>(), 0..300), 0..40)) {
        let mut bytes = Vec::new();
        for entry in &entries {
            append_entry(&mut bytes, entry).expect("short entries");
        }
        let parsed = parse_entries(&bytes, 40).expect("what was appended");
        prop_assert_eq!(parsed, entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    /// Whatever parses is encoded to the bytes it came from: no two spellings of one note.
    #[test]
    fn notes_have_one_spelling(text in note_text(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let signer = NoteSigner::new(KeyName::new("a.example").expect("a key name"), &[9; 32]);
        let note = SignedNote::new(text.clone(), signer.sign(&text)).expect("a text");
        let mut bytes = note.encode().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(note) = SignedNote::parse(&bytes) {
            prop_assert_eq!(note.encode().into_bytes(), bytes);
        }
    }
}

#[test]
fn rejects_an_entry_that_does_not_fit_its_length() {
    let mut bytes = Vec::new();
    assert!(append_entry(&mut bytes, &vec![0; 65_535]).is_ok());
    let refusal = append_entry(&mut bytes, &vec![0; 65_536]);
    assert_eq!(refusal, Err(matricula_tlog::BundleError::EntryTooLong { got: 65_536 }));
    assert_eq!(bytes.len(), 65_537, "nothing is half-written");
}

#[test]
fn rejects_a_path_longer_than_in_any_tree() {
    let name = KeyName::new("a.example").expect("a key name");
    let root = Hash::from_bytes([1; 32]);
    let checkpoint = Checkpoint::new(Origin::from(&name), TreeSize::new(9), root)
        .expect("not empty")
        .sign(&NoteSigner::new(name, &[9; 32]))
        .expect("its own key");
    assert_eq!(
        LogProof::new(LeafIndex::new(0), vec![root; 64], checkpoint),
        Err(matricula_tlog::LogProofParseError::PathTooLong)
    );
}
