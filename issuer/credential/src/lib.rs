//! Credentials, pure: JSON in, values out.
//!
//! | Module | What | Specification |
//! |---|---|---|
//! | [`json`] | strict parsing | RFC 8259, RFC 7493 |
//! | [`contexts`] | the bundled JSON-LD contexts | |
//! | [`canonical_nquads`], [`canonical_json`] | canonical forms | RDFC-1.0, RFC 8785 |
//! | [`proof`] | Data Integrity proofs | VC Data Integrity, `eddsa-rdfc-2022`, `eddsa-jcs-2022` |
//! | [`did`] | `did:key`, `did:web`, DID documents | Controlled Identifiers 1.0 |
//! | [`status`] | status lists | Bitstring Status List 1.0 |
//! | [`commitment`] | salted commitments, batch trees, summaries | |
//! | [`model`] | credentials of schools, made and classified | Open Badges 3.0, CLR 2.0 |
//! | [`content`] | what a credential may say | VCDM 2.0, Open Badges 3.0, CLR 2.0 |
//! | [`record`], [`presentation`], [`binding`] | what learners carry and show | VCDM 2.0 |
//!
//! Out of scope: who may issue (the registry), whether to trust (the verdict), VC-JWT and SD-JWT, storage, network,
//! clocks, random numbers. Nothing is ever fetched.

mod active_context;
pub mod binding;
mod canonical;
pub mod commitment;
pub mod content;
pub mod contexts;
mod date_time;
pub mod did;
mod expansion;
mod jcs;
pub mod json;
pub mod model;
pub mod presentation;
pub mod proof;
pub mod record;
pub mod status;

pub use canonical::{CanonError, QUADS_MAX, canonical_json, canonical_nquads};
pub use date_time::{DateTimeError, format_date_time, parse_date_time};
