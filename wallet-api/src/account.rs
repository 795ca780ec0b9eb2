//! Accounts: a name, a password, and the keys that the password opens.
//!
//! The password's stretched key seals the *data key*; the data key seals everything else. So a change of password
//! seals one value anew, and without a password or an open session nobody reads anything, the operator included.

use ed25519_dalek::SigningKey;
use matricula_state::{Expected, Op, StateError, Table};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{WalletError, damaged};
use crate::limiter::ClientAddress;
use crate::password::{LoginName, Password, PasswordCost, StretchedPassword};
use crate::rows::{ACCOUNT_SHARES, ACCOUNTS, NAMES, OF_ACCOUNT, RowBytes, SHARES, decode, encode};
use crate::seal::{Place, SealKey};
use crate::session::Session;
use crate::wallet::Wallet;

/// Rows removed in one change. An account has far fewer: its limits add up to under 5,000.
const DELETED_ROWS_MAX: usize = 10_000;

/// A random account number. It says nothing about the learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AccountId([u8; 16]);

impl AccountId {
    pub(crate) fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The key of a row of this account.
    pub(crate) fn key(&self, rest: &[u8]) -> Vec<u8> {
        [self.0.as_slice(), rest].concat()
    }

    fn parse(table: Table, bytes: &[u8]) -> Result<Self, WalletError> {
        bytes.try_into().map(Self).map_err(|_| WalletError::Damaged { table: table.name() })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountRow {
    salt: RowBytes,
    cost: PasswordCost,
    verifier: RowBytes,
    data_key: RowBytes,
    name: RowBytes,
    holder_seed: RowBytes,
}

impl Wallet {
    /// Opens an account with a holder key of its own, and a session.
    ///
    /// # Errors
    /// [`WalletError::Credentials`], [`WalletError::NameTaken`] or a failure of the store.
    pub fn sign_up(&self, name: &str, password: &str) -> Result<Session, WalletError> {
        let name = LoginName::parse(name)?;
        let password = Password::choose(password, &name)?;
        if self.ports.store.get(NAMES, &name.lookup_key())?.is_some() {
            return Err(WalletError::NameTaken);
        }
        let account = AccountId::from_bytes(self.random());
        let data_key = SealKey::random(self.entropy());
        let mut holder_seed = Zeroizing::new([0; 32]);
        self.entropy().fill(holder_seed.as_mut());
        let sealed = |what: &str, plain: &[u8]| {
            RowBytes(data_key.seal(self.entropy(), &Place { what, key: account.as_bytes() }, plain))
        };
        let (name_sealed, seed_sealed) =
            (sealed("name", name.as_str().as_bytes()), sealed("holder-seed", holder_seed.as_ref()));
        let row = self.lock(&account, &password, &data_key, name_sealed, seed_sealed)?;
        let ops = [
            Op::put(NAMES, name.lookup_key(), account.as_bytes(), Expected::Absent),
            Op::put(ACCOUNTS, account.as_bytes(), encode(ACCOUNTS, &row)?, Expected::Absent),
        ];
        match self.ports.store.apply(&ops) {
            Err(StateError::Conflict { .. }) => return Err(WalletError::NameTaken),
            other => other?,
        };
        self.open_session(account, data_key)
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`WalletError::WrongNameOrPassword`], which takes as long for an unknown name as for a wrong password;
    /// [`WalletError::TooManyAttempts`].
    pub fn log_in(&self, name: &str, password: &str) -> Result<Session, WalletError> {
        let password = Password::typed(password);
        // A name that cannot exist is unknown, like every other unknown name.
        let name = LoginName::parse(name).map_err(|_| WalletError::WrongNameOrPassword)?;
        self.login_attempt(name.lookup_key())?;
        let Some(row) = self.ports.store.get(NAMES, &name.lookup_key())? else {
            StretchedPassword::stretch(&password, &[0; 16], self.config.password_cost)?;
            return Err(WalletError::WrongNameOrPassword);
        };
        let account = AccountId::parse(NAMES, &row.value)?;
        let data_key = self.unlock(&account, &password)?;
        self.login_succeeded(&name.lookup_key());
        self.open_session(account, data_key)
    }

    /// Opens a session for a client at an address, which has a limit on wrong passwords of its own, for all names together.
    ///
    /// # Errors
    /// As [`Wallet::log_in`].
    pub fn log_in_from(
        &self,
        client: ClientAddress,
        name: &str,
        password: &str,
    ) -> Result<Session, WalletError> {
        // Counted before it is made, so that many at once gain nothing.
        self.address_attempt(client)?;
        let session = self.log_in(name, password);
        if !matches!(session, Err(WalletError::WrongNameOrPassword)) {
            self.address_attempt_was_not_wrong(client);
        }
        session
    }

    /// Changes the password and ends all other sessions.
    ///
    /// # Errors
    /// [`WalletError::WrongNameOrPassword`] when the old one is wrong; [`WalletError::Credentials`] when the new
    /// one cannot be used; [`WalletError::TooManyAttempts`].
    pub fn change_password(&self, session: &Session, old: &str, new: &str) -> Result<(), WalletError> {
        let name = LoginName::parse(&self.account_name(session)?)?;
        let new = Password::choose(new, &name)?;
        self.check_password(session, &name, old)?;
        let account = session.account();
        let stored = self.ports.store.get(ACCOUNTS, account.as_bytes())?.ok_or(WalletError::NotSignedIn)?;
        let row: AccountRow = decode(ACCOUNTS, &stored.value)?;
        let row = self.lock(account, &new, session.data_key(), row.name, row.holder_seed)?;
        let put =
            Op::put(ACCOUNTS, account.as_bytes(), encode(ACCOUNTS, &row)?, Expected::Exactly(stored.version));
        let others = self.other_sessions(session)?;
        match self.ports.store.apply(&[vec![put], others].concat()) {
            Err(StateError::Conflict { .. }) => Err(WalletError::Busy),
            other => Ok(other.map(|_| ())?),
        }
    }

    /// Deletes the account and everything in it, in one change: records, holder key, shares, the disclosure log.
    ///
    /// # Errors
    /// [`WalletError::WrongNameOrPassword`], [`WalletError::TooManyAttempts`], or a failure of the store.
    pub fn delete_account(&self, session: &Session, password: &str) -> Result<(), WalletError> {
        let name = LoginName::parse(&self.account_name(session)?)?;
        self.check_password(session, &name, password)?;
        let account = session.account();
        let stored = self.ports.store.get(ACCOUNTS, account.as_bytes())?.ok_or(WalletError::NotSignedIn)?;
        let mut ops = vec![
            Op::delete(ACCOUNTS, account.as_bytes(), Expected::Exactly(stored.version)),
            Op::delete(NAMES, name.lookup_key(), Expected::Any),
        ];
        for table in OF_ACCOUNT {
            for row in self.rows_of(table, account, DELETED_ROWS_MAX)? {
                if table == ACCOUNT_SHARES {
                    ops.push(Op::delete(SHARES, &row.key[account.as_bytes().len()..], Expected::Any));
                }
                ops.push(Op::delete(table, row.key, Expected::Any));
            }
        }
        match self.ports.store.apply(&ops) {
            // Every write of this account changes its row too, so nothing was added since the rows were listed.
            Err(StateError::Conflict { .. }) => Err(WalletError::Busy),
            other => Ok(other.map(|_| ())?),
        }
    }

    /// The login name of the session's account.
    ///
    /// # Errors
    /// [`WalletError::NotSignedIn`] when the account is gone; a failure of the store.
    pub fn account_name(&self, session: &Session) -> Result<String, WalletError> {
        let row = self.account_row(session.account())?;
        let place = Place { what: "name", key: session.account().as_bytes() };
        let name = session.data_key().open(&place, &row.name.0).map_err(damaged(ACCOUNTS))?;
        String::from_utf8(name.to_vec()).map_err(|_| WalletError::Damaged { table: ACCOUNTS.name() })
    }

    /// The holder's key.
    pub(crate) fn holder_key(&self, session: &Session) -> Result<SigningKey, WalletError> {
        let row = self.account_row(session.account())?;
        let place = Place { what: "holder-seed", key: session.account().as_bytes() };
        let seed = session.data_key().open(&place, &row.holder_seed.0).map_err(damaged(ACCOUNTS))?;
        let seed: &[u8; 32] =
            seed.as_slice().try_into().map_err(|_| WalletError::Damaged { table: ACCOUNTS.name() })?;
        Ok(SigningKey::from_bytes(seed))
    }

    fn account_row(&self, account: &AccountId) -> Result<AccountRow, WalletError> {
        let row = self.ports.store.get(ACCOUNTS, account.as_bytes())?.ok_or(WalletError::NotSignedIn)?;
        decode(ACCOUNTS, &row.value)
    }

    fn check_password(&self, session: &Session, name: &LoginName, password: &str) -> Result<(), WalletError> {
        self.login_attempt(name.lookup_key())?;
        self.unlock(session.account(), &Password::typed(password))?;
        self.login_succeeded(&name.lookup_key());
        Ok(())
    }

    /// Seals the data key under a password.
    fn lock(
        &self,
        account: &AccountId,
        password: &Password,
        data_key: &SealKey,
        name: RowBytes,
        holder_seed: RowBytes,
    ) -> Result<AccountRow, WalletError> {
        let (salt, cost) = (self.random(), self.config.password_cost);
        let stretched = StretchedPassword::stretch(password, &salt, cost)?;
        let place = Place { what: "data-key", key: account.as_bytes() };
        Ok(AccountRow {
            salt: RowBytes(salt.to_vec()),
            cost,
            verifier: RowBytes(stretched.verifier().to_vec()),
            data_key: RowBytes(stretched.key.seal(self.entropy(), &place, data_key.as_bytes())),
            name,
            holder_seed,
        })
    }

    fn unlock(&self, account: &AccountId, password: &Password) -> Result<SealKey, WalletError> {
        let row = self.account_row(account)?;
        let stretched = StretchedPassword::stretch(password, &row.salt.exactly(ACCOUNTS)?, row.cost)?;
        if !stretched.matches(&row.verifier.exactly(ACCOUNTS)?) {
            return Err(WalletError::WrongNameOrPassword);
        }
        let place = Place { what: "data-key", key: account.as_bytes() };
        let data_key = stretched.key.open(&place, &row.data_key.0).map_err(damaged(ACCOUNTS))?;
        SealKey::from_bytes(&data_key).map_err(damaged(ACCOUNTS))
    }
}
