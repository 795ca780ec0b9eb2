//! A disk that loses power: what is not synced is dropped, torn at sectors of 512 bytes, and reordered.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use matricula_ledger::{Disk, DiskError, DiskFile, DiskLock};

mod world;

use world::{File, Names, SECTOR, World, fail, name, parent};

/// What the disk does with its n-th change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The change happens and reports an error.
    FailsAndPersists(u64),
    /// The change does not happen and reports an error. A sync that fails so drops what it should have written, and
    /// the cache forgets that it was ever unsynced.
    FailsAndDoesNot(u64),
    /// From this change on nothing happens any more, and everything reports an error.
    PowerEnds(u64),
}

/// Shared by all handles: clone it to look at it while a store has it.
#[derive(Clone, Debug)]
pub struct SimulatedDisk {
    world: Arc<Mutex<World>>,
}

#[derive(Debug)]
struct Handle {
    world: Arc<Mutex<World>>,
    boot: u64,
    file: u64,
    path: String,
}

#[derive(Debug)]
struct Lock {
    world: Arc<Mutex<World>>,
    boot: u64,
    path: String,
}

impl SimulatedDisk {
    /// An empty disk. The seed decides what a crash leaves.
    pub fn new(seed: u64) -> Self {
        let world = World {
            cached: Names::default(),
            durable: Names::default(),
            files: BTreeMap::new(),
            next_file: 0,
            boot: 0,
            locked: BTreeSet::new(),
            changes: 0,
            fault: None,
            random: World::seeded(seed),
        };
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// Another disk with the same on it, that nobody has locked, with a seed of its own.
    pub fn copy(&self, seed: u64) -> Self {
        let mut world = self.lock_world().clone();
        world.locked.clear();
        world.random = World::seeded(seed);
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// How many changes were asked for so far.
    pub fn changes(&self) -> u64 {
        self.lock_world().changes
    }

    /// Sets a fault; numbers count from the first change of all.
    pub fn set_fault(&self, fault: Option<Fault>) {
        self.lock_world().fault = fault;
    }

    /// Power is lost and comes back.
    pub fn crash(&self) {
        let mut world = self.lock_world();
        world.lose_power();
    }

    /// The machine stays on, the process ends: what is cached stays.
    pub fn kill_process(&self) {
        let mut world = self.lock_world();
        world.boot += 1;
        world.locked.clear();
        world.fault = None;
    }

    /// The names of all files.
    pub fn paths(&self) -> Vec<String> {
        self.lock_world().cached.files.keys().cloned().collect()
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        let world = self.lock_world();
        Some(world.files[world.cached.files.get(path)?].cached.clone())
    }

    /// Puts other bytes in place of a file's, durably.
    pub fn overwrite(&self, path: &str, bytes: Vec<u8>) {
        let mut world = self.lock_world();
        let file = world.cached.files[path];
        world.files.insert(file, File { cached: bytes.clone(), durable: bytes, dirty: BTreeSet::new() });
    }

    fn lock_world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(
        &self,
        operation: &'static str,
        path: &str,
        work: impl FnOnce(&mut World) -> Result<T, Error>,
    ) -> Result<T, DiskError> {
        let mut world = self.lock_world();
        world.change(operation, path, work, |_| ())
    }
}

impl Disk for SimulatedDisk {
    fn create_folder(&self, folder: &str) -> Result<(), DiskError> {
        if self.lock_world().cached.folders.contains(folder) || folder.is_empty() {
            return Ok(());
        }
        self.change("create folder", folder, |world| {
            let mut path = folder;
            while !path.is_empty() {
                world.cached.folders.insert(path.to_owned());
                path = parent(path);
            }
            Ok(())
        })
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError> {
        let world = self.lock_world();
        let files = world.cached.files.keys().chain(&world.cached.folders);
        let inside = files.filter(|path| parent(path) == folder);
        let mut names: Vec<String> = inside.map(|path| name(path).to_owned()).collect();
        names.sort();
        Ok(names)
    }

    fn create(&self, path: &str) -> Result<Box<dyn DiskFile>, DiskError> {
        let (file, boot) = self.change("create", path, |world| {
            if !parent(path).is_empty() && !world.cached.folders.contains(parent(path)) {
                return Err(ErrorKind::NotFound.into());
            }
            if world.cached.files.contains_key(path) {
                return Err(ErrorKind::AlreadyExists.into());
            }
            world.next_file += 1;
            let file = world.next_file;
            world.files.insert(file, File::default());
            world.cached.files.insert(path.to_owned(), file);
            Ok((file, world.boot))
        })?;
        Ok(Box::new(Handle { world: self.world.clone(), boot, file, path: path.to_owned() }))
    }

    fn open(&self, path: &str) -> Result<Option<Box<dyn DiskFile>>, DiskError> {
        let world = self.lock_world();
        let Some(file) = world.cached.files.get(path).copied() else { return Ok(None) };
        let handle = Handle { world: self.world.clone(), boot: world.boot, file, path: path.to_owned() };
        Ok(Some(Box::new(handle)))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.change("rename", to, |world| {
            let file = world.cached.files.remove(from).ok_or(ErrorKind::NotFound)?;
            world.cached.files.insert(to.to_owned(), file);
            Ok(())
        })
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        if !self.lock_world().cached.files.contains_key(path) {
            return Ok(());
        }
        self.change("remove", path, |world| {
            world.cached.files.remove(path);
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &str) -> Result<(), DiskError> {
        self.change("sync folder", folder, |world| {
            let World { cached, durable, .. } = world;
            durable.files.retain(|path, _| parent(path) != folder);
            let here = cached.files.iter().filter(|(path, _)| parent(path) == folder);
            durable.files.extend(here.map(|(path, file)| (path.clone(), *file)));
            durable.folders.extend(cached.folders.iter().filter(|path| parent(path) == folder).cloned());
            Ok(())
        })
    }

    fn lock(&self, path: &str) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        let mut world = self.lock_world();
        if !world.locked.insert(path.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(Lock { world: self.world.clone(), boot: world.boot, path: path.to_owned() })))
    }
}

impl DiskLock for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if world.boot == self.boot {
            world.locked.remove(&self.path);
        }
    }
}

impl Handle {
    fn alive(&self) -> Result<MutexGuard<'_, World>, DiskError> {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if world.boot == self.boot {
            Ok(world)
        } else {
            Err(fail("use", &self.path, ErrorKind::NotConnected))
        }
    }

    fn change(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut File),
        instead: impl FnOnce(&mut File),
    ) -> Result<(), DiskError> {
        let mut world = self.alive()?;
        let work = |world: &mut World| {
            world.files.get_mut(&self.file).map(work).ok_or(Error::from(ErrorKind::NotFound))
        };
        let instead = |world: &mut World| {
            world.files.get_mut(&self.file).map(instead);
        };
        world.change(operation, &self.path, work, instead)
    }
}

impl DiskFile for Handle {
    fn length(&self) -> Result<u64, DiskError> {
        Ok(self.alive()?.files[&self.file].cached.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        let world = self.alive()?;
        let bytes = &world.files[&self.file].cached;
        let start = offset as usize;
        let found = bytes.get(start..start + buffer.len());
        let found = found.ok_or_else(|| fail("read", &self.path, ErrorKind::UnexpectedEof))?;
        buffer.copy_from_slice(found);
        Ok(())
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        let (start, end) = (offset as usize, offset as usize + bytes.len());
        let write = |file: &mut File| {
            if file.cached.len() < end {
                file.cached.resize(end, 0);
            }
            file.cached[start..end].copy_from_slice(bytes);
            file.dirty.extend(start / SECTOR..end.div_ceil(SECTOR));
        };
        self.change("write", write, |_| ())
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        let cut = |file: &mut File| {
            file.cached.truncate(length as usize);
            file.dirty.insert(length as usize / SECTOR);
        };
        self.change("truncate", cut, |_| ())
    }

    fn sync(&self) -> Result<(), DiskError> {
        // What an earlier failed sync dropped is not dirty any more, and is not written now either.
        let sync = |file: &mut File| {
            file.durable.resize(file.cached.len(), 0);
            for sector in core::mem::take(&mut file.dirty) {
                let end = ((sector + 1) * SECTOR).min(file.cached.len());
                let start = (sector * SECTOR).min(end);
                file.durable[start..end].copy_from_slice(&file.cached[start..end]);
            }
        };
        self.change("sync", sync, |file| file.dirty.clear())
    }
}
