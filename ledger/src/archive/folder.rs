//! A folder in the static layout: on a stick, or as a web server serves it.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use matricula_tlog::{BUNDLE_BYTES_MAX, BundlePath, NOTE_BYTES_MAX, TILE_BYTES_MAX, TilePath};

use super::{LogSource, SourceError};
use crate::disk::DiskError;

/// A log in static files. It is only read, so it may lie on a medium that is protected.
#[derive(Clone, Debug)]
pub struct FolderSource {
    root: PathBuf,
}

impl FolderSource {
    /// The log whose `checkpoint` lies in this folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn read(&self, path: &str, max: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let file = self.root.join(path);
        match read_bounded(&file, max) {
            Ok(bytes) if bytes.len() > max => Err(SourceError::TooLarge { path: path.to_owned(), max }),
            Ok(bytes) => Ok(Some(bytes)),
            // A name below a file is no name either.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(source) => {
                Err(DiskError { operation: "read", path: file.display().to_string(), source }.into())
            }
        }
    }
}

impl LogSource for FolderSource {
    fn name(&self) -> String {
        self.root.display().to_string()
    }

    fn checkpoint(&self) -> Result<Option<Vec<u8>>, SourceError> {
        self.read("checkpoint", NOTE_BYTES_MAX)
    }

    fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, SourceError> {
        self.read(&path.encode(), TILE_BYTES_MAX)
    }

    fn bundle(&self, path: BundlePath) -> Result<Option<Vec<u8>>, SourceError> {
        self.read(&path.encode(), BUNDLE_BYTES_MAX)
    }
}

fn read_bounded(path: &Path, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
