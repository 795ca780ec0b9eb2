//! The log's signature, which never says two things about one size.
//!
//! The signer keeps its own record of the largest head it ever signed, synced before the signature exists. So even
//! when everything else is rolled back, by a restored backup or an engine that lost its tail, it refuses.
//!
//! The record is a file of two slots, in blocks of their own, that are written in turns and in place: so its sync needs
//! neither a new block nor a new name, and a write that goes wrong leaves what the other slot says for who repairs it. Each slot
//! is a head of 56 bytes (`MSIGN002`, size u64, root, CRC-32C of all before, four zero bytes) and zeros. The larger head
//! counts. A slot lies in one sector, which a disk writes whole or not at all; so a slot that is not in every byte
//! what was written is damage, and nothing is signed over it.

use std::sync::{Arc, Mutex};

use matricula_tlog::{
    Checkpoint, CheckpointError, CheckpointSignError, CheckpointVerifyError, CosignError, Cosigner, Hash,
    NoteError, NoteSigner, Origin, OriginError, POLICY_BYTES_MAX, SignedCheckpoint, TreeSize, UnixSeconds,
    VerifierKey,
};

use crate::disk::{Disk, DiskError, DiskFile, read_whole, replace};
use crate::sequence::Head;

const STATE: &str = "signer";
/// The file that names the node's public keys, as a policy.
pub(crate) const POLICY: &str = "policy";
/// A block of the file system, so that the two slots are never written together.
const SLOT_BYTES: usize = 4096;
const STATE_BYTES: usize = 2 * SLOT_BYTES;
const HEAD_BYTES: usize = 56;
const CHECKED_BYTES: usize = 48;
const MAGIC: [u8; 8] = *b"MSIGN002";

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
    /// `None` after a failure: what the disk has is then unknown until the record is opened again.
    record: Mutex<Option<Record>>,
}

/// The open record of what was signed.
struct Record {
    file: Box<dyn DiskFile>,
    signed: Head,
    /// The slot that says so.
    slot: usize,
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
        let record = Record::open(disk.as_ref())?;
        let origin = Origin::new(keys.log.verifier().name().as_str())?;
        let policy = policy_text(keys.log.verifier(), keys.witness.verifier());
        match read_whole(disk.as_ref(), POLICY, POLICY_BYTES_MAX)? {
            None => replace(disk.as_ref(), "", POLICY, policy.as_bytes())?,
            Some(there) if there == policy.as_bytes() => {}
            Some(_) => return Err(SignerError::OtherKeys),
        }
        Ok(Self { keys, origin, record: Mutex::new(Some(record)) })
    }

    pub(crate) fn log_key(&self) -> &VerifierKey {
        self.keys.log.verifier()
    }

    pub(crate) fn witness_key(&self) -> &VerifierKey {
        self.keys.witness.verifier()
    }

    /// The largest head ever signed.
    pub(crate) fn signed(&self) -> Result<Head, SignerError> {
        let record = self.record.lock().map_err(|_| SignerError::Stopped)?;
        Ok(record.as_ref().ok_or(SignerError::Stopped)?.signed)
    }

    /// Signs and cosigns a durable head. The record is on the disk before the signature exists.
    pub(crate) fn sign(&self, head: Head, now: UnixSeconds) -> Result<SignedCheckpoint, SignerError> {
        self.put_on_record(head)?;
        let checkpoint = Checkpoint::new(self.origin.clone(), head.size, head.root)?;
        let mut note = checkpoint.sign(&self.keys.log)?;
        let cosignature = self.keys.witness.cosign(&note.verify(self.log_key())?, now)?;
        note.add_signature(cosignature)?;
        Ok(note)
    }

    fn put_on_record(&self, head: Head) -> Result<(), SignerError> {
        let mut guard = self.record.lock().map_err(|_| SignerError::Stopped)?;
        let record = guard.as_mut().ok_or(SignerError::Stopped)?;
        check_follows(&record.signed, &head)?;
        if head != record.signed
            && let Err(error) = record.write(head)
        {
            *guard = None;
            return Err(error.into());
        }
        Ok(())
    }
}

impl Record {
    fn open(disk: &dyn Disk) -> Result<Self, SignerError> {
        let file = disk.open(STATE)?.ok_or(SignerError::MissingRecord)?;
        let (signed, slot) = parse_slots(disk)?.ok_or(SignerError::MissingRecord)?;
        let record = Self { file, signed, slot };
        // What an earlier process wrote and failed to sync, or renamed, must not be believed before it is durable.
        record.write_slot(slot, &signed)?;
        disk.sync_folder("")?;
        Ok(record)
    }

    /// Writes a head over the older of the two.
    fn write(&mut self, head: Head) -> Result<(), DiskError> {
        let slot = 1 - self.slot;
        self.write_slot(slot, &head)?;
        (self.signed, self.slot) = (head, slot);
        Ok(())
    }

    fn write_slot(&self, slot: usize, head: &Head) -> Result<(), DiskError> {
        self.file.write_at((slot * SLOT_BYTES) as u64, &encode_head(head))?;
        self.file.sync()
    }
}

/// The head that the record on a disk names, `None` without a record.
pub(crate) fn read_record(disk: &dyn Disk) -> Result<Option<Head>, SignerError> {
    Ok(parse_slots(disk)?.map(|(signed, _)| signed))
}

/// Makes a record in which both slots name this head.
pub(crate) fn write_record(disk: &dyn Disk, head: &Head) -> Result<(), DiskError> {
    let mut bytes = vec![0; STATE_BYTES];
    for slot in bytes.chunks_mut(SLOT_BYTES) {
        slot[..HEAD_BYTES].copy_from_slice(&encode_head(head));
    }
    replace(disk, "", STATE, &bytes)
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

/// The larger head of the two slots, and which one has it.
fn parse_slots(disk: &dyn Disk) -> Result<Option<(Head, usize)>, SignerError> {
    let Some(bytes) = read_whole(disk, STATE, STATE_BYTES)? else { return Ok(None) };
    if bytes.len() != STATE_BYTES {
        return Err(SignerError::DamagedRecord);
    }
    let (first, second) = bytes.split_at(SLOT_BYTES);
    match (parse_slot(first), parse_slot(second)) {
        (Some(first), Some(second)) if first.size > second.size || first == second => Ok(Some((first, 0))),
        (Some(first), Some(second)) if first.size < second.size => Ok(Some((second, 1))),
        _ => Err(SignerError::DamagedRecord),
    }
}

fn encode_head(head: &Head) -> [u8; HEAD_BYTES] {
    let mut bytes = [0; HEAD_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&head.size.get().to_be_bytes());
    bytes[16..CHECKED_BYTES].copy_from_slice(head.root.as_bytes());
    let check = crc32c::crc32c(&bytes[..CHECKED_BYTES]);
    bytes[CHECKED_BYTES..52].copy_from_slice(&check.to_be_bytes());
    bytes
}

fn parse_slot(bytes: &[u8]) -> Option<Head> {
    let (written, rest) = bytes.split_at_checked(HEAD_BYTES)?;
    let size = TreeSize::new(u64::from_be_bytes(*written.get(8..)?.first_chunk()?));
    let head = Head { size, root: Hash::from_bytes(*written.get(16..)?.first_chunk()?) };
    (written == encode_head(&head) && rest.iter().all(|byte| *byte == 0)).then_some(head)
}
