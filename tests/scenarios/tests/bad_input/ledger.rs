//! Notes, checkpoints, keys, policies, proofs, tiles, entries, statements.

use matricula_registry::Statement;
use matricula_tlog::{
    BundlePath, Hash, LogProof, Policy, SignedCheckpoint, SignedNote, Tile, TilePath, VerifierKey, leaf_hash,
    parse_bundle, parse_entries,
};

use crate::country::Country;
use crate::parser::{Form, Outcome, Parser, Promise, outcome, try_all};

const POLICY: &str = "\
log ledger.example/shard0+505ab3ec+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
witness w1 witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU
quorum w1
";

const CHECKPOINT: &[u8] = include_bytes!("../../../fuzz/seeds/checkpoint/log-and-witness");
const LOG_PROOF: &[u8] = include_bytes!("../../../fuzz/seeds/log_proof/index-5");
const PROVEN_ENTRY: &[u8] = b"@ABC";

/// A text, where the parser takes texts.
pub fn text_of(bytes: &[u8], read: impl FnOnce(&str) -> Outcome) -> Outcome {
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

fn policy() -> Policy {
    Policy::parse(POLICY.as_bytes()).unwrap()
}

#[test]
fn notes_checkpoints_and_proofs() {
    let keys = vec![policy().logs()[0].key().clone(), policy().witnesses()[0].key().clone()];
    try_all(&[
        Parser::new("note", Form::Text, Promise::Signed, CHECKPOINT, move |bytes| {
            let read = |note: SignedNote| {
                outcome(note.verify(&keys).map(|_| note.text().into()), |text: Vec<u8>| text)
            };
            SignedNote::parse(bytes).map_or_else(|error| Outcome::Refused(error.to_string()), read)
        }),
        Parser::new("checkpoint, cosigned", Form::Text, Promise::Signed, CHECKPOINT, |bytes| {
            match SignedCheckpoint::parse(bytes) {
                Ok(signed) => {
                    outcome(policy().verify(&signed), |seen| seen.checkpoint().checkpoint().encode().into())
                }
                Err(error) => Outcome::Refused(error.to_string()),
            }
        }),
        Parser::new("log proof", Form::Text, Promise::Signed, LOG_PROOF, |bytes| {
            match LogProof::parse(bytes) {
                Ok(proof) => outcome(proof.verify(leaf_hash(PROVEN_ENTRY), &policy()), |verified| {
                    format!("{} {} {}", verified.index(), verified.size(), verified.root()).into()
                }),
                Err(error) => Outcome::Refused(error.to_string()),
            }
        }),
        Parser::new("policy", Form::Text, Promise::Whole, POLICY, |bytes| {
            outcome(Policy::parse(bytes), |policy| policy.encode().into())
        }),
        Parser::new("verifier key", Form::Text, Promise::Signed, &POLICY.as_bytes()[4..79], |bytes| {
            text_of(bytes, |text| outcome(VerifierKey::parse(text), |key| key.encode().into()))
        }),
    ]);
}

#[test]
fn tiles_entries_and_statements() {
    let record = Country::new("log.hn.example/1", 1)
        .issue(crate::country::signed_diploma("2026-11-20", 5, &crate::country::key(10)), "2026-11-21");
    let statement = record.evidence.unwrap().batch.statement;
    let mut framed = Vec::new();
    for entry in [b"one".as_slice(), &statement] {
        matricula_tlog::append_entry(&mut framed, entry).unwrap();
    }
    let hashes: Vec<u8> = (0..3u8).flat_map(|number| *Hash::from_bytes([number; 32]).as_bytes()).collect();
    try_all(&[
        Parser::new("tile path", Form::Text, Promise::Loose, "tile/0/x001/234.p/5", |bytes| {
            text_of(bytes, |text| outcome(TilePath::parse(text), |path| path.encode().into()))
        }),
        Parser::new("bundle path", Form::Text, Promise::Loose, "tile/entries/x001/234.p/5", |bytes| {
            text_of(bytes, |text| outcome(BundlePath::parse(text), |path| path.encode().into()))
        }),
        Parser::new("tile", Form::Binary, Promise::Whole, hashes, |bytes| {
            outcome(Tile::parse(TilePath::parse("tile/0/000.p/3").unwrap(), bytes), |_| bytes.to_vec())
        }),
        Parser::new("entry bundle", Form::Binary, Promise::Whole, framed.clone(), |bytes| {
            outcome(parse_bundle(BundlePath::parse("tile/entries/000.p/2").unwrap(), bytes), |entries| {
                entries.concat()
            })
        }),
        Parser::new("entries of a request", Form::Binary, Promise::Loose, framed, |bytes| {
            outcome(parse_entries(bytes, 1_000), |entries| entries.concat())
        }),
        // Only these very bytes are the statement: what verifies in two spellings would have two identities.
        Parser::new("statement, countersigned", Form::Binary, Promise::Signed, statement, |bytes| {
            match Statement::parse(bytes)
                .map(|statement| statement.verify_signatures().map(|_| bytes.to_vec()))
            {
                Ok(verified) => outcome(verified, |entry| entry),
                Err(error) => Outcome::Refused(error.to_string()),
            }
        }),
    ]);
}
