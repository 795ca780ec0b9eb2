//! The service through its router: programs' requests, the page, limits and headers.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

mod limits;
mod page;
mod request;
mod vcalm;
