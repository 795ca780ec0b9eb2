//! Evidence, trust and time in; a verdict on six axes out. Pure.
//!
//! Nothing here opens a file or a socket or reads a clock: a document, a [`Trust`] and the moment
//! `as_of` come in as arguments, and [`verify`] gives one [`Verdict`] for each credential.
//!
//! | Axis | Module |
//! |---|---|
//! | integrity: was this signed by that key, and not changed since? | `integrity` |
//! | authority: was that issuer accredited for this, on that date? | `authority` |
//! | ledger: was it in the log, and when? | `ledger` |
//! | status: revoked, suspended, superseded? | `status` |
//! | holder: is the one who shows it the one it was given to? | `holder` |
//! | content: does it say what its schema allows? | `content` |

mod authority;
mod checkpoints;
mod code;
mod content;
mod date;
mod foreign;
mod holder;
mod integrity;
mod judge;
mod ledger;
mod nested;
mod status;
mod trust;
mod trust_content;
mod trust_file;
mod trust_replay;
mod verdict;

pub use code::Code;
pub use date::{day, parse_rfc3339, rfc3339};
pub use foreign::{ForeignEvidence, ForeignFault, ForeignRefusal, NestedToken, judge_foreign};
pub use judge::{Options, STATUS_AGE_MAX_SECONDS_DEFAULT, verify, verify_value};
pub use trust::{TRUST_FILES_MAX, Trust, TrustError};
pub use trust_content::{
    StatusEvent, TrustContent, TrustedAuthority, TrustedLog, TrustedStatement, TrustedStatusList,
};
pub use trust_file::{Fingerprint, TRUST_FILE_BYTES_MAX, TrustFile, TrustFileError, TrustUpdateError};
pub use verdict::{Axes, Axis, AxisResult, CredentialSummary, NestedVerdict, Overall, Verdict};
