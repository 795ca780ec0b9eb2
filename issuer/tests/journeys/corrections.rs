//! Correcting a record: same identifier, later version, the old one superseded.

use std::fs;

use matricula_credential::model::facts;
use matricula_credential::proof::Cryptosuite;
use matricula_credential::record::PortableRecord;
use matricula_issuer::batch::{self, BatchKind, Issued};
use matricula_issuer::correction::{self, CorrectRecord, CorrectionError};
use matricula_issuer::status::{SignedRequest, StatusAction, StatusReason};
use matricula_registry::{Body, Statement};
use matricula_tlog::UnixSeconds;

use crate::batches::assert_sound;
use crate::world::{Sample, School, World, head, later, now, read};

pub fn corrected() -> Sample {
    Sample::of(&head(&read("honduras-leavers-2026.csv"), 3).replace("Ofelia", "Ofélia María"), None)
}

pub fn correct(
    school: &School,
    record: &[u8],
    sample: &Sample,
    now: UnixSeconds,
) -> Result<batch::Prepared, CorrectionError> {
    let order = CorrectRecord {
        record,
        roster: &sample.roster,
        roster_digest: sample.digest,
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
    assert_eq!((asked.action, asked.reason), (StatusAction::Revoke, StatusReason::Superseded));
    let old_status = matricula_issuer::RecordStatus::of_credential(&old).unwrap();
    assert_eq!((asked.index, &asked.status_list), (old_status.index, &old_status.status_list));
    // Both were issued in the same second: versions are told apart by `validFrom`.
    let latest = batch::find_issued(&school.home, before.id.as_deref().unwrap()).unwrap().unwrap();
    assert_eq!(latest.batch, prepared.id);
    let view = world.desk().registry().unwrap();
    assert!(world.authority.receive_status_request(view.registry(), request.bytes(), later(90)).unwrap().new);
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
