//! Issuing and verifying a diploma, beside the signature alone.

use std::hint::black_box;

use ed25519_dalek::{Signer, SigningKey};
use matricula_credential::did::verification_method;
use matricula_credential::model::{Header, Institution, Learner, Programme, diploma};
use matricula_credential::proof::{Cryptosuite, ProofOptions, sign, verify};
use matricula_credential::status::{StatusEntry, StatusPurpose};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::error::{BenchError, During};
use crate::measure::Pace;
use crate::report::{Report, Row};

const SCHOOL: &str = "did:web:hn.example:schools:lempira";

/// 2026-11-20T00:00:00Z.
const AWARDED: UnixSeconds = UnixSeconds::new(1_795_132_800);

/// Both cryptosuites, signing and verifying, one core.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let key = SigningKey::from_bytes(&[10; 32]);
    let credential = unsigned()?;
    let message = [7; 64];
    let signature = key.sign(&message);
    let raw_sign = pace.rate(1, || {
        black_box(key.sign(black_box(&message)));
    });
    let raw_verify = pace.rate(1, || {
        let good = key.verifying_key().verify_strict(black_box(&message), &signature).is_ok();
        assert!(black_box(good), "a signature just made verifies");
    });
    for (name, suite) in
        [("eddsa-jcs-2022", Cryptosuite::EddsaJcs2022), ("eddsa-rdfc-2022", Cryptosuite::EddsaRdfc2022)]
    {
        let method = verification_method(SCHOOL, &key.verifying_key());
        let options = ProofOptions::assertion(suite, method, AWARDED);
        let signed = sign(&credential, &options, &key).during("signing a diploma")?;
        let issue = pace.rate(1, || drop(black_box(sign(black_box(&credential), &options, &key))));
        report.add(Row::new(format!("{name}, issue; raw: Ed25519 sign"), raw_sign, issue));
        let check = pace.rate(1, || {
            assert!(black_box(verify(black_box(&signed))).is_ok(), "a diploma just signed verifies");
        });
        report.add(Row::new(format!("{name}, verify; raw: Ed25519 verify_strict"), raw_verify, check));
    }
    Ok(())
}

/// A diploma as a school issues it, of an invented learner.
fn unsigned() -> Result<Value, BenchError> {
    let step = "making a diploma";
    let entry = |purpose| StatusEntry { purpose, index: 5, list: "https://hn.example/status/1".to_owned() };
    let header = Header {
        id: "urn:uuid:00000000-0000-4000-8000-000000000001".to_owned(),
        issuer: Institution { id: SCHOOL.to_owned(), name: "Instituto Lempira".to_owned() },
        learner: Learner {
            number: "0801-2007-10000".to_owned(),
            given_names: "Ofelia".to_owned(),
            family_names: "Santiago Granados".to_owned(),
            date_of_birth: Some("2007-03-16".parse().during(step)?),
        },
        valid_from: AWARDED,
        valid_until: None,
        awarded: "2026-11-20".parse().during(step)?,
        status: vec![entry(StatusPurpose::Revocation), entry(StatusPurpose::Suspension)],
    };
    let programme = Programme {
        code: "BCH".to_owned(),
        name: "Bachillerato en Ciencias y Humanidades".to_owned(),
        isced_level: 3,
        isced_p: Some("344".to_owned()),
        isced_f: "0011".to_owned(),
        language: Some("es".to_owned()),
    };
    diploma(&header, &programme, "Título de Bachillerato", &[]).during(step)
}
