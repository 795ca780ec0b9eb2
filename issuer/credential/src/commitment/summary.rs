//! What the authority learns of a batch, under a commitment in the batch statement.

use std::collections::BTreeMap;

use matricula_tlog::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::batch_tree::BatchSeed;
use crate::canonical::{CanonError, canonical_json};

const SUMMARY_DOMAIN: &[u8] = b"matricula/batch/summary/v1\0";
const SUMMARY_SALT_DOMAIN: &[u8] = b"matricula/batch/summary-salt/v1\0";

/// Sex as ISO 5218 counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Code 0.
    NotKnown,
    /// Code 1.
    Male,
    /// Code 2.
    Female,
    /// Code 9.
    NotApplicable,
}

/// The true size of a batch and its counts. It goes with the [`BatchSeed`] to the authority alone, whose headcounts
/// are computed from it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Summary {
    /// How many credentials the batch really has.
    pub count: u64,
    /// Counts by credential kind.
    pub by_kind: BTreeMap<String, u64>,
    /// Counts by ISCED 2011 level, `"0"` to `"8"`.
    pub by_level: BTreeMap<String, u64>,
    /// Counts by the year of the claimed date.
    pub by_year: BTreeMap<String, u64>,
    /// Counts by sex.
    pub by_sex: BTreeMap<Sex, u64>,
}

impl Summary {
    /// Counts one credential.
    pub fn add(&mut self, kind: &str, level: u8, year: u16, sex: Sex) {
        self.count += 1;
        *self.by_kind.entry(kind.to_owned()).or_default() += 1;
        *self.by_level.entry(level.to_string()).or_default() += 1;
        *self.by_year.entry(year.to_string()).or_default() += 1;
        *self.by_sex.entry(sex).or_default() += 1;
    }

    /// The commitment in the batch statement. It is salted from the seed, since the counts of a class could be
    /// guessed.
    ///
    /// # Errors
    /// [`CanonError::Number`] for counts beyond 2^53.
    pub fn commitment(&self, seed: &BatchSeed) -> Result<Hash, CanonError> {
        let value = serde_json::to_value(self).map_err(|_| CanonError::Number)?;
        let digest = Sha256::digest(canonical_json(&value)?);
        let salt = seed.derive(SUMMARY_SALT_DOMAIN, 0);
        let hash =
            Sha256::new().chain_update(SUMMARY_DOMAIN).chain_update(salt.as_bytes()).chain_update(digest);
        Ok(Hash::from_bytes(hash.finalize().into()))
    }
}
