//! A folder of this machine.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{Disk, DiskError, DiskFile, DiskLock};

/// A [`Disk`] in a folder of the file system.
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

#[derive(Debug)]
struct RealFile {
    path: PathBuf,
    file: File,
}

#[derive(Debug)]
struct RealLock {
    _file: File,
}

impl DiskLock for RealLock {}

impl RealDisk {
    /// The disk whose root is this folder; makes the folder when it is missing.
    ///
    /// # Errors
    /// What the system said.
    pub fn new(root: &Path) -> Result<Self, DiskError> {
        fs::create_dir_all(root).map_err(|source| error("create folder", root, source))?;
        let disk = Self { root: root.to_owned() };
        if let Some(above) = root.parent().filter(|above| !above.as_os_str().is_empty()) {
            sync_folder(above)?;
        }
        Ok(disk)
    }

    fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

impl Disk for RealDisk {
    fn create_folder(&self, folder: &str) -> Result<(), DiskError> {
        let path = self.at(folder);
        fs::create_dir_all(&path).map_err(|source| error("create folder", &path, source))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError> {
        let path = self.at(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(error("list", &path, source)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(|source| error("list", &path, source))?.file_name();
            names.push(name.to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn create(&self, path: &str) -> Result<Box<dyn DiskFile>, DiskError> {
        let path = self.at(path);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path);
        let file = file.map_err(|source| error("create", &path, source))?;
        Ok(Box::new(RealFile { path, file }))
    }

    fn open(&self, path: &str) -> Result<Option<Box<dyn DiskFile>>, DiskError> {
        let path = self.at(path);
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Ok(Some(Box::new(RealFile { path, file }))),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(error("open", &path, source)),
        }
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        let path = self.at(to);
        fs::rename(self.at(from), &path).map_err(|source| error("rename to", &path, source))
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        let path = self.at(path);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(missing) if missing.kind() == ErrorKind::NotFound => Ok(()),
            Err(source) => Err(error("remove", &path, source)),
        }
    }

    fn sync_folder(&self, folder: &str) -> Result<(), DiskError> {
        sync_folder(&self.at(folder))
    }

    fn lock(&self, path: &str) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        let path = self.at(path);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|source| error("open", &path, source))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(RealLock { _file: file }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(error("lock", &path, source)),
        }
    }
}

impl DiskFile for RealFile {
    fn length(&self) -> Result<u64, DiskError> {
        self.file.metadata().map(|data| data.len()).map_err(|source| error("measure", &self.path, source))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        self.file.read_exact_at(buffer, offset).map_err(|source| error("read", &self.path, source))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_all_at(bytes, offset).map_err(|source| error("write", &self.path, source))
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        self.file.set_len(length).map_err(|source| error("truncate", &self.path, source))
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(|source| error("sync", &self.path, source))
    }
}

fn sync_folder(path: &Path) -> Result<(), DiskError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|source| error("sync folder", path, source))
}

fn error(operation: &'static str, path: &Path, source: io::Error) -> DiskError {
    DiskError { operation, path: path.display().to_string(), source }
}
