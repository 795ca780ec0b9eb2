//! Strict JSON, records, presentations, status lists, bindings, proofs, identifiers.

use matricula_credential::binding::HolderBinding;
use matricula_credential::did::{DidDocument, DidWeb, VerificationMethod, did_key, parse_did_key};
use matricula_credential::presentation::{self, PresentationFile};
use matricula_credential::record::PortableRecord;
use matricula_credential::status::{
    ListCredential, PURPOSES_MAX, STATUS_ENTRIES_MAX, StatusList, entries_of,
};
use matricula_credential::{
    canonical_json, canonical_nquads, content, format_date_time, json, model, parse_date_time, proof,
};

/// The key that signed the seeds. Nobody who fuzzes has its secret.
const SIGNER: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

/// Strict JSON in canonical form is read back as the same document.
pub fn strict_json(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else { return };
    let canonical = canonical_json(&value).expect("a document that was read can be written");
    let again = json::parse(&canonical).expect("a canonical document can be read");
    assert_eq!(canonical_json(&again), Ok(canonical));
}

/// A portable record is read back as it was written.
pub fn portable_record(bytes: &[u8]) {
    let Ok(record) = PortableRecord::parse(bytes) else { return };
    let encoded = record.encode().expect("a record that was read can be written");
    assert_eq!(PortableRecord::parse(&encoded).map(|record| record.to_value()), Ok(record.to_value()));
}

/// A presentation is never empty, and is read back as it was written.
pub fn presentation_file(bytes: &[u8]) {
    let Ok(file) = PresentationFile::parse(bytes) else { return };
    assert!(!file.records().is_empty());
    let encoded = file.encode().expect("a presentation that was read can be written");
    assert_eq!(PresentationFile::parse(&encoded).map(|file| file.to_value()), Ok(file.to_value()));
    let _ = presentation::verify(file.presentation());
}

/// A status list stays within its bounds and survives the round trip.
pub fn status_list(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let Ok(list) = StatusList::decode(text.trim_end()) else { return };
    assert!(list.get(list.entries() - 1).is_ok());
    assert!(list.get(list.entries()).is_err());
    assert_eq!(StatusList::decode(&list.encode()), Ok(list));
}

/// Only the document that was signed verifies under the signer's key; everything else that reads credentials returns.
pub fn signed_credential(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else { return };
    let _ = (content::check(&value), model::classify(&value), model::facts(&value), entries_of(&value));
    let _ = canonical_nquads(&value);
    let Ok(proofs) = proof::verify(&value) else { return };
    for good in proofs.good().iter().filter(|good| good.verification_method.ends_with(SIGNER)) {
        assert_eq!(value["credentialSubject"]["alumniOf"], "The School of Examples", "{good:?}");
    }
}

/// A status list credential holds few lists, each under its bound.
pub fn status_list_credential(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else { return };
    let Ok(credential) = ListCredential::parse(&value) else { return };
    assert!(credential.lists.len() <= PURPOSES_MAX);
    assert!(credential.lists.iter().all(|(_, list)| list.entries() <= STATUS_ENTRIES_MAX));
}

/// A binding is read back as it was written.
pub fn holder_binding(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else { return };
    let Ok(binding) = HolderBinding::parse(&value) else { return };
    assert!(!binding.binds(&value));
    if let Ok(written) = binding.to_value() {
        assert_eq!(HolderBinding::parse(&written), Ok(binding));
    }
}

/// Identifiers, keys, documents and dates have one spelling, or are read back as the same.
pub fn identifiers(bytes: &[u8]) {
    if let Ok(value) = json::parse(bytes)
        && let Ok(document) = DidDocument::parse(&value)
    {
        assert_eq!(DidDocument::parse(&document.to_value()), Ok(document));
    }
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    if let Ok(did) = DidWeb::parse(text) {
        assert_eq!(DidWeb::parse(&did.encode()), Ok(did));
    }
    if let Ok(key) = parse_did_key(text) {
        assert_eq!(parse_did_key(&did_key(&key)), Ok(key));
    }
    if let Ok(method) = VerificationMethod::parse(text) {
        assert!(text.starts_with(&method.controller));
    }
    if let Ok(at) = parse_date_time(text)
        && let Ok(written) = format_date_time(at)
    {
        assert_eq!(parse_date_time(&written), Ok(at));
    }
}
