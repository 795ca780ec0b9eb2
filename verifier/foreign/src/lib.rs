//! Credentials that others issue, as compact JWS, pure: a token in, a value out.
//!
//! | Module | What | Specification |
//! |---|---|---|
//! | `compact` | three parts, bounded, in their one spelling | RFC 7515 §7.1 |
//! | `header` | the algorithms that are taken, `crit`, `typ` | RFC 7515 §4, RFC 8725 |
//! | `key` | public keys: JWK, `did:key`, `did:jwk`, multikey | RFC 7517, RFC 7518 §6, RFC 8037 |
//! | `resolve` | which key a token names, and whether its issuer can be meant | VC-JOSE §3, Open Badges 3.0 §8.2 |
//! | `signature` | the check itself, by `ssi` | RFC 7515 §5.2 |
//! | `profile` | from claims to a credential | VC-JOSE §3.1, VC 1.1 §6.3.1, Open Badges 3.0 §8.2 |
//! | `credential` | all of it together, and the credentials inside | CLR 2.0 §8 |
//!
//! What comes out says *which key* signed, never *who* that is: a key in a token's header can be anybody's. Nothing is fetched:
//! a key that is only named by an address is reported as such.
//!
//! Out of scope: whom to trust, validity at a date, revocation, content (the verdict); Data Integrity proofs
//! (`matricula-credential`); SD-JWT; presentations; key resolution over the network.

mod compact;
mod credential;
mod error;
mod header;
mod key;
mod profile;
mod resolve;
mod signature;

pub use compact::{SIGNATURE_BYTES_MAX, TOKEN_BYTES_MAX};
pub use credential::{ForeignCredential, NESTED_DEPTH_MAX, NESTED_MAX, NestedCredential, read};
pub use error::{ClaimName, Fault, ForeignError, Part};
pub use header::{Algorithm, HEADER_BYTES_MAX};
pub use key::{ForeignKey, KeyError, KeyKind, RSA_BITS_MAX, RSA_BITS_MIN};
pub use profile::Profile;
pub use resolve::KeyFrom;
