//! Signed statements, and the trust registry that replaying them builds, pure.
//!
//! An entry of a log is a *statement*: a COSE_Sign1 over a deterministic CBOR payload. This crate
//! parses and makes statements ([`Statement`]), checks their signatures ([`VerifiedStatement`]),
//! decides whether a log may take them ([`Registry::admit`], *the door*), and answers who was
//! entitled to sign what, on which date, as known at which point of the log
//! ([`Registry::authorised`]).
//!
//! In scope: bytes, rules, dates given as arguments. Out of scope: sockets, files, clocks, random
//! numbers, the Merkle proofs that show a statement to be in a log (`matricula-tlog`), and the words
//! a verdict uses.
//!
//! ```text
//! bytes ─ Statement::parse ─▶ Statement ─ verify_signatures ─▶ VerifiedStatement
//!                                 │                                  │ Registry::admit_verified
//!                apply_evidence   ▼                                  ▼
//!   (sparse, for a verdict) ▶ Registry ◀──────── apply ────────── Admitted
//! ```

mod authorisation;
mod body;
mod date;
mod door;
mod identity;
mod registry;
mod scope;
mod statement;

pub use authorisation::{Authorisation, Evidence, Grounds, KnownAt, Question, Refusal, ScopeLimit};
pub use body::{
    Accreditation, AccreditationEvent, Authority, AuthorityKey, Batch, BatchLeaves, Body, ClaimedRange,
    Commitment, FieldList, KeyEvent, KeyRole, KeyStatement, LegalReference, Mandate, Period, Recognition,
    Status,
};
pub use date::day;
pub use door::{Admitted, DoorError, LATE_AFTER_SECONDS, LogTime, UNKNOWN_BODY_BYTES_MAX};
pub use identity::{Country, InstitutionId, LogOrigin, PublicKey, StatementId, Text};
pub use registry::{
    Applied, Event, EvidenceError, Institution, KeyRecord, NegativeEvent, NegativeKind, OutOfOrder, Recorded,
    Registry, StatusVersion,
};
pub use scope::{CredentialKind, FieldPrefix, IscedField, IscedLevel, Jurisdiction, Scope};
pub use statement::{
    CborDefect, ENTRY_BYTES_MAX, Part, SignatureError, Statement, StatementError, StatementHeader,
    VerifiedStatement,
};
