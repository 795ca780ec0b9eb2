//! Entries that a log should not have taken: the evidence, and what it proves by itself.

use matricula_registry::{DoorError, LogOrigin, Statement};
use matricula_tlog::{
    Charge, Evidence, Finding, Frontier, Hash, LeafIndex, NodeId, NodeSource, ReasonCode, SignedCheckpoint,
    TreeSize, VerifierKey, prove_inclusion,
};

/// The rule that an entry of this log breaks whatever stands before it in the log, if any: it is no statement, a signature
/// is bad, or it was made for another log. With evidence of the kind *logged entry*, such a breach is proven to everybody;
/// any other needs the entries before it, as every mirror has them.
pub fn forbidden_by_itself(origin: &LogOrigin, entry: &[u8]) -> Option<DoorError> {
    let verified = match Statement::parse(entry).map(Statement::verify_signatures) {
        Ok(Ok(verified)) => verified,
        Ok(Err(error)) => return Some(error.into()),
        Err(error) => return Some(error.into()),
    };
    let got = &verified.statement().header().origin;
    (got != origin).then(|| DoorError::OtherLog { expected: origin.clone(), got: got.clone() })
}

/// Whether a finding convicts by itself. That a log took an entry does only when the entry is forbidden whatever stands
/// before it, and for the reason that is given: any honest log has taken entries, and anybody can name a reason.
pub fn convicts_by_itself(finding: &Finding) -> bool {
    let Finding::LoggedEntry { origin, entry, reason, .. } = finding else { return true };
    let Ok(origin) = LogOrigin::parse(origin.as_str()) else { return false };
    forbidden_by_itself(&origin, entry).is_some_and(|error| error.code() == reason.as_str())
}

/// The evidence that a log took an entry, out of the package that it came in: the leaves of the package's subtree, from
/// leaf `first` on, and the proof that the subtree is part of the checkpoint's tree.
///
/// A package ends at a multiple of 256 or where the tree ends, so its subtree is a node of the tree, and the proof is the
/// upper part of the inclusion proof.
pub(super) fn evidence(
    log_key: &VerifierKey,
    checkpoint: &SignedCheckpoint,
    package: &Leaves<'_>,
    proof: &[Hash],
    index: LeafIndex,
    objection: &Objection<'_>,
) -> Option<Evidence> {
    let inner_index = LeafIndex::new(index.get().checked_sub(package.first.get())?);
    let size = TreeSize::new(package.leaves.len() as u64);
    let mut path = prove_inclusion(inner_index, size, package).ok()?;
    path.extend_from_slice(proof);
    let charge = Charge::LoggedEntry {
        checkpoint: checkpoint.clone(),
        index,
        entry: objection.entry.to_vec(),
        path,
        reason: ReasonCode::new(objection.error.code())?,
    };
    Some(Evidence::new(log_key.clone(), charge))
}

/// What is objected to.
pub(super) struct Objection<'e> {
    pub(super) entry: &'e [u8],
    pub(super) error: &'e DoorError,
}

/// The leaves of a package's subtree.
pub(super) struct Leaves<'l> {
    pub(super) first: LeafIndex,
    pub(super) leaves: &'l [Hash],
}

impl NodeSource for Leaves<'_> {
    type Error = NodeId;

    fn nodes(&self, ids: &[NodeId]) -> Result<Vec<Hash>, NodeId> {
        let node = |id: &NodeId| {
            let first = usize::try_from(id.index() << id.level()).map_err(|_| *id)?;
            let leaves = self.leaves.get(first..first + (1 << id.level())).ok_or(*id)?;
            let mut tree = Frontier::new();
            leaves.iter().for_each(|leaf| tree.push(*leaf));
            Ok(tree.root())
        };
        ids.iter().map(node).collect()
    }
}
