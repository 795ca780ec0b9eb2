//! Presentations: chosen records, signed by the holder for one verifier and one moment.

use matricula_credential::presentation::{CREDENTIALS_MAX, PresentationFile, PresentationRequest};
use matricula_credential::record::PortableRecord;
use matricula_tlog::UnixSeconds;

use crate::disclosure::Disclosed;
use crate::error::WalletError;
use crate::record::RecordId;
use crate::session::Session;
use crate::wallet::Wallet;

/// A challenge is a nonce, a domain a host name or a URL; a page of text is neither.
const REQUEST_TEXT_BYTES_MAX: usize = 512;

/// A verifier that asked is there; a day allows for one that checks its mail.
const PRESENTATION_SECONDS: u64 = 24 * 60 * 60;

/// One record of the largest size, or some dozens of ordinary ones. In base64 it is a third longer, and still
/// fits into a row of the store (4 MiB).
pub(crate) const PRESENTATION_BYTES_MAX: usize = 2_800_000;

/// What a learner chose to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The records.
    pub records: Vec<RecordId>,
    /// Whether the ledger part goes along. Without it the verdict is weaker, and two presentations cannot be
    /// linked by their log proofs.
    pub with_evidence: bool,
}

impl Wallet {
    /// Signs a presentation for a verifier's challenge and domain, and notes it in the disclosure log first.
    ///
    /// # Errors
    /// [`WalletError::NothingChosen`], [`WalletError::TooMany`], [`WalletError::RecordNotFound`],
    /// [`WalletError::RequestText`], [`WalletError::Presentation`], or a failure of the store.
    pub fn present(
        &self,
        session: &Session,
        choice: &Choice,
        challenge: &str,
        domain: &str,
    ) -> Result<PresentationFile, WalletError> {
        check_text("challenge", challenge)?;
        check_text("domain", domain)?;
        let expires = UnixSeconds::new(self.now().get().saturating_add(PRESENTATION_SECONDS));
        let file = self.sign(session, choice, challenge, domain, expires)?;
        self.note(session, Disclosed::presented(domain, &choice.records), Vec::new())?;
        Ok(file)
    }

    pub(crate) fn sign(
        &self,
        session: &Session,
        choice: &Choice,
        challenge: &str,
        domain: &str,
        expires: UnixSeconds,
    ) -> Result<PresentationFile, WalletError> {
        let records = self.chosen(session, choice)?;
        let request = PresentationRequest {
            challenge: challenge.to_owned(),
            domain: domain.to_owned(),
            created: self.now(),
            expires: Some(expires),
        };
        Ok(PresentationFile::sign(records, &request, &self.holder_key(session)?)?)
    }

    fn chosen(&self, session: &Session, choice: &Choice) -> Result<Vec<PortableRecord>, WalletError> {
        if choice.records.is_empty() {
            return Err(WalletError::NothingChosen);
        }
        if choice.records.len() > CREDENTIALS_MAX {
            return Err(WalletError::TooMany { what: "records in one presentation", max: CREDENTIALS_MAX });
        }
        let record = |id: &RecordId| {
            let record = self.record(session, *id)?.record;
            if choice.with_evidence {
                return Ok(record);
            }
            Ok(PortableRecord { evidence: None, nested: Vec::new(), ..record })
        };
        choice.records.iter().map(record).collect()
    }
}

fn check_text(what: &'static str, text: &str) -> Result<(), WalletError> {
    let sound = (1..=REQUEST_TEXT_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    if sound { Ok(()) } else { Err(WalletError::RequestText { what, bytes_max: REQUEST_TEXT_BYTES_MAX }) }
}
