//! Ed25519 as the library gives it: the limit for issuing and verifying.

use std::hint::black_box;

use ed25519_dalek::{Signer, SigningKey};

use crate::error::BenchError;
use crate::measure::Pace;
use crate::report::{Report, Row};

/// What `eddsa-*-2022` signs: two SHA-256 values.
const MESSAGE_BYTES: usize = 64;

/// Signatures of one round, over different messages.
const MESSAGES: usize = 256;

/// Signing and strict verification, one core.
pub fn run(pace: &Pace, report: &mut Report) -> Result<(), BenchError> {
    let key = SigningKey::from_bytes(&rand::random());
    let verifying = key.verifying_key();
    let messages: Vec<[u8; MESSAGE_BYTES]> = (0..MESSAGES)
        .map(|_| {
            let mut message = [0; MESSAGE_BYTES];
            message.fill_with(rand::random);
            message
        })
        .collect();
    let signatures: Vec<_> = messages.iter().map(|message| key.sign(message)).collect();

    let sign = pace.rate(MESSAGES as u64, || {
        for message in &messages {
            black_box(key.sign(black_box(message)));
        }
    });
    report.add(Row::raw("Ed25519 sign, one core", sign));

    let verify = pace.rate(MESSAGES as u64, || {
        for (message, signature) in messages.iter().zip(&signatures) {
            let good = verifying.verify_strict(black_box(message), signature).is_ok();
            assert!(black_box(good), "a signature just made verifies");
        }
    });
    report.add(Row::raw("Ed25519 verify_strict, one core", verify));
    Ok(())
}
