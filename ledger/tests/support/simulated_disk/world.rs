//! What is on the simulated disk and what is only cached, and what a loss of power makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Error, ErrorKind};

use matricula_ledger::DiskError;

use super::Fault;

pub(super) const SECTOR: usize = 512;

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) cached: Names,
    pub(super) durable: Names,
    pub(super) files: BTreeMap<u64, File>,
    pub(super) next_file: u64,
    /// Handles of before the last crash are dead.
    pub(super) boot: u64,
    pub(super) locked: BTreeSet<String>,
    pub(super) changes: u64,
    pub(super) fault: Option<Fault>,
    pub(super) random: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names {
    pub(super) folders: BTreeSet<String>,
    pub(super) files: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub(super) cached: Vec<u8>,
    pub(super) durable: Vec<u8>,
    /// Sectors that were written since the last sync.
    pub(super) dirty: BTreeSet<usize>,
}

pub(super) enum Outcome {
    Happens,
    HappensAndFails,
    Fails,
}

impl World {
    pub(super) fn change<T>(
        &mut self,
        operation: &'static str,
        path: &str,
        work: impl FnOnce(&mut Self) -> Result<T, Error>,
        instead: impl FnOnce(&mut Self),
    ) -> Result<T, DiskError> {
        self.changes += 1;
        let outcome = match self.fault {
            Some(Fault::FailsAndPersists(n)) if n == self.changes => Outcome::HappensAndFails,
            Some(Fault::FailsAndDoesNot(n)) if n == self.changes => Outcome::Fails,
            Some(Fault::PowerEnds(n)) if n <= self.changes => {
                return Err(fail(operation, path, ErrorKind::Other));
            }
            _ => Outcome::Happens,
        };
        match outcome {
            Outcome::Happens => work(self).map_err(|source| error(operation, path, source)),
            Outcome::HappensAndFails => {
                work(self).map_err(|source| error(operation, path, source))?;
                Err(fail(operation, path, ErrorKind::Other))
            }
            Outcome::Fails => {
                instead(self);
                Err(fail(operation, path, ErrorKind::Other))
            }
        }
    }

    pub(super) fn seeded(seed: u64) -> u64 {
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as usize % bound.max(1)
    }

    pub(super) fn lose_power(&mut self) {
        self.boot += 1;
        self.locked.clear();
        self.fault = None;
        let ids: Vec<u64> = self.files.keys().copied().collect();
        for id in ids {
            let mut file = self.files[&id].clone();
            self.tear(&mut file);
            self.files.insert(id, file);
        }
        self.tear_names();
    }

    /// Each unsynced sector reached the disk or did not, in any combination; so did the length.
    fn tear(&mut self, file: &mut File) {
        let mut survived = file.durable.clone();
        if file.cached.len() < survived.len() && self.below(2) == 0 {
            survived.truncate(file.cached.len());
        }
        for sector in file.dirty.clone() {
            let start = sector * SECTOR;
            let end = (start + SECTOR).min(file.cached.len());
            if start >= end || self.below(2) == 0 {
                continue;
            }
            if survived.len() < end {
                survived.resize(end, 0);
            }
            survived[start..end].copy_from_slice(&file.cached[start..end]);
        }
        if file.cached.len() > survived.len() && self.below(2) == 0 {
            survived.resize(file.cached.len(), 0);
        }
        *file = File { cached: survived.clone(), durable: survived, dirty: BTreeSet::new() };
    }

    /// Each unsynced change of a name reached the disk or did not, in any combination.
    fn tear_names(&mut self) {
        let mut survived = self.durable.clone();
        for folder in self.cached.folders.clone() {
            if !survived.folders.contains(&folder) && self.below(2) == 0 {
                survived.folders.insert(folder);
            }
        }
        let names: BTreeSet<String> =
            survived.files.keys().chain(self.cached.files.keys()).cloned().collect();
        for name in names {
            if self.below(2) == 0 {
                continue;
            }
            match self.cached.files.get(&name) {
                Some(file) => survived.files.insert(name, *file),
                None => survived.files.remove(&name),
            };
        }
        let folders = survived.folders.clone();
        let reachable = |path: &str| {
            let above = parent(path);
            above.is_empty() || folders.contains(above)
        };
        survived.files.retain(|name, _| reachable(name));
        survived.folders.retain(|name| reachable(name));
        self.cached = survived.clone();
        self.durable = survived;
    }
}

pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

pub(super) fn fail(operation: &'static str, path: &str, kind: ErrorKind) -> DiskError {
    error(operation, path, kind.into())
}

pub(super) fn error(operation: &'static str, path: &str, source: Error) -> DiskError {
    DiskError { operation, path: path.to_owned(), source }
}
