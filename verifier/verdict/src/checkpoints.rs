//! Each checkpoint is verified once in a verdict, however many statements it proves.

use std::cell::RefCell;
use std::collections::HashMap;

use matricula_tlog::{PolicyVerifyError, SignedCheckpoint, WitnessedCheckpoint};

use crate::trust_file::TrustFile;

/// A checkpoint by its log and its text with all signature lines: one more line is another question.
type Asked = (String, String);

/// What was found about checkpoints within one call. The policy of a log is that of its one trust file, and a document of
/// bounded size names a bounded number of checkpoints.
#[derive(Default)]
pub(crate) struct Checkpoints(RefCell<HashMap<Asked, Result<WitnessedCheckpoint, PolicyVerifyError>>>);

impl Checkpoints {
    /// The answer of the authority's policy, worked out when it is asked for the first time.
    pub(crate) fn verify(
        &self,
        checkpoint: &SignedCheckpoint,
        authority: &TrustFile,
    ) -> Result<WitnessedCheckpoint, PolicyVerifyError> {
        let asked = (authority.origin().to_owned(), checkpoint.encode());
        self.0.borrow_mut().entry(asked).or_insert_with(|| authority.policy().verify(checkpoint)).clone()
    }
}
