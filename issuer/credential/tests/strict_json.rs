//! The vectors of `tests/vectors/json`: bytes, and the JSON or the refusal they give.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use matricula_credential::canonical_nquads;
use matricula_credential::json::{self, JsonError};
use serde_json::json;

#[test]
fn every_vector_has_its_outcome() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/json");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "input") {
            continue;
        }
        let want = fs::read_to_string(path.with_extension("want")).unwrap();
        let found = match json::parse(&fs::read(&path).unwrap()) {
            Ok(value) => value.to_string(),
            // Line and column are tested beside the code.
            Err(JsonError::Malformed { .. }) => "Malformed".to_owned(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(found, want.trim_end(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 22, "{count} vectors");
}

#[test]
fn an_error_repeats_no_more_of_a_document_than_a_line() {
    let word = "w".repeat(100_000);
    for text in [
        format!("{{\"{word}\":1,\"{word}\":2}}"),
        format!("{{\"{word}\":{{\"a\":1,\"a\":2}}}}"),
        format!("{{\"{word}\":9007199254740993}}"),
    ] {
        let error = json::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(error, JsonError::DuplicateKey { .. } | JsonError::NumberOutOfRange { .. }));
        assert!(error.to_string().len() < 1_000, "{}", error.to_string().len());
    }
    let context = format!("https://{word}.example/");
    for document in [
        json!({"@context": context}),
        json!({"@context": "https://www.w3.org/ns/credentials/v2", "id": word.clone()}),
        json!({"@context": "https://www.w3.org/ns/credentials/v2", word.clone(): 1}),
        json!({"@context": "https://www.w3.org/ns/credentials/v2", "name": {word: null}}),
    ] {
        let error = canonical_nquads(&document).unwrap_err();
        assert!(error.to_string().len() < 1_000, "{}", error.to_string().len());
    }
}
