//! Scenarios across crates: real processes, real files, real kills.
