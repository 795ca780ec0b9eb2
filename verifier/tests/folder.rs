//! A folder of files through what `matricula verify` does with it.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use matricula_tlog::UnixSeconds;
use matricula_verdict::{Options, Overall};
use matricula_verifier::{DOCUMENT_BYTES_MAX, Sources, Summary, check_all, csv, json, text};
use serde_json::Value;

mod records;

/// 2026-11-22T00:00:00Z.
const TODAY: UnixSeconds = UnixSeconds::new(1_795_305_600);

#[test]
fn a_folder_of_good_and_bad_files_gives_a_verdict_for_each_and_the_worst_exit_code() {
    let records = records::records();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).unwrap();
    write("1-good.json", records.verified.to_string().as_bytes());
    write("2-tampered.json", records.tampered.to_string().as_bytes());
    write("3-presentation.json", records.presentation.to_string().as_bytes());
    write("4-nothing.json", b"\xff\x00");
    write("5-large.json", &vec![b' '; DOCUMENT_BYTES_MAX + 1]);
    write("notes.txt", b"not looked at");

    let sources = Sources::find(folder.path()).unwrap();
    let told = AtomicUsize::new(0);
    let count = || {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let checked = check_all(&sources.documents, &records.trust, &Options::at(TODAY), &count);
    assert_eq!((checked.len(), told.into_inner(), sources.skipped), (5, 5, 1));

    let summary = Summary::of(&checked);
    let counts = Summary::ORDER.map(|overall| summary.with(overall));
    // The presentation was not asked for by a challenge: two warnings.
    assert_eq!(counts, [1, 2, 0, 0, 2]);
    assert_eq!((summary.unreadable, summary.exit_code()), (1, Overall::Refused.exit_code()));

    let lines = csv(&checked).unwrap();
    assert_eq!(lines.lines().count(), 7);
    let values: Value = serde_json::from_str(&json(&checked).unwrap()).unwrap();
    let files: Vec<&str> =
        values.as_array().unwrap().iter().map(|value| value["file"].as_str().unwrap()).collect();
    assert_eq!(files.len(), 6);
    assert!(files.is_sorted());
    let shown = text(&checked, 100);
    assert!(shown.contains("5 documents, 5 credentials:"), "{shown}");
}

#[test]
fn one_good_file_exits_with_0() {
    let records = records::records();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good.json");
    fs::write(&path, records.verified.to_string()).unwrap();
    let sources = Sources::find(&path).unwrap();
    let checked = check_all(&sources.documents, &records.trust, &Options::at(TODAY), &|| ());
    assert_eq!(Summary::of(&checked).exit_code(), 0);
    assert!(text(&checked, 100).starts_with("✔ VERIFIED  "), "{}", text(&checked, 100));
}
