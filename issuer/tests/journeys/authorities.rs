//! Founding an authority, accrediting schools, ruling about them.

use std::fs;

use matricula_issuer::LogPortError;
use matricula_issuer::authority::{
    self, Accredit, AuthorityCard, AuthorityError, AuthorityProfile, InstitutionStanding, Restore, Succeed,
    Withdraw, list_institution, list_institutions,
};
use matricula_issuer::school::{Application, ApplicationError};
use matricula_registry::{Mandate, Period};

use crate::memory_log::Fault;
use crate::world::{
    World, decree, did, full_scope, init_authority, moment, now, passphrase, profile, quick, since_2019, text,
};

fn withdraw(institution: &str, from: &str) -> Withdraw {
    Withdraw {
        institution: did(institution),
        effective: Period::new(moment(from), None).unwrap(),
        reason: text("Expedición de títulos sin autorización"),
        legal: decree(),
        custodian: None,
    }
}

const LEMPIRA: &str = "did:web:hn.example:schools:lempira";

#[test]
fn an_authority_is_founded_once_and_found_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = passphrase();
    let order = init_authority(&passphrase);
    let first = authority::init(folder.path(), &order).unwrap();
    let again = authority::init(folder.path(), &order).unwrap();
    assert!(first.created && !again.created);
    assert_eq!(first.genesis, again.genesis);
    assert_eq!(AuthorityCard::parse(&first.home.card().encode()).unwrap(), *again.home.card());
    let other = authority::InitAuthority {
        profile: AuthorityProfile { name: text("Otra Secretaría"), ..profile() },
        ..init_authority(&passphrase)
    };
    assert!(matches!(
        authority::init(folder.path(), &other).unwrap_err(),
        AuthorityError::ProfileDiffers { .. }
    ));
}

#[test]
fn founding_goes_on_after_a_crash_with_the_keys_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = passphrase();
    let first = authority::init(folder.path(), &init_authority(&passphrase)).unwrap();
    let key = first.home.card().key;
    // The profile is written last: without it nothing was founded yet.
    fs::remove_file(folder.path().join("authority.toml")).unwrap();
    fs::remove_file(folder.path().join("keys/witness.age")).unwrap();
    let again = authority::init(folder.path(), &init_authority(&passphrase)).unwrap();
    assert!(again.created);
    assert_eq!(again.home.card().key, key);
    let wrong = matricula_issuer::keyring::Passphrase::new("another passphrase".to_owned());
    fs::remove_file(folder.path().join("authority.toml")).unwrap();
    let refused = authority::init(folder.path(), &init_authority(&wrong)).unwrap_err();
    assert_eq!(refused.code(), "wrong_passphrase");
}

#[test]
fn an_accreditation_is_logged_with_its_keys_and_said_once() {
    let world = World::new();
    let school = world.found_school("lempira");
    let order = Accredit {
        application: Application::parse(&school.application()).unwrap(),
        scope: full_scope(),
        effective: since_2019(),
        keys_from: since_2019().from(),
        reason: None,
        legal: decree(),
    };
    let ruling = world.desk().accredit(&order).unwrap();
    assert_eq!((ruling.indexes.len(), ruling.changed), (4, true));
    let submitted = world.log.submitted().len();
    let again = world.desk().accredit(&order).unwrap();
    assert_eq!((again.indexes, again.changed), (ruling.indexes, false));
    assert_eq!(world.log.submitted().len(), submitted);
    let view = world.desk().registry().unwrap();
    let listed = list_institution(view.registry(), &did(LEMPIRA), now()).unwrap();
    assert_eq!(listed.standing, InstitutionStanding::Accredited);
    assert_eq!((listed.events.len(), listed.keys.len()), (1, 3));
}

#[test]
fn an_accreditation_is_logged_whole_or_not_at_all() {
    let world = World::new();
    let school = world.found_school("lempira");
    world.accredit(&school);
    let thief = world.found_school("thief");
    // The application names a key that is another school's: the grant before it must not stand alone.
    let order = Accredit {
        application: Application::parse(&thief.application()).unwrap(),
        scope: full_scope(),
        effective: since_2019(),
        keys_from: since_2019().from(),
        reason: None,
        legal: decree(),
    };
    let entries = world.log.all_entries().len();
    world.log.fail_next(Fault::LostBefore);
    assert_eq!(world.desk().accredit(&order).unwrap_err().code(), "log_unreachable");
    assert_eq!(world.log.all_entries().len(), entries);
    world.log.fail_next(Fault::LostAfter);
    assert_eq!(world.desk().accredit(&order).unwrap_err().code(), "log_unreachable");
    assert_eq!(world.log.all_entries().len(), entries + 4);
    assert!(!world.desk().accredit(&order).unwrap().changed);
    assert_eq!(world.log.all_entries().len(), entries + 4);
}

#[test]
fn suspended_restored_revoked_and_restored_on_appeal() {
    let world = World::new();
    world.school("lempira");
    let desk = world.desk();
    let standing = || {
        let view = desk.registry().unwrap();
        list_institutions(view.registry(), now()).remove(0).standing
    };
    let order = withdraw(LEMPIRA, "2026-11-01T00:00:00Z");
    assert!(desk.suspend(&order).unwrap().changed);
    assert!(!desk.suspend(&order).unwrap().changed);
    assert_eq!(standing(), InstitutionStanding::Suspended);
    let restore = Restore {
        institution: did(LEMPIRA),
        scope: None,
        effective: Period::new(moment("2026-11-10T00:00:00Z"), None).unwrap(),
        reason: Some(text("Subsanado")),
        legal: decree(),
    };
    assert!(desk.restore(&restore).unwrap().changed);
    assert!(!desk.restore(&restore).unwrap().changed);
    assert_eq!(standing(), InstitutionStanding::Accredited);
    assert!(desk.revoke(&withdraw(LEMPIRA, "2026-11-15T00:00:00Z")).unwrap().changed);
    assert_eq!(standing(), InstitutionStanding::Revoked);
    let view = desk.registry().unwrap();
    let listed = list_institution(view.registry(), &did(LEMPIRA), now()).unwrap();
    let words: Vec<&str> = listed.events.iter().map(|event| event.event).collect();
    assert_eq!(words, ["grant", "suspend", "restore", "revoke"]);
    let before = list_institution(view.registry(), &did(LEMPIRA), moment("2026-11-05T00:00:00Z")).unwrap();
    assert_eq!(before.standing, InstitutionStanding::Suspended);
}

#[test]
fn a_successor_takes_over_only_when_it_is_known() {
    let world = World::new();
    world.school("lempira");
    let order = |successor: &str| Succeed {
        institution: did(LEMPIRA),
        successor: Mandate { holder: did(successor), until: None },
        custodian: None,
        effective: Period::new(moment("2026-11-15T00:00:00Z"), None).unwrap(),
        reason: None,
        legal: decree(),
    };
    let stranger = order("did:web:hn.example:schools:nobody");
    let refused = world.desk().succeed(&stranger).unwrap_err();
    assert!(
        matches!(&refused, AuthorityError::Log(LogPortError::Refused { position: 0, code, .. }) if code == "unknown_institution")
    );
    world.school("morazan");
    assert!(world.desk().succeed(&order("did:web:hn.example:schools:morazan")).unwrap().changed);
}

#[test]
fn keys_are_compromised_and_retired_once_and_strangers_never() {
    let world = World::new();
    let school = world.school("lempira");
    let since = moment("2026-11-01T00:00:00Z");
    assert!(world.desk().compromise(&school.issue.public(), since).unwrap().changed);
    assert!(!world.desk().compromise(&school.issue.public(), since).unwrap().changed);
    assert!(world.desk().retire_key(&school.bind.public(), now()).unwrap().changed);
    let stranger = world.found_school("mill").issue.public();
    assert!(matches!(
        world.desk().compromise(&stranger, since).unwrap_err(),
        AuthorityError::UnknownKey { .. }
    ));
    let unknown = withdraw("did:web:hn.example:schools:mill", "2026-11-01T00:00:00Z");
    assert!(matches!(world.desk().revoke(&unknown).unwrap_err(), AuthorityError::UnknownInstitution { .. }));
}

#[test]
fn further_keys_are_taken_in_whatever_the_accreditation_is() {
    let world = World::new();
    let school = world.school("lempira");
    world.desk().suspend(&withdraw(LEMPIRA, "2026-11-01T00:00:00Z")).unwrap();
    let second = matricula_issuer::keyring::KeyName::parse("approve-2").unwrap();
    let purpose = matricula_issuer::keyring::KeyPurpose::Approve;
    school.home.add_key(purpose, Some(&second), &passphrase(), quick()).unwrap();
    let key = school.home.unlock(purpose, Some(&second), &passphrase()).unwrap();
    let application = Application::parse(&school.home.application(&[&key], now()).unwrap()).unwrap();
    let ruling = world.desk().add_keys(&application, now()).unwrap();
    assert_eq!((ruling.indexes.len(), ruling.changed), (1, true));
    assert!(!world.desk().add_keys(&application, now()).unwrap().changed);
    let stranger = world.found_school("mill");
    let application = Application::parse(&stranger.application()).unwrap();
    assert!(matches!(
        world.desk().add_keys(&application, now()).unwrap_err(),
        AuthorityError::UnknownInstitution { .. }
    ));
}

#[test]
fn an_application_proves_possession_of_every_key() {
    let world = World::new();
    let (school, other) = (world.found_school("lempira"), world.found_school("morazan"));
    let application = school.application();
    assert_eq!(Application::parse(&application).unwrap().keys().len(), 3);
    let text = String::from_utf8(application).unwrap();
    let renamed = text.replace("Instituto Lempira", "Instituto Morazán");
    assert!(matches!(Application::parse(renamed.as_bytes()).unwrap_err(), ApplicationError::Document(_)));
    // A key that others hold cannot be smuggled in: each key must have signed.
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let stolen = matricula_credential::did::encode_multikey(&other.issue.signing().verifying_key());
    document["keys"][0]["key"] = stolen.into();
    assert!(Application::parse(&serde_json::to_vec(&document).unwrap()).is_err());
    // A list without one of the signatures names a key whose possession nobody has shown.
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["proof"].as_array_mut().unwrap().pop();
    let refused = Application::parse(&serde_json::to_vec(&document).unwrap()).unwrap_err();
    assert!(matches!(refused, ApplicationError::PossessionUnproven { .. }), "{refused}");
}

#[test]
fn a_home_is_one_authoritys_or_one_schools() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(authority::AuthorityHome::open(folder.path()).unwrap_err().code(), "no_authority_home");
    let world = World::new();
    let school = world.found_school("lempira");
    assert_eq!(
        matricula_issuer::school::SchoolHome::open(folder.path()).unwrap_err().code(),
        "no_school_home"
    );
    let reopened = matricula_issuer::school::SchoolHome::open(school.home.root()).unwrap();
    assert_eq!(reopened.profile(), school.home.profile());
    assert_eq!(reopened.authority(), world.authority.card());
    let key =
        reopened.add_key(matricula_issuer::keyring::KeyPurpose::Bind, None, &passphrase(), quick()).unwrap();
    assert!(!key.created);
}
