//! What an authority serves: DID documents, status lists, its trust file, and two doors for schools
//! and wallets.
//!
//! | Route | Answers |
//! |---|---|
//! | `GET /.well-known/did.json`, `GET /…/did.json` | the DID document of the authority or of one of its institutions |
//! | `GET /status/{n}` | the status list credential, as logged |
//! | `GET /trust` | the current trust file |
//! | `POST /status/requests` | takes a school's signed request: 202 when new, 200 when known |
//! | `POST /bindings` | binds a record to a holder's key: 201 when new, 200 when known, 429 with `Retry-After` after too many attempts |
//!
//! Errors are problem documents (RFC 9457) with a stable `code`.

mod admission;
mod did_document;
mod openapi;
mod problem;
mod router;
mod state;

pub use openapi::openapi;
pub use problem::ApiError;
pub use router::{BINDING_BODY_BYTES_MAX, router};
pub use state::{IssuerState, ServedSchool};
