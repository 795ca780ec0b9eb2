//! Shares: a link that shows chosen records to whoever has it, until it expires or is revoked.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use matricula_credential::presentation::PresentationFile;
use matricula_state::{Expected, Op, StateError};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::account::AccountId;
use crate::disclosure::{Disclosed, Views};
use crate::error::{WalletError, damaged};
use crate::presenting::{Choice, PRESENTATION_BYTES_MAX};
use crate::record::{RecordId, busy};
use crate::rows::{ACCOUNT_SHARES, RowBytes, SHARE_VIEWS, SHARES, decode, encode};
use crate::seal::{Place, SealKey, digest};
use crate::session::Session;
use crate::wallet::Wallet;

/// A share is for an application that runs now; for longer, the learner makes a new one.
pub const SHARE_SECONDS_MAX: u64 = 90 * 24 * 60 * 60;

/// Shares that are open at once.
pub const SHARES_MAX: usize = 100;

/// Tries to count a view while others open the same link.
const VIEW_TRIES_MAX: usize = 64;

/// 128 random bits: 22 characters, which keeps the QR code small.
const TOKEN_BYTES: usize = 16;

/// The number of a share: the hash of its link's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShareId([u8; 32]);

impl ShareId {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ShareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

/// The secret in a link. Wiped when dropped.
pub struct ShareToken(Zeroizing<[u8; TOKEN_BYTES]>);

impl ShareToken {
    /// Reads the last part of a link; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = (text.len() == 22).then(|| BASE64URL_NOPAD.decode(text.as_bytes()).ok()).flatten()?;
        Some(Self(Zeroizing::new(Zeroizing::new(bytes).as_slice().try_into().ok()?)))
    }

    /// Writes 22 characters of base64url.
    pub fn encode(&self) -> String {
        BASE64URL_NOPAD.encode(self.0.as_ref())
    }

    fn id(&self) -> ShareId {
        ShareId(digest("share", self.0.as_ref()))
    }

    fn seal_key(&self) -> SealKey {
        SealKey::derive("share-key", self.0.as_ref())
    }
}

/// A share, for its learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its number.
    pub id: ShareId,
    /// The link.
    pub url: String,
    /// The records it shows.
    pub records: Vec<RecordId>,
    /// When it was made.
    pub created: UnixSeconds,
    /// When it ends.
    pub expires: UnixSeconds,
    /// How often it was opened.
    pub views: Views,
}

/// A share, for whoever has the link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedPresentation {
    /// What is shown.
    pub file: PresentationFile,
    /// When the link ends.
    pub expires: UnixSeconds,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareRow {
    expires: u64,
    account: RowBytes,
    presentation: RowBytes,
}

/// What is sealed for the learner.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedShare {
    token: String,
    records: Vec<String>,
    created: u64,
    expires: u64,
}

/// How often a share was opened. The row is there from the start, so that counting never makes a row for a share
/// or an account that is gone.
#[derive(Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewsRow {
    pub(crate) count: u64,
    pub(crate) first: Option<u64>,
    pub(crate) last: Option<u64>,
}

impl Wallet {
    /// Makes a link that shows the chosen records for a time, as a presentation signed for this very link.
    ///
    /// # Errors
    /// [`WalletError::Lifetime`], [`WalletError::TooMany`], [`WalletError::TooLarge`], and those of a presentation.
    pub fn share(
        &self,
        session: &Session,
        choice: &Choice,
        lifetime_seconds: u64,
    ) -> Result<Share, WalletError> {
        if !(1..=SHARE_SECONDS_MAX).contains(&lifetime_seconds) {
            return Err(WalletError::Lifetime { seconds_max: SHARE_SECONDS_MAX });
        }
        let (over, open): (Vec<Share>, Vec<Share>) =
            self.shares(session)?.into_iter().partition(|share| share.expires <= self.now());
        if open.len() >= SHARES_MAX {
            return Err(WalletError::TooMany { what: "open shares", max: SHARES_MAX });
        }
        let token = ShareToken(Zeroizing::new(self.random()));
        let created = self.now();
        let expires = UnixSeconds::new(created.get().saturating_add(lifetime_seconds));
        let file = self.sign(session, choice, &token.id().to_string(), &self.share_domain(), expires)?;
        let account = session.account();
        let (id, list_key) = (token.id(), account.key(token.id().as_bytes()));
        let sealed = SealedShare {
            token: token.encode(),
            records: choice.records.iter().map(RecordId::to_string).collect(),
            created: created.get(),
            expires: expires.get(),
        };
        let place = Place { what: ACCOUNT_SHARES.name(), key: &list_key };
        let listed = session.data_key().seal(self.entropy(), &place, &encode(ACCOUNT_SHARES, &sealed)?);
        let views = encode(SHARE_VIEWS, &ViewsRow::default())?;
        let mut ops: Vec<Op> = over.iter().flat_map(|share| closing(session.account(), share.id)).collect();
        ops.push(Op::put(SHARES, id.0, self.share_row(&token, account, &file, expires)?, Expected::Absent));
        ops.push(Op::put(ACCOUNT_SHARES, list_key.clone(), listed, Expected::Absent));
        ops.push(Op::put(SHARE_VIEWS, list_key, views, Expected::Absent));
        self.note(session, Disclosed::shared(id, &choice.records), ops)?;
        self.opened_share(id, sealed, Views::default())
    }

    /// The learner's shares that are not revoked, the latest first.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn shares(&self, session: &Session) -> Result<Vec<Share>, WalletError> {
        let rows = self.rows_of(ACCOUNT_SHARES, session.account(), 2 * SHARES_MAX)?;
        let mut shares = Vec::with_capacity(rows.len());
        for row in rows {
            shares.push(self.open_share(session, &row.key, &row.value)?);
        }
        shares.sort_by_key(|share| std::cmp::Reverse(share.created));
        Ok(shares)
    }

    /// One of the learner's shares.
    ///
    /// # Errors
    /// [`WalletError::ShareNotFound`], or a failure of the store.
    pub fn share_of(&self, session: &Session, id: ShareId) -> Result<Share, WalletError> {
        let key = session.account().key(id.as_bytes());
        let row = self.ports.store.get(ACCOUNT_SHARES, &key)?.ok_or(WalletError::ShareNotFound)?;
        self.open_share(session, &key, &row.value)
    }

    /// Ends a share. Its line in the disclosure log stays.
    ///
    /// # Errors
    /// [`WalletError::ShareNotFound`], or a failure of the store.
    pub fn revoke_share(&self, session: &Session, id: ShareId) -> Result<(), WalletError> {
        self.share_of(session, id)?;
        self.write(session.account(), &closing(session.account(), id)).map(|_| ()).map_err(busy)
    }

    /// Opens a share by its link, and counts the view before anything is shown.
    ///
    /// # Errors
    /// [`WalletError::ShareNotFound`], [`WalletError::ShareExpired`], or a failure of the store.
    pub fn view_share(&self, token: &ShareToken) -> Result<SharedPresentation, WalletError> {
        let id = token.id();
        let stored = self.ports.store.get(SHARES, id.as_bytes())?.ok_or(WalletError::ShareNotFound)?;
        let row: ShareRow = decode(SHARES, &stored.value)?;
        if row.expires <= self.now().get() {
            return Err(WalletError::ShareExpired);
        }
        let place = Place { what: SHARES.name(), key: id.as_bytes() };
        let plain = token.seal_key().open(&place, &row.presentation.0).map_err(damaged(SHARES))?;
        let file = PresentationFile::parse(&plain)?;
        self.count_view(&AccountId::from_bytes(row.account.exactly(SHARES)?), id)?;
        Ok(SharedPresentation { file, expires: UnixSeconds::new(row.expires) })
    }

    /// Revocations of all shares that show a record.
    pub(crate) fn revocations_showing(
        &self,
        session: &Session,
        record: RecordId,
    ) -> Result<Vec<Op>, WalletError> {
        let shares = self.shares(session)?.into_iter().filter(|share| share.records.contains(&record));
        Ok(shares.flat_map(|share| closing(session.account(), share.id)).collect())
    }

    fn share_row(
        &self,
        token: &ShareToken,
        account: &AccountId,
        file: &PresentationFile,
        expires: UnixSeconds,
    ) -> Result<Vec<u8>, WalletError> {
        let plain = encode(SHARES, &file.to_value())?;
        if plain.len() > PRESENTATION_BYTES_MAX {
            return Err(WalletError::TooLarge { bytes: plain.len(), bytes_max: PRESENTATION_BYTES_MAX });
        }
        let id = token.id();
        let place = Place { what: SHARES.name(), key: id.as_bytes() };
        let presentation = RowBytes(token.seal_key().seal(self.entropy(), &place, &plain));
        let account = RowBytes(account.as_bytes().to_vec());
        encode(SHARES, &ShareRow { expires: expires.get(), account, presentation })
    }

    fn open_share(&self, session: &Session, key: &[u8], row: &[u8]) -> Result<Share, WalletError> {
        let damage = || WalletError::Damaged { table: ACCOUNT_SHARES.name() };
        let plain = session.data_key().open(&Place { what: ACCOUNT_SHARES.name(), key }, row);
        let sealed: SealedShare = decode(ACCOUNT_SHARES, &plain.map_err(damaged(ACCOUNT_SHARES))?)?;
        let id = key.get(16..).and_then(|id| id.try_into().ok()).map(ShareId).ok_or_else(damage)?;
        let views = self.views(session, id)?;
        self.opened_share(id, sealed, views)
    }

    fn opened_share(&self, id: ShareId, sealed: SealedShare, views: Views) -> Result<Share, WalletError> {
        let damage = || WalletError::Damaged { table: ACCOUNT_SHARES.name() };
        let records = sealed.records.iter().map(|id| RecordId::parse(id).ok_or_else(damage));
        Ok(Share {
            id,
            url: format!("{}/s/{}", self.config.base_url.as_str().trim_end_matches('/'), sealed.token),
            records: records.collect::<Result<_, _>>()?,
            created: UnixSeconds::new(sealed.created),
            expires: UnixSeconds::new(sealed.expires),
            views,
        })
    }

    /// The domain for which shares are signed: the wallet's own, since nobody knows who will open the link.
    fn share_domain(&self) -> String {
        self.config.base_url.origin().ascii_serialization()
    }

    fn count_view(&self, account: &AccountId, id: ShareId) -> Result<(), WalletError> {
        let key = account.key(id.as_bytes());
        for _ in 0..VIEW_TRIES_MAX {
            // Without its row the account was deleted a moment ago, and the share with it.
            let stored = self.ports.store.get(SHARE_VIEWS, &key)?.ok_or(WalletError::ShareNotFound)?;
            let mut row: ViewsRow = decode(SHARE_VIEWS, &stored.value)?;
            let now = self.now().get();
            row = ViewsRow {
                count: row.count.saturating_add(1),
                first: row.first.or(Some(now)),
                last: Some(now),
            };
            let op = Op::put(
                SHARE_VIEWS,
                key.clone(),
                encode(SHARE_VIEWS, &row)?,
                Expected::Exactly(stored.version),
            );
            match self.ports.store.apply(&[op]) {
                Err(StateError::Conflict { .. }) => {}
                other => return Ok(other.map(|_| ())?),
            }
        }
        Err(WalletError::Busy)
    }
}

/// Takes a share away. The count of its views stays for the disclosure log.
fn closing(account: &AccountId, id: ShareId) -> [Op; 2] {
    [
        Op::delete(SHARES, id.0, Expected::Any),
        Op::delete(ACCOUNT_SHARES, account.key(id.as_bytes()), Expected::Any),
    ]
}
