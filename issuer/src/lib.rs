//! Institutions and authorities: import, approve, sign, log, revoke.
//!
//! A library with typed inputs and outputs: it prints nothing, and reads no clock (`now` is an
//! argument). It keeps its state in two kinds of home folder, [`AuthorityHome`](authority::AuthorityHome)
//! and [`SchoolHome`](school::SchoolHome), and reaches a log through [`LogPort`].
//!
//! | Module | What |
//! |---|---|
//! | [`keyring`] | Ed25519 keys at rest, encrypted with a passphrase |
//! | [`authority`] | founding an authority, accrediting institutions, ruling about them and their keys |
//! | [`school`] | setting a school up, its application, its share of the status lists |
//! | [`roster`] | what a school exports from its register, checked line by line |
//! | [`batch`] | a roster becomes signed, logged records |
//! | [`correction`] | revoking, suspending, reinstating and correcting records |
//! | [`binding`] | records bound to the keys of their holders |
//! | [`status`] | allotting status indexes, taking requests, publishing lists |
//! | [`trust_export`] | what verifiers are given |
//! | [`http`] | DID documents, status lists, the trust file; requests and bindings |
//!
//! Out of scope: the command line, the log node, who may issue (the registry), how proofs are made
//! (`matricula-credential`).

pub mod authority;
pub mod batch;
pub mod binding;
pub mod correction;
mod credential_status;
mod entropy;
pub mod http;
pub mod keyring;
pub mod log_port;
mod moment;
pub mod progress;
mod registry_view;
pub mod roster;
pub mod school;
mod signed_document;
pub mod status;
mod storage;
mod toml_error;
pub mod trust_export;

pub use credential_status::{EffectiveError, RecordStatus, RecordStatusError};
pub use log_port::{LogPort, LogPortError, Logged};
pub use registry_view::{RegistryView, RegistryViewError};
pub use signed_document::SignedDocumentError;
pub use storage::StorageError;
pub use toml_error::TomlError;
