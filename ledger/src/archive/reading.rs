//! Reading objects from sources that may lie, and noting what each had wrong.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use matricula_tlog::{
    BundleError, BundlePath, PolicyVerifyError, SignedCheckpointError, Tile, TileError, TilePath,
    parse_bundle,
};

use super::{LogSource, SourceError};
use crate::tiles::ObjectPath;

/// Findings kept: a source that is damaged everywhere need not be told bit by bit.
const FINDINGS_MAX: usize = 256;

/// What a source had wrong. The work went on with another one, or ended.
#[derive(Debug)]
pub struct SourceFinding {
    /// The source.
    pub source: String,
    /// What is wrong.
    pub flaw: SourceFlaw,
}

impl fmt::Display for SourceFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.source, self.flaw)
    }
}

/// What can be wrong with a source.
#[derive(Debug, thiserror::Error)]
pub enum SourceFlaw {
    /// It did not answer, or its storage failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It has no checkpoint.
    #[error("it has no checkpoint")]
    NoCheckpoint,
    /// Its checkpoint is malformed.
    #[error("its checkpoint is malformed: {0}")]
    MalformedCheckpoint(#[source] SignedCheckpointError),
    /// Its checkpoint is not to be believed.
    #[error("its checkpoint is not to be believed: {0}")]
    NotBelieved(#[source] PolicyVerifyError),
    /// It lacks what its checkpoint says it has.
    #[error("it does not have {path}")]
    Missing {
        /// The object.
        path: ObjectPath,
    },
    /// A tile has another length than its path says.
    #[error("its {path} is malformed: {error}")]
    MalformedTile {
        /// The tile.
        path: TilePath,
        /// What is wrong.
        error: TileError,
    },
    /// A bundle is not the entries that its path says.
    #[error("its {path} is malformed: {error}")]
    MalformedBundle {
        /// The bundle.
        path: BundlePath,
        /// What is wrong.
        error: BundleError,
    },
    /// An object does not hash to what the signed root says.
    #[error("its {path} is not what the log signed")]
    Wrong {
        /// The object.
        path: ObjectPath,
    },
    /// Its partial tiles together do not hash to the signed root. Which of them is wrong is told when the log is whole.
    #[error("its partial tiles do not hash to the signed root")]
    WrongEdge,
}

/// What was found so far, from all threads that read.
#[derive(Debug, Default)]
pub(super) struct Findings(Mutex<Vec<SourceFinding>>);

impl Findings {
    pub(super) fn note(&self, source: &dyn LogSource, flaw: impl Into<SourceFlaw>) {
        let mut findings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let finding = SourceFinding { source: source.name(), flaw: flaw.into() };
        let told = finding.to_string();
        if findings.len() < FINDINGS_MAX && findings.iter().all(|earlier| earlier.to_string() != told) {
            findings.push(finding);
        }
    }

    pub(super) fn into_inner(self) -> Vec<SourceFinding> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tile as a source has it, cut from the full one where the partial one is gone.
pub(super) fn tile(source: &dyn LogSource, path: TilePath) -> Result<Tile, SourceFlaw> {
    let malformed = |error| SourceFlaw::MalformedTile { path, error };
    if let Some(bytes) = source.tile(path)? {
        return Tile::parse(path, &bytes).map_err(malformed);
    }
    let missing = || SourceFlaw::Missing { path: ObjectPath::Tile(path) };
    if path.is_full() {
        return Err(missing());
    }
    let bytes = source.tile(path.full())?.ok_or_else(missing)?;
    let full = Tile::parse(path.full(), &bytes).map_err(malformed)?;
    let hashes = full.hashes().iter().take(usize::from(path.width())).copied().collect();
    Tile::new(path, hashes).map_err(malformed)
}

/// The entries of a bundle as a source has it, cut from the full one where the partial one is gone.
pub(super) fn bundle(source: &dyn LogSource, path: BundlePath) -> Result<Vec<Vec<u8>>, SourceFlaw> {
    let parse = |there: BundlePath, bytes: &[u8]| -> Result<Vec<Vec<u8>>, SourceFlaw> {
        let entries =
            parse_bundle(there, bytes).map_err(|error| SourceFlaw::MalformedBundle { path: there, error })?;
        Ok(entries.into_iter().take(usize::from(path.width())).map(<[u8]>::to_vec).collect())
    };
    if let Some(bytes) = source.bundle(path)? {
        return parse(path, &bytes);
    }
    let missing = || SourceFlaw::Missing { path: ObjectPath::Bundle(path) };
    if path.is_full() {
        return Err(missing());
    }
    parse(path.full(), &source.bundle(path.full())?.ok_or_else(missing)?)
}
