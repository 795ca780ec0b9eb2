//! What an authority amends of what it says of itself.

use matricula_issuer::LogPort;
use matricula_issuer::authority::{Amendment, AuthorityDesk, AuthorityError};
use matricula_issuer::keyring::{KeyName, SecretKey};
use matricula_issuer::status::PublishOptions;
use matricula_issuer::trust_export::ExportTrust;
use matricula_registry::{KnownAt, LogOrigin, Period, PublicKey, Recognition};
use matricula_tlog::UnixSeconds;
use matricula_verdict::TrustFile;

use crate::world::{World, full_scope, later, moment, now, passphrase, quick};

const NEW_YEAR: &str = "2027-01-01T00:00:00Z";

fn second_key(world: &World) -> SecretKey {
    let name = KeyName::parse("ministry-2").unwrap();
    assert!(world.authority.add_key(&name, &passphrase(), quick()).unwrap().created);
    assert!(!world.authority.add_key(&name, &passphrase(), quick()).unwrap().created);
    world.authority.unlock_named(&name, &passphrase()).unwrap()
}

fn since(from: UnixSeconds) -> Period {
    Period::new(from, None).unwrap()
}

fn add(key: &SecretKey) -> Amendment {
    Amendment::AddKey { key: key.public(), valid: since(now()) }
}

fn desk<'a>(world: &'a World, key: &'a SecretKey) -> AuthorityDesk<'a> {
    AuthorityDesk { key, ..world.desk() }
}

fn keys(world: &World) -> Vec<(PublicKey, Period)> {
    let view = world.desk().registry().unwrap();
    let latest = view.registry().authority(KnownAt::Latest).unwrap();
    latest.value.keys.iter().map(|own| (own.key, own.valid)).collect()
}

#[test]
fn a_successor_is_added_and_then_ends_the_key_before() {
    let world = World::new();
    world.school("lempira");
    let next = second_key(&world);
    // Of no effect until the log says so.
    let early = desk(&world, &next).amend(&add(&next)).unwrap_err();
    assert_eq!(early.code(), "unknown_signer");
    assert!(world.desk().amend(&add(&next)).unwrap().changed);
    assert!(!world.desk().amend(&add(&next)).unwrap().changed);
    let first = world.authority_key.public();
    let end = Amendment::EndKey { key: first, at: later(60) };
    assert!(desk(&world, &next).amend(&end).unwrap().changed);
    assert!(!desk(&world, &next).amend(&end).unwrap().changed);
    let mut expected = vec![
        (first, Period::new(moment("2019-01-01T00:00:00Z"), Some(later(60))).unwrap()),
        (next.public(), since(now())),
    ];
    expected.sort();
    assert_eq!(keys(&world), expected);
    world.log.set_clock(later(60));
    let refused = world.desk().amend(&Amendment::FollowRules { version: 1 });
    assert!(!refused.unwrap().changed, "what the log says already takes no signature");
    let recognise = Amendment::Recognise(senegal());
    assert_eq!(world.desk().amend(&recognise).unwrap_err().code(), "authority_key_not_valid");
    assert!(desk(&world, &next).amend(&recognise).unwrap().changed);
}

#[test]
fn a_stolen_key_is_ended_in_the_past_and_the_trust_file_still_holds() {
    let world = World::new();
    world.school("lempira");
    world.desk().publish_status(PublishOptions::default(), now()).unwrap();
    let export = ExportTrust { valid_for_s: 86_400, policy: None, now: later(300) };
    world.desk().export_trust(export).unwrap();
    let next = second_key(&world);
    world.desk().amend(&add(&next)).unwrap();
    let end = Amendment::EndKey { key: world.authority_key.public(), at: moment("2026-11-22T11:00:00Z") };
    let desk = desk(&world, &next);
    assert!(desk.amend(&end).unwrap().changed);
    // The list is signed with the stolen key, after the theft: nobody may rely on it.
    assert!(desk.export_trust(export).is_err());
    let options = PublishOptions { refresh: true, ..PublishOptions::default() };
    desk.publish_status(options, later(300)).unwrap();
    let exported = desk.export_trust(export).unwrap();
    TrustFile::parse(&exported.bytes).unwrap();
    assert_eq!(exported.sequence, 2);
    // Dated further back it may be; put off, never.
    let put_off = Amendment::EndKey { key: world.authority_key.public(), at: moment(NEW_YEAR) };
    assert!(matches!(desk.amend(&put_off).unwrap_err(), AuthorityError::OwnKeyEnded { .. }));
    let earlier = Amendment::EndKey { key: world.authority_key.public(), at: moment("2026-11-20T00:00:00Z") };
    assert!(desk.amend(&earlier).unwrap().changed);
}

#[test]
fn a_log_is_never_left_without_a_key() {
    let world = World::new();
    let own = world.authority_key.public();
    let size = world.log.size().unwrap();
    let refused = |amendment: &Amendment| world.desk().amend(amendment).unwrap_err();
    // The door would let a date to come pass.
    let end = Amendment::EndKey { key: own, at: moment(NEW_YEAR) };
    assert!(matches!(refused(&end), AuthorityError::LastKey { .. }));
    let stranger = PublicKey::from_bytes([7; 32]);
    let end = Amendment::EndKey { key: stranger, at: moment(NEW_YEAR) };
    assert!(matches!(refused(&end), AuthorityError::NotOwnKey { .. }));
    let end = Amendment::EndKey { key: own, at: moment("2018-01-01T00:00:00Z") };
    assert!(matches!(refused(&end), AuthorityError::OwnKeyEndTooEarly { .. }));
    let again = Amendment::AddKey { key: own, valid: since(now()) };
    assert!(matches!(refused(&again), AuthorityError::OwnKeyKnown { .. }));
    assert_eq!(world.log.size().unwrap(), size);
}

#[test]
fn a_schools_key_cannot_become_the_authoritys() {
    let world = World::new();
    let school = world.school("lempira");
    let refused = world.desk().amend(&add(&school.issue)).unwrap_err();
    assert_eq!(refused.code(), "key_bound_elsewhere");
    let by_school = desk(&world, &school.issue).amend(&Amendment::Recognise(senegal())).unwrap_err();
    assert_eq!(by_school.code(), "not_the_authority");
}

fn senegal() -> Recognition {
    Recognition {
        origin: LogOrigin::parse("sn.example/log").unwrap(),
        key: PublicKey::from_bytes([9; 32]),
        scope: full_scope(),
    }
}

#[test]
fn a_foreign_authority_is_recognised_once_and_no_longer() {
    let world = World::new();
    let recognised = || {
        let view = world.desk().registry().unwrap();
        view.registry().authority(KnownAt::Latest).unwrap().value.recognises.clone()
    };
    let recognise = Amendment::Recognise(senegal());
    assert!(world.desk().amend(&recognise).unwrap().changed);
    assert!(!world.desk().amend(&recognise).unwrap().changed);
    assert_eq!(recognised(), [senegal()]);
    let france = LogOrigin::parse("fr.example/log").unwrap();
    let other = Amendment::Recognise(Recognition { origin: france.clone(), ..senegal() });
    assert!(world.desk().amend(&other).unwrap().changed);
    assert_eq!(recognised().len(), 2);
    let end = Amendment::EndRecognition { origin: france };
    assert!(world.desk().amend(&end).unwrap().changed);
    assert_eq!(recognised(), [senegal()]);
    assert!(matches!(world.desk().amend(&end).unwrap_err(), AuthorityError::NotRecognised { .. }));
}

#[test]
fn rules_that_this_program_does_not_know_are_not_announced() {
    let world = World::new();
    assert!(!world.desk().amend(&Amendment::FollowRules { version: 1 }).unwrap().changed);
    let unknown = world.desk().amend(&Amendment::FollowRules { version: 2 }).unwrap_err();
    assert!(matches!(unknown, AuthorityError::RulesUnknown { version: 2, known: 1 }));
    let back = world.desk().amend(&Amendment::FollowRules { version: 0 }).unwrap_err();
    assert_eq!(back.code(), "rules_version_backwards");
}
