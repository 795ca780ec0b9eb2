//! Reads the vectors of a family, runs each, and compares.

use std::fmt::Debug;
use std::fs;
use std::path::Path;

use data_encoding::BASE64;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What a file in `tests/vectors/<family>` says beside the family's own fields.
#[derive(Deserialize)]
struct Expectation {
    want: String,
}

/// Runs `case` on every file of a family. It gives `Err` with the debug form of the error for input that is refused, and
/// checks by itself what it can of input that is accepted.
///
/// Files that are accepted have names that begin with `ok-`. The number of files is asserted, so that none gets lost.
pub fn run<T: DeserializeOwned>(family: &str, files: usize, case: impl Fn(T) -> Result<(), String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(family);
    let mut ran = 0;
    for entry in fs::read_dir(folder).expect("the folder of vectors") {
        let path = entry.expect("an entry of the folder").path();
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let bytes = fs::read(&path).expect("a vector");
        let expectation: Expectation = serde_json::from_slice(&bytes).expect("a vector has a want");
        let input: T = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let got = case(input).err().unwrap_or_else(|| "ok".to_owned());
        assert_eq!(got, expectation.want, "{family}/{name}");
        assert_eq!(got == "ok", name.starts_with("ok-"), "{family}/{name}: the name tells what happens");
        ran += 1;
    }
    assert_eq!(ran, files, "files in {family}");
}

/// The debug form of an error: it names the variant and its facts.
pub fn refused<T>(error: impl Debug) -> Result<T, String> {
    Err(format!("{error:?}"))
}

/// Input that is given as text, or as base64 where it is no text.
pub fn bytes(text: Option<String>, base64: Option<String>) -> Vec<u8> {
    match (text, base64) {
        (Some(text), None) => text.into_bytes(),
        (None, Some(base64)) => BASE64.decode(base64.as_bytes()).expect("base64 in a vector"),
        _ => panic!("a vector has either text or base64"),
    }
}
