//! Whatever is sent, the service answers, and never with a good verdict.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use matricula_verdict::Trust;
use matricula_verifier::{Limits, Verifier};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_oneof, proptest};
use proptest::strategy::{Just, Strategy};

use crate::records::{Records, records};
use crate::request::{Answer, BOUNDARY, NOW, post, send, verifier};

const JSON: &str = "application/json";

fn answer(verifier: Arc<Verifier>, request: Request<Body>) -> Answer {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(send(verifier, request))
}

fn untrusting() -> Arc<Verifier> {
    verifier(Limits::default())
}

fn trusting(trust: Trust) -> Arc<Verifier> {
    Arc::new(Verifier::new(trust, Arc::new(|| NOW)))
}

/// Bytes that begin like what the parsers expect get further into them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let beginning = prop_oneof![
        Just(""),
        Just("{\"verifiableCredential\":{\"type\":[\"VerifiableCredential\"],"),
        Just("{\"type\":\"MatriculaPortableRecord\",\"version\":1,"),
        Just(
            "--matricula-boundary\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a\"\r\n\r\n"
        ),
    ];
    (beginning, proptest::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(beginning, rest)| [beginning.as_bytes(), &rest].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_on_every_endpoint(bytes in bytes()) {
        let raw = answer(untrusting(), post("/verify", JSON, bytes.clone()));
        prop_assert!(raw.status == 200 && raw.json()["overall"] == "refused", "{raw:?}");
        for path in ["/credentials/verify", "/presentations/verify"] {
            let refused = answer(untrusting(), post(path, JSON, bytes.clone()));
            prop_assert!(refused.status == 400, "{refused:?}");
        }
        let form_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let page = answer(untrusting(), post("/", &form_type, bytes));
        prop_assert!(page.status == 400 || page.text.contains(">Refused</h2>"), "{page:?}");
    }
}

#[test]
fn a_record_cut_short_anywhere_is_refused() {
    let Records { trust, verified, .. } = records();
    let file = verified.to_string();
    let verifier = trusting(trust);
    for length in (0..file.len()).step_by(97).chain([file.len() - 1]) {
        let cut = answer(Arc::clone(&verifier), post("/verify", JSON, file.as_bytes()[..length].to_vec()));
        assert_eq!(cut.json()["overall"], "refused", "{length}");
    }
    let whole = answer(verifier, post("/verify", JSON, file));
    assert_eq!(whole.json()["overall"], "verified");
}

#[test]
fn a_credential_with_a_changed_letter_is_never_good() {
    let Records { trust, verified, .. } = records();
    let verifier = trusting(trust);
    let credential = verified["credential"].to_string();
    let letters: Vec<usize> =
        credential.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).map(|(at, _)| at).collect();
    for at in letters.into_iter().step_by(41) {
        let mut changed = credential.clone().into_bytes();
        changed[at] = if changed[at] == b'7' { b'8' } else { b'7' };
        let body = answer(Arc::clone(&verifier), post("/verify", JSON, changed)).json();
        // A changed address of a vocabulary leaves the question open; everything else is refused.
        let overall = body["overall"].as_str().unwrap();
        assert!(matches!(overall, "refused" | "could_not_check"), "byte {at}: {body}");
    }
}
