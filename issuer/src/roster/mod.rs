//! Rosters: what a school exports from its register, checked line by line before anything is signed.
//!
//! ```text
//! bytes → encoding → table (separator, header, lines) → rows (cells to types) → across rows and files → Roster
//! ```
//!
//! Everything is pure: the bytes and the day that counts as today come in as arguments. A file never stops at its
//! first problem; a [`Roster`] exists only when no file has an error. Severities: an *error* must be put right, a
//! *warning* is probably a mistake, a *notice* says what was done silently otherwise.
//!
//! Formats: CSV with comma, semicolon or tab; UTF-8 with or without byte order mark; any line ends; columns in
//! any order; dates as ISO 8601; ISCED 2011, ISCED-F 2013, BCP 47 and ISO 5218 codes.

mod check;
mod date;
mod decimal;
mod encoding;
mod enrolled;
mod enrolment;
mod finding;
mod isced;
mod joined;
mod language;
mod leaver;
mod person;
mod problems;
mod remedy;
pub mod render;
mod result;
mod row;
mod scale;
mod schema;
mod table;
mod text;
mod transfer;

pub use check::{Checked, FileReport, RosterFile, check};
pub use decimal::Decimal;
pub use enrolment::{Attendance, Decision, Enrolment, Programme};
pub use finding::{Finding, Problem, Severity};
pub use isced::{IscedF, IscedLevel, IscedP};
pub use joined::Roster;
pub use language::LanguageTag;
pub use leaver::{Award, Leaver};
pub use person::{Learner, LearnerNo, Sex};
pub use result::{ResultRow, ResultStatus};
pub use scale::{Direction, GradingScale, GradingScales, ScaleKind, Score};
pub use schema::RosterKind;
pub use text::{Label, PersonName};
pub use transfer::{Destination, LeavingReason, Transfer};
