//! Keys and names of parties: multikeys, `did:key`, `did:web`, DID documents.
//!
//! A DID document says which keys a name has published. It is no accreditation: who may issue is read from the
//! ledger's registry, and where the two differ the registry wins.
//!
//! SPEC: Controlled Identifiers 1.0 §2.2.2 (Multikey), did:key v0.7, did:web.

mod document;
mod web;

use data_encoding::HEXLOWER;
use ed25519_dalek::VerifyingKey;

pub use document::{DidDocument, METHODS_MAX};
pub use web::DidWeb;

/// Multicodec prefix of an Ed25519 public key (0xed as varint).
const ED25519_PREFIX: [u8; 2] = [0xed, 0x01];

/// Longest identifier read: DNS allows 253 characters, a path of a few segments follows, with a fragment.
pub const DID_BYTES_MAX: usize = 1024;

/// A multikey has 48 characters for Ed25519; 128 leaves room to name the algorithm of longer ones.
const MULTIKEY_BYTES_MAX: usize = 128;

/// Why an identifier or a key was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// Not a multibase base58btc text of a known shape.
    #[error("not a multikey")]
    NotMultikey,
    /// A key of another algorithm than Ed25519, named by the first bytes of its multicodec.
    #[error("a key of an unsupported algorithm (multicodec 0x{codec})")]
    UnsupportedKey {
        /// The first two bytes, in hex.
        codec: String,
    },
    /// The 32 bytes are no point of the curve, or one of small order, with which anybody could sign anything.
    #[error("not a usable Ed25519 public key")]
    BadKey,
    /// Not a `did:key`.
    #[error("not a did:key identifier")]
    NotDidKey,
    /// The fragment names another key than the identifier.
    #[error("the fragment names another key than the did:key")]
    FragmentMismatch,
    /// Not a `did:web`.
    #[error("not a did:web identifier")]
    NotDidWeb,
    /// Longer than [`DID_BYTES_MAX`].
    #[error("the identifier has {bytes} bytes, at most {DID_BYTES_MAX} are read")]
    TooLong {
        /// Length of the identifier.
        bytes: usize,
    },
    /// A DID document lacks a member, or has it in the wrong form.
    #[error("the DID document has no usable `{member}`")]
    Document {
        /// Name of the member.
        member: &'static str,
    },
    /// A verification method of a document is controlled by somebody else.
    #[error("the document of `{id}` lists a method controlled by somebody else")]
    ForeignController {
        /// Id of the document.
        id: String,
    },
}

/// Writes a key as multikey, `z6Mk…`.
pub fn encode_multikey(key: &VerifyingKey) -> String {
    let mut bytes = ED25519_PREFIX.to_vec();
    bytes.extend_from_slice(key.as_bytes());
    format!("z{}", bs58::encode(bytes).into_string())
}

/// Reads a multikey.
///
/// # Errors
/// [`DidError::NotMultikey`], [`DidError::UnsupportedKey`] or [`DidError::BadKey`].
pub fn parse_multikey(text: &str) -> Result<VerifyingKey, DidError> {
    let base58 = text.strip_prefix('z').ok_or(DidError::NotMultikey)?;
    if base58.len() > MULTIKEY_BYTES_MAX {
        return Err(DidError::NotMultikey);
    }
    let bytes = bs58::decode(base58).into_vec().map_err(|_| DidError::NotMultikey)?;
    let Some((codec, key)) = bytes.split_first_chunk::<2>() else {
        return Err(DidError::NotMultikey);
    };
    if *codec != ED25519_PREFIX {
        return Err(DidError::UnsupportedKey { codec: HEXLOWER.encode(codec) });
    }
    let key: &[u8; 32] = key.try_into().map_err(|_| DidError::NotMultikey)?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| DidError::BadKey)?;
    if key.is_weak() { Err(DidError::BadKey) } else { Ok(key) }
}

/// The `did:key` of a key.
pub fn did_key(key: &VerifyingKey) -> String {
    format!("did:key:{}", encode_multikey(key))
}

/// The verification method of a `did:key`: `did:key:z6Mk…#z6Mk…`.
pub fn did_key_method(key: &VerifyingKey) -> String {
    verification_method(&did_key(key), key)
}

/// Reads a `did:key`, with or without its fragment.
///
/// # Errors
/// [`DidError::NotDidKey`], [`DidError::FragmentMismatch`], [`DidError::TooLong`] or what [`parse_multikey`] refuses.
pub fn parse_did_key(did: &str) -> Result<VerifyingKey, DidError> {
    bounded(did)?;
    let rest = did.strip_prefix("did:key:").ok_or(DidError::NotDidKey)?;
    let (multikey, fragment) =
        rest.split_once('#').map_or((rest, None), |(key, fragment)| (key, Some(fragment)));
    if fragment.is_some_and(|fragment| fragment != multikey) {
        return Err(DidError::FragmentMismatch);
    }
    parse_multikey(multikey)
}

/// The verification method `<controller>#<multikey>`.
pub fn verification_method(controller: &str, key: &VerifyingKey) -> String {
    format!("{controller}#{}", encode_multikey(key))
}

/// A verification method, taken apart: who controls it, and the key it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationMethod {
    /// What stands before the fragment.
    pub controller: String,
    /// The key, taken from the fragment or from the `did:key`.
    pub key: VerifyingKey,
}

impl VerificationMethod {
    /// Reads `did:key:z6Mk…`, `did:key:z6Mk…#z6Mk…` or `<any URL or DID>#z6Mk…`.
    ///
    /// # Errors
    /// [`DidError`]; a method whose key is not in its name cannot be read here.
    pub fn parse(method: &str) -> Result<Self, DidError> {
        bounded(method)?;
        let (controller, fragment) = method.split_once('#').map_or((method, None), |(c, f)| (c, Some(f)));
        let key = match fragment {
            _ if controller.starts_with("did:key:") => parse_did_key(method)?,
            Some(multikey) => parse_multikey(multikey)?,
            None => return Err(DidError::NotMultikey),
        };
        Ok(Self { controller: controller.to_owned(), key })
    }
}

fn bounded(did: &str) -> Result<(), DidError> {
    if did.len() > DID_BYTES_MAX { Err(DidError::TooLong { bytes: did.len() }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi";

    #[test]
    fn reads_methods_by_fragment_and_by_did_key() {
        let key = parse_multikey(KEY).unwrap();
        let url = VerificationMethod::parse(&format!("https://example.edu/issuers/565049#{KEY}")).unwrap();
        assert_eq!(
            url,
            VerificationMethod { controller: "https://example.edu/issuers/565049".to_owned(), key }
        );
        for did in [did_key(&key), did_key_method(&key)] {
            let method = VerificationMethod::parse(&did).unwrap();
            assert_eq!(method, VerificationMethod { controller: format!("did:key:{KEY}"), key });
        }
    }

    #[test]
    fn refuses_methods_that_name_no_usable_key() {
        let other = "z6MkvREVgsHx7Ppae68vCoByy73ZD4aMSJiPML2cryVL8JAx";
        let cases = [
            (format!("did:key:{KEY}#{other}"), DidError::FragmentMismatch),
            ("did:web:a.example#key-1".to_owned(), DidError::NotMultikey),
            ("did:web:a.example".to_owned(), DidError::NotMultikey),
            (
                "did:key:zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP".to_owned(),
                DidError::UnsupportedKey { codec: "8024".to_owned() },
            ),
            ("x".repeat(DID_BYTES_MAX + 1), DidError::TooLong { bytes: DID_BYTES_MAX + 1 }),
        ];
        for (method, error) in cases {
            assert_eq!(VerificationMethod::parse(&method), Err(error), "{method}");
        }
    }

    #[test]
    fn refuses_a_key_of_small_order() {
        let mut bytes = ED25519_PREFIX.to_vec();
        bytes.extend_from_slice(&[1; 1]);
        bytes.extend_from_slice(&[0; 31]);
        assert_eq!(parse_multikey(&format!("z{}", bs58::encode(bytes).into_string())), Err(DidError::BadKey));
    }
}
