//! Trust files: only the authority's own, never an older one.

#![allow(clippy::unwrap_used, reason = "where a helper of a test fails, the test is to fail")]

#[allow(dead_code, reason = "each test binary uses its own part of the country")]
mod country;

use country::{Country, at, key};
use data_encoding::BASE64;
use matricula_registry::AccreditationEvent;
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

/// The authority gives its first key (seed 1) up for another (seed 2) on 2026-11-21.
fn rotated() -> (Country, TrustFile, TrustFile) {
    let mut country = country();
    let content = country.trust_content("2026-11-20");
    let first = country.seal(&content);
    let keys = country.profile(&[(1, "2020-01-01", Some("2026-11-21")), (2, "2026-11-21", None)]);
    country.log(&keys, "2026-11-20");
    let mut content = TrustContent { statements: country.trusted_statements(), ..content };
    (content.sequence, content.previous) = (2, Some(first.digest()));
    content.issued = "2026-11-21T00:00:00Z".into();
    let second = country.seal_with(&content, &key(2)).unwrap();
    (country, first, second)
}

#[test]
fn a_key_that_took_over_speaks_and_the_one_before_no_longer() {
    let (country, first, second) = rotated();
    assert_eq!(second.may_replace(&first), Ok(()));
    let content = TrustContent { sequence: 3, previous: Some(second.digest()), ..second.content().clone() };
    assert_eq!(country.seal_with(&content, &key(2)).unwrap().may_replace(&second), Ok(()));
    assert_eq!(country.seal_with(&content, &key(1)).unwrap_err(), TrustFileError::ForeignKey);
}

#[test]
fn a_key_that_was_given_up_cannot_take_the_authority_back() {
    let (country, first, second) = rotated();
    let for_ever = country.profile(&[(1, "2020-01-01", None)]);
    let index = second.content().statements.last().unwrap().index + 1;
    let mut content = TrustContent { sequence: 9, previous: None, ..second.content().clone() };
    content.issued = "2026-11-22T00:00:00Z".into();

    content.statements.push(country.unlogged(&for_ever, &key(1), index, "2026-11-22"));
    assert_eq!(country.seal_with(&content, &key(1)).unwrap_err(), TrustFileError::GivenUpKey { index });

    content.statements.retain(|statement| statement.index != index - 1);
    let without_rotation = country.seal_with(&content, &key(1)).unwrap();
    assert!(matches!(without_rotation.may_replace(&second), Err(TrustUpdateError::Dropped { .. })));

    let last = content.statements.len() - 1;
    content.statements[last] = country.unlogged(&for_ever, &key(1), 900, "2026-11-20");
    content.issued = "2026-11-25T00:00:00Z".into();
    let old_verifier = country.seal_with(
        &TrustContent { issued: "2026-11-24T00:00:00Z".into(), ..first.content().clone() },
        &key(1),
    );
    let backdated = country.seal_with(&content, &key(1)).unwrap();
    assert!(matches!(backdated.may_replace(&old_verifier.unwrap()), Err(TrustUpdateError::Backdated { .. })));
}

#[test]
fn a_later_file_keeps_every_withdrawal() {
    let mut country = country();
    country.accredit(AccreditationEvent::Revoke { custodian: None }, "2026-11-20", "2026-11-20");
    let content = country.trust_content("2026-11-21");
    let first = country.seal(&content);
    let mut next = TrustContent { sequence: 2, previous: Some(first.digest()), ..content };
    assert_eq!(country.seal(&next).may_replace(&first), Ok(()));
    next.statements.retain(|statement| statement.index != 5);
    assert!(matches!(country.seal(&next).may_replace(&first), Err(TrustUpdateError::Dropped { .. })));
}

#[test]
fn refuses_two_files_of_one_number_and_a_file_older_than_its_statements() {
    let mut country = country();
    let content = country.trust_content("2026-11-21");
    let other = TrustContent { expires: "2027-01-01T00:00:00Z".into(), ..content.clone() };
    let forked = TrustError::Forked { origin: "log.hn.example/1".into(), sequence: 1 };
    assert_eq!(Trust::new(vec![country.seal(&content), country.seal(&other)]).unwrap_err(), forked);
    let early = TrustContent { issued: "2026-11-01T00:00:00Z".into(), ..content };
    assert_eq!(TrustFile::parse(&country.sealed_bytes(&early)).unwrap_err(), TrustFileError::IssuedTooEarly);
}
