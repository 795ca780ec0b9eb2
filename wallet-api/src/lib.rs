//! Learners: accounts, claims, a timeline of records, presentations, sharing.
//!
//! [`Wallet`] is everything but HTTP, on a `StateStore` and the ports of [`WalletPorts`]; [`router`] puts a JSON API
//! and pages without script over it. Everything about a learner is sealed under keys that the store does not have;
//! `README.md` tells the life of a claim, a presentation and a share, `DESIGN.md` why it is so.
//!
//! In scope: accounts and sessions, offers and claims, holder keys and bindings, presentations, shares, the
//! disclosure log, erasure. Out of scope: issuing (the issuer deposits records and signs bindings), verifying (the
//! verifier), guardians, transfers, sockets, request ids and timeouts (the server).

mod account;
mod binding;
mod disclosure;
mod error;
mod http;
mod limiter;
mod offer;
mod password;
mod ports;
mod presenting;
mod qr;
mod record;
mod rows;
mod seal;
mod session;
mod share;
mod wallet;

pub use binding::Claimed;
pub use disclosure::{Disclosure, DisclosureKind, Views};
pub use error::WalletError;
pub use http::{WalletState, openapi, router};
pub use limiter::ClientAddress;
pub use offer::{OFFER_SECONDS_MAX, OfferCode};
pub use password::{CostOutOfRange, CredentialsError, LoginName, Password, PasswordCost};
pub use ports::{
    BindingPort, BindingPortError, BindingRequest, Clock, Entropy, PossessionError, SystemClock,
    SystemEntropy,
};
pub use presenting::Choice;
pub use record::{KeptRecord, RECORD_BYTES_MAX, RECORDS_BYTES_MAX, RECORDS_MAX, RecordId, TimelineEntry};
pub use session::{Session, SessionToken};
pub use share::{SHARE_SECONDS_MAX, SHARES_MAX, Share, ShareId, ShareToken, SharedPresentation};
pub use wallet::{Wallet, WalletConfig, WalletPorts};
