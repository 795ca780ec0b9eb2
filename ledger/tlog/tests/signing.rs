//! Signing as a log and cosigning as a witness: the fixed log and witness come out byte for byte.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use matricula_tlog::{
    COSIGNATURE_TIME_MAX, Checkpoint, CheckpointError, CheckpointSignError, CosignError, Cosigner, Frontier,
    KeyName, LogProof, NOTE_SIGNATURES_MAX, NoteError, NoteSigner, Origin, Policy, PolicyRuleError,
    SignedCheckpoint, SignedNote, Threshold, TreeSize, UnixSeconds, VerifierKey, empty_root, leaf_hash,
};

const LOG: &str = "ledger.example/shard0";
const WITNESS: &str = "witness.example/w1";
const TIME: UnixSeconds = UnixSeconds::new(1_767_225_600);

/// The entries of the RFC 6962 vectors.
const ENTRIES: [&[u8]; 8] = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"];

#[derive(Deserialize)]
struct Fixed {
    note: String,
    keys: Vec<String>,
}

fn fixed() -> Fixed {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/note/ok-log-and-witness.json");
    serde_json::from_slice(&fs::read(file).expect("the vector")).expect("a vector")
}

fn name(name: &str) -> KeyName {
    KeyName::new(name).expect("a key name")
}

fn log() -> NoteSigner {
    NoteSigner::new(name(LOG), &[1; 32])
}

fn witness() -> Cosigner {
    Cosigner::new(name(WITNESS), &[2; 32])
}

fn checkpoint() -> SignedCheckpoint {
    let mut frontier = Frontier::new();
    ENTRIES.iter().for_each(|entry| frontier.push(leaf_hash(entry)));
    Checkpoint::new(Origin::from(&name(LOG)), frontier.size(), frontier.root())
        .expect("a checkpoint")
        .sign(&log())
        .expect("the log's own key")
}

#[test]
fn the_fixed_log_and_witness_come_out_byte_for_byte() {
    let mut checkpoint = checkpoint();
    let verified = checkpoint.verify(log().verifier()).expect("signed just now");
    let cosignature = witness().cosign(&verified, TIME).expect("a time within limits");
    assert_eq!(
        cosignature.encode(),
        fixed().note.lines().last().map(|line| format!("{line}\n")).expect("a line")
    );
    checkpoint.add_signature(cosignature).expect("room for it");
    assert_eq!(checkpoint.encode(), fixed().note);
    assert_eq!([log().verifier().encode(), witness().verifier().encode()], fixed().keys.as_slice());
}

#[test]
fn a_log_does_not_sign_for_another() {
    let origin = Origin::new("ledger.example/shard1").expect("an origin");
    let checkpoint = Checkpoint::new(origin.clone(), TreeSize::new(0), empty_root()).expect("a checkpoint");
    assert_eq!(
        checkpoint.sign(&log()),
        Err(CheckpointSignError::KeyOfAnotherLog { name: name(LOG), origin })
    );
}

#[test]
fn the_empty_tree_has_one_root() {
    let origin = Origin::from(&name(LOG));
    assert_eq!(
        Checkpoint::new(origin, TreeSize::new(0), leaf_hash(b"")),
        Err(CheckpointError::NotTheEmptyRoot)
    );
}

#[test]
fn a_witness_does_not_date_beyond_the_format() {
    let verified = checkpoint().verify(log().verifier()).expect("signed just now");
    let latest = UnixSeconds::new(COSIGNATURE_TIME_MAX);
    assert!(witness().cosign(&verified, latest).is_ok());
    let at = UnixSeconds::new(COSIGNATURE_TIME_MAX + 1);
    assert_eq!(witness().cosign(&verified, at), Err(CosignError::TimeTooLarge { at }));
}

#[test]
fn a_note_takes_no_more_signatures_than_it_can_be_read_with() {
    let mut checkpoint = checkpoint();
    let verified = checkpoint.verify(log().verifier()).expect("signed just now");
    let cosign = |time| witness().cosign(&verified, UnixSeconds::new(time)).expect("a time within limits");
    for time in 1..NOTE_SIGNATURES_MAX as u64 {
        checkpoint.add_signature(cosign(time)).expect("room for it");
        checkpoint.add_signature(cosign(time)).expect("not repeated");
    }
    assert_eq!(checkpoint.note().signatures().len(), NOTE_SIGNATURES_MAX);
    assert_eq!(checkpoint.add_signature(cosign(0)), Err(NoteError::TooManySignatures));
    assert_eq!(SignedCheckpoint::parse(checkpoint.encode().as_bytes()), Ok(checkpoint));
}

#[test]
fn a_note_is_not_made_of_a_text_that_could_not_be_read() {
    let sign = |text: &str| SignedNote::new(text.to_owned(), log().sign(text));
    assert!(sign("a\n\nb\n").is_ok());
    assert_eq!(sign("a"), Err(NoteError::TextWithoutNewline));
    assert_eq!(sign("a\r\n"), Err(NoteError::ControlCharacter { at: 1 }));
}

#[test]
fn a_policy_is_built_as_it_is_read() {
    let mut builder = Policy::builder();
    builder.log(log().verifier().clone(), Some("https://ledger.example/shard0/")).expect("a log");
    builder.witness("one", witness().verifier().clone(), None).expect("a witness");
    builder.group("all-of-us", Threshold::All, &["one"]).expect("a group");
    let policy = builder.clone().quorum("all-of-us").expect("a quorum");
    assert_eq!(Policy::parse(policy.encode().as_bytes()), Ok(policy.clone()));
    assert_eq!(policy.logs()[0].url(), Some("https://ledger.example/shard0/"));
    assert_eq!(policy.logs()[0].key(), log().verifier());
    assert_eq!((policy.witnesses()[0].name(), policy.witnesses()[0].url()), ("one", None));
    assert_eq!(builder.quorum("nobody"), Err(PolicyRuleError::UndefinedName { name: "nobody".to_owned() }));
}

#[test]
fn a_policy_refuses_words_that_would_break_its_lines() {
    let mut builder = Policy::builder();
    for word in ["", "a b", "a\nquorum none", "a\tb", "a\u{7f}"] {
        let witness = witness().verifier().clone();
        assert_eq!(builder.witness(word, witness.clone(), None), Err(PolicyRuleError::BadWord), "{word:?}");
        assert_eq!(builder.witness("w", witness, Some(word)), Err(PolicyRuleError::BadWord), "{word:?}");
    }
}

#[test]
fn every_flipped_bit_of_a_log_proof_is_refused() {
    let file = log_proof().encode().into_bytes();
    let policy = policy();
    let leaf = leaf_hash(ENTRIES[5]);
    let accepted =
        |bytes: &[u8]| LogProof::parse(bytes).is_ok_and(|proof| proof.verify(leaf, &policy).is_ok());
    assert!(accepted(&file));
    for byte in 0..file.len() {
        for bit in 0..8 {
            let mut forged = file.clone();
            forged[byte] ^= 1 << bit;
            assert!(!accepted(&forged), "bit {bit} of byte {byte}");
        }
    }
}

#[test]
fn every_truncated_log_proof_is_refused() {
    let file = log_proof().encode().into_bytes();
    for length in 0..file.len() {
        let cut = LogProof::parse(&file[..length]);
        assert!(
            !cut.is_ok_and(|proof| proof.verify(leaf_hash(ENTRIES[5]), &policy()).is_ok()),
            "{length} bytes"
        );
    }
}

fn log_proof() -> LogProof {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/log_proof/ok-index-5.json");
    let vector: serde_json::Value =
        serde_json::from_slice(&fs::read(file).expect("the vector")).expect("a vector");
    LogProof::parse(vector["proof"].as_str().expect("a proof").as_bytes()).expect("a log proof")
}

fn policy() -> Policy {
    let keys: Vec<VerifierKey> =
        fixed().keys.iter().map(|key| VerifierKey::parse(key).expect("a key")).collect();
    let mut builder = Policy::builder();
    builder.log(keys[0].clone(), None).expect("a log");
    builder.witness("w", keys[1].clone(), None).expect("a witness");
    builder.quorum("w").expect("a quorum")
}
