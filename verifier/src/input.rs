//! The files a person names on the command line: one file, a folder, or standard input.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use matricula_credential::json::JSON_BYTES_MAX;
use thiserror::Error;

/// The longest document that is read: what the JSON parser takes. A transcript of twelve years with its proofs has about
/// a tenth of it.
pub const DOCUMENT_BYTES_MAX: usize = JSON_BYTES_MAX;

/// Most entries a folder may have: a ministry's year of diplomas with room to spare, and no more than
/// a sorted list of names in memory.
pub const FOLDER_ENTRIES_MAX: usize = 500_000;

/// Ends of the names that are taken from a folder; other files there are counted as skipped.
const EXTENSIONS: [&str; 3] = ["json", "jsonld", "jwt"];

/// The name that standard input goes by in reports.
const STANDARD_INPUT_NAME: &str = "(standard input)";

/// Why something could not be read.
#[derive(Debug, Error)]
pub enum InputError {
    /// No file or folder has this name.
    #[error("{}: there is no such file or folder", path.display())]
    NotFound {
        /// What was asked for.
        path: PathBuf,
    },
    /// It is there, but the system would not let it be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// A pipe, a socket or a device: reading it might never end.
    #[error("{}: neither a file nor a folder", path.display())]
    NotAFile {
        /// What was asked for.
        path: PathBuf,
    },
    /// Longer than [`DOCUMENT_BYTES_MAX`].
    #[error("{name}: longer than {DOCUMENT_BYTES_MAX} bytes")]
    TooLarge {
        /// The document's name.
        name: String,
    },
    /// The folder has more entries than [`FOLDER_ENTRIES_MAX`].
    #[error("{}: more than {FOLDER_ENTRIES_MAX} entries", path.display())]
    FolderTooLarge {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has no file that could be a record.
    #[error("{}: no .json, .jsonld or .jwt file in this folder", path.display())]
    FolderEmpty {
        /// The folder.
        path: PathBuf,
    },
}

impl InputError {
    /// The stable code, as it stands in JSON and CSV.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "file_not_found",
            Self::Unreadable { .. } => "file_unreadable",
            Self::NotAFile { .. } => "file_not_regular",
            Self::TooLarge { .. } => "file_too_large",
            Self::FolderTooLarge { .. } => "folder_too_large",
            Self::FolderEmpty { .. } => "folder_empty",
        }
    }
}

/// Bytes to verify, and the name to speak of them by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The file's name as it was given or found.
    pub name: String,
    /// At most [`DOCUMENT_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
}

/// One document that has been found and not yet read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    StandardInput,
    File(PathBuf),
}

impl Source {
    /// The name to speak of it by.
    pub fn name(&self) -> String {
        match &self.0 {
            Place::StandardInput => STANDARD_INPUT_NAME.to_owned(),
            Place::File(path) => path.display().to_string(),
        }
    }

    /// Reads it whole, if it is not too long.
    pub fn read(&self) -> Result<Document, InputError> {
        let name = self.name();
        match &self.0 {
            Place::StandardInput => read_bounded(name, Path::new("-"), io::stdin().lock()),
            Place::File(path) => {
                let file = File::open(path).map_err(|cause| explain(path, cause))?;
                read_bounded(name, path, file)
            }
        }
    }
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The documents, sorted by name.
    pub documents: Vec<Source>,
    /// How many entries of the folder were passed over: subfolders, links, files of other kinds.
    pub skipped: usize,
}

impl Sources {
    /// Finds the documents behind a path: `-` is standard input; a file is itself, and may be a link; of a folder it
    /// is the `.json`, `.jsonld` and `.jwt` files directly in it, sorted by name. Links inside a folder are not followed:
    /// whoever fills the folder does not choose what else is read.
    pub fn find(path: &Path) -> Result<Self, InputError> {
        if path == Path::new("-") {
            return Ok(Self::one(Place::StandardInput));
        }
        let metadata = fs::metadata(path).map_err(|cause| explain(path, cause))?;
        if metadata.is_dir() {
            return find_in_folder(path);
        }
        if !metadata.is_file() {
            return Err(InputError::NotAFile { path: path.to_path_buf() });
        }
        Ok(Self::one(Place::File(path.to_path_buf())))
    }

    fn one(place: Place) -> Self {
        Self { documents: vec![Source(place)], skipped: 0 }
    }
}

fn find_in_folder(folder: &Path) -> Result<Sources, InputError> {
    let mut paths = Vec::new();
    let mut skipped = 0;
    for (count, entry) in fs::read_dir(folder).map_err(|cause| explain(folder, cause))?.enumerate() {
        if count >= FOLDER_ENTRIES_MAX {
            return Err(InputError::FolderTooLarge { path: folder.to_path_buf() });
        }
        let entry = entry.map_err(|cause| explain(folder, cause))?;
        // The type of the entry itself: a link says that it is a link, whatever it leads to.
        let kind = entry.file_type().map_err(|cause| explain(&entry.path(), cause))?;
        if kind.is_file() && has_known_extension(&entry.path()) {
            paths.push(entry.path());
        } else {
            skipped += 1;
        }
    }
    if paths.is_empty() {
        return Err(InputError::FolderEmpty { path: folder.to_path_buf() });
    }
    paths.sort();
    Ok(Sources { documents: paths.into_iter().map(|path| Source(Place::File(path))).collect(), skipped })
}

fn has_known_extension(path: &Path) -> bool {
    path.extension().is_some_and(|end| EXTENSIONS.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

fn explain(path: &Path, cause: io::Error) -> InputError {
    let path = path.to_path_buf();
    if cause.kind() == io::ErrorKind::NotFound {
        InputError::NotFound { path }
    } else {
        InputError::Unreadable { path, cause }
    }
}

/// Reads one byte more than is allowed, so that a file of exactly the limit is told from a longer one.
fn read_bounded(name: String, path: &Path, reader: impl Read) -> Result<Document, InputError> {
    let mut bytes = Vec::new();
    let allowed = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
    reader
        .take(allowed.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| InputError::Unreadable { path: path.to_path_buf(), cause })?;
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(InputError::TooLarge { name });
    }
    Ok(Document { name, bytes })
}
