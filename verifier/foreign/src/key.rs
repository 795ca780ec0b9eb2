//! Public keys of others, as they stand in tokens and in identifiers.
//!
//! A key is checked when it is read: size, form, and that it lies on its curve. `ssi` gets keys built from these checked values,
//! never the JSON of a token.
//!
//! SPEC: RFC 7517 §4; RFC 7518 §6; RFC 8037 §2; did:key; did:jwk.

use core::fmt;

use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::VerifyingKey;
use matricula_credential::did::parse_multikey;
use matricula_credential::json::parse_limited;
use serde_json::Value;
use ssi_jwk::{Base64urlUInt, ECParams, JWK, OctetParams, Params, RSAParams, p256_parse};
use thiserror::Error;

use crate::error::Fault;
use crate::header::{Algorithm, HEADER_BYTES_MAX};

/// Smallest RSA modulus (RFC 7518 §3.3).
pub const RSA_BITS_MIN: usize = 2048;

/// Largest RSA modulus: larger ones are not used, and cost the verifier more than the signer.
pub const RSA_BITS_MAX: usize = 8192;

/// Largest RSA exponent, which is also what `rsa` takes. In use are 3 and 65537.
const RSA_EXPONENT_MAX: u64 = 1 << 30;

/// Members of a JWK that only a private or a shared key has.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The multicodec of a P-256 key, as varint, and the length of a point with its sign.
const P256_PREFIX: [u8; 2] = [0x80, 0x24];
const P256_POINT_BYTES: usize = 33;

/// Longest base58 text of a multikey that is taken: P-256 needs 48 characters.
const MULTIKEY_CHARS_MAX: usize = 64;

/// Why a key cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum KeyError {
    /// A private or shared key stands where a public one belongs: it is no longer a secret.
    #[error("the private part of the key is in the token (`{member}`)")]
    Private {
        /// The member that gives it away.
        member: &'static str,
    },
    /// A member is missing or has another form than it must.
    #[error("`{member}` is missing or has another form than it must")]
    Malformed {
        /// The member.
        member: &'static str,
    },
    /// A kind of key, or a curve, that is not known here.
    #[error("of a kind that is not known here")]
    Unsupported,
    /// An RSA key that is too short to count, or too long to be checked.
    #[error("an RSA key of {bits} bits, where {RSA_BITS_MIN} to {RSA_BITS_MAX} are taken")]
    RsaSize {
        /// Its size.
        bits: usize,
    },
    /// No point of its curve, or one that anybody can sign for.
    #[error("no point of its curve, or a weak one")]
    BadPoint,
    /// The key says that it is for something else.
    #[error("not meant for signatures of this kind (`{member}`)")]
    Purpose {
        /// The member that says so.
        member: &'static str,
    },
}

impl KeyError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Private { .. } => "key_private",
            Self::Malformed { .. } => "key_malformed",
            Self::Unsupported => "key_unsupported",
            Self::RsaSize { .. } => "key_size_refused",
            Self::BadPoint => "key_bad_point",
            Self::Purpose { .. } => "key_purpose_wrong",
        }
    }

    pub(crate) const fn fault(&self) -> Fault {
        match self {
            Self::Unsupported => Fault::Unsupported,
            Self::Private { .. } | Self::RsaSize { .. } | Self::BadPoint => Fault::Invalid,
            Self::Malformed { .. } | Self::Purpose { .. } => Fault::Malformed,
        }
    }
}

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// Ed25519.
    Ed25519,
    /// P-256.
    P256,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
            Self::P256 => "P-256",
        })
    }
}

/// A public key that can be used. It says nothing about whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey(Material);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    /// Both big-endian, without leading zeros.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    Ed25519(VerifyingKey),
    /// The coordinates of a point that was found to be on the curve.
    P256 {
        x: [u8; 32],
        y: [u8; 32],
    },
}

impl ForeignKey {
    /// The kind of the key.
    pub const fn kind(&self) -> KeyKind {
        match self.0 {
            Material::Rsa { .. } => KeyKind::Rsa,
            Material::Ed25519(_) => KeyKind::Ed25519,
            Material::P256 { .. } => KeyKind::P256,
        }
    }

    /// The key as Ed25519 key, where it is one.
    pub const fn ed25519(&self) -> Option<&VerifyingKey> {
        match &self.0 {
            Material::Ed25519(key) => Some(key),
            _ => None,
        }
    }

    /// The modulus of an RSA key, big-endian, without leading zeros.
    pub fn rsa_modulus(&self) -> Option<&[u8]> {
        match &self.0 {
            Material::Rsa { modulus, .. } => Some(modulus),
            _ => None,
        }
    }

    /// The name that a key has of itself: base64url of a SHA-256, 43 characters.
    ///
    /// SPEC: RFC 7638 §3.
    pub fn thumbprint(&self) -> String {
        self.to_jwk().thumbprint().expect("invariant: every member that a thumbprint needs is set below")
    }

    /// Reads a JWK, for an algorithm where the key is used.
    pub(crate) fn from_jwk(jwk: &Value, algorithm: Option<Algorithm>) -> Result<Self, KeyError> {
        let kty = text(jwk, "kty")?;
        if let Some(member) = PRIVATE_MEMBERS.into_iter().find(|member| jwk.get(*member).is_some()) {
            return Err(KeyError::Private { member });
        }
        check_purpose(jwk, algorithm)?;
        match kty {
            "RSA" => Self::from_rsa(bytes(jwk, "n")?, bytes(jwk, "e")?),
            "OKP" if text(jwk, "crv")? == "Ed25519" => Self::from_ed25519(&coordinate(jwk, "x")?),
            "EC" if text(jwk, "crv")? == "P-256" => {
                Self::from_p256(coordinate(jwk, "x")?, coordinate(jwk, "y")?)
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// Reads what follows `did:jwk:`.
    pub(crate) fn from_did_jwk(encoded: &str) -> Result<Self, KeyError> {
        const MALFORMED: KeyError = KeyError::Malformed { member: "did:jwk" };
        if encoded.len() > HEADER_BYTES_MAX {
            return Err(MALFORMED);
        }
        let json = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| MALFORMED)?;
        let jwk = parse_limited(&json, HEADER_BYTES_MAX).map_err(|_| MALFORMED)?;
        Self::from_jwk(&jwk, None)
    }

    /// Reads a multikey, `z6Mk…` or `zDn…`.
    pub(crate) fn from_multikey(multikey: &str) -> Result<Self, KeyError> {
        const MALFORMED: KeyError = KeyError::Malformed { member: "multikey" };
        if let Ok(key) = parse_multikey(multikey) {
            return Ok(Self(Material::Ed25519(key)));
        }
        let base58 = multikey.strip_prefix('z').filter(|text| text.len() <= MULTIKEY_CHARS_MAX);
        let bytes = bs58::decode(base58.ok_or(MALFORMED)?).into_vec().map_err(|_| MALFORMED)?;
        match bytes.split_first_chunk::<2>() {
            Some((codec, point)) if *codec == P256_PREFIX && point.len() == P256_POINT_BYTES => {
                let jwk = p256_parse(point).map_err(|_| KeyError::BadPoint)?;
                let Params::EC(ECParams { x_coordinate: Some(x), y_coordinate: Some(y), .. }) = &jwk.params
                else {
                    return Err(KeyError::BadPoint);
                };
                let coordinate =
                    |uint: &Base64urlUInt| uint.0.as_slice().try_into().map_err(|_| KeyError::BadPoint);
                Ok(Self(Material::P256 { x: coordinate(x)?, y: coordinate(y)? }))
            }
            // An Ed25519 key that was not taken above is a bad one.
            Some((codec, _)) if *codec == [0xed, 0x01] => Err(KeyError::BadPoint),
            _ => Err(KeyError::Unsupported),
        }
    }

    fn from_rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, KeyError> {
        let bits = bit_length(&modulus).ok_or(KeyError::Malformed { member: "n" })?;
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        // An even modulus has the factor 2; with an even exponent, or 1, there is no signature to check.
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        if !is_odd(&modulus) {
            return Err(KeyError::Malformed { member: "n" });
        }
        let small = bit_length(&exponent).is_some_and(|bits| bits <= 64);
        let value = exponent.iter().take(8).fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        if !small || !is_odd(&exponent) || !(3..=RSA_EXPONENT_MAX).contains(&value) {
            return Err(KeyError::Malformed { member: "e" });
        }
        Ok(Self(Material::Rsa { modulus, exponent }))
    }

    fn from_ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::BadPoint)?;
        if key.is_weak() { Err(KeyError::BadPoint) } else { Ok(Self(Material::Ed25519(key))) }
    }

    fn from_p256(x: [u8; 32], y: [u8; 32]) -> Result<Self, KeyError> {
        let uncompressed = [&[0x04], x.as_slice(), y.as_slice()].concat();
        p256_parse(&uncompressed).map_err(|_| KeyError::BadPoint)?;
        Ok(Self(Material::P256 { x, y }))
    }

    /// The key as `ssi` takes it.
    pub(crate) fn to_jwk(&self) -> JWK {
        let uint = |bytes: &[u8]| Base64urlUInt(bytes.to_vec());
        JWK::from(match &self.0 {
            Material::Rsa { modulus, exponent } => Params::RSA(RSAParams::new_public(exponent, modulus)),
            Material::Ed25519(key) => Params::OKP(OctetParams {
                curve: "Ed25519".to_owned(),
                public_key: uint(key.as_bytes()),
                private_key: None,
            }),
            Material::P256 { x, y } => Params::EC(ECParams {
                curve: Some("P-256".to_owned()),
                x_coordinate: Some(uint(x)),
                y_coordinate: Some(uint(y)),
                ecc_private_key: None,
            }),
        })
    }
}

/// What the key says that it is for, where it says so.
///
/// SPEC: RFC 7517 §4.2, §4.3, §4.4.
fn check_purpose(jwk: &Value, algorithm: Option<Algorithm>) -> Result<(), KeyError> {
    if jwk.get("use").is_some_and(|purpose| purpose != "sig") {
        return Err(KeyError::Purpose { member: "use" });
    }
    let verifies = |operations: &Value| {
        operations.as_array().is_some_and(|operations| operations.iter().any(|each| each == "verify"))
    };
    if jwk.get("key_ops").is_some_and(|operations| !verifies(operations)) {
        return Err(KeyError::Purpose { member: "key_ops" });
    }
    match (jwk.get("alg"), algorithm) {
        (Some(alg), Some(algorithm)) if alg != algorithm.as_str() => Err(KeyError::Purpose { member: "alg" }),
        _ => Ok(()),
    }
}

fn text<'j>(jwk: &'j Value, member: &'static str) -> Result<&'j str, KeyError> {
    jwk.get(member).and_then(Value::as_str).ok_or(KeyError::Malformed { member })
}

fn bytes(jwk: &Value, member: &'static str) -> Result<Vec<u8>, KeyError> {
    BASE64URL_NOPAD.decode(text(jwk, member)?.as_bytes()).map_err(|_| KeyError::Malformed { member })
}

fn coordinate(jwk: &Value, member: &'static str) -> Result<[u8; 32], KeyError> {
    bytes(jwk, member)?.try_into().map_err(|_| KeyError::Malformed { member })
}

/// The length of a big-endian number in bits; `None` where it is empty or begins with a zero byte, which its one spelling
/// never does (RFC 7518 §2).
fn bit_length(number: &[u8]) -> Option<usize> {
    let first = number.first().filter(|first| **first != 0)?;
    let in_first = usize::try_from(u8::BITS - first.leading_zeros()).ok()?;
    Some((number.len() - 1) * 8 + in_first)
}
