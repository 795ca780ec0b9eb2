//! Real records through the whole service.

use std::sync::Arc;

use matricula_verdict::Trust;
use matricula_verifier::Verifier;
use serde_json::{Value, json};

use crate::records::{CHALLENGE, DOMAIN, records};
use crate::request::{Answer, NOW, form, post, post_json, send};

fn trusting(trust: Trust) -> Arc<Verifier> {
    Arc::new(Verifier::new(trust, Arc::new(|| NOW)))
}

async fn verify_credential(verifier: &Arc<Verifier>, credential: &Value) -> Answer {
    let request = post_json("/credentials/verify", &json!({"verifiableCredential": credential}));
    send(Arc::clone(verifier), request).await
}

async fn verify_presentation(verifier: &Arc<Verifier>, presentation: &Value, options: Value) -> Answer {
    let body = json!({"verifiablePresentation": presentation, "options": options});
    send(Arc::clone(verifier), post_json("/presentations/verify", &body)).await
}

fn problem_types(answer: &Answer) -> Vec<String> {
    let problems = answer.json()["problemDetails"].clone();
    problems.as_array().unwrap().iter().map(|problem| problem["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_good_record_is_verified_on_every_endpoint() {
    let records = records();
    let verifier = trusting(records.trust);

    let answer = verify_credential(&verifier, &records.verified).await;
    let body = answer.json();
    assert_eq!(
        (answer.status.as_u16(), &body["verified"], &body["problemDetails"]),
        (200, &json!(true), &json!([]))
    );
    assert_eq!(body["results"][0]["verdict"]["overall"], "verified");

    let file = records.verified.to_string();
    let raw = send(Arc::clone(&verifier), post("/verify", "application/json", file.clone())).await.json();
    assert_eq!((&raw["overall"], &raw["credential"]["kind"]), (&json!("verified"), &json!("diploma")));
    assert_eq!(raw["credential"]["claimed"], "2026-11-20T00:00:00Z");
    assert_eq!(raw["credential"]["logged"], "2026-11-21T00:00:00Z");

    let page = send(verifier, form(&[("document", Some("ofelia.json"), file.as_bytes())])).await;
    for part in [
        ">Verified</h2>",
        "Diploma: Título de Bachillerato",
        "Ofelia Santiago Granados",
        "Instituto Lempira",
        "Secretaría de Educación",
        ">2026-11-20</time>",
        ">2026-11-21</time>",
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
}

#[tokio::test]
async fn a_changed_name_is_refused_with_the_type_the_standard_gives_it() {
    let records = records();
    let verifier = trusting(records.trust);
    let answer = verify_credential(&verifier, &records.tampered).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["verified"]), (400, &json!(false)));
    let types = problem_types(&answer);
    assert!(types.contains(&"https://w3id.org/security#PROOF_VERIFICATION_ERROR".to_owned()), "{types:?}");
    let file = records.tampered.to_string();
    let page = send(verifier, form(&[("document", Some("olga.json"), file.as_bytes())])).await;
    assert!(page.text.contains(">Refused</h2>") && !page.text.contains(">Verified"), "{}", page.text);
}

#[tokio::test]
async fn a_bare_credential_is_verified_with_a_warning_about_the_log() {
    let records = records();
    let answer = verify_credential(&trusting(records.trust), &records.verified["credential"]).await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["verified"]), (200, &json!(true)));
    assert_eq!(body["results"][0]["verdict"]["overall"], "verified_with_warnings");
    let codes: Vec<&str> = body["problemDetails"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert!(codes.contains(&"no_ledger_evidence"), "{body}");
}

#[tokio::test]
async fn an_unknown_issuer_is_never_answered_with_200_and_known_once_trusted() {
    let records = records();
    let verifier = trusting(Trust::default());
    let answer = verify_credential(&verifier, &records.verified).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["verified"]), (400, &json!(false)));
    assert_eq!(answer.json()["results"][0]["verdict"]["overall"], "unknown_issuer");
    verifier.replace_trust(records.trust);
    assert_eq!(verify_credential(&verifier, &records.verified).await.status, 200);
}

#[tokio::test]
async fn a_presentation_is_verified_for_its_challenge_and_domain_only() {
    let records = records();
    let verifier = trusting(records.trust);
    let asked = json!({"challenge": CHALLENGE, "domain": DOMAIN});
    let answer = verify_presentation(&verifier, &records.presentation, asked).await;
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), &body["verified"]), (200, &json!(true)), "{body}");
    assert_eq!(body["results"].as_array().unwrap().len(), 2);

    for (options, wanted) in [
        (json!({"challenge": "c-2", "domain": DOMAIN}), "https://w3id.org/security#INVALID_CHALLENGE_ERROR"),
        (
            json!({"challenge": CHALLENGE, "domain": "x.example"}),
            "https://w3id.org/security#INVALID_DOMAIN_ERROR",
        ),
    ] {
        let answer = verify_presentation(&verifier, &records.presentation, options).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["verified"]), (400, &json!(false)));
        assert!(problem_types(&answer).contains(&wanted.to_owned()), "{}", answer.text);
    }
}

#[tokio::test]
async fn the_form_asks_for_challenge_and_domain_too() {
    let records = records();
    let verifier = trusting(records.trust);
    let file = records.presentation.to_string();
    let ask = |challenge: &'static str| {
        let fields = [
            ("document", Some("p.json"), file.as_bytes()),
            ("challenge", None, challenge.as_bytes()),
            ("domain", None, DOMAIN.as_bytes()),
        ];
        send(Arc::clone(&verifier), form(&fields))
    };
    assert_eq!(ask(CHALLENGE).await.text.matches(">Verified</h2>").count(), 2);
    let other = ask("c-2").await.text;
    assert_eq!(other.matches(">Refused</h2>").count(), 2);
    assert!(other.contains("<code>challenge_mismatch</code>"), "{other}");
}

#[tokio::test]
async fn several_verdicts_of_one_file_are_an_array() {
    let records = records();
    let path = format!("/verify?challenge={CHALLENGE}&domain={DOMAIN}");
    let body = records.presentation.to_string();
    let verdicts = send(trusting(records.trust), post(&path, "application/json", body)).await.json();
    let overall: Vec<&Value> =
        verdicts.as_array().unwrap().iter().map(|verdict| &verdict["overall"]).collect();
    assert_eq!(overall, ["verified", "verified"]);
}
