//! Was it in the log, when, and did independent nodes see the same log?

use ed25519_dalek::VerifyingKey;
use matricula_credential::commitment::{CredentialDigest, commit};
use matricula_credential::model::Classification;
use matricula_credential::record::{LedgerEvidence, LoggedStatement};
use matricula_registry::{Batch, Body, PublicKey, Registry, Statement, VerifiedStatement};
use matricula_tlog::{
    LeafIndex, LogProof, LogProofError, PolicyVerifyError, UnixSeconds, leaf_hash, verify_inclusion,
};
use serde_json::Value;

use crate::checkpoints::Checkpoints;
use crate::code::Code;
use crate::date::day;
use crate::judge::Scene;
use crate::trust_file::TrustFile;
use crate::verdict::Axis;

/// A record logged more than 180 days after the date it claims is *late*: that is how long a school
/// may work without a network.
const LATE_AFTER_SECONDS: u64 = 180 * 86_400;

/// Clocks of schools and nodes may differ by a day.
const EARLY_TOLERANCE_SECONDS: u64 = 86_400;

/// The axis, and what the log proves where it proves anything.
pub(crate) struct Ledger<'t> {
    pub(crate) axis: Axis,
    /// The authority whose log it is, where the verifier trusts one.
    pub(crate) authority: Option<&'t TrustFile>,
    /// The authority's registry with the statements that came with the record, each found in the log;
    /// `None` where the trust file holds them all.
    pub(crate) registry: Option<Box<Registry>>,
    /// What was found in the log; only when every check passed.
    pub(crate) logged: Option<Logged>,
}

impl<'t> Ledger<'t> {
    pub(crate) fn without_authority(axis: Axis) -> Self {
        Self { axis, authority: None, registry: None, logged: None }
    }

    /// The rights that are known, of the authority given or found here.
    pub(crate) fn registry_or<'a>(&'a self, file: &'a TrustFile) -> &'a Registry {
        self.registry.as_deref().unwrap_or(file.registry())
    }
}

/// A batch statement found in a trusted log.
pub(crate) struct Logged {
    pub(crate) batch: Batch,
    pub(crate) index: LeafIndex,
    pub(crate) at: Option<UnixSeconds>,
}

/// Checks the ledger part of a record.
pub(crate) fn examine<'t>(
    credential: &Value,
    evidence: Option<&LedgerEvidence>,
    signer: Option<&VerifyingKey>,
    class: Option<&Classification>,
    scene: &Scene<'t>,
) -> Ledger<'t> {
    let checkpoints = &scene.checkpoints;
    let Some(evidence) = evidence else {
        let text = "No log evidence came with this record, so nothing shows when it was made.";
        return Ledger::without_authority(Axis::not_applicable(Code::NoLedgerEvidence, text));
    };
    let statement = match batch_statement(evidence) {
        Ok(statement) => statement,
        Err(axis) => return Ledger::without_authority(axis),
    };
    let origin = statement.statement().header().origin.as_str();
    let Some(authority) = scene.trust.of_log(origin) else {
        let text = format!("It comes with evidence of the log {origin}, which this verifier does not know.");
        return Ledger::without_authority(Axis::unknown(Code::LogUnknown, text));
    };
    let (registry, unsupported) = match supporting(&evidence.accreditation, authority, checkpoints) {
        Ok(registry) => (registry, None),
        Err(axis) => (None, Some(axis)),
    };
    let found = in_log(credential, evidence, &statement, signer, (authority, checkpoints));
    let (axis, logged) = match (found, unsupported) {
        (Ok(logged), None) => (judge_dates(&logged, class), Some(logged)),
        (Err(axis), _) | (Ok(_), Some(axis)) => (axis, None),
    };
    Ledger { axis, authority: Some(authority), registry, logged }
}

fn batch_statement(evidence: &LedgerEvidence) -> Result<VerifiedStatement, Axis> {
    let malformed = |error: &dyn core::fmt::Display| {
        Axis::fail(Code::LedgerEvidenceMalformed, format!("The logged statement cannot be read: {error}."))
    };
    let statement = Statement::parse(&evidence.batch.statement).map_err(|error| malformed(&error))?;
    statement.verify_signatures().map_err(|error| {
        Axis::fail(Code::StatementInvalid, format!("The logged statement's signature does not fit: {error}."))
    })
}

fn in_log(
    credential: &Value,
    evidence: &LedgerEvidence,
    statement: &VerifiedStatement,
    signer: Option<&VerifyingKey>,
    (authority, checkpoints): (&TrustFile, &Checkpoints),
) -> Result<Logged, Axis> {
    let Body::Batch(batch) = statement.statement().body() else {
        return Err(Axis::fail(Code::StatementInvalid, "The logged statement is not one about credentials."));
    };
    check_commitment(credential, evidence, batch)?;
    let proof = log_proof(&evidence.batch, authority, checkpoints)?;
    let header = statement.statement().header();
    if signer.is_some_and(|signer| PublicKey::from(signer) != header.signer) {
        let text = "The record was signed with another key than the batch it was logged with.";
        return Err(Axis::fail(Code::NotTheBatchSigner, text));
    }
    Ok(Logged { batch: batch.clone(), index: proof.index, at: proof.at })
}

fn check_commitment(credential: &Value, evidence: &LedgerEvidence, batch: &Batch) -> Result<(), Axis> {
    let digest = CredentialDigest::of(credential).map_err(|error| {
        Axis::fail(Code::LedgerEvidenceMalformed, format!("The record has no fixed form: {error}."))
    })?;
    let commitment = commit(&evidence.salt, &digest);
    let matches = evidence.path.leaves.get() == u64::from(batch.leaves.get())
        && evidence.path.verify(&commitment, &batch.root).is_ok();
    if matches {
        return Ok(());
    }
    Err(Axis::fail(
        Code::CommitmentMismatch,
        "What is in the log is not this record: it was changed, or the evidence belongs to another.",
    ))
}

/// A place in the authority's log, and by when a quorum had seen it.
struct Proven {
    index: LeafIndex,
    at: Option<UnixSeconds>,
}

/// A policy may name several logs; only the authority's own speaks for its statements.
fn log_proof(
    logged: &LoggedStatement,
    authority: &TrustFile,
    checkpoints: &Checkpoints,
) -> Result<Proven, Axis> {
    let proof = LogProof::parse(logged.log_proof.as_bytes()).map_err(|error| {
        Axis::fail(Code::LedgerEvidenceMalformed, format!("The log proof cannot be read: {error}."))
    })?;
    let refused = |error: LogProofError| proof_refusal(&error);
    let witnessed =
        checkpoints.verify(proof.checkpoint(), authority).map_err(|error| refused(error.into()))?;
    let (checkpoint, leaf) = (witnessed.checkpoint(), leaf_hash(&logged.statement));
    verify_inclusion(leaf, proof.index(), checkpoint.size(), proof.path(), checkpoint.root())
        .map_err(|error| refused(error.into()))?;
    if checkpoint.origin().as_str() != authority.origin() {
        return Err(wrong_log());
    }
    Ok(Proven { index: proof.index(), at: witnessed.quorum_at().or(witnessed.earliest_at()) })
}

fn wrong_log() -> Axis {
    Axis::fail(Code::WrongLog, "The log proof is of another log than the issuer's authority runs.")
}

fn proof_refusal(error: &LogProofError) -> Axis {
    match error {
        LogProofError::Policy(PolicyVerifyError::UnknownLog { .. }) => wrong_log(),
        LogProofError::Policy(PolicyVerifyError::QuorumNotMet { .. }) => Axis::fail(
            Code::QuorumNotReached,
            "Too few independent nodes confirm this state of the log, so another one may have been shown to others.",
        ),
        other => Axis::fail(Code::LogProofInvalid, format!("The log proof does not hold: {other}.")),
    }
}

/// The authority's registry with the statements that travel with the record, each proven to be in the log.
/// `None` where the trust file holds them all.
fn supporting(
    statements: &[LoggedStatement],
    authority: &TrustFile,
    checkpoints: &Checkpoints,
) -> Result<Option<Box<Registry>>, Axis> {
    let mut registry: Option<Box<Registry>> = None;
    for logged in statements {
        if authority.holds(&logged.statement) {
            continue;
        }
        let proof = log_proof(logged, authority, checkpoints)?;
        let invalid = |error: &dyn core::fmt::Display| {
            Axis::fail(
                Code::StatementInvalid,
                format!("A statement about the issuer's rights does not hold: {error}."),
            )
        };
        let statement = Statement::parse(&logged.statement).map_err(|error| invalid(&error))?;
        let statement = statement.verify_signatures().map_err(|error| invalid(&error))?;
        // The time of a log proof says by when a statement was there, not since when: taken for the
        // day it was recorded, it would make every right look retroactive. The trust file has that day.
        registry
            .get_or_insert_with(|| Box::new(authority.registry().clone()))
            .apply_evidence(proof.index, None, statement.statement())
            .map_err(|error| invalid(&error))?;
    }
    Ok(registry)
}

/// A record in the log is good evidence; what its dates say is judged here.
fn judge_dates(logged: &Logged, class: Option<&Classification>) -> Axis {
    if class.is_some_and(|class| !in_scope(&logged.batch, class)) {
        let text = "The record is not of the kind, level, field or date that its batch declared in the log.";
        return Axis::fail(Code::OutsideBatchScope, text);
    }
    let Some(at) = logged.at else {
        let text = "It is in the log, but no independent node says since when.";
        return Axis::warn(Code::LogTimeUnknown, text);
    };
    let mut axis =
        Axis::pass(format!("It has been in the log since {}, at place {}.", day(at), logged.index));
    let Some(class) = class else { return axis };
    let claimed = class.claimed_at;
    if at.get() > claimed.get().saturating_add(LATE_AFTER_SECONDS) {
        let days = (at.get() - claimed.get()) / 86_400;
        axis.remark(
            Code::LoggedLate,
            &format!(
                "It claims {}, and was logged {days} days later: nothing shows that it existed before.",
                day(claimed)
            ),
        );
    } else if claimed.get() > at.get().saturating_add(EARLY_TOLERANCE_SECONDS) {
        axis.remark(Code::LoggedBeforeClaimed, &format!("It claims a later date: {}.", day(claimed)));
    }
    axis
}

fn in_scope(batch: &Batch, class: &Classification) -> bool {
    batch.kind.as_str() == class.kind.name()
        && batch.isced_level.get() == class.isced_level
        && batch.claimed.contains(class.claimed_at)
        && batch.isced_f.as_slice().iter().any(|field| field.as_str() == class.isced_f)
}
