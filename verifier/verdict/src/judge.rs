//! From a document to its verdicts.

use ed25519_dalek::VerifyingKey;
use matricula_credential::content::has_type;
use matricula_credential::json::{JsonError, parse};
use matricula_credential::model::{Classification, classify, facts};
use matricula_credential::presentation::{self, PresentationError, PresentationFile};
use matricula_credential::record::{LedgerEvidence, PortableRecord, RecordError};
use matricula_tlog::UnixSeconds;
use serde_json::Value;

use crate::checkpoints::Checkpoints;
use crate::code::Code;
use crate::date::parse_rfc3339;
use crate::nested::Inside;
use crate::trust::Trust;
use crate::verdict::{Axes, Axis, CredentialSummary, Verdict};
use crate::{authority, content, holder, integrity, ledger, nested, status};

/// A year: the longest a verifier relies on a status list unless told otherwise. Issue and verification
/// must work without a network for 180 days.
pub const STATUS_AGE_MAX_SECONDS_DEFAULT: u64 = 365 * 86_400;

/// What a verifier asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The moment the verdict is for: today, unless an old decision is re-checked.
    pub as_of: UnixSeconds,
    /// The challenge the presentation must answer; without one, a presentation may be an old one.
    pub challenge: Option<String>,
    /// The domain the presentation must be made for.
    pub domain: Option<String>,
    /// The oldest status list to rely on, in seconds.
    pub status_age_max_seconds: u64,
}

impl Options {
    /// Options without challenge and domain, with the default age of status lists.
    pub fn at(as_of: UnixSeconds) -> Self {
        Self { as_of, challenge: None, domain: None, status_age_max_seconds: STATUS_AGE_MAX_SECONDS_DEFAULT }
    }
}

/// Verifies a document: a portable record, a bare credential, or a presentation of several. One verdict
/// a credential, and always at least one: bytes that are none of these are refused, never passed over.
pub fn verify(document: &[u8], trust: &Trust, options: &Options) -> Vec<Verdict> {
    // Some editors put a byte order mark before the text; it says nothing, and nothing signed covers it.
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    match parse(document) {
        Ok(value) => verify_value(&value, trust, options),
        Err(error @ JsonError::TooLarge { .. }) => vec![unreadable(Code::DocumentTooLarge, &error, options)],
        Err(error) => vec![unreadable(Code::DocumentMalformed, &error, options)],
    }
}

/// The same for a document that is strict JSON already.
pub fn verify_value(document: &Value, trust: &Trust, options: &Options) -> Vec<Verdict> {
    let scene = Scene::new(trust, options);
    match Document::of(document) {
        Ok(Document::Record(record)) => vec![judge(&record, None, &scene)],
        Ok(Document::Presentation(file)) => {
            let shown = presentation::verify(file.presentation());
            file.records().iter().map(|record| judge(record, Some(&shown), &scene)).collect()
        }
        Err(DocumentError::Record(error)) => vec![unreadable(Code::DocumentMalformed, &error, options)],
        Err(DocumentError::Presentation(error)) => vec![unreadable(Code::DocumentMalformed, &error, options)],
        Err(DocumentError::NotADocument) => {
            let reason = if has_type(document, "MatriculaTrustFile") {
                "it is an authority's trust file"
            } else {
                "it is neither a record, nor a credential, nor a presentation"
            };
            vec![unreadable(Code::DocumentMalformed, &reason, options)]
        }
    }
}

enum Document {
    Record(Box<PortableRecord>),
    Presentation(Box<PresentationFile>),
}

enum DocumentError {
    Record(RecordError),
    Presentation(PresentationError),
    NotADocument,
}

impl Document {
    fn of(value: &Value) -> Result<Self, DocumentError> {
        let presentation = |file| Self::Presentation(Box::new(file));
        if PortableRecord::is_record(value) {
            let record = PortableRecord::from_value(value).map_err(DocumentError::Record)?;
            return Ok(Self::Record(Box::new(record)));
        }
        if PresentationFile::is_presentation_file(value) {
            return PresentationFile::from_value(value)
                .map(presentation)
                .map_err(DocumentError::Presentation);
        }
        if has_type(value, "VerifiablePresentation") {
            return PresentationFile::from_presentation(value)
                .map(presentation)
                .map_err(DocumentError::Presentation);
        }
        if has_type(value, "VerifiableCredential") {
            return Ok(Self::Record(Box::new(PortableRecord::bare(value.clone()))));
        }
        Err(DocumentError::NotADocument)
    }
}

/// What every question of one call is asked with.
pub(crate) struct Scene<'t> {
    pub(crate) trust: &'t Trust,
    pub(crate) options: &'t Options,
    pub(crate) checkpoints: Checkpoints,
}

impl<'t> Scene<'t> {
    pub(crate) fn new(trust: &'t Trust, options: &'t Options) -> Self {
        Self { trust, options, checkpoints: Checkpoints::default() }
    }
}

/// A credential whose signature was looked at, and all that there is to judge it by.
pub(crate) struct Case<'a> {
    pub(crate) credential: &'a Value,
    pub(crate) class: Option<Classification>,
    pub(crate) integrity: Axis,
    pub(crate) signer: Option<VerifyingKey>,
    pub(crate) evidence: Option<&'a LedgerEvidence>,
    pub(crate) inside: Vec<Inside>,
    /// How it was shown; `None` for a credential inside another.
    pub(crate) shown: Option<holder::Shown<'a>>,
}

fn judge(
    record: &PortableRecord,
    presentation: Option<&Result<presentation::VerifiedPresentation, PresentationError>>,
    scene: &Scene<'_>,
) -> Verdict {
    let credential = &record.credential;
    let integrity = integrity::examine(credential, scene.options.as_of);
    let case = Case {
        credential,
        class: classify(credential),
        inside: nested::judge(&integrity.others, &record.nested, scene),
        integrity: integrity.axis,
        signer: integrity.signer,
        evidence: record.evidence.as_ref(),
        shown: Some(holder::Shown { credential, binding: record.binding.as_ref(), presentation }),
    };
    weigh(case, scene)
}

/// Asks the six questions about a credential.
pub(crate) fn weigh(case: Case<'_>, scene: &Scene<'_>) -> Verdict {
    let (credential, options) = (case.credential, scene.options);
    let (class, signer) = (case.class.as_ref(), case.signer.as_ref());
    let ledger = ledger::examine(credential, case.evidence, signer, class, scene);
    let rights = authority::Case { credential, signer, class, inside: &case.inside, as_of: options.as_of };
    let authority = authority::examine(&rights, &ledger, scene.trust);
    let file = authority.file;
    let status = status::examine(credential, file, options.as_of, options.status_age_max_seconds);
    let registry = file.map(|file| ledger.registry_or(file));
    let holder = match &case.shown {
        Some(shown) => holder::examine(shown, registry, file, options),
        None => holder::inside(),
    };
    let summary = CredentialSummary {
        authority: file.map(|file| file.content().authority.name.clone()),
        logged: ledger.logged.as_ref().and_then(|logged| logged.at),
        log_index: ledger.logged.as_ref().map(|logged| logged.index),
        ..summary(credential, class)
    };
    let content = content::examine(credential, options.as_of);
    let axes = Axes {
        integrity: case.integrity,
        authority: authority.axis,
        ledger: ledger.axis,
        status,
        holder,
        content,
    };
    let nested = nested::verdicts(case.inside);
    Verdict { nested, ..Verdict::conclude(axes, summary, options.as_of) }
}

/// What the credential says, bounded for display.
pub(crate) fn summary(credential: &Value, class: Option<&Classification>) -> CredentialSummary {
    let facts = facts(credential);
    let shown = |text: Option<String>| text.map(|text| text.chars().take(SUMMARY_CHARS_MAX).collect());
    let dated = facts.awarded.as_deref().or(facts.valid_from.as_deref()).and_then(parse_rfc3339);
    CredentialSummary {
        id: shown(facts.id),
        kind: class.map(|class| class.kind.name().to_owned()),
        name: shown(facts.title),
        learner: shown(facts.learner_name),
        born: shown(facts.date_of_birth),
        issuer: shown(facts.issuer),
        issuer_name: shown(facts.issuer_name),
        claimed: class.map(|class| class.claimed_at).or(dated),
        ..CredentialSummary::default()
    }
}

/// The longest text of a foreign document that a verdict repeats.
const SUMMARY_CHARS_MAX: usize = 300;

fn unreadable(code: Code, reason: &dyn core::fmt::Display, options: &Options) -> Verdict {
    let none = || Axis::not_applicable(code, "There is nothing to ask this of.");
    let axes = Axes {
        integrity: Axis::fail(code, format!("This is not a learner's record that can be read: {reason}.")),
        authority: none(),
        ledger: none(),
        status: none(),
        holder: none(),
        content: Axis::fail(code, "The file holds no record that can be judged."),
    };
    Verdict::conclude(axes, CredentialSummary::default(), options.as_of)
}
