//! Whom a verifier trusts: the checked trust files of the authorities it chose.

use matricula_registry::PublicKey;

use crate::trust_file::TrustFile;

/// A verifier has a file for each country it deals with; there are some 200 countries.
pub const TRUST_FILES_MAX: usize = 512;

/// The authorities a verifier trusts, the latest file of each.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    files: Vec<TrustFile>,
}

/// Why trust files do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Two authorities claim the same log.
    #[error("two different authorities claim the log {origin}")]
    SameLog {
        /// Its origin.
        origin: String,
    },
    /// Two different files of one authority have the same number.
    #[error("there are two different files number {sequence} of the authority of the log {origin}")]
    Forked {
        /// The log's origin.
        origin: String,
        /// The number.
        sequence: u64,
    },
    /// More than [`TRUST_FILES_MAX`].
    #[error("{count} trust files, more than {TRUST_FILES_MAX}")]
    TooMany {
        /// How many.
        count: usize,
    },
}

impl Trust {
    /// Takes the files together; of two files of one authority the later one counts.
    pub fn new(files: Vec<TrustFile>) -> Result<Self, TrustError> {
        if files.len() > TRUST_FILES_MAX {
            return Err(TrustError::TooMany { count: files.len() });
        }
        let mut trust = Self::default();
        for file in files {
            trust.add(file)?;
        }
        Ok(trust)
    }

    /// The files, one an authority.
    pub fn files(&self) -> &[TrustFile] {
        &self.files
    }

    /// The authority that runs the log.
    pub(crate) fn of_log(&self, origin: &str) -> Option<&TrustFile> {
        self.files.iter().find(|file| file.origin() == origin)
    }

    /// The authority whose statements name the key.
    pub(crate) fn of_key(&self, key: &PublicKey) -> Option<&TrustFile> {
        self.files.iter().find(|file| file.registry().key(key).is_some())
    }

    fn add(&mut self, file: TrustFile) -> Result<(), TrustError> {
        match self.files.iter_mut().find(|known| known.origin() == file.origin()) {
            Some(known) if known.fingerprint() != file.fingerprint() => {
                Err(TrustError::SameLog { origin: file.origin().to_owned() })
            }
            Some(known)
                if file.content().sequence == known.content().sequence && file.digest() != known.digest() =>
            {
                let (origin, sequence) = (file.origin().to_owned(), file.content().sequence);
                Err(TrustError::Forked { origin, sequence })
            }
            Some(known) => {
                if file.content().sequence > known.content().sequence {
                    *known = file;
                }
                Ok(())
            }
            None => {
                self.files.push(file);
                Ok(())
            }
        }
    }
}
