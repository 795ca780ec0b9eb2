//! Which checkpoint to rebuild: the largest that anybody shows and a policy believes, if nothing contradicts it.

use matricula_tlog::{
    Evidence, Hash, NodeSource, Policy, PolicyVerifyError, SignatureCheck, SignedCheckpoint, TreeSize,
    UnixSeconds, VerifierKey,
};

use super::LogSource;
use super::authentic::Holder;
use super::reading::{Findings, SourceFinding, SourceFlaw};
use crate::distributor::{Anchors, Outcome};
use crate::sequence::Head;

/// What a source was believed to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReport {
    /// The source.
    pub source: String,
    /// How many entries its checkpoint covers.
    pub size: TreeSize,
    /// The witnesses of the policy that cosigned it.
    pub cosigners: Vec<String>,
}

/// Why there is nothing to rebuild.
#[derive(Debug, thiserror::Error)]
pub enum BelieveError {
    /// No source has a checkpoint that can be believed.
    #[error("no source has a checkpoint that can be believed")]
    Nothing {
        /// What is wrong with each.
        findings: Vec<SourceFinding>,
    },
    /// The log's key signed two histories.
    #[error("{one} and {other} have two histories of the log, both signed by it")]
    Forked {
        /// Who has the one.
        one: String,
        /// Who has the other.
        other: String,
        /// What proves it to anybody.
        evidence: Box<Evidence>,
    },
    /// Two histories, and no proof that convinces others: the sources do not give what it takes.
    #[error("{one} and {other} have two histories of the log: at size {size} their roots differ")]
    Disagreement {
        /// Who has the larger one.
        one: String,
        /// Who has the other.
        other: String,
        /// The size of the smaller one.
        size: TreeSize,
    },
    /// Somebody has seen more of the log than any source has.
    #[error("{witness} has seen {known} entries of the log, the sources have {found}")]
    Behind {
        /// Who has seen more.
        witness: String,
        /// How much.
        known: TreeSize,
        /// What the sources have.
        found: TreeSize,
    },
    /// Somebody who was to be asked does not say what it has seen.
    #[error("{peer} does not say what it has seen of the log: {problem}")]
    Silent {
        /// Who.
        peer: String,
        /// Why not.
        problem: String,
    },
}

/// A checkpoint that somebody shows, signed by the log.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) by: String,
    pub(super) note: SignedCheckpoint,
    /// When a quorum had cosigned it, if the policy knows somebody who did.
    pub(super) at: Option<UnixSeconds>,
    cosigners: Vec<String>,
}

impl Shown {
    pub(super) fn head(&self) -> Head {
        let says = self.note.unverified();
        Head { size: says.size(), root: says.root() }
    }
}

/// The sources that are believed, and what others show.
pub(super) struct Believed<'a> {
    /// The largest first.
    pub(super) sources: Vec<(&'a dyn LogSource, Shown)>,
    /// Signed by the log, and lacking cosignatures: what they show must not be contradicted, and what they have helps.
    doubted: Vec<(&'a dyn LogSource, Shown)>,
    /// What those show that were asked.
    others: Vec<Shown>,
    policy: &'a Policy,
    log_key: VerifierKey,
}

impl<'a> Believed<'a> {
    /// Asks every source for its checkpoint, which the log must have signed.
    pub(super) fn gather(
        sources: &[&'a dyn LogSource],
        policy: &'a Policy,
        log_key: &VerifierKey,
        findings: &Findings,
    ) -> Self {
        let mut shown: Vec<(&'a dyn LogSource, Shown)> = Vec::new();
        for source in sources {
            match show(*source, policy, log_key) {
                Ok(note) => shown.push((*source, note)),
                Err(flaw) => findings.note(*source, flaw),
            }
        }
        shown.sort_by_key(|(_, shown)| core::cmp::Reverse(shown.head().size));
        Self { sources: shown, doubted: Vec::new(), others: Vec::new(), policy, log_key: log_key.clone() }
    }

    /// Asks peers what they have seen. Every one must answer: one that is silent may have seen more.
    pub(super) fn ask(&mut self, peers: &[&str], anchors: &dyn Anchors) -> Result<(), BelieveError> {
        let origin = matricula_tlog::Origin::from(self.log_key.name());
        for peer in peers {
            let silent = |problem: String| BelieveError::Silent { peer: (*peer).to_owned(), problem };
            let body = match anchors.latest(peer.trim_end_matches('/'), &origin) {
                Outcome::Answered { status: 200, body } => body,
                Outcome::Answered { status: 404, .. } => continue,
                Outcome::Answered { status, .. } => {
                    return Err(silent(format!("it answers with status {status}")));
                }
                Outcome::Unreachable { reason } => return Err(silent(reason)),
            };
            let note = SignedCheckpoint::parse(&body).map_err(|error| silent(error.to_string()))?;
            note.verify(&self.log_key).map_err(|error| silent(error.to_string()))?;
            self.others.push(Shown { by: (*peer).to_owned(), note, at: None, cosigners: Vec::new() });
        }
        Ok(())
    }

    /// Keeps the sources whose checkpoint the policy believes, with the cosignatures that anybody has of it: a mirror
    /// need not have those of the others. What is left out was still signed by the log, and must not be forgotten.
    pub(super) fn settle(&mut self, findings: &Findings) {
        let mut believed = Vec::new();
        let mut doubted = Vec::new();
        for (source, shown) in &self.sources {
            let merged = self.merged(shown, None).unwrap_or_else(|| shown.note.clone());
            match self.policy.verify(&merged) {
                Ok(witnessed) => {
                    let cosigned = witnessed.cosigned().iter();
                    let cosigners = cosigned.map(|cosigned| cosigned.witness.clone()).collect();
                    believed.push((*source, Shown { at: witnessed.quorum_at(), cosigners, ..shown.clone() }));
                }
                Err(error) => {
                    findings.note(*source, SourceFlaw::NotBelieved(error));
                    doubted.push((*source, shown.clone()));
                }
            }
        }
        (self.sources, self.doubted) = (believed, doubted);
    }

    /// The checkpoint to rebuild, if nothing that was shown is larger, or another one of the same size.
    pub(super) fn largest(&self) -> Option<&Shown> {
        self.sources.first().map(|(_, shown)| shown)
    }

    /// Everything shown but the largest.
    pub(super) fn smaller(&self) -> impl Iterator<Item = &Shown> {
        let sources = self.sources.iter().skip(1).chain(&self.doubted);
        sources.map(|(_, shown)| shown).chain(&self.others)
    }

    /// Who may have entries and tiles, and of how large a tree. Whatever they give is checked.
    pub(super) fn holders(&self) -> Vec<Holder<'a>> {
        let sources = self.sources.iter().chain(&self.doubted);
        sources.map(|(source, shown)| Holder { source: *source, size: shown.head().size }).collect()
    }

    /// Compares what was shown with the largest, as far as that needs no tree.
    pub(super) fn check_sizes(&self, largest: &Shown) -> Result<(), BelieveError> {
        for other in self.smaller() {
            let (found, known) = (largest.head(), other.head());
            if known.size > found.size {
                let witness = other.by.clone();
                return Err(BelieveError::Behind { witness, known: known.size, found: found.size });
            }
            if known.size == found.size && known.root != found.root {
                return Err(self.forked(largest, other, None::<&NoNodes>));
            }
        }
        Ok(())
    }

    /// The proof that the log signed two histories, with the help of the larger tree.
    pub(super) fn forked(
        &self,
        larger: &Shown,
        smaller: &Shown,
        nodes: Option<&impl NodeSource>,
    ) -> BelieveError {
        let evidence = match nodes {
            Some(nodes) => Evidence::from_tree(&self.log_key, &smaller.note, &larger.note, nodes),
            None => Evidence::between(&self.log_key, &smaller.note, &larger.note, &[]),
        };
        let (one, other) = (larger.by.clone(), smaller.by.clone());
        match evidence {
            Some(evidence) => BelieveError::Forked { one, other, evidence: Box::new(evidence) },
            None => BelieveError::Disagreement { one, other, size: smaller.head().size },
        }
    }

    /// A checkpoint with every line that is known to be good: of the log, and of cosigners that the policy or
    /// the node knows, from whichever source. A line that nobody here can check might be a bad one by a key that
    /// somebody else knows, and would make the whole note worthless to them.
    pub(super) fn merged(&self, shown: &Shown, own: Option<&VerifierKey>) -> Option<SignedCheckpoint> {
        let text = shown.note.note().text();
        let witnesses = self.policy.witnesses().iter().map(|witness| witness.key());
        let keys: Vec<&VerifierKey> = [&self.log_key].into_iter().chain(own).chain(witnesses).collect();
        let is_good = |line: &&matricula_tlog::NoteSignature| {
            keys.iter().any(|key| {
                matches!(key.check(text, line), Ok(SignatureCheck::Signed | SignatureCheck::Cosigned { .. }))
            })
        };
        let same = self.sources.iter().map(|(_, shown)| shown).chain(&self.others);
        let same = same.filter(|shown| shown.note.note().text() == text);
        let mut lines: Vec<String> = Vec::new();
        for line in same.flat_map(|shown| shown.note.note().signatures()).filter(is_good) {
            let line = line.encode();
            if lines.len() < matricula_tlog::NOTE_SIGNATURES_MAX - 1 && !lines.contains(&line) {
                lines.push(line);
            }
        }
        let lines: String = lines.iter().map(|line| format!("{}\n", line.trim_end_matches('\n'))).collect();
        SignedCheckpoint::parse(format!("{text}\n{lines}").as_bytes()).ok()
    }

    pub(super) fn reports(&self) -> Vec<SourceReport> {
        let report = |(source, shown): &(&dyn LogSource, Shown)| SourceReport {
            source: source.name(),
            size: shown.head().size,
            cosigners: shown.cosigners.clone(),
        };
        self.sources.iter().map(report).collect()
    }
}

fn show(source: &dyn LogSource, policy: &Policy, log_key: &VerifierKey) -> Result<Shown, SourceFlaw> {
    let bytes = source.checkpoint()?.ok_or(SourceFlaw::NoCheckpoint)?;
    let note = SignedCheckpoint::parse(&bytes).map_err(SourceFlaw::MalformedCheckpoint)?;
    // The log's own key in any case, whatever other logs the policy lists.
    note.verify(log_key).map_err(|error| match error {
        matricula_tlog::CheckpointVerifyError::AnotherLog { origin, .. } => {
            SourceFlaw::NotBelieved(PolicyVerifyError::UnknownLog { origin })
        }
        matricula_tlog::CheckpointVerifyError::Signature(error) => {
            SourceFlaw::NotBelieved(PolicyVerifyError::Signature(error))
        }
    })?;
    let lines = note.note().signatures().iter();
    for (key, line) in
        policy.witnesses().iter().flat_map(|witness| lines.clone().map(|line| (witness.key(), line)))
    {
        let check = key.check(note.note().text(), line);
        check.map_err(|error| SourceFlaw::NotBelieved(PolicyVerifyError::Signature(error)))?;
    }
    Ok(Shown { by: source.name(), at: None, cosigners: Vec::new(), note })
}

/// For two checkpoints of one size no tree is needed.
struct NoNodes;

impl NodeSource for NoNodes {
    type Error = core::convert::Infallible;

    fn nodes(&self, _: &[matricula_tlog::NodeId]) -> Result<Vec<Hash>, Self::Error> {
        Ok(Vec::new())
    }
}
