//! Correcting a record: same identifier, later version, the old one superseded.

use std::fs;

use matricula_credential::model::facts;
use matricula_credential::proof::Cryptosuite;
use matricula_credential::record::PortableRecord;
use matricula_issuer::EffectiveError;
use matricula_issuer::batch::{self, BatchKind, Issued};
use matricula_issuer::correction::{self, CorrectRecord, CorrectionError};
use matricula_issuer::status::{
    CorrectionReason, PublishOptions, SignedRequest, StatusAction, StatusReason, current_list,
};
use matricula_registry::{Body, Statement};
use matricula_tlog::UnixSeconds;

use crate::batches::assert_sound;
use crate::world::{Sample, School, World, head, later, moment, now, read};

pub fn corrected() -> Sample {
    Sample::of(&head(&read("honduras-leavers-2026.csv"), 3).replace("Ofelia", "Ofélia María"), None)
}

pub fn correct(
    school: &School,
    record: &[u8],
    sample: &Sample,
    now: UnixSeconds,
) -> Result<batch::Prepared, CorrectionError> {
    correct_from(school, record, sample, (CorrectionReason::TypingError, None), now)
}

fn correct_from(
    school: &School,
    record: &[u8],
    sample: &Sample,
    (reason, effective): (CorrectionReason, Option<UnixSeconds>),
    now: UnixSeconds,
) -> Result<batch::Prepared, CorrectionError> {
    let order = CorrectRecord {
        record,
        roster: &sample.roster,
        roster_digest: sample.digest,
        reason,
        effective,
        key: &school.issue,
        cryptosuite: Cryptosuite::EddsaJcs2022,
        now,
    };
    correction::correct(&school.home, &order, &mut |_| {})
}

fn issued(world: &World) -> (School, Issued) {
    let school = world.school("lempira");
    let issued = school.run(&Sample::leavers(3).order(BatchKind::Diploma), &world.log);
    (school, issued)
}

#[test]
fn a_correction_keeps_identifier_and_award_and_supersedes() {
    let world = World::new();
    let (school, first) = issued(&world);
    let old_bytes = fs::read(&first.records[0].path).unwrap();
    let old = PortableRecord::parse(&old_bytes).unwrap().credential;
    let prepared = correct(&school, &old_bytes, &corrected(), later(60)).unwrap();
    assert_eq!((prepared.record_count, prepared.created), (1, true));
    assert!(!correct(&school, &old_bytes, &corrected(), later(61)).unwrap().created);
    school.approve(&prepared.id).unwrap();
    let issued = school.issue(&prepared.id, &world.log).unwrap();
    let record = assert_sound(&fs::read(&issued.records[0].path).unwrap(), &world, &school);
    let (before, after) = (facts(&old), facts(&record.credential));
    assert_eq!(after.id, before.id);
    assert_eq!(after.awarded, before.awarded);
    assert_eq!(after.learner_name.as_deref(), Some("Ofélia María Santiago Granados"));
    assert_eq!(after.valid_from.as_deref(), Some("2026-11-22T12:01:00Z"));
    assert_ne!(old["credentialStatus"], record.credential["credentialStatus"]);
    // A batch of one hides among 64 leaves like any other.
    let Body::Batch(batch) =
        Statement::parse(&record.evidence.unwrap().batch.statement).unwrap().body().clone()
    else {
        panic!("not a batch")
    };
    assert_eq!(batch.leaves.get(), 64);
    let request = SignedRequest::parse(&fs::read(issued.request.unwrap()).unwrap()).unwrap();
    let asked = request.request();
    let reason = StatusReason::Superseded(Some(CorrectionReason::TypingError));
    assert_eq!((asked.action, asked.reason, asked.effective), (StatusAction::Revoke, reason, later(60)));
    let old_status = matricula_issuer::RecordStatus::of_credential(&old).unwrap();
    assert_eq!((asked.index, &asked.status_list), (old_status.index, &old_status.status_list));
    // Both were issued in the same second: versions are told apart by `validFrom`.
    let latest = batch::find_issued(&school.home, before.id.as_deref().unwrap()).unwrap().unwrap();
    assert_eq!(latest.batch, prepared.id);
    let view = world.desk().registry().unwrap();
    assert!(world.authority.receive_status_request(view.registry(), request.bytes(), later(90)).unwrap().new);
}

#[test]
fn a_correction_carries_its_reason_and_date_to_the_published_list() {
    let world = World::new();
    let (school, first) = issued(&world);
    let old = fs::read(&first.records[0].path).unwrap();
    let since = moment("2026-11-21T00:00:00Z");
    let why = (CorrectionReason::NameChanged, Some(since));
    let id = correct_from(&school, &old, &corrected(), why, later(60)).unwrap().id;
    school.approve(&id).unwrap();
    let request = fs::read(school.issue(&id, &world.log).unwrap().request.unwrap()).unwrap();
    let view = world.desk().registry().unwrap();
    world.authority.receive_status_request(view.registry(), &request, later(90)).unwrap();
    world.desk().publish_status(PublishOptions::default(), later(100)).unwrap();
    let events = current_list(&world.authority, 1).unwrap().unwrap().list.events;
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.reason, "superseded_name_changed");
    assert_eq!(
        (event.effective.as_str(), event.recorded.as_str()),
        ("2026-11-21T00:00:00Z", "2026-11-22T12:01:40Z")
    );
}

#[test]
fn a_correction_cannot_count_from_tomorrow_or_from_before_the_award() {
    let world = World::new();
    let (school, first) = issued(&world);
    let old = fs::read(&first.records[0].path).unwrap();
    let from = |effective| {
        let why = (CorrectionReason::GradeCorrected, Some(effective));
        correct_from(&school, &old, &corrected(), why, later(60))
    };
    assert!(matches!(from(later(61)).unwrap_err(), CorrectionError::Effective(EffectiveError::InFuture)));
    assert!(matches!(
        from(moment("2019-02-01T00:00:00Z")).unwrap_err(),
        CorrectionError::Effective(EffectiveError::BeforeAward { .. })
    ));
    assert!(batch::list_batches(&school.home).unwrap().len() == 1, "nothing was prepared");
    assert!(from(later(60)).unwrap().created);
}

#[test]
fn the_same_correction_for_another_reason_is_not_taken_for_the_same() {
    let world = World::new();
    let (school, first) = issued(&world);
    let old = fs::read(&first.records[0].path).unwrap();
    let again = |why, at| correct_from(&school, &old, &corrected(), why, later(at));
    let since = moment("2026-11-21T00:00:00Z");
    let id = again((CorrectionReason::TypingError, Some(since)), 60).unwrap().id;
    assert_eq!(again((CorrectionReason::TypingError, Some(since)), 61).unwrap().id, id);
    assert_eq!(again((CorrectionReason::TypingError, None), 62).unwrap().id, id);
    for why in [(CorrectionReason::CourtOrder, None), (CorrectionReason::TypingError, Some(now()))] {
        assert_eq!(again(why, 63).unwrap_err().code(), "corrected_otherwise");
    }
}

#[test]
fn only_the_latest_version_of_an_own_record_is_corrected() {
    let world = World::new();
    let (school, first) = issued(&world);
    let bytes = fs::read(&first.records[0].path).unwrap();
    assert!(matches!(
        correct(&school, &bytes, &corrected(), now()).unwrap_err(),
        CorrectionError::NotLater { .. }
    ));
    let without = Sample::of(&head(&read("honduras-leavers-2026.csv"), 3).replace("10000", "99999"), None);
    assert!(matches!(
        correct(&school, &bytes, &without, later(60)).unwrap_err(),
        CorrectionError::LearnerMissing { .. }
    ));
    let stranger = world.school("morazan");
    assert!(matches!(
        correct(&stranger, &bytes, &corrected(), later(60)).unwrap_err(),
        CorrectionError::NotOurs { .. }
    ));
    let id = correct(&school, &bytes, &corrected(), later(60)).unwrap().id;
    school.approve(&id).unwrap();
    batch::issue(&school.home, &id, &school.issue, &world.log, later(70), &mut |_| {}).unwrap();
    let again = Sample::of(&head(&read("honduras-leavers-2026.csv"), 3).replace("Ofelia", "Ofelina"), None);
    assert!(matches!(
        correct(&school, &bytes, &again, later(80)).unwrap_err(),
        CorrectionError::NotTheLatest
    ));
}
