//! Was that issuer accredited, for this kind and level, on the date of issue?

use ed25519_dalek::VerifyingKey;
use matricula_credential::content::issuer_id;
use matricula_credential::model::Classification;
use matricula_registry::{
    Authorisation, CredentialKind, Evidence, Grounds, InstitutionId, IscedField, IscedLevel, KeyRole,
    KnownAt, PublicKey, Question, Refusal, Registry,
};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::code::Code;
use crate::date::day;
use crate::ledger::{Ledger, Logged};
use crate::nested::{self, Inside};
use crate::trust::Trust;
use crate::trust_file::TrustFile;
use crate::verdict::{Axis, AxisResult};

/// The axis, and the authority behind the issuer where one is trusted.
pub(crate) struct Authority<'t> {
    pub(crate) axis: Axis,
    pub(crate) file: Option<&'t TrustFile>,
}

/// What the axis looks at.
pub(crate) struct Case<'a> {
    pub(crate) credential: &'a Value,
    pub(crate) signer: Option<&'a VerifyingKey>,
    pub(crate) class: Option<&'a Classification>,
    /// What is inside that this issuer's right does not cover.
    pub(crate) inside: &'a [Inside],
    pub(crate) as_of: UnixSeconds,
}

/// Judges the issuer's rights at the claimed date and at the log's.
pub(crate) fn examine<'t>(case: &Case<'_>, ledger: &Ledger<'t>, trust: &'t Trust) -> Authority<'t> {
    let Some(signer) = case.signer.map(PublicKey::from) else {
        let text = "Without a valid signature nothing can be said about the issuer's rights.";
        return Authority { axis: Axis::unknown(Code::NoValidSignature, text), file: ledger.authority };
    };
    let Some(file) = ledger.authority.or_else(|| trust.of_key(&signer)) else {
        let mut axis = unknown_issuer(case.credential);
        nested::count(&mut axis, case.inside);
        return Authority { axis, file: None };
    };
    let mut axis = judge(case, &signer, ledger.logged.as_ref(), ledger.registry_or(file));
    nested::count(&mut axis, case.inside);
    if file.expires() <= case.as_of {
        let text = format!(
            "The trust file ran out on {}: later withdrawals of rights are not known.",
            day(file.expires())
        );
        axis.remark(Code::TrustFileExpired, &text);
    }
    Authority { axis, file: Some(file) }
}

fn judge(case: &Case<'_>, signer: &PublicKey, logged: Option<&Logged>, registry: &Registry) -> Axis {
    let Some(asked) = case.class.and_then(|class| Asked::new(class, logged)) else {
        let text = "The record does not say of which kind, level and field it is, so no right to issue it can be found.";
        return Axis::fail(Code::KindUnknown, text);
    };
    let evidence = match logged.and_then(|logged| logged.at) {
        Some(at) => Evidence::Logged { at },
        None => Evidence::NotLogged { as_of: case.as_of },
    };
    let question = asked.question(signer, evidence);
    let axis = match registry.authorised(&question) {
        Authorisation::Authorised(grounds) => entitled(case.credential, &asked, &grounds),
        Authorisation::Refused(Refusal::UnknownSigner) => unknown_issuer(case.credential),
        Authorisation::Refused(refusal) => match logged {
            Some(logged) => withdrawn(case, &asked, registry, &question, logged, &refusal),
            None => without_log(registry, &question, &refusal),
        },
    };
    match (axis.result, logged) {
        (AxisResult::Pass | AxisResult::Warn, Some(logged)) => at_log_date(registry, question, logged, axis),
        _ => axis,
    }
}

/// The question in the registry's words.
struct Asked {
    kind: CredentialKind,
    level: IscedLevel,
    field: IscedField,
    claimed_at: UnixSeconds,
    on_behalf_of: Option<InstitutionId>,
}

impl Asked {
    fn new(class: &Classification, logged: Option<&Logged>) -> Option<Self> {
        Some(Self {
            kind: CredentialKind::parse(class.kind.name()).ok()?,
            level: IscedLevel::new(class.isced_level).ok()?,
            field: IscedField::parse(&class.isced_f).ok()?,
            claimed_at: class.claimed_at,
            on_behalf_of: logged.and_then(|logged| logged.batch.on_behalf_of.clone()),
        })
    }

    fn question<'q>(&'q self, signer: &'q PublicKey, evidence: Evidence) -> Question<'q> {
        Question {
            signer,
            role: KeyRole::Issue,
            on_behalf_of: self.on_behalf_of.as_ref(),
            kind: &self.kind,
            level: self.level,
            field: Some(&self.field),
            effective_at: self.claimed_at,
            evidence,
            known_at: KnownAt::Latest,
        }
    }
}

fn entitled(credential: &Value, asked: &Asked, grounds: &Grounds) -> Axis {
    let issuer = issuer_id(credential).unwrap_or_default();
    let named = grounds.on_behalf_of.as_ref().unwrap_or(&grounds.institution);
    if issuer != grounds.institution.as_str() && issuer != named.as_str() {
        let text = format!(
            "The record names {issuer} as its issuer, but the key belongs to {}.",
            grounds.institution
        );
        return Axis::fail(Code::IssuerDoesNotControlKey, text);
    }
    let text = format!("{} was accredited for this on {}.", grounds.name, day(asked.claimed_at));
    let mut axis = Axis::pass(text);
    if let Some(recorded) = grounds.recorded.at.filter(|recorded| *recorded > asked.claimed_at) {
        let text =
            format!("That right was entered in the log only on {}, for the time before.", day(recorded));
        axis.remark(Code::GrantedRetroactively, &text);
    }
    if let Some(for_whom) = &grounds.on_behalf_of {
        let text = format!("It was signed by {} in the name of {for_whom}.", grounds.institution);
        axis.remark(Code::SignedByCustodian, &text);
    }
    axis
}

/// What was witnessed before a right was withdrawn for the past is not silently undone; what a key
/// signed that was in other hands is.
fn withdrawn(
    case: &Case<'_>,
    asked: &Asked,
    registry: &Registry,
    question: &Question<'_>,
    logged: &Logged,
    refusal: &Refusal,
) -> Axis {
    let then = Question { known_at: KnownAt::Index(logged.index), ..question.clone() };
    match registry.authorised(&then) {
        Authorisation::Authorised(grounds) if !matches!(refusal, Refusal::KeyCompromised { .. }) => {
            let mut axis = entitled(case.credential, asked, &grounds);
            let text = format!("Later that right was withdrawn for the time before: {}.", sentence(refusal));
            axis.remark(Code::RevokedRetroactively, &text);
            axis
        }
        _ => fail(refusal),
    }
}

/// Without log evidence the claimed date proves nothing: only what holds today counts.
fn without_log(registry: &Registry, question: &Question<'_>, refusal: &Refusal) -> Axis {
    let believed = Question { evidence: Evidence::Logged { at: question.effective_at }, ..question.clone() };
    let mut axis = fail(refusal);
    if registry.authorised(&believed).is_authorised() {
        axis.codes.push(Code::ClaimedDateUnproven);
        axis.text.push_str(" The date it claims would be before that, but nothing proves that date.");
    }
    axis
}

/// The door has judged the date of logging already; the verdict repeats it, as known there.
fn at_log_date(registry: &Registry, question: Question<'_>, logged: &Logged, axis: Axis) -> Axis {
    let Some(at) = logged.at else { return axis };
    if question.on_behalf_of.is_some() {
        return axis;
    }
    let question = Question { effective_at: at, known_at: KnownAt::Index(logged.index), ..question };
    match registry.authorised(&question) {
        Authorisation::Refused(refusal) => {
            let failed = fail(&refusal);
            Axis { text: format!("On the day it was logged: {}", failed.text), ..failed }
        }
        Authorisation::Authorised(_) => axis,
    }
}

/// No trusted authority vouches for the issuer.
pub(crate) fn unknown_issuer(credential: &Value) -> Axis {
    let issuer = issuer_id(credential).unwrap_or("nobody");
    let text = format!(
        "No authority you trust vouches for {issuer}. A perfect signature says nothing about who signed: ask the ministry of \
         the country for its trust file."
    );
    Axis::unknown(Code::IssuerUnknown, text)
}

fn fail(refusal: &Refusal) -> Axis {
    let code = match refusal {
        Refusal::UnknownSigner => Code::IssuerUnknown,
        Refusal::AuthorityKey | Refusal::WrongRole { .. } => Code::KeyWrongRole,
        Refusal::KeyNotYetValid { .. } => Code::KeyNotYetValid,
        Refusal::KeyRetired { .. } => Code::KeyRetired,
        Refusal::KeyCompromised { .. } => Code::KeyCompromised,
        Refusal::Expired { .. } => Code::AccreditationExpired,
        Refusal::Suspended { .. } => Code::AccreditationSuspended,
        Refusal::Revoked { .. } => Code::AccreditationRevoked,
        Refusal::ScopeExceeded { .. } => Code::ScopeExceeded,
        Refusal::NotYetAccredited { .. }
        | Refusal::Succeeded { .. }
        | Refusal::NoMandate { .. }
        | Refusal::MandateEnded { .. } => Code::NotAccredited,
    };
    Axis::fail(code, format!("The issuer was not entitled to issue this: {}.", sentence(refusal)))
}

/// The refusal with dates a person can read.
fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::KeyNotYetValid { from } => format!("its key is valid only from {}", day(*from)),
        Refusal::KeyRetired { at, .. } => format!("its key was retired on {}", day(*at)),
        Refusal::KeyCompromised { since, .. } => {
            format!("its key has been in other hands since {}", day(*since))
        }
        Refusal::Expired { institution, at, .. } => {
            format!("the accreditation of {institution} ended on {}", day(*at))
        }
        Refusal::Suspended { institution, effective, .. } => {
            format!("{institution} was suspended from {}", day(effective.from()))
        }
        Refusal::Revoked { institution, effective, .. } => {
            format!("the accreditation of {institution} was revoked from {}", day(effective.from()))
        }
        Refusal::Succeeded { institution, successor, effective, .. } => {
            format!("{institution} was succeeded by {successor} on {}", day(effective.from()))
        }
        other => other.to_string(),
    }
}
