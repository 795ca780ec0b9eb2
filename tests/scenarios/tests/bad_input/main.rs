//! Bad input for every parser of foreign bytes: cut short, flipped, doubled, nested, in other encodings, packed.
//!
//! Each parser is registered once, with a good sample; the classes of bad input are made from the samples. What must
//! come back is an answer, refused with a bounded reason wherever the class cannot be right. `tests/DESIGN.md` has the
//! table of parsers and classes, with what is tested beside this.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

mod credentials;
mod ledger;
mod mutation;
mod offices;
mod parser;
mod services;
mod verdicts;

/// The country that the verdict's own tests are made in.
#[allow(dead_code, reason = "each test binary uses its own part of the country")]
#[path = "../../../../verifier/verdict/tests/country/mod.rs"]
mod country;

/// The wallet of the wallet's own tests.
#[allow(dead_code, reason = "each test binary uses its own part of the wallet")]
#[path = "../../../../wallet-api/tests/wallet/support.rs"]
mod wallet;
