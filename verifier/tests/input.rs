//! What a path on the command line leads to.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use matricula_verifier::{DOCUMENT_BYTES_MAX, InputError, Sources};
use tempfile::TempDir;

fn folder_with(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        fs::write(folder.path().join(file), format!("content of {file}")).unwrap();
    }
    folder
}

fn names(sources: &Sources) -> Vec<String> {
    let last = |name: String| Path::new(&name).file_name().unwrap().to_string_lossy().into_owned();
    sources.documents.iter().map(|source| last(source.name())).collect()
}

#[test]
fn a_file_is_itself_whatever_its_name_ends_in() {
    let folder = folder_with(&["record.txt"]);
    let sources = Sources::find(&folder.path().join("record.txt")).unwrap();
    let document = sources.documents[0].read().unwrap();
    assert_eq!(document.bytes, b"content of record.txt");
    assert_eq!((sources.documents.len(), sources.skipped), (1, 0));
}

#[test]
fn a_folder_gives_its_records_sorted_and_counts_the_rest() {
    let folder = folder_with(&["b.json", "A.JSON", "c.jsonld", "d.jwt", "notes.txt", "json"]);
    fs::create_dir(folder.path().join("sub.json")).unwrap();
    fs::write(folder.path().join("sub.json/hidden.json"), "x").unwrap();
    let sources = Sources::find(folder.path()).unwrap();
    assert_eq!(names(&sources), ["A.JSON", "b.json", "c.jsonld", "d.jwt"]);
    assert_eq!(sources.skipped, 3);
}

#[test]
fn links_inside_a_folder_are_not_followed() {
    let outside = folder_with(&["secret.json"]);
    let folder = folder_with(&["a.json"]);
    symlink(outside.path().join("secret.json"), folder.path().join("link.json")).unwrap();
    symlink(outside.path(), folder.path().join("folder.json")).unwrap();
    symlink(folder.path(), folder.path().join("loop.json")).unwrap();
    let sources = Sources::find(folder.path()).unwrap();
    assert_eq!(names(&sources), ["a.json"]);
    assert_eq!(sources.skipped, 3);
}

#[test]
fn a_link_that_the_person_names_is_followed() {
    let folder = folder_with(&["a.json"]);
    let link = folder.path().join("link");
    symlink(folder.path().join("a.json"), &link).unwrap();
    assert_eq!(Sources::find(&link).unwrap().documents[0].read().unwrap().bytes, b"content of a.json");
}

#[test]
fn rejects_a_path_that_leads_nowhere() {
    let folder = folder_with(&[]);
    let path = folder.path().join("missing.json");
    let error = Sources::find(&path).unwrap_err();
    assert!(matches!(&error, InputError::NotFound { path: named } if *named == path), "{error}");
    assert_eq!(error.code(), "file_not_found");
}

#[test]
fn rejects_a_folder_without_records() {
    let folder = folder_with(&["notes.txt"]);
    let error = Sources::find(folder.path()).unwrap_err();
    assert!(matches!(error, InputError::FolderEmpty { .. }), "{error}");
}

#[test]
fn rejects_a_device_that_would_never_end() {
    let error = Sources::find(Path::new("/dev/zero")).unwrap_err();
    assert!(matches!(error, InputError::NotAFile { .. }), "{error}");
}

#[test]
fn a_document_of_exactly_the_limit_is_read_and_one_byte_more_is_refused() {
    let folder = folder_with(&[]);
    let path = folder.path().join("large.json");
    fs::write(&path, vec![b' '; DOCUMENT_BYTES_MAX]).unwrap();
    let source = &Sources::find(&path).unwrap().documents[0];
    assert_eq!(source.read().unwrap().bytes.len(), DOCUMENT_BYTES_MAX);
    fs::write(&path, vec![b' '; DOCUMENT_BYTES_MAX + 1]).unwrap();
    assert!(matches!(source.read().unwrap_err(), InputError::TooLarge { .. }));
}

#[test]
fn a_file_that_is_gone_when_it_is_read_is_named() {
    let folder = folder_with(&["a.json"]);
    let sources = Sources::find(folder.path()).unwrap();
    fs::remove_file(folder.path().join("a.json")).unwrap();
    let error = sources.documents[0].read().unwrap_err();
    assert!(error.to_string().contains("a.json"), "{error}");
    assert_eq!(error.code(), "file_not_found");
}

#[test]
fn a_dash_is_standard_input() {
    let sources = Sources::find(Path::new("-")).unwrap();
    assert_eq!(sources.documents[0].name(), "(standard input)");
}
