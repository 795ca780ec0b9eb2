//! Evidence, trust and time in; a verdict on six axes out. Pure.
//!
//! Nothing here opens a file or a socket or reads a clock: a document, a `Trust` and the moment
//! `as_of` come in as arguments, and `verify` gives one [`Verdict`] for each credential.

mod code;
mod date;
mod verdict;

pub use code::Code;
pub use date::{day, parse_rfc3339, rfc3339};
pub use verdict::{Axes, Axis, AxisResult, CredentialSummary, Overall, Verdict};
