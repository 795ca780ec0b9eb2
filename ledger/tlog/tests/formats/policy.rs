//! Policy files, and which checkpoints they let be believed.

use serde::Deserialize;

use matricula_tlog::{Policy, PolicyVerifyError, SignedCheckpoint, UnixSeconds};

use crate::corpus::{bytes, refused, run};

#[derive(Deserialize)]
struct File {
    policy: Option<String>,
    policy_base64: Option<String>,
    canonical: Option<bool>,
}

#[test]
fn policy_files() {
    run("policy", 58, |case: File| {
        let bytes = bytes(case.policy, case.policy_base64);
        let policy = Policy::parse(&bytes).or_else(refused)?;
        let encoded = policy.encode();
        assert_eq!(Some(encoded.as_bytes() == bytes), case.canonical);
        assert_eq!(Policy::parse(encoded.as_bytes()), Ok(policy));
        Ok(())
    });
}

#[derive(Deserialize)]
struct Quorum {
    policy: String,
    checkpoint: String,
    witnesses: Option<Vec<String>>,
    earliest_at: Option<u64>,
    quorum_at: Option<u64>,
}

#[test]
fn quorums() {
    run("quorum", 23, |case: Quorum| {
        let policy = Policy::parse(case.policy.as_bytes()).expect("a policy in a vector");
        let checkpoint =
            SignedCheckpoint::parse(case.checkpoint.as_bytes()).expect("a checkpoint in a vector");
        let witnessed = match policy.verify(&checkpoint) {
            Ok(witnessed) => witnessed,
            Err(PolicyVerifyError::Signature(error)) => return refused(error),
            Err(error) => return refused(error),
        };
        let names = witnessed.cosigned().iter().map(|cosigned| cosigned.witness.clone()).collect();
        assert_eq!(Some(names), case.witnesses);
        assert_eq!(witnessed.earliest_at(), case.earliest_at.map(UnixSeconds::new));
        assert_eq!(witnessed.quorum_at(), case.quorum_at.map(UnixSeconds::new));
        Ok(())
    });
}
