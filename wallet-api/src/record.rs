//! A learner's records: claimed, listed as a timeline across schools, downloaded, deleted.

use std::fmt;

use data_encoding::HEXLOWER;
use matricula_credential::canonical_json;
use matricula_credential::model::{CredentialKind, Facts, classify, facts};
use matricula_credential::record::PortableRecord;
use matricula_state::{Expected, Op, StateError, Version};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::error::{WalletError, damaged};
use crate::offer::{OfferCode, OpenedOffer};
use crate::rows::{OFFERS, RECORDS, decode, encode};
use crate::seal::{Place, digest};
use crate::session::Session;
use crate::wallet::Wallet;

/// A transcript of 256 courses with its evidence has about a megabyte.
pub const RECORD_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A school life has some dozens of records; a life of courses some hundreds.
pub const RECORDS_MAX: usize = 500;

/// Records of an account together. The timeline opens all of them at once.
pub const RECORDS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An id of a credential is a URN or a URL.
const CREDENTIAL_ID_BYTES_MAX: usize = 1024;

/// The number of a record in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 16]);

impl RecordId {
    /// Reads 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = (text.len() == 32).then(|| HEXLOWER.decode(text.as_bytes()).ok()).flatten()?;
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// A record that the learner keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// Its number in the account.
    pub id: RecordId,
    /// When it was claimed.
    pub claimed_at: UnixSeconds,
    /// The record itself.
    pub record: PortableRecord,
    pub(crate) version: Version,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The record's number in the account.
    pub id: RecordId,
    /// When it was claimed.
    pub claimed_at: UnixSeconds,
    /// What the credential says about itself; nothing of it is verified here.
    pub facts: Facts,
    /// The kind, where it is one that schools here issue.
    pub kind: Option<CredentialKind>,
    /// The date claimed: `awardedDate`, else `validFrom`.
    pub dated: Option<UnixSeconds>,
    /// Whether the record carries what leads to the log.
    pub logged: bool,
    /// Whether the issuer bound it to the holder's key.
    pub bound: bool,
    /// Whether a later version of the same credential is in the account.
    pub superseded: bool,
}

impl KeptRecord {
    /// The line of the timeline. Whether it is superseded is seen only beside the others.
    pub fn entry(&self) -> TimelineEntry {
        let credential = &self.record.credential;
        let classification = classify(credential);
        TimelineEntry {
            id: self.id,
            claimed_at: self.claimed_at,
            facts: facts(credential),
            kind: classification.as_ref().map(|classification| classification.kind),
            dated: classification.map(|classification| classification.claimed_at),
            logged: self.record.evidence.is_some(),
            bound: self.record.binding.is_some(),
            superseded: false,
        }
    }
}

/// What is sealed in a row.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedRecord {
    claimed_at: u64,
    record: Value,
}

impl Wallet {
    /// Claims the record that waits under a code: the offer goes and the record comes in one change. Claiming
    /// anew what the account already has returns the record that is there.
    ///
    /// # Errors
    /// [`WalletError::CodeUnknown`], [`WalletError::CodeExpired`], [`WalletError::TooManyAttempts`],
    /// [`WalletError::TooMany`] or [`WalletError::TooLarge`] when the account is full, or a failure of the store.
    pub fn claim(&self, session: &Session, code: &str) -> Result<KeptRecord, WalletError> {
        let attempts = digest("claims", session.account().as_bytes());
        self.claim_attempt(attempts)?;
        let code = OfferCode::parse(code).ok_or(WalletError::CodeUnknown)?;
        let OpenedOffer { record, take } = self.open_offer(&code)?;
        self.claim_succeeded(&attempts);
        let id = record_id(session, &record)?;
        match self.record(session, id) {
            Err(WalletError::RecordNotFound) => {}
            Err(error) => return Err(error),
            Ok(kept) => {
                self.write(session.account(), &[take]).map_err(busy)?;
                return Ok(kept);
            }
        }
        self.check_records_room(session, &record)?;
        let kept = KeptRecord { id, claimed_at: self.now(), record, version: Version::ZERO };
        let put = self.put_record(session, &kept, Expected::Absent)?;
        match self.write(session.account(), &[take, put]) {
            // Another request was faster with the same code.
            Err(WalletError::State(StateError::Conflict { table, .. })) if table == OFFERS => {
                Err(WalletError::CodeUnknown)
            }
            other => Ok(KeptRecord { version: other?, ..kept }),
        }
    }

    /// All records, in the order of their numbers.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn records(&self, session: &Session) -> Result<Vec<KeptRecord>, WalletError> {
        let rows = self.rows_of(RECORDS, session.account(), RECORDS_MAX)?;
        rows.iter().map(|row| self.open_record(session, &row.key, &row.value, row.version)).collect()
    }

    /// All records as a timeline, the latest first.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn timeline(&self, session: &Session) -> Result<Vec<TimelineEntry>, WalletError> {
        let mut entries: Vec<TimelineEntry> = self.records(session)?.iter().map(KeptRecord::entry).collect();
        entries.sort_by(|a, b| {
            let order =
                |entry: &TimelineEntry| (entry.dated, entry.facts.valid_from.clone(), entry.claimed_at);
            order(b).cmp(&order(a))
        });
        for at in 0..entries.len() {
            let (earlier, rest) = entries.split_at_mut(at);
            let entry = &mut rest[0];
            let later = |other: &TimelineEntry| {
                other.facts.id == entry.facts.id
                    && other.facts.issuer == entry.facts.issuer
                    && other.facts.valid_from > entry.facts.valid_from
            };
            entry.superseded = entry.facts.id.is_some() && earlier.iter().any(later);
        }
        Ok(entries)
    }

    /// One record.
    ///
    /// # Errors
    /// [`WalletError::RecordNotFound`], or a failure of the store.
    pub fn record(&self, session: &Session, id: RecordId) -> Result<KeptRecord, WalletError> {
        let key = session.account().key(id.as_bytes());
        let row = self.ports.store.get(RECORDS, &key)?.ok_or(WalletError::RecordNotFound)?;
        self.open_record(session, &key, &row.value, row.version)
    }

    /// Deletes a record and every share that shows it. The school's register and the log are not touched: the log
    /// has nothing about the learner in it.
    ///
    /// # Errors
    /// [`WalletError::RecordNotFound`], [`WalletError::Busy`], or a failure of the store.
    pub fn delete_record(&self, session: &Session, id: RecordId) -> Result<(), WalletError> {
        let kept = self.record(session, id)?;
        let mut ops = self.revocations_showing(session, id)?;
        let key = session.account().key(id.as_bytes());
        ops.push(Op::delete(RECORDS, key, Expected::Exactly(kept.version)));
        self.write(session.account(), &ops).map(|_| ()).map_err(busy)
    }

    fn check_records_room(&self, session: &Session, record: &PortableRecord) -> Result<(), WalletError> {
        let rows = self.rows_of(RECORDS, session.account(), RECORDS_MAX)?;
        if rows.len() >= RECORDS_MAX {
            return Err(WalletError::TooMany { what: "records", max: RECORDS_MAX });
        }
        let kept: usize = rows.iter().map(|row| row.value.len()).sum();
        let bytes = kept + encode_record(record)?.len();
        if bytes > RECORDS_BYTES_MAX {
            return Err(WalletError::TooLarge { bytes, bytes_max: RECORDS_BYTES_MAX });
        }
        Ok(())
    }

    /// Writes a record that was changed, if nobody changed it in between.
    pub(crate) fn replace_record(
        &self,
        session: &Session,
        kept: KeptRecord,
    ) -> Result<KeptRecord, WalletError> {
        let put = self.put_record(session, &kept, Expected::Exactly(kept.version))?;
        let version = self.write(session.account(), &[put]).map_err(busy)?;
        Ok(KeptRecord { version, ..kept })
    }

    fn put_record(
        &self,
        session: &Session,
        kept: &KeptRecord,
        expected: Expected,
    ) -> Result<Op, WalletError> {
        let key = session.account().key(kept.id.as_bytes());
        let sealed = SealedRecord { claimed_at: kept.claimed_at.get(), record: kept.record.to_value() };
        let plain = encode(RECORDS, &sealed)?;
        let row = session.data_key().seal(self.entropy(), &Place { what: RECORDS.name(), key: &key }, &plain);
        Ok(Op::put(RECORDS, key, row, expected))
    }

    fn open_record(
        &self,
        session: &Session,
        key: &[u8],
        row: &[u8],
        version: Version,
    ) -> Result<KeptRecord, WalletError> {
        let place = Place { what: RECORDS.name(), key };
        let plain = session.data_key().open(&place, row).map_err(damaged(RECORDS))?;
        let sealed: SealedRecord = decode(RECORDS, &plain)?;
        let id = key.get(16..).and_then(|id| id.try_into().ok()).map(RecordId);
        Ok(KeptRecord {
            id: id.ok_or(WalletError::Damaged { table: RECORDS.name() })?,
            claimed_at: UnixSeconds::new(sealed.claimed_at),
            record: PortableRecord::from_value(&sealed.record)?,
            version,
        })
    }
}

/// The number of a record in this account: the same for the same credential, so that claiming it again finds it.
/// It is drawn with the data key, so that the number tells nothing about the credential.
fn record_id(session: &Session, record: &PortableRecord) -> Result<RecordId, WalletError> {
    let credential = canonical_json(&record.credential).map_err(|_| WalletError::RecordWithoutId)?;
    let secret = Zeroizing::new([session.data_key().as_bytes().as_slice(), &credential].concat());
    let hash = digest("record-id", &secret);
    Ok(RecordId(std::array::from_fn(|at| hash[at])))
}

/// A conflict about a row of this account: another of the learner's requests was faster.
pub(crate) fn busy(error: WalletError) -> WalletError {
    match error {
        WalletError::State(StateError::Conflict { .. }) => WalletError::Busy,
        other => other,
    }
}

/// The id of the record's credential.
pub(crate) fn credential_id(record: &PortableRecord) -> Result<&str, WalletError> {
    let id = record.credential.get("id").and_then(Value::as_str);
    id.filter(|id| !id.is_empty() && id.len() <= CREDENTIAL_ID_BYTES_MAX).ok_or(WalletError::RecordWithoutId)
}

/// The record as a file.
pub(crate) fn encode_record(record: &PortableRecord) -> Result<Vec<u8>, WalletError> {
    let bytes = encode(RECORDS, &record.to_value())?;
    if bytes.len() > RECORD_BYTES_MAX {
        return Err(WalletError::TooLarge { bytes: bytes.len(), bytes_max: RECORD_BYTES_MAX });
    }
    Ok(bytes)
}
