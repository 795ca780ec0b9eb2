//! What handlers share.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use url::Url;

use super::client::Client;
use super::problem::ApiError;
use crate::error::WalletError;
use crate::session::Session;
use crate::wallet::{Wallet, WalletConfig, WalletPorts};

/// Passwords stretched at once: each takes 19 MiB and a core for some 20 ms.
const STRETCHINGS_MAX: usize = 4;

/// The wallet for [`router`](super::router). Cloning shares it.
#[derive(Debug, Clone)]
pub struct WalletState {
    wallet: Arc<Wallet>,
    stretchings: Arc<Semaphore>,
}

impl WalletState {
    /// A wallet on its ports.
    pub fn new(config: WalletConfig, ports: WalletPorts) -> Self {
        Self {
            wallet: Arc::new(Wallet::new(config, ports)),
            stretchings: Arc::new(Semaphore::new(STRETCHINGS_MAX)),
        }
    }

    /// The wallet itself: for deposits, withdrawals and the hourly [`Wallet::sweep`].
    pub fn wallet(&self) -> &Arc<Wallet> {
        &self.wallet
    }

    /// Does something on the wallet that may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Wallet) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let wallet = Arc::clone(&self.wallet);
        match spawn_blocking(move || work(&wallet)).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(ApiError::Panicked),
        }
    }

    /// Does something that stretches a password; only a few at once.
    pub(super) async fn run_stretching<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Wallet) -> Result<T, WalletError> + Send + 'static,
    ) -> Result<T, ApiError> {
        // The semaphore is never closed; if it were, going on without it would still be right.
        let _permit = self.stretchings.acquire().await.ok();
        self.run(work).await
    }

    /// Opens a session; wrong passwords count for the name, and for the client's address where one is known.
    pub(super) async fn log_in(
        &self,
        client: Client,
        name: String,
        password: String,
    ) -> Result<Session, ApiError> {
        self.run_stretching(move |wallet| match client.0 {
            Some(address) => wallet.log_in_from(address, &name, &password),
            None => wallet.log_in(&name, &password),
        })
        .await
    }

    pub(super) fn config(&self) -> &WalletConfig {
        &self.wallet.config
    }

    /// The path of a page, under the path of the public address. The first page has no slash at
    /// its end there: `Router::nest` would not find it.
    pub(super) fn path(&self, page: &str) -> String {
        match self.config().base_url.path().trim_end_matches('/') {
            base if page == "/" && !base.is_empty() => base.to_owned(),
            base => format!("{base}{page}"),
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.config().base_url.scheme() == "https"
    }

    pub(super) fn verifier_url(&self) -> Option<&Url> {
        self.config().verifier_url.as_ref()
    }
}
