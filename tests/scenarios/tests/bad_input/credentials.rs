//! JSON, credentials, records, presentations, status lists, bindings, identifiers.

use matricula_credential::binding::HolderBinding;
use matricula_credential::commitment::Salt;
use matricula_credential::did::{DidDocument, DidWeb, VerificationMethod};
use matricula_credential::presentation::{PresentationFile, PresentationRequest, verify};
use matricula_credential::record::PortableRecord;
use matricula_credential::status::{ListCredential, StatusList};
use matricula_credential::{canonical_json, json, parse_date_time, proof};
use serde_json::Value;

use crate::country::{Country, at, bind, key, signed_diploma};
use crate::ledger::text_of;
use crate::mutation::encoded_bomb;
use crate::parser::{Form, Outcome, Parser, Promise, outcome, try_all};

fn json_of(bytes: &[u8], read: impl FnOnce(&Value) -> Outcome) -> Outcome {
    match json::parse(bytes) {
        Ok(value) => read(&value),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

fn canonical(value: &Value) -> Vec<u8> {
    canonical_json(value).unwrap()
}

/// What a proof covers, where it is good.
fn proven(value: &Value) -> Outcome {
    let mut covered = value.clone();
    let by = |proofs: proof::VerifiedProofs| {
        covered.as_object_mut().unwrap().remove("proof");
        let methods: Vec<&str> = proofs.good().iter().map(|good| good.verification_method.as_str()).collect();
        [canonical(&covered), methods.concat().into_bytes()].concat()
    };
    outcome(proof::verify(value), by)
}

#[test]
fn json_and_identifiers() {
    let document = DidDocument {
        id: "did:web:hn.example".to_owned(),
        assertion: vec![key(1).verifying_key()],
        authentication: Vec::new(),
    };
    let method =
        matricula_credential::did::verification_method("did:web:hn.example", &key(1).verifying_key());
    try_all(&[
        Parser::new("strict JSON", Form::Json, Promise::Whole, canonical(&document.to_value()), |bytes| {
            outcome(json::parse(bytes), |value| canonical(&value))
        }),
        Parser::new("DID document", Form::Json, Promise::Whole, canonical(&document.to_value()), |bytes| {
            json_of(bytes, |value| {
                outcome(DidDocument::parse(value), |document| canonical(&document.to_value()))
            })
        }),
        Parser::new(
            "did:web",
            Form::Text,
            Promise::Loose,
            "did:web:hn.example%3A8443:schools:lempira",
            |bytes| text_of(bytes, |text| outcome(DidWeb::parse(text), |did| did.encode().into())),
        ),
        Parser::new("verification method", Form::Text, Promise::Whole, method, |bytes| {
            text_of(bytes, |text| {
                outcome(VerificationMethod::parse(text), |method| method.key.as_bytes().to_vec())
            })
        }),
        Parser::new("date and time", Form::Text, Promise::Whole, "2026-11-22T08:00:00.25-06:00", |bytes| {
            text_of(bytes, |text| outcome(parse_date_time(text), |at| at.to_string().into()))
        }),
        Parser::new("salt", Form::Text, Promise::Whole, Salt::from_bytes([7; 32]).encode(), |bytes| {
            text_of(bytes, |text| outcome(Salt::parse(text).ok_or("no salt"), |salt| salt.encode().into()))
        }),
    ]);
}

#[test]
fn records_presentations_and_bindings() {
    let mut country = Country::new("log.hn.example/1", 1);
    let record = country.issue(signed_diploma("2026-11-20", 5, &key(10)), "2026-11-21");
    let binding = bind(&record.credential, &key(30), &key(12));
    let bound = PortableRecord { binding: Some(binding.clone()), ..record };
    let request = PresentationRequest {
        challenge: "c-1".to_owned(),
        domain: "employer.example".to_owned(),
        created: at("2026-11-22"),
        expires: None,
    };
    let shown = PresentationFile::sign(vec![bound.clone()], &request, &key(30)).unwrap();
    try_all(&[
        Parser::new("portable record", Form::Json, Promise::Whole, bound.encode().unwrap(), |bytes| {
            outcome(PortableRecord::parse(bytes), |record| canonical(&record.to_value()))
        })
        .tries(600),
        Parser::new("presentation file", Form::Json, Promise::Signed, shown.encode().unwrap(), |bytes| {
            match PresentationFile::parse(bytes) {
                Ok(file) => outcome(verify(file.presentation()), |_| {
                    let mut covered = file.presentation().clone();
                    covered.as_object_mut().unwrap().remove("proof");
                    canonical(&covered)
                }),
                Err(error) => Outcome::Refused(error.to_string()),
            }
        })
        .tries(600),
        Parser::new(
            "credential with its proof",
            Form::Json,
            Promise::Signed,
            canonical(&bound.credential),
            |bytes| json_of(bytes, proven),
        )
        .takes_any_kind()
        .tries(150),
        Parser::new("holder binding", Form::Json, Promise::Signed, canonical(&binding), |bytes| {
            json_of(bytes, |value| match HolderBinding::parse(value) {
                Ok(_) => proven(value),
                Err(error) => Outcome::Refused(error.to_string()),
            })
        })
        .tries(400),
    ]);
}

#[test]
fn status_lists() {
    let mut country = Country::new("log.hn.example/1", 1);
    let list = country.trust_content("2026-11-21").status_lists.remove(0).credential;
    let bomb = encoded_bomb();
    let mut bombed = list.clone();
    let first = bombed.pointer_mut("/credentialSubject/0/encodedList").unwrap();
    let encoded = std::mem::replace(first, Value::String(bomb.clone()));
    let packed_twice = Value::String(bomb.clone());
    let mut second = list.clone();
    *second.pointer_mut("/credentialSubject/1/encodedList").unwrap() = packed_twice;
    let decode =
        |bytes: &[u8]| text_of(bytes, |text| outcome(StatusList::decode(text), |list| list.encode().into()));
    try_all(&[
        Parser::new("encoded status list", Form::Text, Promise::Whole, encoded.as_str().unwrap(), decode)
            .bombs(vec![bomb.into_bytes()]),
        Parser::new("status list credential", Form::Json, Promise::Signed, canonical(&list), |bytes| {
            json_of(bytes, |value| match ListCredential::parse(value) {
                Ok(_) => proven(value),
                Err(error) => Outcome::Refused(error.to_string()),
            })
        })
        .tries(400)
        .bombs(vec![canonical(&bombed), canonical(&second)]),
    ]);
}
