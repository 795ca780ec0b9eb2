//! Canonical forms: what safe mode refuses, what takes too long, and what JCS writes.

#![allow(clippy::unwrap_used)]

use matricula_credential::{CanonError, canonical_json, canonical_nquads};
use serde_json::{Value, json};

const V2: &str = "https://www.w3.org/ns/credentials/v2";
const OB: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

fn badge(change: impl FnOnce(&mut Value)) -> Result<String, CanonError> {
    let mut badge = json!({
        "@context": [V2, OB],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "issuer": { "id": "did:web:hn.example", "type": ["Profile"], "name": "Instituto" },
        "validFrom": "2026-11-20T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "creditsEarned": 14.6,
            "achievement": { "id": "urn:x:1", "type": ["Achievement"], "name": "Título", "criteria": {"narrative": "…"} },
        },
    });
    change(&mut badge);
    canonical_nquads(&badge)
}

#[test]
fn amounts_are_written_as_xml_schema_writes_them() {
    let with = |credits: Value| badge(|b| b["credentialSubject"]["creditsEarned"] = credits).unwrap();
    for (credits, lexical) in [
        (json!(14.6), "1.46E1"),
        (json!(42), "42"),
        (json!(42.0), "42"),
        (json!(0.1), "1.0E-1"),
        (json!(-0.5), "-5.0E-1"),
        (json!(0), "0"),
    ] {
        let literal = format!("\"{lexical}\"^^<https://www.w3.org/2001/XMLSchema#float>");
        assert!(with(credits.clone()).contains(&literal), "{credits} {}", with(credits.clone()));
    }
}

#[test]
fn key_order_does_not_matter() {
    let text = r#"{"type":["VerifiableCredential","AchievementCredential"],"id":"urn:uuid:1","@context":["C","O"],
        "validFrom":"2026-11-20T00:00:00Z","issuer":{"name":"Instituto","type":["Profile"],"id":"did:web:hn.example"},
        "credentialSubject":{"achievement":{"criteria":{"narrative":"…"},"name":"Título","type":["Achievement"],
        "id":"urn:x:1"},"creditsEarned":14.6,"type":["AchievementSubject"]}}"#;
    let text = text.replace("\"C\"", &format!("\"{V2}\"")).replace("\"O\"", &format!("\"{OB}\""));
    assert_eq!(canonical_nquads(&serde_json::from_str(&text).unwrap()), badge(|_| ()));
}

#[test]
fn languages_and_right_to_left_texts_are_kept() {
    let nquads = badge(|b| b["name"] = json!({ "@value": "شهادة إتمام", "@language": "ar" })).unwrap();
    assert!(nquads.contains("\"شهادة إتمام\"@ar"));
}

#[test]
fn empty_lists_say_nothing() {
    assert_eq!(badge(|b| b["evidence"] = json!([])), badge(|_| ()));
}

#[test]
fn refuses_whatever_would_not_be_signed() {
    let subject = |key: &'static str, value: Value| badge(|b| b["credentialSubject"][key] = value);
    let undefined = |term: &str| Err(CanonError::UndefinedTerm { term: term.to_owned() });
    let relative = |text: &str| Err(CanonError::RelativeIri { text: text.to_owned() });
    let keyword = |keyword: &str| {
        Err(CanonError::Keyword { pointer: "/credentialSubject".to_owned(), keyword: keyword.to_owned() })
    };
    assert_eq!(subject("nickname", json!("x")), undefined("nickname"));
    assert_eq!(subject("", json!("x")), undefined(""));
    assert_eq!(subject("id", json!("learner-1")), relative("learner-1"));
    assert_eq!(subject("id", json!("has space:x")), relative("has space:x"));
    assert_eq!(subject("source", json!("relative/path")), relative("relative/path"));
    assert_eq!(subject("type", json!(["AchievementSubject", "Learner"])), Err(CanonError::UndefinedType));
    for word in ["@index", "@reverse", "@included", "@nest", "@vocab", "@base", "@nonsense"] {
        assert_eq!(subject(word, json!("x")), keyword(word));
    }
    let null = CanonError::NullValue { pointer: "/credentialSubject/role".to_owned() };
    assert_eq!(subject("role", Value::Null), Err(null));
    assert_eq!(subject("role", json!({"@value": "x", "@direction": "rtl"})), Err(CanonError::Direction));
    let inner = CanonError::InlineContext { pointer: "/credentialSubject/@context".to_owned() };
    assert_eq!(subject("@context", json!({"nickname": "urn:x:nickname"})), Err(inner));
    let no_terms = badge(|b| b["@context"] = json!([]));
    assert!(matches!(no_terms, Err(CanonError::UndefinedTerm { .. })), "{no_terms:?}");
    let unknown =
        CanonError::UnknownContext { pointer: "/@context".to_owned(), url: "https://x.example/c".to_owned() };
    assert_eq!(badge(|b| b["@context"] = json!([V2, "https://x.example/c"])), Err(unknown));
    let many = CanonError::TooManyContexts { pointer: "/@context".to_owned(), max: 16 };
    assert_eq!(badge(|b| b["@context"] = json!(vec![V2; 17])), Err(many));
    assert_eq!(canonical_nquads(&json!([])), Err(CanonError::NotAnObject));
    assert_eq!(canonical_nquads(&json!({"id": "urn:x:1"})), Err(CanonError::NoContext));
    assert_eq!(canonical_nquads(&json!({"@context": [V2]})), Err(CanonError::Empty));
}

#[test]
fn refuses_to_redefine_protected_terms() {
    let protected = badge(|b| {
        b["@context"] = json!([
            V2,
            "https://w3id.org/security/suites/ed25519-2020/v1",
            OB,
            "https://www.w3.org/2018/credentials/v1"
        ]);
    });
    assert!(matches!(protected, Err(CanonError::NotJsonLd { .. })), "{protected:?}");
}

/// A complete graph of blank nodes, all alike: every order must be tried.
#[test]
fn refuses_graphs_made_to_take_for_ever() {
    let nodes = 9;
    let node = |i: usize| {
        let others: Vec<Value> =
            (0..nodes).filter(|j| *j != i).map(|j| json!({ "id": format!("_:n{j}") })).collect();
        json!({ "id": format!("_:n{i}"), "urn:x:knows": others })
    };
    let graph: Vec<Value> = (0..nodes).map(node).collect();
    let document = json!({ "@context": [V2], "@graph": graph });
    assert_eq!(canonical_nquads(&document), Err(CanonError::TooCostly { max: 4_000 }));
}

#[test]
fn the_deepest_document_does_not_exhaust_the_stack() {
    let mut document = json!({ "urn:x:end": ["x"] });
    for _ in 0..31 {
        document = json!({ "urn:x:next": [document] });
    }
    let mut deeper = json!({ "urn:x:next": [document.clone()] });
    document["@context"] = json!([V2]);
    let lines = canonical_nquads(&document).unwrap().lines().count();
    assert_eq!(lines, 32);
    deeper["@context"] = json!([V2]);
    assert_eq!(canonical_nquads(&deeper), Err(CanonError::TooDeep { max: 64 }));
}

/// The example of RFC 8785 §3.2.2, and its order of keys (§3.2.3).
#[test]
fn jcs_writes_the_examples_of_its_rfc() {
    let numbers: Value = serde_json::from_str(
        r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
    )
    .unwrap();
    let want = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
    assert_eq!(String::from_utf8(canonical_json(&numbers).unwrap()).unwrap(), want);

    let keys: Value = serde_json::from_str(
        r#"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#,
    )
    .unwrap();
    let want = "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}";
    assert_eq!(String::from_utf8(canonical_json(&keys).unwrap()).unwrap(), want);
}
