//! Files named on the command line.

use std::fs::{self, File};
use std::io::Read;
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
            return Err(Failure::new("folder_empty", format_args!("{} holds no .json file", path.display())));
        }
        files.extend(found);
    }
    Ok(files)
}

/// Reads a file that must not be larger than `bytes_max`.
pub fn read_bounded(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| Failure::io("read", path, &error))?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| Failure::io("read", path, &error))?;
    if bytes.len() as u64 > bytes_max {
        return Err(Failure::new(
            "file_too_large",
            format_args!("{} is larger than {bytes_max} bytes", path.display()),
        ));
    }
    Ok(bytes)
}
