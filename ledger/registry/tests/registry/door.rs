//! What the door asks of every statement, and of those by the authority.

use matricula_registry::{
    Body, Commitment, DoorError, KeyEvent, KeyRole, KnownAt, LogOrigin, Period, PublicKey, Recognition,
    Registry, Statement, StatementError, StatementId, Status, UNKNOWN_BODY_BYTES_MAX,
};
use matricula_tlog::{Hash, LeafIndex, UnixSeconds};

use crate::country::{
    AUTHORITY, Country, accreditation, approve_key, authority, day, grant, issue_key, key_statement, origin,
    public_key, refused_at, restore, revoke, school, secondary, signing_key, suspend, text,
};

const NOW: (u64, u64, u64) = (2024, 2, 1);

fn now() -> UnixSeconds {
    day(NOW.0, NOW.1, NOW.2)
}

fn commitment() -> Body {
    Body::Commitment(Commitment { label: text("transfer"), root: Hash::from_bytes([5; 32]) })
}

#[test]
fn a_log_begins_with_an_authority_statement_by_its_own_known_key() {
    let genesis = |keys: &[u8]| Body::Authority(authority(keys));
    let first = |seed, body: &Body| Country::blank().log(now(), seed, body);
    assert_eq!(first(AUTHORITY, &genesis(&[AUTHORITY])), Ok(LeafIndex::new(0)));
    assert_eq!(
        first(AUTHORITY, &commitment()),
        Err(DoorError::GenesisExpected { kind: "commitment".to_owned() })
    );
    assert_eq!(first(2, &genesis(&[2])), Err(DoorError::UnknownSigner { signer: public_key(2) }));
    assert_eq!(
        first(AUTHORITY, &genesis(&[2])),
        Err(DoorError::GenesisNotByItsOwnKey { signer: public_key(AUTHORITY) })
    );
}

#[test]
fn without_root_keys_nothing_is_admitted() {
    let country = Country::blank();
    let statement = country.sign(AUTHORITY, &Body::Authority(authority(&[AUTHORITY])));
    let registry = Registry::new(origin(), []);
    let refused = registry.admit(LeafIndex::new(0), now(), statement.entry()).unwrap_err();
    assert_eq!(refused, DoorError::UnknownSigner { signer: public_key(AUTHORITY) });
}

#[test]
fn a_key_hands_over_to_the_next_one_and_signs_no_more() {
    let mut country = Country::with_school();
    country.log(now(), AUTHORITY, &Body::Authority(authority(&[2]))).unwrap();
    assert_eq!(
        country.log(now(), AUTHORITY, &commitment()),
        Err(DoorError::AuthorityKeyNotValid { signer: public_key(AUTHORITY), at: now() })
    );
    country.log(now(), 2, &commitment()).unwrap();
}

#[test]
fn an_authority_statement_leaves_a_valid_key_and_keeps_the_rules_forward() {
    let mut country = Country::with_school();
    let mut closed = authority(&[AUTHORITY]);
    closed.keys[0].valid = Period::new(day(2019, 1, 1), Some(now())).unwrap();
    assert_eq!(country.log(now(), AUTHORITY, &Body::Authority(closed)), Err(DoorError::NoAuthorityKeyLeft));

    let mut second = authority(&[AUTHORITY]);
    second.rules_version = 2;
    second.recognises = vec![Recognition {
        origin: LogOrigin::parse("sn.example/log").unwrap(),
        key: public_key(50),
        scope: secondary(),
    }];
    country.log(now(), AUTHORITY, &Body::Authority(second)).unwrap();
    assert_eq!(
        country.log(now(), AUTHORITY, &Body::Authority(authority(&[AUTHORITY]))),
        Err(DoorError::RulesVersionBackwards { latest: 2, got: 1 })
    );
    assert_eq!(
        country.log(now(), AUTHORITY, &Body::Authority(authority(&[AUTHORITY, issue_key(1)]))),
        Err(DoorError::KeyBoundElsewhere { key: public_key(issue_key(1)), institution: school(1) })
    );
}

#[test]
fn a_statement_replayed_into_another_log_is_refused() {
    let mut country = Country::with_school();
    let other = LogOrigin::parse("ledger.sn.example/registry").unwrap();
    let key = signing_key(AUTHORITY);
    let foreign = Statement::sign(&commitment(), &other, [0; 16], None, &key).unwrap();
    assert_eq!(country.submit(now(), &foreign), Err(DoorError::OtherLog { expected: origin(), got: other }));
    let own = Statement::sign(&commitment(), &origin(), [0; 16], None, &key).unwrap();
    country.submit(now(), &own).unwrap();
}

#[test]
fn only_the_next_leaf_is_admitted_and_a_stale_admission_is_not_applied() {
    let mut country = Country::with_school();
    let statement = country.sign(AUTHORITY, &commitment());
    let next = country.registry.next_index();
    let beyond = LeafIndex::new(next.get() + 1);
    assert_eq!(
        country.registry.admit(beyond, now(), statement.entry()).unwrap_err(),
        DoorError::NotNextLeaf { index: beyond, next }
    );
    let stale = country.registry.admit(next, now(), statement.entry()).unwrap();
    country.log(now(), AUTHORITY, &commitment()).unwrap();
    let refused = country.registry.apply(stale).unwrap_err();
    assert_eq!((refused.index, refused.next), (next, beyond));
}

#[test]
fn an_accreditation_names_the_statement_it_replaces() {
    let mut country = Country::with_school();
    let latest = country.registry.latest_accreditation(&school(1));
    let body = Body::Accreditation(accreditation(1, suspend(), now(), None));
    let other = StatementId::of_entry(b"another");
    for (got, want) in [(None, false), (Some(other), false), (latest, true)] {
        let statement = country.sign_replacing(AUTHORITY, &body, got);
        match country.submit(now(), &statement) {
            Ok(_) => assert!(want),
            Err(error) => {
                assert!(!want);
                assert_eq!(error, DoorError::ReplacesMismatch { expected: latest, got });
            }
        }
    }
    let first = Body::Accreditation(accreditation(2, grant(), now(), None));
    let statement = country.sign_replacing(AUTHORITY, &first, Some(other));
    assert_eq!(
        country.submit(now(), &statement),
        Err(DoorError::ReplacesMismatch { expected: None, got: Some(other) })
    );
}

#[test]
fn a_kind_without_a_state_replaces_nothing() {
    let mut country = Country::with_school();
    let other = StatementId::of_entry(b"another");
    let statement = country.sign_replacing(AUTHORITY, &commitment(), Some(other));
    assert_eq!(
        country.submit(now(), &statement),
        Err(DoorError::UnexpectedReplaces { kind: "commitment".to_owned() })
    );
}

#[test]
fn only_the_authority_signs_what_gives_rights() {
    let mut country = Country::with_school();
    let add = KeyEvent::Add { role: KeyRole::Issue, from: now() };
    let status = Status {
        list: text("https://edu.hn.example/1"),
        version: 1,
        purpose: text("revocation"),
        digest: Hash::from_bytes([1; 32]),
    };
    for body in [
        Body::Authority(authority(&[AUTHORITY, 2])),
        Body::Accreditation(accreditation(1, suspend(), now(), None)),
        Body::Key(key_statement(1, 15, add)),
        Body::Key(key_statement(1, approve_key(1), KeyEvent::Compromised { since: now() })),
        Body::Status(status),
    ] {
        assert_eq!(
            country.log(now(), issue_key(1), &body),
            Err(DoorError::NotTheAuthority { kind: body.kind().to_owned(), institution: school(1) })
        );
        country.log(now(), AUTHORITY, &body).unwrap();
    }
}

#[test]
fn whoever_is_accredited_and_has_an_active_key_commits_and_says_what_nobody_knows_yet() {
    let mut country = Country::with_school();
    let unknown = Body::Unknown { kind: "recognition".to_owned(), body: vec![0xf6] };
    for body in [commitment(), unknown] {
        for seed in [AUTHORITY, issue_key(1), approve_key(1)] {
            country.log(now(), seed, &body).unwrap();
        }
        assert_eq!(country.log(now(), 99, &body), Err(DoorError::UnknownSigner { signer: public_key(99) }));
    }
    country.key(now(), 1, issue_key(1), KeyEvent::Compromised { since: now() }).unwrap();
    assert_eq!(
        refused_at(country.log(now(), issue_key(1), &commitment()).unwrap_err()),
        (now(), "key_compromised")
    );
}

#[test]
fn a_school_without_accreditation_adds_nothing_to_the_log() {
    let unknown = Body::Unknown { kind: "recognition".to_owned(), body: vec![0xf6] };
    let yesterday = day(2024, 1, 31);
    for (event, code) in [(revoke(), "revoked"), (suspend(), "suspended")] {
        let mut country = Country::with_school();
        let bind = KeyEvent::Add { role: KeyRole::Bind, from: yesterday };
        country.key(yesterday, 1, 15, bind).unwrap();
        country.accredit(yesterday, accreditation(1, event, now(), None)).unwrap();
        for body in [commitment(), unknown.clone()] {
            for seed in [issue_key(1), approve_key(1), 15] {
                country.log(yesterday, seed, &body).unwrap();
                assert_eq!(refused_at(country.log(now(), seed, &body).unwrap_err()), (now(), code));
            }
            country.log(now(), AUTHORITY, &body).unwrap();
        }
    }
}

#[test]
fn a_body_that_nobody_knows_is_small() {
    let mut country = Country::with_school();
    let unknown = |bytes: usize| {
        let mut body = vec![0x59];
        body.extend(u16::try_from(bytes - 3).unwrap().to_be_bytes());
        body.resize(bytes, 7);
        Body::Unknown { kind: "recognition".to_owned(), body }
    };
    for seed in [AUTHORITY, issue_key(1)] {
        country.log(now(), seed, &unknown(UNKNOWN_BODY_BYTES_MAX)).unwrap();
        assert_eq!(
            country.log(now(), seed, &unknown(UNKNOWN_BODY_BYTES_MAX + 1)),
            Err(DoorError::UnknownBodyTooLarge {
                kind: "recognition".to_owned(),
                bytes: UNKNOWN_BODY_BYTES_MAX + 1,
                max: UNKNOWN_BODY_BYTES_MAX,
            })
        );
    }
}

#[test]
fn an_accreditation_begins_with_a_grant() {
    for (event, want) in [(grant(), true), (suspend(), false), (restore(), false), (revoke(), false)] {
        let got = Country::new().accredit(now(), accreditation(1, event, now(), None));
        match got {
            Ok(_) => assert!(want),
            Err(error) => {
                assert!(!want);
                assert_eq!(error, DoorError::UnknownInstitution { institution: school(1) });
            }
        }
    }
}

#[test]
fn a_statement_that_changes_nothing_is_refused() {
    let mut country = Country::with_school();
    let same = accreditation(1, grant(), day(2023, 1, 1), None);
    assert_eq!(
        country.accredit(now(), same.clone()),
        Err(DoorError::NothingChanges { institution: school(1) })
    );
    let renamed = matricula_registry::Accreditation { name: text("Instituto Nuevo"), ..same };
    country.accredit(now(), renamed).unwrap();
    country.accredit(now(), accreditation(1, revoke(), now(), None)).unwrap();
    assert_eq!(
        country.accredit(now(), accreditation(1, revoke(), day(2024, 3, 1), None)),
        Err(DoorError::NothingChanges { institution: school(1) })
    );
    country.accredit(now(), accreditation(1, revoke(), day(2024, 1, 1), None)).unwrap();
}

#[test]
fn a_grant_does_not_lift_a_revocation_and_a_restore_needs_one() {
    let mut country = Country::with_school();
    assert_eq!(
        country.accredit(now(), accreditation(1, restore(), day(2021, 1, 1), None)),
        Err(DoorError::NothingToRestore { institution: school(1) })
    );
    country.accredit(now(), accreditation(1, revoke(), now(), None)).unwrap();
    let statement = country.registry.latest_accreditation(&school(1)).unwrap();
    assert_eq!(
        country.accredit(now(), accreditation(1, grant(), day(2025, 1, 1), None)),
        Err(DoorError::GrantOverNegative {
            institution: school(1),
            statement,
            effective: Period::new(now(), None).unwrap()
        })
    );
    country.accredit(now(), accreditation(1, restore(), day(2025, 1, 1), None)).unwrap();
}

#[test]
fn a_status_list_goes_forward() {
    let mut country = Country::with_school();
    let status = |version| {
        let (list, purpose) = (text("https://edu.hn.example/status/1"), text("revocation"));
        Body::Status(Status { list, version, purpose, digest: Hash::from_bytes([1; 32]) })
    };
    country.log(now(), AUTHORITY, &status(3)).unwrap();
    for version in [2, 3] {
        assert_eq!(
            country.log(now(), AUTHORITY, &status(version)),
            Err(DoorError::StatusVersionNotNewer { latest: 3, got: version })
        );
    }
    country.log(now(), AUTHORITY, &status(4)).unwrap();
}

#[test]
fn entries_that_are_no_statements_and_bad_signatures_are_told_apart() {
    let country = Country::with_school();
    let (next, statement) = (country.registry.next_index(), country.sign(AUTHORITY, &commitment()));
    let garbage = country.registry.admit(next, now(), b"not cbor").unwrap_err();
    assert!(matches!(garbage, DoorError::Statement(StatementError::Cbor { .. })), "{garbage:?}");
    let mut forged = statement.entry().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged = country.registry.admit(next, now(), &forged).unwrap_err();
    assert_eq!(forged.code(), "signature_wrong");
    assert!(country.registry.admit(next, now(), statement.entry()).is_ok());
    assert!(country.registry.authority(KnownAt::Latest).is_some());
    assert_eq!(PublicKey::from_bytes([0; 32]).verifying_key(), None);
}
