//! Keys and names of parties: multikeys, `did:key`, `did:web`, DID documents.
//!
//! A DID document says which keys a name has published. It is no accreditation: who may issue is read from the
//! ledger's registry, and where the two differ the registry wins.
//!
//! SPEC: Controlled Identifiers 1.0 §2.2.2 (Multikey), did:key v0.7, did:web.

use data_encoding::HEXLOWER;
use ed25519_dalek::VerifyingKey;
use serde_json::{Value, json};

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

/// A `did:web`: a host and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DidWeb {
    host: String,
    path: Vec<String>,
}

impl DidWeb {
    /// Reads `did:web:host[%3Aport][:segment…]`.
    ///
    /// # Errors
    /// [`DidError::NotDidWeb`] or [`DidError::TooLong`]. Refused are upper case letters in the host, IP literals in
    /// brackets, empty and dotted segments, and percent escapes other than that of the port.
    pub fn parse(did: &str) -> Result<Self, DidError> {
        bounded(did)?;
        let mut parts = did.strip_prefix("did:web:").ok_or(DidError::NotDidWeb)?.split(':');
        let host = parts.next().filter(|host| is_host(host)).ok_or(DidError::NotDidWeb)?;
        let path: Vec<String> = parts.map(str::to_owned).collect();
        if path.iter().all(|segment| is_segment(segment)) {
            Ok(Self { host: host.replace("%3A", ":"), path })
        } else {
            Err(DidError::NotDidWeb)
        }
    }

    /// The identifier.
    pub fn encode(&self) -> String {
        let mut did = format!("did:web:{}", self.host.replace(':', "%3A"));
        for segment in &self.path {
            did.push(':');
            did.push_str(segment);
        }
        did
    }

    /// Where the document is published.
    pub fn document_url(&self) -> String {
        if self.path.is_empty() {
            format!("https://{}/.well-known/did.json", self.host)
        } else {
            format!("https://{}/{}/did.json", self.host, self.path.join("/"))
        }
    }

    /// Reads the URL of a document back to its identifier.
    ///
    /// # Errors
    /// [`DidError::NotDidWeb`] when the URL cannot be that of a document.
    pub fn from_document_url(url: &str) -> Result<Self, DidError> {
        let rest = url.strip_prefix("https://").ok_or(DidError::NotDidWeb)?;
        let (host, path) = rest.split_once('/').ok_or(DidError::NotDidWeb)?;
        let path = path.strip_suffix("did.json").ok_or(DidError::NotDidWeb)?;
        let segments = match path.strip_suffix('/') {
            Some(".well-known") => String::new(),
            Some(segments) if !segments.is_empty() => format!(":{}", segments.replace('/', ":")),
            _ => return Err(DidError::NotDidWeb),
        };
        Self::parse(&format!("did:web:{}{segments}", host.replace(':', "%3A")))
    }
}

/// A DID document with its Ed25519 keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DidDocument {
    /// The DID.
    pub id: String,
    /// Keys that may sign credentials.
    pub assertion: Vec<VerifyingKey>,
    /// Keys that may authenticate.
    pub authentication: Vec<VerifyingKey>,
}

/// Most verification methods read from one document.
pub const METHODS_MAX: usize = 64;

impl DidDocument {
    /// Writes the document, each key as Multikey.
    pub fn to_value(&self) -> Value {
        let mut keys: Vec<&VerifyingKey> = Vec::new();
        for key in self.assertion.iter().chain(&self.authentication) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let ids = |keys: &[VerifyingKey]| -> Vec<String> {
            keys.iter().map(|key| verification_method(&self.id, key)).collect()
        };
        let methods: Vec<Value> = keys.into_iter().map(|key| multikey_method(&self.id, key)).collect();
        json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
            "id": self.id,
            "verificationMethod": methods,
            "assertionMethod": ids(&self.assertion),
            "authentication": ids(&self.authentication),
        })
    }

    /// Reads a document, and its methods of type Multikey with an Ed25519 key; others are passed over.
    ///
    /// # Errors
    /// [`DidError::Document`], or [`DidError::ForeignController`] when a method is not the document's own.
    pub fn parse(document: &Value) -> Result<Self, DidError> {
        let id = document["id"].as_str().ok_or(DidError::Document { member: "id" })?;
        bounded(id)?;
        let methods = match &document["verificationMethod"] {
            Value::Null => &[][..],
            Value::Array(methods) if methods.len() <= METHODS_MAX => methods,
            _ => return Err(DidError::Document { member: "verificationMethod" }),
        };
        Ok(Self {
            id: id.to_owned(),
            assertion: relationship(document, id, methods, "assertionMethod")?,
            authentication: relationship(document, id, methods, "authentication")?,
        })
    }
}

fn multikey_method(controller: &str, key: &VerifyingKey) -> Value {
    json!({
        "id": verification_method(controller, key),
        "type": "Multikey",
        "controller": controller,
        "publicKeyMultibase": encode_multikey(key),
    })
}

/// The keys of one verification relationship, whose entries are references or embedded methods.
fn relationship(
    document: &Value,
    id: &str,
    methods: &[Value],
    member: &'static str,
) -> Result<Vec<VerifyingKey>, DidError> {
    let entries = match &document[member] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(entries) if entries.len() <= METHODS_MAX => entries,
        _ => return Err(DidError::Document { member }),
    };
    let mut keys = Vec::new();
    for entry in entries {
        let method = match entry {
            Value::String(reference) => methods.iter().find(|method| same_method(method, id, reference)),
            embedded => Some(embedded),
        };
        keys.extend(method_key(method.ok_or(DidError::Document { member })?, id)?);
    }
    Ok(keys)
}

/// References may leave out the DID before the fragment.
fn same_method(method: &Value, id: &str, reference: &str) -> bool {
    let absolute = |text: &str| if text.starts_with('#') { format!("{id}{text}") } else { text.to_owned() };
    method["id"].as_str().is_some_and(|own| absolute(own) == absolute(reference))
}

fn method_key(method: &Value, id: &str) -> Result<Option<VerifyingKey>, DidError> {
    if method["controller"].as_str() != Some(id) {
        return Err(DidError::ForeignController { id: id.to_owned() });
    }
    if method["type"].as_str() != Some("Multikey") {
        return Ok(None);
    }
    let multibase =
        method["publicKeyMultibase"].as_str().ok_or(DidError::Document { member: "publicKeyMultibase" })?;
    match parse_multikey(multibase) {
        Ok(key) => Ok(Some(key)),
        Err(DidError::UnsupportedKey { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn bounded(did: &str) -> Result<(), DidError> {
    if did.len() > DID_BYTES_MAX { Err(DidError::TooLong { bytes: did.len() }) } else { Ok(()) }
}

fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once("%3A").map_or((text, None), |(name, port)| (name, Some(port)));
    let port_is_good = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|p| p.to_string() == port));
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    port_is_good && name.split('.').all(label)
}

fn is_segment(text: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    !matches!(text, "" | "." | "..") && text.bytes().all(letters)
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

    #[test]
    fn maps_did_web_to_urls_and_back() {
        for (did, url) in [
            ("did:web:hn.example", "https://hn.example/.well-known/did.json"),
            ("did:web:hn.example:schools:lempira", "https://hn.example/schools/lempira/did.json"),
            ("did:web:localhost%3A8443:a", "https://localhost:8443/a/did.json"),
        ] {
            let parsed = DidWeb::parse(did).unwrap();
            assert_eq!((parsed.encode().as_str(), parsed.document_url().as_str()), (did, url));
            assert_eq!(DidWeb::from_document_url(url), Ok(parsed));
        }
    }

    #[test]
    fn refuses_did_webs_that_reach_elsewhere() {
        for did in [
            "did:web:",
            "did:web:HN.example",
            "did:web:hn.example:..:x",
            "did:web:hn.example:",
            "did:web:hn.example/x",
            "did:web:hn.example%2Fx",
            "did:web:user@hn.example",
            "did:web:hn.example%3A99999",
            "did:web:[::1]",
            "did:key:z6Mk",
        ] {
            assert_eq!(DidWeb::parse(did), Err(DidError::NotDidWeb), "{did}");
        }
    }

    #[test]
    fn documents_survive_the_round_trip() {
        let document = DidDocument {
            id: "did:web:hn.example".to_owned(),
            assertion: vec![parse_multikey(KEY).unwrap()],
            authentication: vec![],
        };
        assert_eq!(DidDocument::parse(&document.to_value()), Ok(document));
    }

    #[test]
    fn refuses_a_method_controlled_by_somebody_else() {
        let mut value = DidDocument {
            id: "did:web:hn.example".to_owned(),
            assertion: vec![parse_multikey(KEY).unwrap()],
            authentication: vec![],
        }
        .to_value();
        value["verificationMethod"][0]["controller"] = json!("did:web:other.example");
        assert_eq!(
            DidDocument::parse(&value),
            Err(DidError::ForeignController { id: "did:web:hn.example".to_owned() })
        );
    }
}
