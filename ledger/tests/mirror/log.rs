//! A log that a test writes, honest or not, and a mirror of it in memory.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use ed25519_dalek::SigningKey;
use matricula_ledger::mirror::{AddEntriesOutcome, Mirror, MirroredLog, Quota};
use matricula_ledger::witness::{AddCheckpointOutcome, Cosign};
use matricula_ledger::{MemorySequence, MemoryTiles};
use matricula_registry::{
    Accreditation, AccreditationEvent, Authority, AuthorityKey, Body, Commitment, Country, CredentialKind,
    InstitutionId, IscedLevel, Jurisdiction, KeyEvent, KeyRole, KeyStatement, LegalReference, LogOrigin,
    Period, PublicKey, Scope, Statement, Text,
};
use matricula_state::{MemoryStore, StateStore};
use matricula_tlog::{
    AddCheckpointRequest, AddEntriesHeader, Checkpoint, CosignError, Cosigner, Frontier, Hash, KeyName,
    LeafIndex, NodeId, NodeSource, NoteSignature, NoteSigner, Origin, SignedCheckpoint, TreeSize,
    UnixSeconds, VerifiedCheckpoint, VerifierKey, append_package, leaf_hash, prove_consistency,
    prove_subtree, subtree_hash,
};

pub const ORIGIN: &str = "ledger.example/hn";
pub const NOW: u64 = 1_767_225_600;
pub const DAY: u64 = 86_400;

pub fn origin() -> Origin {
    Origin::new(ORIGIN).unwrap()
}

pub fn log_key() -> NoteSigner {
    NoteSigner::new(KeyName::new(ORIGIN).unwrap(), &[1; 32])
}

/// The log's own witness, whose times bound when entries were logged.
pub fn time_key() -> Cosigner {
    Cosigner::new(KeyName::new("witness.example/hn").unwrap(), &[2; 32])
}

pub fn authority() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub fn school_key() -> SigningKey {
    SigningKey::from_bytes(&[8; 32])
}

pub fn school() -> InstitutionId {
    InstitutionId::parse("did:web:hn.example:schools:lempira").unwrap()
}

fn text(words: &str) -> Text {
    Text::parse(words).unwrap()
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::from(&key.verifying_key())
}

/// A log and all its statements.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub entries: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
}

impl Log {
    /// A log with its first entry.
    pub fn new() -> Self {
        let mut log = Self::default();
        let valid = Period::new(UnixSeconds::new(0), None).unwrap();
        let genesis = Authority {
            name: text("Secretaría de Educación"),
            country: Country::parse("HN").unwrap(),
            keys: vec![AuthorityKey { key: public(&authority()), valid }],
            log_key: text(&log_key().verifier().encode()),
            rules_version: 1,
            recognises: Vec::new(),
        };
        log.add(&Body::Authority(genesis), &authority());
        log
    }

    /// A log of that many entries that are allowed at any time.
    pub fn of(size: usize) -> Self {
        let mut log = Self::new();
        (1..size).for_each(|_| log.commitment(&authority()));
        log
    }

    /// Adds whatever bytes.
    pub fn push(&mut self, entry: Vec<u8>) {
        self.leaves.push(leaf_hash(&entry));
        self.entries.push(entry);
    }

    pub fn add(&mut self, body: &Body, key: &SigningKey) {
        self.add_for(body, key, ORIGIN);
    }

    pub fn add_for(&mut self, body: &Body, key: &SigningKey, origin: &str) {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&(self.entries.len() as u64).to_be_bytes());
        let origin = LogOrigin::parse(origin).unwrap();
        self.push(Statement::sign(body, &origin, nonce, None, key).unwrap().into_entry());
    }

    pub fn commitment(&mut self, key: &SigningKey) {
        self.add(&commitment(self.entries.len() as u64), key);
    }

    /// Accredits the school, from 1970 on, and gives it its key.
    pub fn accredit(&mut self) {
        let kinds = [CredentialKind::DIPLOMA];
        let jurisdiction = Jurisdiction::parse("HN").unwrap();
        let scope = Scope::new(kinds, [IscedLevel::new(3).unwrap()], [], jurisdiction).unwrap();
        let grant = Accreditation {
            institution: school(),
            name: text("Instituto Lempira"),
            event: AccreditationEvent::Grant { scope },
            effective: Period::new(UnixSeconds::new(0), None).unwrap(),
            reason: None,
            legal: LegalReference { title: text("Acuerdo 17-2026"), sha256: Hash::from_bytes([7; 32]) },
        };
        self.add(&Body::Accreditation(grant), &authority());
        self.key_event(KeyEvent::Add { role: KeyRole::Issue, from: UnixSeconds::new(0) });
    }

    pub fn key_event(&mut self, event: KeyEvent) {
        let key = KeyStatement { institution: school(), key: public(&school_key()), event };
        self.add(&Body::Key(key), &authority());
    }

    pub fn size(&self) -> usize {
        self.entries.len()
    }

    pub fn root(&self, size: usize) -> Hash {
        subtree_hash(self.leaves[..size].iter().copied())
    }

    pub fn checkpoint(&self, size: usize) -> SignedCheckpoint {
        Checkpoint::new(origin(), TreeSize::new(size as u64), self.root(size))
            .unwrap()
            .sign(&log_key())
            .unwrap()
    }

    /// A checkpoint with the time at which the log's own witness cosigned it.
    pub fn checkpoint_at(&self, size: usize, at: u64) -> SignedCheckpoint {
        let mut checkpoint = self.checkpoint(size);
        let verified = checkpoint.verify(log_key().verifier()).unwrap();
        checkpoint.add_signature(time_key().cosign(&verified, UnixSeconds::new(at)).unwrap()).unwrap();
        checkpoint
    }

    /// The body that makes a checkpoint pending after an older one.
    pub fn add_checkpoint(&self, old: usize, checkpoint: SignedCheckpoint) -> Vec<u8> {
        let (old, new) = (TreeSize::new(old as u64), checkpoint.unverified().size());
        let nodes = Nodes(&self.leaves);
        let proof = if old.get() == 0 { Vec::new() } else { prove_consistency(old, new, &nodes).unwrap() };
        AddCheckpointRequest::new(old, proof, checkpoint).unwrap().encode().into_bytes()
    }

    /// The body that uploads entries, in at most so many packages.
    pub fn add_entries(&self, start: usize, end: usize, packages: usize) -> Vec<u8> {
        let (first, size) = (LeafIndex::new(start as u64), TreeSize::new(end as u64));
        let header = AddEntriesHeader::new(origin(), first, size, Vec::new()).unwrap();
        let mut body = header.encode();
        for place in header.packages().take(packages) {
            let range = place.start.get() as usize..place.subtree.end().get() as usize;
            let proof = prove_subtree(place.subtree, size, &Nodes(&self.leaves)).unwrap();
            append_package(&mut body, place, &self.entries[range], &proof).unwrap();
        }
        body
    }
}

pub fn commitment(number: u64) -> Body {
    let mut root = [9; 32];
    root[..8].copy_from_slice(&number.to_be_bytes());
    Body::Commitment(Commitment { label: text("transfer"), root: Hash::from_bytes(root) })
}

struct Nodes<'l>(&'l [Hash]);

impl NodeSource for Nodes<'_> {
    type Error = Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Infallible> {
        let node = |id: &NodeId| {
            let width = 1 << id.level();
            let first = id.index() as usize * width;
            let mut tree = Frontier::new();
            self.0[first..first + width].iter().for_each(|leaf| tree.push(*leaf));
            tree.root()
        };
        Ok(ids.iter().map(node).collect())
    }
}

/// A key that records all it ever signed: size, root, time.
#[derive(Clone)]
pub struct Recorder {
    key: Arc<Cosigner>,
    said: Arc<Mutex<Vec<(u64, Hash, u64)>>>,
}

impl Recorder {
    pub fn new() -> Self {
        let key = Cosigner::new(KeyName::new("mirror.example/gt").unwrap(), &[3; 32]);
        Self { key: Arc::new(key), said: Arc::default() }
    }

    pub fn said(&self) -> Vec<(u64, Hash, u64)> {
        self.said.lock().unwrap().clone()
    }
}

impl Cosign for Recorder {
    fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    fn cosign(&self, checkpoint: &VerifiedCheckpoint, at: UnixSeconds) -> Result<NoteSignature, CosignError> {
        self.said.lock().unwrap().push((checkpoint.size().get(), checkpoint.root(), at.get()));
        self.key.cosign(checkpoint, at)
    }
}

pub fn config() -> MirroredLog {
    MirroredLog {
        log_key: log_key().verifier().clone(),
        time_key: Some(time_key().verifier().clone()),
        root_keys: vec![public(&authority())],
        quota: Quota::default(),
        backlog: TreeSize::new(0),
    }
}

/// A mirror whose stores are in memory.
pub struct InMemory {
    pub mirror: Mirror,
    pub state: Arc<MemoryStore>,
    pub sequence: Arc<MemorySequence>,
    pub tiles: Arc<MemoryTiles>,
    pub key: Recorder,
}

impl InMemory {
    pub fn new() -> Self {
        Self::with(config())
    }

    pub fn with(log: MirroredLog) -> Self {
        let (state, sequence, tiles) = (Arc::default(), Arc::default(), Arc::default());
        Self::over(log, state, sequence, tiles)
    }

    pub fn over(
        log: MirroredLog,
        state: Arc<MemoryStore>,
        sequence: Arc<MemorySequence>,
        tiles: Arc<MemoryTiles>,
    ) -> Self {
        let key = Recorder::new();
        let store: Arc<dyn StateStore> = state.clone();
        let mirror = Mirror::new(store, Box::new(key.clone()));
        mirror.add_log(log, sequence.clone(), tiles.clone()).unwrap();
        Self { mirror, state, sequence, tiles, key }
    }

    /// The same after a restart.
    pub fn restarted(self) -> Self {
        let restarted = Self::over(config(), self.state, self.sequence, self.tiles);
        Self { key: self.key, ..restarted }
    }

    pub fn next(&self) -> u64 {
        self.mirror.next_entry(&origin()).unwrap().unwrap().get()
    }

    /// Makes a fresh checkpoint pending.
    pub fn pend(&self, log: &Log, old: usize, new: usize, now: u64) {
        let body = log.add_checkpoint(old, log.checkpoint_at(new, now));
        let outcome = self.mirror.add_checkpoint(&body, UnixSeconds::new(now)).unwrap();
        assert_eq!(outcome, AddCheckpointOutcome::Pending);
        assert_eq!((outcome.status(), outcome.body().as_str()), (200, ""));
    }

    pub fn upload(&self, body: &[u8], now: u64) -> AddEntriesOutcome {
        self.mirror.add_entries(body, UnixSeconds::new(now)).unwrap()
    }

    /// Makes a fresh checkpoint over the whole log pending and uploads the entries from an earlier size on.
    pub fn follow(&self, log: &Log, old: usize, now: u64) -> AddEntriesOutcome {
        self.pend(log, old, log.size(), now);
        self.upload(&log.add_entries(old, log.size(), usize::MAX), now)
    }
}
