//! The registry as a log tells it, read through the log's port.

use std::collections::BTreeMap;

use matricula_registry::{
    Body, EvidenceError, LogOrigin, PublicKey, Registry, SignatureError, Statement, StatementError,
};
use matricula_tlog::LeafIndex;
use thiserror::Error;

use crate::log_port::{ENTRIES_PER_PAGE_MAX, LogPort, LogPortError};

/// Why a log could not be read into a registry.
#[derive(Debug, Error)]
pub enum RegistryViewError {
    /// The log did not answer.
    #[error(transparent)]
    Log(#[from] LogPortError),
    /// The log says it has an entry and does not give it.
    #[error("the log does not give entry {index}")]
    EntryMissing {
        /// Which one.
        index: LeafIndex,
    },
    /// An entry of the log is no statement.
    #[error("entry {index} of the log is no statement: {source}")]
    EntryMalformed {
        /// Which one.
        index: LeafIndex,
        /// What is wrong with it.
        source: StatementError,
    },
    /// A signature on an entry of the log is not good.
    #[error("entry {index} of the log is not signed as it says: {source}")]
    EntrySignature {
        /// Which one.
        index: LeafIndex,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// An entry of the log does not fit the registry: another log, or not the authority's.
    #[error("entry {index} of the log does not fit the authority's registry: {source}")]
    EntryForeign {
        /// Which one.
        index: LeafIndex,
        /// What does not fit.
        source: EvidenceError,
    },
}

impl RegistryViewError {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::Log(error) => error.code(),
            Self::EntryMissing { .. } => "log_entry_missing",
            Self::EntryMalformed { .. } => "log_entry_malformed",
            Self::EntrySignature { .. } => "log_entry_signature",
            Self::EntryForeign { .. } => "log_entry_foreign",
        }
    }
}

/// A registry replayed from a log, with the bytes of the statements that trust rests on.
#[derive(Clone, Debug)]
pub struct RegistryView {
    registry: Registry,
    statements: BTreeMap<LeafIndex, Vec<u8>>,
    next: u64,
}

impl RegistryView {
    /// A view that has read nothing yet. `root` is the authority's first key, from its card.
    pub fn new(origin: LogOrigin, root: PublicKey) -> Self {
        Self { registry: Registry::new(origin, [root]), statements: BTreeMap::new(), next: 0 }
    }

    /// A view of the whole log.
    pub fn read(origin: LogOrigin, root: PublicKey, log: &dyn LogPort) -> Result<Self, RegistryViewError> {
        let mut view = Self::new(origin, root);
        view.refresh(log)?;
        Ok(view)
    }

    /// Reads what the log has got since.
    pub fn refresh(&mut self, log: &dyn LogPort) -> Result<(), RegistryViewError> {
        let size = log.size()?.get();
        while self.next < size {
            let first = LeafIndex::new(self.next);
            let page = log.entries(first, ENTRIES_PER_PAGE_MAX.min(size - self.next))?;
            if page.is_empty() {
                return Err(RegistryViewError::EntryMissing { index: first });
            }
            for entry in page {
                self.take(&entry)?;
            }
        }
        Ok(())
    }

    /// What the statements say.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The entries of kinds authority, accreditation, key and status, by their place.
    pub fn statements(&self) -> impl Iterator<Item = (LeafIndex, &[u8])> {
        self.statements.iter().map(|(index, entry)| (*index, entry.as_slice()))
    }

    fn take(&mut self, entry: &[u8]) -> Result<(), RegistryViewError> {
        let index = LeafIndex::new(self.next);
        let statement =
            Statement::parse(entry).map_err(|source| RegistryViewError::EntryMalformed { index, source })?;
        let keeps = matches!(
            statement.body(),
            Body::Authority(_) | Body::Accreditation(_) | Body::Key(_) | Body::Status(_)
        );
        if keeps {
            let verified = statement
                .verify_signatures()
                .map_err(|source| RegistryViewError::EntrySignature { index, source })?;
            self.registry
                .apply_evidence(index, None, verified.statement())
                .map_err(|source| RegistryViewError::EntryForeign { index, source })?;
            self.statements.insert(index, entry.to_vec());
        }
        self.next += 1;
        Ok(())
    }
}
