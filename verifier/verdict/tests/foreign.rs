//! Credentials of others: what their reader found becomes a verdict, and never a green one.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

use matricula_tlog::UnixSeconds;
use matricula_verdict::{
    AxisResult, Code, ForeignEvidence, ForeignFault, ForeignRefusal, NestedToken, Options, Overall, Trust,
    Verdict, judge_foreign, parse_rfc3339,
};
use serde_json::{Value, json};

fn at(day: &str) -> UnixSeconds {
    parse_rfc3339(&format!("{day}T00:00:00Z")).unwrap()
}

fn badge() -> Value {
    json!({
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:0d2f9a5e-0000-4000-8000-000000000001",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "issuer": {"id": "https://school.example/issuer", "type": ["Profile"], "name": "Escuela Modelo"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2027-01-01T00:00:00Z",
        "name": "Sample",
        "credentialSubject": {
            "id": "did:example:learner",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "urn:uuid:0d2f9a5e-0000-4000-8000-000000000002",
                "type": ["Achievement"],
                "name": "Sample",
                "description": "Sample",
                "criteria": {"narrative": "Sample"},
            },
        },
    })
}

fn transcript(inside: Value) -> Value {
    let mut transcript = badge();
    transcript["@context"] = json!([
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ]);
    transcript["type"] = json!(["VerifiableCredential", "ClrCredential"]);
    transcript["credentialSubject"] =
        json!({"id": "did:example:learner", "type": ["ClrSubject"], "verifiableCredential": inside});
    transcript
}

fn evidence(credential: Value) -> ForeignEvidence {
    let key = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs (RSA, RS256)".to_owned();
    ForeignEvidence { credential, key, signer: None, not_before: None, expires: None, nested: Vec::new() }
}

fn tokens(positions: &[usize]) -> Vec<NestedToken> {
    positions.iter().map(|position| NestedToken { position: *position, signer: None }).collect()
}

fn judge(evidence: &ForeignEvidence, day: &str) -> Verdict {
    judge_foreign(Ok(evidence), &Trust::default(), &Options::at(at(day)))
}

#[test]
fn a_good_signature_of_others_is_an_unknown_issuer_and_never_green() {
    let verdict = judge(&evidence(badge()), "2026-11-22");
    assert_eq!(verdict.overall, Overall::UnknownIssuer, "{verdict:#?}");
    let codes = [Code::IssuerUnknown, Code::NoLedgerEvidence, Code::NoStatus, Code::CompareIdentityDocument];
    assert_eq!(verdict.codes(), codes);
    assert_eq!(verdict.axes.integrity.result, AxisResult::Pass);
    assert!(verdict.axes.integrity.text.contains("NzbLsXh8uDCcd"));
    assert_eq!(verdict.credential.issuer_name.as_deref(), Some("Escuela Modelo"));
}

#[test]
fn dates_of_the_credential_and_of_the_token_both_count() {
    assert_eq!(judge(&evidence(badge()), "2027-01-01").axes.content.codes, [Code::Expired]);
    assert_eq!(judge(&evidence(badge()), "2025-12-31").axes.content.codes, [Code::NotYetValid]);
    let expired = ForeignEvidence { expires: Some(at("2026-06-01")), ..evidence(badge()) };
    assert_eq!(judge(&expired, "2026-05-31").overall, Overall::UnknownIssuer);
    let verdict = judge(&expired, "2026-06-01");
    assert_eq!((verdict.overall, verdict.axes.content.codes), (Overall::Refused, vec![Code::Expired]));
    let early = ForeignEvidence { not_before: Some(at("2026-06-01")), ..evidence(badge()) };
    assert_eq!(judge(&early, "2026-06-01").overall, Overall::UnknownIssuer);
    let verdict = judge(&early, "2026-05-31");
    assert_eq!((verdict.overall, verdict.axes.content.codes), (Overall::Refused, vec![Code::NotYetValid]));
}

#[test]
fn a_status_that_cannot_be_looked_up_is_unknown() {
    let mut credential = badge();
    credential["credentialStatus"] = json!({
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://school.example/status/1",
    });
    let verdict = judge(&evidence(credential), "2026-11-22");
    assert_eq!(verdict.axes.status.codes, [Code::StatusUnavailable]);
    assert_eq!(verdict.overall, Overall::UnknownIssuer);
}

#[test]
fn credentials_inside_need_a_signature_around_them_or_a_proof_in_them() {
    let both = ForeignEvidence { nested: tokens(&[0, 1]), ..evidence(transcript(json!([badge(), badge()]))) };
    let verdict = judge(&both, "2026-11-22");
    assert_eq!(verdict.overall, Overall::UnknownIssuer, "{verdict:#?}");
    let one = ForeignEvidence { nested: tokens(&[0]), ..both };
    let verdict = judge(&one, "2026-11-22");
    assert_eq!(verdict.overall, Overall::Refused);
    assert_eq!(verdict.axes.integrity.codes, [Code::NestedProofInvalid, Code::ProofMissing]);
    assert_eq!(verdict.axes.content.codes, [Code::ContentInvalid]);
}

#[test]
fn each_fault_has_its_answer_and_shows_nothing_of_the_credential() {
    for (fault, overall, code) in [
        (ForeignFault::Malformed, Overall::Refused, Code::ProofMalformed),
        (ForeignFault::Invalid, Overall::Refused, Code::ProofInvalid),
        (ForeignFault::NotControlled, Overall::Refused, Code::IssuerDoesNotControlKey),
        (ForeignFault::Unsupported, Overall::CouldNotCheck, Code::ProofUnsupported),
    ] {
        let mut refusal = ForeignRefusal { fault, is_nested: false, reason: "a reason".to_owned() };
        let verdict = judge_foreign(Err(&refusal), &Trust::default(), &Options::at(at("2026-11-22")));
        assert_eq!(verdict.overall, overall, "{fault:?}");
        assert_eq!(verdict.axes.integrity.codes, [code]);
        assert!(verdict.axes.integrity.text.contains("a reason"));
        assert_eq!(verdict.credential.issuer, None);
        refusal.is_nested = true;
        let verdict = judge_foreign(Err(&refusal), &Trust::default(), &Options::at(at("2026-11-22")));
        assert_eq!(verdict.overall, overall, "{fault:?}");
        assert_eq!(verdict.axes.integrity.codes, [Code::NestedProofInvalid, code]);
    }
}
