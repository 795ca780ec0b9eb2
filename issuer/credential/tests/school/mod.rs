//! An invented school, its programmes and learners.

use ed25519_dalek::SigningKey;
use jiff::civil::date;
use matricula_credential::did::verification_method;
use matricula_credential::model::{
    Attendance, Grade, GradingScale, Header, Institution, Learner, Leaving, Programme, PromotionDecision,
    ResultStatus, SubjectResult, course, transcript,
};
use matricula_credential::proof::{self, Cryptosuite, ProofOptions};
use matricula_credential::status::{StatusEntry, StatusPurpose};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

pub const SCHOOL: &str = "did:web:hn.example:schools:lempira";
pub const ISSUED: UnixSeconds = UnixSeconds::new(1_795_132_800);

pub fn school_key() -> SigningKey {
    SigningKey::from_bytes(&[41; 32])
}

pub fn header(number: u8, given: &str, family: &str) -> Header {
    let list = "https://hn.example/status/1".to_owned();
    let entry = |purpose| StatusEntry { purpose, index: 4_000 + u64::from(number), list: list.clone() };
    Header {
        id: format!("urn:uuid:0b9cb1f4-6fd1-4b1f-9d43-5d8c1f2a{number:04x}"),
        issuer: Institution { id: SCHOOL.to_owned(), name: "Instituto Lempira".to_owned() },
        learner: Learner {
            number: format!("0801-2007-{number:05}"),
            given_names: given.to_owned(),
            family_names: family.to_owned(),
            date_of_birth: Some(date(2007, 3, 16)),
        },
        valid_from: ISSUED,
        valid_until: None,
        awarded: date(2026, 11, 20),
        status: vec![entry(StatusPurpose::Revocation), entry(StatusPurpose::Suspension)],
    }
}

pub fn ofelia() -> Header {
    header(1, "Ofelia", "Santiago Granados")
}

pub fn programme() -> Programme {
    Programme {
        code: "BTP-INF".to_owned(),
        name: "Bachillerato Técnico Profesional en Informática".to_owned(),
        isced_level: 3,
        isced_p: Some("354".to_owned()),
        isced_f: "0611".to_owned(),
        language: Some("es".to_owned()),
    }
}

pub fn primary() -> Programme {
    Programme {
        code: "PRIM".to_owned(),
        name: "التعليم الابتدائي".to_owned(),
        isced_level: 1,
        isced_p: Some("100".to_owned()),
        isced_f: "0011".to_owned(),
        language: Some("ar".to_owned()),
    }
}

pub fn out_of_twenty(code: &str, name: &str, value: &str) -> SubjectResult {
    let scale = GradingScale::Numeric {
        name: "SN-0-20".to_owned(),
        min: "0".to_owned(),
        max: "20".to_owned(),
        pass_mark: Some("10".to_owned()),
    };
    SubjectResult {
        code: code.to_owned(),
        name: name.to_owned(),
        term: Some("2025-2026/S1".to_owned()),
        grade: Some(Grade { value: value.to_owned(), scale }),
        status: ResultStatus::Provisional,
        hours: Some("60".to_owned()),
    }
}

pub fn results() -> Vec<SubjectResult> {
    let german = GradingScale::Listed {
        name: "DE-1-6".to_owned(),
        values_worst_first: ["6", "5", "4", "3", "2", "1"].map(str::to_owned).to_vec(),
        pass_mark: Some("4".to_owned()),
    };
    vec![
        out_of_twenty("FRA", "Français", "14.6"),
        out_of_twenty("MATH", "Mathématiques", "11.1"),
        SubjectResult {
            code: "ALL LV2".to_owned(),
            name: "Allemand".to_owned(),
            term: None,
            grade: Some(Grade { value: "1".to_owned(), scale: german }),
            status: ResultStatus::Completed,
            hours: None,
        },
        SubjectResult {
            code: "EPS".to_owned(),
            name: "Éducation physique".to_owned(),
            term: None,
            grade: None,
            status: ResultStatus::InProgress,
            hours: None,
        },
    ]
}

pub fn leaving() -> Leaving {
    Leaving {
        admission_no: Some("DK-0001".to_owned()),
        first_admission: Some(date(2024, 10, 7)),
        last_attended: Some(date(2026, 3, 13)),
        last_grade: Some("4e".to_owned()),
        attendance: Some(Attendance { possible_days: 104, present_days: 82 }),
        decision: PromotionDecision::Pending,
        reason: Some("family-moved".to_owned()),
        destination: Some("unknown".to_owned()),
    }
}

pub fn options(cryptosuite: Cryptosuite) -> ProofOptions {
    ProofOptions::assertion(cryptosuite, verification_method(SCHOOL, &school_key().verifying_key()), ISSUED)
}

pub fn signed(document: &Value, cryptosuite: Cryptosuite) -> Value {
    proof::sign(document, &options(cryptosuite), &school_key()).unwrap()
}

/// A transcript of signed courses, unsigned itself.
pub fn unsigned_transcript(header: &Header, cryptosuite: Cryptosuite) -> Value {
    let nested = results().into_iter().enumerate().map(|(i, result)| {
        let mut own = header.clone();
        own.id = format!("{}{i:02x}", &header.id[..header.id.len() - 2]);
        own.status.clear();
        signed(&course(&own, &programme(), &result).unwrap(), cryptosuite)
    });
    let nested = nested.collect();
    transcript(header, &programme(), "Certificación de estudios", nested).unwrap()
}
