//! Verdicts for the tests of what shows them. The people are invented.

use matricula_tlog::{LeafIndex, UnixSeconds};
use matricula_verdict::{Axes, Axis, AxisResult, Code, CredentialSummary, Overall, Verdict};

use crate::check::{Checked, Outcome};

/// 2026-11-20T12:00:00Z.
pub(crate) const CLAIMED: UnixSeconds = UnixSeconds::new(1_795_176_000);

const DAY: u64 = 86_400;

fn axis(result: AxisResult, codes: &[Code], text: &str) -> Axis {
    Axis { result, codes: codes.to_vec(), text: text.to_owned() }
}

fn conclude(axes: Axes, credential: CredentialSummary) -> Verdict {
    Verdict {
        overall: Overall::of(&axes),
        axes,
        credential,
        as_of: UnixSeconds::new(CLAIMED.get() + 2 * DAY),
        nested: Vec::new(),
    }
}

fn good_axes() -> Axes {
    let pass = |text: &str| axis(AxisResult::Pass, &[], text);
    Axes {
        integrity: pass("Signed by the school's key and not changed since."),
        authority: pass("The school was accredited on that date."),
        ledger: pass("Logged at entry 17; two nodes confirm it."),
        status: pass("Not revoked."),
        holder: axis(
            AxisResult::NotApplicable,
            &[Code::CompareIdentityDocument],
            "Compare name and birth date with an identity document.",
        ),
        content: pass("A diploma in good order."),
    }
}

fn diploma() -> CredentialSummary {
    CredentialSummary {
        id: Some("urn:uuid:5a7c1c7e-0000-4000-8000-000000000001".to_owned()),
        kind: Some("diploma".to_owned()),
        name: Some("Bachillerato en Ciencias y Letras".to_owned()),
        learner: Some("María José Núñez-O'Hara".to_owned()),
        born: Some("2008-03-01".to_owned()),
        issuer: Some("did:web:hn.example:schools:lempira".to_owned()),
        issuer_name: Some("Instituto Lempira".to_owned()),
        authority: Some("Secretaría de Educación".to_owned()),
        claimed: Some(CLAIMED),
        logged: Some(UnixSeconds::new(CLAIMED.get() + DAY)),
        log_index: Some(LeafIndex::new(17)),
    }
}

/// Good on every axis.
pub(crate) fn verified() -> Verdict {
    conclude(good_axes(), diploma())
}

/// Revoked, and nothing else wrong.
pub(crate) fn refused() -> Verdict {
    let status = axis(AxisResult::Fail, &[Code::Revoked], "Revoked on 2026-11-21: issued in error.");
    conclude(Axes { status, ..good_axes() }, diploma())
}

/// Signed well by somebody no authority vouches for, and never logged.
pub(crate) fn unknown_issuer() -> Verdict {
    let authority = axis(AxisResult::Unknown, &[Code::IssuerUnknown], "No authority vouches for the issuer.");
    let ledger = axis(AxisResult::Unknown, &[Code::NoLedgerEvidence], "There is no proof of a log.");
    let credential = CredentialSummary {
        issuer: Some("did:web:mill.example".to_owned()),
        issuer_name: None,
        authority: None,
        logged: None,
        log_index: None,
        ..diploma()
    };
    conclude(Axes { authority, ledger, ..good_axes() }, credential)
}

/// The status list could not be had.
pub(crate) fn could_not_check() -> Verdict {
    let status = axis(AxisResult::Unknown, &[Code::StatusUnavailable], "The status list could not be had.");
    conclude(Axes { status, ..good_axes() }, diploma())
}

/// A document with this one verdict.
pub(crate) fn judged(name: &str, verdict: Verdict) -> Checked {
    Checked { name: name.to_owned(), outcome: Outcome::Judged(vec![verdict]) }
}
