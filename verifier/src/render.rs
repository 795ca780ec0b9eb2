//! Verdicts for people and for programs: text, JSON, CSV.

mod csv;
mod json;
mod text;

pub use csv::csv;
pub use json::json;
pub(crate) use json::verdicts_json;
pub use text::text;

/// Names and titles from foreign documents are shown up to this length; the longest real ones have about 100 characters.
const SHOWN_CHARS_MAX: usize = 200;
