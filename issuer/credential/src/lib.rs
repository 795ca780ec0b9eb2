//! Credentials, proofs, status lists, commitments and portable records, pure.
