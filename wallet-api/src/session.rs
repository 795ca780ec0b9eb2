//! Sessions: a token that a browser or a program holds after signing in.
//!
//! The store has the token's hash and the data key sealed under the token; whoever copies the store can neither
//! sign in nor read.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use matricula_state::{Expected, Op};
use matricula_tlog::UnixSeconds;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::account::AccountId;
use crate::error::{WalletError, damaged};
use crate::rows::{RowBytes, SESSIONS, decode, encode};
use crate::seal::{Place, SealKey, digest};
use crate::wallet::Wallet;

/// Half a day: phones are shared in families and computers in schools.
const SESSION_SECONDS: u64 = 12 * 60 * 60;

/// Devices signed in at once.
const SESSIONS_MAX: usize = 20;

const SECRET_BYTES: usize = 32;

/// The token of a session: the account's id and a secret. Wiped when dropped.
pub struct SessionToken {
    account: AccountId,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl SessionToken {
    /// Reads a token as a browser sent it; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        // Decoding is bounded: a token has 64 characters.
        let mut bytes = (text.len() == 64).then(|| BASE64URL_NOPAD.decode(text.as_bytes()).ok()).flatten()?;
        let (account, secret) = bytes.split_first_chunk::<16>()?;
        let token = Self {
            account: AccountId::from_bytes(*account),
            secret: Zeroizing::new(secret.try_into().ok()?),
        };
        bytes.zeroize();
        Some(token)
    }

    /// Writes the token: 64 characters of base64url.
    pub fn encode(&self) -> String {
        BASE64URL_NOPAD.encode(&self.account.key(self.secret.as_ref()))
    }

    fn hash(&self) -> [u8; 32] {
        digest("session", self.secret.as_ref())
    }

    fn row_key(&self) -> Vec<u8> {
        self.account.key(&self.hash())
    }

    fn seal_key(&self) -> SealKey {
        SealKey::derive("session-key", self.secret.as_ref())
    }
}

/// A signed-in learner: only the wallet makes one, and only for a good password or token.
pub struct Session {
    token: SessionToken,
    expires: UnixSeconds,
    data_key: SealKey,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Session {
    /// The token for the browser or program.
    pub fn token(&self) -> &SessionToken {
        &self.token
    }

    /// When it ends.
    pub fn expires(&self) -> UnixSeconds {
        self.expires
    }

    pub(crate) fn account(&self) -> &AccountId {
        &self.token.account
    }

    pub(crate) fn data_key(&self) -> &SealKey {
        &self.data_key
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionRow {
    expires: u64,
    data_key: RowBytes,
}

impl Wallet {
    /// The session of a token.
    ///
    /// # Errors
    /// [`WalletError::NotSignedIn`] for a token that is unknown or over; a failure of the store.
    pub fn session(&self, token: SessionToken) -> Result<Session, WalletError> {
        let key = token.row_key();
        let row = self.ports.store.get(SESSIONS, &key)?.ok_or(WalletError::NotSignedIn)?;
        let row: SessionRow = decode(SESSIONS, &row.value)?;
        if row.expires <= self.now().get() {
            return Err(WalletError::NotSignedIn);
        }
        let place = Place { what: SESSIONS.name(), key: &key };
        let data_key = token.seal_key().open(&place, &row.data_key.0).map_err(damaged(SESSIONS))?;
        let data_key = SealKey::from_bytes(&data_key).map_err(damaged(SESSIONS))?;
        Ok(Session { token, expires: UnixSeconds::new(row.expires), data_key })
    }

    /// Ends a session. Ending it twice is no error.
    ///
    /// # Errors
    /// A failure of the store.
    pub fn log_out(&self, session: &Session) -> Result<(), WalletError> {
        self.ports.store.apply(&[Op::delete(SESSIONS, session.token.row_key(), Expected::Any)])?;
        Ok(())
    }

    pub(crate) fn open_session(&self, account: AccountId, data_key: SealKey) -> Result<Session, WalletError> {
        let token = SessionToken { account, secret: Zeroizing::new(self.random()) };
        let expires = self.now().get().saturating_add(SESSION_SECONDS);
        let key = token.row_key();
        let place = Place { what: SESSIONS.name(), key: &key };
        let sealed = token.seal_key().seal(self.entropy(), &place, data_key.as_bytes());
        let row = encode(SESSIONS, &SessionRow { expires, data_key: RowBytes(sealed) })?;
        let mut ops = self.surplus_sessions(&account)?;
        ops.push(Op::put(SESSIONS, key, row, Expected::Absent));
        self.write(&account, &ops)?;
        Ok(Session { token, expires: UnixSeconds::new(expires), data_key })
    }

    /// Deletes of the sessions that are over, and of the oldest where a new one would be too many.
    fn surplus_sessions(&self, account: &AccountId) -> Result<Vec<Op>, WalletError> {
        let mut sessions = Vec::new();
        for row in self.rows_of(SESSIONS, account, 2 * SESSIONS_MAX)? {
            sessions.push((decode::<SessionRow>(SESSIONS, &row.value)?.expires, row.key));
        }
        sessions.sort();
        let now = self.now().get();
        let surplus = (sessions.len() + 1).saturating_sub(SESSIONS_MAX);
        let gone =
            sessions.into_iter().enumerate().filter(|(at, (expires, _))| *at < surplus || *expires <= now);
        Ok(gone.map(|(_, (_, key))| Op::delete(SESSIONS, key, Expected::Any)).collect())
    }

    /// Deletes of all sessions of the account but this one.
    pub(crate) fn other_sessions(&self, session: &Session) -> Result<Vec<Op>, WalletError> {
        let own = session.token.row_key();
        let rows = self.rows_of(SESSIONS, session.account(), 2 * SESSIONS_MAX)?;
        let others = rows.into_iter().filter(|row| !bool::from(row.key.ct_eq(&own)));
        Ok(others.map(|row| Op::delete(SESSIONS, row.key, Expected::Any)).collect())
    }
}
