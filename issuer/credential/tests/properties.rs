//! Properties: signatures hold for one document only, and forms survive the round trip.

#![allow(dead_code, clippy::unwrap_used)]

mod school;

use std::sync::LazyLock;

use matricula_credential::did::{VerificationMethod, encode_multikey, parse_did_key, parse_multikey};
use matricula_credential::model::diploma;
use matricula_credential::proof::{self, Cryptosuite, ProofValue};
use matricula_credential::record::PortableRecord;
use matricula_credential::status::{STATUS_ENTRIES_MIN, StatusList};
use matricula_credential::{canonical_json, format_date_time, json, parse_date_time};
use matricula_tlog::UnixSeconds;
use proptest::collection::{hash_map, hash_set, vec};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::test_runner::Config;
use serde_json::Value;

use school::{ofelia, programme, results, signed};

static JCS: LazyLock<Vec<u8>> = LazyLock::new(|| signed_diploma(Cryptosuite::EddsaJcs2022));
static RDFC: LazyLock<Vec<u8>> = LazyLock::new(|| signed_diploma(Cryptosuite::EddsaRdfc2022));

fn signed_diploma(suite: Cryptosuite) -> Vec<u8> {
    let credential = diploma(&ofelia(), &programme(), "Título de Bachillerato", &results()[..1]).unwrap();
    canonical_json(&signed(&credential, suite)).unwrap()
}

/// A changed file is refused when it is read or when it is verified, unless the change does not change the document
/// (`1` and `1.0` in JSON, two spellings of an escape).
fn refused_or_the_same(original: &[u8], changed: &[u8]) {
    let Ok(document) = json::parse(changed) else { return };
    if canonical_json(&document).unwrap() == original {
        return;
    }
    assert!(proof::verify(&document).is_err(), "{}", String::from_utf8_lossy(changed));
}

fn any_json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53) + 1..1 << 53).prop_map(Value::from),
        (-1e15..1e15_f64).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 32, 6, |inner| {
        let key = any::<String>().prop_filter("reserved", |key| !key.starts_with("$serde_json"));
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            hash_map(key, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    tree.boxed()
}

/// The same JSON with the keys of every object turned around.
fn reversed(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let member = |(key, value): (&String, &Value)| {
                format!("{}:{}", Value::from(key.as_str()), reversed(value))
            };
            format!("{{{}}}", members.iter().rev().map(member).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(reversed).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

proptest! {
    #![proptest_config(Config::with_cases(256))]

    #[test]
    fn any_flipped_bit_of_a_jcs_credential_is_refused(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut changed = JCS.clone();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        refused_or_the_same(&JCS, &changed);
    }

    #[test]
    fn any_json_survives_the_strict_reader(value in any_json()) {
        assert_eq!(json::parse(value.to_string().as_bytes()), Ok(value));
    }

    #[test]
    fn jcs_agrees_with_another_writer_and_ignores_the_order_of_keys(value in any_json()) {
        let canonical = canonical_json(&value).unwrap();
        assert_eq!(canonical, serde_json_canonicalizer::to_vec(&value).unwrap());
        let turned: Value = serde_json::from_str(&reversed(&value)).unwrap();
        assert_eq!(canonical_json(&turned).unwrap(), canonical);
        let read = json::parse(&canonical).unwrap();
        assert_eq!(canonical_json(&read).unwrap(), canonical);
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in vec(any::<u8>(), 0..300), text in "[ -~]{0,80}") {
        let _ = json::parse(&bytes);
        let _ = PortableRecord::parse(&bytes);
        let _ = StatusList::decode(&text);
        let _ = parse_date_time(&text);
        let _ = parse_did_key(&text);
        let _ = VerificationMethod::parse(&text);
        let _ = ProofValue::parse(&text);
    }

    #[test]
    fn dates_survive_the_round_trip(seconds in 0_u64..253_402_300_800) {
        let seconds = UnixSeconds::new(seconds);
        assert_eq!(parse_date_time(&format_date_time(seconds).unwrap()), Ok(seconds));
    }

    #[test]
    fn keys_and_signatures_survive_the_round_trip(seed in any::<[u8; 32]>(), bytes in vec(any::<u8>(), 64)) {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
        assert_eq!(parse_multikey(&encode_multikey(&key)), Ok(key));
        let value = ProofValue::from_bytes(bytes.try_into().unwrap());
        assert_eq!(ProofValue::parse(&value.encode()), Some(value));
    }
}

proptest! {
    #![proptest_config(Config::with_cases(48))]

    #[test]
    fn any_flipped_bit_of_an_rdfc_credential_is_refused(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let mut changed = RDFC.clone();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        refused_or_the_same(&RDFC, &changed);
    }

    #[test]
    fn a_list_reads_back_exactly_what_was_set(set in hash_set(0..STATUS_ENTRIES_MIN, 0..40)) {
        let mut list = StatusList::new(STATUS_ENTRIES_MIN).unwrap();
        for index in &set {
            list.set(*index, true).unwrap();
        }
        let read = StatusList::decode(&list.encode()).unwrap();
        assert_eq!(read, list);
        let found = (0..STATUS_ENTRIES_MIN).filter(|index| read.get(*index).unwrap()).count();
        assert_eq!(found, set.len());
    }
}
