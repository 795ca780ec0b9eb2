//! Why a record is revoked or suspended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reason code. Administrative and academic reasons are shown apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusReason {
    /// The record should never have been issued.
    IssuedInError,
    /// A corrected version with the same identifier replaces it.
    Superseded,
    /// The learner obtained it by deceit.
    FraudByLearner,
    /// Somebody of the staff issued it by deceit.
    FraudByStaff,
    /// The issuer was not entitled to issue it.
    IssuerNotAuthorised,
    /// The key that signed it was in other hands.
    KeyCompromise,
    /// A court ordered it.
    CourtOrder,
    /// The learner asked for it.
    LearnerRequest,
}

impl StatusReason {
    /// All reasons, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::IssuedInError,
        Self::Superseded,
        Self::FraudByLearner,
        Self::FraudByStaff,
        Self::IssuerNotAuthorised,
        Self::KeyCompromise,
        Self::CourtOrder,
        Self::LearnerRequest,
    ];

    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IssuedInError => "issued_in_error",
            Self::Superseded => "superseded",
            Self::FraudByLearner => "fraud_by_learner",
            Self::FraudByStaff => "fraud_by_staff",
            Self::IssuerNotAuthorised => "issuer_not_authorised",
            Self::KeyCompromise => "key_compromise",
            Self::CourtOrder => "court_order",
            Self::LearnerRequest => "learner_request",
        }
    }

    /// Reads a code.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// Whether the learner's own doing is in question, and not only an administrative matter.
    pub const fn is_academic(self) -> bool {
        matches!(self, Self::FraudByLearner)
    }
}

impl fmt::Display for StatusReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
