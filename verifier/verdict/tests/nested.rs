//! Credentials inside a transcript that have a right of their own: judged by their own evidence, the worst of them counts.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

#[allow(dead_code, reason = "each test binary uses its own part of the country")]
mod country;

use country::{
    Country, Issuer, NEIGHBOUR, SCHOOL, at, key, signed_course, signed_transcript, unsigned_diploma,
};
use matricula_credential::did::verification_method;
use matricula_credential::presentation::{PresentationFile, PresentationRequest};
use matricula_credential::record::{NestedEvidence, PortableRecord};
use matricula_registry::{AccreditationEvent, KeyEvent};
use matricula_verdict::{Code, Options, Overall, Trust, Verdict, verify};
use serde_json::{Value, json};

/// The first entry after the genesis, the first school's rights and the neighbour's.
const AFTER_RIGHTS: u64 = 8;

/// A country with two schools, and the second one's diploma that the first one's transcript holds.
struct Case {
    country: Country,
    neighbour: Issuer,
    diploma: PortableRecord,
}

fn case() -> Case {
    let mut country = Country::new("log.hn.example/1", 1);
    let neighbour = country.neighbour();
    let diploma = country.issue_by(&neighbour, signed_diploma(6), "2026-11-21");
    Case { country, neighbour, diploma }
}

impl Case {
    /// The transcript with a course of its own school and these, and their evidence.
    fn transcript(&mut self, others: Vec<Value>, nested: Vec<NestedEvidence>) -> PortableRecord {
        let mut inside = vec![signed_course(SCHOOL, &key(10))];
        inside.extend(others);
        let record = self.country.issue(signed_transcript(inside, &key(10)), "2026-11-21");
        PortableRecord { nested, ..record }
    }

    fn with_diploma(&mut self, nested: Vec<NestedEvidence>) -> PortableRecord {
        self.transcript(vec![self.diploma.credential.clone()], nested)
    }

    /// What travels with the diploma's own record.
    fn evidence(&self) -> NestedEvidence {
        let credential_id = self.diploma.credential["id"].as_str().unwrap().to_owned();
        NestedEvidence { credential_id, evidence: self.diploma.evidence.clone().unwrap() }
    }

    /// Trust without any grant: rights travel with the records.
    fn trust(&mut self) -> Trust {
        let mut content = self.country.trust_content("2026-11-22");
        content.statements.retain(|statement| statement.index == 0 || statement.index >= AFTER_RIGHTS);
        Trust::new(vec![self.country.seal(&content)]).unwrap()
    }
}

/// A diploma of the neighbour for the learner of the transcript.
fn signed_diploma(status_index: u64) -> Value {
    let mut unsigned = unsigned_diploma("2026-11-20", status_index);
    unsigned["id"] = json!(format!("urn:uuid:00000000-0000-4000-8000-0000000001{status_index:02}"));
    unsigned["issuer"]["id"] = json!(NEIGHBOUR);
    let method = verification_method(NEIGHBOUR, &key(20).verifying_key());
    country::sign_as(&unsigned, method, &key(20))
}

fn judge(record: &PortableRecord, trust: &Trust) -> Verdict {
    verify(&record.encode().unwrap(), trust, &Options::at(at("2026-11-22"))).remove(0)
}

#[track_caller]
fn expect(verdict: &Verdict, overall: Overall, codes: &[Code]) {
    let compare = Code::CompareIdentityDocument;
    let got: Vec<Code> = verdict.codes().into_iter().filter(|code| *code != compare).collect();
    assert_eq!((verdict.overall, got.as_slice()), (overall, codes), "{verdict:#?}");
}

#[test]
fn a_diploma_of_another_school_is_judged_by_its_own_evidence() {
    let mut case = case();
    let evidence = case.evidence();
    let record = case.with_diploma(vec![evidence]);
    let trust = case.trust();
    let verdict = judge(&record, &trust);
    expect(&verdict, Overall::Verified, &[]);
    let inside = &verdict.nested[0];
    assert_eq!((verdict.nested.len(), inside.position), (1, 2));
    expect(&inside.verdict, Overall::Verified, &[]);
    assert_eq!(inside.verdict.credential.issuer.as_deref(), Some(NEIGHBOUR));
    assert_eq!(inside.verdict.credential.logged, Some(at("2026-11-21")));
    let report = serde_json::to_value(&verdict).unwrap();
    assert_eq!(report.pointer("/nested/0/verdict/overall"), Some(&json!("verified")));
    let bare = PortableRecord { nested: Vec::new(), ..record };
    let verdict = judge(&bare, &trust);
    expect(&verdict, Overall::CouldNotCheck, &[Code::NestedNotJudged]);
    assert_eq!(serde_json::to_value(&verdict).unwrap().get("nested"), None);
}

#[test]
fn a_presentation_carries_the_evidence_of_what_is_inside() {
    let mut case = case();
    let evidence = case.evidence();
    let record = case.with_diploma(vec![evidence]);
    let request = PresentationRequest {
        challenge: "c-1".to_owned(),
        domain: "employer.example".to_owned(),
        created: at("2026-11-22"),
        expires: None,
    };
    let file = PresentationFile::sign(vec![record], &request, &key(30)).unwrap().encode().unwrap();
    assert_eq!(PresentationFile::parse(&file).unwrap().encode().unwrap(), file);
    let verdict = verify(&file, &case.trust(), &Options::at(at("2026-11-22"))).remove(0);
    expect(&verdict.nested[0].verdict, Overall::Verified, &[]);
    assert!(!verdict.axes.authority.has(Code::NestedNotJudged), "{verdict:#?}");
}

#[test]
fn refuses_what_was_changed_inside() {
    let mut case = case();
    let mut tampered = case.diploma.credential.clone();
    tampered["name"] = json!("Doctorado");
    let evidence = case.evidence();
    let record = case.transcript(vec![tampered], vec![evidence]);
    let verdict = judge(&record, &case.trust());
    assert_eq!(verdict.overall, Overall::Refused);
    assert_eq!(verdict.axes.integrity.codes, [Code::NestedProofInvalid, Code::ProofInvalid]);
    assert!(verdict.nested.is_empty());
}

#[test]
fn refuses_evidence_of_another_credential() {
    let mut case = case();
    let other = case.country.issue_by(&case.neighbour, signed_diploma(7), "2026-11-21");
    let taken = NestedEvidence { evidence: other.evidence.unwrap(), ..case.evidence() };
    let record = case.with_diploma(vec![taken.clone()]);
    let trust = case.trust();
    let verdict = judge(&record, &trust);
    expect(&verdict, Overall::Refused, &[Code::NestedRefused]);
    expect(&verdict.nested[0].verdict, Overall::Refused, &[Code::CommitmentMismatch]);
    let elsewhere = NestedEvidence { credential_id: "urn:uuid:elsewhere".to_owned(), ..taken };
    let verdict = judge(&PortableRecord { nested: vec![elsewhere], ..record }, &trust);
    assert!(verdict.axes.integrity.has(Code::DocumentMalformed), "{verdict:#?}");
}

#[test]
fn a_stolen_key_inside_refuses_and_an_unknown_issuer_inside_stays_open() {
    let mut case = case();
    let evidence = case.evidence();
    let record = case.with_diploma(vec![evidence.clone()]);
    let mut without_rights = evidence;
    without_rights.evidence.accreditation.clear();
    let unvouched = PortableRecord { nested: vec![without_rights], ..record.clone() };
    let verdict = judge(&unvouched, &case.trust());
    expect(&verdict, Overall::CouldNotCheck, &[Code::NestedNotJudged]);
    assert_eq!(verdict.nested[0].verdict.overall, Overall::UnknownIssuer);
    let stolen = KeyEvent::Compromised { since: at("2026-11-01") };
    case.country.institution_key(NEIGHBOUR, 20, stolen, "2026-11-22");
    let verdict = judge(&record, &case.trust());
    expect(&verdict, Overall::Refused, &[Code::NestedRefused]);
    expect(&verdict.nested[0].verdict, Overall::Refused, &[Code::KeyCompromised]);
}

#[test]
fn a_trust_file_is_evidence_too_and_a_right_that_was_withdrawn_refuses() {
    let mut case = case();
    let record = case.with_diploma(Vec::new());
    let verdict = judge(&record, &case.country.full_trust("2026-11-22"));
    expect(&verdict, Overall::VerifiedWithWarnings, &[Code::NestedWithWarnings]);
    expect(&verdict.nested[0].verdict, Overall::VerifiedWithWarnings, &[Code::NoLedgerEvidence]);
    let revoke = AccreditationEvent::Revoke { custodian: None };
    case.country.accredit_institution(NEIGHBOUR, revoke, "2026-11-21", "2026-11-22");
    let verdict = judge(&record, &case.country.full_trust("2026-11-22"));
    expect(&verdict, Overall::Refused, &[Code::NestedRefused]);
    assert!(verdict.nested[0].verdict.axes.authority.has(Code::AccreditationRevoked), "{verdict:#?}");
}

#[test]
fn a_revoked_diploma_inside_refuses_the_transcript() {
    let mut case = case();
    let evidence = case.evidence();
    let record = case.with_diploma(vec![evidence]);
    case.country.set_status(6, "revocation", "fraud_by_staff", "2026-11-21", true);
    let verdict = judge(&record, &case.trust());
    expect(&verdict, Overall::Refused, &[Code::NestedRefused]);
    expect(&verdict.nested[0].verdict, Overall::Refused, &[Code::Revoked]);
    assert!(verdict.axes.authority.text.contains("fraud_by_staff"), "{}", verdict.axes.authority.text);
}

#[test]
fn a_course_of_another_school_counts_only_where_it_can_be_revoked() {
    let mut case = case();
    let course = signed_course(NEIGHBOUR, &key(20));
    let record = case.transcript(vec![course.clone()], Vec::new());
    let verdict = judge(&record, &case.country.full_trust("2026-11-22"));
    expect(&verdict, Overall::CouldNotCheck, &[Code::NestedNotJudged]);
    let mut revocable = course;
    revocable.as_object_mut().unwrap().remove("proof");
    revocable["credentialStatus"] = case.diploma.credential["credentialStatus"].clone();
    let method = verification_method(NEIGHBOUR, &key(20).verifying_key());
    let revocable = country::sign_as(&revocable, method, &key(20));
    let record = case.transcript(vec![revocable], Vec::new());
    let verdict = judge(&record, &case.country.full_trust("2026-11-22"));
    expect(&verdict, Overall::VerifiedWithWarnings, &[Code::NestedWithWarnings]);
}

#[test]
fn each_record_of_a_presentation_is_judged_as_if_it_were_alone() {
    let mut case = case();
    let evidence = case.evidence();
    let good = case.with_diploma(vec![evidence]);
    let mut unseen = case.diploma.clone();
    let proof = &mut unseen.evidence.as_mut().unwrap().batch.log_proof;
    proof.truncate(proof.find("— witness.example/own").unwrap());
    let mut forged = case.country.issue_by(&case.neighbour, signed_diploma(8), "2026-11-21");
    let evidence = forged.evidence.as_mut().unwrap();
    evidence.batch.log_proof = case.diploma.evidence.clone().unwrap().batch.log_proof;
    let trust = case.trust();
    let records = vec![good, unseen, forged];
    let request = PresentationRequest {
        challenge: "c-1".to_owned(),
        domain: "employer.example".to_owned(),
        created: at("2026-11-22"),
        expires: None,
    };
    let file = PresentationFile::sign(records.clone(), &request, &key(30)).unwrap();
    let together = verify(&file.encode().unwrap(), &trust, &Options::at(at("2026-11-22")));
    assert_eq!(together.len(), records.len());
    for (verdict, record) in together.iter().zip(&records) {
        let alone = judge(record, &trust);
        assert_eq!(verdict.axes.ledger, alone.axes.ledger);
        assert_eq!(verdict.axes.authority, alone.axes.authority);
        assert_eq!(verdict.nested, alone.nested);
    }
    let codes: Vec<&[Code]> = together.iter().map(|verdict| verdict.axes.ledger.codes.as_slice()).collect();
    assert_eq!(codes, [&[][..], &[Code::QuorumNotReached], &[Code::LogProofInvalid]]);
}
