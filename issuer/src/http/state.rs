//! What the routes work on.

use std::sync::{Arc, Mutex, PoisonError};

use matricula_credential::content;
use matricula_registry::Registry;
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use super::ApiError;
use super::admission::{Admission, Limited};
use crate::authority::AuthorityHome;
use crate::binding::{self, BindRecord, Bound, ClaimProof};
use crate::keyring::SecretKey;
use crate::log_port::LogPort;
use crate::registry_view::RegistryView;
use crate::school::SchoolHome;

/// A school whose bindings are signed by this service.
pub struct ServedSchool {
    /// Its home.
    pub home: SchoolHome,
    /// Its unlocked `bind` key.
    pub bind_key: SecretKey,
}

/// One authority, its log, and the schools whose bindings are signed here. Cheap to clone.
#[derive(Clone)]
pub struct IssuerState {
    inner: Arc<Inner>,
}

struct Inner {
    home: AuthorityHome,
    log: Arc<dyn LogPort>,
    schools: Vec<ServedSchool>,
    view: Mutex<RegistryView>,
    admission: Mutex<Admission>,
    clock: Box<dyn Fn() -> UnixSeconds + Send + Sync>,
}

impl IssuerState {
    /// A state for one authority. `clock` says what time it is.
    pub fn new(
        home: AuthorityHome,
        log: Arc<dyn LogPort>,
        schools: Vec<ServedSchool>,
        clock: impl Fn() -> UnixSeconds + Send + Sync + 'static,
    ) -> Self {
        let card = home.card();
        let view = Mutex::new(RegistryView::new(card.profile.origin.clone(), card.key));
        let (admission, clock) = (Mutex::default(), Box::new(clock));
        Self { inner: Arc::new(Inner { log, schools, view, admission, clock, home }) }
    }

    /// Binds a record of a served school: for wallets in the same process, and for the route.
    ///
    /// # Errors
    /// [`ApiError::NoSuchSchool`] or [`ApiError::Binding`].
    pub fn bind(
        &self,
        credential_id: &str,
        holder: &str,
        proof: &Value,
        claim: ClaimProof<'_>,
    ) -> Result<Bound, ApiError> {
        let issuer = presented_issuer(proof).ok_or(ApiError::NoSuchSchool)?;
        let school = self.inner.schools.iter().find(|school| school.home.profile().did.as_str() == issuer);
        let school = school.ok_or(ApiError::NoSuchSchool)?;
        let order =
            BindRecord { credential_id, holder, proof, claim, key: &school.bind_key, now: self.now() };
        Ok(binding::bind(&school.home, &order)?)
    }

    /// Counts an attempt from outside to bind a record. A wallet in the same process has checked a code
    /// of its own, under limits of its own.
    pub(super) fn admit_binding(&self, credential_id: &str) -> Result<(), ApiError> {
        let now = self.now();
        // Counters that a panic left behind are at worst one too high.
        let mut admission = self.inner.admission.lock().unwrap_or_else(PoisonError::into_inner);
        admission
            .attempt(credential_id, now)
            .map_err(|Limited { retry_after_seconds }| ApiError::TooManyAttempts { retry_after_seconds })
    }

    pub(super) fn home(&self) -> &AuthorityHome {
        &self.inner.home
    }

    pub(super) fn now(&self) -> UnixSeconds {
        (self.inner.clock)()
    }

    /// Works on the registry as the log tells it now.
    pub(super) fn with_registry<T>(&self, work: impl FnOnce(&Registry) -> T) -> Result<T, ApiError> {
        // The view holds no half-read state that a panic elsewhere could have left.
        let mut view = self.inner.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.refresh(self.inner.log.as_ref())?;
        Ok(work(view.registry()))
    }
}

/// Who issued the credential that a presentation shows.
fn presented_issuer(proof: &Value) -> Option<&str> {
    let shown = proof.get("verifiableCredential")?;
    let credential = shown.as_array().and_then(|list| list.first()).unwrap_or(shown);
    content::issuer_id(credential)
}
