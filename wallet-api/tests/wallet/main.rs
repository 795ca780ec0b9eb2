//! The wallet through its router and through its methods, on a store in memory and on one on disk.

mod accounts;
mod addresses;
mod bindings;
mod claims;
mod erasure;
mod faults;
mod limits;
mod pages;
mod presenting;
mod requests;
mod sharing;
mod support;
