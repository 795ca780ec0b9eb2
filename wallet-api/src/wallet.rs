//! The wallet's state, and the writes that all its parts share.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use matricula_state::{Expected, Op, StateError, StateStore, Table, Version};
use matricula_tlog::UnixSeconds;
use url::Url;

use crate::account::AccountId;
use crate::error::WalletError;
use crate::limiter::{ClientAddress, Limiter};
use crate::password::PasswordCost;
use crate::ports::{BindingPort, Clock, Entropy};
use crate::rows::{ACCOUNTS, OFFERS, SESSIONS, SHARES};

/// Wrong passwords for a name in a quarter of an hour: a person mistypes, a program guesses.
const LOGIN_ATTEMPTS_MAX: u32 = 10;

/// Wrong passwords from a network address in a quarter of an hour, whatever the names. Whole schools share an address: three
/// hundred learners who all mistype once are let in, a program that tries a list of names is stopped.
const ADDRESS_LOGIN_ATTEMPTS_MAX: u32 = 300;

/// Wrong codes by an account in a quarter of an hour. A code has 80 random bits, so this only keeps the noise down.
const CLAIM_ATTEMPTS_MAX: u32 = 10;

const ATTEMPTS_WINDOW_SECONDS: u64 = 15 * 60;

/// Tries of a write whose account another request keeps changing. Requests of one person are few at a time.
const WRITE_TRIES_MAX: usize = 16;

/// How the wallet is set up.
#[derive(Debug, Clone)]
pub struct WalletConfig {
    /// The public address of the wallet's first page, such as `https://records.hn.example/wallet`. Links and QR
    /// codes carry it; requests from pages of another origin are refused.
    pub base_url: Url,
    /// The page where anybody verifies a file, shown beside shared records.
    pub verifier_url: Option<Url>,
    /// Reverse proxies whose `X-Forwarded-For` names the client; of all others the header is not read.
    pub trusted_proxies: Vec<IpAddr>,
    /// How much work a guess of a password is.
    pub password_cost: PasswordCost,
    /// Who deposits records over HTTP: the issuer's DID, and the SHA-256 of the secret by which it deposits records
    /// that it has issued itself. With none, nobody does.
    pub deposit_secrets_sha256: BTreeMap<String, [u8; 32]>,
}

impl WalletConfig {
    /// The defaults: no verifier page, no proxies, no deposits over HTTP.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            verifier_url: None,
            trusted_proxies: Vec::new(),
            password_cost: PasswordCost::default(),
            deposit_secrets_sha256: BTreeMap::new(),
        }
    }
}

/// What the wallet stands on.
#[derive(Debug, Clone)]
pub struct WalletPorts {
    /// Where everything is kept.
    pub store: Arc<dyn StateStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The issuer's holder bindings, where one is connected.
    pub binding: Option<Arc<dyn BindingPort>>,
}

/// Accounts, records, shares: everything but HTTP. The methods block on the store, the issuer and on stretching
/// passwords.
pub struct Wallet {
    pub(crate) config: WalletConfig,
    pub(crate) ports: WalletPorts,
    logins: Mutex<Limiter>,
    logins_by_address: Mutex<Limiter>,
    claims: Mutex<Limiter>,
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet").field("base_url", &self.config.base_url.as_str()).finish_non_exhaustive()
    }
}

impl Wallet {
    /// A wallet on a store.
    pub fn new(config: WalletConfig, ports: WalletPorts) -> Self {
        Self {
            config,
            ports,
            logins: Mutex::new(Limiter::new(LOGIN_ATTEMPTS_MAX, ATTEMPTS_WINDOW_SECONDS)),
            logins_by_address: Mutex::new(Limiter::new(ADDRESS_LOGIN_ATTEMPTS_MAX, ATTEMPTS_WINDOW_SECONDS)),
            claims: Mutex::new(Limiter::new(CLAIM_ATTEMPTS_MAX, ATTEMPTS_WINDOW_SECONDS)),
        }
    }

    /// Removes what has expired: sessions, offers and shares. For a timer, once an hour or so; nothing depends
    /// on it but disk space. Returns how many rows went.
    ///
    /// # Errors
    /// [`WalletError::State`].
    pub fn sweep(&self) -> Result<usize, WalletError> {
        let now = self.now();
        let mut removed = 0;
        for table in [SESSIONS, OFFERS, SHARES] {
            let mut after: Option<Vec<u8>> = None;
            loop {
                let rows = self.ports.store.scan(table, &[], after.as_deref(), 256)?;
                let Some(last) = rows.last() else { break };
                after = Some(last.key.clone());
                for row in rows.iter().filter(|row| is_expired(&row.value, now)) {
                    let op = Op::delete(table, row.key.clone(), Expected::Exactly(row.version));
                    match self.ports.store.apply(&[op]) {
                        Ok(_) => removed += 1,
                        Err(StateError::Conflict { .. }) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(removed)
    }

    pub(crate) fn now(&self) -> UnixSeconds {
        self.ports.clock.now()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.ports.entropy.as_ref()
    }

    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy().fill(&mut bytes);
        bytes
    }

    pub(crate) fn login_attempt(&self, key: [u8; 32]) -> Result<(), WalletError> {
        // A limiter that another thread left in a panic is still a sound limiter.
        Ok(self.logins.lock().unwrap_or_else(PoisonError::into_inner).attempt(key, self.now())?)
    }

    pub(crate) fn login_succeeded(&self, key: &[u8; 32]) {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner).succeeded(key);
    }

    pub(crate) fn address_attempt(&self, client: ClientAddress) -> Result<(), WalletError> {
        let mut limiter = self.logins_by_address.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(limiter.attempt(client.key(), self.now())?)
    }

    pub(crate) fn address_attempt_was_not_wrong(&self, client: ClientAddress) {
        self.logins_by_address.lock().unwrap_or_else(PoisonError::into_inner).take_back(&client.key());
    }

    pub(crate) fn claim_attempt(&self, key: [u8; 32]) -> Result<(), WalletError> {
        Ok(self.claims.lock().unwrap_or_else(PoisonError::into_inner).attempt(key, self.now())?)
    }

    pub(crate) fn claim_succeeded(&self, key: &[u8; 32]) {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner).succeeded(key);
    }

    /// Writes rows of an account, and the account's row as it is with them: so a write and the deletion of its
    /// account exclude each other, and no row outlives its account.
    ///
    /// # Errors
    /// [`WalletError::NotSignedIn`] when the account is gone; the conflict, when one of `ops` is not as expected.
    pub(crate) fn write(&self, account: &AccountId, ops: &[Op]) -> Result<Version, WalletError> {
        for _ in 0..WRITE_TRIES_MAX {
            let row = self.ports.store.get(ACCOUNTS, account.as_bytes())?.ok_or(WalletError::NotSignedIn)?;
            let guard = Op::put(ACCOUNTS, account.as_bytes(), row.value, Expected::Exactly(row.version));
            let guarded: Vec<Op> = ops.iter().cloned().chain([guard]).collect();
            match self.ports.store.apply(&guarded) {
                Err(StateError::Conflict { table, .. }) if table == ACCOUNTS => {}
                other => return Ok(other?),
            }
        }
        Err(WalletError::Busy)
    }

    /// All rows of a table under an account, at most `max`.
    pub(crate) fn rows_of(
        &self,
        table: Table,
        account: &AccountId,
        max: usize,
    ) -> Result<Vec<matricula_state::Row>, WalletError> {
        Ok(self.ports.store.scan(table, account.as_bytes(), None, max)?)
    }
}

/// Whether a row with an `expires` member is over. Rows that cannot be read are left to be looked at.
fn is_expired(row: &[u8], now: UnixSeconds) -> bool {
    #[derive(serde::Deserialize)]
    struct Expiring {
        expires: u64,
    }
    serde_json::from_slice(row).is_ok_and(|row: Expiring| row.expires <= now.get())
}
