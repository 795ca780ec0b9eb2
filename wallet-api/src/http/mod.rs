//! The wallet over HTTP: a JSON API and pages that need no script.

mod api;
mod client;
mod cookie;
mod headers;
mod input;
mod learner;
mod openapi;
mod origin;
mod page;
mod pages;
mod problem;
mod router;
mod state;

pub use openapi::openapi;
pub use router::router;
pub use state::WalletState;
