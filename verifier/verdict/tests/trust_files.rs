//! Trust files: only the authority's own, never an older one.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

#[allow(dead_code, reason = "each test binary uses its own part of the country")]
mod country;

use country::{Country, at};
use data_encoding::BASE64;
use matricula_verdict::{
    Fingerprint, Trust, TrustContent, TrustError, TrustFile, TrustFileError, TrustUpdateError,
};

fn country() -> Country {
    Country::new("log.hn.example/1", 1)
}

#[test]
fn reads_what_the_authority_signed_and_keeps_its_fingerprint() {
    let mut country = country();
    let content = country.trust_content("2026-11-21");
    let file = country.seal(&content);
    assert_eq!(file.content(), &content);
    assert_eq!(Fingerprint::parse(&file.fingerprint().to_string()), Some(file.fingerprint()));
    assert_eq!(file.issued(), at("2026-11-21"));
}

#[test]
fn refuses_a_changed_file() {
    let mut country = country();
    let content = country.trust_content("2026-11-21");
    let text = String::from_utf8(country.sealed_bytes(&content)).unwrap();
    let changed = text.replace("\"sequence\":1", "\"sequence\":9");
    assert_ne!(text, changed);
    assert!(matches!(TrustFile::parse(changed.as_bytes()), Err(TrustFileError::Proof(_))));
}

#[test]
fn refuses_content_that_does_not_hold_together() {
    let mut country = country();
    let content = country.trust_content("2026-11-21");
    let refused = |change: &dyn Fn(&mut TrustContent)| {
        let mut content = content.clone();
        change(&mut content);
        TrustFile::parse(&country.sealed_bytes(&content)).unwrap_err()
    };
    assert_eq!(refused(&|content| content.statements.clear()), TrustFileError::GenesisMissing);
    assert_eq!(
        refused(&|content| {
            content.statements.remove(0);
        }),
        TrustFileError::GenesisMissing
    );
    assert_eq!(
        refused(&|content| content.statements.swap(1, 2)),
        TrustFileError::StatementOrder { index: 1 }
    );
    assert!(matches!(
        refused(&|content| content.issued = "soon".into()),
        TrustFileError::Date { member: "issued", .. }
    ));
    assert!(matches!(
        refused(&|content| content.log.policy = "quorum none\n".into()),
        TrustFileError::LogKeyMismatch
    ));
    let list =
        refused(&|content| content.status_lists[0].credential["validFrom"] = "2026-01-01T00:00:00Z".into());
    assert!(matches!(list, TrustFileError::StatusList { .. }));
}

#[test]
fn refuses_a_statement_spelled_as_two_texts_in_a_row() {
    let mut country = country();
    let mut content = country.trust_content("2026-11-21");
    let statement = &mut content.statements[1].statement;
    let bytes = BASE64.decode(statement.as_bytes()).unwrap();
    *statement = BASE64.encode(&bytes[..1]) + &BASE64.encode(&bytes[1..]);
    assert_eq!(BASE64.decode(statement.as_bytes()).unwrap(), bytes);
    let refused = TrustFile::parse(&country.sealed_bytes(&content)).unwrap_err();
    assert!(matches!(refused, TrustFileError::Statement { index: 1, .. }), "{refused}");
}

#[test]
fn refuses_a_file_signed_by_somebody_else() {
    let mut country = country();
    let content = country.trust_content("2026-11-21");
    let other = Country::new("log.mill.example/1", 50);
    assert_eq!(TrustFile::parse(&other.sealed_bytes(&content)).unwrap_err(), TrustFileError::ForeignKey);
}

#[test]
fn never_goes_back_and_never_forks() {
    let mut country = country();
    let content = country.trust_content("2026-11-21");
    let first = country.seal(&content);
    let with = |sequence, previous: Option<String>| {
        country.seal(&TrustContent { sequence, previous, ..content.clone() })
    };
    let second = with(2, Some(first.digest()));
    assert_eq!(second.may_replace(&first), Ok(()));
    assert_eq!(first.may_replace(&first), Ok(()));
    assert_eq!(with(7, None).may_replace(&first), Ok(()));
    assert_eq!(first.may_replace(&second), Err(TrustUpdateError::Older { known: 2, got: 1 }));
    assert_eq!(with(2, None).may_replace(&first), Err(TrustUpdateError::Forked { sequence: 2 }));
    assert_eq!(with(1, Some("00".into())).may_replace(&first), Err(TrustUpdateError::Forked { sequence: 1 }));
    let mut mill = Country::new("log.hn.example/1", 50);
    let foreign = {
        let content = mill.trust_content("2026-11-21");
        mill.seal(&content)
    };
    assert!(matches!(foreign.may_replace(&first), Err(TrustUpdateError::OtherAuthority { .. })));
    assert_eq!(
        Trust::new(vec![first, foreign]).unwrap_err(),
        TrustError::SameLog { origin: "log.hn.example/1".into() }
    );
}
