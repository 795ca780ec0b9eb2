//! What learners carry and show: records, presentations, bindings.

#![allow(dead_code, clippy::unwrap_used)]

mod school;

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use matricula_credential::binding::{BindingError, HolderBinding};
use matricula_credential::commitment::{BatchSeed, BatchTree, CredentialDigest, Salt, commit};
use matricula_credential::did::{did_key, verification_method};
use matricula_credential::model::diploma;
use matricula_credential::presentation::{self, PresentationError, PresentationFile, PresentationRequest};
use matricula_credential::proof::{self, Cryptosuite, ProofError, ProofOptions, ProofPurpose};
use matricula_credential::record::{
    LedgerEvidence, LoggedStatement, NESTED_EVIDENCE_MAX, NestedEvidence, PortableRecord, RecordError,
};
use matricula_credential::{canonical_nquads, content};
use matricula_tlog::{Hash, UnixSeconds};
use serde_json::{Value, json};

use school::{ISSUED, SCHOOL, header, programme, results, school_key, signed};

fn logged(fill: u8) -> LoggedStatement {
    LoggedStatement {
        statement: vec![fill; 90],
        log_proof: format!("c2sp.org/tlog-proof@v1\nindex {fill}\n"),
    }
}

/// A record whose commitment really is in a batch tree.
fn record(number: u8) -> (PortableRecord, Hash) {
    let unsigned =
        diploma(&header(number, "Ofelia", "Santiago"), &programme(), "Título", &results()).unwrap();
    let credential = signed(&unsigned, Cryptosuite::EddsaJcs2022);
    let salt = Salt::from_bytes([number; 32]);
    let commitment = commit(&salt, &CredentialDigest::of(&credential).unwrap());
    let tree = BatchTree::build(&[commitment], &BatchSeed::from_bytes([5; 32])).unwrap();
    let path = tree.path(0).unwrap();
    let evidence = LedgerEvidence { salt, path, batch: logged(1), accreditation: vec![logged(2), logged(3)] };
    (PortableRecord { evidence: Some(evidence), ..PortableRecord::bare(credential) }, tree.root())
}

fn holder_key() -> SigningKey {
    SigningKey::from_bytes(&[99; 32])
}

fn request() -> PresentationRequest {
    PresentationRequest {
        challenge: "b4f1".to_owned(),
        domain: "https://employer.example".to_owned(),
        created: UnixSeconds::new(ISSUED.get() + 60),
        expires: Some(UnixSeconds::new(ISSUED.get() + 660)),
    }
}

#[test]
fn a_record_survives_the_round_trip_and_its_path_leads_to_the_root() {
    let (record, root) = record(1);
    let read = PortableRecord::parse(&record.encode().unwrap()).unwrap();
    assert_eq!(read, record);
    let evidence = read.evidence.unwrap();
    let commitment = commit(&evidence.salt, &CredentialDigest::of(&read.credential).unwrap());
    assert_eq!(evidence.path.verify(&commitment, &root), Ok(()));
}

#[test]
fn a_record_may_leave_the_ledger_part_out_but_not_half_of_it() {
    let (mut record, _) = record(1);
    let whole = record.to_value();
    record.evidence = None;
    assert_eq!(PortableRecord::from_value(&record.to_value()), Ok(record));
    for missing in ["commitment", "statement", "logProof", "accreditation"] {
        let mut half = whole.clone();
        half.as_object_mut().unwrap().remove(missing);
        assert_eq!(PortableRecord::from_value(&half), Err(RecordError::IncompleteEvidence { missing }));
    }
}

/// A record of a transcript that holds this many others, with evidence for each.
fn holding(count: usize) -> PortableRecord {
    let (outer, _) = record(1);
    let mut credential = outer.credential.clone();
    let id = |number: usize| format!("urn:uuid:inside-{number}");
    let inside: Vec<Value> = (0..count).map(|number| json!({"id": id(number)})).collect();
    credential["credentialSubject"]["verifiableCredential"] = Value::Array(inside);
    let evidence = outer.evidence.unwrap();
    let nested = |number| NestedEvidence { credential_id: id(number), evidence: evidence.clone() };
    PortableRecord { nested: (0..count).map(nested).collect(), ..PortableRecord::bare(credential) }
}

#[test]
fn evidence_for_what_is_inside_survives_the_round_trip() {
    for count in [0, 1, NESTED_EVIDENCE_MAX] {
        let record = holding(count);
        assert_eq!(PortableRecord::parse(&record.encode().unwrap()), Ok(record.clone()), "{count}");
        assert_eq!(record.to_value().get("nested").is_some(), count > 0);
    }
}

#[test]
fn refuses_evidence_inside_that_is_none_or_too_much() {
    let id = |number: usize| format!("urn:uuid:inside-{number}");
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut changed = holding(2).to_value();
        change(&mut changed);
        PortableRecord::from_value(&changed).unwrap_err()
    };
    let member = |pointer: &str| RecordError::Member { pointer: pointer.to_owned() };
    assert_eq!(refused(&|record| record["nested"] = json!({})), member("/nested"));
    assert_eq!(refused(&|record| record["nested"][1] = json!("text")), member("/nested/1"));
    assert_eq!(
        refused(&|record| record["nested"][0]["credentialId"] = json!("urn:uuid:elsewhere")),
        RecordError::NestedUnmatched { id: "urn:uuid:elsewhere".to_owned() }
    );
    assert_eq!(
        refused(&|record| record["nested"][1]["credentialId"] = json!(id(0))),
        RecordError::NestedTwice { id: id(0) }
    );
    let bare = json!({"credentialId": id(0)});
    assert_eq!(
        refused(&|record| record["nested"][0] = bare.clone()),
        RecordError::IncompleteEvidence { missing: "commitment" }
    );
    for deeper in ["nested", "binding", "credential"] {
        let unknown = RecordError::UnknownMember { pointer: format!("/nested/0/{deeper}") };
        assert_eq!(refused(&|record| record["nested"][0][deeper] = json!([])), unknown);
    }
    let many = holding(NESTED_EVIDENCE_MAX + 1).to_value();
    assert_eq!(PortableRecord::from_value(&many), Err(member("/nested")));
}

#[test]
fn refuses_records_that_are_not_exactly_records() {
    let whole = record(1).0.to_value();
    let member = |pointer: &str| RecordError::Member { pointer: pointer.to_owned() };
    let unknown = |pointer: &str| RecordError::UnknownMember { pointer: pointer.to_owned() };
    // The same bytes in a second spelling: two padded texts in a row.
    let hash = format!("{}{}", BASE64.encode(&[0; 1]), BASE64.encode(&[0; 31]));
    let cases: [(&str, Value, RecordError); 17] = [
        ("/type", json!("MatriculaRecord"), RecordError::NotARecord),
        ("/version", json!(2), RecordError::Version),
        ("/version", json!("1"), RecordError::Version),
        ("/credential", json!("text"), member("/credential")),
        ("/commitment/salt", json!("AAAA"), member("/commitment/salt")),
        ("/commitment/leafIndex", json!(-1), member("/commitment/leafIndex")),
        ("/commitment/leaves", json!(64.5), member("/commitment/leaves")),
        ("/commitment/path/0", json!("AAAA"), member("/commitment/path")),
        ("/commitment/path/0", json!(hash), member("/commitment/path")),
        ("/commitment/path", json!(vec!["AAAA"; 21]), member("/commitment/path")),
        ("/statement", json!("***"), member("/statement")),
        ("/statement", json!(""), member("/statement")),
        ("/statement", json!("AA==AA=="), member("/statement")),
        ("/logProof", json!("x".repeat(1 << 20)), member("/logProof")),
        ("/accreditation/1/statement", json!(7), member("/accreditation/1/statement")),
        ("/accreditation", json!(vec![json!({}); 65]), member("/accreditation")),
        (
            "/accreditation/0",
            json!({"statement": "AA==", "logProof": "", "x": 1}),
            unknown("/accreditation/0/x"),
        ),
    ];
    for (pointer, value, error) in cases {
        let mut changed = whole.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert_eq!(PortableRecord::from_value(&changed), Err(error), "{pointer}");
    }
    let mut more = whole.clone();
    more["remark"] = json!("x");
    assert_eq!(PortableRecord::from_value(&more), Err(unknown("/remark")));
}

#[test]
fn a_presentation_survives_the_round_trip_with_its_evidence() {
    let records = vec![record(1).0, PortableRecord { evidence: None, ..record(2).0 }];
    let file = PresentationFile::sign(records.clone(), &request(), &holder_key()).unwrap();
    let read = PresentationFile::parse(&file.encode().unwrap()).unwrap();
    assert_eq!(read, file);
    assert_eq!(read.records(), records);
    let verified = presentation::verify(read.presentation()).unwrap();
    assert_eq!(verified.holder, did_key(&holder_key().verifying_key()));
    assert_eq!((verified.challenge.as_str(), verified.domains.as_slice()), ("b4f1", &[request().domain][..]));
    assert_eq!(canonical_nquads(file.presentation()).map(|_| ()), Ok(()));
}

#[test]
fn refuses_presentations_of_nothing() {
    assert_eq!(PresentationFile::sign(vec![], &request(), &holder_key()), Err(PresentationError::Empty));
    let whole = PresentationFile::sign(vec![record(1).0], &request(), &holder_key()).unwrap().to_value();
    let mut empty = whole.clone();
    empty["presentation"]["verifiableCredential"] = json!([]);
    assert_eq!(PresentationFile::from_value(&empty), Err(PresentationError::Empty));
    assert_eq!(presentation::verify(&empty["presentation"]), Err(PresentationError::Empty));
    empty["presentation"].as_object_mut().unwrap().remove("verifiableCredential");
    assert_eq!(presentation::verify(&empty["presentation"]), Err(PresentationError::Empty));
}

#[test]
fn refuses_presentations_that_do_not_fit_together() {
    let twice = vec![record(1).0, record(1).0];
    let id = record(1).0.credential["id"].as_str().unwrap().to_owned();
    assert_eq!(
        PresentationFile::sign(twice, &request(), &holder_key()),
        Err(PresentationError::Duplicate { id: id.clone() })
    );
    let whole = PresentationFile::sign(vec![record(1).0], &request(), &holder_key()).unwrap().to_value();
    let mut stray = whole.clone();
    stray["evidence"][0]["credentialId"] = json!("urn:uuid:other");
    assert_eq!(
        PresentationFile::from_value(&stray),
        Err(PresentationError::Unmatched { id: "urn:uuid:other".to_owned() })
    );
    let mut double = whole.clone();
    let first = double["evidence"][0].clone();
    double["evidence"].as_array_mut().unwrap().push(first);
    assert_eq!(PresentationFile::from_value(&double), Err(PresentationError::Duplicate { id }));
    let mut other = whole.clone();
    other["version"] = json!(2);
    assert_eq!(PresentationFile::from_value(&other), Err(PresentationError::Version));
    assert_eq!(PresentationFile::from_value(&json!({})), Err(PresentationError::NotAPresentation));
}

#[test]
fn refuses_presentations_signed_by_somebody_else_or_for_something_else() {
    let file = PresentationFile::sign(vec![record(1).0], &request(), &holder_key()).unwrap();
    let mut stolen = file.presentation().clone();
    stolen["holder"] = json!(did_key(&school_key().verifying_key()));
    assert_eq!(
        presentation::verify(&stolen),
        Err(PresentationError::Proof(ProofError::Signature { index: 0 }))
    );

    let mut unsigned = file.presentation().clone();
    unsigned.as_object_mut().unwrap().remove("proof");
    assert_eq!(presentation::verify(&unsigned), Err(PresentationError::Proof(ProofError::NoProof)));

    let key = holder_key();
    let base = ProofOptions {
        purpose: ProofPurpose::Authentication,
        ..ProofOptions::assertion(
            Cryptosuite::EddsaJcs2022,
            verification_method(&did_key(&key.verifying_key()), &key.verifying_key()),
            ISSUED,
        )
    };
    let resigned = |options: &ProofOptions, key: &SigningKey| {
        presentation::verify(&proof::sign(&unsigned, options, key).unwrap())
    };
    assert_eq!(resigned(&base, &key), Err(PresentationError::NoChallenge));
    let asserted = ProofOptions { purpose: ProofPurpose::AssertionMethod, ..base.clone() };
    assert_eq!(resigned(&asserted, &key), Err(PresentationError::NotTheHolder));
    let thief = school_key();
    let method = verification_method(&did_key(&thief.verifying_key()), &thief.verifying_key());
    let by_thief = ProofOptions { verification_method: method, challenge: Some("b4f1".to_owned()), ..base };
    assert_eq!(resigned(&by_thief, &thief), Err(PresentationError::NotTheHolder));
}

fn binding(credential: &Value) -> HolderBinding {
    HolderBinding {
        id: "urn:uuid:7f1f8a52-64f5-45b9-9a4c-111111111111".to_owned(),
        issuer: SCHOOL.to_owned(),
        valid_from: ISSUED,
        holder: holder_key().verifying_key(),
        credential_id: credential["id"].as_str().unwrap().to_owned(),
        credential_digest: CredentialDigest::of(credential).unwrap(),
        status: vec![],
    }
}

#[test]
fn a_binding_binds_one_credential_and_no_other() {
    let (first, second) = (record(1).0.credential, record(2).0.credential);
    let signed = signed(&binding(&first).to_value().unwrap(), Cryptosuite::EddsaJcs2022);
    assert!(proof::verify(&signed).is_ok());
    assert_eq!(content::check(&signed), vec![]);
    assert!(canonical_nquads(&signed).is_ok());
    let read = HolderBinding::parse(&signed).unwrap();
    assert_eq!(read, binding(&first));
    assert!(read.binds(&first));
    assert!(!read.binds(&second));
    let mut corrected = first.clone();
    corrected["name"] = json!("Otro título");
    assert!(!read.binds(&corrected));
    let foreign = HolderBinding { issuer: "did:web:other.example".to_owned(), ..read };
    assert!(!foreign.binds(&first));
}

#[test]
fn refuses_bindings_with_a_part_missing() {
    let whole = binding(&record(1).0.credential).to_value().unwrap();
    for (pointer, value, member) in [
        ("/type", json!(["VerifiableCredential"]), "type"),
        ("/credentialSubject/id", json!("did:web:hn.example"), "id"),
        ("/credentialSubject/ext:credentialDigest", json!("ABCD"), "ext:credentialDigest"),
        ("/credentialSubject/ext:credentialId", json!(7), "ext:credentialId"),
        ("/issuer", json!({}), "issuer"),
    ] {
        let mut changed = whole.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert_eq!(HolderBinding::parse(&changed), Err(BindingError::Member { member }), "{pointer}");
    }
}
