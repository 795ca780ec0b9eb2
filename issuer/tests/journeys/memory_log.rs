//! A log in memory: the registry's door, RFC 6962 proofs, signed and cosigned checkpoints.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use matricula_issuer::{LogPort, LogPortError, Logged};
use matricula_registry::{LogOrigin, PublicKey, Registry};
use matricula_tlog::{
    Checkpoint, Cosigner, Hash, KeyName, LeafIndex, LogProof, NodeId, NodeSource, NoteSigner, Origin,
    TreeSize, UnixSeconds, leaf_hash, merkle, node_hash, prove_inclusion,
};

/// How a log may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The entries never arrive.
    LostBefore,
    /// The entries are taken, and the answer is lost.
    LostAfter,
    /// Proofs cannot be had.
    NoProofs,
}

pub struct MemoryLog {
    state: Mutex<State>,
    signer: NoteSigner,
    cosigner: Cosigner,
    clock: AtomicU64,
    fault: Mutex<Option<Fault>>,
    /// Whether anything at all may be asked.
    offline: AtomicBool,
}

struct State {
    registry: Registry,
    entries: Vec<Vec<u8>>,
    /// The place of each leaf.
    places: HashMap<Hash, u64>,
    subtrees: Subtrees,
    /// Everything ever handed in, taken or refused.
    submitted: Vec<Vec<u8>>,
}

impl MemoryLog {
    pub fn new(
        origin: &LogOrigin,
        root: PublicKey,
        log_seed: &[u8; 32],
        witness_seed: &[u8; 32],
        now: u64,
    ) -> Self {
        let name = KeyName::new(origin.as_str()).unwrap();
        let witness = KeyName::new(&matricula_issuer::authority::witness_name(origin)).unwrap();
        Self {
            state: Mutex::new(State {
                registry: Registry::new(origin.clone(), [root]),
                entries: Vec::new(),
                places: HashMap::new(),
                subtrees: Subtrees::default(),
                submitted: Vec::new(),
            }),
            signer: NoteSigner::new(name, log_seed),
            cosigner: Cosigner::new(witness, witness_seed),
            clock: AtomicU64::new(now),
            fault: Mutex::new(None),
            offline: AtomicBool::new(false),
        }
    }

    pub fn set_clock(&self, now: UnixSeconds) {
        self.clock.store(now.get(), Ordering::SeqCst);
    }

    pub fn fail_next(&self, fault: Fault) {
        *self.fault.lock().unwrap() = Some(fault);
    }

    pub fn set_offline(&self, offline: bool) {
        self.offline.store(offline, Ordering::SeqCst);
    }

    pub fn submitted(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().submitted.clone()
    }

    pub fn all_entries(&self) -> Vec<Vec<u8>> {
        self.state.lock().unwrap().entries.clone()
    }

    fn take_fault(&self, fault: Fault) -> bool {
        let mut next = self.fault.lock().unwrap();
        let hit = *next == Some(fault);
        if hit {
            *next = None;
        }
        hit
    }

    fn unreachable() -> LogPortError {
        LogPortError::Unreachable { address: "memory".to_owned(), problem: "cut".to_owned() }
    }
}

impl State {
    fn take(&mut self, entries: &[Vec<u8>], now: UnixSeconds) -> Result<Vec<Logged>, LogPortError> {
        let mut registry = self.registry.clone();
        let mut fresh: Vec<Vec<u8>> = Vec::new();
        let mut logged = Vec::new();
        for (position, entry) in entries.iter().enumerate() {
            if let Some(index) = self.places.get(&leaf_hash(entry)) {
                logged.push(Logged { index: LeafIndex::new(*index), duplicate: true });
                continue;
            }
            let index = LeafIndex::new((self.entries.len() + fresh.len()) as u64);
            let admitted = registry.admit(index, now, entry).map_err(|error| LogPortError::Refused {
                position,
                code: error.code().to_owned(),
                message: error.to_string(),
            })?;
            registry.apply(admitted).unwrap();
            fresh.push(entry.clone());
            logged.push(Logged { index, duplicate: false });
        }
        self.registry = registry;
        for entry in fresh {
            let leaf = leaf_hash(&entry);
            self.places.insert(leaf, self.entries.len() as u64);
            self.subtrees.push(leaf);
            self.entries.push(entry);
        }
        Ok(logged)
    }
}

impl LogPort for MemoryLog {
    fn submit(&self, entries: &[Vec<u8>]) -> Result<Vec<Logged>, LogPortError> {
        let mut state = self.state.lock().unwrap();
        state.submitted.extend(entries.iter().cloned());
        if self.offline.load(Ordering::SeqCst) || self.take_fault(Fault::LostBefore) {
            return Err(Self::unreachable());
        }
        let logged = state.take(entries, UnixSeconds::new(self.clock.load(Ordering::SeqCst)))?;
        if self.take_fault(Fault::LostAfter) {
            return Err(Self::unreachable());
        }
        Ok(logged)
    }

    fn proof(&self, index: LeafIndex) -> Result<String, LogPortError> {
        if self.offline.load(Ordering::SeqCst) || self.take_fault(Fault::NoProofs) {
            return Err(Self::unreachable());
        }
        let state = self.state.lock().unwrap();
        let size = TreeSize::new(state.entries.len() as u64);
        if index.get() >= size.get() {
            return Err(LogPortError::NoSuchEntry { index, size });
        }
        let root = merkle::root(size, &state.subtrees).unwrap();
        let origin = Origin::from(self.signer.verifier().name());
        let mut checkpoint = Checkpoint::new(origin, size, root).unwrap().sign(&self.signer).unwrap();
        let verified = checkpoint.verify(self.signer.verifier()).unwrap();
        let at = UnixSeconds::new(self.clock.load(Ordering::SeqCst));
        checkpoint.add_signature(self.cosigner.cosign(&verified, at).unwrap()).unwrap();
        let path = prove_inclusion(index, size, &state.subtrees).unwrap();
        Ok(LogProof::new(index, path, checkpoint).unwrap().encode())
    }

    fn entry(&self, index: LeafIndex) -> Result<Vec<u8>, LogPortError> {
        Ok(self.entries(index, 1)?.remove(0))
    }

    fn entries(&self, first: LeafIndex, count: u64) -> Result<Vec<Vec<u8>>, LogPortError> {
        if self.offline.load(Ordering::SeqCst) {
            return Err(Self::unreachable());
        }
        let state = self.state.lock().unwrap();
        let page: Vec<Vec<u8>> =
            state.entries.iter().skip(first.get() as usize).take(count as usize).cloned().collect();
        if page.is_empty() {
            let size = TreeSize::new(state.entries.len() as u64);
            return Err(LogPortError::NoSuchEntry { index: first, size });
        }
        Ok(page)
    }

    fn size(&self) -> Result<TreeSize, LogPortError> {
        if self.offline.load(Ordering::SeqCst) {
            return Err(Self::unreachable());
        }
        Ok(TreeSize::new(self.state.lock().unwrap().entries.len() as u64))
    }
}

/// The complete subtrees of every level, from the leaves up.
#[derive(Default)]
struct Subtrees(Vec<Vec<Hash>>);

impl Subtrees {
    fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.0.len() == level {
                self.0.push(Vec::new());
            }
            let hashes = &mut self.0[level];
            hashes.push(hash);
            match hashes.as_slice() {
                [.., left, right] if hashes.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => return,
            }
        }
    }
}

impl NodeSource for Subtrees {
    type Error = std::convert::Infallible;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, Self::Error> {
        Ok(ids.iter().map(|id| self.0[usize::from(id.level())][id.index() as usize]).collect())
    }
}
