//! Institutions and authorities: import, approve, sign, log, revoke.

pub mod roster;
