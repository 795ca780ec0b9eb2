//! The disk, as the file adapters see it: small enough that a simulated one can lose power.

use core::fmt;

mod real;

pub use real::RealDisk;

/// Folders and files under one root, named by relative paths with `/`.
///
/// Nothing is durable before it is synced: the bytes of a file by [`DiskFile::sync`], its name (after `create` and
/// `rename`) by [`Disk::sync_folder`].
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes a folder and those above it. One that exists is no error.
    ///
    /// # Errors
    /// What the system said.
    fn create_folder(&self, folder: &str) -> Result<(), DiskError>;

    /// The names in a folder, sorted. A folder that does not exist is empty.
    ///
    /// # Errors
    /// What the system said.
    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError>;

    /// Makes a new file for reading and writing; one that exists is an error.
    ///
    /// # Errors
    /// What the system said.
    fn create(&self, path: &str) -> Result<Box<dyn DiskFile>, DiskError>;

    /// Opens a file for reading and writing, `None` when it does not exist.
    ///
    /// # Errors
    /// What the system said.
    fn open(&self, path: &str) -> Result<Option<Box<dyn DiskFile>>, DiskError>;

    /// Gives a file another name, in place of one that may be there.
    ///
    /// # Errors
    /// What the system said.
    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError>;

    /// Removes a file; one that does not exist is no error.
    ///
    /// # Errors
    /// What the system said.
    fn remove(&self, path: &str) -> Result<(), DiskError>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// What the system said.
    fn sync_folder(&self, folder: &str) -> Result<(), DiskError>;

    /// Takes the exclusive lock that a file stands for, `None` when somebody else holds it. It ends with the value.
    ///
    /// # Errors
    /// What the system said.
    fn lock(&self, path: &str) -> Result<Option<Box<dyn DiskLock>>, DiskError>;
}

/// An open file.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Its length in bytes.
    ///
    /// # Errors
    /// What the system said.
    fn length(&self) -> Result<u64, DiskError>;

    /// Fills the buffer from the bytes at an offset; fewer bytes than that are an error.
    ///
    /// # Errors
    /// What the system said.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError>;

    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// What the system said; any part of the bytes may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError>;

    /// Cuts the file to a length.
    ///
    /// # Errors
    /// What the system said.
    fn truncate(&self, length: u64) -> Result<(), DiskError>;

    /// Makes the bytes and the length durable.
    ///
    /// # Errors
    /// What the system said. The bytes may be lost although a later `sync` succeeds: whoever sees this error must
    /// stop, and read again what it believes to be there.
    fn sync(&self) -> Result<(), DiskError>;
}

/// A lock that is held until it is dropped.
pub trait DiskLock: Send + Sync + fmt::Debug {}

/// A disk did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {path}: {source}")]
pub struct DiskError {
    /// What was asked: `read`, `write`, `sync`, …
    pub operation: &'static str,
    /// The file or folder.
    pub path: String,
    /// What the system said.
    pub source: std::io::Error,
}

/// Writes a whole small file so that after a crash either the old or the new content is there: a temporary file,
/// synced, renamed over the old one, and the folder synced.
pub(crate) fn replace(disk: &dyn Disk, folder: &str, name: &str, bytes: &[u8]) -> Result<(), DiskError> {
    let path = join(folder, name);
    let temporary = format!("{path}{TEMPORARY}");
    disk.remove(&temporary)?;
    let file = disk.create(&temporary)?;
    file.write_at(0, bytes)?;
    file.sync()?;
    disk.rename(&temporary, &path)?;
    disk.sync_folder(folder)
}

/// Reads a whole file of at most `max` bytes; a longer one is cut one byte above, so that its reader refuses it.
pub(crate) fn read_whole(disk: &dyn Disk, path: &str, max: usize) -> Result<Option<Vec<u8>>, DiskError> {
    let Some(file) = disk.open(path)? else { return Ok(None) };
    let length = file.length()?.min(max as u64 + 1);
    let mut bytes = vec![0; length as usize];
    file.read_at(0, &mut bytes)?;
    Ok(Some(bytes))
}

/// What the names of unfinished files end with.
pub(crate) const TEMPORARY: &str = ".unfinished";

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
