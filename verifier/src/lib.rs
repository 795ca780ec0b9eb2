//! The verification service and its page, around the verdict.
