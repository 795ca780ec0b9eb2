//! Holder bindings by the schools whose `bind` key this server holds.

use std::fmt;

use matricula_credential::content::issuer_id;
use matricula_issuer::binding::{self, BindRecord, ClaimProof};
use matricula_issuer::keyring::{KeyPurpose, Passphrase, SecretKey};
use matricula_issuer::school::SchoolHome;
use matricula_ledger::Clock;
use matricula_wallet_api::{BindingPort, BindingPortError, BindingRequest};
use serde_json::Value;

use crate::failure::Failure;

/// The schools that bind records here.
pub struct Binder {
    schools: Vec<(SchoolHome, SecretKey)>,
    clock: Clock,
}

impl Binder {
    /// No school yet.
    pub fn new(clock: Clock) -> Self {
        Self { schools: Vec::new(), clock }
    }

    /// Takes a school in, with its `bind` key.
    pub fn add(&mut self, home: SchoolHome, passphrase: &Passphrase) -> Result<(), Failure> {
        let key = home.unlock(KeyPurpose::Bind, None, passphrase)?;
        self.schools.push((home, key));
        Ok(())
    }
}

impl fmt::Debug for Binder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binder").field("schools", &self.schools.len()).finish_non_exhaustive()
    }
}

impl BindingPort for Binder {
    fn bind(&self, request: &BindingRequest) -> Result<Value, BindingPortError> {
        let issuer = issuer_id(&request.credential).unwrap_or_default();
        let school = self.schools.iter().find(|(home, _)| home.profile().did.as_str() == issuer);
        let (home, key) = school.ok_or(BindingPortError::Unavailable)?;
        let order = BindRecord {
            credential_id: &request.credential_id,
            holder: &request.holder,
            proof: &request.proof,
            claim: ClaimProof::CheckedByWallet,
            key,
            now: self.clock.now(),
        };
        let bound = binding::bind(home, &order).map_err(|error| {
            tracing::warn!(code = error.code(), "a record was not bound");
            BindingPortError::Refused { code: error.code().to_owned() }
        })?;
        Ok(bound.binding)
    }
}
