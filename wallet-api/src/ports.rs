//! What the wallet needs from outside: the time, random bytes, and the issuer's holder bindings.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use ed25519_dalek::VerifyingKey;
use matricula_credential::did::did_key;
use matricula_credential::presentation::{self, PresentationError};
use matricula_tlog::UnixSeconds;
use rand::Rng;
use serde_json::Value;

/// Text before the credential's id in the challenge of a binding request, so that no verifier's challenge can
/// be passed off as one.
const CHALLENGE_PREFIX: &str = "matricula-holder-binding:";

/// The time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> UnixSeconds;
}

/// The computer's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        // A clock before 1970 is not set at all; zero makes everything unexpired rather than panicking.
        UnixSeconds::new(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

/// Random bytes for keys, tokens and nonces.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the whole slice from a cryptographic generator.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// The issuer's side of holder bindings.
pub trait BindingPort: Send + Sync + fmt::Debug {
    /// Signs a binding of the credential to the holder's key. The issuer checks
    /// [`BindingRequest::verify_possession`] and that it issued the credential.
    ///
    /// # Errors
    /// [`BindingPortError`].
    fn bind(&self, request: &BindingRequest) -> Result<Value, BindingPortError>;
}

/// Why there is no binding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingPortError {
    /// The issuer cannot be reached, or its key is not at hand; it may work later.
    #[error("the issuer cannot be reached")]
    Unavailable,
    /// The issuer does not bind this credential, with its code of the reason.
    #[error("the issuer refused: {code}")]
    Refused {
        /// A stable code in snake case.
        code: String,
    },
}

/// A request to bind a credential to a holder's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRequest {
    /// Id of the credential.
    pub credential_id: String,
    /// The credential itself, as it was issued.
    pub credential: Value,
    /// The holder, a `did:key`.
    pub holder: String,
    /// The proof of possession: a presentation of the credential by the holder, for the challenge of
    /// [`BindingRequest::challenge`] and the credential's issuer as domain.
    pub proof: Value,
}

/// Why a proof of possession was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PossessionError {
    /// The presentation is bad.
    #[error(transparent)]
    Presentation(#[from] PresentationError),
    /// It is made by another key than the request names.
    #[error("the proof is made by another holder")]
    OtherHolder,
    /// It is made for another challenge or domain.
    #[error("the proof is made for another purpose")]
    OtherPurpose,
    /// It presents another credential.
    #[error("the proof presents another credential")]
    OtherCredential,
    /// It is expired, without an expiry, or made in the future.
    #[error("the proof is not of this moment")]
    NotNow,
}

impl BindingRequest {
    /// The challenge of the proof of possession for a credential.
    pub fn challenge(credential_id: &str) -> String {
        format!("{CHALLENGE_PREFIX}{credential_id}")
    }

    /// Checks that the requester has the holder's key now, for this credential, and returns the key.
    /// `issuer` is the DID under which the issuer signs.
    ///
    /// # Errors
    /// [`PossessionError`].
    pub fn verify_possession(&self, issuer: &str, now: UnixSeconds) -> Result<VerifyingKey, PossessionError> {
        let verified = presentation::verify(&self.proof)?;
        if verified.holder != self.holder || did_key(&verified.key) != self.holder {
            return Err(PossessionError::OtherHolder);
        }
        let for_issuer = verified.domains.iter().any(|domain| domain == issuer);
        if verified.challenge != Self::challenge(&self.credential_id) || !for_issuer {
            return Err(PossessionError::OtherPurpose);
        }
        let same_id = self.credential.get("id").and_then(Value::as_str) == Some(&self.credential_id);
        if !same_id || presentation::credentials_of(&self.proof)? != [self.credential.clone()] {
            return Err(PossessionError::OtherCredential);
        }
        let fresh = verified.expires.is_some_and(|expires| now <= expires)
            && verified.created.is_some_and(|created| created <= now);
        if fresh { Ok(verified.key) } else { Err(PossessionError::NotNow) }
    }
}
