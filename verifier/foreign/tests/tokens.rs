//! Tokens made here: each one taken, with those that differ in one thing and are refused.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

mod token;

use matricula_credential::canonical_json;
use matricula_credential::json::JsonError;
use matricula_foreign::{
    Algorithm, ClaimName, Fault, ForeignError, HEADER_BYTES_MAX, KeyError, KeyFrom, KeyKind,
    NESTED_DEPTH_MAX, NESTED_MAX, Part, Profile, SIGNATURE_BYTES_MAX, TOKEN_BYTES_MAX, read,
};
use matricula_tlog::UnixSeconds;
use proptest::prelude::{Strategy, any, prop, proptest};
use serde_json::{Value, json};

use token::{ISSUER, Signer, badge};

/// 2026-01-01T00:00:00Z.
const VALID_FROM: UnixSeconds = UnixSeconds::new(1_767_225_600);

/// The usual header or payload with one member changed.
fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

#[test]
fn reads_what_each_algorithm_signs() {
    for (signer, algorithm, kind) in [
        (Signer::rsa(), Algorithm::Rs256, KeyKind::Rsa),
        (Signer::p256(), Algorithm::Es256, KeyKind::P256),
        (Signer::ed25519(), Algorithm::EdDsa, KeyKind::Ed25519),
    ] {
        let read = read(&signer.token(&badge())).unwrap();
        assert_eq!((read.algorithm(), read.key().kind()), (algorithm, kind));
        assert_eq!((read.profile(), read.key_from()), (Profile::VcJose, KeyFrom::JwkHeader));
        assert_eq!((read.not_before(), read.expires()), (Some(VALID_FROM), None));
        assert_eq!((read.credential(), read.issuer()), (&badge(), ISSUER));
        assert!(read.nested().is_empty());
    }
}

#[test]
fn rejects_algorithms_that_prove_nothing_and_tells_them_from_unknown_ones() {
    let signer = Signer::ed25519();
    for alg in ["none", "None", "NONE", "HS256", "HS384", "HS512"] {
        let refused = read(&signer.sign(&with(signer.header(), "alg", json!(alg)), &badge())).unwrap_err();
        assert_eq!(refused, ForeignError::AlgorithmRefused { alg: alg.to_owned() });
        assert_eq!(refused.fault(), Fault::Invalid);
    }
    for alg in ["PS256", "ES384", "ES256K", "RS512", "rs256", ""] {
        let refused = read(&signer.sign(&with(signer.header(), "alg", json!(alg)), &badge())).unwrap_err();
        assert_eq!(refused, ForeignError::AlgorithmUnsupported { alg: alg.to_owned() });
        assert_eq!(refused.fault(), Fault::Unsupported);
    }
    for header in [json!({"typ": "vc+jwt"}), with(signer.header(), "alg", json!(["EdDSA"]))] {
        let refused = read(&signer.sign(&header, &badge())).unwrap_err();
        assert_eq!(refused, ForeignError::Member { part: Part::Header, member: "alg" });
    }
}

#[test]
fn rejects_every_pair_of_algorithm_and_foreign_kind_of_key() {
    for signer in [Signer::rsa(), Signer::p256(), Signer::ed25519()] {
        let own = signer.header()["alg"].clone();
        for alg in ["RS256", "ES256", "EdDSA"].into_iter().filter(|alg| own != *alg) {
            let refused =
                read(&signer.sign(&with(signer.header(), "alg", json!(alg)), &badge())).unwrap_err();
            assert!(matches!(refused, ForeignError::KeyMismatch { .. }), "{own} {alg}: {refused}");
        }
    }
}

#[test]
fn rejects_extensions_whatever_they_are() {
    let signer = Signer::ed25519();
    for (member, value) in
        [("crit", json!(["exp"])), ("crit", json!([])), ("crit", json!("b64")), ("b64", json!(false))]
    {
        let refused = read(&signer.sign(&with(signer.header(), member, value), &badge())).unwrap_err();
        assert_eq!(refused, ForeignError::Critical);
    }
}

#[test]
fn reads_the_types_of_credentials_and_rejects_others() {
    let signer = Signer::ed25519();
    for typ in ["vc+jwt", "VC+JWT", "application/vc+jwt", "vc+ld+jwt", "JWT"] {
        assert!(read(&signer.sign(&with(signer.header(), "typ", json!(typ)), &badge())).is_ok(), "{typ}");
    }
    for typ in ["vp+jwt", "kb+jwt", "at+jwt", "statuslist+jwt", "dc+sd-jwt", ""] {
        let refused = read(&signer.sign(&with(signer.header(), "typ", json!(typ)), &badge())).unwrap_err();
        assert_eq!(refused, ForeignError::TypeWrong { typ: typ.to_owned() });
    }
}

#[test]
fn rejects_keys_that_are_private_or_for_something_else() {
    let signer = Signer::rsa();
    let refuse = |member: &str, value: Value| {
        let jwk = with(signer.public(), member, value);
        read(&signer.sign(&with(signer.header(), "jwk", jwk), &badge())).unwrap_err()
    };
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert_eq!(refuse(member, json!("AQ")), ForeignError::Key(KeyError::Private { member }));
    }
    for (member, value) in [("use", "enc"), ("alg", "PS256")] {
        assert_eq!(refuse(member, json!(value)), ForeignError::Key(KeyError::Purpose { member }));
    }
    assert_eq!(
        refuse("key_ops", json!(["sign"])),
        ForeignError::Key(KeyError::Purpose { member: "key_ops" })
    );
    assert_eq!(refuse("kty", json!("oct")), ForeignError::Key(KeyError::Unsupported));
    assert_eq!(refuse("n", json!("AQ=")), ForeignError::Key(KeyError::Malformed { member: "n" }));
    for e in ["AQ", "Ag", "AAEAAQ", "AQAAAAE", "_____________________w"] {
        assert_eq!(refuse("e", json!(e)), ForeignError::Key(KeyError::Malformed { member: "e" }), "{e}");
    }
}

#[test]
fn rejects_rsa_keys_outside_2048_to_8192_bits() {
    let signer = Signer::rsa();
    for bits in [1024, 2040, 2047, 8193, 16_384] {
        let bytes = usize::div_ceil(bits, 8);
        let mut modulus = vec![0xff; bytes];
        modulus[0] = 0xff >> (bytes * 8 - bits);
        let jwk = with(signer.public(), "n", json!(data_encoding::BASE64URL_NOPAD.encode(&modulus)));
        let refused = read(&signer.sign(&with(signer.header(), "jwk", jwk), &badge())).unwrap_err();
        assert_eq!(refused, ForeignError::Key(KeyError::RsaSize { bits }));
    }
    for bytes in [256, 1024] {
        let jwk =
            with(signer.public(), "n", json!(data_encoding::BASE64URL_NOPAD.encode(&vec![0xff; bytes])));
        let refused = read(&signer.sign(&with(signer.header(), "jwk", jwk), &badge())).unwrap_err();
        assert_eq!(refused, ForeignError::Signature, "a key of this size is taken, and did not sign");
    }
}

#[test]
fn rejects_what_is_too_long_too_deep_or_said_twice() {
    let signer = Signer::ed25519();
    let long = with(signer.header(), "x5c", json!(["A".repeat(HEADER_BYTES_MAX)]));
    let refused = read(&signer.sign(&long, &badge())).unwrap_err();
    assert!(matches!(refused, ForeignError::TooLarge { part: Part::Header, max: HEADER_BYTES_MAX, .. }));
    let refused = read(&format!("e30.{}.AAAA", "A".repeat(TOKEN_BYTES_MAX))).unwrap_err();
    let bytes = TOKEN_BYTES_MAX + 9;
    assert_eq!(refused, ForeignError::TooLarge { part: Part::Token, bytes, max: TOKEN_BYTES_MAX });
    let refused = read(&format!("e30.e30.{}", "A".repeat(SIGNATURE_BYTES_MAX * 2))).unwrap_err();
    assert!(matches!(refused, ForeignError::TooLarge { part: Part::Signature, .. }));

    let deep = |depth: usize| with(badge(), "evidence", nest(depth));
    assert!(read(&signer.token(&deep(60))).is_ok());
    let json_error = |token: &str| match read(token).unwrap_err() {
        ForeignError::Json { part, cause } => (part, cause),
        other => panic!("{other}"),
    };
    assert!(matches!(json_error(&signer.token(&deep(80))), (Part::Payload, JsonError::TooDeep { .. })));

    let twice = |object: &Value, more: &str| object.to_string().replacen('{', &format!("{{{more},"), 1);
    let token = signer.sign_text(&twice(&signer.header(), r#""alg":"none""#), &badge().to_string());
    let duplicate = |key: &str| JsonError::DuplicateKey { pointer: String::new(), key: key.to_owned() };
    assert_eq!(json_error(&token), (Part::Header, duplicate("alg")));
    let token = signer.sign_text(&signer.header().to_string(), &twice(&badge(), r#""issuer":"x""#));
    assert_eq!(json_error(&token), (Part::Payload, duplicate("issuer")));
}

fn nest(depth: usize) -> Value {
    (0..depth).fold(json!([]), |inner, _| json!([inner]))
}

/// A badge as claim, with what the claims say left out.
fn claim_payload() -> Value {
    let mut inner = badge();
    inner["@context"][0] = json!("https://www.w3.org/2018/credentials/v1");
    let object = inner.as_object_mut().unwrap();
    object.remove("id");
    object.remove("validFrom");
    inner["issuer"].as_object_mut().unwrap().remove("id");
    inner["credentialSubject"].as_object_mut().unwrap().remove("id");
    json!({
        "iss": ISSUER, "sub": "did:example:learner", "jti": "urn:uuid:1", "nbf": 1_767_225_600, "exp": 1_798_761_600.5,
        "vc": inner,
    })
}

fn claim_token(payload: &Value) -> String {
    let signer = Signer::rsa();
    signer.sign(&with(signer.header(), "typ", json!("JWT")), payload)
}

#[test]
fn claims_stand_for_what_the_credential_leaves_out() {
    let read = read(&claim_token(&claim_payload())).unwrap();
    let credential = read.credential();
    assert_eq!(read.profile(), Profile::VcClaim);
    assert_eq!((read.issuer(), &credential["issuer"]["id"]), (ISSUER, &json!(ISSUER)));
    assert_eq!(credential["credentialSubject"]["id"], "did:example:learner");
    assert_eq!(credential["id"], "urn:uuid:1");
    assert_eq!(credential["issuanceDate"], "2026-01-01T00:00:00Z");
    assert_eq!(credential["expirationDate"], "2027-01-01T00:00:00Z");
    assert_eq!(
        (read.not_before(), read.expires()),
        (Some(VALID_FROM), Some(UnixSeconds::new(1_798_761_600)))
    );
    assert!(credential.get("iss").is_none());
}

#[test]
fn rejects_claims_that_contradict_the_credential() {
    let refuse = |pointer: &str, value: Value| {
        let mut payload = claim_payload();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        payload.pointer_mut(parent).unwrap()[member] = value;
        read(&claim_token(&payload)).unwrap_err()
    };
    for (pointer, value, claim) in [
        ("/vc/issuer/id", json!("https://mill.example"), ClaimName::Iss),
        ("/vc/issuer", json!("https://mill.example"), ClaimName::Iss),
        ("/vc/issuer", json!(["https://mill.example"]), ClaimName::Iss),
        ("/vc/id", json!("urn:uuid:2"), ClaimName::Jti),
        ("/vc/credentialSubject/id", json!("did:example:other"), ClaimName::Sub),
        ("/vc/credentialSubject", json!([{}, {}]), ClaimName::Sub),
        ("/vc/issuanceDate", json!("2026-01-01T00:00:01Z"), ClaimName::Nbf),
        ("/vc/issuanceDate", json!(1_767_225_600), ClaimName::Nbf),
        ("/vc/expirationDate", json!("2028-01-01T00:00:00Z"), ClaimName::Exp),
    ] {
        assert_eq!(refuse(pointer, value), ForeignError::ClaimDisagrees { claim }, "{pointer}");
    }
    let malformed = |member| ForeignError::Member { part: Part::Payload, member };
    for (member, value) in [
        ("iss", json!(7)),
        ("nbf", json!(-1)),
        ("exp", json!("2028")),
        ("exp", json!(1e15)),
        ("jti", json!({})),
    ] {
        assert_eq!(refuse(&format!("/{member}"), value), malformed(member));
    }
    assert_eq!(refuse("/vc", json!("text")), ForeignError::NotACredential);
    assert_eq!(refuse("/vc/type", json!(["VerifiablePresentation"])), ForeignError::NotACredential);
}

#[test]
fn claims_beside_a_credential_are_compared_and_do_not_become_part_of_it() {
    let signer = Signer::ed25519();
    let mut payload = badge();
    for (member, value) in [
        ("iss", json!(ISSUER)),
        ("iat", json!(1)),
        ("nbf", json!(1_767_225_700)),
        ("exp", json!(1_800_000_000)),
    ] {
        payload[member] = value;
    }
    let read_back = read(&signer.token(&payload)).unwrap();
    assert_eq!(read_back.credential(), &badge());
    assert_eq!(read_back.not_before(), Some(UnixSeconds::new(1_767_225_700)));
    assert_eq!(read_back.expires(), Some(UnixSeconds::new(1_800_000_000)));
    let refused = read(&signer.token(&with(payload, "iss", json!("https://mill.example")))).unwrap_err();
    assert_eq!(refused, ForeignError::ClaimDisagrees { claim: ClaimName::Iss });
    let refused = read(&signer.token(&claim_payload())).unwrap_err();
    assert_eq!(refused, ForeignError::ProfilesMixed);
}

#[test]
fn rejects_a_key_that_the_issuer_does_not_control() {
    let signer = Signer::ed25519();
    let own =
        matricula_credential::did::did_key(read(&signer.token(&badge())).unwrap().key().ed25519().unwrap());
    let fragment = own.trim_start_matches("did:key:");
    let kid = format!("{own}#{fragment}");
    let by_kid = |kid: &str| json!({"alg": "EdDSA", "typ": "vc+jwt", "kid": kid});
    let issued_by = |issuer: &str| with(badge(), "issuer", json!(issuer));

    let good = read(&signer.sign(&by_kid(&kid), &issued_by(&own))).unwrap();
    assert_eq!(good.key_from(), KeyFrom::Kid);
    let good = read(&signer.sign(&by_kid("#any"), &issued_by(&own))).unwrap();
    assert_eq!(good.key_from(), KeyFrom::Issuer);
    let web = format!("did:web:school.example#{fragment}");
    let good = read(&signer.sign(&by_kid(&web), &issued_by("did:web:school.example"))).unwrap();
    assert_eq!(good.key_from(), KeyFrom::Kid);

    for (kid, issuer) in [(kid.as_str(), ISSUER), (&web, "did:web:other.example"), (&web, own.as_str())] {
        let refused = read(&signer.sign(&by_kid(kid), &issued_by(issuer))).unwrap_err();
        assert_eq!(refused, ForeignError::NotControlled { issuer: issuer.to_owned() });
        assert_eq!(refused.fault(), Fault::NotControlled);
    }
    let refused = read(&Signer::p256().token(&issued_by(&own))).unwrap_err();
    assert_eq!(refused, ForeignError::NotControlled { issuer: own.clone() });
    let both = with(Signer::p256().header(), "kid", json!(kid));
    assert_eq!(read(&Signer::p256().sign(&both, &issued_by(&own))).unwrap_err(), ForeignError::KeysDisagree);
    let refused = read(&signer.sign(&by_kid("https://school.example/keys/1"), &badge())).unwrap_err();
    let kid = Some("https://school.example/keys/1".to_owned());
    assert_eq!(refused, ForeignError::KeyUnavailable { kid });
    assert_eq!(refused.fault(), Fault::Unsupported);
}

/// A transcript with these inside.
fn transcript(inside: Value) -> Value {
    let mut transcript = badge();
    transcript["type"] = json!(["VerifiableCredential", "ClrCredential"]);
    transcript["credentialSubject"] = json!({"id": "did:example:learner", "verifiableCredential": inside});
    transcript
}

#[test]
fn reads_credentials_inside_and_leaves_those_with_their_own_proofs_alone() {
    let (outer, inner) = (Signer::rsa(), Signer::ed25519());
    let token = inner.token(&badge());
    let envelope =
        json!({"type": "EnvelopedVerifiableCredential", "id": format!("data:application/vc+jwt,{token}")});
    let embedded = with(badge(), "proof", json!({"type": "DataIntegrityProof"}));
    let read_back = read(&outer.token(&transcript(json!([embedded, token, envelope])))).unwrap();
    let positions: Vec<usize> = read_back.nested().iter().map(|nested| nested.position).collect();
    assert_eq!(positions, [1, 2]);
    assert_eq!(read_back.nested()[0].credential.algorithm(), Algorithm::EdDsa);
    let inside = &read_back.credential()["credentialSubject"]["verifiableCredential"];
    assert_eq!(inside, &json!([embedded, badge(), badge()]));
    let alone = read(&outer.token(&transcript(json!(token)))).unwrap();
    assert_eq!(alone.credential()["credentialSubject"]["verifiableCredential"], json!([badge()]));
}

#[test]
fn rejects_a_transcript_for_one_bad_credential_inside() {
    let (outer, inner) = (Signer::rsa(), Signer::ed25519());
    let good = inner.token(&badge());
    let forged = format!("{}AA", &good[..good.len() - 2]);
    let refused = read(&outer.token(&transcript(json!([good, forged])))).unwrap_err();
    let cause = Box::new(ForeignError::Signature);
    assert_eq!(refused, ForeignError::Nested { position: 2, cause });
    assert_eq!(refused.fault(), Fault::Invalid);
    let refused = read(&outer.token(&transcript(json!([good, "not a token"])))).unwrap_err();
    let cause = Box::new(ForeignError::NotCompact { parts: 1 });
    assert_eq!(refused, ForeignError::Nested { position: 2, cause });
    let count = NESTED_MAX + 1;
    let refused = read(&outer.token(&transcript(json!(vec![""; count])))).unwrap_err();
    assert_eq!(refused, ForeignError::NestedTooMany { count, max: NESTED_MAX });
}

#[test]
fn rejects_transcripts_nested_too_deeply() {
    let signer = Signer::ed25519();
    let mut token = signer.token(&badge());
    for _ in 0..NESTED_DEPTH_MAX {
        token = signer.token(&transcript(json!([token])));
    }
    assert!(read(&token).is_ok());
    let mut refused = read(&signer.token(&transcript(json!([token])))).unwrap_err();
    while let ForeignError::Nested { cause, .. } = refused {
        refused = *cause;
    }
    assert_eq!(refused, ForeignError::NestedTooDeep { max: NESTED_DEPTH_MAX });
}

/// `ssi` switches `arbitrary_precision` of `serde_json` on for the whole binary, so it is on in this test.
#[test]
fn numbers_keep_their_value_and_canonical_form_with_arbitrary_precision() {
    let number: Value = serde_json::from_str("1e400").expect("only `arbitrary_precision` holds this number");
    assert_eq!(number.to_string().to_lowercase().replace('+', ""), "1e400");
    let signer = Signer::ed25519();
    for (written, canonical) in
        [("1.0", "1"), ("1E2", "100"), ("-0.0", "0"), ("14.60", "14.6"), ("1e-7", "1e-7")]
    {
        let payload = badge().to_string().replacen('{', &format!("{{\"ext\":{written},"), 1);
        let read_back = read(&signer.sign_text(&signer.header().to_string(), &payload)).unwrap();
        assert_eq!(
            canonical_json(&read_back.credential()["ext"]).unwrap(),
            canonical.as_bytes(),
            "{written}"
        );
    }
    let huge = badge().to_string().replacen('{', "{\"ext\":1e400,", 1);
    let refused = read(&signer.sign_text(&signer.header().to_string(), &huge)).unwrap_err();
    assert!(matches!(refused, ForeignError::Json { cause: JsonError::NumberOutOfRange { .. }, .. }));
    let hidden = badge().to_string().replacen('{', r#"{"ext":{"$serde_json::private::Number":"1"},"#, 1);
    let refused = read(&signer.sign_text(&signer.header().to_string(), &hidden)).unwrap_err();
    assert_eq!(refused, ForeignError::Json { part: Part::Payload, cause: JsonError::ReservedKey });
}

fn texts() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5).prop_map(|parts| {
        let encoded: Vec<String> =
            parts.iter().map(|part| data_encoding::BASE64URL_NOPAD.encode(part)).collect();
        encoded.join(".")
    })
}

proptest! {
    #[test]
    fn what_is_no_token_is_refused_without_panic(text in texts(), noise in "\\PC{0,200}") {
        assert!(read(&text).is_err());
        assert!(read(&noise).is_err());
    }

    #[test]
    fn any_header_and_payload_is_read_or_refused_without_panic(
        member in "alg|typ|kid|jwk|crit|iss|sub|vc|issuer|type|id|nbf|validFrom|credentialSubject",
        value in "null|7|-1|1e308|\"\"|\"did:key:z\"|\"did:jwk:e30\"|\"did:key:z6Mk#x\"|\\[\\]|\\{\\}|\\[\\[\\]\\]",
    ) {
        let signer = Signer::ed25519();
        let value: Value = serde_json::from_str(&value).unwrap();
        let header = with(signer.header(), &member, value.clone());
        let _ = read(&signer.sign(&header, &badge()));
        let _ = read(&signer.sign(&signer.header(), &with(badge(), &member, value)));
    }
}
