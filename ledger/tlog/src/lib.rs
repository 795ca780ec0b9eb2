//! RFC 6962 trees and the C2SP transparency-log formats, pure.

mod hash;
mod position;

pub use hash::Hash;
pub use position::{LeafIndex, TreeSize, UnixSeconds};
