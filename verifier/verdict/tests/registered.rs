//! Tokens under a key that a trust file knows: judged by the rights of its institution, without evidence from a log.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

#[allow(dead_code, reason = "each test binary uses its own part of the country")]
mod country;

use country::{Country, at, key, unsigned_diploma};
use matricula_registry::{AccreditationEvent, KeyEvent};
use matricula_verdict::{Code, ForeignEvidence, Options, Overall, Trust, Verdict, judge_foreign};
use serde_json::Value;

/// What a reader of tokens hands over: a diploma of the school, and whose signature it found good.
fn read(credential: Value, signer: Option<u8>) -> ForeignEvidence {
    ForeignEvidence {
        credential,
        key: "a thumbprint (Ed25519, EdDSA)".to_owned(),
        signer: signer.map(|seed| key(seed).verifying_key()),
        not_before: None,
        expires: None,
        nested: Vec::new(),
    }
}

fn diploma() -> Value {
    unsigned_diploma("2026-11-20", 5)
}

fn country() -> Country {
    Country::new("log.hn.example/1", 1)
}

fn judge(evidence: &ForeignEvidence, trust: &Trust) -> Verdict {
    judge_foreign(Ok(evidence), trust, &Options::at(at("2026-11-22")))
}

#[track_caller]
fn expect(verdict: &Verdict, overall: Overall, codes: &[Code]) {
    let ever = [Code::NoLedgerEvidence, Code::CompareIdentityDocument];
    let got: Vec<Code> = verdict.codes().into_iter().filter(|code| !ever.contains(code)).collect();
    assert_eq!((verdict.overall, got.as_slice()), (overall, codes), "{verdict:#?}");
}

#[test]
fn a_key_of_the_named_school_is_judged_and_any_other_stays_unknown() {
    let mut country = country();
    let trust = country.full_trust("2026-11-21");
    let verdict = judge(&read(diploma(), Some(10)), &trust);
    expect(&verdict, Overall::VerifiedWithWarnings, &[]);
    assert_eq!(verdict.credential.authority.as_deref(), Some("Secretaría de Educación"));
    let unknown = [Code::IssuerUnknown, Code::StatusUnavailable];
    for signer in [None, Some(40)] {
        expect(&judge(&read(diploma(), signer), &trust), Overall::UnknownIssuer, &unknown);
    }
    expect(&judge(&read(diploma(), Some(10)), &Trust::default()), Overall::UnknownIssuer, &unknown);
    let without_grants = country.trust("2026-11-22");
    expect(&judge(&read(diploma(), Some(10)), &without_grants), Overall::UnknownIssuer, &unknown);
}

#[test]
fn refuses_the_key_of_another_institution_and_of_another_role() {
    let mut country = country();
    country.neighbour();
    let trust = country.full_trust("2026-11-21");
    let of_neighbour = judge(&read(diploma(), Some(20)), &trust);
    expect(&of_neighbour, Overall::Refused, &[Code::IssuerDoesNotControlKey]);
    let to_bind = judge(&read(diploma(), Some(12)), &trust);
    expect(&to_bind, Overall::Refused, &[Code::KeyWrongRole]);
}

#[test]
fn a_claimed_date_is_no_evidence() {
    let mut country = country();
    country.accredit(AccreditationEvent::Revoke { custodian: None }, "2026-11-21", "2026-11-22");
    let verdict = judge(&read(diploma(), Some(10)), &country.full_trust("2026-11-22"));
    expect(&verdict, Overall::Refused, &[Code::AccreditationRevoked, Code::ClaimedDateUnproven]);
    let mut country = self::country();
    country.key_event(10, KeyEvent::Compromised { since: at("2026-11-22") }, "2026-11-22");
    let verdict = judge(&read(diploma(), Some(10)), &country.full_trust("2026-11-22"));
    assert_eq!(verdict.overall, Overall::Refused);
    assert!(verdict.axes.authority.has(Code::KeyCompromised), "{verdict:#?}");
}

#[test]
fn status_counts_as_for_every_record_of_the_authority() {
    let mut country = country();
    country.set_status(5, "revocation", "fraud_by_staff", "2026-11-21", true);
    let trust = country.full_trust("2026-11-21");
    expect(&judge(&read(diploma(), Some(10)), &trust), Overall::Refused, &[Code::Revoked]);
    let mut irrevocable = diploma();
    irrevocable.as_object_mut().unwrap().remove("credentialStatus");
    expect(&judge(&read(irrevocable, Some(10)), &trust), Overall::Refused, &[Code::NoStatus]);
}
