//! The logs of others that a node cosigns: as a witness, as a mirror, or as both; and what it found against anybody.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use matricula_state::{SledStore, StateError, StateStore};
use matricula_tlog::{
    Cosigner, Evidence, Origin, SignedCheckpoint, VerifierKey, origin_hash,
};
use sha2::{Digest, Sha256};

use crate::disk::{Disk, DiskError, RealDisk};
use crate::distributor::Role;
use crate::mirror::{Mirror, MirrorError, MirroredLog, OpenMirrorError};
use crate::sequence::{FileSequence, SequenceError};
use crate::tiles::{FileTiles, TileError};
use crate::witness::{
    EvidenceStore, EvidenceStoreError, Kept, KnownLogError, KnownLogs, LightWitness, WitnessError,
};

const STATE_FOLDER: &str = "state";
const COPIES_FOLDER: &str = "copies";

/// Evidence that is listed at most: more than all followed logs together can have.
const EVIDENCE_LISTED_MAX: usize = 4096;

/// A log to follow.
#[derive(Clone, Debug)]
pub struct Followed {
    /// What is known of it from outside it.
    pub log: MirroredLog,
    /// What is done for it.
    pub roles: BTreeSet<Role>,
}

/// The keys of the cosignatures. Each is used for nothing else, but for the node's own log, which is never followed.
pub struct FollowingKeys {
    /// Cosigns as a witness.
    pub witness: Cosigner,
    /// Cosigns as a mirror.
    pub mirror: Cosigner,
}

/// Why the logs of others cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// What was cosigned before cannot be read. It is never begun anew: whoever forgets what it cosigned can say two
    /// things.
    #[error("what was cosigned before cannot be read: {0}")]
    State(#[from] StateError),
    /// A folder cannot be used.
    #[error("a copy's folder cannot be used: {0}")]
    Disk(#[from] DiskError),
    /// A copy's entries cannot be read.
    #[error("a copy's entries cannot be read: {0}")]
    Sequence(#[from] SequenceError),
    /// A copy's tiles cannot be read.
    #[error("a copy's tiles cannot be read: {0}")]
    Tiles(#[from] TileError),
    /// A copy does not agree with itself, with its log, or with what was cosigned.
    #[error("the copy of {origin}: {source}")]
    Copy {
        /// The log.
        origin: Origin,
        /// What is wrong.
        source: Box<OpenMirrorError>,
    },
    /// A key is not that of a log.
    #[error(transparent)]
    Key(#[from] KnownLogError),
    /// What somebody shows contradicts what is remembered.
    #[error(transparent)]
    Witness(#[from] WitnessError),
    /// What somebody shows contradicts what is remembered.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
}

/// A node's side for the logs of others.
pub struct Following {
    witness: Arc<LightWitness>,
    mirror: Arc<Mirror>,
    evidence: EvidenceStore,
    logs: Vec<(Origin, BTreeSet<Role>)>,
    accusable: Vec<VerifierKey>,
}

impl Following {
    /// Opens what is kept of these logs in a folder. `accusable` are the further keys against which evidence from others
    /// is kept: those of peers and of the own log.
    ///
    /// # Errors
    /// See [`FollowError`].
    pub fn open(
        folder: &Path,
        keys: FollowingKeys,
        logs: Vec<Followed>,
        accusable: Vec<VerifierKey>,
    ) -> Result<Self, FollowError> {
        let state: Arc<dyn StateStore> = Arc::new(SledStore::open(&folder.join(STATE_FOLDER))?);
        let mut known = KnownLogs::new();
        let mirror = Mirror::new(state.clone(), Box::new(keys.mirror));
        let (mut followed, mut accusable) = (Vec::new(), accusable);
        for Followed { log, roles } in logs {
            let origin = Origin::from(log.log_key.name());
            accusable.push(log.log_key.clone());
            if roles.contains(&Role::Witness) {
                known.add(log.log_key.clone())?;
            }
            if roles.contains(&Role::Mirror) {
                add_copy(&mirror, &folder.join(COPIES_FOLDER), log, &origin)?;
            }
            followed.push((origin, roles));
        }
        followed.sort();
        Ok(Self {
            witness: Arc::new(LightWitness::new(state.clone(), Box::new(keys.witness), known)),
            mirror: Arc::new(mirror),
            evidence: EvidenceStore::new(state),
            logs: followed,
            accusable,
        })
    }

    /// The witness.
    pub fn witness(&self) -> &Arc<LightWitness> {
        &self.witness
    }

    /// The mirror.
    pub fn mirror(&self) -> &Arc<Mirror> {
        &self.mirror
    }

    /// The logs that are followed.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.logs.iter().map(|(origin, _)| origin)
    }

    /// Takes up again what this node cosigned and may have forgotten, from a checkpoint that somebody shows. To be called
    /// with whatever can be had before anything is cosigned.
    ///
    /// # Errors
    /// [`FollowError`] when it contradicts what is remembered.
    pub fn recall(&self, checkpoint: &SignedCheckpoint) -> Result<(), FollowError> {
        self.witness.recall(checkpoint)?;
        self.mirror.recall(checkpoint)?;
        Ok(())
    }

    /// Takes evidence that somebody else found, if it proves something against a key that is known here: anybody can
    /// make keys, and files against them.
    ///
    /// # Errors
    /// [`EvidenceStoreError`] when it proves nothing, or cannot be kept.
    pub fn take_evidence(&self, evidence: &Evidence) -> Result<Option<Kept>, EvidenceStoreError> {
        if !self.accusable.contains(evidence.signer()) {
            return Ok(None);
        }
        self.evidence.keep(evidence).map(Some)
    }

    /// All evidence, with the name of each file.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn evidence(&self) -> Result<Vec<(String, Evidence)>, EvidenceStoreError> {
        let all = self.evidence.all(EVIDENCE_LISTED_MAX)?;
        Ok(all.into_iter().map(|evidence| (evidence_name(&evidence), evidence)).collect())
    }
}

/// The name of an evidence file: the SHA-256 of its bytes, in hex.
pub fn evidence_name(evidence: &Evidence) -> String {
    let digest = Sha256::digest(evidence.encode().as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn add_copy(mirror: &Mirror, folder: &Path, log: MirroredLog, origin: &Origin) -> Result<(), FollowError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&folder.join(origin_hash(origin)))?);
    let sequence = Arc::new(FileSequence::open(disk.clone(), origin.as_str())?);
    let tiles = Arc::new(FileTiles::open(disk)?);
    mirror
        .add_log(log, sequence, tiles)
        .map_err(|source| FollowError::Copy { origin: origin.clone(), source: Box::new(source) })
}
