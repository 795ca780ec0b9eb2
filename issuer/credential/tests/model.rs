//! Credentials of schools: well-formed in every sense, and read back as what they are.

#![allow(dead_code, clippy::unwrap_used)]

mod school;

use matricula_credential::commitment::CredentialDigest;
use matricula_credential::content::{self, ContentCode};
use matricula_credential::model::{
    Classification, CredentialKind, ModelError, classify, course, diploma, facts, primary_completion,
    transcript, transfer_certificate,
};
use matricula_credential::proof::{self, Cryptosuite};
use matricula_credential::{canonical_nquads, parse_date_time};
use serde_json::{Value, json};

use school::{
    header, leaving, ofelia, options, primary, programme, results, school_key, signed, unsigned_transcript,
};

fn arabic_primary() -> Value {
    primary_completion(&header(2, "حنبل", "الراشد"), &primary(), "شهادة إتمام المرحلة الابتدائية", &[])
        .unwrap()
}

/// One credential of each kind.
fn every_kind() -> Vec<(CredentialKind, u8, Value)> {
    vec![
        (
            CredentialKind::Diploma,
            3,
            diploma(&ofelia(), &programme(), "Título de Bachillerato", &results()).unwrap(),
        ),
        (CredentialKind::Transcript, 3, unsigned_transcript(&ofelia(), Cryptosuite::EddsaRdfc2022)),
        (
            CredentialKind::Transfer,
            3,
            transfer_certificate(&ofelia(), &programme(), &leaving(), &results()).unwrap(),
        ),
        (CredentialKind::PrimaryCompletion, 1, arabic_primary()),
    ]
}

#[test]
fn every_kind_passes_its_own_checks_and_verifies_in_both_suites() {
    for (kind, _, credential) in every_kind() {
        assert_eq!(content::check(&credential), vec![], "{kind:?}");
        for suite in [Cryptosuite::EddsaRdfc2022, Cryptosuite::EddsaJcs2022] {
            let proofs = proof::verify(&signed(&credential, suite)).unwrap();
            assert!(proofs.first().is_controlled_by(school::SCHOOL), "{kind:?}");
        }
    }
}

#[test]
fn every_kind_is_classified_as_itself() {
    for (kind, level, credential) in every_kind() {
        let isced_f = if level == 1 { "0011" } else { "0611" }.to_owned();
        let claimed_at = parse_date_time("2026-11-20T00:00:00Z").unwrap();
        let want = Classification { kind, isced_level: level, isced_f, claimed_at };
        assert_eq!(classify(&credential), Some(want), "{kind:?}");
    }
}

#[test]
fn a_credential_that_contradicts_itself_is_not_classified() {
    let good = diploma(&ofelia(), &programme(), "Título", &[]).unwrap();
    let alignments = "/credentialSubject/achievement/alignment";
    for (pointer, value) in [
        (format!("{alignments}/0/targetCode"), json!("9")),
        (format!("{alignments}/0/targetFramework"), json!("ISCED 1997")),
        (format!("{alignments}/2/targetFramework"), json!("ISCED 2011")),
        ("/credentialSubject/achievement/achievementType".to_owned(), json!("Badge")),
        ("/awardedDate".to_owned(), json!("yesterday")),
    ] {
        let mut credential = good.clone();
        *credential.pointer_mut(&pointer).unwrap() = value;
        assert_eq!(classify(&credential), None, "{pointer}");
    }
}

#[test]
fn facts_keep_names_as_registered() {
    let facts = facts(&arabic_primary());
    assert_eq!(facts.learner_name.as_deref(), Some("حنبل الراشد"));
    assert_eq!(facts.date_of_birth.as_deref(), Some("2007-03-16"));
    assert_eq!(facts.issuer_name.as_deref(), Some("Instituto Lempira"));
    assert_eq!(facts.title.as_deref(), Some("شهادة إتمام المرحلة الابتدائية"));
}

#[test]
fn names_are_put_in_normal_form_c() {
    let decomposed = diploma(&header(1, "Mo\u{301}nica", "Ban\u{303}uelos"), &programme(), "T", &[]).unwrap();
    let composed = diploma(&header(1, "Mónica", "Bañuelos"), &programme(), "T", &[]).unwrap();
    assert_eq!(decomposed, composed);
}

#[test]
fn grades_stay_as_written_with_their_scale() {
    let credential = transfer_certificate(&ofelia(), &programme(), &leaving(), &results()).unwrap();
    let subject = &credential["credentialSubject"];
    assert_eq!(subject["result"][0]["value"], json!("14.6"));
    assert_eq!(subject["result"][0]["status"], json!("Provisional"));
    let description = &subject["achievement"]["resultDescription"][0];
    assert_eq!(description["id"], subject["result"][0]["resultDescription"]);
    assert_eq!((&description["valueMax"], &description["requiredValue"]), (&json!("20"), &json!("10")));
    let german = &subject["achievement"]["resultDescription"][4];
    assert_eq!(german["allowedValue"], json!(["6", "5", "4", "3", "2", "1"]));
}

#[test]
fn refuses_what_no_register_holds() {
    let award = "Título";
    let try_header = |change: &dyn Fn(&mut matricula_credential::model::Header)| {
        let mut header = ofelia();
        change(&mut header);
        diploma(&header, &programme(), award, &[]).unwrap_err()
    };
    assert_eq!(
        try_header(&|h| h.learner.given_names = " ".to_owned()),
        ModelError::Text { field: "given names" }
    );
    assert_eq!(
        try_header(&|h| h.learner.number = "1\u{7}2".to_owned()),
        ModelError::Text { field: "learner number" }
    );
    assert_eq!(try_header(&|h| h.id = "3527".to_owned()), ModelError::Address { field: "id" });
    assert_eq!(try_header(&|h| h.issuer.id = "school".to_owned()), ModelError::Address { field: "issuer" });
    assert_eq!(
        try_header(&|h| h.status[0].list = "list".to_owned()),
        ModelError::Address { field: "status list" }
    );
    let try_programme = |change: &dyn Fn(&mut matricula_credential::model::Programme)| {
        let mut programme = programme();
        change(&mut programme);
        diploma(&ofelia(), &programme, award, &[]).unwrap_err()
    };
    assert_eq!(try_programme(&|p| p.isced_level = 9), ModelError::IscedLevel { level: 9 });
    let code = |code: &str, digits| ModelError::IscedCode { code: code.to_owned(), digits };
    assert_eq!(try_programme(&|p| p.isced_f = "061".to_owned()), code("061", 4));
    assert_eq!(try_programme(&|p| p.isced_p = Some("3x4".to_owned())), code("3x4", 3));
    let twice = [results()[0].clone(), results()[0].clone()];
    assert_eq!(
        diploma(&ofelia(), &programme(), award, &twice),
        Err(ModelError::DuplicateSubject { code: "FRA".to_owned() })
    );
    let beyond = [school::out_of_twenty("FRA", "Français", "20.5")];
    assert_eq!(
        diploma(&ofelia(), &programme(), award, &beyond),
        Err(ModelError::Grade { grade: "20.5".to_owned(), scale: "SN-0-20".to_owned() })
    );
}

#[test]
fn refuses_more_days_present_than_possible() {
    let mut leaving = leaving();
    leaving.attendance =
        Some(matricula_credential::model::Attendance { possible_days: 10, present_days: 11 });
    assert_eq!(
        transfer_certificate(&ofelia(), &programme(), &leaving, &[]),
        Err(ModelError::Attendance { present: 11, possible: 10 })
    );
}

#[test]
fn refuses_transcripts_of_nothing_of_unsigned_courses_and_of_two_learners() {
    let make = |nested| transcript(&ofelia(), &programme(), "Certificación", nested);
    let unsigned = course(&ofelia(), &programme(), &results()[0]).unwrap();
    let other = signed(
        &course(&header(9, "Otra", "Persona"), &programme(), &results()[0]).unwrap(),
        Cryptosuite::EddsaJcs2022,
    );
    let good = signed(&unsigned, Cryptosuite::EddsaJcs2022);
    assert_eq!(make(vec![]), Err(ModelError::EmptyTranscript));
    assert_eq!(make(vec![good.clone(), unsigned]), Err(ModelError::Nested { position: 1 }));
    assert_eq!(make(vec![other]), Err(ModelError::Nested { position: 0 }));
    assert!(make(vec![good]).is_ok());
}

#[test]
fn content_problems_name_code_and_place() {
    use ContentCode::{
        AchievementTypeUnknown, AssociationDangling, AssociationTypeUnknown, DateMalformed, IdMalformed,
        IdentityTypeUnknown, IssuerMalformed, MemberMissing, NestedUnsigned, ResultDescriptionDangling,
        ResultStatusUnknown, ResultTypeUnknown, SensitiveTerm, SubjectsDiffer, TypeUnknown,
        TypedMemberMalformed,
    };

    let transcript = unsigned_transcript(&ofelia(), Cryptosuite::EddsaJcs2022);
    let diploma = diploma(&ofelia(), &programme(), "Título", &results()).unwrap();
    let (subject, nested) = ("/credentialSubject", "/credentialSubject/verifiableCredential/0");
    let achievement = "/credentialSubject/achievement";
    let association = "/credentialSubject/association/0";
    let cases: Vec<(&Value, String, Value, ContentCode)> = vec![
        (&diploma, "/issuer".into(), json!({"id": "school"}), IssuerMalformed),
        (&diploma, "/type".into(), json!(["VerifiableCredential", "OtherCredential"]), TypeUnknown),
        (&diploma, "/validFrom".into(), json!("2026-11-20"), DateMalformed),
        (&diploma, "/id".into(), json!("3527"), IdMalformed),
        (&diploma, format!("{achievement}/achievementType"), json!("Diplom"), AchievementTypeUnknown),
        (&diploma, format!("{achievement}/achievementType"), json!("ext:ReligionClass"), SensitiveTerm),
        (&diploma, format!("{achievement}/criteria"), json!({}), MemberMissing),
        (
            &diploma,
            format!("{achievement}/resultDescription/0/resultType"),
            json!("Grade"),
            ResultTypeUnknown,
        ),
        (&diploma, format!("{subject}/result/0/status"), json!("Passed"), ResultStatusUnknown),
        (
            &diploma,
            format!("{subject}/result/0/resultDescription"),
            json!("urn:x:y"),
            ResultDescriptionDangling,
        ),
        (&diploma, format!("{subject}/identifier/0/identityType"), json!("nickname"), IdentityTypeUnknown),
        (&diploma, "/credentialStatus/0".into(), json!({"id": "urn:x:y"}), TypedMemberMalformed),
        (&transcript, format!("{association}/associationType"), json!("isCousinOf"), AssociationTypeUnknown),
        (&transcript, format!("{association}/targetId"), json!("urn:x:y"), AssociationDangling),
        (&transcript, format!("{nested}/proof"), json!([]), NestedUnsigned),
        (
            &transcript,
            format!("{nested}/credentialSubject/identifier/0/identityHash"),
            json!("2"),
            SubjectsDiffer,
        ),
    ];
    for (credential, pointer, value, code) in cases {
        let mut changed = credential.clone();
        *changed.pointer_mut(&pointer).unwrap() = value;
        let codes: Vec<ContentCode> = content::check(&changed).iter().map(|problem| problem.code).collect();
        assert!(codes.contains(&code), "{pointer}: {codes:?}");
        assert!(codes.len() <= 2, "{pointer}: {codes:?}");
    }
}

#[test]
fn refuses_members_about_health_and_hashes_by_md5() {
    let mut credential = diploma(&ofelia(), &programme(), "Título", &[]).unwrap();
    credential["credentialSubject"]["ext:healthNotes"] = json!("…");
    credential["credentialSubject"]["identifier"][0]["hashed"] = json!(true);
    credential["credentialSubject"]["identifier"][0]["identityHash"] = json!("md5$0123");
    let problems: Vec<(&str, String)> =
        content::check(&credential).into_iter().map(|p| (p.code.as_str(), p.pointer)).collect();
    assert_eq!(
        problems,
        [
            ("identity_hash_refused", "/credentialSubject/identifier/0/identityHash".to_owned()),
            ("sensitive_term", "/credentialSubject/ext:healthNotes".to_owned()),
        ]
    );
}

#[test]
fn a_correction_keeps_id_and_award_and_changes_the_digest() {
    let first = diploma(&ofelia(), &programme(), "Titulo", &[]).unwrap();
    let mut header = ofelia();
    header.valid_from = matricula_tlog::UnixSeconds::new(school::ISSUED.get() + 86_400);
    let second = diploma(&header, &programme(), "Título", &[]).unwrap();
    assert_eq!((&first["id"], &first["awardedDate"]), (&second["id"], &second["awardedDate"]));
    assert_ne!(CredentialDigest::of(&first), CredentialDigest::of(&second));
}

#[test]
fn issuing_from_kept_hash_data_gives_the_same_credential() {
    let credential = unsigned_transcript(&ofelia(), Cryptosuite::EddsaRdfc2022);
    let options = options(Cryptosuite::EddsaRdfc2022);
    let kept = *proof::hash_data(&credential, &options).unwrap().as_bytes();
    let value = proof::sign_hash_data(&proof::HashData::from_bytes(kept), &school_key());
    assert_eq!(
        proof::attach(&credential, &options, &value).unwrap(),
        signed(&credential, Cryptosuite::EddsaRdfc2022)
    );
}

#[test]
fn a_second_processor_reads_the_same_statements() {
    for (kind, _, credential) in every_kind() {
        assert_eq!(canonical_nquads(&credential).unwrap(), oracle::canonical_nquads(&credential), "{kind:?}");
    }
}

/// `oxjsonld`, which shares no code with the processor in use.
mod oracle {
    use std::fs;
    use std::path::PathBuf;

    use oxjsonld::{JsonLdParser, JsonLdRemoteDocument};
    use oxrdf_oracle::Dataset;
    use oxrdf_oracle::dataset::{CanonicalizationAlgorithm, CanonicalizationHashAlgorithm};
    use serde_json::Value;

    const CONTEXTS: [(&str, &str); 3] = [
        ("https://www.w3.org/ns/credentials/v2", "credentials-v2.json"),
        ("https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json", "clr_context_2.0.1.json"),
        ("https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json", "ob-v3p0-context-3.0.3.json"),
    ];

    pub fn canonical_nquads(document: &Value) -> String {
        let bytes = serde_json::to_vec(document).unwrap();
        let parser = JsonLdParser::new().for_slice(&bytes).with_load_document_callback(|url, _| {
            let (_, file) = CONTEXTS.iter().find(|(known, _)| *known == url).unwrap();
            let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contexts").join(file);
            Ok(JsonLdRemoteDocument { document: fs::read(path)?, document_url: url.to_owned() })
        });
        let mut dataset = Dataset::new();
        for quad in parser {
            dataset.insert(&quad.unwrap());
        }
        let hash_algorithm = CanonicalizationHashAlgorithm::Sha256;
        dataset.canonicalize(CanonicalizationAlgorithm::Rdfc10 { hash_algorithm });
        let mut lines: Vec<String> = dataset.iter().map(|quad| format!("{quad} .\n")).collect();
        lines.sort();
        lines.concat()
    }
}
