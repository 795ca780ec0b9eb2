//! Log proof files under a policy.

use serde::Deserialize;

use matricula_tlog::{Hash, LogProof, Policy, UnixSeconds};

use crate::corpus::{bytes, refused, run};

#[derive(Deserialize)]
struct Case {
    proof: Option<String>,
    proof_base64: Option<String>,
    leaf: String,
    policy: String,
    index: Option<u64>,
    size: Option<u64>,
    root: Option<String>,
    origin: Option<String>,
    logged_at: Option<u64>,
    cosigners: Option<Vec<String>>,
}

#[test]
fn log_proofs() {
    run("log_proof", 45, |case: Case| {
        let leaf = Hash::parse(&case.leaf).expect("a hash in a vector");
        let policy = Policy::parse(case.policy.as_bytes()).expect("a policy in a vector");
        let bytes = bytes(case.proof, case.proof_base64);
        let proof = LogProof::parse(&bytes).or_else(refused)?;
        assert_eq!(proof.encode().as_bytes(), bytes);
        let verified = proof.verify(leaf, &policy).or_else(refused)?;
        assert_eq!(verified.leaf(), leaf);
        assert_eq!(Some(verified.index().get()), case.index);
        assert_eq!(Some(verified.size().get()), case.size);
        assert_eq!(Some(verified.root().to_string()), case.root);
        assert_eq!(Some(verified.origin().to_string()), case.origin);
        assert_eq!(verified.logged_at(), case.logged_at.map(UnixSeconds::new));
        let cosigners = verified.cosigners().iter().map(|cosigned| cosigned.witness.clone()).collect();
        assert_eq!(Some(cosigners), case.cosigners);
        Ok(())
    });
}
