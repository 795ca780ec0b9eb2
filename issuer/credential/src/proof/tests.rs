//! The vectors of `tests/vectors/data_integrity`.

use std::fs;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use matricula_tlog::UnixSeconds;
use serde_json::{Value, json};

use super::*;
use crate::date_time::parse_date_time;
use crate::did::did_key_method;

fn vectors() -> Vec<(String, Value)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/data_integrity");
    let mut vectors = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            // `null` stands in some documents, and duplicates in none: the plain reader will do.
            vectors.push((name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap()));
        }
    }
    vectors
}

fn outcome(document: &Value) -> String {
    match verify(document) {
        Ok(proofs) if proofs.unsupported().is_empty() => format!("good {}", proofs.good().len()),
        Ok(proofs) => format!("good {} unsupported {}", proofs.good().len(), proofs.unsupported().len()),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn every_vector_has_its_outcome() {
    let mut failures = String::new();
    let vectors = vectors();
    for (name, vector) in &vectors {
        let found = outcome(&vector["document"]);
        if found != vector["want"].as_str().unwrap() {
            failures += &format!("{name}: {found}\n");
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(vectors.len() >= 45, "{} vectors", vectors.len());
}

#[test]
fn signing_gives_the_bytes_of_the_specification() {
    let mut signed = 0;
    for (name, vector) in vectors() {
        let Some(secret) = vector["secret_key"].as_str() else { continue };
        let secret = HEXLOWER.decode(secret.as_bytes()).unwrap();
        let key = SigningKey::from_bytes(&secret.try_into().unwrap());
        let mut document = vector["document"].clone();
        let proof = document.as_object_mut().unwrap().remove("proof").unwrap();
        let options = ProofOptions::assertion(
            Cryptosuite::from_name(proof["cryptosuite"].as_str().unwrap()).unwrap(),
            did_key_method(&key.verifying_key()),
            parse_date_time(proof["created"].as_str().unwrap()).unwrap(),
        );
        let hashed = hash_data(&document, &options).unwrap();
        assert_eq!(HEXLOWER.encode(hashed.as_bytes()), vector["hash_data"].as_str().unwrap(), "{name}");
        assert_eq!(sign(&document, &options, &key).unwrap(), vector["document"], "{name}");
        signed += 1;
    }
    assert_eq!(signed, 2);
}

#[test]
fn refuses_to_sign_twice_and_to_sign_what_is_no_object() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let method = did_key_method(&key.verifying_key());
    let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, UnixSeconds::new(0));
    let signed = sign(&json!({ "a": 1 }), &options, &key).unwrap();
    assert_eq!(hash_data(&signed, &options), Err(ProofError::AlreadySigned));
    assert_eq!(attach(&signed, &options, &ProofValue::from_bytes([0; 64])), Err(ProofError::AlreadySigned));
    assert_eq!(sign(&json!([1]), &options, &key), Err(ProofError::NotAnObject));
    assert_eq!(verify(&json!("text")), Err(ProofError::NotAnObject));
}

#[test]
fn a_proof_is_controlled_by_the_exact_identifier_only() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let school = "did:web:hn.example:schools:lempira";
    let method = crate::did::verification_method(school, &key.verifying_key());
    let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, UnixSeconds::new(0));
    let proofs = verify(&sign(&json!({ "a": 1 }), &options, &key).unwrap()).unwrap();
    assert!(proofs.first().is_controlled_by(school));
    for other in ["did:web:hn.example:schools", "did:web:hn.example:schools:lempira2", ""] {
        assert!(!proofs.first().is_controlled_by(other), "{other}");
    }
}
