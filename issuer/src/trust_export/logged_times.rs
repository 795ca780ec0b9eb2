//! When statements were logged, as far as an authority knows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use matricula_tlog::{LeafIndex, UnixSeconds, VerifiedLogProof};
use matricula_verdict::{parse_rfc3339, rfc3339};

use crate::authority::AuthorityHome;
use crate::storage::{self, Access, StorageError};

/// A time of 20 letters for each statement of an authority.
const LOGGED_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// `trust/logged/times.json`: when statements were logged.
pub(super) struct LoggedTimes {
    pub(super) times: BTreeMap<LeafIndex, UnixSeconds>,
}

impl LoggedTimes {
    fn path(home: &AuthorityHome) -> PathBuf {
        home.trust_folder().join("logged").join("times.json")
    }

    pub(super) fn read(home: &AuthorityHome) -> Result<Self, StorageError> {
        let path = Self::path(home);
        let file: BTreeMap<u64, String> =
            storage::read_json_if_there(&path, LOGGED_FILE_BYTES_MAX)?.unwrap_or_default();
        let time = |(index, text): (u64, String)| {
            let at = parse_rfc3339(&text).ok_or_else(|| StorageError::malformed(&path, &text))?;
            Ok((LeafIndex::new(index), at))
        };
        Ok(Self { times: file.into_iter().map(time).collect::<Result<_, StorageError>>()? })
    }

    /// An entry was in the log no later than those after it, even where its own first proof was had
    /// later than theirs.
    pub(super) fn settle(&mut self) {
        let mut earliest_after = None;
        for at in self.times.values_mut().rev() {
            *at = earliest_after.map_or(*at, |later| (*at).min(later));
            earliest_after = Some(*at);
        }
    }

    pub(super) fn write(&self, home: &AuthorityHome) -> Result<(), StorageError> {
        let file: BTreeMap<u64, String> =
            self.times.iter().map(|(index, at)| (index.get(), rfc3339(*at))).collect();
        let path = Self::path(home);
        if let Some(folder) = path.parent() {
            storage::make_folder(folder)?;
        }
        storage::write_json(&path, &file, Access::Shared)
    }
}

/// When an entry was logged: by when a whole quorum had cosigned, so that no single witness can make
/// it earlier; else the first cosignature there is.
pub(super) fn time_of(verified: &VerifiedLogProof) -> Option<UnixSeconds> {
    verified.quorum_at().or(verified.logged_at())
}

#[cfg(test)]
mod tests {
    use matricula_tlog::{
        Checkpoint, Cosigner, KeyName, LogProof, NoteSigner, Origin, Policy, Threshold, TreeSize, leaf_hash,
    };

    use super::*;

    fn moment(text: &str) -> UnixSeconds {
        parse_rfc3339(text).unwrap()
    }

    #[test]
    fn an_entry_is_never_later_than_those_after_it() {
        let settled = |times: [u64; 4]| {
            let known = times.into_iter().enumerate();
            let times = known.map(|(index, at)| (LeafIndex::new(index as u64), UnixSeconds::new(at)));
            let mut logged = LoggedTimes { times: times.collect() };
            logged.settle();
            logged.times.into_values().map(UnixSeconds::get).collect::<Vec<_>>()
        };
        assert_eq!(settled([9, 3, 7, 5]), [3, 3, 5, 5]);
        assert_eq!(settled([1, 2, 2, 8]), [1, 2, 2, 8]);
    }

    #[test]
    fn a_single_witness_cannot_make_an_entry_look_older() {
        let name = |text: &str| KeyName::new(text).unwrap();
        let log = NoteSigner::new(name("hn.example/log"), &[1; 32]);
        let witnesses =
            [Cosigner::new(name("early.example"), &[2; 32]), Cosigner::new(name("late.example"), &[3; 32])];
        let mut policy = Policy::builder();
        policy.log(log.verifier().clone(), None).unwrap();
        policy.witness("early", witnesses[0].verifier().clone(), None).unwrap();
        policy.witness("late", witnesses[1].verifier().clone(), None).unwrap();
        policy.group("both", Threshold::All, &["early", "late"]).unwrap();
        let policy = policy.quorum("both").unwrap();
        let leaf = leaf_hash(b"entry");
        let origin = Origin::from(log.verifier().name());
        let mut checkpoint = Checkpoint::new(origin, TreeSize::new(1), leaf).unwrap().sign(&log).unwrap();
        let verified = checkpoint.verify(log.verifier()).unwrap();
        let times = [moment("2019-01-01T00:00:00Z"), moment("2026-11-22T12:00:00Z")];
        for (witness, at) in witnesses.iter().zip(times) {
            checkpoint.add_signature(witness.cosign(&verified, at).unwrap()).unwrap();
        }
        let proof = LogProof::new(LeafIndex::new(0), Vec::new(), checkpoint).unwrap();
        let verified = proof.verify(leaf, &policy).unwrap();
        assert_eq!(verified.logged_at(), Some(times[0]), "what the one witness says");
        assert_eq!(time_of(&verified), Some(times[1]));
    }
}
