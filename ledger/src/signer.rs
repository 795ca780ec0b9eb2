//! The log's signature, which never says two things about one size.
//!
//! The signer keeps its own record of the largest head it ever signed, synced before the signature exists. So even
//! when everything else is rolled back, by a restored backup or an engine that lost its tail, it refuses.

use std::sync::{Arc, Mutex};

use matricula_tlog::{
    Checkpoint, CheckpointError, CheckpointSignError, CheckpointVerifyError, CosignError, Cosigner, Hash,
    NoteError, NoteSigner, Origin, OriginError, POLICY_BYTES_MAX, SignedCheckpoint, TreeSize, UnixSeconds,
    VerifierKey,
};

use crate::disk::{Disk, DiskError, read_whole, replace};
use crate::sequence::Head;

const STATE: &str = "signer";
/// The file that names the node's public keys, as a policy.
pub(crate) const POLICY: &str = "policy";
const STATE_BYTES: usize = 56;
const MAGIC: [u8; 8] = *b"MSIGN001";

/// The keys a node signs with. No `Debug`, no `Clone`.
pub struct NodeKeys {
    /// Signs checkpoints as the log; its name is the log's origin.
    pub log: NoteSigner,
    /// Cosigns each checkpoint with a time, as the node's own witness. Another key than the log's.
    pub witness: Cosigner,
}

/// Signs checkpoints, monotonically.
pub(crate) struct Signer {
    keys: NodeKeys,
    origin: Origin,
    disk: Arc<dyn Disk>,
    signed: Mutex<Head>,
}

/// Why a head was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// A larger head was signed before. The log went back: entries were lost.
    #[error("a head of size {signed} was signed, {offered} would go back")]
    Backwards {
        /// The size signed.
        signed: TreeSize,
        /// The size offered.
        offered: TreeSize,
    },
    /// Another root was signed for that size. The log's content changed.
    #[error("another root was signed for size {size}")]
    Forked {
        /// The size of both.
        size: TreeSize,
    },
    /// The record of what was signed is damaged.
    #[error("the signer's record is damaged")]
    DamagedRecord,
    /// The record of what was signed is missing although a checkpoint is published.
    #[error("the signer's record is missing")]
    MissingRecord,
    /// The log is signed or cosigned by other keys than those given, or the file that names them is damaged.
    #[error("the log has other keys than those given")]
    OtherKeys,
    /// The disk failed.
    #[error("the disk failed")]
    Disk(#[from] DiskError),
    /// The key's name is no origin, or not this log's.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The checkpoint could not be made.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint could not be signed.
    #[error(transparent)]
    Sign(#[from] CheckpointSignError),
    /// The signature just made does not verify.
    #[error(transparent)]
    Verify(#[from] CheckpointVerifyError),
    /// The checkpoint could not be cosigned.
    #[error(transparent)]
    Cosign(#[from] CosignError),
    /// The cosignature does not fit on the note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A thread died while signing.
    #[error("the signer stopped after an earlier failure")]
    Stopped,
}

impl Signer {
    /// A signer for a log that has signed nothing yet; writes the first record.
    pub(crate) fn create(disk: Arc<dyn Disk>, keys: NodeKeys) -> Result<Self, SignerError> {
        if read_record(disk.as_ref())?.is_none() {
            write_record(disk.as_ref(), &Head::empty())?;
        }
        Self::open(disk, keys)
    }

    pub(crate) fn open(disk: Arc<dyn Disk>, keys: NodeKeys) -> Result<Self, SignerError> {
        // What an earlier process renamed and did not sync must not be believed before it is durable.
        disk.sync_folder("")?;
        let signed = read_record(disk.as_ref())?.ok_or(SignerError::MissingRecord)?;
        let origin = Origin::new(keys.log.verifier().name().as_str())?;
        let policy = policy_text(keys.log.verifier(), keys.witness.verifier());
        match read_whole(disk.as_ref(), POLICY, POLICY_BYTES_MAX)? {
            None => replace(disk.as_ref(), "", POLICY, policy.as_bytes())?,
            Some(there) if there == policy.as_bytes() => {}
            Some(_) => return Err(SignerError::OtherKeys),
        }
        Ok(Self { keys, origin, disk, signed: Mutex::new(signed) })
    }

    pub(crate) fn log_key(&self) -> &VerifierKey {
        self.keys.log.verifier()
    }

    pub(crate) fn witness_key(&self) -> &VerifierKey {
        self.keys.witness.verifier()
    }

    /// The largest head ever signed.
    pub(crate) fn signed(&self) -> Result<Head, SignerError> {
        Ok(*self.signed.lock().map_err(|_| SignerError::Stopped)?)
    }

    /// Signs and cosigns a durable head. The record is on the disk before the signature exists.
    pub(crate) fn sign(&self, head: Head, now: UnixSeconds) -> Result<SignedCheckpoint, SignerError> {
        let mut signed = self.signed.lock().map_err(|_| SignerError::Stopped)?;
        check_follows(&signed, &head)?;
        if head != *signed {
            write_record(self.disk.as_ref(), &head)?;
            *signed = head;
        }
        drop(signed);
        let checkpoint = Checkpoint::new(self.origin.clone(), head.size, head.root)?;
        let mut note = checkpoint.sign(&self.keys.log)?;
        let cosignature = self.keys.witness.cosign(&note.verify(self.log_key())?, now)?;
        note.add_signature(cosignature)?;
        Ok(note)
    }
}

/// The head that the record on a disk names, `None` without a record.
pub(crate) fn read_record(disk: &dyn Disk) -> Result<Option<Head>, SignerError> {
    match read_whole(disk, STATE, STATE_BYTES)? {
        Some(bytes) => parse_record(&bytes).map(Some).ok_or(SignerError::DamagedRecord),
        None => Ok(None),
    }
}

/// Puts a head on record as signed.
pub(crate) fn write_record(disk: &dyn Disk, head: &Head) -> Result<(), DiskError> {
    replace(disk, "", STATE, &encode_record(head))
}

/// The policy that a node's own checkpoints satisfy: signed by the log, cosigned by its witness. It stands beside the
/// log, so that whoever checks the folder needs no key, and opening it with other keys is refused.
pub(crate) fn policy_text(log: &VerifierKey, witness: &VerifierKey) -> String {
    format!("log {}\nwitness own {}\nquorum own\n", log.encode(), witness.encode())
}

fn check_follows(signed: &Head, offered: &Head) -> Result<(), SignerError> {
    if offered.size < signed.size {
        return Err(SignerError::Backwards { signed: signed.size, offered: offered.size });
    }
    if offered.size == signed.size && offered.root != signed.root {
        return Err(SignerError::Forked { size: offered.size });
    }
    Ok(())
}

/// `MSIGN001`, size u64, root, CRC-32C of all before, four zero bytes.
fn encode_record(head: &Head) -> [u8; STATE_BYTES] {
    let mut bytes = [0; STATE_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&head.size.get().to_be_bytes());
    bytes[16..48].copy_from_slice(head.root.as_bytes());
    let check = crc32c::crc32c(&bytes[..48]);
    bytes[48..52].copy_from_slice(&check.to_be_bytes());
    bytes
}

fn parse_record(bytes: &[u8]) -> Option<Head> {
    let size = TreeSize::new(u64::from_be_bytes(*bytes.get(8..)?.first_chunk()?));
    let head = Head { size, root: Hash::from_bytes(*bytes.get(16..)?.first_chunk()?) };
    (bytes == encode_record(&head)).then_some(head)
}
