//! The logs that a witness or mirror follows.

use std::collections::BTreeMap;

use matricula_tlog::{KeyName, Origin, PublicKey, VerifierKey, origin_hash};

/// Most keys of one log: the one in use, and those before and after it.
pub const LOG_KEYS_MAX: usize = 4;

/// Logs by their origins, each with the keys that sign its checkpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownLogs {
    logs: BTreeMap<Origin, Vec<VerifierKey>>,
}

/// Why a key was not added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownLogError {
    /// It is no Ed25519 key of a log (type 01).
    #[error("the key of {name} is not that of a log, or cannot be checked here")]
    NotALogKey {
        /// Name of the key.
        name: KeyName,
    },
    /// The log has [`LOG_KEYS_MAX`] others already.
    #[error("the log {origin} has {LOG_KEYS_MAX} keys already")]
    TooManyKeys {
        /// The log.
        origin: Origin,
    },
}

impl KnownLogs {
    /// No logs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key to the log that has its name as origin. Adding it twice is no error.
    ///
    /// # Errors
    /// [`KnownLogError`].
    pub fn add(&mut self, key: VerifierKey) -> Result<(), KnownLogError> {
        if !matches!(key.key(), PublicKey::Ed25519Note(_)) {
            return Err(KnownLogError::NotALogKey { name: key.name().clone() });
        }
        let origin = Origin::from(key.name());
        let keys = self.logs.entry(origin.clone()).or_default();
        if keys.contains(&key) {
            return Ok(());
        }
        if keys.len() == LOG_KEYS_MAX {
            return Err(KnownLogError::TooManyKeys { origin });
        }
        keys.push(key);
        Ok(())
    }

    /// Removes a log with all its keys.
    pub fn remove(&mut self, origin: &Origin) {
        self.logs.remove(origin);
    }

    /// The keys of a log, `None` when it is not known.
    pub fn keys(&self, origin: &Origin) -> Option<&[VerifierKey]> {
        self.logs.get(origin).map(Vec::as_slice)
    }

    /// The log with that hash of its origin, as addresses name it.
    pub fn by_hash(&self, hash: &str) -> Option<&Origin> {
        self.logs.keys().find(|origin| origin_hash(origin) == hash)
    }

    /// All origins, in ascending order.
    pub fn origins(&self) -> impl ExactSizeIterator<Item = &Origin> {
        self.logs.keys()
    }
}

#[cfg(test)]
mod tests {
    use matricula_tlog::{Cosigner, NoteSigner};

    use super::*;

    fn key(seed: u8) -> VerifierKey {
        NoteSigner::new(KeyName::new("log.example/a").unwrap(), &[seed; 32]).verifier().clone()
    }

    #[test]
    fn takes_several_keys_of_a_log_but_not_any_number() {
        let mut logs = KnownLogs::new();
        for seed in [1, 2, 3, 4, 1] {
            assert_eq!(logs.add(key(seed)), Ok(()));
        }
        let origin = Origin::new("log.example/a").unwrap();
        assert_eq!(logs.keys(&origin).map(<[_]>::len), Some(4));
        assert_eq!(logs.add(key(5)), Err(KnownLogError::TooManyKeys { origin }));
    }

    #[test]
    fn refuses_the_key_of_a_cosigner() {
        let witness = Cosigner::new(KeyName::new("witness.example/w").unwrap(), &[1; 32]);
        let refused = KnownLogs::new().add(witness.verifier().clone());
        assert!(matches!(refused, Err(KnownLogError::NotALogKey { .. })));
    }

    #[test]
    fn finds_a_log_by_the_hash_in_an_address() {
        let mut logs = KnownLogs::new();
        logs.add(key(1)).unwrap();
        let origin = Origin::new("log.example/a").unwrap();
        assert_eq!(logs.by_hash(&origin_hash(&origin)), Some(&origin));
        assert_eq!(logs.by_hash(&origin_hash(&Origin::new("log.example/b").unwrap())), None);
    }
}
