//! The vectors of `tests/vectors/json`: bytes, and the JSON or the refusal they give.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::PathBuf;

use matricula_credential::json::{self, JsonError};

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
