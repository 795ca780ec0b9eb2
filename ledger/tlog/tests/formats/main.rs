//! Vector files of the C2SP formats: each accepted, or refused with exactly the error that the file names.

mod checkpoint;
mod corpus;
mod evidence;
mod log_proof;
mod note;
mod policy;
mod tile;
mod witness;
