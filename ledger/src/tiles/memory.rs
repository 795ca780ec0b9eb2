//! The model: tiles in memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Mutex;

use matricula_tlog::SignedCheckpoint;

use super::{ObjectPath, TileError, TileStore, check_publish};

/// A [`TileStore`] in memory: durable as long as the value lives.
#[derive(Debug, Default)]
pub struct MemoryTiles {
    objects: Mutex<Objects>,
}

#[derive(Debug, Default)]
struct Objects {
    bytes: BTreeMap<ObjectPath, Vec<u8>>,
    published: Option<SignedCheckpoint>,
}

impl MemoryTiles {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl TileStore for MemoryTiles {
    fn put(&self, objects: &[(ObjectPath, Vec<u8>)]) -> Result<(), TileError> {
        let mut stored = self.objects.lock().map_err(|_| TileError::Stopped)?;
        for (path, bytes) in objects {
            match stored.bytes.entry(*path) {
                Entry::Vacant(place) => {
                    place.insert(bytes.clone());
                }
                Entry::Occupied(there) if there.get() == bytes => {}
                Entry::Occupied(_) => return Err(TileError::Differs { path: *path }),
            }
        }
        Ok(())
    }

    fn get(&self, path: ObjectPath) -> Result<Option<Vec<u8>>, TileError> {
        Ok(self.objects.lock().map_err(|_| TileError::Stopped)?.bytes.get(&path).cloned())
    }

    fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), TileError> {
        let mut stored = self.objects.lock().map_err(|_| TileError::Stopped)?;
        check_publish(stored.published.as_ref(), checkpoint)?;
        stored.published = Some(checkpoint.clone());
        Ok(())
    }

    fn published(&self) -> Result<Option<SignedCheckpoint>, TileError> {
        Ok(self.objects.lock().map_err(|_| TileError::Stopped)?.published.clone())
    }
}
