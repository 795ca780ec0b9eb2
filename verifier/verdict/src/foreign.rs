//! Credentials in formats of others: judged here, read elsewhere.
//!
//! Whoever reads the format says whether the signature fits, and hands over the credential and the key. A key that came with
//! the file or in its names says nothing about who signed, so such a credential is of an unknown issuer, unless a trust file
//! knows that very key: then its institution's rights are judged as those of any other, without evidence from a log.

use ed25519_dalek::VerifyingKey;
use matricula_credential::content::{ContentCode, check};
use matricula_credential::model::classify;
use matricula_registry::PublicKey;
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::authority::Authority;
use crate::code::Code;
use crate::date::day;
use crate::judge::{Options, Scene, summary};
use crate::ledger::Ledger;
use crate::trust::Trust;
use crate::verdict::{Axes, Axis, AxisResult, CredentialSummary, Verdict};
use crate::{authority, content, integrity, nested, status};

/// Where credentials stand inside a transcript.
const NESTED_POINTER: &str = "/credentialSubject/verifiableCredential";

/// A credential of others whose signature fits.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignEvidence {
    /// The credential as one object.
    pub credential: Value,
    /// The key that signed, for a person to compare: its thumbprint and kind.
    pub key: String,
    /// The same key, where it is an Ed25519 key: registries know no others.
    pub signer: Option<VerifyingKey>,
    /// From when on the signature or the credential is to be used.
    pub not_before: Option<UnixSeconds>,
    /// Until when.
    pub expires: Option<UnixSeconds>,
    /// Which places of `credentialSubject.verifiableCredential` hold credentials that came with a signature around them, found
    /// good. All others must bear a proof inside.
    pub nested: Vec<NestedToken>,
}

/// A credential inside one that came with a signature around it.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedToken {
    /// Its place, from 0.
    pub position: usize,
    /// The key that signed it, where it is an Ed25519 key.
    pub signer: Option<VerifyingKey>,
}

/// Why there is no such evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignFault {
    /// The file breaks the grammar of its format, or contradicts itself.
    Malformed,
    /// The signature does not fit, or is none.
    Invalid,
    /// The key is not one that the named issuer controls.
    NotControlled,
    /// The format, the algorithm or the key is not known here: this says nothing about the credential.
    Unsupported,
}

/// What the reader of a foreign format found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignRefusal {
    /// Whose fault it is.
    pub fault: ForeignFault,
    /// Whether it is in a credential inside the one that was given.
    pub is_nested: bool,
    /// What it is, as the end of a sentence.
    pub reason: String,
}

/// Judges a credential of others from what its reader found. Good only under a key that a trust file gives to the named issuer.
pub fn judge_foreign(
    read: Result<&ForeignEvidence, &ForeignRefusal>,
    trust: &Trust,
    options: &Options,
) -> Verdict {
    match read {
        Ok(evidence) => judge(evidence, &Scene::new(trust, options)),
        Err(refusal) => refuse(refusal, options),
    }
}

fn judge(evidence: &ForeignEvidence, scene: &Scene<'_>) -> Verdict {
    let (credential, options) = (&evidence.credential, scene.options);
    let class = classify(credential);
    let (integrity, keys) = examine_integrity(evidence, options.as_of);
    let ledger = Ledger::without_authority(no_ledger_evidence());
    let registered = evidence.signer.filter(|key| scene.trust.of_key(&PublicKey::from(key)).is_some());
    let inside = registered.map_or_else(Vec::new, |signer| {
        nested::judge(&nested::others(credential, &signer, &keys), &[], scene)
    });
    let authority = match &registered {
        Some(signer) => {
            let (signer, class) = (Some(signer), class.as_ref());
            let rights = authority::Case { credential, signer, class, inside: &inside, as_of: options.as_of };
            authority::examine(&rights, &ledger, scene.trust)
        }
        None => Authority { axis: authority::unknown_issuer(credential), file: None },
    };
    let file = authority.file;
    let axes = Axes {
        integrity,
        authority: authority.axis,
        ledger: ledger.axis,
        status: status::examine(credential, file, options.as_of, options.status_age_max_seconds),
        holder: not_presented(),
        content: examine_content(evidence, options.as_of),
    };
    let summary = CredentialSummary {
        authority: file.map(|file| file.content().authority.name.clone()),
        ..summary(credential, class.as_ref())
    };
    let nested = nested::verdicts(inside);
    Verdict { nested, ..Verdict::conclude(axes, summary, options.as_of) }
}

/// The signature around the whole fits already; credentials inside that bear their own proofs are checked here. With the keys
/// that signed what is inside.
fn examine_integrity(evidence: &ForeignEvidence, as_of: UnixSeconds) -> (Axis, Vec<Option<VerifyingKey>>) {
    let token = |position: usize| evidence.nested.iter().find(|nested| nested.position == position);
    match integrity::nested(&evidence.credential, as_of, |position| token(position).is_none()) {
        Ok(mut keys) => {
            for (position, key) in keys.iter_mut().enumerate() {
                *key = key.or_else(|| token(position)?.signer);
            }
            let axis = Axis::pass(format!(
                "The signature fits: the text is unchanged since it was signed with the key {}. Whose key that is, is another question.",
                evidence.key
            ));
            (axis, keys)
        }
        Err(axis) => (axis, Vec::new()),
    }
}

fn examine_content(evidence: &ForeignEvidence, as_of: UnixSeconds) -> Axis {
    let mut problems = check(&evidence.credential);
    problems.retain(|problem| {
        problem.code != ContentCode::NestedUnsigned
            || !evidence
                .nested
                .iter()
                .any(|token| problem.pointer == format!("{NESTED_POINTER}/{}/proof", token.position))
    });
    let axis = content::judge(&evidence.credential, &problems, as_of);
    if axis.result == AxisResult::Fail {
        return axis;
    }
    match (evidence.not_before, evidence.expires) {
        (Some(from), _) if from > as_of => {
            Axis::fail(Code::NotYetValid, format!("It is to be used only from {}.", day(from)))
        }
        (_, Some(until)) if until <= as_of => {
            Axis::fail(Code::Expired, format!("It was to be used until {}.", day(until)))
        }
        _ => axis,
    }
}

fn refuse(refusal: &ForeignRefusal, options: &Options) -> Verdict {
    let reason = &refusal.reason;
    let mut integrity = match refusal.fault {
        ForeignFault::Malformed => {
            Axis::fail(Code::ProofMalformed, format!("The signature cannot be read: {reason}."))
        }
        ForeignFault::Invalid => {
            Axis::fail(Code::ProofInvalid, format!("The signature does not count: {reason}."))
        }
        ForeignFault::NotControlled => Axis::fail(
            Code::IssuerDoesNotControlKey,
            format!("The text is signed, but not with a key of the issuer it names: {reason}."),
        ),
        ForeignFault::Unsupported => {
            Axis::unknown(Code::ProofUnsupported, format!("The signature could not be checked: {reason}."))
        }
    };
    if refusal.is_nested {
        integrity.codes.insert(0, Code::NestedProofInvalid);
    }
    let code = integrity.codes.last().copied().unwrap_or(Code::ProofUnsupported);
    let none = || Axis::not_applicable(code, "Without a good signature there is nothing to ask this of.");
    let axes = Axes {
        integrity,
        authority: none(),
        ledger: no_ledger_evidence(),
        status: none(),
        holder: not_presented(),
        content: none(),
    };
    Verdict::conclude(axes, CredentialSummary::default(), options.as_of)
}

fn no_ledger_evidence() -> Axis {
    let text = "Nothing shows in a log that this verifier knows when it was made.";
    Axis::not_applicable(Code::NoLedgerEvidence, text)
}

fn not_presented() -> Axis {
    let text = "It was given as a file. Compare name and date of birth with an identity document.";
    Axis::not_applicable(Code::CompareIdentityDocument, text)
}
