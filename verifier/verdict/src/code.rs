//! The stable codes an axis can carry. A code never changes its meaning; the text beside it may.

use core::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal,)*) => {
        /// Why an axis answered what it answered.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code there is, in the order of the axes.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name, as it stands in JSON and CSV.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Code::$variant => $code,)*
                }
            }
        }
    };
}

codes! {
    /// The file is not one of the documents that can be verified, or breaks their grammar.
    DocumentMalformed = "document_malformed",
    /// The document is larger, deeper or longer than a verifier reads.
    DocumentTooLarge = "document_too_large",
    /// There is no proof on the credential.
    ProofMissing = "proof_missing",
    /// A proof is there but cannot be read.
    ProofMalformed = "proof_malformed",
    /// The signature does not fit: the credential was changed, or another key signed it.
    ProofInvalid = "proof_invalid",
    /// The proof is of a type this verifier does not know.
    ProofUnsupported = "proof_unsupported",
    /// The proof says itself that it is no longer to be used.
    ProofExpired = "proof_expired",
    /// The key that signed is not one the named issuer controls.
    IssuerDoesNotControlKey = "issuer_does_not_control_key",
    /// A term that no context defines: it would be outside the signature.
    TermUndefined = "term_undefined",
    /// The credential names a context that is not bundled, so its meaning cannot be fixed offline.
    ContextUnknown = "context_unknown",
    /// A credential inside a transcript fails its own proof.
    NestedProofInvalid = "nested_proof_invalid",
    /// Without a valid signature nothing can be said about the issuer.
    NoValidSignature = "no_valid_signature",

    /// No authority the verifier trusts vouches for the issuer.
    IssuerUnknown = "issuer_unknown",
    /// The issuer was not accredited at the date that counts.
    NotAccredited = "not_accredited",
    /// The issuer's accreditation was suspended at the date that counts.
    AccreditationSuspended = "accreditation_suspended",
    /// The issuer's accreditation was revoked at the date that counts.
    AccreditationRevoked = "accreditation_revoked",
    /// The accreditation had run out at the date that counts.
    AccreditationExpired = "accreditation_expired",
    /// The accreditation does not cover this kind, level or field.
    ScopeExceeded = "scope_exceeded",
    /// The key was not yet the issuer's at the date that counts.
    KeyNotYetValid = "key_not_yet_valid",
    /// The key was retired before the date that counts.
    KeyRetired = "key_retired",
    /// The key was in other hands at the date that counts.
    KeyCompromised = "key_compromised",
    /// The key is the institution's, but not for issuing.
    KeyWrongRole = "key_wrong_role",
    /// The right to issue was granted after the claimed date, for that date.
    GrantedRetroactively = "granted_retroactively",
    /// The right to issue was withdrawn for that date after the record had been logged.
    RevokedRetroactively = "revoked_retroactively",
    /// The record was signed by a successor or custodian in the issuer's name.
    SignedByCustodian = "signed_by_custodian",
    /// Without a log proof the claimed date proves nothing, and the signer has no rights today.
    ClaimedDateUnproven = "claimed_date_unproven",
    /// A credential inside is by another issuer or key, or more than a course, and nothing came by which to judge it.
    NestedNotJudged = "nested_not_judged",
    /// A credential inside was judged by evidence of its own, and is refused.
    NestedRefused = "nested_refused",
    /// A credential inside was judged by evidence of its own, and is good with something to know.
    NestedWithWarnings = "nested_with_warnings",
    /// The trust file has passed its expiry: later revocations are not known.
    TrustFileExpired = "trust_file_expired",

    /// There is no log evidence with the credential.
    NoLedgerEvidence = "no_ledger_evidence",
    /// The proof is of a log the verifier does not know.
    LogUnknown = "log_unknown",
    /// The proof is of another log than the issuer's.
    WrongLog = "wrong_log",
    /// The log evidence cannot be read.
    LedgerEvidenceMalformed = "ledger_evidence_malformed",
    /// The credential is not the one that was logged.
    CommitmentMismatch = "commitment_mismatch",
    /// The statement is not in the log at that place, or the checkpoint is not the log's.
    LogProofInvalid = "log_proof_invalid",
    /// Too few independent nodes confirm the checkpoint.
    QuorumNotReached = "quorum_not_reached",
    /// The statement that was logged does not verify.
    StatementInvalid = "statement_invalid",
    /// The credential lies outside what its batch declared.
    OutsideBatchScope = "outside_batch_scope",
    /// The credential was signed by another key than its batch.
    NotTheBatchSigner = "not_the_batch_signer",
    /// It was logged long after the date it claims.
    LoggedLate = "logged_late",
    /// It was logged before the date it claims.
    LoggedBeforeClaimed = "logged_before_claimed",
    /// No cosignature says when it was logged.
    LogTimeUnknown = "log_time_unknown",

    /// It has been revoked.
    Revoked = "revoked",
    /// It is suspended for now.
    Suspended = "suspended",
    /// A corrected version replaces it.
    Superseded = "superseded",
    /// The status list could not be had.
    StatusUnavailable = "status_unavailable",
    /// The status list is older than the verifier accepts.
    StatusStale = "status_stale",
    /// The status list is not signed by the issuer's authority, or was changed.
    StatusListInvalid = "status_list_invalid",
    /// The status list is not the one the log commits to.
    StatusListNotLogged = "status_list_not_logged",
    /// The credential has no status to look up.
    NoStatus = "no_status",

    /// No key is bound to the record: compare name and birth date with an identity document.
    CompareIdentityDocument = "compare_identity_document",
    /// The record was shown as a file, not presented by its holder.
    NotPresented = "not_presented",
    /// The presentation's signature does not fit.
    PresentationProofInvalid = "presentation_proof_invalid",
    /// The presentation answers another challenge.
    ChallengeMismatch = "challenge_mismatch",
    /// The presentation was made for somebody else.
    DomainMismatch = "domain_mismatch",
    /// The verifier named no challenge, so the presentation may be an old one shown again.
    ChallengeNotChecked = "challenge_not_checked",
    /// The one who presents is not the one the record is bound to.
    HolderNotBound = "holder_not_bound",
    /// The binding of record and holder does not verify.
    BindingInvalid = "binding_invalid",

    /// The credential breaks its schema.
    ContentInvalid = "content_invalid",
    /// The credential is not valid yet.
    NotYetValid = "not_yet_valid",
    /// The credential's own validity has ended.
    Expired = "expired",
    /// The verifier does not know this kind of credential.
    KindUnknown = "kind_unknown",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
