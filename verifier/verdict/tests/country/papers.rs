//! What the school signs: diplomas, transcripts, courses, bindings.

use ed25519_dalek::SigningKey;
use matricula_credential::binding::HolderBinding;
use matricula_credential::commitment::CredentialDigest;
use matricula_credential::did::verification_method;
use matricula_credential::model::{
    Header, Institution, Learner, Programme, ResultStatus, SubjectResult, course, diploma, transcript,
};
use matricula_credential::proof::{Cryptosuite, ProofOptions, sign};
use matricula_credential::status::{StatusEntry, StatusPurpose};
use serde_json::Value;

use super::{LIST, SCHOOL, at};

/// A signed diploma of the school: awarded on a day, with a status index.
pub fn signed_diploma(awarded: &str, status_index: u64, signer: &SigningKey) -> Value {
    sign_by_school(&unsigned_diploma(awarded, status_index), signer)
}

pub fn unsigned_diploma(awarded: &str, status_index: u64) -> Value {
    diploma(&header(awarded, status(status_index)), &programme(), "Título de Bachillerato", &[]).unwrap()
}

fn status(index: u64) -> Vec<StatusEntry> {
    let entry = |purpose| StatusEntry { purpose, index, list: LIST.to_owned() };
    vec![entry(StatusPurpose::Revocation), entry(StatusPurpose::Suspension)]
}

fn header(awarded: &str, status: Vec<StatusEntry>) -> Header {
    Header {
        id: "urn:uuid:00000000-0000-4000-8000-000000000001".to_owned(),
        issuer: Institution { id: SCHOOL.to_owned(), name: "Instituto Lempira".to_owned() },
        learner: Learner {
            number: "0801-2007-10000".to_owned(),
            given_names: "Ofelia".to_owned(),
            family_names: "Santiago Granados".to_owned(),
            date_of_birth: Some("2007-03-16".parse().unwrap()),
        },
        valid_from: at(awarded),
        valid_until: None,
        awarded: awarded.parse().unwrap(),
        status,
    }
}

fn programme() -> Programme {
    Programme {
        code: "BCH".to_owned(),
        name: "Bachillerato en Ciencias y Humanidades".to_owned(),
        isced_level: 3,
        isced_p: Some("344".to_owned()),
        isced_f: "0011".to_owned(),
        language: Some("es".to_owned()),
    }
}

pub fn sign_by_school(credential: &Value, signer: &SigningKey) -> Value {
    sign_as(credential, verification_method(SCHOOL, &signer.verifying_key()), signer)
}

/// A course with a mark, under an issuer's name.
pub fn signed_course(issuer: &str, signer: &SigningKey) -> Value {
    let result = SubjectResult {
        code: "MAT".to_owned(),
        name: "Matemáticas".to_owned(),
        term: None,
        grade: None,
        status: ResultStatus::Completed,
        hours: None,
    };
    let mut header = header("2026-11-20", Vec::new());
    header.id = "urn:uuid:00000000-0000-4000-8000-000000000009".to_owned();
    header.issuer.id = issuer.to_owned();
    let unsigned = course(&header, &programme(), &result).unwrap();
    sign_as(&unsigned, verification_method(issuer, &signer.verifying_key()), signer)
}

/// A transcript of the school that holds these.
pub fn signed_transcript(nested: Vec<Value>, signer: &SigningKey) -> Value {
    let header = header("2026-11-20", status(5));
    sign_by_school(&transcript(&header, &programme(), "Historial", nested).unwrap(), signer)
}

pub fn sign_as(credential: &Value, method: String, signer: &SigningKey) -> Value {
    let options = ProofOptions::assertion(Cryptosuite::EddsaRdfc2022, method, at("2026-11-20"));
    sign(credential, &options, signer).unwrap()
}

/// A binding of the credential to a holder's key, signed by `signer` in the school's name.
pub fn bind(credential: &Value, holder: &SigningKey, signer: &SigningKey) -> Value {
    let binding = HolderBinding {
        id: "urn:uuid:00000000-0000-4000-8000-000000000002".to_owned(),
        issuer: SCHOOL.to_owned(),
        valid_from: at("2026-11-21"),
        holder: holder.verifying_key(),
        credential_id: credential["id"].as_str().unwrap().to_owned(),
        credential_digest: CredentialDigest::of(credential).unwrap(),
        status: Vec::new(),
    };
    let method = verification_method(SCHOOL, &signer.verifying_key());
    let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, at("2026-11-21"));
    sign(&binding.to_value().unwrap(), &options, signer).unwrap()
}
