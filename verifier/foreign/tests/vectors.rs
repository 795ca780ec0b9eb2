//! The tokens of `tests/vectors/compact_jws`, made by another library: which are taken, and why the others are not.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use matricula_foreign::read;
use serde_json::Value;

/// What each token gives: `ok`, or the code of the refusal; and what the file wants.
fn outcomes() -> BTreeMap<String, (String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/compact_jws");
    let mut outcomes = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let vector: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let Some(token) = vector["token"].as_str() else { continue };
        let got = read(token).map_or_else(|error| error.code().to_owned(), |_| "ok".to_owned());
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        outcomes.insert(name, (got, vector["want"].as_str().unwrap().to_owned()));
    }
    outcomes
}

#[test]
fn every_token_gives_what_its_file_wants() {
    let outcomes = outcomes();
    let wrong: Vec<_> = outcomes.iter().filter(|(_, (got, want))| got != want).collect();
    assert!(wrong.is_empty(), "(name, (got, want)): {wrong:#?}");
    let taken = outcomes.values().filter(|(got, _)| got == "ok").count();
    assert_eq!((outcomes.len(), taken), (47, 7));
}
