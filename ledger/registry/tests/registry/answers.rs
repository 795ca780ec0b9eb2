//! What the registry answers when it is not a matter of dates.

use matricula_registry::{
    Authorisation, Body, CredentialKind, Evidence, InstitutionId, IscedField, KeyEvent, KeyRole, KnownAt,
    Question, Refusal, ScopeLimit,
};

use crate::country::{
    AUTHORITY, Country, accreditation, approve_key, authority, day, issue_key, level, logged, public_key,
    refusal, revoke, school, scope,
};

struct Asked {
    seed: u8,
    role: KeyRole,
    kind: CredentialKind,
    level: u8,
    field: Option<&'static str>,
}

const DIPLOMA: Asked =
    Asked { seed: 10, role: KeyRole::Issue, kind: CredentialKind::DIPLOMA, level: 3, field: Some("0411") };

fn ask(country: &Country, asked: &Asked) -> Authorisation {
    let field = asked.field.map(|code| IscedField::parse(code).unwrap());
    country.registry.authorised(&Question {
        signer: &public_key(asked.seed),
        role: asked.role,
        on_behalf_of: None,
        kind: &asked.kind,
        level: level(asked.level),
        field: field.as_ref(),
        effective_at: day(2024, 1, 1),
        evidence: logged(day(2024, 1, 1)),
        known_at: KnownAt::Latest,
    })
}

/// School 1 may give diplomas of level 3 in business (04) and nursing (0913).
fn country() -> Country {
    let mut country = Country::with_school();
    let scope = scope(&[CredentialKind::DIPLOMA], &[3], &["04", "0913"]);
    let event = matricula_registry::AccreditationEvent::Grant { scope };
    country.accredit(day(2021, 1, 1), accreditation(1, event, day(2021, 1, 1), None)).unwrap();
    country
}

#[test]
fn names_the_limit_of_a_scope_that_is_exceeded() {
    let country = country();
    for (asked, want) in [
        (DIPLOMA, None),
        (Asked { field: Some("0913"), ..DIPLOMA }, None),
        (Asked { kind: CredentialKind::TRANSFER, ..DIPLOMA }, Some(ScopeLimit::Kind)),
        (Asked { level: 4, ..DIPLOMA }, Some(ScopeLimit::Level)),
        (Asked { field: Some("0912"), ..DIPLOMA }, Some(ScopeLimit::Field)),
        (Asked { field: Some("0041"), ..DIPLOMA }, Some(ScopeLimit::Field)),
        (Asked { field: None, ..DIPLOMA }, Some(ScopeLimit::Field)),
    ] {
        let got = match ask(&country, &asked) {
            Authorisation::Authorised(_) => None,
            Authorisation::Refused(Refusal::ScopeExceeded { limit, institution, .. }) => {
                assert_eq!(institution, school(1));
                Some(limit)
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(got, want);
    }
}

#[test]
fn a_scope_without_fields_covers_every_field_and_none() {
    let country = Country::with_school();
    for field in [None, Some("0000"), Some("0913")] {
        assert!(ask(&country, &Asked { field, ..DIPLOMA }).is_authorised());
    }
}

#[test]
fn a_key_says_nothing_beyond_its_role() {
    let country = Country::with_school();
    let approver = Asked { seed: approve_key(1), ..DIPLOMA };
    let wrong = Refusal::WrongRole { has: KeyRole::Approve, needs: KeyRole::Issue };
    assert_eq!(refusal(ask(&country, &approver)), wrong);
    assert!(ask(&country, &Asked { role: KeyRole::Approve, ..approver }).is_authorised());
}

#[test]
fn nobody_knows_a_key_that_no_statement_added() {
    assert_eq!(refusal(ask(&Country::with_school(), &Asked { seed: 99, ..DIPLOMA })), Refusal::UnknownSigner);
}

#[test]
fn the_authority_itself_is_no_institution() {
    let asked = Asked { seed: AUTHORITY, ..DIPLOMA };
    assert_eq!(refusal(ask(&Country::with_school(), &asked)), Refusal::AuthorityKey);
}

#[test]
fn grounds_name_the_institution_and_the_statement() {
    let country = Country::with_school();
    let Authorisation::Authorised(grounds) = ask(&country, &DIPLOMA) else { panic!("refused") };
    assert_eq!(grounds.institution, school(1));
    assert_eq!(Some(grounds.statement), country.registry.latest_accreditation(&school(1)));
    assert_eq!((grounds.name.as_str(), grounds.on_behalf_of), ("Instituto Lempira", None));
}

#[test]
fn an_unknown_kind_is_logged_and_authorises_nothing() {
    let mut country = Country::with_school();
    let unknown =
        Body::Unknown { kind: "accreditation2".to_owned(), body: vec![0xa1, 0x00, 0x63, b'a', b'b', b'c'] };
    country.log(day(2020, 2, 1), AUTHORITY, &unknown).unwrap();
    country.log(day(2020, 2, 1), issue_key(1), &unknown).unwrap();
    assert_eq!(country.registry.institutions().len(), 1);
    assert!(ask(&country, &DIPLOMA).is_authorised());
    assert_eq!(country.registry.next_index().get(), 6);
}

#[test]
fn an_authority_key_is_known_within_its_dates() {
    let mut country = Country::with_school();
    let mut next = authority(&[AUTHORITY, 2]);
    for own in &mut next.keys {
        if own.key == public_key(AUTHORITY) {
            own.valid = matricula_registry::Period::new(day(2019, 1, 1), Some(day(2024, 1, 1))).unwrap();
        }
    }
    let before = KnownAt::Index(matricula_tlog::LeafIndex::new(country.registry.next_index().get() - 1));
    country.log(day(2023, 1, 1), AUTHORITY, &Body::Authority(next)).unwrap();
    let known = |seed, at, known_at| country.registry.is_authority_key(&public_key(seed), at, known_at);
    assert!(known(AUTHORITY, day(2023, 12, 31), KnownAt::Latest));
    assert!(!known(AUTHORITY, day(2024, 1, 1), KnownAt::Latest));
    assert!(known(AUTHORITY, day(2024, 1, 1), before));
    assert!(known(2, day(2024, 1, 1), KnownAt::Latest));
    assert!(!known(2, day(2024, 1, 1), before));
    assert!(!known(issue_key(1), day(2024, 1, 1), KnownAt::Latest));
}

#[test]
fn pages_read_histories_keys_lists_and_negative_events() {
    let mut country = Country::with_school();
    let retired =
        country.key(day(2023, 1, 1), 1, issue_key(1), KeyEvent::Retire { at: day(2023, 1, 1) }).unwrap();
    let revoked =
        country.accredit(day(2024, 1, 1), accreditation(1, revoke(), day(2024, 1, 1), None)).unwrap();
    let status = |version| {
        Body::Status(matricula_registry::Status {
            list: crate::country::text("https://edu.hn.example/status/1"),
            version,
            purpose: crate::country::text("revocation"),
            digest: matricula_tlog::Hash::from_bytes([3; 32]),
        })
    };
    country.log(day(2024, 1, 2), AUTHORITY, &status(1)).unwrap();
    country.log(day(2024, 1, 3), AUTHORITY, &status(4)).unwrap();

    let registry = &country.registry;
    let record = registry.institution(&school(1)).unwrap();
    assert_eq!(record.history().len(), 2);
    assert_eq!(record.keys().len(), 2);
    assert_eq!(registry.key(&public_key(issue_key(1))).unwrap().history().len(), 2);
    assert_eq!(registry.status_list("https://edu.hn.example/status/1").unwrap().value.version, 4);
    assert!(registry.status_list("https://edu.hn.example/status/2").is_none());
    let negatives: Vec<_> =
        registry.negative_events().map(|event| (event.recorded.index, event.kind)).collect();
    let want = [
        (retired, matricula_registry::NegativeKind::KeyRetired),
        (revoked, matricula_registry::NegativeKind::Revoke),
    ];
    assert_eq!(negatives, want);
    let entry = registry.negative_events().next().unwrap().entry.clone();
    assert_eq!(entry, country.entries[retired.get() as usize].1);
    assert!(registry.institution(&InstitutionId::parse("did:web:sn.example").unwrap()).is_none());
}

#[test]
fn the_evidence_of_a_day_is_that_day() {
    let at = day(2024, 1, 1);
    assert_eq!(Evidence::NotLogged { as_of: at }.signed_by(), at);
    assert_eq!(day(2000, 3, 1).get(), 951_868_800);
}
