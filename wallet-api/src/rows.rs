//! Tables, keys and rows of the wallet. Everything about a learner is sealed; what is in clear are random ids,
//! hashes of random tokens, times and counts.
//!
//! | Table | Key | Row |
//! |---|---|---|
//! | `wallet-names` | hash of the login name | account id |
//! | `wallet-accounts` | account id | password verifier; sealed: data key, name, holder seed |
//! | `wallet-sessions` | account id, hash of the token | end; data key sealed under the token |
//! | `wallet-records` | account id, record id | sealed record |
//! | `wallet-offers` | hash of the code | end; record sealed under the code |
//! | `wallet-shares` | hash of the link's token | end, account id; presentation sealed under the token |
//! | `wallet-account-shares` | account id, hash of the token | sealed token, chosen records, end |
//! | `wallet-share-views` | account id, hash of the token | count, first and last time |
//! | `wallet-disclosures` | account id, time, random | sealed entry of the disclosure log |

use data_encoding::BASE64URL_NOPAD;
use matricula_state::Table;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::WalletError;

pub(crate) const NAMES: Table = Table::new("wallet-names");
pub(crate) const ACCOUNTS: Table = Table::new("wallet-accounts");
/// Sessions end with a crash of the machine or a move to another one; a follower needs none of them.
pub(crate) const SESSIONS: Table = Table::without_feed("wallet-sessions");
pub(crate) const RECORDS: Table = Table::new("wallet-records");
pub(crate) const OFFERS: Table = Table::new("wallet-offers");
pub(crate) const SHARES: Table = Table::new("wallet-shares");
pub(crate) const ACCOUNT_SHARES: Table = Table::new("wallet-account-shares");
pub(crate) const SHARE_VIEWS: Table = Table::new("wallet-share-views");
pub(crate) const DISCLOSURES: Table = Table::new("wallet-disclosures");

/// Tables whose keys begin with an account id.
pub(crate) const OF_ACCOUNT: [Table; 5] = [SESSIONS, RECORDS, ACCOUNT_SHARES, SHARE_VIEWS, DISCLOSURES];

/// Bytes of a row, as base64url in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowBytes(pub(crate) Vec<u8>);

impl RowBytes {
    pub(crate) fn exactly<const N: usize>(&self, table: Table) -> Result<[u8; N], WalletError> {
        self.0.as_slice().try_into().map_err(|_| WalletError::Damaged { table: table.name() })
    }
}

impl Serialize for RowBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for RowBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Self).map_err(D::Error::custom)
    }
}

pub(crate) fn encode<T: Serialize>(table: Table, row: &T) -> Result<Vec<u8>, WalletError> {
    serde_json::to_vec(row).map_err(|_| WalletError::Damaged { table: table.name() })
}

pub(crate) fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, WalletError> {
    serde_json::from_slice(bytes).map_err(|_| WalletError::Damaged { table: table.name() })
}
