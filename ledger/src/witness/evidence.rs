//! Evidence that was found, kept for pages, for peers and for a judge.

use std::sync::Arc;

use matricula_state::{Expected, Op, Row, StateError, StateStore, Table};
use matricula_tlog::{
    Charge, Evidence, EvidenceError, EvidenceParseError, NodeSource, Origin, SignedCheckpoint,
    SignedCheckpointError, VerifierKey, origin_hash,
};
use sha2::{Digest, Sha256};

/// Files by their names.
const FILES: Table = Table::new("evidence-files");

/// Places by the hash of the accused key and a number: the file's name, its sort, and the hash of the log it is about.
const PLACES: Table = Table::new("evidence-places");

/// Pairs of checkpoints that do not fit together, while nobody has shown why: the latest pair of each log.
const UNEXPLAINED: Table = Table::new("evidence-unexplained");

/// Files kept against one key. One is enough to convict; a key that forks at will must not fill the disk.
pub const EVIDENCE_PER_KEY_MAX: u8 = 16;

/// Files kept at all: above this, only the first against each key.
pub const EVIDENCE_FILES_MAX: usize = 1024;

/// Places read at most: [`EVIDENCE_FILES_MAX`] and one for each key of 256 peers, several times.
const PLACES_READ_MAX: usize = 8192;

/// The sort of what anybody can see to be a fork, without knowing the rules of entries.
const FORK: &str = "fork";

/// The sort of an entry that somebody objects to.
const ENTRY: &str = "entry";

/// Evidence, durable.
#[derive(Clone, Debug)]
pub struct EvidenceStore {
    store: Arc<dyn StateStore>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is new, and kept.
    New,
    /// The same file is there already.
    Known,
    /// There are [`EVIDENCE_PER_KEY_MAX`] others against that key, or [`EVIDENCE_FILES_MAX`] in all.
    Enough,
}

/// Two checkpoints that one log signed, and that no proof brings together yet. No evidence: perhaps the one who sent
/// them sent a wrong proof. The tiles of the newer tree decide: [`EvidenceStore::explain`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// What is remembered.
    pub older: SignedCheckpoint,
    /// What was refused.
    pub newer: SignedCheckpoint,
}

/// Why evidence could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceStoreError {
    /// It proves nothing.
    #[error("this is no evidence: {0}")]
    NoEvidence(#[from] EvidenceError),
    /// The state store failed.
    #[error("the state store failed: {0}")]
    State(#[from] StateError),
    /// A file that was kept cannot be read.
    #[error("kept evidence is damaged: {0}")]
    Damaged(#[from] EvidenceParseError),
    /// A pair of checkpoints that was kept cannot be read.
    #[error("a kept checkpoint is damaged: {0}")]
    DamagedCheckpoint(#[from] SignedCheckpointError),
}

impl EvidenceStore {
    /// Evidence in this store.
    pub fn new(store: Arc<dyn StateStore>) -> Self {
        Self { store }
    }

    /// Keeps a file, if it proves something. A fork takes the place of an entry when there is no other.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn keep(&self, evidence: &Evidence) -> Result<Kept, EvidenceStoreError> {
        let place = Place::of(evidence, evidence.verify()?.origin());
        let accused = format!("{}/", sha256_hex(evidence.signer().encode().as_bytes()));
        loop {
            let rows = self.store.scan(PLACES, accused.as_bytes(), None, EVIDENCE_PER_KEY_MAX.into())?;
            if rows.iter().any(|row| Place::parse(row).name == place.name) {
                return Ok(Kept::Known);
            }
            let slot_key = |slot: u8| [accused.as_bytes(), &[slot]].concat();
            let is_room = rows.is_empty() || self.places()?.len() < EVIDENCE_FILES_MAX;
            let free = (0..EVIDENCE_PER_KEY_MAX).map(slot_key).find(|key| rows.iter().all(|r| r.key != *key));
            let mut ops =
                vec![Op::put(FILES, place.name.as_bytes(), evidence.encode().into_bytes(), Expected::Any)];
            match (free.filter(|_| is_room), place.displaced(&rows)) {
                (Some(key), _) => ops.push(Op::put(PLACES, key, place.encode(), Expected::Absent)),
                (None, Some(row)) => {
                    let expected = Expected::Exactly(row.version);
                    ops.push(Op::put(PLACES, row.key.clone(), place.encode(), expected));
                    ops.push(Op::delete(FILES, Place::parse(row).name, Expected::Any));
                }
                (None, None) => return Ok(Kept::Enough),
            }
            match self.store.apply(&ops) {
                Ok(_) => return Ok(Kept::New),
                // Somebody else took the place: look again. Places run out, so this ends.
                Err(StateError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The files about one log: against the log itself, and against those who cosigned it.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn about(&self, origin: &Origin) -> Result<Vec<Evidence>, EvidenceStoreError> {
        let hash = origin_hash(origin);
        let places = self.places()?.into_iter().filter(|place| place.origin_hash == hash);
        self.read(places.map(|place| place.name))
    }

    /// Files about all logs, at most `limit`, by name.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn all(&self, limit: usize) -> Result<Vec<Evidence>, EvidenceStoreError> {
        self.read(self.names()?.into_iter().take(limit))
    }

    /// The names of all files, in ascending order: see [`evidence_name`].
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn names(&self) -> Result<Vec<String>, EvidenceStoreError> {
        Ok(self.places()?.into_iter().map(|place| place.name).collect())
    }

    /// The file of that name.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn file(&self, name: &str) -> Result<Option<Evidence>, EvidenceStoreError> {
        let Some(row) = self.store.get(FILES, name.as_bytes())? else { return Ok(None) };
        Ok(Some(Evidence::parse(&row.value)?))
    }

    /// All places, by the names of their files.
    fn places(&self) -> Result<Vec<Place>, EvidenceStoreError> {
        let rows = self.store.scan(PLACES, b"", None, PLACES_READ_MAX)?;
        let mut places: Vec<Place> = rows.iter().map(Place::parse).collect();
        places.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(places)
    }

    /// A file whose place was taken meanwhile is passed over.
    fn read(&self, names: impl Iterator<Item = String>) -> Result<Vec<Evidence>, EvidenceStoreError> {
        names.filter_map(|name| self.file(&name).transpose()).collect()
    }

    /// Keeps a pair that does not fit together, in place of an earlier one of that log.
    pub(crate) fn keep_unexplained(
        &self,
        older: &SignedCheckpoint,
        newer: &SignedCheckpoint,
    ) -> Result<(), EvidenceStoreError> {
        let hash = origin_hash(older.unverified().origin());
        let put = |side: &str, note: &SignedCheckpoint| {
            Op::put(UNEXPLAINED, format!("{hash}/{side}"), note.encode(), Expected::Any)
        };
        self.store.apply(&[put("newer", newer), put("older", older)])?;
        Ok(())
    }

    /// The pair of that log that waits for an explanation.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn unexplained(&self, origin: &Origin) -> Result<Option<Unexplained>, EvidenceStoreError> {
        let prefix = format!("{}/", origin_hash(origin));
        let rows = self.store.scan(UNEXPLAINED, prefix.as_bytes(), None, 2)?;
        let [newer, older] = rows.as_slice() else { return Ok(None) };
        Ok(Some(Unexplained {
            older: SignedCheckpoint::parse(&older.value)?,
            newer: SignedCheckpoint::parse(&newer.value)?,
        }))
    }

    /// Explains a pair by the nodes of the newer tree, as its tiles give them, and keeps the evidence if they prove any.
    /// The pair stays until another takes its place.
    ///
    /// # Errors
    /// [`EvidenceStoreError`].
    pub fn explain<S: NodeSource>(
        &self,
        pair: &Unexplained,
        signer: &VerifierKey,
        nodes: &S,
    ) -> Result<Option<Evidence>, EvidenceStoreError> {
        let found = Evidence::from_tree(signer, &pair.older, &pair.newer, nodes);
        if let Some(evidence) = &found {
            self.keep(evidence)?;
        }
        Ok(found)
    }
}

/// The name of an evidence file: the SHA-256 of its bytes, in hex.
pub fn evidence_name(evidence: &Evidence) -> String {
    sha256_hex(evidence.encode().as_bytes())
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is known of a file without reading it.
struct Place {
    name: String,
    sort: String,
    origin_hash: String,
}

impl Place {
    fn of(evidence: &Evidence, origin: &Origin) -> Self {
        let sort = if matches!(evidence.charge(), Charge::LoggedEntry { .. }) { ENTRY } else { FORK };
        Self { name: evidence_name(evidence), sort: sort.to_owned(), origin_hash: origin_hash(origin) }
    }

    fn encode(&self) -> String {
        format!("{} {} {}", self.name, self.sort, self.origin_hash)
    }

    /// A place that was damaged names no file.
    fn parse(row: &Row) -> Self {
        let text = String::from_utf8_lossy(&row.value);
        let mut words = text.splitn(3, ' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        Self { name: word(), sort: word(), origin_hash: word() }
    }

    /// The row whose file gives way to this one.
    fn displaced<'r>(&self, rows: &'r [Row]) -> Option<&'r Row> {
        (self.sort == FORK).then(|| rows.iter().find(|row| Self::parse(row).sort == ENTRY)).flatten()
    }
}
