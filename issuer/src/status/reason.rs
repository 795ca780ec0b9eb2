//! Why a record is revoked, suspended or corrected.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a record is issued again with other contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionReason {
    /// The learner has another name now: by marriage, adoption, a register's decision.
    NameChanged,
    /// Something was misspelt or mistyped.
    TypingError,
    /// A grade was corrected, as after an appeal.
    GradeCorrected,
    /// Something that belongs into the record was left out.
    MissingInformation,
    /// A court ordered it.
    CourtOrder,
}

impl CorrectionReason {
    /// All reasons, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::NameChanged,
        Self::TypingError,
        Self::GradeCorrected,
        Self::MissingInformation,
        Self::CourtOrder,
    ];
}

/// A reason code. Administrative and academic reasons are shown apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum StatusReason {
    /// The record should never have been issued.
    IssuedInError,
    /// A corrected version with the same identifier replaces it, for this reason; a binding is replaced
    /// by another one for none.
    Superseded(Option<CorrectionReason>),
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
    pub const ALL: [Self; 13] = [
        Self::IssuedInError,
        Self::Superseded(None),
        Self::Superseded(Some(CorrectionReason::NameChanged)),
        Self::Superseded(Some(CorrectionReason::TypingError)),
        Self::Superseded(Some(CorrectionReason::GradeCorrected)),
        Self::Superseded(Some(CorrectionReason::MissingInformation)),
        Self::Superseded(Some(CorrectionReason::CourtOrder)),
        Self::FraudByLearner,
        Self::FraudByStaff,
        Self::IssuerNotAuthorised,
        Self::KeyCompromise,
        Self::CourtOrder,
        Self::LearnerRequest,
    ];

    /// The stable code. That of a correction is `superseded_` and why.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IssuedInError => "issued_in_error",
            Self::Superseded(None) => "superseded",
            Self::Superseded(Some(CorrectionReason::NameChanged)) => "superseded_name_changed",
            Self::Superseded(Some(CorrectionReason::TypingError)) => "superseded_typing_error",
            Self::Superseded(Some(CorrectionReason::GradeCorrected)) => "superseded_grade_corrected",
            Self::Superseded(Some(CorrectionReason::MissingInformation)) => "superseded_missing_information",
            Self::Superseded(Some(CorrectionReason::CourtOrder)) => "superseded_court_order",
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

/// A text that is no reason code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a reason code")]
pub struct UnknownReason {
    /// The text, cut where it is long.
    pub text: String,
}

impl TryFrom<String> for StatusReason {
    type Error = UnknownReason;

    fn try_from(text: String) -> Result<Self, UnknownReason> {
        Self::parse(&text).ok_or_else(|| UnknownReason { text: text.chars().take(60).collect() })
    }
}

impl From<StatusReason> for &'static str {
    fn from(reason: StatusReason) -> Self {
        reason.as_str()
    }
}

impl fmt::Display for StatusReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
