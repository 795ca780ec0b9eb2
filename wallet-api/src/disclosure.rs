//! The disclosure log: what the learner showed, to whom, when, and how often a link was opened.

use data_encoding::HEXLOWER;
use matricula_state::{Expected, Op};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};

use crate::error::{WalletError, damaged};
use crate::record::{RecordId, busy};
use crate::rows::{ACCOUNT_SHARES, DISCLOSURES, SHARE_VIEWS, decode, encode};
use crate::seal::Place;
use crate::session::Session;
use crate::share::{ShareId, ViewsRow};
use crate::wallet::Wallet;

/// Entries kept; the oldest go first. Ten years of a presentation every other day.
const DISCLOSURES_MAX: usize = 2_000;

/// How often a link was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Views {
    /// How often.
    pub count: u64,
    /// When first.
    pub first: Option<UnixSeconds>,
    /// When last.
    pub last: Option<UnixSeconds>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DisclosureKind {
    /// A presentation for a verifier.
    Presented {
        /// The verifier's domain.
        domain: String,
    },
    /// A link.
    Shared {
        /// The share, which may be over.
        share: ShareId,
        /// How often it was opened.
        views: Views,
    },
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// When.
    pub at: UnixSeconds,
    /// What.
    pub kind: DisclosureKind,
    /// Which records; some may be deleted since.
    pub records: Vec<RecordId>,
}

/// An entry before it is sealed. Records are named by number only, so that nothing of a deleted one remains.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Disclosed {
    domain: Option<String>,
    share: Option<String>,
    records: Vec<String>,
}

impl Disclosed {
    pub(crate) fn presented(domain: &str, records: &[RecordId]) -> Self {
        Self { domain: Some(domain.to_owned()), share: None, records: names(records) }
    }

    pub(crate) fn shared(share: ShareId, records: &[RecordId]) -> Self {
        Self { domain: None, share: Some(share.to_string()), records: names(records) }
    }
}

fn names(records: &[RecordId]) -> Vec<String> {
    records.iter().map(RecordId::to_string).collect()
}

impl Wallet {
    /// The disclosure log, the latest first.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn disclosures(&self, session: &Session) -> Result<Vec<Disclosure>, WalletError> {
        let rows = self.rows_of(DISCLOSURES, session.account(), DISCLOSURES_MAX)?;
        let mut log = Vec::with_capacity(rows.len());
        for row in rows.iter().rev() {
            log.push(self.open_disclosure(session, &row.key, &row.value)?);
        }
        Ok(log)
    }

    /// Adds an entry, together with other rows of the account.
    pub(crate) fn note(
        &self,
        session: &Session,
        entry: Disclosed,
        mut ops: Vec<Op>,
    ) -> Result<(), WalletError> {
        let time = self.now().get().to_be_bytes();
        let key = session.account().key(&[time, self.random()].concat());
        let place = Place { what: DISCLOSURES.name(), key: &key };
        let row = session.data_key().seal(self.entropy(), &place, &encode(DISCLOSURES, &entry)?);
        let rows = self.rows_of(DISCLOSURES, session.account(), DISCLOSURES_MAX)?;
        if let Some(oldest) = rows.first().filter(|_| rows.len() >= DISCLOSURES_MAX) {
            ops.push(Op::delete(DISCLOSURES, oldest.key.clone(), Expected::Any));
            ops.extend(
                self.views_to_forget(session, &self.open_disclosure(session, &oldest.key, &oldest.value)?)?,
            );
        }
        ops.push(Op::put(DISCLOSURES, key, row, Expected::Absent));
        self.write(session.account(), &ops).map(|_| ()).map_err(busy)
    }

    /// The count of views goes with the entry, unless the share is still open and counts on.
    fn views_to_forget(&self, session: &Session, entry: &Disclosure) -> Result<Option<Op>, WalletError> {
        let DisclosureKind::Shared { share, .. } = entry.kind else { return Ok(None) };
        let key = session.account().key(share.as_bytes());
        let is_open = self.ports.store.get(ACCOUNT_SHARES, &key)?.is_some();
        Ok((!is_open).then(|| Op::delete(SHARE_VIEWS, key, Expected::Any)))
    }

    fn open_disclosure(&self, session: &Session, key: &[u8], row: &[u8]) -> Result<Disclosure, WalletError> {
        let damage = || WalletError::Damaged { table: DISCLOSURES.name() };
        let plain = session.data_key().open(&Place { what: DISCLOSURES.name(), key }, row);
        let entry: Disclosed = decode(DISCLOSURES, &plain.map_err(damaged(DISCLOSURES))?)?;
        let time: [u8; 8] = key.get(16..24).and_then(|time| time.try_into().ok()).ok_or_else(damage)?;
        let records = entry.records.iter().map(|id| RecordId::parse(id).ok_or_else(damage));
        let kind = match (entry.domain, entry.share) {
            (Some(domain), None) => DisclosureKind::Presented { domain },
            (None, Some(share)) => {
                let share = ShareId::parse(&share).ok_or_else(damage)?;
                DisclosureKind::Shared { share, views: self.views(session, share)? }
            }
            _ => return Err(damage()),
        };
        Ok(Disclosure {
            at: UnixSeconds::new(u64::from_be_bytes(time)),
            kind,
            records: records.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn views(&self, session: &Session, share: ShareId) -> Result<Views, WalletError> {
        let key = session.account().key(share.as_bytes());
        let Some(row) = self.ports.store.get(SHARE_VIEWS, &key)? else { return Ok(Views::default()) };
        let row: ViewsRow = decode(SHARE_VIEWS, &row.value)?;
        let at = |seconds: Option<u64>| seconds.map(UnixSeconds::new);
        Ok(Views { count: row.count, first: at(row.first), last: at(row.last) })
    }
}

impl ShareId {
    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = (text.len() == 64).then(|| HEXLOWER.decode(text.as_bytes()).ok()).flatten()?;
        bytes.try_into().ok().map(Self::from_bytes)
    }
}
