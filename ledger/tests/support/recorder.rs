//! A cosigner's key that remembers.

use std::sync::{Arc, Mutex};

use matricula_ledger::witness::Cosign;
use matricula_tlog::{
    CosignError, Cosigner, Hash, KeyName, NoteSignature, UnixSeconds, VerifiedCheckpoint, VerifierKey,
};

/// What a key said: size, root, time.
pub type Said = (u64, Hash, u64);

/// A key that remembers all it ever signed, whoever crashed meanwhile: a signature that was made may be anywhere.
#[derive(Clone)]
pub struct Recorder {
    key: Arc<Cosigner>,
    said: Arc<Mutex<Vec<Said>>>,
}

impl Recorder {
    pub fn new(name: &str, seed: u8) -> Self {
        let key = Cosigner::new(KeyName::new(name).unwrap(), &[seed; 32]);
        Self { key: Arc::new(key), said: Arc::default() }
    }

    /// The same key, with a memory of its own.
    pub fn copy(&self) -> Self {
        Self { key: self.key.clone(), said: Arc::new(Mutex::new(self.said())) }
    }

    pub fn said(&self) -> Vec<Said> {
        self.said.lock().unwrap().clone()
    }

    /// The largest size that was signed, 0 before the first.
    pub fn largest(&self) -> u64 {
        self.said.lock().unwrap().iter().map(|(size, ..)| *size).max().unwrap_or(0)
    }

    /// Whether a smaller tree was called the largest after a larger one.
    pub fn went_back(&self) -> bool {
        let mut said = self.said();
        said.sort_by_key(|(size, _, at)| (*at, *size));
        !said.is_sorted_by_key(|(size, ..)| *size)
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
