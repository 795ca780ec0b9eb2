//! The files under `tests/vectors/statement`: what is a statement, and what is not.

use std::{collections::BTreeSet, fs, path::PathBuf};

use data_encoding::HEXLOWER;
use matricula_registry::Statement;
use serde_json::{Value, json};

use crate::cases;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/statement")
}

fn judge(entry: &[u8]) -> &'static str {
    match Statement::parse(entry) {
        Err(error) => error.code(),
        Ok(statement) => {
            assert_eq!(statement.entry(), entry);
            statement.verify_signatures().map_or_else(|error| error.code(), |_| "accepted")
        }
    }
}

#[test]
fn every_file_is_taken_or_refused_as_it_says() {
    let mut seen = 0;
    for file in fs::read_dir(folder()).unwrap() {
        let path = file.unwrap().path();
        let vector: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let entry = HEXLOWER.decode(vector["entry"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(judge(&entry), vector["want"], "{}: {}", path.display(), vector["desc"]);
        seen += 1;
    }
    assert_eq!(seen, cases::all().len());
}

/// Set to write the files anew after a case was changed; read the difference before keeping it.
const REWRITE: &str = "MATRICULA_REWRITE_VECTORS";

#[test]
fn the_files_are_what_the_cases_make() {
    let rewrite = std::env::var_os(REWRITE).is_some();
    let mut names = BTreeSet::new();
    for case in cases::all() {
        assert!(names.insert(case.name), "{} comes twice", case.name);
        let path = folder().join(format!("{}.json", case.name));
        if rewrite {
            fs::write(&path, written(&case)).unwrap();
        }
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(text, written(&case), "{}", case.name);
    }
}

fn written(case: &cases::Case) -> String {
    let vector = json!({ "desc": case.desc, "want": case.want, "entry": HEXLOWER.encode(&case.entry) });
    serde_json::to_string_pretty(&vector).unwrap() + "\n"
}
