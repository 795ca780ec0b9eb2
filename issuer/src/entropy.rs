//! The operating system's random numbers: the one place of this crate that draws them.

use rand::Rng;

/// Fresh random bytes.
///
/// The thread's generator is a CSPRNG seeded by the operating system.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// A fresh `urn:uuid:` identifier (version 4).
pub(crate) fn uuid_urn() -> String {
    uuid::Builder::from_random_bytes(bytes()).into_uuid().urn().to_string()
}
