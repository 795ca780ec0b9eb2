//! A learner of the demo: claims a record, and presents it.

use std::path::Path;
use std::sync::Arc;

use matricula_credential::record::PortableRecord;
use matricula_issuer::http::IssuerState;
use matricula_state::SledStore;
use matricula_tlog::UnixSeconds;
use matricula_wallet_api::{Choice, Clock as WalletClock, SystemEntropy, Wallet, WalletConfig, WalletPorts};
use url::Url;

use super::world::Calendar;
use crate::failure::Failure;
use crate::serve::Binder;

/// What the employer asked for.
pub const CHALLENGE: &str = "7Hk2-Qp9s-Lm4x";

/// Who asked.
pub const DOMAIN: &str = "employer.example";

const LOGIN: &str = "ofelia";
const PASSWORD: &str = "a long walk along the coast";

#[derive(Debug)]
struct CalendarClock(Calendar);

impl WalletClock for CalendarClock {
    fn now(&self) -> UnixSeconds {
        self.0.now()
    }
}

/// Claims the record with its one-time code, has it bound to the holder's key, and signs a presentation
/// for the employer's challenge. Returns the presentation's bytes.
pub fn claim_and_present(
    store: &Path,
    issuer: IssuerState,
    record: &[u8],
    calendar: &Calendar,
    public_url: &str,
) -> Result<Vec<u8>, Failure> {
    let wallet = open(store, issuer, calendar, public_url)?;
    let record = PortableRecord::parse(record).map_err(|error| Failure::new("record_unreadable", error))?;
    let expires = UnixSeconds::new(calendar.now().get() + 30 * 86_400);
    let code = wallet.deposit(&record, expires).map_err(failure)?;
    let session = wallet.sign_up(LOGIN, PASSWORD).map_err(failure)?;
    let claimed = wallet.claim_and_bind(&session, &code.encode()).map_err(failure)?;
    if let Some(error) = claimed.unbound {
        return Err(failure(error));
    }
    let choice = Choice { records: vec![claimed.kept.id], with_evidence: true };
    let file = wallet.present(&session, &choice, CHALLENGE, DOMAIN).map_err(failure)?;
    file.encode().map_err(|error| Failure::new("presentation_unwritable", error))
}

fn open(store: &Path, issuer: IssuerState, calendar: &Calendar, public_url: &str) -> Result<Wallet, Failure> {
    let base =
        Url::parse(&format!("{public_url}/wallet")).map_err(|error| Failure::new("demo_profile", error))?;
    let store = SledStore::open(store).map_err(|error| Failure::new("store_unusable", error))?;
    let ports = WalletPorts {
        store: Arc::new(store),
        clock: Arc::new(CalendarClock(calendar.clone())),
        entropy: Arc::new(SystemEntropy),
        binding: Some(Arc::new(Binder::new(issuer))),
    };
    Ok(Wallet::new(WalletConfig::new(base), ports))
}

fn failure(error: matricula_wallet_api::WalletError) -> Failure {
    Failure::new(error.code(), &error)
}
