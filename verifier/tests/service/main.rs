//! The service through its router: programs' requests, the page, limits and headers.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

mod hostile;
mod limits;
mod packed;
mod page;
#[path = "../records/mod.rs"]
mod records;
mod request;
mod vcalm;
mod verdicts;
