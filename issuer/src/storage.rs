//! Files of a home folder: read with a bound, written whole or not at all.
//!
//! Every write goes to a temporary name in the same folder, is flushed with `fsync`, and is then
//! renamed (or linked, where a file must never be overwritten). A crash leaves the old file or the
//! new one, and at worst a temporary file that nobody reads.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// What is wrong with a member that should be base64 in its one spelling.
pub(crate) const NOT_BASE64: &str = "a statement is not base64";

/// Where a home's own lock stands.
const LOCK_FILE: &str = ".lock";

/// Requests to a service take some milliseconds each and come in crowds; a command that issues a
/// batch takes longer, and a person should then be told rather than kept waiting.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(5);

/// How often a taken folder is tried again.
const LOCK_POLL: Duration = Duration::from_millis(5);

/// Why a file of a home folder could not be used.
#[derive(Debug, Error)]
pub enum StorageError {
    /// The file or folder could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file or folder could not be written; nothing of it is half-written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is larger than any file of its kind.
    #[error("{} is larger than {max_bytes} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read.
        max_bytes: u64,
    },
    /// The file is not of its format.
    #[error("{} is damaged: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the parser said, with line and column where it knows them.
        problem: String,
    },
    /// A file that must never be overwritten is already there.
    #[error("{} is already there", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Another process works in this home folder.
    #[error("another command is working in {}", path.display())]
    Busy {
        /// The home folder.
        path: PathBuf,
    },
}

impl StorageError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "file_unreadable",
            Self::Unwritable { .. } => "file_unwritable",
            Self::TooLarge { .. } => "file_too_large",
            Self::Malformed { .. } => "file_damaged",
            Self::Exists { .. } => "file_exists",
            Self::Busy { .. } => "home_busy",
        }
    }

    fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), source }
    }

    fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), source }
    }

    /// A file that its parser refused.
    pub(crate) fn malformed(path: &Path, problem: impl ToString) -> Self {
        Self::Malformed { path: path.to_owned(), problem: problem.to_string() }
    }
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The owner alone: keys, salts, claim codes, names.
    Private,
    /// Whoever may read the folder.
    Shared,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Shared => 0o644,
        }
    }
}

/// Holds a home folder for one process; let go when dropped, also by a crash.
#[derive(Debug)]
pub(crate) struct HomeLock {
    _file: File,
}

impl HomeLock {
    /// Takes the folder, waiting a while for another command or request that works in it.
    pub(crate) fn take(home: &Path) -> Result<Self, StorageError> {
        Self::take_within(home, LOCK_WAIT_MAX)
    }

    fn take_within(home: &Path, wait: Duration) -> Result<Self, StorageError> {
        let path = home.join(LOCK_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(Access::Private.mode())
            .open(&path)
            .map_err(|source| StorageError::unwritable(&path, source))?;
        let give_up = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => thread::sleep(LOCK_POLL),
                Err(TryLockError::WouldBlock) => return Err(StorageError::Busy { path: home.to_owned() }),
                Err(TryLockError::Error(source)) => return Err(StorageError::unwritable(&path, source)),
            }
        }
    }
}

/// Makes a folder only its owner may enter; it may be there already.
pub(crate) fn make_folder(path: &Path) -> Result<(), StorageError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StorageError::unwritable(path, source))
}

/// Reads a file of at most `max_bytes`.
pub(crate) fn read(path: &Path, max_bytes: u64) -> Result<Vec<u8>, StorageError> {
    let file = File::open(path).map_err(|source| StorageError::unreadable(path, source))?;
    let mut bytes = Vec::new();
    let limited = max_bytes.saturating_add(1);
    file.take(limited).read_to_end(&mut bytes).map_err(|source| StorageError::unreadable(path, source))?;
    if bytes.len() as u64 > max_bytes {
        return Err(StorageError::TooLarge { path: path.to_owned(), max_bytes });
    }
    Ok(bytes)
}

/// Reads a file that may be absent.
pub(crate) fn read_if_there(path: &Path, max_bytes: u64) -> Result<Option<Vec<u8>>, StorageError> {
    match read(path, max_bytes) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(StorageError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a JSON file of at most `max_bytes` into its type.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, max_bytes: u64) -> Result<T, StorageError> {
    let bytes = read(path, max_bytes)?;
    serde_json::from_slice(&bytes).map_err(|error| StorageError::malformed(path, error))
}

/// Reads a JSON file that may be absent.
pub(crate) fn read_json_if_there<T: DeserializeOwned>(
    path: &Path,
    max_bytes: u64,
) -> Result<Option<T>, StorageError> {
    let Some(bytes) = read_if_there(path, max_bytes)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| StorageError::malformed(path, error))
}

/// Writes a file in place of the one that may be there, and makes the new name durable.
pub(crate) fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), StorageError> {
    write_unsynced_name(path, bytes, access)?;
    sync_folder_of(path)
}

/// Writes a file whose bytes are durable on return, its name only after [`sync_folder`].
///
/// Three hundred records in one folder need one flush of the folder, not three hundred.
pub(crate) fn write_unsynced_name(path: &Path, bytes: &[u8], access: Access) -> Result<(), StorageError> {
    let temporary = write_temporary(path, bytes, access)?;
    fs::rename(&temporary, path).map_err(|source| StorageError::unwritable(path, source))
}

/// Writes a file that must not be there yet; never overwrites.
pub(crate) fn write_new(path: &Path, bytes: &[u8], access: Access) -> Result<(), StorageError> {
    let temporary = write_temporary(path, bytes, access)?;
    // A hard link fails where the name is taken; a rename would silently replace it.
    let linked = fs::hard_link(&temporary, path);
    let _ = fs::remove_file(&temporary);
    match linked {
        Ok(()) => sync_folder_of(path),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            Err(StorageError::Exists { path: path.to_owned() })
        }
        Err(source) => Err(StorageError::unwritable(path, source)),
    }
}

/// Writes a value as indented JSON in place of the file that may be there.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T, access: Access) -> Result<(), StorageError> {
    write(path, &json_bytes(path, value)?, access)
}

/// The indented JSON of a value, with a final newline.
pub(crate) fn json_bytes<T: Serialize>(path: &Path, value: &T) -> Result<Vec<u8>, StorageError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| StorageError::malformed(path, error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Gives a folder its final name; both names lie in the same folder.
pub(crate) fn rename_folder(from: &Path, to: &Path) -> Result<(), StorageError> {
    sync_folder(from)?;
    fs::rename(from, to).map_err(|source| StorageError::unwritable(to, source))?;
    sync_folder_of(to)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), StorageError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| StorageError::unwritable(folder, source))
}

/// The names in a folder, sorted; none when the folder is absent. Names that start with a dot
/// (temporary files, the lock) and names that are not UTF-8 are left out.
pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>, StorageError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StorageError::unreadable(folder, source)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| StorageError::unreadable(folder, source))?;
        match entry.file_name().into_string() {
            Ok(name) if !name.starts_with('.') => names.push(name),
            _ => {}
        }
    }
    names.sort();
    Ok(names)
}

fn sync_folder_of(path: &Path) -> Result<(), StorageError> {
    match path.parent() {
        Some(folder) => sync_folder(folder),
        None => Ok(()),
    }
}

fn write_temporary(path: &Path, bytes: &[u8], access: Access) -> Result<PathBuf, StorageError> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
    let temporary = path.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(access.mode())
        .open(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    if let Err(source) = written {
        let _ = fs::remove_file(&temporary);
        return Err(StorageError::unwritable(path, source));
    }
    Ok(temporary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_replaces_an_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.age");
        write_new(&path, b"first", Access::Private).unwrap();
        let refused = write_new(&path, b"second", Access::Private).unwrap_err();
        assert!(matches!(refused, StorageError::Exists { .. }));
        assert_eq!(read(&path, 10).unwrap(), b"first");
        assert_eq!(names_in(folder.path()).unwrap(), ["key.age"]);
    }

    #[test]
    fn a_file_over_the_bound_is_refused_and_one_at_the_bound_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        write(&path, b"12345", Access::Shared).unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4).unwrap_err(), StorageError::TooLarge { max_bytes: 4, .. }));
    }

    #[test]
    fn a_second_command_is_told_that_the_home_is_busy_and_may_wait_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let held = HomeLock::take(folder.path()).unwrap();
        let refused = HomeLock::take_within(folder.path(), Duration::ZERO).unwrap_err();
        assert!(matches!(refused, StorageError::Busy { .. }));
        let path = folder.path().to_owned();
        let waiting = thread::spawn(move || HomeLock::take(&path).map(drop));
        drop(held);
        waiting.join().unwrap().unwrap();
    }
}
