//! Stores and disks that break one promise each: the suites must catch them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use matricula_ledger::{
    Commit, CommitError, Disk, DiskError, DiskFile, DiskLock, Epoch, Head, Lease, MemorySequence,
    MemoryTiles, ObjectPath, SequenceError, SequenceStore, SequencedEntry, TileError, TileStore,
};
use matricula_tlog::{LeafIndex, SignedCheckpoint, TreeSize};

use super::simulated_disk::SimulatedDisk;

/// Which syncs a lying disk leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Those of files.
    Files,
    /// Those of folders.
    Folders,
}

/// A disk that says that it synced, and did not.
#[derive(Debug)]
pub struct LyingDisk {
    pub disk: SimulatedDisk,
    pub lie: Lie,
}

#[derive(Debug)]
pub struct LyingFile(Box<dyn DiskFile>);

impl LyingDisk {
    fn file(&self, file: Box<dyn DiskFile>) -> Box<dyn DiskFile> {
        if self.lie == Lie::Files { Box::new(LyingFile(file)) } else { file }
    }
}

impl Disk for LyingDisk {
    fn create_folder(&self, folder: &str) -> Result<(), DiskError> {
        self.disk.create_folder(folder)
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, DiskError> {
        self.disk.list(folder)
    }

    fn create(&self, path: &str) -> Result<Box<dyn DiskFile>, DiskError> {
        Ok(self.file(self.disk.create(path)?))
    }

    fn open(&self, path: &str) -> Result<Option<Box<dyn DiskFile>>, DiskError> {
        Ok(self.disk.open(path)?.map(|file| self.file(file)))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), DiskError> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> Result<(), DiskError> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, folder: &str) -> Result<(), DiskError> {
        if self.lie == Lie::Folders { Ok(()) } else { self.disk.sync_folder(folder) }
    }

    fn lock(&self, path: &str) -> Result<Option<Box<dyn DiskLock>>, DiskError> {
        self.disk.lock(path)
    }
}

impl DiskFile for LyingFile {
    fn length(&self) -> Result<u64, DiskError> {
        self.0.length()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), DiskError> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), DiskError> {
        self.0.write_at(offset, bytes)
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        self.0.truncate(length)
    }

    fn sync(&self) -> Result<(), DiskError> {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    IgnoresConditions,
    ChecksThenWrites,
    RollsBackOnce,
    ReusesEpochs,
}

/// The model of a sequence with one fault.
#[derive(Debug)]
pub struct Control {
    fault: Fault,
    inner: Mutex<MemorySequence>,
    commits: Mutex<u32>,
}

impl Control {
    pub fn new(fault: Fault) -> Self {
        Self { fault, inner: Mutex::default(), commits: Mutex::default() }
    }

    /// Commits on whatever is there.
    fn force(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let inner = self.inner.lock().unwrap();
        let Lease { epoch, head } = inner.acquire().unwrap();
        let size = TreeSize::new(head.size.get() + commit.entries.len() as u64);
        inner.commit(&Commit { epoch, expected: head, next: Head { size, ..commit.next }, ..*commit })
    }

    /// Puts the state of before the last commit in place.
    fn roll_back(&self, commit: &Commit<'_>) {
        let mut inner = self.inner.lock().unwrap();
        let entries = inner.entries(LeafIndex::new(0), commit.expected.size.get() as usize).unwrap();
        let entries: Vec<&[u8]> = entries.iter().map(|entry| entry.bytes.as_slice()).collect();
        let before = MemorySequence::new();
        let epoch = before.acquire().unwrap().epoch;
        let (expected, next) = (Head::empty(), commit.expected);
        before.commit(&Commit { epoch, expected, next, entries: &entries, ..*commit }).unwrap();
        *inner = before;
    }
}

impl SequenceStore for Control {
    fn head(&self) -> Result<Head, SequenceError> {
        self.inner.lock().unwrap().head()
    }

    fn acquire(&self) -> Result<Lease, SequenceError> {
        let lease = self.inner.lock().unwrap().acquire()?;
        Ok(if self.fault == Fault::ReusesEpochs { Lease { epoch: Epoch::new(1), ..lease } } else { lease })
    }

    fn commit(&self, commit: &Commit<'_>) -> Result<(), CommitError> {
        match self.fault {
            Fault::IgnoresConditions => self.force(commit),
            Fault::ReusesEpochs => self.inner.lock().unwrap().commit(commit),
            Fault::ChecksThenWrites => {
                // The check is the model's own, on a copy that is thrown away.
                let found = self.head().unwrap();
                let epoch = commit.epoch;
                if commit.expected != found
                    || commit.next.size.get() != found.size.get() + commit.entries.len() as u64
                {
                    return self.inner.lock().unwrap().commit(commit);
                }
                thread::sleep(Duration::from_millis(2));
                let inner = self.inner.lock().unwrap();
                let head = inner.head().unwrap();
                let size = TreeSize::new(head.size.get() + commit.entries.len() as u64);
                inner.commit(&Commit { epoch, expected: head, next: Head { size, ..commit.next }, ..*commit })
            }
            Fault::RollsBackOnce => {
                self.inner.lock().unwrap().commit(commit)?;
                let mut commits = self.commits.lock().unwrap();
                *commits += 1;
                if *commits == 61 && commit.expected.size.get() == 60 {
                    self.roll_back(commit);
                }
                Ok(())
            }
        }
    }

    fn entries(&self, from: LeafIndex, limit: usize) -> Result<Vec<SequencedEntry>, SequenceError> {
        self.inner.lock().unwrap().entries(from, limit)
    }

    fn trim(&self, before: LeafIndex) -> Result<LeafIndex, SequenceError> {
        self.inner.lock().unwrap().trim(before)
    }
}

/// Tiles in memory with one fault.
#[derive(Debug)]
pub struct LooseTiles {
    fault: Fault,
    objects: Mutex<BTreeMap<ObjectPath, Vec<u8>>>,
    checkpoints: MemoryTiles,
    puts: Mutex<u32>,
}

impl LooseTiles {
    pub fn new(fault: Fault) -> Self {
        let checkpoints = MemoryTiles::new();
        Self { fault, objects: Mutex::default(), checkpoints, puts: Mutex::default() }
    }
}

impl TileStore for LooseTiles {
    fn put(&self, objects: &[(ObjectPath, Vec<u8>)]) -> Result<(), TileError> {
        let mut stored = self.objects.lock().unwrap();
        if self.fault != Fault::IgnoresConditions {
            let mut seen: BTreeMap<ObjectPath, &Vec<u8>> = BTreeMap::new();
            for (path, bytes) in objects {
                let earlier = seen.insert(*path, bytes);
                if stored.get(path).or(earlier).is_some_and(|there| there != bytes) {
                    return Err(TileError::Differs { path: *path });
                }
            }
        }
        if self.fault == Fault::ChecksThenWrites {
            drop(stored);
            thread::sleep(Duration::from_millis(2));
            stored = self.objects.lock().unwrap();
        }
        stored.extend(objects.iter().cloned());
        let mut puts = self.puts.lock().unwrap();
        *puts += 1;
        if self.fault == Fault::RollsBackOnce && *puts == 61 {
            stored.remove(&objects[0].0);
        }
        Ok(())
    }

    fn get(&self, path: ObjectPath) -> Result<Option<Vec<u8>>, TileError> {
        Ok(self.objects.lock().unwrap().get(&path).cloned())
    }

    fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), TileError> {
        self.checkpoints.publish(checkpoint)
    }

    fn published(&self) -> Result<Option<SignedCheckpoint>, TileError> {
        self.checkpoints.published()
    }
}
