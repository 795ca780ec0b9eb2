//! Holder bindings for the wallet, by the issuer in the same process.

use std::fmt;

use matricula_issuer::binding::ClaimProof;
use matricula_issuer::http::IssuerState;
use matricula_wallet_api::{BindingPort, BindingPortError, BindingRequest};
use serde_json::Value;

/// The issuer, as the wallet sees it. The wallet has checked the claim code itself.
pub struct Binder {
    issuer: IssuerState,
}

impl Binder {
    /// Wraps an issuer.
    pub fn new(issuer: IssuerState) -> Self {
        Self { issuer }
    }
}

impl fmt::Debug for Binder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binder").finish_non_exhaustive()
    }
}

impl BindingPort for Binder {
    fn bind(&self, request: &BindingRequest) -> Result<Value, BindingPortError> {
        let claim = ClaimProof::CheckedByWallet;
        let bound = self.issuer.bind(&request.credential_id, &request.holder, &request.proof, claim);
        bound.map(|bound| bound.binding).map_err(|error| {
            tracing::warn!(code = error.code(), "a record was not bound");
            BindingPortError::Refused { code: error.code().to_owned() }
        })
    }
}
