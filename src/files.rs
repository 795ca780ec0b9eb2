//! Files named on the command line.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The files that paths lead to: themselves, or the `.json` files directly in a folder, by name.
pub fn behind(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).map_err(|error| Failure::io("read", path, &error))?;
        let mut found: Vec<PathBuf> =
            entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        found.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        found.sort();
        if found.is_empty() {
            let failure =
                Failure::new("folder_empty", format_args!("{} holds no .json file", path.display()));
            return Err(failure.remedy("name another folder, or the files themselves"));
        }
        files.extend(found);
    }
    Ok(files)
}

/// Whether a file could stand here, asked before work whose result would have no place.
pub fn check_place(path: &Path) -> Result<(), Failure> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let kind = match (path.is_dir(), parent.is_dir()) {
        (true, _) => ErrorKind::IsADirectory,
        (false, false) => ErrorKind::NotFound,
        (false, true) => return Ok(()),
    };
    Err(Failure::io("write", path, &kind.into()))
}

/// Reads a text file that must hold something, in UTF-8, and be no larger than `bytes_max`. A byte order mark is left away.
pub fn read_text(path: &Path, bytes_max: u64) -> Result<String, Failure> {
    let bytes = read_bounded(path, bytes_max)?;
    if bytes.trim_ascii().is_empty() {
        let failure = Failure::new("file_empty", format_args!("{} is empty", path.display()));
        return Err(failure.remedy("get the file again, or name another one"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let (line, column) = place_of(error.as_bytes(), error.utf8_error().valid_up_to());
        let failure = Failure::new(
            "file_not_text",
            format_args!("{}: line {line}, column {column}: this is not text in UTF-8", path.display()),
        );
        failure.remedy("look whether it is the right file; if it is, save it as UTF-8 or get it again")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Line and column, from 1, of a byte; what stands before it is UTF-8.
fn place_of(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = String::from_utf8_lossy(&bytes[..offset]);
    let last = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, last.chars().count() + 1)
}

/// Reads a file that must not be larger than `bytes_max`.
pub fn read_bounded(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| Failure::io("read", path, &error))?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| Failure::io("read", path, &error))?;
    if bytes.len() as u64 > bytes_max {
        let failure = Failure::new(
            "file_too_large",
            format_args!("{} is larger than {bytes_max} bytes", path.display()),
        );
        return Err(failure.remedy("look whether it is the right file"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_none_is_told_by_line_and_column() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.json");
        let told = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read_text(&path, 100).map_err(|failure| failure.to_string())
        };
        assert_eq!(told(b"\xef\xbb\xbf{}").unwrap(), "{}");
        assert!(told(b" \n").unwrap_err().contains("error[file_empty]"));
        let latin1 = told(b"{\n\xc3\xa9 \xf1").unwrap_err();
        assert!(latin1.contains("error[file_not_text]") && latin1.contains("line 2, column 3:"), "{latin1}");
        assert!(told(&[b'a'; 101]).unwrap_err().contains("error[file_too_large]"));
    }
}
