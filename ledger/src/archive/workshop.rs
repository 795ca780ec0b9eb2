//! The folder in which a log is rebuilt, until it gets its own name.

use std::fs::{self, File};
use std::path::Path;

use super::restore::{RestoreOrder, Restored, restore_on};
use super::restore_error::RestoreError;
use crate::disk::DiskError;
use crate::node::{NodeStores, OpenError};
use crate::sequence::SequenceError;

/// Rebuilds the log of these keys in a folder, which must be empty or missing. Works in a folder beside it, with
/// `.restoring` at the end of its name, which gets the folder's own name when all is there and checked. Stopped at any
/// moment, the same call takes the work up. `progress` hears how many entries of how many are done.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore(
    folder: &Path,
    order: &RestoreOrder<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Restored, RestoreError> {
    refuse_if_used(folder)?;
    let workshop = folder.with_extension("restoring");
    let restored = {
        let stores = open_workshop(&workshop, order.keys.log.verifier().name().as_str())?;
        restore_on(&stores, order, progress)
    };
    if let Err(RestoreError::RootMismatch { .. }) = &restored {
        // What is in it is proven by nothing: the next attempt must not build on it.
        fs::remove_dir_all(&workshop).map_err(|source| disk_error("remove", &workshop, source))?;
    }
    let restored = restored?;
    refuse_if_used(folder)?;
    fs::rename(&workshop, folder).map_err(|source| disk_error("rename to", folder, source))?;
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(above).and_then(|above| above.sync_all());
    synced.map_err(|source| disk_error("sync folder", above, source))?;
    Ok(restored)
}

fn refuse_if_used(folder: &Path) -> Result<(), RestoreError> {
    match fs::read_dir(folder) {
        Ok(mut names) => {
            if names.next().is_some() {
                Err(RestoreError::NotEmpty)
            } else {
                Ok(())
            }
        }
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(disk_error("list", folder, source)),
    }
}

/// Opens what an earlier attempt left, or begins. What power loss damaged there is a copy, and made again.
fn open_workshop(workshop: &Path, origin: &str) -> Result<NodeStores, RestoreError> {
    match NodeStores::in_folder(workshop, origin) {
        Err(OpenError::Sequence(SequenceError::Damaged { .. })) => {
            fs::remove_dir_all(workshop).map_err(|source| disk_error("remove", workshop, source))?;
            Ok(NodeStores::in_folder(workshop, origin)?)
        }
        opened => Ok(opened?),
    }
}

fn disk_error(operation: &'static str, path: &Path, source: std::io::Error) -> RestoreError {
    DiskError { operation, path: path.display().to_string(), source }.into()
}
