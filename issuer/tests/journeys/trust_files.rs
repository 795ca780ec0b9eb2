//! Trust files, and verdicts that rest on them.

use std::fs;

use data_encoding::BASE64;
use ed25519_dalek::SigningKey;
use matricula_issuer::LogPort;
use matricula_issuer::batch::BatchKind;
use matricula_issuer::correction::{self, ChangeStatus};
use matricula_issuer::status::{PublishOptions, StatusAction, StatusReason};
use matricula_issuer::trust_export::{ExportTrust, current_trust_file};
use matricula_registry::{
    Accreditation, AccreditationEvent, Body, CredentialKind, IscedLevel, Jurisdiction, KeyEvent, KeyRole,
    KeyStatement, Period, PublicKey, Scope, Statement,
};
use matricula_verdict::{Options, Overall, Trust, TrustFile, Verdict, verify};

use crate::memory_log::Fault;
use crate::world::{Sample, School, World, decree, later, now, text};

const MONTH_S: u64 = 30 * 86_400;

fn export(world: &World, seconds: u64) -> TrustFile {
    let options = ExportTrust { valid_for_s: MONTH_S, policy: None, now: later(seconds) };
    TrustFile::parse(&world.desk().export_trust(options).unwrap().bytes).unwrap()
}

fn judge(record: &[u8], file: TrustFile, seconds: u64) -> Verdict {
    let trust = Trust::new(vec![file]).unwrap();
    verify(record, &trust, &Options::at(later(seconds))).remove(0)
}

#[test]
fn a_record_is_verified_by_the_trust_file_and_refused_after_its_revocation() {
    let world = World::new();
    let school = world.school("lempira");
    let issued = school.run(&Sample::leavers(2).order(BatchKind::Diploma), &world.log);
    world.desk().publish_status(PublishOptions::default(), now()).unwrap();
    let record = fs::read(&issued.records[0].path).unwrap();
    let first = export(&world, 1);
    let verdict = judge(&record, first.clone(), 2);
    assert!(matches!(verdict.overall, Overall::Verified | Overall::VerifiedWithWarnings), "{verdict:#?}");
    let order = ChangeStatus {
        record: &record,
        action: StatusAction::Revoke,
        reason: StatusReason::FraudByStaff,
        effective: now(),
        key: &school.issue,
        now: later(3),
    };
    let request = correction::request_status(&school.home, &order).unwrap();
    let view = world.desk().registry().unwrap();
    world.authority.receive_status_request(view.registry(), &request.bytes, later(3)).unwrap();
    world.desk().publish_status(PublishOptions::default(), later(4)).unwrap();
    let second = export(&world, 5);
    second.may_replace(&first).unwrap();
    let verdict = judge(&record, second, 6);
    assert_eq!(verdict.overall, Overall::Refused, "{verdict:#?}");
    assert!(verdict.codes().iter().any(|code| code.as_str() == "revoked"));
    let untouched = fs::read(&issued.records[1].path).unwrap();
    assert_ne!(judge(&untouched, export(&world, 7), 8).overall, Overall::Refused);
}

#[test]
fn the_same_trust_file_is_not_made_twice() {
    let world = World::new();
    world.school("lempira");
    let options = |seconds| ExportTrust { valid_for_s: MONTH_S, policy: None, now: later(seconds) };
    assert!(current_trust_file(&world.authority).unwrap().is_none());
    let first = world.desk().export_trust(options(0)).unwrap();
    assert_eq!((first.sequence, first.created, first.complete), (1, true, true));
    // Genesis, grant and three keys.
    assert_eq!(first.statements, 5);
    let again = world.desk().export_trust(options(60)).unwrap();
    assert_eq!((again.sequence, again.created), (1, false));
    assert_eq!(again.bytes, first.bytes);
    let renewed = world.desk().export_trust(options(MONTH_S / 2 + 1)).unwrap();
    assert_eq!((renewed.sequence, renewed.created), (2, true));
    world.school("morazan");
    assert_eq!(world.desk().export_trust(options(MONTH_S / 2 + 2)).unwrap().sequence, 3);
    let current = current_trust_file(&world.authority).unwrap().unwrap();
    assert_eq!(TrustFile::parse(&current).unwrap().content().sequence, 3);
}

#[test]
fn the_time_of_logging_is_that_of_the_first_proof() {
    let world = World::new();
    world.school("lempira");
    world.log.set_clock(later(1_000_000));
    let file = export(&world, 1_000_001);
    let grant = &file.content().statements[1];
    assert_eq!(grant.logged_at, "2026-11-22T12:00:00Z");
}

#[test]
fn without_proofs_no_trust_file_is_made() {
    let world = World::new();
    world.log.fail_next(Fault::NoProofs);
    let options = ExportTrust { valid_for_s: MONTH_S, policy: None, now: now() };
    assert_eq!(world.desk().export_trust(options).unwrap_err().code(), "log_unreachable");
    assert!(current_trust_file(&world.authority).unwrap().is_none());
    assert!(world.desk().export_trust(options).unwrap().created);
}

/// Grants a school less than it had.
fn narrow(world: &World, school: &School) -> Vec<u8> {
    let institution = school.home.profile().did.clone();
    let view = world.desk().registry().unwrap();
    let levels = [IscedLevel::new(1).unwrap()];
    let jurisdiction = Jurisdiction::parse("HN").unwrap();
    let scope = Scope::new([CredentialKind::PRIMARY_COMPLETION], levels, [], jurisdiction).unwrap();
    let body = Body::Accreditation(Accreditation {
        institution: institution.clone(),
        name: text("Instituto Lempira"),
        event: AccreditationEvent::Grant { scope },
        effective: Period::new(now(), None).unwrap(),
        reason: None,
        legal: decree(),
    });
    let origin = &world.authority.profile().origin;
    let replaces = view.registry().latest_accreditation(&institution);
    let key = world.authority_key.signing();
    let entry = Statement::sign(&body, origin, [9; 16], replaces, key).unwrap().into_entry();
    world.log.submit(std::slice::from_ref(&entry)).unwrap();
    entry
}

#[test]
fn rights_are_left_out_when_a_megabyte_is_full_and_what_narrows_them_stays() {
    let world = World::new();
    let school = world.school("lempira");
    // A first grant, which is left out like its keys.
    world.school("morazan");
    let institution = school.home.profile().did.clone();
    let origin = &world.authority.profile().origin;
    let add = |number: u64| {
        let mut seed = [1; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        let key = PublicKey::from(&SigningKey::from_bytes(&seed).verifying_key());
        let event = KeyEvent::Add { role: KeyRole::Bind, from: now() };
        let body = Body::Key(KeyStatement { institution: institution.clone(), key, event });
        let nonce = [number as u8; 16];
        Statement::sign(&body, origin, nonce, None, world.authority_key.signing()).unwrap().into_entry()
    };
    let entries: Vec<Vec<u8>> = (0..2_400).map(add).collect();
    world.log.submit(&entries).unwrap();
    world.desk().compromise(&school.bind.public(), now()).unwrap();
    let narrowed = narrow(&world, &school);
    let options = ExportTrust { valid_for_s: MONTH_S, policy: None, now: now() };
    let exported = world.desk().export_trust(options).unwrap();
    assert!(!exported.complete);
    // The genesis, the compromised key, and the grant that takes kinds away.
    assert_eq!(exported.statements, 3);
    let file = TrustFile::parse(&exported.bytes).unwrap();
    let narrowed = BASE64.encode(&narrowed);
    assert!(file.content().statements.iter().any(|held| held.statement == narrowed));
    assert!(!world.desk().export_trust(options).unwrap().created, "what is left out changes nothing");
}
