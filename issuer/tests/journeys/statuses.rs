//! Status: allotments, requests, publications.

use std::collections::BTreeSet;
use std::fs;

use matricula_credential::did;
use matricula_credential::proof::{self, Cryptosuite, ProofOptions};
use matricula_credential::status::{ListCredential, StatusEntry, StatusPurpose};
use matricula_issuer::batch::{BatchKind, Issued};
use matricula_issuer::correction::{self, ChangeStatus, CorrectionError};
use matricula_issuer::keyring::SecretKey;
use matricula_issuer::school::SchoolError;
use matricula_issuer::status::{
    AllotmentError, PublishOptions, SignedRequest, StatusAction, StatusError, StatusReason, TransitionError,
    current_list,
};
use matricula_issuer::{EffectiveError, LogPort, RecordStatus, RecordStatusError};
use matricula_tlog::UnixSeconds;

use crate::memory_log::Fault;
use crate::world::{Sample, School, World, did as institution, later, moment, now};

fn issued(world: &World, name: &str) -> (School, Issued) {
    let school = world.school(name);
    let issued = school.run(&Sample::leavers(3).order(BatchKind::Diploma), &world.log);
    (school, issued)
}

fn ask(school: &School, record: &[u8], action: StatusAction, now: UnixSeconds) -> Vec<u8> {
    let order = ChangeStatus {
        record,
        action,
        reason: StatusReason::IssuedInError,
        effective: moment("2026-11-21T00:00:00Z"),
        key: &school.issue,
        now,
    };
    correction::request_status(&school.home, &order).unwrap().bytes
}

fn receive(world: &World, request: &[u8], now: UnixSeconds) -> Result<bool, StatusError> {
    let view = world.desk().registry().unwrap();
    Ok(world.authority.receive_status_request(view.registry(), request, now)?.new)
}

pub fn bit(world: &World, record: &RecordStatus, purpose: StatusPurpose) -> bool {
    let number = record.status_list.rsplit('/').next().unwrap().parse().unwrap();
    let current = current_list(&world.authority, number).unwrap().unwrap();
    matricula_credential::proof::verify(&current.list.credential).unwrap();
    let list = ListCredential::parse(&current.list.credential).unwrap();
    let entry = StatusEntry { purpose, index: u64::from(record.index), list: record.status_list.clone() };
    list.get(&entry).unwrap()
}

#[test]
fn indexes_are_random_and_never_handed_out_twice() {
    let world = World::new();
    let (lempira, morazan) = (world.found_school("lempira"), world.found_school("morazan"));
    world.accredit(&lempira);
    world.accredit(&morazan);
    let mut all = BTreeSet::new();
    let mut count = 0;
    for school in [&lempira, &morazan, &lempira] {
        let allotted = world.desk().allot_further(&school.home.profile().did, 500, now()).unwrap().allotment;
        assert!(!allotted.indexes.is_sorted());
        count += allotted.indexes.len();
        all.extend(allotted.indexes);
    }
    assert_eq!(all.len(), count);
    let stranger = world.desk().allot(&institution("did:web:hn.example:schools:mill"), 5, now()).unwrap_err();
    assert_eq!(stranger.code(), "unknown_institution");
    for count in [0, 8_193] {
        let refused = world.desk().allot(&lempira.home.profile().did, count, now()).unwrap_err();
        assert!(matches!(refused, StatusError::Allotment(AllotmentError::Count { .. })));
    }
}

#[test]
fn an_allotment_is_imported_once_and_only_from_the_authority() {
    let world = World::new();
    let school = world.found_school("lempira");
    world.accredit(&school);
    school.home.refresh_evidence(&world.log).unwrap();
    let file = world.desk().allot(&school.home.profile().did, 5, now()).unwrap().file;
    let text = String::from_utf8(file.clone()).unwrap();
    let tampered = text.replace("\"version\": 1", "\"version\": 2");
    assert!(matches!(
        school.home.import_allotment(tampered.as_bytes()).unwrap_err(),
        SchoolError::Allotment(AllotmentError::Document(_))
    ));
    let other_world = World::new();
    let same_name = other_world.found_school("lempira");
    other_world.accredit(&same_name);
    let foreign = other_world.desk().allot(&school.home.profile().did, 5, now()).unwrap().file;
    assert!(matches!(
        school.home.import_allotment(&foreign).unwrap_err(),
        SchoolError::Allotment(AllotmentError::ForeignSignature)
    ));
    assert!(school.home.import_allotment(&file).unwrap().new);
    assert!(!school.home.import_allotment(&file).unwrap().new);
    assert_eq!(school.home.status_indexes_left().unwrap(), 5);
}

#[test]
fn the_same_request_for_indexes_is_answered_with_the_same_allotment() {
    let world = World::new();
    let (lempira, morazan) = (world.found_school("lempira"), world.found_school("morazan"));
    world.accredit(&lempira);
    world.accredit(&morazan);
    let (desk, did) = (world.desk(), &lempira.home.profile().did);
    let first = desk.allot(did, 500, now()).unwrap();
    assert!(first.created);
    let again = desk.allot(did, 500, later(60)).unwrap();
    assert_eq!((again.file, again.path, again.created), (first.file.clone(), first.path.clone(), false));
    for other in [
        desk.allot(did, 400, later(60)).unwrap(),
        desk.allot(&morazan.home.profile().did, 500, later(60)).unwrap(),
        desk.allot_further(did, 500, later(60)).unwrap(),
    ] {
        assert!(other.created && other.path != first.path);
        assert!(first.allotment.indexes.iter().all(|index| !other.allotment.indexes.contains(index)));
        if other.allotment.institution == did.as_str() && other.allotment.indexes.len() == 500 {
            // Asked again without `further`, the latest counts.
            assert_eq!(desk.allot(did, 500, later(120)).unwrap().path, other.path);
        }
    }
}

#[test]
fn a_school_that_runs_out_of_indexes_is_told_before_anything_is_made() {
    let world = World::new();
    let school = world.found_school("lempira");
    world.accredit(&school);
    let file = world.desk().allot(&school.home.profile().did, 4, now()).unwrap().file;
    school.home.refresh_evidence(&world.log).unwrap();
    school.home.import_allotment(&file).unwrap();
    let refused = school.prepare(&Sample::leavers(5).order(BatchKind::Diploma)).unwrap_err();
    assert_eq!(refused.code(), "status_indexes_used_up");
    assert_eq!(school.home.status_indexes_left().unwrap(), 4);
    school.prepare(&Sample::leavers(4).order(BatchKind::Diploma)).unwrap();
    assert_eq!(school.home.status_indexes_left().unwrap(), 0);
}

#[test]
fn a_revocation_is_published_logged_and_final() {
    let world = World::new();
    let (school, issued) = issued(&world, "lempira");
    let record = fs::read(&issued.records[0].path).unwrap();
    let status = RecordStatus::parse(&record).unwrap();
    let request = ask(&school, &record, StatusAction::Revoke, now());
    assert!(receive(&world, &request, now()).unwrap());
    assert!(!receive(&world, &request, now()).unwrap());
    let published = world.desk().publish_status(PublishOptions::default(), later(5)).unwrap();
    assert_eq!((published.lists.len(), published.lists[0].applied), (1, 1));
    assert!(published.refused.is_empty());
    assert!(bit(&world, &status, StatusPurpose::Revocation));
    assert!(!bit(&world, &status, StatusPurpose::Suspension));
    let current = current_list(&world.authority, 1).unwrap().unwrap();
    let event = &current.list.events[0];
    assert_eq!(
        (event.reason.as_str(), event.effective.as_str()),
        ("issued_in_error", "2026-11-21T00:00:00Z")
    );
    assert_eq!(event.recorded, "2026-11-22T12:00:05Z");
    // The log has the digest of this very list with its events.
    let view = world.desk().registry().unwrap();
    let logged = view.registry().status_list("https://hn.example/status/1").unwrap();
    assert_eq!(logged.value.digest, current.list.digest().unwrap());
    assert!(!receive(&world, &request, now()).unwrap(), "a request that was carried out is known");
    let reinstate = ask(&school, &record, StatusAction::Reinstate, later(10));
    let refused = receive(&world, &reinstate, later(10)).unwrap_err();
    assert!(matches!(refused, StatusError::Transition(TransitionError::RevocationIsFinal)));
    assert!(world.desk().publish_status(PublishOptions::default(), later(20)).unwrap().lists.is_empty());
}

#[test]
fn a_suspension_is_lifted_again() {
    let world = World::new();
    let (school, issued) = issued(&world, "lempira");
    let record = fs::read(&issued.records[1].path).unwrap();
    let status = RecordStatus::parse(&record).unwrap();
    for (action, at, suspended) in [
        (StatusAction::Suspend, 1, true),
        (StatusAction::Reinstate, 2, false),
        (StatusAction::Suspend, 3, true),
    ] {
        let request = ask(&school, &record, action, later(at));
        assert!(receive(&world, &request, later(at)).unwrap());
        world.desk().publish_status(PublishOptions::default(), later(at)).unwrap();
        assert_eq!(bit(&world, &status, StatusPurpose::Suspension), suspended);
    }
    assert_eq!(current_list(&world.authority, 1).unwrap().unwrap().list.events.len(), 3);
}

#[test]
fn an_index_of_another_school_is_refused() {
    let world = World::new();
    let (_, issued) = issued(&world, "lempira");
    let thief = world.school("thief");
    let record = fs::read(&issued.records[0].path).unwrap();
    // The thief's own tool refuses already.
    let order = ChangeStatus {
        record: &record,
        action: StatusAction::Revoke,
        reason: StatusReason::IssuedInError,
        effective: now(),
        key: &thief.issue,
        now: now(),
    };
    assert_eq!(correction::request_status(&thief.home, &order).unwrap_err().code(), "record_not_ours");
    // A request under its own name about a foreign index is refused by the authority.
    let own = thief.run(&Sample::leavers(2).order(BatchKind::Diploma), &world.log);
    let mut altered: serde_json::Value =
        serde_json::from_slice(&fs::read(&own.records[0].path).unwrap()).unwrap();
    let foreign: serde_json::Value = serde_json::from_slice(&record).unwrap();
    altered["credential"]["credentialStatus"] = foreign["credential"]["credentialStatus"].clone();
    let request =
        ask(&thief, &signed_anew(&thief.issue, altered["credential"].take()), StatusAction::Revoke, now());
    let refused = receive(&world, &request, now()).unwrap_err();
    assert!(matches!(refused, StatusError::IndexNotYours { .. }), "{refused}");
    // Nor under the other's name, with its own key.
    let forged = String::from_utf8(request).unwrap().replace("schools:thief", "schools:lempira");
    assert!(matches!(receive(&world, forged.as_bytes(), now()).unwrap_err(), StatusError::Document(_)));
}

/// A credential signed again, as only a holder of the key can.
fn signed_anew(key: &SecretKey, mut credential: serde_json::Value) -> Vec<u8> {
    credential.as_object_mut().unwrap().remove("proof");
    let issuer = credential["issuer"]["id"].as_str().unwrap();
    let method = did::verification_method(issuer, &key.signing().verifying_key());
    let options = ProofOptions::assertion(Cryptosuite::EddsaJcs2022, method, now());
    proof::sign(&credential, &options, key.signing()).unwrap().to_string().into_bytes()
}

#[test]
fn a_file_with_the_place_of_another_learners_record_revokes_nothing() {
    let world = World::new();
    let (school, issued) = issued(&world, "lempira");
    let record = |position: usize| -> serde_json::Value {
        serde_json::from_slice(&fs::read(&issued.records[position].path).unwrap()).unwrap()
    };
    let mut altered = record(0);
    altered["credential"]["credentialStatus"] = record(1)["credential"]["credentialStatus"].clone();
    let refused = |bytes: &[u8]| {
        let order = ChangeStatus {
            record: bytes,
            action: StatusAction::Revoke,
            reason: StatusReason::LearnerRequest,
            effective: now(),
            key: &school.issue,
            now: now(),
        };
        let refused = correction::request_status(&school.home, &order).unwrap_err();
        let registry = world.desk().registry().unwrap();
        let by_authority = RecordStatus::parse_signed(bytes, registry.registry()).unwrap_err();
        assert_eq!(refused.code(), by_authority.code());
        refused
    };
    let signature = refused(altered.to_string().as_bytes());
    assert!(matches!(signature, CorrectionError::RecordStatus(RecordStatusError::NotAsSigned(_))));
    let stranger = world.found_school("stranger").issue;
    let key = refused(&signed_anew(&stranger, altered["credential"].take()));
    assert!(matches!(key, CorrectionError::RecordStatus(RecordStatusError::KeyNotOfIssuer { .. })));
    assert!(!school.home.root().join("requests").exists(), "nothing was signed");
}

#[test]
fn requests_of_bad_keys_dates_and_lists_are_refused() {
    let world = World::new();
    let (school, issued) = issued(&world, "lempira");
    let record = fs::read(&issued.records[0].path).unwrap();
    let request = ask(&school, &record, StatusAction::Revoke, now());
    let early = moment("2026-11-20T00:00:00Z");
    assert!(matches!(
        receive(&world, &request, early).unwrap_err(),
        StatusError::Effective(EffectiveError::InFuture)
    ));
    world.desk().compromise(&school.issue.public(), now()).unwrap();
    assert!(matches!(receive(&world, &request, now()).unwrap_err(), StatusError::ForeignKey { .. }));
    let order = ChangeStatus {
        record: &record,
        action: StatusAction::Revoke,
        reason: StatusReason::KeyCompromise,
        effective: now(),
        key: &school.approve,
        now: now(),
    };
    let by_approver = correction::request_status(&school.home, &order).unwrap();
    assert!(receive(&world, &by_approver.bytes, now()).unwrap());
    assert!(!correction::request_status(&school.home, &order).unwrap().created, "asked once");
}

#[test]
fn a_request_of_a_key_lost_before_the_publication_is_set_aside() {
    let world = World::new();
    let (school, issued) = issued(&world, "lempira");
    let records = [0, 1].map(|position| fs::read(&issued.records[position].path).unwrap());
    let stolen = records.each_ref().map(|record| ask(&school, record, StatusAction::Revoke, now()));
    for request in &stolen {
        assert!(receive(&world, request, now()).unwrap());
    }
    world.desk().compromise(&school.issue.public(), now()).unwrap();
    // What a thief has asked for does not keep the school from asking with another key.
    let order = ChangeStatus {
        record: &records[0],
        action: StatusAction::Revoke,
        reason: StatusReason::KeyCompromise,
        effective: now(),
        key: &school.approve,
        now: later(1),
    };
    let own = correction::request_status(&school.home, &order).unwrap();
    assert!(receive(&world, &own.bytes, later(1)).unwrap());
    let published = world.desk().publish_status(PublishOptions::default(), later(2)).unwrap();
    let mut refused =
        stolen.map(|request| (SignedRequest::parse(&request).unwrap().id(), "status_foreign_key".to_owned()));
    refused.sort();
    let mut set_aside = published.refused.clone();
    set_aside.sort();
    assert_eq!(set_aside, refused);
    assert_eq!(published.lists[0].applied, 1);
    let [first, second] = records.map(|record| RecordStatus::parse(&record).unwrap());
    assert!(bit(&world, &first, StatusPurpose::Revocation));
    assert!(!bit(&world, &second, StatusPurpose::Revocation));
    assert!(world.authority.waiting_status_requests().unwrap().is_empty());
    let folder = world.authority.root().join("status/refused");
    assert!(refused.iter().all(|(id, _)| folder.join(format!("{id}.json")).exists()));
}

#[test]
fn no_change_counts_from_before_the_record_was_awarded() {
    let world = World::new();
    let (school, issued) = issued(&world, "lempira");
    let record = fs::read(&issued.records[0].path).unwrap();
    let status = RecordStatus::parse(&record).unwrap();
    let awarded = status.awarded.unwrap();
    let before = moment(&format!("{}T23:59:59Z", awarded.yesterday().unwrap()));
    let order = |effective| ChangeStatus {
        record: &record,
        action: StatusAction::Revoke,
        reason: StatusReason::IssuerNotAuthorised,
        effective,
        key: &school.issue,
        now: now(),
    };
    let refused = correction::request_status(&school.home, &order(before)).unwrap_err();
    assert!(matches!(
        refused,
        CorrectionError::Effective(EffectiveError::BeforeAward { awarded: day }) if day == awarded
    ));
    let refused = world
        .desk()
        .order_status(&status, StatusAction::Revoke, StatusReason::CourtOrder, before, now())
        .unwrap_err();
    assert_eq!(refused.code(), "status_effective_before_award");
    let on_that_day = moment(&format!("{awarded}T00:00:00Z"));
    assert!(correction::request_status(&school.home, &order(on_that_day)).unwrap().created);
}

#[test]
fn the_authority_may_order_it_itself() {
    let world = World::new();
    let (_, issued) = issued(&world, "lempira");
    let status = RecordStatus::parse(&fs::read(&issued.records[0].path).unwrap()).unwrap();
    let received = world
        .desk()
        .order_status(&status, StatusAction::Revoke, StatusReason::CourtOrder, now(), now())
        .unwrap();
    assert!(received.new);
    world.desk().publish_status(PublishOptions::default(), now()).unwrap();
    assert!(bit(&world, &status, StatusPurpose::Revocation));
}

#[test]
fn a_publication_that_is_cut_off_is_finished_by_the_next_one() {
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        let world = World::new();
        let (school, issued) = issued(&world, "lempira");
        let record = fs::read(&issued.records[0].path).unwrap();
        let status = RecordStatus::parse(&record).unwrap();
        world.desk().publish_status(PublishOptions::default(), now()).unwrap();
        receive(&world, &ask(&school, &record, StatusAction::Revoke, now()), now()).unwrap();
        let size = world.log.size().unwrap().get();
        world.log.fail_next(fault);
        assert!(world.desk().publish_status(PublishOptions::default(), later(1)).is_err());
        assert!(!bit(&world, &status, StatusPurpose::Revocation), "what is not logged is not served");
        let published = world.desk().publish_status(PublishOptions::default(), later(2)).unwrap();
        assert_eq!(published.lists.len(), 1);
        assert_eq!(published.lists[0].version, 2);
        assert!(bit(&world, &status, StatusPurpose::Revocation));
        assert_eq!(world.log.size().unwrap().get(), size + 1);
        assert!(world.authority.waiting_status_requests().unwrap().is_empty());
    }
}

#[test]
fn a_request_left_over_by_a_crash_is_not_carried_out_twice() {
    let world = World::new();
    let (school, issued) = issued(&world, "lempira");
    let record = fs::read(&issued.records[0].path).unwrap();
    let request = ask(&school, &record, StatusAction::Suspend, now());
    receive(&world, &request, now()).unwrap();
    world.desk().publish_status(PublishOptions::default(), now()).unwrap();
    // As if the crash had come before the request was set aside.
    let id = SignedRequest::parse(&request).unwrap().id();
    let folder = world.authority.root().join("status");
    fs::rename(
        folder.join("applied").join(format!("{id}.json")),
        folder.join("requests").join(format!("{id}.json")),
    )
    .unwrap();
    let published = world.desk().publish_status(PublishOptions::default(), later(1)).unwrap();
    assert!(published.lists.is_empty() && published.refused.is_empty());
    assert!(world.authority.waiting_status_requests().unwrap().is_empty());
}

#[test]
fn a_list_is_published_afresh_when_asked_for() {
    let world = World::new();
    world.school("lempira");
    let first = world.desk().publish_status(PublishOptions::default(), now()).unwrap();
    assert_eq!(first.lists[0].version, 1);
    assert!(world.desk().publish_status(PublishOptions::default(), later(1)).unwrap().lists.is_empty());
    let options = PublishOptions { refresh: true, valid_for_s: Some(86_400) };
    assert_eq!(world.desk().publish_status(options, later(2)).unwrap().lists[0].version, 2);
    let current = current_list(&world.authority, 1).unwrap().unwrap();
    assert_eq!(current.list.credential["validUntil"], "2026-11-23T12:00:02Z");
}
