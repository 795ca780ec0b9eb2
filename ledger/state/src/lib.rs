//! The StateStore seam: everything durable that is not the log.
