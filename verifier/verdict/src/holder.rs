//! Is the one who shows it the one it was given to?

use matricula_credential::binding::HolderBinding;
use matricula_credential::content::issuer_id;
use matricula_credential::presentation::{PresentationError, VerifiedPresentation};
use matricula_credential::proof::{self, ProofPurpose};
use matricula_registry::{KeyRole, KnownAt, PublicKey, Registry};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::Options;
use crate::code::Code;
use crate::status;
use crate::trust_file::TrustFile;
use crate::verdict::{Axis, AxisResult};

/// What was shown, and by whom.
pub(crate) struct Shown<'a> {
    pub(crate) credential: &'a Value,
    pub(crate) binding: Option<&'a Value>,
    pub(crate) presentation: Option<&'a Result<VerifiedPresentation, PresentationError>>,
}

/// Judges the holder.
pub(crate) fn examine(
    shown: &Shown<'_>,
    registry: Option<&Registry>,
    authority: Option<&TrustFile>,
    options: &Options,
) -> Axis {
    let Some(presentation) = shown.presentation else {
        let text =
            "The record was given as a file. Compare name and date of birth with an identity document.";
        return Axis::not_applicable(Code::CompareIdentityDocument, text);
    };
    let presented = match presentation {
        Ok(presented) => presented,
        Err(error) => {
            let text = format!("The presentation is not properly signed by the one who shows it: {error}.");
            return Axis::fail(Code::PresentationProofInvalid, text);
        }
    };
    if let Some(axis) = wrong_request(presented, options) {
        return axis;
    }
    let mut axis = bound(shown, presented, registry, authority, options);
    if axis.result == AxisResult::Pass && options.challenge.is_none() {
        let text = "No challenge was given to compare, so this may be an old presentation shown again.";
        axis.remark(Code::ChallengeNotChecked, text);
    }
    axis
}

/// Of a credential inside another: whoever shows the one shows the other.
pub(crate) fn inside() -> Axis {
    let text =
        "It is inside another record, which was given or presented as a whole and is about the same learner.";
    Axis::not_applicable(Code::CompareIdentityDocument, text)
}

fn wrong_request(presented: &VerifiedPresentation, options: &Options) -> Option<Axis> {
    if options.challenge.as_ref().is_some_and(|challenge| *challenge != presented.challenge) {
        let text = "The presentation answers another question than yours: it may have been copied.";
        return Some(Axis::fail(Code::ChallengeMismatch, text));
    }
    if options.domain.as_ref().is_some_and(|domain| !presented.domains.contains(domain)) {
        return Some(Axis::fail(Code::DomainMismatch, "The presentation was made for somebody else."));
    }
    if presented.expires.is_some_and(|expires| expires <= options.as_of) {
        return Some(Axis::fail(Code::ProofExpired, "The presentation has run out: ask for a new one."));
    }
    None
}

fn bound(
    shown: &Shown<'_>,
    presented: &VerifiedPresentation,
    registry: Option<&Registry>,
    authority: Option<&TrustFile>,
    options: &Options,
) -> Axis {
    let Some(value) = shown.binding else {
        let text = "It was presented with a key, but no key is bound to this record. Compare name and date of birth with an identity document.";
        return Axis::warn(Code::CompareIdentityDocument, text);
    };
    match check_binding(value, shown.credential, registry, options.as_of) {
        Ok(binding) if binding.holder == presented.key => {
            revoked(value, authority, options).unwrap_or_else(|| {
                Axis::pass("The one who presents it holds the key that the issuer bound it to.")
            })
        }
        Ok(_) => Axis::fail(
            Code::HolderNotBound,
            "The issuer bound this record to another holder than the one who presents it.",
        ),
        Err(reason) => {
            Axis::fail(Code::BindingInvalid, format!("The binding to the holder does not hold: {reason}."))
        }
    }
}

fn revoked(binding: &Value, authority: Option<&TrustFile>, options: &Options) -> Option<Axis> {
    let axis = status::examine_binding(binding, authority, options.as_of, options.status_age_max_seconds)?;
    let text = format!("The binding to the holder: {}", axis.text);
    match axis.result {
        AxisResult::Fail => Some(Axis::fail(Code::BindingInvalid, text)),
        AxisResult::Unknown => Some(Axis::warn(Code::StatusUnavailable, text)),
        _ => None,
    }
}

/// A binding counts when a `bind` key of the record's own issuer signed it.
fn check_binding(
    value: &Value,
    credential: &Value,
    registry: Option<&Registry>,
    as_of: UnixSeconds,
) -> Result<HolderBinding, String> {
    let binding = HolderBinding::parse(value).map_err(|error| error.to_string())?;
    if !binding.binds(credential) {
        return Err("it is for another record".to_owned());
    }
    let issuer = issuer_id(credential).unwrap_or_default();
    let proofs = proof::verify(value).map_err(|error| error.to_string())?;
    let own = proofs
        .good()
        .iter()
        .find(|proof| proof.purpose == ProofPurpose::AssertionMethod && proof.is_controlled_by(issuer));
    let key = PublicKey::from(&own.ok_or("it is not signed by the issuer")?.key);
    let registry = registry.ok_or("no authority vouches for its signer")?;
    if may_bind(registry, &key, issuer, as_of) {
        Ok(binding)
    } else {
        Err("its key may not sign bindings for this issuer".to_owned())
    }
}

/// Bindings are not logged, so only a key that is good today counts.
fn may_bind(registry: &Registry, key: &PublicKey, issuer: &str, as_of: UnixSeconds) -> bool {
    registry.key(key).is_some_and(|record| {
        let role = record.added(KnownAt::Latest).map(|(role, from, _)| (role, from <= as_of));
        record.institution().as_str() == issuer
            && role == Some((KeyRole::Bind, true))
            && record.compromised(KnownAt::Latest).is_none()
            && record.retired(KnownAt::Latest).is_none_or(|(at, _)| at > as_of)
    })
}
