//! The published fixtures of Open Badges and CLR: each verifies, or is refused for the reason its name gives.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use matricula_credential::content::{self, ContentProblem};
use matricula_credential::{json, proof};
use proof::ProofError;
use serde_json::Value;

fn sample(path: &str) -> Value {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples").join(path);
    json::parse(&fs::read(file).unwrap()).unwrap()
}

/// Every proof good; how many, by which controller, and how many were passed over.
fn proof_outcome(path: &str) -> String {
    match proof::verify(&sample(path)) {
        Ok(proofs) => format!("good {} {}", proofs.first().controller, proofs.unsupported().len()),
        Err(ProofError::Canon(error)) => format!("{error:?}"),
        Err(error) => format!("{error:?}"),
    }
}

fn content_outcome(path: &str) -> Vec<String> {
    content::check(&sample(path))
        .into_iter()
        .map(|ContentProblem { code, pointer }| format!("{} {pointer}", code.as_str()))
        .collect()
}

#[test]
fn every_fixture_has_its_outcome() {
    let table = include_str!("samples.txt");
    let mut seen = Vec::new();
    let mut failures = String::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (path, rest) = line.split_once(" | ").unwrap();
        let (proof, content) = rest.split_once(" | ").unwrap();
        let found = format!("{} | {}", proof_outcome(path), content_outcome(path).join(", "));
        if found.trim_end() != format!("{proof} | {content}").trim_end() {
            failures += &format!("{path} | {found}\n");
        }
        seen.push(path.to_owned());
    }
    assert!(failures.is_empty(), "\n{failures}");
    seen.sort();
    assert_eq!(seen, all_fixtures());
}

/// `clr/simple.jwt.json` wraps a compact JWS, which this crate does not read.
fn all_fixtures() -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/samples");
    let mut found = Vec::new();
    for folder in ["clr", "open-badges", "open-badges/bit-string-list"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".json") && !name.ends_with(".jwt.json") {
                found.push(format!("{folder}/{name}"));
            }
        }
    }
    found.sort();
    found
}
