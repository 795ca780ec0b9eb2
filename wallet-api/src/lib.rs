//! Learners: accounts, claims, a timeline of records, presentations, sharing.
