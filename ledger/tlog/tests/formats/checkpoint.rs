//! Checkpoints, signed by their log.

use serde::Deserialize;

use matricula_tlog::{CheckpointVerifyError, SignedCheckpoint, SignedCheckpointError, VerifierKey};

use crate::corpus::{refused, run};

#[derive(Deserialize)]
struct Case {
    note: String,
    log_key: String,
    origin: Option<String>,
    size: Option<u64>,
    root: Option<String>,
}

#[test]
fn checkpoints() {
    run("checkpoint", 38, |case: Case| {
        let key = VerifierKey::parse(&case.log_key).expect("a key in a vector");
        let signed = match SignedCheckpoint::parse(case.note.as_bytes()) {
            Ok(signed) => signed,
            Err(SignedCheckpointError::Note(error)) => return refused(error),
            Err(SignedCheckpointError::Checkpoint(error)) => return refused(error),
        };
        assert_eq!(signed.encode(), case.note);
        assert_eq!(signed.unverified().encode(), signed.note().text());
        let verified = match signed.verify(&key) {
            Ok(verified) => verified,
            Err(CheckpointVerifyError::Signature(error)) => return refused(error),
            Err(error) => return refused(error),
        };
        assert_eq!(Some(verified.origin().to_string()), case.origin);
        assert_eq!(Some(verified.size().get()), case.size);
        assert_eq!(Some(verified.root().to_string()), case.root);
        Ok(())
    });
}
