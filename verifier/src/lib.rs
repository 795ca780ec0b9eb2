//! The service, the page and the command-line side around the verdict.
//!
//! The verdict itself is made by `matricula-verdict`, which knows no file, socket or clock. This crate brings it
//! documents and shows what it says:
//!
//! - [`Sources`], [`check_all`], [`Summary`] and the renderings serve `matricula verify`;
//! - [`router`] serves programs (VCALM) and people (one page). What they send is never stored.

mod check;
mod coding;
mod error;
mod foreign;
mod input;
mod openapi;
mod page;
mod render;
mod router;
#[cfg(test)]
mod sample;
mod service;
mod summary;
mod upload;
mod vcalm;
mod words;

pub use check::{Checked, Outcome, check_all};
pub use error::ApiError;
pub use input::{DOCUMENT_BYTES_MAX, Document, FOLDER_ENTRIES_MAX, InputError, Source, Sources};
pub use openapi::openapi;
pub use render::{csv, json, text};
pub use router::router;
pub use service::{Clock, Limits, Verifier};
pub use summary::Summary;
