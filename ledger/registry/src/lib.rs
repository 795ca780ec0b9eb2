//! Signed statements, and the trust registry that replaying them builds, pure.
