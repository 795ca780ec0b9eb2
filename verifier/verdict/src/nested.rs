//! The credentials inside a transcript that its own issuer's right does not cover.

use ed25519_dalek::VerifyingKey;
use matricula_credential::content::issuer_id;
use matricula_credential::model::{COURSE, Classification, classify, classify_course};
use matricula_credential::record::{LedgerEvidence, NestedEvidence, nested_in};
use matricula_credential::status::{StatusPurpose, entries_of};
use matricula_registry::PublicKey;
use serde_json::Value;

use crate::code::Code;
use crate::judge::{Case, Scene, weigh};
use crate::verdict::{Axis, AxisResult, NestedVerdict, Overall};

/// A credential inside that has a right of its own.
pub(crate) struct Other<'c> {
    /// Counted from 1.
    position: usize,
    credential: &'c Value,
    signer: Option<VerifyingKey>,
}

/// What is known of such a credential: its verdict, where there is evidence to judge it by.
pub(crate) struct Inside {
    position: usize,
    verdict: Option<Box<crate::Verdict>>,
}

/// A transcript may hold what its own issuer signed with the same key about courses. These are the rest: a doctorate among
/// the grades, a paper of another school. `keys` are those that signed each credential inside, in their order.
pub(crate) fn others<'c>(
    credential: &'c Value,
    signer: &VerifyingKey,
    keys: &[Option<VerifyingKey>],
) -> Vec<Other<'c>> {
    let issuer = issuer_id(credential);
    let own_course = |nested: &Value, key: &Option<VerifyingKey>| {
        let kind = nested.pointer("/credentialSubject/achievement/achievementType").and_then(Value::as_str);
        key.as_ref() == Some(signer) && issuer_id(nested) == issuer && kind == Some(COURSE)
    };
    let placed = nested_in(credential).iter().zip(keys).enumerate();
    placed
        .filter(|(_, (nested, key))| !own_course(nested, key))
        .map(|(at, (credential, key))| Other { position: at + 1, credential, signer: *key })
        .collect()
}

/// Judges each as if it had been shown alone, by the evidence that came with the record or by the trust files.
pub(crate) fn judge(others: &[Other<'_>], evidence: &[NestedEvidence], scene: &Scene<'_>) -> Vec<Inside> {
    let judged = |other: &Other<'_>| Inside {
        position: other.position,
        verdict: judge_alone(other, evidence, scene).map(Box::new),
    };
    others.iter().map(judged).collect()
}

/// `None` where nothing is known by which it could be judged, and where it holds credentials of its own: the evidence goes one
/// level deep.
fn judge_alone(other: &Other<'_>, evidence: &[NestedEvidence], scene: &Scene<'_>) -> Option<crate::Verdict> {
    let Other { credential, signer, .. } = other;
    let signer = (*signer)?;
    let own = evidence_for(credential, evidence);
    if own.is_none() && scene.trust.of_key(&PublicKey::from(&signer)).is_none() {
        return None;
    }
    if !nested_in(credential).is_empty() {
        return None;
    }
    let case = Case {
        credential,
        class: Some(class_of(credential)?),
        integrity: Axis::pass(
            "The signature of the credential inside fits: it is unchanged since it was signed.",
        ),
        signer: Some(signer),
        evidence: own,
        inside: Vec::new(),
        shown: None,
    };
    Some(weigh(case, scene))
}

fn evidence_for<'e>(credential: &Value, evidence: &'e [NestedEvidence]) -> Option<&'e LedgerEvidence> {
    let id = credential.get("id")?.as_str()?;
    evidence.iter().find(|nested| nested.credential_id == id).map(|nested| &nested.evidence)
}

/// A course falls under the right to issue transcripts. One that cannot be revoked was made to stand in its own issuer's
/// transcript, whose status covers it there and not here.
fn class_of(credential: &Value) -> Option<Classification> {
    let is_revocable = || {
        entries_of(credential)
            .is_ok_and(|entries| entries.iter().any(|entry| entry.purpose == StatusPurpose::Revocation))
    };
    classify(credential).or_else(|| classify_course(credential).filter(|_| is_revocable()))
}

/// Lets the worst of what is inside count for the whole: a refusal refuses, what could not be judged leaves it open, a warning
/// warns.
pub(crate) fn count(axis: &mut Axis, inside: &[Inside]) {
    if axis.result == AxisResult::Fail {
        return;
    }
    if let Some((position, verdict)) = first(inside, |overall| overall == Some(Overall::Refused)) {
        let why = verdict.and_then(|verdict| verdict.first_failure()).unwrap_or_default();
        axis.result = AxisResult::Fail;
        axis.codes.push(Code::NestedRefused);
        axis.text.push_str(&format!(" Credential number {position} inside this one was judged by its own evidence and is refused: {why}"));
        return;
    }
    if !matches!(axis.result, AxisResult::Pass | AxisResult::Warn) {
        return;
    }
    let is_good = |overall| matches!(overall, Some(Overall::Verified | Overall::VerifiedWithWarnings));
    if let Some((position, _)) = first(inside, |overall| !is_good(overall)) {
        let text = format!(
            "Credential number {position} inside this one is of another issuer or key, or more than a course, and there is no evidence to judge it by: have it verified on its own."
        );
        *axis = Axis::unknown(Code::NestedNotJudged, text);
    } else if let Some((position, _)) =
        first(inside, |overall| overall == Some(Overall::VerifiedWithWarnings))
    {
        let text = format!(
            "Credential number {position} inside this one was judged by its own evidence, with warnings."
        );
        axis.remark(Code::NestedWithWarnings, &text);
    }
}

fn first(
    inside: &[Inside],
    is: impl Fn(Option<Overall>) -> bool,
) -> Option<(usize, Option<&crate::Verdict>)> {
    let found = inside.iter().find(|inside| is(inside.verdict.as_ref().map(|verdict| verdict.overall)))?;
    Some((found.position, found.verdict.as_deref()))
}

/// The verdicts, for the report.
pub(crate) fn verdicts(inside: Vec<Inside>) -> Vec<NestedVerdict> {
    let verdict = |inside: Inside| {
        inside.verdict.map(|verdict| NestedVerdict { position: inside.position, verdict: *verdict })
    };
    inside.into_iter().filter_map(verdict).collect()
}
