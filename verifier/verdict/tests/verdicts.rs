//! Every answer of the six axes, each acceptance with its refusals.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

#[allow(dead_code, reason = "each test binary uses its own part of the country")]
mod country;

use country::{Country, at, bind, key, scope, sign_by_school, signed_diploma, unsigned_diploma};
use matricula_credential::presentation::{PresentationFile, PresentationRequest};
use matricula_credential::record::PortableRecord;
use matricula_registry::{AccreditationEvent, KeyEvent};
use matricula_verdict::{Code, Options, Overall, Trust, Verdict, verify};
use serde_json::json;

const TODAY: &str = "2026-11-22";
const ORIGIN: &str = "log.hn.example/1";

fn country() -> Country {
    Country::new(ORIGIN, 1)
}

fn judge(record: &PortableRecord, trust: &Trust) -> Verdict {
    let verdicts = verify(&record.encode().unwrap(), trust, &Options::at(at(TODAY)));
    assert_eq!(verdicts.len(), 1);
    verdicts.into_iter().next().unwrap()
}

#[track_caller]
fn expect(verdict: &Verdict, overall: Overall, codes: &[Code]) {
    let compare = Code::CompareIdentityDocument;
    let got: Vec<Code> = verdict.codes().into_iter().filter(|code| *code != compare).collect();
    assert_eq!((verdict.overall, got.as_slice()), (overall, codes), "{verdict:#?}");
}

/// A diploma claimed and logged in good order.
fn good(country: &mut Country) -> PortableRecord {
    country.issue(signed_diploma("2026-11-20", 5, &key(10)), "2026-11-21")
}

#[test]
fn verifies_a_record_in_good_order() {
    let mut country = country();
    let record = good(&mut country);
    let verdict = judge(&record, &country.trust("2026-11-21"));
    expect(&verdict, Overall::Verified, &[]);
    assert_eq!(verdict.credential.learner.as_deref(), Some("Ofelia Santiago Granados"));
    assert_eq!(verdict.credential.claimed, Some(at("2026-11-20")));
    assert_eq!(verdict.credential.logged, Some(at("2026-11-21")));
}

#[test]
fn a_byte_order_mark_before_the_text_changes_nothing() {
    let mut country = country();
    let record = good(&mut country);
    let marked = [b"\xef\xbb\xbf".as_slice(), &record.encode().unwrap()].concat();
    let verdict = verify(&marked, &country.trust("2026-11-21"), &Options::at(at(TODAY))).remove(0);
    expect(&verdict, Overall::Verified, &[]);
}

#[test]
fn refuses_a_changed_name() {
    let mut country = country();
    let mut record = good(&mut country);
    record.credential["credentialSubject"]["identifier"][3]["identityHash"] = json!("Olga Santiago Granados");
    let verdict = judge(&record, &country.trust("2026-11-21"));
    assert_eq!(verdict.overall, Overall::Refused);
    assert!(verdict.axes.integrity.has(Code::ProofInvalid));
    assert!(verdict.axes.ledger.has(Code::CommitmentMismatch));
}

#[test]
fn a_perfect_signature_of_an_unknown_issuer_is_never_green() {
    let mut mill = Country::new("log.mill.example/1", 50);
    let record = good(&mut mill);
    let verdict = judge(&record, &country().trust("2026-11-21"));
    expect(
        &verdict,
        Overall::UnknownIssuer,
        &[Code::IssuerUnknown, Code::LogUnknown, Code::StatusUnavailable],
    );
    let bare = PortableRecord { evidence: None, ..record };
    assert_eq!(judge(&bare, &Trust::default()).overall, Overall::UnknownIssuer);
}

#[test]
fn refuses_evidence_of_a_mill_that_names_the_trusted_log() {
    let mut mill = Country::new(ORIGIN, 50);
    let record = good(&mut mill);
    let verdict = judge(&record, &country().trust("2026-11-21"));
    assert_eq!(verdict.overall, Overall::Refused);
    assert!(verdict.axes.ledger.has(Code::LogProofInvalid), "{verdict:#?}");
}

#[test]
fn a_later_revocation_of_the_school_leaves_good_diplomas_good() {
    let mut country = country();
    let record = good(&mut country);
    country.accredit(AccreditationEvent::Revoke { custodian: None }, "2026-11-22", "2026-11-22");
    expect(&judge(&record, &country.trust("2026-11-22")), Overall::Verified, &[]);
}

#[test]
fn a_revocation_for_the_past_warns_and_does_not_undo() {
    let mut country = country();
    let record = good(&mut country);
    country.accredit(AccreditationEvent::Revoke { custodian: None }, "2026-09-01", "2026-11-22");
    let verdict = judge(&record, &country.trust("2026-11-22"));
    expect(&verdict, Overall::VerifiedWithWarnings, &[Code::RevokedRetroactively]);
}

#[test]
fn without_log_evidence_a_revoked_school_is_refused_whatever_date_it_claims() {
    let mut country = country();
    let record = PortableRecord { evidence: None, ..good(&mut country) };
    let all = |country: &mut Country, day| {
        let content = country.trust_content(day);
        Trust::new(vec![country.seal(&content)]).unwrap()
    };
    let trust = all(&mut country, "2026-11-21");
    expect(&judge(&record, &trust), Overall::VerifiedWithWarnings, &[Code::NoLedgerEvidence]);
    country.accredit(AccreditationEvent::Revoke { custodian: None }, "2026-11-21", "2026-11-22");
    let codes = [Code::AccreditationRevoked, Code::ClaimedDateUnproven, Code::NoLedgerEvidence];
    expect(&judge(&record, &all(&mut country, "2026-11-22")), Overall::Refused, &codes);
}

#[test]
fn a_key_compromised_after_logging_leaves_the_record_good() {
    let mut country = country();
    let record = good(&mut country);
    country.key_event(10, KeyEvent::Compromised { since: at("2026-11-22") }, "2026-11-22");
    expect(&judge(&record, &country.trust("2026-11-22")), Overall::Verified, &[]);
}

#[test]
fn a_key_compromised_before_logging_is_refused_even_when_reported_later() {
    let mut country = country();
    let record = good(&mut country);
    country.key_event(10, KeyEvent::Compromised { since: at("2026-11-01") }, "2026-11-22");
    let verdict = judge(&record, &country.trust("2026-11-22"));
    expect(&verdict, Overall::Refused, &[Code::KeyCompromised]);
}

#[test]
fn a_revocation_for_the_past_does_not_turn_a_forged_issuer_green() {
    let mut country = country();
    let mut unsigned = unsigned_diploma("2026-11-20", 5);
    unsigned["issuer"]["id"] = json!("did:web:famous.example");
    let signer = key(10);
    let method =
        matricula_credential::did::verification_method("did:web:famous.example", &signer.verifying_key());
    let forged = country::sign_as(&unsigned, method, &signer);
    let record = country.issue(forged, "2026-11-21");
    let codes = [Code::IssuerDoesNotControlKey];
    expect(&judge(&record, &country.trust("2026-11-21")), Overall::Refused, &codes);
    country.accredit(AccreditationEvent::Revoke { custodian: None }, "2026-09-01", "2026-11-22");
    let verdict = judge(&record, &country.trust("2026-11-22"));
    assert_eq!(verdict.overall, Overall::Refused, "{verdict:#?}");
    assert!(verdict.axes.authority.has(Code::IssuerDoesNotControlKey));
}

#[test]
fn a_transcript_holds_courses_of_its_own_issuer_and_nothing_more() {
    let mut country = country();
    let course = country::signed_course("did:web:hn.example:schools:lempira", &key(10));
    let good = country.issue(country::signed_transcript(vec![course], &key(10)), "2026-11-21");
    expect(&judge(&good, &country.trust("2026-11-21")), Overall::Verified, &[]);
    let of_others = country::signed_course("did:web:famous.example", &key(40));
    let other_key = country::signed_course("did:web:hn.example:schools:lempira", &key(40));
    let a_diploma = signed_diploma("2026-11-20", 7, &key(10));
    for nested in [of_others, other_key, a_diploma] {
        let mut country = self::country();
        let record = country.issue(country::signed_transcript(vec![nested], &key(10)), "2026-11-21");
        expect(
            &judge(&record, &country.trust("2026-11-21")),
            Overall::CouldNotCheck,
            &[Code::NestedNotJudged],
        );
    }
}

#[test]
fn an_appeal_that_restores_the_period_restores_the_record() {
    let mut country = country();
    let record = good(&mut country);
    country.accredit(AccreditationEvent::Revoke { custodian: None }, "2026-09-01", "2026-11-22");
    country.accredit(AccreditationEvent::Restore { scope: scope() }, "2026-09-01", "2026-11-22");
    let verdict = judge(&record, &country.trust("2026-11-22"));
    expect(&verdict, Overall::VerifiedWithWarnings, &[Code::GrantedRetroactively]);
}

#[test]
fn a_record_logged_long_after_its_date_says_so() {
    let mut country = country();
    let record = country.issue(signed_diploma("2019-11-20", 5, &key(10)), "2026-11-21");
    expect(&judge(&record, &country.trust("2026-11-21")), Overall::VerifiedWithWarnings, &[Code::LoggedLate]);
    let content = country.trust_content("2026-11-21");
    let with_grants = Trust::new(vec![country.seal(&content)]).unwrap();
    let codes = [Code::GrantedRetroactively, Code::LoggedLate];
    expect(&judge(&record, &with_grants), Overall::VerifiedWithWarnings, &codes);
}

#[test]
fn status_refuses_revoked_suspended_and_superseded_from_their_dates() {
    for (purpose, reason, effective, overall, codes) in [
        ("revocation", "fraud_by_staff", "2026-11-21", Overall::Refused, vec![Code::Revoked]),
        ("revocation", "superseded", "2026-11-21", Overall::Refused, vec![Code::Superseded]),
        ("revocation", "superseded_court_order", "2026-11-21", Overall::Refused, vec![Code::Superseded]),
        ("revocation", "supersededness", "2026-11-21", Overall::Refused, vec![Code::Revoked]),
        ("suspension", "superseded_court_order", "2026-11-21", Overall::Refused, vec![Code::Suspended]),
        ("suspension", "court_order", "2026-11-21", Overall::Refused, vec![Code::Suspended]),
        ("revocation", "court_order", "2026-12-24", Overall::Verified, vec![]),
    ] {
        let mut country = country();
        let record = good(&mut country);
        country.set_status(5, purpose, reason, effective, true);
        expect(&judge(&record, &country.trust("2026-11-21")), overall, &codes);
    }
}

#[test]
fn a_corrected_record_says_why_and_since_when() {
    let mut country = country();
    let record = good(&mut country);
    country.set_status(5, "revocation", "superseded_name_changed", "2026-11-20", true);
    let verdict = judge(&record, &country.trust("2026-11-21"));
    assert_eq!(
        verdict.axes.status.text,
        "It was replaced by a corrected version since 2026-11-20 (name_changed): ask for that one."
    );
}

#[test]
fn a_reinstated_record_is_good_again_and_others_are_untouched() {
    let mut country = country();
    let record = good(&mut country);
    country.set_status(5, "suspension", "court_order", "2026-11-21", true);
    country.set_status(5, "suspension", "reinstated", "2026-11-21", false);
    country.set_status(6, "revocation", "fraud_by_staff", "2026-11-21", true);
    expect(&judge(&record, &country.trust("2026-11-21")), Overall::Verified, &[]);
}

#[test]
fn a_status_that_cannot_be_looked_up_is_never_good() {
    let mut country = country();
    let record = good(&mut country);
    let mut content = country.trust_content("2026-11-21");
    content.status_lists.clear();
    let without = Trust::new(vec![country.seal(&content)]).unwrap();
    expect(&judge(&record, &without), Overall::CouldNotCheck, &[Code::StatusUnavailable]);
    let stale = Options { status_age_max_seconds: 3_600, ..Options::at(at(TODAY)) };
    let verdict = &verify(&record.encode().unwrap(), &country.trust("2026-11-21"), &stale)[0];
    expect(verdict, Overall::CouldNotCheck, &[Code::StatusStale]);
}

#[test]
fn refuses_a_record_that_could_never_be_revoked() {
    let mut country = country();
    for keep in [0, 1] {
        let mut unsigned = unsigned_diploma("2026-11-20", 5);
        let entries = unsigned["credentialStatus"].as_array_mut().unwrap();
        entries.remove(0);
        entries.truncate(keep);
        if keep == 0 {
            unsigned.as_object_mut().unwrap().remove("credentialStatus");
        }
        let record = country.issue(sign_by_school(&unsigned, &key(10)), "2026-11-21");
        expect(&judge(&record, &country.trust("2026-11-21")), Overall::Refused, &[Code::NoStatus]);
    }
}

#[test]
fn warns_when_the_status_list_is_not_the_logged_one() {
    let mut country = country();
    let record = good(&mut country);
    let mut content = country.trust_content("2026-11-21");
    content.statements.pop();
    let trust = Trust::new(vec![country.seal(&content)]).unwrap();
    expect(&judge(&record, &trust), Overall::VerifiedWithWarnings, &[Code::StatusListNotLogged]);
}

#[test]
fn refuses_evidence_that_does_not_fit_the_record() {
    let mut country = country();
    let record = good(&mut country);
    let trust = country.trust("2026-11-21");
    let with = |change: &dyn Fn(&mut matricula_credential::record::LedgerEvidence)| {
        let mut record = record.clone();
        change(record.evidence.as_mut().unwrap());
        judge(&record, &trust)
    };
    let other_salt =
        with(&|evidence| evidence.salt = matricula_credential::commitment::Salt::from_bytes([9; 32]));
    expect(&other_salt, Overall::Refused, &[Code::CommitmentMismatch]);
    let flipped = with(&|evidence| *evidence.batch.statement.last_mut().unwrap() ^= 1);
    assert_eq!(flipped.overall, Overall::Refused);
    let unsigned = with(&|evidence| {
        let proof = &evidence.batch.log_proof;
        let witness = proof.find("— witness.example/own").unwrap();
        evidence.batch.log_proof = proof[..witness].to_owned();
    });
    expect(&unsigned, Overall::Refused, &[Code::QuorumNotReached]);
    let moved = with(&|evidence| evidence.batch.log_proof = evidence.accreditation[0].log_proof.clone());
    expect(&moved, Overall::Refused, &[Code::LogProofInvalid]);
    let without_rights = with(&|evidence| evidence.accreditation.clear());
    assert_eq!(without_rights.overall, Overall::UnknownIssuer);
}

#[test]
fn refuses_a_credential_outside_its_batch_or_by_another_key() {
    let mut country = country();
    let trust_day = "2026-11-21";
    let mut by_other_key = signed_diploma("2026-11-20", 5, &key(13));
    let record = country.issue(by_other_key.clone(), trust_day);
    let verdict = judge(&record, &country.trust(trust_day));
    assert!(verdict.axes.ledger.has(Code::NotTheBatchSigner), "{verdict:#?}");
    by_other_key["issuer"]["id"] = json!("did:web:elsewhere.example");
    let verdict = judge(&PortableRecord { credential: by_other_key, ..record }, &country.trust("2026-11-22"));
    assert_eq!(verdict.overall, Overall::Refused);
}

#[test]
fn refuses_a_level_that_the_batch_did_not_declare() {
    let mut country = country();
    let mut unsigned = unsigned_diploma("2026-11-20", 5);
    let level = unsigned.pointer_mut("/credentialSubject/achievement/alignment/0/targetCode").unwrap();
    *level = json!("7");
    let record = country.issue(sign_by_school(&unsigned, &key(10)), "2026-11-21");
    let verdict = judge(&record, &country.trust("2026-11-21"));
    expect(&verdict, Overall::Refused, &[Code::ScopeExceeded, Code::OutsideBatchScope]);
}

fn request() -> PresentationRequest {
    PresentationRequest {
        challenge: "c-1".to_owned(),
        domain: "employer.example".to_owned(),
        created: at("2026-11-22"),
        expires: None,
    }
}

fn asked() -> Options {
    Options {
        challenge: Some("c-1".to_owned()),
        domain: Some("employer.example".to_owned()),
        ..Options::at(at(TODAY))
    }
}

#[test]
fn a_bound_holder_who_answers_the_challenge_passes_and_nobody_else() {
    let mut country = country();
    let mut record = good(&mut country);
    let trust = country.trust("2026-11-21");
    record.binding = Some(bind(&record.credential, &key(30), &key(12)));
    let shown = |record: &PortableRecord, holder: u8, options: &Options| {
        let file = PresentationFile::sign(vec![record.clone()], &request(), &key(holder)).unwrap();
        verify(&file.encode().unwrap(), &trust, options).remove(0)
    };
    expect(&shown(&record, 30, &asked()), Overall::Verified, &[]);
    let unasked = shown(&record, 30, &Options::at(at(TODAY)));
    expect(&unasked, Overall::VerifiedWithWarnings, &[Code::ChallengeNotChecked]);
    let replayed = Options { challenge: Some("c-2".to_owned()), ..asked() };
    expect(&shown(&record, 30, &replayed), Overall::Refused, &[Code::ChallengeMismatch]);
    let elsewhere = Options { domain: Some("other.example".to_owned()), ..asked() };
    expect(&shown(&record, 30, &elsewhere), Overall::Refused, &[Code::DomainMismatch]);
    expect(&shown(&record, 31, &asked()), Overall::Refused, &[Code::HolderNotBound]);
    record.binding = Some(bind(&record.credential, &key(31), &key(31)));
    expect(&shown(&record, 31, &asked()), Overall::Refused, &[Code::BindingInvalid]);
    record.binding = None;
    assert_eq!(shown(&record, 30, &asked()).overall, Overall::VerifiedWithWarnings);
}

#[test]
fn refuses_a_presentation_changed_after_signing() {
    let mut country = country();
    let record = good(&mut country);
    let mut file = PresentationFile::sign(vec![record], &request(), &key(30)).unwrap().to_value();
    file["presentation"]["holder"] = json!(matricula_credential::did::did_key(&key(31).verifying_key()));
    let verdict =
        verify(&serde_json::to_vec(&file).unwrap(), &country.trust("2026-11-21"), &asked()).remove(0);
    assert!(verdict.axes.holder.has(Code::PresentationProofInvalid), "{verdict:#?}");
}

#[test]
fn bytes_that_are_no_document_are_refused_and_never_passed_over() {
    let trust = country().trust("2026-11-21");
    let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
    for bytes in [
        &b""[..],
        b"{}",
        b"\xff",
        b"[]",
        b"{\"a\":1,\"a\":2}",
        deep.as_bytes(),
        b"{\"type\":\"MatriculaPortableRecord\"}",
    ] {
        let verdicts = verify(bytes, &trust, &Options::at(at(TODAY)));
        assert_eq!(verdicts.len(), 1);
        assert_eq!(verdicts[0].overall, Overall::Refused, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn an_expired_trust_file_warns() {
    let mut country = country();
    let record = good(&mut country);
    let trust = country.trust("2026-11-21");
    let later =
        Options { as_of: at("2027-11-22"), status_age_max_seconds: u64::MAX, ..Options::at(at(TODAY)) };
    let verdict = verify(&record.encode().unwrap(), &trust, &later).remove(0);
    expect(&verdict, Overall::VerifiedWithWarnings, &[Code::TrustFileExpired]);
}
