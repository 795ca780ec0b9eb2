//! How many credentials one core signs and verifies a second, beside raw Ed25519 in the same run.
//!
//! `cargo run --release -p matricula-credential --example throughput`

#![allow(dead_code, clippy::unwrap_used)]

#[path = "../tests/school/mod.rs"]
mod school;

use std::hint::black_box;
use std::time::{Duration, Instant};

use ed25519_dalek::Signer;
use matricula_credential::commitment::CredentialDigest;
use matricula_credential::model::diploma;
use matricula_credential::proof::{self, Cryptosuite};
use matricula_credential::{canonical_json, canonical_nquads, json};
use serde_json::Value;

use school::{ofelia, options, programme, school_key, signed, unsigned_transcript};

/// How long each line is measured.
const RUN: Duration = Duration::from_millis(1_500);

fn rate(mut once: impl FnMut()) -> f64 {
    once();
    let (start, mut runs) = (Instant::now(), 0_u32);
    while start.elapsed() < RUN {
        once();
        runs += 1;
    }
    f64::from(runs) / start.elapsed().as_secs_f64()
}

fn line(name: &str, rate: f64, raw: f64) {
    println!("{name:<44} {rate:>9.0}/s  {:>5.1} %", 100.0 * rate / raw);
}

fn document(name: &str, unsigned: &Value, suite: Cryptosuite, raw_sign: f64, raw_verify: f64) {
    let (key, options) = (school_key(), options(suite));
    let suite_name = suite.name();
    let sign = rate(|| {
        black_box(proof::sign(black_box(unsigned), &options, &key).unwrap());
    });
    line(&format!("{name} {suite_name} sign"), sign, raw_sign);
    let signed = signed(unsigned, suite);
    let verify = rate(|| {
        black_box(proof::verify(black_box(&signed)).unwrap());
    });
    line(&format!("{name} {suite_name} verify"), verify, raw_verify);
}

fn main() {
    let key = school_key();
    let message = [7; 64];
    let signature = key.sign(&message);
    let raw_sign = rate(|| {
        black_box(key.sign(black_box(&message)));
    });
    let raw_verify = rate(|| key.verifying_key().verify_strict(black_box(&message), &signature).unwrap());
    line("raw Ed25519 sign, 64 bytes", raw_sign, raw_sign);
    line("raw Ed25519 verify_strict, 64 bytes", raw_verify, raw_verify);

    let badge = diploma(&ofelia(), &programme(), "Título de Bachillerato", &[]).unwrap();
    let transcript = unsigned_transcript(&ofelia(), Cryptosuite::EddsaRdfc2022);
    for (name, unsigned) in [("diploma", &badge), ("transcript of 4 courses", &transcript)] {
        println!("{name}: {} bytes", canonical_json(unsigned).unwrap().len());
        for suite in [Cryptosuite::EddsaJcs2022, Cryptosuite::EddsaRdfc2022] {
            document(name, unsigned, suite, raw_sign, raw_verify);
        }
    }

    let bytes = canonical_json(&signed(&badge, Cryptosuite::EddsaJcs2022)).unwrap();
    let value = json::parse(&bytes).unwrap();
    let parts: [(&str, f64); 4] = [
        ("parse strictly", rate(|| _ = black_box(json::parse(black_box(&bytes))))),
        ("canonical JSON", rate(|| _ = black_box(canonical_json(black_box(&value))))),
        ("digest for the commitment", rate(|| _ = black_box(CredentialDigest::of(black_box(&value))))),
        ("canonical N-Quads", rate(|| _ = black_box(canonical_nquads(black_box(&badge))))),
    ];
    for (name, rate) in parts {
        println!("{name:<44} {rate:>9.0}/s");
    }
}
