//! The rules for the files of this repository, and controls which show that each rule can fail.

use std::fs;
use std::path::{Path, PathBuf};

use xtask::shell::Shell;
use xtask::sources::{FILE_BYTES_MAX, Finding, README_LINES_MAX, SOURCE_LINES_MAX, check};

#[test]
fn every_file_of_the_repository_keeps_the_rules() {
    let shell = Shell::at_workspace_root();
    let listing = shell.output("git", &["ls-files", "-z"]).unwrap();
    let files = listing.split_terminator('\0').map(|file| shell.root().join(file));
    let mut read = 0;
    let mut lines = Vec::new();
    for file in files.filter(|file| file.is_file()) {
        let path = file.strip_prefix(shell.root()).unwrap();
        lines.extend(check(path, &fs::read(&file).unwrap()).iter().map(ToString::to_string));
        read += 1;
    }
    assert!(read > 50, "only {read} files were read: the listing is not the repository's");
    assert!(lines.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn the_continuous_integration_runs_the_command_of_the_readme() {
    let root = Shell::at_workspace_root();
    let ci = fs::read_to_string(root.root().join(".ci/run")).unwrap();
    assert!(ci.lines().any(|line| line == "exec cargo xtask test"), "{ci}");
    let readme = fs::read_to_string(root.root().join("README.md")).unwrap();
    assert!(readme.contains("cargo xtask test"));
    assert!(readme.contains("cargo run --release -- demo"));
}

fn path(text: &str) -> PathBuf {
    PathBuf::from(text)
}

#[test]
fn accepts_a_source_file_of_full_length_and_refuses_one_more_line() {
    let full = "//\n".repeat(SOURCE_LINES_MAX);
    assert_eq!(check(Path::new("src/a.rs"), full.as_bytes()), []);
    let long = "//\n".repeat(SOURCE_LINES_MAX + 1);
    let lines = SOURCE_LINES_MAX + 1;
    let want = Finding::TooLong { path: path("src/a.rs"), lines, max: SOURCE_LINES_MAX };
    assert_eq!(check(Path::new("src/a.rs"), long.as_bytes()), [want]);
    assert_eq!(check(Path::new("data.csv"), long.as_bytes()), []);
}

#[test]
fn refuses_a_readme_that_is_too_long() {
    let long = "word\n".repeat(README_LINES_MAX + 1);
    let want =
        Finding::TooLong { path: path("README.md"), lines: README_LINES_MAX + 1, max: README_LINES_MAX };
    assert_eq!(check(Path::new("README.md"), long.as_bytes()), [want]);
    assert_eq!(check(Path::new("ledger/DESIGN.md"), long.as_bytes()), []);
}

#[test]
fn refuses_a_file_that_is_too_large() {
    let large = vec![b'x'; usize::try_from(FILE_BYTES_MAX).unwrap() + 1];
    let want = Finding::TooLarge { path: path("a.bin"), bytes: FILE_BYTES_MAX + 1 };
    assert_eq!(check(Path::new("a.bin"), &large), [want]);
    assert_eq!(check(Path::new("a.bin"), &large[1..]), []);
}

#[test]
fn refuses_paths_of_one_machine_and_leaves_addresses_alone() {
    for folder in ["home", "root", "work", "tmp"] {
        let line = format!("see `/{folder}/somebody/file`");
        let want = Finding::MachinePath { path: path("a.md"), line: 1, text: format!("/{folder}/") };
        assert_eq!(check(Path::new("a.md"), line.as_bytes()), [want]);
    }
    for line in ["GET /homework", "https://school.example/home/page", "a/tmp/b", "target/tmp/x", "/root"] {
        assert_eq!(check(Path::new("a.md"), line.as_bytes()), [], "{line}");
    }
}

#[test]
fn refuses_tests_that_are_switched_off() {
    let source = ["#[test]\n    #[", "ignore]\n"].concat();
    let want = Finding::IgnoredTest { path: path("a.rs"), line: 2 };
    assert_eq!(check(Path::new("a.rs"), source.as_bytes()), [want]);
}

#[test]
fn refuses_a_check_that_cannot_fail() {
    let want = Finding::ToothlessCheck { path: path(".ci/run"), line: 1 };
    assert_eq!(check(Path::new(".ci/run"), b"cargo test || true"), [want]);
    assert_eq!(check(Path::new("notes.md"), b"cargo test || true"), []);
}
