//! Evidence files: what they prove, and all that proves nothing.

use serde::Deserialize;

use matricula_tlog::{Evidence, EvidenceError, EvidenceParseError};

use crate::corpus::{bytes, refused, run};

#[derive(Deserialize)]
struct Case {
    text: Option<String>,
    base64: Option<String>,
    kind: Option<String>,
    signer: Option<String>,
    words: Option<String>,
}

#[test]
fn evidence_files() {
    run("evidence", 56, |case: Case| {
        let file = bytes(case.text, case.base64);
        let evidence = match Evidence::parse(&file) {
            Ok(evidence) => evidence,
            Err(EvidenceParseError::Checkpoint { number, source }) => {
                return Err(format!("checkpoint {number}: {source:?}"));
            }
            Err(error) => return refused(error),
        };
        assert_eq!(evidence.encode().as_bytes(), file);
        let finding = match evidence.verify() {
            Ok(finding) => finding,
            Err(EvidenceError::Signature(error)) => return refused(error),
            Err(error) => return refused(error),
        };
        assert_eq!(Some(finding.kind()), case.kind.as_deref());
        assert_eq!(Some(finding.signer().encode()), case.signer);
        assert_eq!(Some(finding.to_string()), case.words);
        Ok(())
    });
}
