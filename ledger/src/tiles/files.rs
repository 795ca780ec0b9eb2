//! The file adapter: a file an object, under the path that clients ask for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use matricula_tlog::{BUNDLE_BYTES_MAX, NOTE_BYTES_MAX, SignedCheckpoint};

use super::{ObjectPath, TileError, TileStore, check_publish};
use crate::disk::{Disk, DiskError, TEMPORARY, read_whole, replace};

const CHECKPOINT: &str = "checkpoint";
const FOLDER: &str = "tile";

/// A [`TileStore`] in files: `tile/…` and `checkpoint`. Its folder belongs to one process at a time; the lock of the
/// sequence beside it sees to that.
#[derive(Debug)]
pub struct FileTiles {
    disk: Arc<dyn Disk>,
    /// `None` after a failure: what is on the disk is then unknown until the store is opened again.
    state: Mutex<Option<State>>,
}

#[derive(Debug)]
struct State {
    published: Option<SignedCheckpoint>,
    /// Folders whose own name is durable.
    folders: BTreeSet<String>,
    /// Folders in which all names seen before are durable. After a failed sync, a process that is started anew sees
    /// names that are not on the disk.
    settled: BTreeSet<String>,
}

impl FileTiles {
    /// Opens or creates the store at the root of a disk.
    ///
    /// # Errors
    /// When the disk fails, or the published checkpoint cannot be read.
    pub fn open(disk: Arc<dyn Disk>) -> Result<Self, TileError> {
        disk.create_folder(FOLDER)?;
        disk.sync_folder("")?;
        let published = match read_whole(disk.as_ref(), CHECKPOINT, NOTE_BYTES_MAX)? {
            Some(bytes) => Some(SignedCheckpoint::parse(&bytes)?),
            None => None,
        };
        let folders = BTreeSet::from([FOLDER.to_owned()]);
        Ok(Self { disk, state: Mutex::new(Some(State { published, folders, settled: BTreeSet::new() })) })
    }

    /// Removes an object, for a repair that writes it again.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove(&self, path: ObjectPath) -> Result<(), TileError> {
        let path = path.to_string();
        self.disk.remove(&path)?;
        Ok(self.disk.sync_folder(folder_of(&path))?)
    }

    /// Removes the published checkpoint, for a repair that publishes it again.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_checkpoint(disk: &dyn Disk) -> Result<(), TileError> {
        disk.remove(CHECKPOINT)?;
        Ok(disk.sync_folder("")?)
    }

    /// Does work that leaves the store stopped when the disk fails in it.
    fn with_state<T>(&self, work: impl FnOnce(&mut State) -> Result<T, TileError>) -> Result<T, TileError> {
        let mut guard = self.state.lock().map_err(|_| TileError::Stopped)?;
        let done = work(guard.as_mut().ok_or(TileError::Stopped)?);
        if let Err(TileError::Disk(_)) = &done {
            *guard = None;
        }
        done
    }

    /// Objects that are not there yet; refuses those that are there with other bytes.
    fn missing<'o>(
        &self,
        objects: &'o [(ObjectPath, Vec<u8>)],
    ) -> Result<Vec<(String, &'o [u8])>, TileError> {
        let mut missing: Vec<(String, &[u8])> = Vec::with_capacity(objects.len());
        for (path, bytes) in objects {
            let name = path.to_string();
            let earlier =
                missing.iter().find(|(earlier, _)| *earlier == name).map(|(_, bytes)| bytes.to_vec());
            match earlier
                .map_or_else(|| read_whole(self.disk.as_ref(), &name, BUNDLE_BYTES_MAX), |e| Ok(Some(e)))?
            {
                Some(there) if there == *bytes => {}
                Some(_) => return Err(TileError::Differs { path: *path }),
                None => missing.push((name, bytes)),
            }
        }
        Ok(missing)
    }

    /// Makes durable what an earlier process left in the folders of these objects.
    fn settle(&self, state: &mut State, objects: &[(ObjectPath, Vec<u8>)]) -> Result<(), DiskError> {
        for (path, _) in objects {
            let path = path.to_string();
            let folder = folder_of(&path);
            if !state.settled.contains(folder) {
                self.create_folder(state, folder)?;
                self.disk.sync_folder(folder)?;
                state.settled.insert(folder.to_owned());
            }
        }
        Ok(())
    }

    /// Makes a folder and those above it, each durable in the one above.
    fn create_folder(&self, state: &mut State, folder: &str) -> Result<(), DiskError> {
        if state.folders.contains(folder) {
            return Ok(());
        }
        let above = folder_of(folder);
        if !above.is_empty() {
            self.create_folder(state, above)?;
        }
        self.disk.create_folder(folder)?;
        self.disk.sync_folder(above)?;
        state.folders.insert(folder.to_owned());
        Ok(())
    }
}

impl TileStore for FileTiles {
    /// Content first, all of it synced; then the names, all of them synced: no name ever leads to half an object.
    fn put(&self, objects: &[(ObjectPath, Vec<u8>)]) -> Result<(), TileError> {
        self.with_state(|state| {
            self.settle(state, objects)?;
            let missing = self.missing(objects)?;
            let mut folders = BTreeSet::new();
            for (name, bytes) in &missing {
                folders.insert(folder_of(name));
                let temporary = format!("{name}{TEMPORARY}");
                self.disk.remove(&temporary)?;
                let file = self.disk.create(&temporary)?;
                file.write_at(0, bytes)?;
                file.sync()?;
            }
            for (name, _) in &missing {
                self.disk.rename(&format!("{name}{TEMPORARY}"), name)?;
            }
            for folder in folders {
                self.disk.sync_folder(folder)?;
            }
            Ok(())
        })
    }

    fn get(&self, path: ObjectPath) -> Result<Option<Vec<u8>>, TileError> {
        Ok(read_whole(self.disk.as_ref(), &path.to_string(), BUNDLE_BYTES_MAX)?)
    }

    fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), TileError> {
        self.with_state(|state| {
            check_publish(state.published.as_ref(), checkpoint)?;
            replace(self.disk.as_ref(), "", CHECKPOINT, checkpoint.encode().as_bytes())?;
            state.published = Some(checkpoint.clone());
            Ok(())
        })
    }

    fn published(&self) -> Result<Option<SignedCheckpoint>, TileError> {
        self.with_state(|state| Ok(state.published.clone()))
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
