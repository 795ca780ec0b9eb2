//! Binding a record to the holder's key.

use matricula_credential::binding::HolderBinding;
use matricula_credential::content::issuer_id;
use matricula_credential::did::did_key;
use matricula_credential::presentation::{PresentationFile, PresentationRequest};
use matricula_credential::record::PortableRecord;
use matricula_tlog::UnixSeconds;

use crate::error::WalletError;
use crate::ports::BindingRequest;
use crate::record::{KeptRecord, RecordId, credential_id};
use crate::session::Session;
use crate::wallet::Wallet;

/// A proof of possession is checked at once.
const POSSESSION_SECONDS: u64 = 5 * 60;

/// A record that was claimed.
#[derive(Debug)]
pub struct Claimed {
    /// The record, with its binding if there is one.
    pub kept: KeptRecord,
    /// Why it is not bound to the holder's key yet. It is the learner's all the same, and can be bound later.
    pub unbound: Option<WalletError>,
}

impl Wallet {
    /// Claims a record and asks for its binding.
    ///
    /// # Errors
    /// Those of [`Wallet::claim`]. That there is no binding is no error.
    pub fn claim_and_bind(&self, session: &Session, code: &str) -> Result<Claimed, WalletError> {
        let kept = self.claim(session, code)?;
        if kept.record.binding.is_some() {
            return Ok(Claimed { kept, unbound: None });
        }
        match self.bind(session, kept.id) {
            Ok(kept) => Ok(Claimed { kept, unbound: None }),
            Err(error) => Ok(Claimed { kept, unbound: Some(error) }),
        }
    }

    /// The holder's `did:key`, the same for all records of the account.
    ///
    /// # Errors
    /// [`WalletError::NotSignedIn`] when the account is gone; a failure of the store.
    pub fn holder(&self, session: &Session) -> Result<String, WalletError> {
        Ok(did_key(&self.holder_key(session)?.verifying_key()))
    }

    /// Asks the issuer to bind a record to the holder's key, and keeps the binding with the record. Asking again
    /// replaces it.
    ///
    /// # Errors
    /// [`WalletError::NoBindingPort`], [`WalletError::Binding`], [`WalletError::BindingMismatch`],
    /// [`WalletError::RecordNotFound`], [`WalletError::Busy`].
    pub fn bind(&self, session: &Session, id: RecordId) -> Result<KeptRecord, WalletError> {
        let port = self.ports.binding.as_ref().ok_or(WalletError::NoBindingPort)?;
        let kept = self.record(session, id)?;
        let holder = self.holder_key(session)?;
        let now = self.now();
        let bare = PortableRecord::bare(kept.record.credential.clone());
        let credential_id = credential_id(&bare)?.to_owned();
        let request = PresentationRequest {
            challenge: BindingRequest::challenge(&credential_id),
            domain: issuer_id(&bare.credential).ok_or(WalletError::RecordWithoutId)?.to_owned(),
            created: now,
            expires: Some(UnixSeconds::new(now.get().saturating_add(POSSESSION_SECONDS))),
        };
        let credential = bare.credential.clone();
        let proof = PresentationFile::sign(vec![bare], &request, &holder)?.presentation().clone();
        let holder_did = did_key(&holder.verifying_key());
        let binding = port.bind(&BindingRequest { credential_id, credential, holder: holder_did, proof })?;
        let bound = HolderBinding::parse(&binding).map_err(|_| WalletError::BindingMismatch)?;
        if bound.holder != holder.verifying_key() || !bound.binds(&kept.record.credential) {
            return Err(WalletError::BindingMismatch);
        }
        let record = PortableRecord { binding: Some(binding), ..kept.record.clone() };
        self.replace_record(session, KeptRecord { record, ..kept })
    }
}
