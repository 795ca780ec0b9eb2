//! The whole line on sample data: two authorities, three schools, and what can go wrong.

mod expectation;
mod learner;
pub mod samples;
mod story;
pub mod world;

pub use story::run;
pub use world::PASSPHRASE;
