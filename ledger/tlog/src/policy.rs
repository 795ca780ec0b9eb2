//! Policies: which logs are trusted, and which witnesses must have cosigned before a checkpoint is believed.
//!
//! SPEC: <https://c2sp.org/tlog-policy>. The file format is in `policy/file.rs`.

use crate::UnixSeconds;
use crate::checkpoint::{CheckpointVerifyError, Origin, SignedCheckpoint, VerifiedCheckpoint};
use crate::key::{PublicKey, VerifierKey};
use crate::note::{SignatureCheck, SignatureError};

mod builder;
mod file;

pub use builder::{PolicyBuilder, PolicyRuleError};
pub use file::{POLICY_BYTES_MAX, PolicyError};

/// Most logs, most witnesses and most groups in a policy, each: room for one of every country. The specification asks
/// for at least 32.
pub const POLICY_ITEMS_MAX: usize = 256;

/// Longest name or URL in a policy, in bytes; long enough for every signed note key name.
pub const POLICY_WORD_BYTES_MAX: usize = 1024;

/// Whom to believe. Everything that is not granted here is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    /// In the order of their definition: members come before the groups they are in.
    groups: Vec<PolicyGroup>,
    quorum: Quorum,
}

/// A log that is believed to be append-only, if witnesses say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    key: VerifierKey,
    url: Option<String>,
}

/// A witness, or a mirror: somebody whose cosignature counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWitness {
    name: String,
    key: VerifierKey,
    url: Option<String>,
}

/// A group counts when enough of its members count.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PolicyGroup {
    name: String,
    threshold: Threshold,
    members: Vec<Member>,
}

/// How many members of a group must have cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Every one.
    All,
    /// One.
    Any,
    /// That many: at least 1, at most as many as there are members.
    AtLeast(usize),
}

/// What a name stands for: a position in the list of witnesses or of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quorum {
    /// Said in so many words: no cosignature is needed.
    None,
    Of(Member),
}

/// Why a policy does not let a checkpoint be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyVerifyError {
    /// The policy lists no log of that origin.
    #[error("the log {origin} is not in the policy")]
    UnknownLog {
        /// The origin that the checkpoint names.
        origin: Origin,
    },
    /// The log did not sign, or a line by a key of the policy is bad.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Too few of the witnesses cosigned.
    #[error("the quorum {quorum} is not met: {cosigned} witnesses of the policy cosigned")]
    QuorumNotMet {
        /// Name of the quorum's witness or group.
        quorum: String,
        /// How many witnesses of the policy cosigned.
        cosigned: usize,
    },
}

/// One witness's valid cosignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's name in the policy.
    pub witness: String,
    /// The earliest time of its cosignatures over this checkpoint.
    pub at: UnixSeconds,
}

/// A checkpoint that a policy lets be believed: signed by a log it lists, cosigned by its quorum. Only
/// [`Policy::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedCheckpoint {
    checkpoint: VerifiedCheckpoint,
    cosigned: Vec<Cosigned>,
    quorum_at: Option<UnixSeconds>,
}

impl Policy {
    /// Starts a policy without logs and witnesses.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The logs listed.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses listed, whether or not the quorum needs them.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// Whether a checkpoint may be believed.
    ///
    /// A line by an unknown key is ignored; a line that claims to be by a key of the policy and is bad refuses the whole
    /// checkpoint. A witness counts once however often it cosigned, and never with an algorithm that cannot be checked.
    pub fn verify(&self, checkpoint: &SignedCheckpoint) -> Result<WitnessedCheckpoint, PolicyVerifyError> {
        let verified = self.verify_log(checkpoint)?;
        let times = self.cosignature_times(checkpoint)?;
        let cosigned: Vec<Cosigned> = self
            .witnesses
            .iter()
            .zip(&times)
            .filter_map(|(witness, time)| {
                let witness = witness.name.clone();
                time.map(|at| Cosigned { witness, at })
            })
            .collect();
        if !self.is_quorum(|witness| times[witness].is_some()) {
            return Err(PolicyVerifyError::QuorumNotMet {
                quorum: self.quorum_name().to_owned(),
                cosigned: cosigned.len(),
            });
        }
        Ok(WitnessedCheckpoint { checkpoint: verified, quorum_at: self.quorum_time(&times), cosigned })
    }

    /// Whether the quorum would be met if exactly these witnesses had cosigned.
    pub fn is_met_by(&self, cosigned: impl Fn(&PolicyWitness) -> bool) -> bool {
        self.is_quorum(|witness| cosigned(&self.witnesses[witness]))
    }

    /// The log's own signature, by any of the keys that the policy lists for that origin.
    fn verify_log(&self, checkpoint: &SignedCheckpoint) -> Result<VerifiedCheckpoint, PolicyVerifyError> {
        let origin = checkpoint.unverified().origin();
        let mut refusal = PolicyVerifyError::UnknownLog { origin: origin.clone() };
        let mut verified = None;
        for log in &self.logs {
            match checkpoint.verify(&log.key) {
                Ok(checkpoint) => verified = Some(checkpoint),
                Err(CheckpointVerifyError::AnotherLog { .. }) => {}
                Err(CheckpointVerifyError::Signature(SignatureError::NoKnownSignature)) => {
                    refusal = SignatureError::NoKnownSignature.into();
                }
                // A bad line refuses even when another key of the same log signed well.
                Err(CheckpointVerifyError::Signature(bad)) => return Err(bad.into()),
            }
        }
        verified.ok_or(refusal)
    }

    /// For each witness the earliest time at which it cosigned.
    fn cosignature_times(
        &self,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Vec<Option<UnixSeconds>>, SignatureError> {
        let note = checkpoint.note();
        let mut times = vec![None; self.witnesses.len()];
        for (witness, time) in self.witnesses.iter().zip(&mut times) {
            for line in note.signatures() {
                if let SignatureCheck::Cosigned { at } = witness.key.check(note.text(), line)? {
                    *time = Some(time.map_or(at, |earlier: UnixSeconds| earlier.min(at)));
                }
            }
        }
        Ok(times)
    }

    /// The earliest time at which those who had cosigned by then were a quorum.
    fn quorum_time(&self, times: &[Option<UnixSeconds>]) -> Option<UnixSeconds> {
        let mut candidates: Vec<UnixSeconds> = times.iter().flatten().copied().collect();
        candidates.sort_unstable();
        candidates
            .into_iter()
            .find(|now| self.is_quorum(|witness| times[witness].is_some_and(|time| time <= *now)))
    }

    /// Whether witnesses, told by their position in [`Policy::witnesses`], are a quorum.
    fn is_quorum(&self, cosigned: impl Fn(usize) -> bool) -> bool {
        let mut met: Vec<bool> = Vec::with_capacity(self.groups.len());
        let counts = |member: Member, met: &[bool]| match member {
            Member::Witness(witness) => cosigned(witness),
            Member::Group(group) => met[group],
        };
        // Groups are defined after their members, so one pass in order sees every member before its group.
        for group in &self.groups {
            let members = group.members.iter();
            let count = members.filter(|member| counts(**member, &met)).count();
            met.push(count >= group.threshold.members(group.members.len()));
        }
        match self.quorum {
            Quorum::None => true,
            Quorum::Of(member) => counts(member, &met),
        }
    }

    fn member_name(&self, member: Member) -> &str {
        match member {
            Member::Witness(witness) => &self.witnesses[witness].name,
            Member::Group(group) => &self.groups[group].name,
        }
    }

    fn quorum_name(&self) -> &str {
        match self.quorum {
            Quorum::None => file::NONE,
            Quorum::Of(member) => self.member_name(member),
        }
    }
}

impl Threshold {
    /// How many of `members` members that is; at least one.
    fn members(self, members: usize) -> usize {
        match self {
            Self::All => members,
            Self::Any => 1,
            Self::AtLeast(count) => count,
        }
    }
}

impl PolicyLog {
    /// The log's key; its name is the log's origin.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where to reach the log, if the policy says.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

impl PolicyWitness {
    /// The name that groups and quorum use.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The witness's key.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Where to reach the witness, if the policy says.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

impl WitnessedCheckpoint {
    /// What was witnessed.
    pub fn checkpoint(&self) -> &VerifiedCheckpoint {
        &self.checkpoint
    }

    /// The witnesses of the policy that cosigned, in the policy's order.
    pub fn cosigned(&self) -> &[Cosigned] {
        &self.cosigned
    }

    /// The earliest time that a witness of the policy gives. One dishonest witness can make it too early.
    pub fn earliest_at(&self) -> Option<UnixSeconds> {
        self.cosigned.iter().map(|cosigned| cosigned.at).min()
    }

    /// The earliest time by which a whole quorum had cosigned; `None` when nobody did and none was needed. No minority
    /// that the policy tolerates can make it too early.
    pub fn quorum_at(&self) -> Option<UnixSeconds> {
        self.quorum_at
    }
}

/// Whether a log may sign checkpoints with such a key. ML-DSA-44 is allowed to be listed, and does not count yet.
fn is_log_key(key: &VerifierKey) -> bool {
    matches!(key.key(), PublicKey::Ed25519Note(_) | PublicKey::MlDsa44Cosignature(_))
}

/// Whether a witness may cosign with such a key. ML-DSA-44 is allowed to be listed, and does not count yet.
fn is_witness_key(key: &VerifierKey) -> bool {
    matches!(key.key(), PublicKey::Ed25519Cosignature(_) | PublicKey::MlDsa44Cosignature(_))
}
