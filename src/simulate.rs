//! What a country's log costs: unit costs measured on this machine, times what a country does in a year.
//!
//! [`UnitCosts::measure`] makes real statements and credentials and times what a node does with them; [`Country`] is
//! arithmetic; [`estimate()`] multiplies; the report prints every number it assumed.

mod country;
mod estimate;
mod report;
mod units;

pub use country::Country;
pub use estimate::{Prices, estimate};
pub use report::Report;
pub use units::UnitCosts;
