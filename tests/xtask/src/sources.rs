//! What the files of this repository may look like: the rules that neither rustc nor clippy checks.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// A source file longer than this is two files. The median is to be near 200.
pub const SOURCE_LINES_MAX: usize = 450;

/// The README is read in one sitting.
pub const README_LINES_MAX: usize = 200;

/// Larger files make every clone slow for ever; what is this large is generated or fetched.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A file that breaks a rule.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Finding {
    /// More lines than a file of its kind may have.
    #[error("{}: {lines} lines, {max} are allowed", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length in lines.
        lines: usize,
        /// The limit.
        max: usize,
    },
    /// More bytes than a file in the repository may have.
    #[error("{}: {bytes} bytes, {FILE_BYTES_MAX} are allowed", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        bytes: u64,
    },
    /// An absolute path that exists on one machine only.
    #[error("{}:{line}: a path of one machine, {text:?}", path.display())]
    MachinePath {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The path's beginning.
        text: String,
    },
    /// A test that never runs.
    #[error("{}:{line}: a test that is switched off", path.display())]
    IgnoredTest {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A check in the continuous integration that cannot fail.
    #[error("{}:{line}: a check that cannot fail", path.display())]
    ToothlessCheck {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// First folders of absolute paths that say where somebody's checkout lies.
const MACHINE_FOLDERS: [&str; 6] = ["home", "root", "Users", "work", "farm", "tmp"];

/// Everything wrong with one file, `path` being relative to the root of the repository. Files that are not
/// UTF-8 are judged by their size alone.
pub fn check(path: &Path, bytes: &[u8]) -> Vec<Finding> {
    let mut found = Vec::new();
    let size = bytes.len() as u64;
    if size > FILE_BYTES_MAX {
        found.push(Finding::TooLarge { path: path.to_path_buf(), bytes: size });
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return found };
    if let Some(max) = lines_max(path) {
        let lines = text.lines().count();
        if lines > max {
            found.push(Finding::TooLong { path: path.to_path_buf(), lines, max });
        }
    }
    for (at, line) in text.lines().enumerate() {
        check_line(path, at + 1, line, &mut found);
    }
    found
}

fn lines_max(path: &Path) -> Option<usize> {
    if path == Path::new("README.md") {
        return Some(README_LINES_MAX);
    }
    (path.extension()? == "rs").then_some(SOURCE_LINES_MAX)
}

fn check_line(path: &Path, number: usize, line: &str, found: &mut Vec<Finding>) {
    if let Some(text) = machine_path(line) {
        found.push(Finding::MachinePath { path: path.to_path_buf(), line: number, text: text.to_owned() });
    }
    let code = line.trim_start();
    if path.extension().is_some_and(|end| end == "rs") && code.starts_with(concat!("#[", "ignore")) {
        found.push(Finding::IgnoredTest { path: path.to_path_buf(), line: number });
    }
    let soft = line.contains("|| true") || line.contains("continue-on-error");
    if path.starts_with(".ci") && soft {
        found.push(Finding::ToothlessCheck { path: path.to_path_buf(), line: number });
    }
}

/// The beginning of an absolute path into a folder of one machine: a slash that continues no word, the
/// folder's name, a slash, a letter.
fn machine_path(line: &str) -> Option<&str> {
    let starts = line.match_indices('/').map(|(at, _)| at);
    starts.into_iter().find_map(|at| {
        let continues = line[..at]
            .chars()
            .next_back()
            .is_some_and(|before| before.is_alphanumeric() || "._-/}*~>".contains(before));
        if continues {
            return None;
        }
        let after = &line[at + 1..];
        let folder = MACHINE_FOLDERS.iter().find(|folder| {
            after.strip_prefix(**folder).and_then(|rest| rest.strip_prefix('/')).is_some_and(|rest| {
                rest.chars().next().is_some_and(|next| next.is_alphanumeric() || next == '.')
            })
        })?;
        Some(&line[at..at + folder.len() + 2])
    })
}
