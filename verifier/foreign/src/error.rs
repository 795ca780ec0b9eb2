//! Why a token was not read as a verified credential.

use core::fmt;

use matricula_credential::json::JsonError;
use thiserror::Error;

use crate::header::Algorithm;
use crate::key::{KeyError, KeyKind};

/// A part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The whole token.
    Token,
    /// The protected header.
    Header,
    /// The payload.
    Payload,
    /// The signature.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// A registered claim that says the same as a member of the credential.
///
/// SPEC: VC 1.1 §6.3.1; RFC 7519 §4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimName {
    /// `iss`: the issuer's id.
    Iss,
    /// `sub`: the subject's id.
    Sub,
    /// `jti`: the credential's id.
    Jti,
    /// `nbf`: valid from.
    Nbf,
    /// `exp`: valid until.
    Exp,
}

impl ClaimName {
    /// The name, as it stands in the payload.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iss => "iss",
            Self::Sub => "sub",
            Self::Jti => "jti",
            Self::Nbf => "nbf",
            Self::Exp => "exp",
        }
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose fault an error is: the three answers that a verifier keeps apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The token breaks the grammar of its format, or contradicts itself.
    Malformed,
    /// The token was read, and its signature does not count.
    Invalid,
    /// The key is not one that the named issuer controls.
    NotControlled,
    /// The token may be good; this reader cannot tell.
    Unsupported,
}

/// Why a token was refused, or could not be checked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ForeignError {
    /// A part is longer than is read.
    #[error("the {part} has {bytes} bytes, at most {max} are read")]
    TooLarge {
        /// Which part.
        part: Part,
        /// Its size, decoded.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Not three parts with dots between.
    #[error("{parts} parts with dots between, where three are expected")]
    NotCompact {
        /// How many there are.
        parts: usize,
    },
    /// A part is not base64url without padding, in its one spelling.
    #[error("the {part} is not base64url without padding")]
    Base64 {
        /// Which part.
        part: Part,
    },
    /// A part is not strict JSON.
    #[error("the {part} is not readable: {cause}")]
    Json {
        /// Which part.
        part: Part,
        /// Why not.
        cause: JsonError,
    },
    /// A member of the header or the payload is missing or has another form than it must.
    #[error("`{member}` in the {part} is missing or has another form than it must")]
    Member {
        /// Which part.
        part: Part,
        /// The member's name.
        member: &'static str,
    },
    /// The token names no signature algorithm, or one whose key the verifier would have to share.
    #[error("signed with `{alg}`, which proves nothing to others")]
    AlgorithmRefused {
        /// The algorithm, shortened.
        alg: String,
    },
    /// An algorithm that this reader does not know.
    #[error("signed with `{alg}`, which is not known here")]
    AlgorithmUnsupported {
        /// The algorithm, shortened.
        alg: String,
    },
    /// The header asks for extensions that must be understood; none is.
    #[error("the header asks for an extension that is not known here")]
    Critical,
    /// The token says that it is something else than a credential.
    #[error("a token of the type `{typ}`, not a credential")]
    TypeWrong {
        /// The type, shortened.
        typ: String,
    },
    /// A key cannot be used.
    #[error("the key: {0}")]
    Key(#[from] KeyError),
    /// The key is not for this algorithm.
    #[error("a key of the kind {kind} does not sign with {algorithm}")]
    KeyMismatch {
        /// The key's kind.
        kind: KeyKind,
        /// The algorithm of the header.
        algorithm: Algorithm,
    },
    /// The header names two different keys.
    #[error("the header names two different keys")]
    KeysDisagree,
    /// The key is not in the token, only where it could be fetched.
    #[error("the key is not in the token, and nothing is fetched")]
    KeyUnavailable {
        /// The key's name, shortened, where there is one.
        kid: Option<String>,
    },
    /// The key is not one that the named issuer controls.
    #[error("the key is not one of `{issuer}`")]
    NotControlled {
        /// The issuer's id, shortened.
        issuer: String,
    },
    /// The signature does not fit.
    #[error("the signature does not fit")]
    Signature,
    /// The payload has the claims of one profile and the type of another.
    #[error("a `vc` claim in a token whose payload is the credential itself")]
    ProfilesMixed,
    /// The payload is no credential.
    #[error("the payload is no credential")]
    NotACredential,
    /// A claim and the member of the credential that it repeats say different things.
    #[error("the claim `{claim}` says something else than the credential")]
    ClaimDisagrees {
        /// The claim.
        claim: ClaimName,
    },
    /// More credentials inside than are read.
    #[error("{count} credentials inside, at most {max} are read")]
    NestedTooMany {
        /// How many there are.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// Credentials inside credentials inside credentials.
    #[error("credentials nested deeper than {max}")]
    NestedTooDeep {
        /// The limit.
        max: usize,
    },
    /// A credential inside this one.
    #[error("credential number {position} inside: {cause}")]
    Nested {
        /// Which one, from 1.
        position: usize,
        /// What is wrong with it.
        cause: Box<ForeignError>,
    },
}

impl ForeignError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "token_too_large",
            Self::NotCompact { .. } => "token_not_compact",
            Self::Base64 { .. } => "token_not_base64url",
            Self::Json { .. } => "token_json_malformed",
            Self::Member { .. } => "token_member_malformed",
            Self::AlgorithmRefused { .. } => "algorithm_refused",
            Self::AlgorithmUnsupported { .. } => "algorithm_unsupported",
            Self::Critical => "critical_extension_unknown",
            Self::TypeWrong { .. } => "token_type_wrong",
            Self::Key(error) => error.code(),
            Self::KeyMismatch { .. } => "key_algorithm_mismatch",
            Self::KeysDisagree => "keys_disagree",
            Self::KeyUnavailable { .. } => "key_unavailable",
            Self::NotControlled { .. } => "issuer_does_not_control_key",
            Self::Signature => "signature_invalid",
            Self::ProfilesMixed => "profiles_mixed",
            Self::NotACredential => "not_a_credential",
            Self::ClaimDisagrees { .. } => "claim_disagrees",
            Self::NestedTooMany { .. } => "nested_too_many",
            Self::NestedTooDeep { .. } => "nested_too_deep",
            Self::Nested { .. } => "nested_invalid",
        }
    }

    /// Whose fault it is. That of a credential inside is the fault of the whole.
    pub const fn fault(&self) -> Fault {
        match self {
            Self::TooLarge { .. }
            | Self::NotCompact { .. }
            | Self::Base64 { .. }
            | Self::Json { .. }
            | Self::Member { .. }
            | Self::Critical
            | Self::TypeWrong { .. }
            | Self::KeyMismatch { .. }
            | Self::KeysDisagree
            | Self::ProfilesMixed
            | Self::NotACredential
            | Self::ClaimDisagrees { .. }
            | Self::NestedTooMany { .. }
            | Self::NestedTooDeep { .. } => Fault::Malformed,
            Self::AlgorithmRefused { .. } | Self::Signature => Fault::Invalid,
            Self::AlgorithmUnsupported { .. } | Self::KeyUnavailable { .. } => Fault::Unsupported,
            Self::NotControlled { .. } => Fault::NotControlled,
            Self::Key(error) => error.fault(),
            Self::Nested { cause, .. } => cause.fault(),
        }
    }
}
