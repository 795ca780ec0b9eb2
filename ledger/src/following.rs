//! The logs of others that a node cosigns: as a witness, as a mirror, or as both; and what it found against anybody.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use matricula_state::{Expected, Op, StateError, StateStore, Table};
use matricula_tlog::{
    Cosigner, Evidence, Finding, Origin, PublicKey, SignedCheckpoint, VerifierKey, origin_hash,
};

use crate::careful::CarefulStore;
use crate::disk::{Disk, DiskError, RealDisk};
use crate::distributor::Role;
use crate::mirror::{Mirror, MirrorError, MirroredLog, OpenMirrorError, convicts_by_itself, resume};
use crate::sequence::{FileSequence, SequenceError};
use crate::tiles::{FileTiles, TileError};
pub use crate::witness::evidence_name;
use crate::witness::{
    EvidenceStore, EvidenceStoreError, Kept, KnownLogError, KnownLogs, LightWitness, WitnessError,
};

const STATE_FOLDER: &str = "state";
const COPIES_FOLDER: &str = "copies";

/// One row, written before anything is cosigned: a store without it is not the one that was begun.
const BEGUN: Table = Table::new("following-begun");
const BEGUN_KEY: &str = "begun";

/// What is expected of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Nothing was cosigned with these keys yet: the memory may begin here.
    MayBegin,
    /// Something may have been cosigned: the memory has to be there.
    Begun,
}

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
    /// Something may have been cosigned, and no memory of it is there.
    #[error("what was cosigned before is not there: the folder is lost, or another one")]
    Forgotten,
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

/// A log that is not followed, though it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The log.
    pub origin: Origin,
    /// What should be done for it.
    pub roles: BTreeSet<Role>,
    /// Why it is not, for the operator.
    pub problem: String,
}

/// A node's side for the logs of others.
pub struct Following {
    witness: Arc<LightWitness>,
    mirror: Arc<Mirror>,
    evidence: EvidenceStore,
    logs: Vec<(Origin, BTreeSet<Role>)>,
    left_out: Vec<LeftOut>,
    accusable: Vec<VerifierKey>,
}

impl Following {
    /// Opens what is kept of these logs in a folder. `accusable` are the further keys against which evidence from others
    /// is kept: those of peers and of the own log. A log whose copy cannot be opened is left out, and the others are
    /// followed.
    ///
    /// # Errors
    /// See [`FollowError`].
    pub fn open(
        folder: &Path,
        keys: FollowingKeys,
        logs: Vec<Followed>,
        accusable: Vec<VerifierKey>,
        memory: Memory,
    ) -> Result<Self, FollowError> {
        let state = open_memory(&folder.join(STATE_FOLDER), memory)?;
        let mut known = KnownLogs::new();
        let mirror = Mirror::new(state.clone(), Box::new(keys.mirror));
        let (mut followed, mut left_out, mut accusable) = (Vec::new(), Vec::new(), accusable);
        for Followed { log, roles } in logs {
            let origin = Origin::from(log.log_key.name());
            let log_key = log.log_key.clone();
            accusable.push(log_key.clone());
            let opened = match roles.contains(&Role::Mirror) {
                true => add_copy(&mirror, &folder.join(COPIES_FOLDER), log, &origin),
                false => Ok(()),
            };
            if let Err(error) = opened {
                tracing::error!(%origin, %error, "a followed log is left out");
                left_out.push(LeftOut { origin, roles, problem: error.to_string() });
                continue;
            }
            if roles.contains(&Role::Witness) {
                known.add(log_key)?;
            }
            followed.push((origin, roles));
        }
        followed.sort();
        Ok(Self {
            witness: Arc::new(LightWitness::new(state.clone(), Box::new(keys.witness), known)),
            mirror: Arc::new(mirror),
            evidence: EvidenceStore::new(state),
            logs: followed,
            left_out,
            accusable,
        })
    }

    /// Takes up a log again whose copy was stopped because of an entry, and tells whether it was stopped: over a folder
    /// that nobody else has open.
    ///
    /// # Errors
    /// [`FollowError::Forgotten`] when there is no memory there, [`FollowError::State`] when it cannot be opened.
    pub fn resume(folder: &Path, origin: &Origin) -> Result<bool, FollowError> {
        let state = open_memory(&folder.join(STATE_FOLDER), Memory::Begun)?;
        Ok(resume(state.as_ref(), origin)?)
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

    /// The logs that should be followed, and cannot be.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The evidence of all of them.
    pub fn evidence_store(&self) -> &EvidenceStore {
        &self.evidence
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

    /// Takes evidence that somebody else found, if it convicts a key that is known here, of a log that is: anybody can
    /// make keys, name logs, and object to entries of honest ones.
    ///
    /// # Errors
    /// [`EvidenceStoreError`] when it proves nothing, or cannot be kept.
    pub fn take_evidence(&self, evidence: &Evidence) -> Result<Option<Kept>, EvidenceStoreError> {
        if !self.accusable.contains(evidence.signer()) {
            return Ok(None);
        }
        let finding = evidence.verify()?;
        if !self.knows_log_of(&finding) || !convicts_by_itself(&finding) {
            return Ok(None);
        }
        self.evidence.keep(evidence).map(Some)
    }

    /// Whether it is about a log that is followed here, or about the own one. A cosigner may sign for any log it likes.
    fn knows_log_of(&self, finding: &Finding) -> bool {
        let is_log = |key: &VerifierKey| matches!(key.key(), PublicKey::Ed25519Note(_));
        let mut logs = self.accusable.iter().filter(|key| is_log(key)).map(VerifierKey::name);
        logs.any(|name| name.as_str() == finding.origin().as_str())
    }
}

/// Opens the memory. It is never made anew once something may have been cosigned.
fn open_memory(folder: &Path, memory: Memory) -> Result<Arc<dyn StateStore>, FollowError> {
    if memory == Memory::Begun && !folder.is_dir() {
        return Err(FollowError::Forgotten);
    }
    let state: Arc<dyn StateStore> = Arc::new(CarefulStore::open(folder)?);
    match (state.get(BEGUN, BEGUN_KEY.as_bytes())?, memory) {
        (Some(_), _) => {}
        (None, Memory::Begun) => return Err(FollowError::Forgotten),
        (None, Memory::MayBegin) => {
            state.apply(&[Op::put(BEGUN, BEGUN_KEY, Vec::new(), Expected::Any)])?;
        }
    }
    Ok(state)
}

fn add_copy(mirror: &Mirror, folder: &Path, log: MirroredLog, origin: &Origin) -> Result<(), FollowError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&folder.join(origin_hash(origin)))?);
    let sequence = Arc::new(FileSequence::open(disk.clone(), origin.as_str())?);
    let tiles = Arc::new(FileTiles::open(disk)?);
    mirror
        .add_log(log, sequence, tiles)
        .map_err(|source| FollowError::Copy { origin: origin.clone(), source: Box::new(source) })
}
