//! Who and what a statement speaks of: keys, institutions, logs, countries, statements.

use core::{borrow::Borrow, fmt};

use ed25519_dalek::VerifyingKey;
use matricula_tlog::{Hash, leaf_hash};

use crate::statement::StatementError;

/// Longest institution identifier in bytes. The longest did:web host is 253 bytes; paths of schools are short.
const INSTITUTION_BYTES_MAX: usize = 320;
/// Longest log origin in bytes: a signed note's key name, kept to what a DNS name and a path need.
const ORIGIN_BYTES_MAX: usize = 255;
/// Longest text of any other kind in bytes: four times the 250 letters a long school name or decree title has.
const TEXT_BYTES_MAX: usize = 1000;

/// Multicodec prefix of an Ed25519 public key (0xed as varint).
const ED25519_PREFIX: [u8; 2] = [0xed, 0x01];

/// An Ed25519 public key, as the 32 bytes a statement's key identifier carries. People see it as
/// a multikey, `z6Mk…`.
///
/// Holding one says nothing about whether the bytes are a point of the curve: that is seen when a
/// signature is verified, or by [`PublicKey::verifying_key`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Wraps the 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key ready for verification, or `None` if it is no point of the curve or of small order.
    pub fn verifying_key(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(&self.0).ok().filter(|key| !key.is_weak())
    }
}

impl From<&VerifyingKey> for PublicKey {
    fn from(key: &VerifyingKey) -> Self {
        Self(key.to_bytes())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = ED25519_PREFIX.iter().chain(&self.0).copied().collect();
        write!(f, "z{}", bs58::encode(bytes).into_string())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// A statement's identity: the RFC 6962 leaf hash of the entry's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(Hash);

impl StatementId {
    /// Wraps a leaf hash.
    pub const fn new(leaf: Hash) -> Self {
        Self(leaf)
    }

    /// The identity of these entry bytes.
    pub fn of_entry(entry: &[u8]) -> Self {
        Self(leaf_hash(entry))
    }

    /// The leaf hash.
    pub const fn get(&self) -> Hash {
        self.0
    }
}

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:expr, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes the text if it keeps the rules of its type.
            ///
            /// # Errors
            /// [`StatementError::TextLength`] or [`StatementError::TextForm`].
            pub fn parse(text: &str) -> Result<Self, StatementError> {
                Self::read($field, text)
            }

            pub(crate) fn read(field: &'static str, text: &str) -> Result<Self, StatementError> {
                if text.is_empty() || text.len() > $max {
                    return Err(StatementError::TextLength { field, bytes: text.len(), max: $max });
                }
                let valid: fn(&str) -> bool = $valid;
                if !valid(text) {
                    return Err(StatementError::TextForm { field });
                }
                Ok(Self(text.to_owned()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_newtype!(
    /// An institution: its DID, such as `did:web:hn.example:schools:lempira`. At most 320 bytes of the
    /// characters a DID may have.
    ///
    /// SPEC: DID Core §3.1.
    InstitutionId, "institution", INSTITUTION_BYTES_MAX, is_did
);
text_newtype!(
    /// The name of a log, as on the first line of its checkpoints: no white space, no `+`, no control
    /// characters, at most 255 bytes.
    ///
    /// SPEC: C2SP tlog-checkpoint, signed-note (key names).
    LogOrigin, "origin", ORIGIN_BYTES_MAX, is_origin
);
text_newtype!(
    /// One line of text for people, or a URL: 1 to 1,000 bytes without control characters and without
    /// white space at its ends, and without directional overrides.
    Text, "text", TEXT_BYTES_MAX, is_line
);
text_newtype!(
    /// A country: two capital letters of ISO 3166-1 alpha-2.
    Country, "country", 2, is_country
);

fn is_did(text: &str) -> bool {
    let Some((method, id)) = text.strip_prefix("did:").and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let method_ok =
        !method.is_empty() && method.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let id_ok = !id.ends_with(':') && id.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:%".contains(&b));
    method_ok && id_ok && !id.is_empty()
}

fn is_origin(text: &str) -> bool {
    !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// Line separators and directional overrides would let a name show as another one.
fn is_line(text: &str) -> bool {
    let misleading = |c| matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    !text.chars().any(|c| c.is_control() || misleading(c)) && text.trim() == text
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}
