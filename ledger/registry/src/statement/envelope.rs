//! The COSE_Sign1 around a payload, with its countersignatures.

use coset::{
    Algorithm, AsCborValue, CborSerializable, ContentType, CoseSign1, CoseSignature, Header, HeaderBuilder,
    Label, ProtectedHeader, TaggedCborSerializable, cbor::Value, iana,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use matricula_tlog::Hash;

use crate::{
    identity::{LogOrigin, PublicKey, StatementId},
    statement::{Part, SignatureError, StatementError, StatementHeader, check_cbor, writer::Writer},
};

/// The media type of a payload.
const CONTENT_TYPE: &str = "application/matricula-statement+cbor";
/// First byte of an entry: CBOR tag 18.
const TAG_SIGN1: u8 = 0xd2;
/// Most countersignatures: an approver's, and the authority's on a batch that comes after the
/// institution's rights have ended.
const COUNTERSIGNATURES_MAX: usize = 2;
/// Private header labels, in the order of their encodings.
const NONCE: &str = "nonce";
const ORIGIN: &str = "origin";
const REPLACES: &str = "replaces";
/// SPEC: RFC 9338 §3.1.
const COUNTERSIGNATURE_V2: i64 = iana::HeaderParameter::CounterSignatureV2 as i64;

/// The parts of a COSE_Sign1, each as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) header: StatementHeader,
    pub(super) countersignatures: Vec<Countersignature>,
    protected: Vec<u8>,
    payload: Vec<u8>,
    signature: [u8; 64],
}

/// A COSE_Countersignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Countersignature {
    key: PublicKey,
    protected: Vec<u8>,
    signature: [u8; 64],
}

impl Countersignature {
    pub(super) const fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl Envelope {
    /// Reads an entry that is known to be deterministic CBOR of bounded depth.
    pub(super) fn parse(entry: &[u8]) -> Result<Self, StatementError> {
        if entry.first() != Some(&TAG_SIGN1) {
            return Err(StatementError::NotTaggedSign1);
        }
        let sign1 = CoseSign1::from_tagged_slice(entry).map_err(not_sign1)?;
        let (protected, header) = opened(sign1.protected, Part::ProtectedHeader)?;
        let countersignatures = read_unprotected(sign1.unprotected)?;
        Ok(Self {
            header: read_header(header)?,
            countersignatures,
            protected,
            payload: sign1
                .payload
                .ok_or_else(|| StatementError::NotSign1 { detail: "no payload".to_owned() })?,
            signature: read_signature(&sign1.signature)?,
        })
    }

    pub(super) fn sign(header: StatementHeader, payload: Vec<u8>, key: &SigningKey) -> Self {
        let protected = serialized(header_builder(&header).build());
        let signature = key.sign(&signed_bytes(&protected, &payload)).to_bytes();
        Self { header, countersignatures: Vec::new(), protected, payload, signature }
    }

    pub(super) fn countersign(&self, key: &SigningKey) -> Self {
        let public = PublicKey::from(&key.verifying_key());
        let protected = serialized(signer_builder(&public).build());
        let signature = key.sign(&self.countersigned_bytes(&protected)).to_bytes();
        let mut envelope = self.clone();
        envelope.countersignatures.push(Countersignature { key: public, protected, signature });
        envelope.countersignatures.sort_by_key(|countersignature| countersignature.key);
        envelope
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let signatures: Vec<CoseSignature> =
            self.countersignatures.iter().map(encode_countersignature).collect();
        let sign1 = CoseSign1 {
            protected: ProtectedHeader {
                original_data: Some(self.protected.clone()),
                header: Header::default(),
            },
            unprotected: unprotected(signatures),
            payload: Some(self.payload.clone()),
            signature: self.signature.to_vec(),
        };
        sign1.to_tagged_vec().expect("invariant: headers made here have distinct labels")
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn verify(&self) -> Result<(), SignatureError> {
        let signer = self.header.signer;
        if !verifies(&signer, &signed_bytes(&self.protected, &self.payload), &self.signature)? {
            return Err(SignatureError::SignatureWrong { signer });
        }
        for Countersignature { key, protected, signature } in &self.countersignatures {
            if !verifies(key, &self.countersigned_bytes(protected), signature)? {
                return Err(SignatureError::CountersignatureWrong { countersigner: *key });
            }
        }
        Ok(())
    }

    /// SPEC: RFC 9338 §3.3. The target has a third byte string, its signature, so the structure is the
    /// one of version 2.
    fn countersigned_bytes(&self, sign_protected: &[u8]) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(6);
        out.text("CounterSignatureV2");
        out.bytes(&self.protected);
        out.bytes(sign_protected);
        out.bytes(&[]);
        out.bytes(&self.payload);
        out.array(1);
        out.bytes(&self.signature);
        out.into_bytes()
    }
}

/// SPEC: RFC 9052 §4.4.
fn signed_bytes(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.array(4);
    out.text("Signature1");
    out.bytes(protected);
    out.bytes(&[]);
    out.bytes(payload);
    out.into_bytes()
}

fn verifies(key: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Result<bool, SignatureError> {
    let unusable = SignatureError::KeyUnusable { key: *key };
    let key = VerifyingKey::from_bytes(key.as_bytes()).map_err(|_| unusable)?;
    Ok(key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// Takes a protected header apart: its bytes, checked for determinism, and what they say.
fn opened(protected: ProtectedHeader, part: Part) -> Result<(Vec<u8>, Header), StatementError> {
    let bytes = protected.original_data.unwrap_or_default();
    if bytes.is_empty() {
        return Err(StatementError::MissingHeader { label: "alg" });
    }
    check_cbor(part, &bytes)?;
    Ok((bytes, protected.header))
}

fn read_header(header: Header) -> Result<StatementHeader, StatementError> {
    let signer = read_signer(&header)?;
    match &header.content_type {
        None => return Err(StatementError::MissingHeader { label: "content type" }),
        Some(ContentType::Text(text)) if text == CONTENT_TYPE => {}
        Some(_) => return Err(StatementError::ContentType),
    }
    let (mut nonce, mut origin, mut replaces) = (None, None, None);
    for (label, value) in header.rest {
        match &label {
            Label::Text(text) if text == NONCE => nonce = Some(read_bytes("nonce", value)?),
            Label::Text(text) if text == ORIGIN => origin = Some(read_origin(value)?),
            Label::Text(text) if text == REPLACES => replaces = Some(read_bytes("replaces", value)?),
            _ => return Err(unknown_label(&label)),
        }
    }
    Ok(StatementHeader {
        signer,
        origin: origin.ok_or(StatementError::MissingHeader { label: ORIGIN })?,
        nonce: nonce.ok_or(StatementError::MissingHeader { label: NONCE })?,
        replaces: replaces.map(|leaf| StatementId::new(Hash::from_bytes(leaf))),
    })
}

/// Reads what the headers of signatures and countersignatures have in common, and refuses the rest
/// of COSE's own labels.
fn read_signer(header: &Header) -> Result<PublicKey, StatementError> {
    let unused = [
        ("crit", header.crit.is_empty()),
        ("iv", header.iv.is_empty()),
        ("partial iv", header.partial_iv.is_empty()),
        ("counter signature", header.counter_signatures.is_empty()),
    ];
    if let Some((label, _)) = unused.iter().find(|(_, absent)| !absent) {
        return Err(StatementError::UnknownHeader { label: (*label).to_owned() });
    }
    match &header.alg {
        None => return Err(StatementError::MissingHeader { label: "alg" }),
        Some(Algorithm::Assigned(iana::Algorithm::EdDSA)) => {}
        Some(_) => return Err(StatementError::AlgorithmNotEddsa),
    }
    let kid: &[u8] = &header.key_id;
    let key = kid.try_into().map_err(|_| StatementError::KeyIdLength { got: kid.len() })?;
    Ok(PublicKey::from_bytes(key))
}

fn read_unprotected(mut header: Header) -> Result<Vec<Countersignature>, StatementError> {
    let rest = core::mem::take(&mut header.rest);
    if !header.is_empty() {
        return Err(StatementError::UnknownHeader { label: "COSE's own, unprotected".to_owned() });
    }
    if let Some((label, _)) = rest.iter().find(|(label, _)| *label != Label::Int(COUNTERSIGNATURE_V2)) {
        return Err(unknown_label(label));
    }
    let Some((_, value)) = rest.into_iter().next() else {
        return Ok(Vec::new());
    };
    let countersignatures: Vec<Countersignature> =
        read_signatures(value)?.into_iter().map(read_countersignature).collect::<Result<_, _>>()?;
    if countersignatures.len() > COUNTERSIGNATURES_MAX {
        let got = countersignatures.len();
        return Err(StatementError::CountersignatureCount { got, max: COUNTERSIGNATURES_MAX });
    }
    if countersignatures.windows(2).any(|pair| pair[0].key >= pair[1].key) {
        return Err(StatementError::CountersignatureOrder);
    }
    Ok(countersignatures)
}

/// One countersignature stands alone, several stand in a list: a list of one would be a second way
/// to write the same.
fn read_signatures(value: Value) -> Result<Vec<CoseSignature>, StatementError> {
    let Value::Array(items) = value else {
        return Err(StatementError::WrongType { field: "countersignature" });
    };
    match items.first() {
        Some(Value::Array(_)) if items.len() > 1 => {
            items.into_iter().map(|item| CoseSignature::from_cbor_value(item).map_err(not_sign1)).collect()
        }
        Some(Value::Bytes(_)) => {
            Ok(vec![CoseSignature::from_cbor_value(Value::Array(items)).map_err(not_sign1)?])
        }
        _ => Err(StatementError::WrongType { field: "countersignature" }),
    }
}

fn read_countersignature(signature: CoseSignature) -> Result<Countersignature, StatementError> {
    let (protected, header) = opened(signature.protected, Part::CountersignatureHeader)?;
    let key = read_signer(&header)?;
    if header.content_type.is_some() {
        return Err(StatementError::UnknownHeader { label: "content type".to_owned() });
    }
    if let Some((label, _)) = header.rest.first() {
        return Err(unknown_label(label));
    }
    if !signature.unprotected.is_empty() {
        return Err(StatementError::UnknownHeader { label: "countersignature, unprotected".to_owned() });
    }
    Ok(Countersignature { key, protected, signature: read_signature(&signature.signature)? })
}

fn read_signature(bytes: &[u8]) -> Result<[u8; 64], StatementError> {
    bytes.try_into().map_err(|_| StatementError::SignatureLength { got: bytes.len() })
}

fn read_bytes<const N: usize>(field: &'static str, value: Value) -> Result<[u8; N], StatementError> {
    let Value::Bytes(bytes) = value else { return Err(StatementError::WrongType { field }) };
    bytes.as_slice().try_into().map_err(|_| StatementError::BytesLength { field, got: bytes.len(), want: N })
}

fn read_origin(value: Value) -> Result<LogOrigin, StatementError> {
    match value {
        Value::Text(text) => LogOrigin::parse(&text),
        _ => Err(StatementError::WrongType { field: "origin" }),
    }
}

fn signer_builder(key: &PublicKey) -> HeaderBuilder {
    HeaderBuilder::new().algorithm(iana::Algorithm::EdDSA).key_id(key.as_bytes().to_vec())
}

fn header_builder(header: &StatementHeader) -> HeaderBuilder {
    let builder = signer_builder(&header.signer)
        .content_type(CONTENT_TYPE.to_owned())
        .text_value(NONCE.to_owned(), Value::Bytes(header.nonce.to_vec()))
        .text_value(ORIGIN.to_owned(), Value::Text(header.origin.as_str().to_owned()));
    match header.replaces {
        None => builder,
        Some(id) => builder.text_value(REPLACES.to_owned(), Value::Bytes(id.get().as_bytes().to_vec())),
    }
}

fn serialized(header: Header) -> Vec<u8> {
    header.to_vec().expect("invariant: headers made here have distinct labels")
}

fn encode_countersignature(countersignature: &Countersignature) -> CoseSignature {
    let Countersignature { protected, signature, .. } = countersignature;
    CoseSignature {
        protected: ProtectedHeader { original_data: Some(protected.clone()), header: Header::default() },
        unprotected: Header::default(),
        signature: signature.to_vec(),
    }
}

fn unprotected(signatures: Vec<CoseSignature>) -> Header {
    let mut values: Vec<Value> = signatures
        .into_iter()
        .map(|signature| {
            signature.to_cbor_value().expect("invariant: headers made here have distinct labels")
        })
        .collect();
    match values.len() {
        0 => Header::default(),
        1 => HeaderBuilder::new().value(COUNTERSIGNATURE_V2, values.remove(0)).build(),
        _ => HeaderBuilder::new().value(COUNTERSIGNATURE_V2, Value::Array(values)).build(),
    }
}

fn not_sign1(error: coset::CoseError) -> StatementError {
    StatementError::NotSign1 { detail: error.to_string() }
}

fn unknown_label(label: &Label) -> StatementError {
    let label = match label {
        Label::Int(number) => number.to_string(),
        Label::Text(text) => text.clone(),
    };
    StatementError::UnknownHeader { label }
}
